"""Weighted least squares of polynomials over a slice of the points.

The unknowns are coefficients of Chebyshev products on the bounding box of the points: that basis stays well conditioned where powers of
pixel coordinates do not. All its inner products follow from the few moments sum w T_p(x) T_q(y), because
T_a T_b = (T_{a+b} + T_{|a-b|}) / 2. The normal equations are solved by Cholesky, refined on the residuals when they are less than well
conditioned; layouts beyond that go through orthogonal transformations. One pass over the points each, memory for one block of them.

One slice of ragged sets, all points of one set, or one grid shared by many members: the same code in the same order, hence the same bits.
Statuses are those of `least_squares`.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._kernels import lanes
from transforms._kernels.double_double import add
from transforms._kernels.householder import STRIDE, absorb, back_substitute, dot
from transforms._kernels.least_squares import EPS, ILL_DEFINED, NOT_ENOUGH, NOT_FINITE, OK, all_finite, weight_at
from transforms._kernels.rebase import term, term_count, to_pixels
from transforms._types import FloatArray, Points

GOOD_PIVOT = 0.03
"""Smallest pivot of the scaled normal equations that needs no refinement."""
LEAST_PIVOT = 1e-7
"""Below this, Cholesky loses too many digits to be refined."""
REFINEMENTS = 2
"""Rounds; each gains at least the digits that the first solution had."""


@kernel
def bounds(src: Points, weights: FloatArray, lo: int, hi: int, box: FloatArray) -> float:
    """Fill box (2, 2) with smallest and largest (x, y) of the points that have weight; return the largest weight."""
    at = lo
    box[0], box[1] = math.inf, -math.inf
    if weights.shape[0] == 0 and hi - lo >= lanes.WIDTH:
        least_x, least_y = lanes.load_points(src, lo)
        most_x, most_y = least_x, least_y
        for at in range(lo, hi - lanes.WIDTH + 1, lanes.WIDTH):
            x, y = lanes.load_points(src, at)
            least_x, most_x = lanes.select(x < least_x, x, least_x), lanes.select(most_x < x, x, most_x)
            least_y, most_y = lanes.select(y < least_y, y, least_y), lanes.select(most_y < y, y, most_y)
        at += lanes.WIDTH
        ends = np.empty((2 * lanes.WIDTH, 2))
        lanes.store_points(ends, 0, least_x, least_y)
        lanes.store_points(ends, lanes.WIDTH, most_x, most_y)
        _widen(ends, weights, 0, 2 * lanes.WIDTH, box)
    return _widen(src, weights, at, hi, box)


@kernel
def _widen(src: Points, weights: FloatArray, lo: int, hi: int, box: FloatArray) -> float:
    heaviest = 0.0
    for i in range(lo, hi):
        w = weight_at(weights, i)
        if w > 0.0:
            heaviest = max(heaviest, w)
            box[0, 0], box[0, 1] = min(box[0, 0], src[i, 0]), min(box[0, 1], src[i, 1])
            box[1, 0], box[1, 1] = max(box[1, 0], src[i, 0]), max(box[1, 1], src[i, 1])
    return heaviest


@kernel
def find_frame(order: int, src: Points, weights: FloatArray, lo: int, hi: int, frame: FloatArray) -> int:
    """Fill frame (6,): centre and scale of x and of y, scale of the weights, rounding of the coordinates."""
    box = np.empty((2, 2))
    heaviest = bounds(src, weights, lo, hi, box)
    if weights.shape[0] and not heaviest > 0.0:
        return ILL_DEFINED
    frame[4] = 1.0 / heaviest if weights.shape[0] else 1.0
    frame[5] = 0.0
    for axis in range(2):
        centre = 0.5 * box[0, axis] + 0.5 * box[1, axis]
        half = max(box[1, axis] - centre, centre - box[0, axis])
        largest = max(abs(box[0, axis]), abs(box[1, axis]))
        if not math.isfinite(half):
            return ILL_DEFINED
        if not half > 4.0 * EPS * largest:
            if order > 0:
                return ILL_DEFINED
            half = 1.0
        frame[2 * axis], frame[2 * axis + 1] = centre, 1.0 / half
        frame[5] = max(frame[5], EPS * (1.0 + largest / half))
    return OK if math.isfinite(frame[1] * frame[3]) else ILL_DEFINED


# ---------------------------------------------------------------- one block of points
#
# Columns of the work array, STRIDE numbers each: T_p(x) for p to 2 * order, T_q(y) likewise, the weighted T_p(x), then weight, u, v and
# room for the rows of `absorb`.


@kernel
def columns(order: int) -> int:
    return 3 * (2 * order + 1) + 3


@kernel
def _chebyshev(work: FloatArray, first: int, degree: int, rows: int) -> None:
    """Column first + 1 holds the variable; fill first to first + degree."""
    for g in range(0, rows, lanes.WIDTH):
        at = first * STRIDE + g
        t = lanes.load(work, at + STRIDE)
        double = t + t
        older, old = lanes.like(t, 1.0), t
        lanes.store(work, at, older)
        for p in range(2, degree + 1):
            older, old = old, lanes.fma(double, old, lanes.like(t, 0.0) - older)
            lanes.store(work, at + p * STRIDE, old)


@kernel
def fill(
    order: int, degree: int, src: Points, weights: FloatArray, first: int, last: int, frame: FloatArray, work: FloatArray
) -> int:
    """Chebyshev columns up to a degree for points first to last; returns the rows, a multiple of eight."""
    x, y, w = STRIDE, (2 * order + 2) * STRIDE, (columns(order) - 3) * STRIDE
    if order == 0:
        x, y = 0, STRIDE
    for i in range(last - first):
        work[x + i] = (src[first + i, 0] - frame[0]) * frame[1]
        work[y + i] = (src[first + i, 1] - frame[2]) * frame[3]
        work[w + i] = weight_at(weights, first + i) * frame[4]
    rows = (last - first + lanes.WIDTH - 1) // lanes.WIDTH * lanes.WIDTH
    for i in range(last - first, rows):
        work[x + i] = work[y + i] = work[w + i] = 0.0
    if order == 0:
        # Kept as products with one, so that a NaN among the points shows in the result.
        for i in range(rows):
            work[x + i] = fma_one(work[x + i])
            work[y + i] = fma_one(work[y + i])
    else:
        _chebyshev(work, 0, degree, rows)
        _chebyshev(work, 2 * order + 1, degree, rows)
    return rows


@kernel
def fma_one(t: float) -> float:
    return t * 0.0 + 1.0
