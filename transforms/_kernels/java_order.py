"""The formulas in Java's order of operations, without fused multiply-add.

Whole-number boxes and points on mesh edges depend on the last bit, so tile geometry evaluates its few vertices this
way. Families that are not here have no simpler order than their own kernel.
"""

from __future__ import annotations

from transforms._jit import kernel
from transforms._types import FloatArray, Points


@kernel
def affine_in_order(params: FloatArray, points: Points, out: Points) -> None:
    for i in range(points.shape[0]):
        x, y = points[i, 0], points[i, 1]
        out[i, 0] = params[0] * x + params[1] * y + params[2]
        out[i, 1] = params[3] * x + params[4] * y + params[5]


@kernel
def homography_in_order(params: FloatArray, points: Points, out: Points) -> None:
    for i in range(points.shape[0]):
        x, y = points[i, 0], points[i, 1]
        s = params[6] * x + params[7] * y + params[8]
        out[i, 0] = (params[0] * x + params[1] * y + params[2]) / s
        out[i, 1] = (params[3] * x + params[4] * y + params[5]) / s
