"""B-spline texts (``bunwarpj.trakem2.transform.CubicBSplineTransform``).

``width height intervals``, then (intervals + 3)^2 x-coefficients, then as many y-coefficients, row by row; more
numbers are ignored.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from render_io.codecs._codec import Codec
from render_io.codecs._text import join, white_fields
from render_io.codecs.names import B_SPLINE
from transforms.b_spline import CubicBSpline

__all__ = ["CODECS"]

_HEADER: Final = 3
_BORDER: Final = 3
"""Coefficients beyond the intervals, on each axis."""


def _decode(text: str, java_precision: bool) -> CubicBSpline:
    del java_precision  # Java reads doubles
    fields = white_fields(text, "width, height, intervals and 2*(intervals + 3)^2 coefficients")
    width, height, intervals = (fields.integer(index) for index in range(_HEADER))
    side = intervals + _BORDER
    stop = _HEADER + 2 * side * side
    if side < 1 or len(fields) < stop:
        raise fields.error(f"got {intervals} intervals and {len(fields) - _HEADER} coefficients")
    return CubicBSpline(np.array(fields.numbers(_HEADER, stop)).reshape(2, side, side), width, height)


def _encode(transform: CubicBSpline) -> str:
    header = f"{transform.width} {transform.height} {transform.intervals}"
    return f"{header} {join(transform.coefficients.ravel().tolist())}"


CODECS: Final = (Codec(B_SPLINE, (CubicBSpline,), _decode, _encode),)
