"""A block of points as columns of Chebyshev polynomials and targets: what the fits add up.

Columns lie STRIDE numbers apart in a flat ``work`` array: w T_p(x) with the weight w, then T_q(y), for degrees up to
twice the order (one at least), then u and v. Column 0 is the weight itself. Rows are filled up to a multiple of eight
with rows of no weight.
"""

from __future__ import annotations

import math

from transforms._jit import kernel
from transforms._kernels import lanes
from transforms._kernels.householder import STRIDE
from transforms._kernels.point_sums import weight_at
from transforms._types import FloatArray, Points


@kernel
def degree_count(order: int) -> int:
    return max(2 * order, 1) + 1


@kernel
def x_column(p: int) -> int:
    return p


@kernel
def y_column(order: int, q: int) -> int:
    return degree_count(order) + q


@kernel
def target_column(order: int) -> int:
    """Column of u; that of v follows."""
    return 2 * degree_count(order)


@kernel
def column_count(order: int) -> int:
    return 2 * degree_count(order) + 2


@kernel
def fill(
    order: int,
    degree: int,
    src: Points,
    dst: Points,
    weights: FloatArray,
    first: int,
    last: int,
    frame: FloatArray,
    work: FloatArray,
) -> int:
    """Fill all columns for points first to last, up to a degree; returns the rows."""
    w, x = 0, STRIDE
    one, y = y_column(order, 0) * STRIDE, y_column(order, 1) * STRIDE
    u, v = target_column(order) * STRIDE, (target_column(order) + 1) * STRIDE
    count = last - first
    whole = count // lanes.WIDTH * lanes.WIDTH
    for g in range(0, whole, lanes.WIDTH):
        px, py = lanes.load_points(src, first + g)
        qx, qy = lanes.load_points(dst, first + g)
        lanes.store(work, w + g, lanes.load(weights, first + g) * frame[4] if weights.shape[0] else lanes.like(px, 1.0))
        lanes.store(work, x + g, (px - frame[0]) * frame[1])
        lanes.store(work, one + g, lanes.like(px, 1.0))
        lanes.store(work, y + g, (py - frame[2]) * frame[3])
        lanes.store(work, u + g, qx - frame[6])
        lanes.store(work, v + g, qy - frame[7])
    rows = whole if whole == count else whole + lanes.WIDTH
    for i in range(whole, rows):
        work[w + i] = work[x + i] = work[one + i] = work[y + i] = work[u + i] = work[v + i] = 0.0
    for i in range(whole, count):
        work[w + i] = weight_at(weights, first + i) * frame[4]
        work[x + i] = (src[first + i, 0] - frame[0]) * frame[1]
        work[one + i] = 1.0
        work[y + i] = (src[first + i, 1] - frame[2]) * frame[3]
        work[u + i] = dst[first + i, 0] - frame[6]
        work[v + i] = dst[first + i, 1] - frame[7]
    raise_degree(work, 0, degree, rows)
    raise_degree(work, y_column(order, 0), degree, rows)
    return rows


@kernel
def raise_degree(work: FloatArray, first: int, degree: int, rows: int) -> None:
    """Columns f T_0 to f T_degree, f being the factor in the first column and the variable standing in the second."""
    for g in range(0, rows, lanes.WIDTH):
        at = first * STRIDE + g
        t = lanes.load(work, at + STRIDE)
        older = lanes.fma(t, 0.0, lanes.load(work, at))  # keeps a NaN, so that it shows in every sum
        old = older * t
        lanes.store(work, at, older)
        lanes.store(work, at + STRIDE, old)
        double = t + t
        for p in range(2, degree + 1):
            older, old = old, lanes.fma(double, old, 0.0 - older)
            lanes.store(work, at + p * STRIDE, old)


@kernel
def products(order: int, rows: int, work: FloatArray, block: FloatArray) -> None:
    """Columns T_a(x) T_b(y), then u and v, all times the root of the weight: the rows of the least-squares problem."""
    u = target_column(order) * STRIDE
    for i in range(rows):
        root = math.sqrt(work[i])
        inverse = 1.0 / root if root > 0.0 else 0.0
        k = 0
        for d in range(order + 1):
            for b in range(d + 1):
                block[k * STRIDE + i] = (
                    work[x_column(d - b) * STRIDE + i] * work[y_column(order, b) * STRIDE + i] * inverse
                )
                k += 1
        block[k * STRIDE + i] = work[u + i] * root
        block[(k + 1) * STRIDE + i] = work[u + STRIDE + i] * root
