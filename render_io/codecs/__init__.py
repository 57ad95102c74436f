"""Java class names and dataStrings on one side, transforms on the other.

`decode` and `encode` for one leaf, `decode_many` and `encode_many` for the parameters of many; the table `CODECS` is
all there is. Numbers are written so that they read back to the same bits, in a form that Java reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from render_io.codecs import (
    b_spline,
    lens,
    linear,
    moving_least_squares,
    offsets,
    opaque,
    polynomial,
    thin_plate_spline,
    warp_field,
)
from render_io.codecs._bulk import decode_many, encode_many
from render_io.codecs._codec import Codec
from render_io.codecs._numbers import format_double, parse_double, parse_int, parse_single
from render_io.codecs.opaque import OpaqueTransform
from render_io.errors import ConversionError, SpecError
from transforms.base import Transform
from transforms.errors import TransformError

__all__ = [
    "CODECS",
    "Codec",
    "OpaqueTransform",
    "decode",
    "decode_many",
    "encode",
    "encode_many",
    "format_double",
    "parse_double",
    "parse_int",
    "parse_single",
]


def _table(codecs: Iterable[Codec]) -> Mapping[str, Codec]:
    table: dict[str, Codec] = {}
    for codec in codecs:
        if codec.class_name in table:
            raise ValueError(f"two codecs for {codec.class_name}")
        table[codec.class_name] = codec
    return MappingProxyType(table)


CODECS: Final[Mapping[str, Codec]] = _table(
    (
        *linear.CODECS,
        *polynomial.CODECS,
        *lens.CODECS,
        *thin_plate_spline.CODECS,
        *moving_least_squares.CODECS,
        *b_spline.CODECS,
        *warp_field.CODECS,
        *offsets.CODECS,
        *opaque.CODECS,
    )
)
"""Every class name that has a codec. Where several can write a transform, the first exact one is the default."""

_WRITERS: Final[dict[type[Transform], tuple[Codec, ...]]] = {}


def decode(class_name: str, data_string: str, *, java_precision: bool = False) -> Transform:
    """Read a leaf.

    Parameters
    ----------
    class_name : str
        Full Java class name.
    data_string : str
        Its text.
    java_precision : bool, optional
        Round to 32 bits what Java reads as floats; by default every number keeps the double of its text.

    Returns
    -------
    Transform
        Of the class that belongs to the name; an `OpaqueTransform` for names without map of the plane, which keeps
        its text and raises SpecError when applied.

    Raises
    ------
    SpecError
        Java refuses the text, or fails as soon as it applies it.
    """
    class_name, data_string = _text(class_name, "className"), _text(data_string, "dataString")
    codec = CODECS.get(class_name)
    if codec is None:
        return OpaqueTransform(class_name, data_string)
    try:
        return codec.decode(data_string, java_precision)
    except SpecError as error:
        raise SpecError(f"{class_name}: {error.reason}") from None
    except TransformError as error:
        raise SpecError(f"{class_name}: {error}") from error


def encode(transform: Transform, class_name: str | None = None) -> tuple[str, str]:
    """Write a transform as a leaf.

    Parameters
    ----------
    transform : Transform
        Any with a text form: lists and interpolated transforms are specs, not leaves.
    class_name : str, optional
        The Java class to write it as; by default the one that Java reads back exactly. So a translation with
        numbers of more than 32 bits becomes an affine model unless its own class is asked for.

    Returns
    -------
    class_name, data_string : str
        The leaf; reading it gives the transform's numbers back bit for bit.

    Raises
    ------
    ConversionError
        The class can't hold this transform, or the transform has no text form.
    """
    if isinstance(transform, OpaqueTransform):
        if class_name not in (None, transform.class_name):
            raise ConversionError(f"expected {transform.class_name} to be kept, got {class_name}")
        return transform.class_name, transform.data_string
    able = _writers(type(transform))
    for codec in able:
        if codec.class_name == class_name or (class_name is None and codec.exact(transform)):
            return codec.class_name, codec.encode(transform)
    names = ", ".join(codec.class_name for codec in able) or "none: it is not a leaf"
    raise ConversionError(f"expected a class that holds {type(transform).__name__} ({names}), got {class_name}")


def _writers(transform: type[Transform]) -> tuple[Codec, ...]:
    """Codecs that can hold transforms of a class, in the order of the table."""
    known = _WRITERS.get(transform)
    if known is None:
        known = _WRITERS[transform] = tuple(c for c in CODECS.values() if issubclass(transform, c.writes))
    return known


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise SpecError(f"expected the {name} as a text, got {value!r}")
    return value
