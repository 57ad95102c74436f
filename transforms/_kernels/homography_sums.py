"""Sums over the points of a homography fit, of which its equations are made.

With (a, b, c) = (x, y, 1) / s the derivatives of x' = u and y' = v by the nine numbers are (a, b, c, 0, 0, 0, -u a,
-u b, -u c) and (0, 0, 0, a, b, c, -v a, -v b, -v c). All their inner products are sums of the six products of a, b and
c times 1, u, v and u^2 + v^2. With s = 1 and the targets as u and v the same sums are those of the linear equations
that a first guess solves.

Points are normalised as they are read, by ``frame`` (FRAME,): centres and inverse sizes of both
sets, and the largest coordinate of the first.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._kernels import lanes
from transforms._kernels.point_sums import weight_at, weights_at
from transforms._types import FloatArray, Points

ONE, U, V, SQUARES, GRADIENT_U, GRADIENT_V, GRADIENT_S, COST, SUMS = 0, 6, 12, 18, 24, 27, 30, 33, 34
"""Places of the sums: products of a, b, c times four factors, gradient, weighted squares of the residuals."""

LINEAR, GRADIENT, ALL = 0, 1, 2
"""What to sum: the products of the linear equations; gradient and cost at a homography; the products there, too."""

CX, CY, SCALE, EX, EY, TARGET_SCALE, REACH, FRAME = 0, 1, 2, 3, 4, 5, 6, 7


@kernel
def add_product(work: FloatArray, place: int, a: lanes.Real, b: lanes.Real) -> None:
    lanes.put(work, place, lanes.fma(a, b, lanes.take(work, place, a)))


@kernel
def add_vector(work: FloatArray, place: int, f: lanes.Real, a: lanes.Real, b: lanes.Real, c: lanes.Real) -> None:
    add_product(work, place, f, a)
    add_product(work, place + 1, f, b)
    add_product(work, place + 2, f, c)


@kernel
def add_products(work: FloatArray, place: int, f: lanes.Real, a: lanes.Real, b: lanes.Real, c: lanes.Real) -> None:
    fb = f * b
    add_vector(work, place, f * a, a, b, c)
    add_product(work, place + 3, fb, b)
    add_product(work, place + 4, fb, c)
    add_product(work, place + 5, f * c, c)


@kernel
def add_points(
    h: FloatArray, frame: FloatArray, p: Points, q: Points, weights: FloatArray, whole: int, what: int, work: FloatArray
) -> None:
    """Add the first ``whole`` points, a multiple of eight, to lanes of sums."""
    cx, cy, scale = frame[CX], frame[CY], frame[SCALE]
    ex, ey, target_scale = frame[EX], frame[EY], frame[TARGET_SCALE]
    for i in range(0, whole, lanes.WIDTH):
        x, y = lanes.load_points(p, i)
        u, v = lanes.load_points(q, i)
        x, y, u, v = (x - cx) * scale, (y - cy) * scale, (u - ex) * target_scale, (v - ey) * target_scale
        w = weights_at(weights, i, x)
        a, b, c = x, y, lanes.like(x, 1.0)
        if what != LINEAR:
            c = 1.0 / lanes.fma(h[6], x, lanes.fma(h[7], y, h[8]))
            a, b, target_u, target_v = x * c, y * c, u, v
            u, v = lanes.fma(h[0], a, lanes.fma(h[1], b, h[2] * c)), lanes.fma(h[3], a, lanes.fma(h[4], b, h[5] * c))
            ru, rv = target_u - u, target_v - v
            add_vector(work, GRADIENT_U, w * ru, a, b, c)
            add_vector(work, GRADIENT_V, w * rv, a, b, c)
            add_vector(work, GRADIENT_S, w * lanes.fma(u, ru, v * rv), a, b, c)
            add_product(work, COST, w, lanes.fma(ru, ru, rv * rv))
        if what != GRADIENT:
            add_products(work, ONE, w, a, b, c)
            add_products(work, U, w * u, a, b, c)
            add_products(work, V, w * v, a, b, c)
            add_products(work, SQUARES, w * lanes.fma(u, u, v * v), a, b, c)


@kernel
def homography_sums(
    h: FloatArray, frame: FloatArray, p: Points, q: Points, weights: FloatArray, what: int, sums: FloatArray
) -> None:
    """Fill ``sums`` (SUMS,), those that are wanted, at the homography ``h`` (9,)."""
    count = p.shape[0]
    whole = count - count % lanes.WIDTH
    work = np.zeros(SUMS * lanes.WIDTH)
    add_points(h, frame, p, q, weights, whole, what, work)
    if whole < count:  # the others, filled up to eight by one without weight
        last_p, last_q, last_w = np.empty((lanes.WIDTH, 2)), np.empty((lanes.WIDTH, 2)), np.zeros(lanes.WIDTH)
        for i in range(lanes.WIDTH):
            row = min(whole + i, count - 1)
            for axis in range(2):
                last_p[i, axis], last_q[i, axis] = p[row, axis], q[row, axis]
            if whole + i < count:
                last_w[i] = weight_at(weights, row)
        add_points(h, frame, last_p, last_q, last_w, lanes.WIDTH, what, work)
    for k in range(GRADIENT_U if what == GRADIENT else 0, GRADIENT_U if what == LINEAR else SUMS):
        sums[k] = lanes.total(lanes.load(work, k * lanes.WIDTH))


@kernel
def mean_deviation(points: Points, weights: FloatArray, total: float, cx: float, cy: float) -> float:
    """Weighted mean of |x - cx| + |y - cy|."""
    count = points.shape[0]
    whole = count - count % lanes.WIDTH
    deviation = 0.0
    if whole:
        x, y = lanes.load_points(points, 0)
        sums = lanes.like(x, 0.0)
        for i in range(0, whole, lanes.WIDTH):
            x, y = lanes.load_points(points, i)
            x, y = x - cx, y - cy
            x, y = lanes.select(x < 0.0, 0.0 - x, x), lanes.select(y < 0.0, 0.0 - y, y)
            sums = lanes.fma(weights_at(weights, i, x), x + y, sums)
        deviation = lanes.total(sums)
    for i in range(whole, count):
        deviation += weight_at(weights, i) * (abs(points[i, 0] - cx) + abs(points[i, 1] - cy))
    return deviation / total


@kernel
def nearest_to_horizon(h: FloatArray, frame: FloatArray, p: Points) -> float:
    """Smallest denominator over the points, relative to the size of its coefficients."""
    cx, cy, scale = frame[CX], frame[CY], frame[SCALE]
    count = p.shape[0]
    whole = count - count % lanes.WIDTH
    least = math.inf
    if whole:
        x, y = lanes.load_points(p, 0)
        lowest = lanes.like(x, -math.inf)
        for i in range(0, whole, lanes.WIDTH):
            x, y = lanes.load_points(p, i)
            s = lanes.fma(h[6], (x - cx) * scale, lanes.fma(h[7], (y - cy) * scale, h[8]))
            s = lanes.select(s < 0.0, s, 0.0 - s)
            lowest = lanes.select(s > lowest, s, lowest)
        least = -lanes.largest(lowest)
    for i in range(whole, count):
        least = min(least, abs(h[6] * (p[i, 0] - cx) * scale + h[7] * (p[i, 1] - cy) * scale + h[8]))
    return least / math.sqrt(h[6] * h[6] + h[7] * h[7] + h[8] * h[8])
