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
    width, height = fields.integer(2 + 4 * length), fields.integer(3 + 4 * length)
    numbers = np.array(fields.numbers(2, 2 + 4 * length))
    beta, mean, deviation = np.split(numbers, [2 * length, 3 * length])
    degree = max(dimension, 0)  # to Java, a negative dimension has no features either
    powers = (degree + 1) * (degree + 2) // 2 - 1
    if length != powers or not length:
        return LensCorrection(degree, beta.reshape(length, 2), mean, deviation, width, height)
    # No room for the constant: Java puts it in the place of the last power, which therefore counts for nothing.
    return LensCorrection(
        degree,
        np.insert(beta.reshape(length, 2), -1, 0.0, axis=0),
        np.insert(mean, -1, 0.0),
        np.insert(deviation, -1, 1.0),
        width,
        height,
    )


def _encode(transform: LensCorrection) -> str:
    numbers = np.concatenate([transform.beta.ravel(), transform.norm_mean, transform.norm_var])
    return f"{transform.dimension} {len(transform.beta)} {join(numbers.tolist())} {transform.width} {transform.height} "


CODECS: Final = tuple(Codec(class_name, (LensCorrection,), _decode, _encode) for class_name in (LENS, *LENS_ALIASES))
