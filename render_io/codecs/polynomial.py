"""Polynomial texts (``mpicbg.trakem2.transform.PolynomialTransform2D``).

All x coefficients, then all y coefficients, in the order 1, x, y, x^2, xy, y^2, x^3, ... . A text of n numbers has
the largest order whose coefficients fit twice into n; what is beyond is ignored, and the y coefficients follow
right after the x coefficients of that order, not in the second half of the text.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from render_io.codecs._codec import Codec
from render_io.codecs._text import join, white_fields
from render_io.codecs.names import POLYNOMIAL
from transforms.polynomial import Polynomial

__all__ = ["CODECS", "coefficient_count"]


def coefficient_count(numbers: int) -> int:
    """Coefficients per coordinate of a text.

    Parameters
    ----------
    numbers : int
        Numbers in the text.

    Returns
    -------
    int
        (order + 1)(order + 2)/2 of the largest order that fits, 0 when not even a constant does.
    """
    pairs = numbers // 2
    # Largest o with (o + 1)(o + 2) / 2 <= pairs, by the integer square root of the discriminant.
    order = (math.isqrt(8 * pairs + 1) - 3) // 2
    return (order + 1) * (order + 2) // 2 if pairs else 0


def _decode(text: str, java_precision: bool) -> Polynomial:
    del java_precision  # Java reads doubles
    fields = white_fields(text, "coefficients of x, then of y")
    numbers = fields.numbers()
    count = coefficient_count(len(numbers))
    if not count:
        raise fields.error(f"got {len(numbers)} numbers, not one for each coordinate,")
    return Polynomial(np.array(numbers[: 2 * count]).reshape(2, count))


def _encode(transform: Polynomial) -> str:
    return join(transform.coefficients.ravel().tolist())


CODECS: Final = (Codec(POLYNOMIAL, (Polynomial,), _decode, _encode),)
