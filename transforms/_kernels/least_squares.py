"""Weighted least squares of the linear family over a slice of the points.

The closed forms of mpicbg.models.{TranslationModel2D, RigidModel2D, SimilarityModel2D, AffineModel2D}.fit, accumulated
about the centroids. One slice of ragged point sets or all points of one set: the same code, hence the same bits.

Status: 0 fitted, 1 not enough points, 2 ill defined, 3 points not finite.
"""

from __future__ import annotations

import math

from transforms._jit import fma, kernel
from transforms._types import FloatArray, Points

OK = 0
NOT_ENOUGH = 1
ILL_DEFINED = 2
NOT_FINITE = 3

TRANSLATION = 0
RIGID = 1
SIMILARITY = 2
AFFINE = 3

EPS = 2.220446049250313e-16


@kernel
def weight_at(weights: FloatArray, i: int) -> float:
    """The i-th weight; an empty array stands for all ones."""
    return weights[i] if weights.shape[0] else 1.0


@kernel
def centroids(
    src: Points, dst: Points, weights: FloatArray, lo: int, hi: int
) -> tuple[float, float, float, float, float, float, float]:
    """Total weight, centroids of src and dst, largest |coordinate| of src and of dst.

    The sums run over differences from the first point: no digits are lost far from the origin.
    """
    px, py, qx, qy = src[lo, 0], src[lo, 1], dst[lo, 0], dst[lo, 1]
    total = sx = sy = tx = ty = 0.0
    largest_src = largest_dst = 0.0
    for i in range(lo, hi):
        w = weight_at(weights, i)
        total += w
        sx = fma(w, src[i, 0] - px, sx)
        sy = fma(w, src[i, 1] - py, sy)
        tx = fma(w, dst[i, 0] - qx, tx)
        ty = fma(w, dst[i, 1] - qy, ty)
        largest_src = max(largest_src, abs(src[i, 0]), abs(src[i, 1]))
        largest_dst = max(largest_dst, abs(dst[i, 0]), abs(dst[i, 1]))
    cx, cy, ex, ey = px + sx / total, py + sy / total, qx + tx / total, qy + ty / total
    return total, cx, cy, ex, ey, largest_src, largest_dst


@kernel
def all_finite(src: Points, dst: Points, lo: int, hi: int) -> bool:
    total = 0.0
    for i in range(lo, hi):  # 0 * x is NaN for NaN and infinities, and NaN stays
        total += 0.0 * src[i, 0] + 0.0 * src[i, 1] + 0.0 * dst[i, 0] + 0.0 * dst[i, 1]
    return total == 0.0


@kernel
def fit_rotation(
    scaled: bool, src: Points, dst: Points, weights: FloatArray, lo: int, hi: int, params: FloatArray
) -> int:
    """Similarity (scaled) or rigid fit into the six affine numbers."""
    total, cx, cy, ex, ey, largest, _ = centroids(src, dst, weights, lo, hi)
    c = s = spread = reach = 0.0
    for i in range(lo, hi):
        w = weight_at(weights, i)
        px, py, qx, qy = src[i, 0] - cx, src[i, 1] - cy, dst[i, 0] - ex, dst[i, 1] - ey
        c = fma(w, fma(px, qx, py * qy), c)
        s = fma(w, fma(px, qy, -(py * qx)), s)
        spread = fma(w, fma(px, px, py * py), spread)
        reach = fma(w, math.sqrt(fma(px, px, py * py) * fma(qx, qx, qy * qy)), reach)
    noise = 8.0 * EPS * largest
    if not spread > total * noise * noise:
        return ILL_DEFINED
    if scaled:
        a, b = c / spread, s / spread
    else:
        size = math.hypot(c, s)
        # Mirrored symmetric layouts and coincident targets leave no direction: what remains is rounding.
        if not size > 8.0 * EPS * reach:
            return ILL_DEFINED
        a, b = c / size, s / size
    params[0], params[1], params[2] = a, -b, ex - fma(a, cx, -(b * cy))
    params[3], params[4], params[5] = b, a, ey - fma(b, cx, a * cy)
    return OK


@kernel
def fit_affine(src: Points, dst: Points, weights: FloatArray, lo: int, hi: int, params: FloatArray) -> int:
    """Affine fit into six numbers, by Gram-Schmidt on the centred columns.

    The longer column stays, the other one is made orthogonal point by point: unlike a determinant of sums of squares
    this keeps all digits of nearly collinear layouts, and tells them from collinear ones.
    """
    total, cx, cy, ex, ey, largest, _ = centroids(src, dst, weights, lo, hi)
    xx = xy = yy = 0.0
    for i in range(lo, hi):
        w = weight_at(weights, i)
        x, y = src[i, 0] - cx, src[i, 1] - cy
        xx = fma(w * x, x, xx)
        xy = fma(w * x, y, xy)
        yy = fma(w * y, y, yy)
    pivot = 0 if xx >= yy else 1
    longer = xx if pivot == 0 else yy
    noise = 8.0 * EPS * largest
    if not longer > total * noise * noise:
        return ILL_DEFINED
    slope = xy / longer
    cu, cv = (cx, cy) if pivot == 0 else (cy, cx)
    vv = vu = ux = uy = vx = vy = 0.0
    for i in range(lo, hi):
        w = weight_at(weights, i)
        u = src[i, pivot] - cu
        v = fma(-slope, u, src[i, 1 - pivot] - cv)
        qx, qy = dst[i, 0] - ex, dst[i, 1] - ey
        wu, wv = w * u, w * v
        vv = fma(wv, v, vv)
        vu = fma(wv, u, vu)
        ux = fma(wu, qx, ux)
        uy = fma(wu, qy, uy)
        vx = fma(wv, qx, vx)
        vy = fma(wv, qy, vy)
    if not vv > total * noise * noise:
        return ILL_DEFINED
    # The two columns are orthogonal up to rounding; the small rest is solved for exactly.
    rest = vu / longer
    size = fma(-rest, vu, vv)
    bx, by = fma(-rest, ux, vx) / size, fma(-rest, uy, vy) / size
    ax, ay = fma(-vu, bx, ux) / longer, fma(-vu, by, uy) / longer
    ax, ay = fma(-slope, bx, ax), fma(-slope, by, ay)
    if pivot == 0:
        params[0], params[1], params[3], params[4] = ax, bx, ay, by
    else:
        params[0], params[1], params[3], params[4] = bx, ax, by, ay
    params[2] = ex - fma(params[0], cx, params[1] * cy)
    params[5] = ey - fma(params[3], cx, params[4] * cy)
    return OK


@kernel
def fit_slice(model: int, src: Points, dst: Points, weights: FloatArray, lo: int, hi: int, params: FloatArray) -> int:
    """Fit one member of the linear family to points lo to hi; ``params`` (6,) is left alone on failure."""
    needed = 1 if model == TRANSLATION else (3 if model == AFFINE else 2)
    if hi - lo < needed:
        return NOT_ENOUGH
    if not all_finite(src, dst, lo, hi):
        return NOT_FINITE
    if model == AFFINE:
        return fit_affine(src, dst, weights, lo, hi, params)
    if model != TRANSLATION:
        return fit_rotation(model == SIMILARITY, src, dst, weights, lo, hi, params)
    total, cx, cy, ex, ey, _, _ = centroids(src, dst, weights, lo, hi)
    if not total > 0.0:
        return ILL_DEFINED
    params[0], params[1], params[2] = 1.0, 0.0, ex - cx
    params[3], params[4], params[5] = 0.0, 1.0, ey - cy
    return OK
