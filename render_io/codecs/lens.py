"""Lens correction texts: ``NonLinearCoordinateTransform`` and its twins.

Single blanks between: ``dimension length``, then `length` pairs of coefficients (interleaved), `length` means,
`length` standard deviations, ``width height``; Java ends it with a blank. Width comes before height. The feature
at the last index is the constant 100, so mean and deviation there mean nothing, but are kept.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from render_io.codecs._codec import Codec
from render_io.codecs._text import blank_fields, join
from render_io.codecs.names import LENS, LENS_ALIASES
from transforms.lens import LensCorrection

__all__ = ["CODECS"]


def _decode(text: str, java_precision: bool) -> LensCorrection:
    del java_precision  # Java reads doubles
    fields = blank_fields(text, "dimension, length, 4*length numbers, width and height, with single blanks between")
    dimension, length = fields.integer(0), fields.integer(1)
    if length < 0:
        raise fields.error(f"got the length {length}")
    fields.require(4 + 4 * length)
    numbers = np.array(fields.numbers(2, 2 + 4 * length))
    means = 2 * length
    return LensCorrection(
        dimension,
        numbers[:means].reshape(length, 2),
        numbers[means : means + length],
        numbers[means + length :],
        fields.integer(2 + 4 * length),
        fields.integer(3 + 4 * length),
    )


def _encode(transform: LensCorrection) -> str:
    numbers = np.concatenate([transform.beta.ravel(), transform.norm_mean, transform.norm_var])
    size = f"{int(transform.width)} {int(transform.height)} "
    return f"{transform.dimension} {len(transform.beta)} {join(numbers.tolist())} {size}"


CODECS: Final = tuple(Codec(class_name, (LensCorrection,), _decode, _encode) for class_name in (LENS, *LENS_ALIASES))
