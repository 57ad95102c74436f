"""Texts of render's three one-dimensional distortions (package ``org.janelia.alignment.transform``).

Coefficients, then the dimension they act on (0 = x, 1 = y), with commas or blanks between; written with commas.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from render_io.codecs._codec import Codec
from render_io.codecs._text import comma_fields, join
from render_io.codecs.names import EXPONENTIAL_FUNCTION, EXPONENTIAL_RECOVERY, SEM_DISTORTION
from transforms.base import Transform
from transforms.offsets import ExponentialFunctionOffset, ExponentialRecoveryOffset, SEMDistortion

__all__ = ["CODECS"]

_Offset: TypeAlias = SEMDistortion | ExponentialFunctionOffset | ExponentialRecoveryOffset


def _decoder(transform: Callable[..., Transform], names: str) -> Callable[[str, bool], Transform]:
    layout = f"{','.join(names)},dimension"

    def decode(text: str, java_precision: bool) -> Transform:
        del java_precision  # Java reads doubles
        fields = comma_fields(text, layout)
        fields.require(len(names) + 1)
        dimension = fields.integer(len(names))
        # Java notices only when it applies the transform, by an index out of bounds.
        if dimension not in (0, 1):
            raise fields.error(f"got the dimension {dimension} instead of 0 or 1")
        return transform(*fields.numbers(0, len(names)), dimension)

    return decode


def _encoder(names: str) -> Callable[[_Offset], str]:
    def encode(transform: _Offset) -> str:
        return f"{join((getattr(transform, name) for name in names), ',')},{transform.dimension}"

    return encode


def _codec(class_name: str, transform: type[_Offset], names: str) -> Codec:
    return Codec(class_name, (transform,), _decoder(transform, names), _encoder(names))


CODECS: Final = (
    _codec(SEM_DISTORTION, SEMDistortion, "abcd"),
    _codec(EXPONENTIAL_FUNCTION, ExponentialFunctionOffset, "abc"),
    _codec(EXPONENTIAL_RECOVERY, ExponentialRecoveryOffset, "abc"),
)
