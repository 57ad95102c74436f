"""Weighted least squares of the linear family over a slice of the points.

The closed forms of mpicbg.models.{TranslationModel2D, RigidModel2D, SimilarityModel2D, AffineModel2D}.fit, accumulated
about the centroids. One slice of ragged point sets or all points of one set: the same code, hence the same bits.

Status: 0 fitted, 1 not enough points, 2 ill defined, 3 points not finite.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import fma, kernel, lean_kernel
from transforms._kernels import lanes
from transforms._kernels.point_sums import (
    all_finite,
    centroid,
    centroid_and_size,
    rows_finite,
    second_moments,
    total_weight,
    weight_at,
    weights_at,
)
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

# Places in the frame of an affine fit: what it needs to know of the source points.
TOTAL, CX, CY, PIVOT, SLOPE, LONGER, VU, SIZE = range(8)
FRAME = 8


@lean_kernel
def outcome(params: FloatArray) -> int:
    """The status of a fit that went through: sums of finite points may still have overflowed."""
    total = 0.0
    for k in range(6):
        total += 0.0 * params[k]
    return OK if total == 0.0 else ILL_DEFINED


@lean_kernel
def rotation_sums(
    src: Points, dst: Points, weights: FloatArray, cx: float, cy: float, ex: float, ey: float, lo: int, hi: int
) -> tuple[float, float, float, float]:
    """Sums about the centroids: cosine and sine parts, spread of src and of dst."""
    c = s = spread = other = 0.0
    whole = hi - (hi - lo) % lanes.WIDTH
    if whole > lo:
        x, y = lanes.load_points(src, lo)
        cs, ss, spreads, others = lanes.like(x, 0.0), lanes.like(x, 0.0), lanes.like(x, 0.0), lanes.like(x, 0.0)
        for i in range(lo, whole, lanes.WIDTH):
            x, y = lanes.load_points(src, i)
            u, v = lanes.load_points(dst, i)
            w = weights_at(weights, i, x)
            x, y, u, v = x - cx, y - cy, u - ex, v - ey
            cs = lanes.fma(w, lanes.fma(x, u, y * v), cs)
            ss = lanes.fma(w, lanes.fma(x, v, 0.0 - y * u), ss)
            spreads = lanes.fma(w, lanes.fma(x, x, y * y), spreads)
            others = lanes.fma(w, lanes.fma(u, u, v * v), others)
        c, s, spread, other = lanes.total(cs), lanes.total(ss), lanes.total(spreads), lanes.total(others)
    for i in range(whole, hi):
        one = weight_at(weights, i)
        px, py, qx, qy = src[i, 0] - cx, src[i, 1] - cy, dst[i, 0] - ex, dst[i, 1] - ey
        c = fma(one, fma(px, qx, py * qy), c)
        s = fma(one, fma(px, qy, -(py * qx)), s)
        spread = fma(one, fma(px, px, py * py), spread)
        other = fma(one, fma(qx, qx, qy * qy), other)
    return c, s, spread, other


@lean_kernel
def fit_rotation(
    scaled: bool, src: Points, dst: Points, weights: FloatArray, lo: int, hi: int, params: FloatArray
) -> int:
    """Similarity (scaled) or rigid fit into the six affine numbers."""
    total = total_weight(weights, lo, hi)
    cx, cy, largest = centroid_and_size(src, weights, total, lo, hi)
    ex, ey = centroid(dst, weights, total, lo, hi)
    c, s, spread, other = rotation_sums(src, dst, weights, cx, cy, ex, ey, lo, hi)
    noise = 8.0 * EPS * largest
    if not spread > total * noise * noise:
        return ILL_DEFINED
    if scaled:
        a, b = c / spread, s / spread
    else:
        size = math.hypot(c, s)
        # Mirrored symmetric layouts and coincident targets leave no direction: what remains is rounding, of sums that
        # could be as large as the roots' product.
        if not size > 8.0 * EPS * (math.sqrt(spread) * math.sqrt(other)):
            return ILL_DEFINED
        a, b = c / size, s / size
    params[0], params[1], params[2] = a, -b, ex - fma(a, cx, -(b * cy))
    params[3], params[4], params[5] = b, a, ey - fma(b, cx, a * cy)
    return outcome(params)


@lean_kernel
def split_columns(pivot: float, slope: float, x: lanes.Real, y: lanes.Real) -> tuple[lanes.Real, lanes.Real]:
    """The longer of the centred columns, and the rest of the other one."""
    if pivot == 0.0:
        return x, lanes.fma(-slope, x, y)
    return y, lanes.fma(-slope, y, x)


@lean_kernel
def split_moments(
    src: Points, weights: FloatArray, pivot: float, slope: float, cx: float, cy: float, lo: int, hi: int
) -> tuple[float, float]:
    """Sums of w v v and w v u over the split columns."""
    vv = vu = 0.0
    whole = hi - (hi - lo) % lanes.WIDTH
    if whole > lo:
        x, y = lanes.load_points(src, lo)
        a, b = lanes.like(x, 0.0), lanes.like(x, 0.0)
        for i in range(lo, whole, lanes.WIDTH):
            x, y = lanes.load_points(src, i)
            us, vs = split_columns(pivot, slope, x - cx, y - cy)
            weighted = weights_at(weights, i, x) * vs
            a = lanes.fma(weighted, vs, a)
            b = lanes.fma(weighted, us, b)
        vv, vu = lanes.total(a), lanes.total(b)
    for i in range(whole, hi):
        u, v = split_columns(pivot, slope, src[i, 0] - cx, src[i, 1] - cy)
        one = weight_at(weights, i) * v
        vv = fma(one, v, vv)
        vu = fma(one, u, vu)
    return vv, vu


@lean_kernel
def affine_frame(src: Points, weights: FloatArray, lo: int, hi: int, frame: FloatArray) -> int:
    """What an affine fit needs of its source points, by Gram-Schmidt on the centred columns; a status.

    The longer column stays, the other one is made orthogonal. What is left of it follows from the sums of squares
    unless they cancel; then it is summed point by point, which keeps all digits of nearly collinear layouts, and tells
    them from collinear ones.
    """
    total = total_weight(weights, lo, hi)
    cx, cy, largest = centroid_and_size(src, weights, total, lo, hi)
    noise = 8.0 * EPS * largest
    xx, xy, yy = second_moments(src, weights, cx, cy, lo, hi)
    frame[TOTAL], frame[CX], frame[CY] = total, cx, cy
    frame[PIVOT] = 0.0 if xx >= yy else 1.0
    longer = max(xx, yy)
    if not longer > total * noise * noise:
        return ILL_DEFINED
    slope = xy / longer
    shorter = min(xx, yy)
    vv, vu = fma(-slope, xy, shorter), 0.0
    if vv < 0.25 * shorter:
        vv, vu = split_moments(src, weights, frame[PIVOT], slope, cx, cy, lo, hi)
    if not vv > total * noise * noise:
        return ILL_DEFINED
    # The two columns are orthogonal up to rounding; the small rest is solved for exactly.
    frame[SLOPE], frame[LONGER], frame[VU], frame[SIZE] = slope, longer, vu, fma(-(vu / longer), vu, vv)
    return OK


@lean_kernel
def solve_affine(
    frame: FloatArray, src: Points, dst: Points, weights: FloatArray, lo: int, hi: int, params: FloatArray
) -> int:
    """Affine fit into six numbers from the frame of its source points; a status."""
    cx, cy, pivot, slope = frame[CX], frame[CY], frame[PIVOT], frame[SLOPE]
    ex, ey = centroid(dst, weights, frame[TOTAL], lo, hi)
    if not math.isfinite(ex + ey) and not rows_finite(dst, lo, hi):
        return NOT_FINITE
    ux = uy = vx = vy = 0.0
    whole = hi - (hi - lo) % lanes.WIDTH
    if whole > lo:
        x, y = lanes.load_points(src, lo)
        sux, suy, svx, svy = lanes.like(x, 0.0), lanes.like(x, 0.0), lanes.like(x, 0.0), lanes.like(x, 0.0)
        for i in range(lo, whole, lanes.WIDTH):
            x, y = lanes.load_points(src, i)
            qx, qy = lanes.load_points(dst, i)
            w = weights_at(weights, i, x)
            u, v = split_columns(pivot, slope, x - cx, y - cy)
            u, v, qx, qy = w * u, w * v, qx - ex, qy - ey
            sux, suy = lanes.fma(u, qx, sux), lanes.fma(u, qy, suy)
            svx, svy = lanes.fma(v, qx, svx), lanes.fma(v, qy, svy)
        ux, uy, vx, vy = lanes.total(sux), lanes.total(suy), lanes.total(svx), lanes.total(svy)
    for i in range(whole, hi):
        one, s, t = weight_at(weights, i), dst[i, 0] - ex, dst[i, 1] - ey
        a, b = split_columns(pivot, slope, src[i, 0] - cx, src[i, 1] - cy)
        ux, uy = fma(one * a, s, ux), fma(one * a, t, uy)
        vx, vy = fma(one * b, s, vx), fma(one * b, t, vy)
    rest = frame[VU] / frame[LONGER]
    bx, by = fma(-rest, ux, vx) / frame[SIZE], fma(-rest, uy, vy) / frame[SIZE]
    ax, ay = fma(-frame[VU], bx, ux) / frame[LONGER], fma(-frame[VU], by, uy) / frame[LONGER]
    ax, ay = fma(-slope, bx, ax), fma(-slope, by, ay)
    if pivot == 0.0:
        params[0], params[1], params[3], params[4] = ax, bx, ay, by
    else:
        params[0], params[1], params[3], params[4] = bx, ax, by, ay
    params[2] = ex - fma(params[0], cx, params[1] * cy)
    params[5] = ey - fma(params[3], cx, params[4] * cy)
    return outcome(params)


@lean_kernel
def fit_translation(src: Points, dst: Points, weights: FloatArray, lo: int, hi: int, params: FloatArray) -> int:
    """Difference of the centroids into the six affine numbers."""
    total = total_weight(weights, lo, hi)
    cx, cy = centroid(src, weights, total, lo, hi)
    ex, ey = centroid(dst, weights, total, lo, hi)
    if not total > 0.0:
        return ILL_DEFINED
    params[0], params[1], params[2] = 1.0, 0.0, ex - cx
    params[3], params[4], params[5] = 0.0, 1.0, ey - cy
    return outcome(params)


@kernel
def fit_model(model: int, src: Points, dst: Points, weights: FloatArray, lo: int, hi: int, params: FloatArray) -> int:
    """Fit one of the linear family; a status, which may not tell points that are not finite from others of no use."""
    if model == TRANSLATION:
        return fit_translation(src, dst, weights, lo, hi, params)
    if model != AFFINE:
        return fit_rotation(model == SIMILARITY, src, dst, weights, lo, hi, params)
    frame = np.empty(FRAME)
    status = affine_frame(src, weights, lo, hi, frame)
    return status if status != OK else solve_affine(frame, src, dst, weights, lo, hi, params)


@kernel
def fit_slice(model: int, src: Points, dst: Points, weights: FloatArray, lo: int, hi: int, params: FloatArray) -> int:
    """Fit one member of the linear family to points lo to hi into ``params`` (6,); a status.

    Points that are not finite make sums that are not: only then they are looked for.
    """
    needed = 1 if model == TRANSLATION else (3 if model == AFFINE else 2)
    if hi - lo < needed:
        return NOT_ENOUGH
    status = fit_model(model, src, dst, weights, lo, hi, params)
    return NOT_FINITE if status == ILL_DEFINED and not all_finite(src, dst, lo, hi) else status
