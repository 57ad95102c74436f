"""Loops over many affine matrices."""

from __future__ import annotations

import math

from transforms._jit import kernel
from transforms._kernels.linear import affine_apply
from transforms._types import FloatArray, IntArray

ROUNDING = 4.0 * 2.220446049250313e-16


@kernel
def apply_rows(rows: FloatArray, points: FloatArray, shared: bool, first: int, last: int, out: FloatArray) -> None:
    """Map points (1, N, 2) for all when ``shared``, else (T, N, 2), by rows (T, 6) first to last."""
    for t in range(first, last):
        affine_apply(rows[t], points[0] if shared else points[t], out[t])


@kernel
def invert_row(m: FloatArray, out: FloatArray) -> bool:
    """Inverse of an affine map given as six numbers; False, and NaN, where its determinant is lost in rounding."""
    largest = max(abs(m[0]), abs(m[1]), abs(m[3]), abs(m[4]))
    scale = 0.0
    if largest > 0.0 and math.isfinite(largest):
        # A power of two, which is exact: entries of 1e-170 must not underflow in the determinant.
        scale = 2.0 ** -math.frexp(largest)[1]
    s00, s01, s10, s11 = m[0] * scale, m[1] * scale, m[3] * scale, m[4] * scale
    first, second = s00 * s11, s01 * s10
    det = first - second
    if not abs(det) > ROUNDING * (abs(first) + abs(second)):
        for k in range(6):
            out[k] = math.nan
        return False
    i00, i01, i10, i11 = s11 / det, -s01 / det, -s10 / det, s00 / det
    out[0], out[1], out[2] = i00 * scale, i01 * scale, (i01 * -m[5] - i00 * m[2]) * scale
    out[3], out[4], out[5] = i10 * scale, i11 * scale, (i10 * -m[2] - i11 * m[5]) * scale
    return True


@kernel
def invert_rows(rows: FloatArray, out: FloatArray, failed: IntArray) -> None:
    """Invert rows (T, 6); ``failed`` is 1 where a matrix is singular."""
    for t in range(rows.shape[0]):
        failed[t] = 0 if invert_row(rows[t], out[t]) else 1
