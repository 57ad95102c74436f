"""Weighted least squares of polynomials over a slice of the points.

The unknowns are coefficients of Chebyshev products on the bounding box of the points: that basis stays well conditioned
where powers of pixel coordinates do not. All its inner products follow from the few moments sum w T_p(x) T_q(y),
because T_a T_b = (T_{a+b} + T_{|a-b|}) / 2. The normal equations are solved by Cholesky, refined on the residuals when
they are less than well conditioned; layouts beyond that go through orthogonal transformations. One pass over the points
each, memory for one block of them.

One slice of ragged sets, all points of one set, or one grid shared by many members (`polynomial_grid`): the same code
in the same order, hence the same bits. Statuses are those of `least_squares`.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import fma, kernel
from transforms._kernels import lanes
from transforms._kernels.chebyshev_block import column_count, fill, products, target_column, x_column, y_column
from transforms._kernels.double_double import add
from transforms._kernels.householder import STRIDE, absorb, back_substitute, dot, room
from transforms._kernels.least_squares import ILL_DEFINED, NOT_ENOUGH, NOT_FINITE, OK
from transforms._kernels.point_frame import find_frame
from transforms._kernels.point_sums import all_finite
from transforms._kernels.rebase import term, term_count, to_pixels
from transforms._types import FloatArray, Points

GOOD_PIVOT = 0.03
"""Smallest pivot of the scaled normal equations that needs no refinement."""
LEAST_PIVOT = 1e-7
"""Below this, Cholesky loses too many digits to be refined."""
REFINEMENTS = 2
"""Rounds; each gains at least the digits that the first solution had."""


@kernel
def add_moments(order: int, rows: int, work: FloatArray, moments: FloatArray) -> None:
    """Add a block's sums w T_p(x) T_q(y), p + q to 2 * order; four at a time, to load each x once for four."""
    for p in range(2 * order + 1):
        for q in range(0, 2 * order - p - 2, 4):
            add_four_moments(work, x_column(p) * STRIDE, y_column(order, q) * STRIDE, rows, moments[p, q : q + 4])
        for q in range((2 * order - p + 1) // 4 * 4, 2 * order - p + 1):
            moments[p, q] += dot(work, x_column(p), y_column(order, q), rows)


@kernel
def add_four_moments(work: FloatArray, x: int, y: int, rows: int, sums: FloatArray) -> None:
    t = lanes.load(work, x)
    a, b = t * lanes.load(work, y), t * lanes.load(work, y + STRIDE)
    c, d = t * lanes.load(work, y + 2 * STRIDE), t * lanes.load(work, y + 3 * STRIDE)
    for g in range(lanes.WIDTH, rows, lanes.WIDTH):
        t = lanes.load(work, x + g)
        a = lanes.fma(t, lanes.load(work, y + g), a)
        b = lanes.fma(t, lanes.load(work, y + STRIDE + g), b)
        c = lanes.fma(t, lanes.load(work, y + 2 * STRIDE + g), c)
        d = lanes.fma(t, lanes.load(work, y + 3 * STRIDE + g), d)
    sums[0] += lanes.total(a)
    sums[1] += lanes.total(b)
    sums[2] += lanes.total(c)
    sums[3] += lanes.total(d)


@kernel
def normal_matrix(order: int, moments: FloatArray, normal: FloatArray) -> None:
    """Inner products of all pairs of terms from the moments."""
    for d in range(order + 1):
        for b in range(d + 1):
            for e in range(d + 1):
                for c in range(e + 1):
                    x_sum, x_gap = (d - b) + (e - c), abs((d - b) - (e - c))
                    y_sum, y_gap = b + c, abs(b - c)
                    total = (moments[x_sum, y_sum] + moments[x_gap, y_gap]) + (
                        moments[x_sum, y_gap] + moments[x_gap, y_sum]
                    )
                    normal[term(d - b, b), term(e - c, c)] = 0.25 * total


@kernel
def factorise(normal: FloatArray, scale: FloatArray) -> float:
    """Cholesky of the lower triangle scaled to a unit diagonal, in place; returns the smallest pivot, or -1.

    ``scale`` receives the scaling, diagonal entries are replaced by their inverses.
    """
    count = normal.shape[0]
    for k in range(count):
        if not normal[k, k] > 0.0:
            return -1.0
        scale[k] = 1.0 / math.sqrt(normal[k, k])
    least = 1.0
    for k in range(count):
        for j in range(k + 1):
            value = normal[k, j] * scale[k] * scale[j]
            for i in range(j):
                value = fma(-normal[k, i], normal[j, i], value)
            normal[k, j] = value * normal[j, j] if j < k else value
        if not normal[k, k] > 0.0:
            return -1.0
        least = min(least, normal[k, k])
        normal[k, k] = 1.0 / math.sqrt(normal[k, k])
    return least


@kernel
def solve_factored(factor: FloatArray, scale: FloatArray, right: FloatArray) -> None:
    """Solve for the two columns of right (K, 2), in place."""
    count = factor.shape[0]
    for k in range(count):
        a, b = right[k, 0] * scale[k], right[k, 1] * scale[k]
        for i in range(k):
            a, b = fma(-factor[k, i], right[i, 0], a), fma(-factor[k, i], right[i, 1], b)
        right[k, 0], right[k, 1] = a * factor[k, k], b * factor[k, k]
    for k in range(count - 1, -1, -1):
        a, b = right[k, 0], right[k, 1]
        for i in range(k + 1, count):
            a, b = fma(-factor[i, k], right[i, 0], a), fma(-factor[i, k], right[i, 1], b)
        right[k, 0], right[k, 1] = a * factor[k, k], b * factor[k, k]
    for k in range(count):
        right[k, 0] *= scale[k]
        right[k, 1] *= scale[k]


@kernel
def add_right_hand_side(order: int, rows: int, work: FloatArray, right: FloatArray) -> None:
    """Add a block's sums of w T_a(x) T_b(y) times the targets."""
    u, v = target_column(order) * STRIDE, (target_column(order) + 1) * STRIDE
    for d in range(order + 1):
        for b in range(d + 1):
            x, y = x_column(d - b) * STRIDE, y_column(order, b) * STRIDE
            product = lanes.load(work, x) * lanes.load(work, y)
            first, second = product * lanes.load(work, u), product * lanes.load(work, v)
            for g in range(lanes.WIDTH, rows, lanes.WIDTH):
                product = lanes.load(work, x + g) * lanes.load(work, y + g)
                first = lanes.fma(product, lanes.load(work, u + g), first)
                second = lanes.fma(product, lanes.load(work, v + g), second)
            k = term(d - b, b)
            right[k, 0] += lanes.total(first)
            right[k, 1] += lanes.total(second)


@kernel
def subtract_prediction(order: int, rows: int, work: FloatArray, solution: FloatArray) -> None:
    """Turn targets into residuals."""
    u, v = target_column(order) * STRIDE, (target_column(order) + 1) * STRIDE
    for g in range(0, rows, lanes.WIDTH):
        weight = lanes.load(work, g)
        first = lanes.like(weight, 0.0)
        second = first
        for d in range(order, -1, -1):
            for b in range(d + 1):
                product = lanes.load(work, x_column(d - b) * STRIDE + g) * lanes.load(
                    work, y_column(order, b) * STRIDE + g
                )
                k = term(d - b, b)
                first = lanes.fma(product, solution[k, 0], first)
                second = lanes.fma(product, solution[k, 1], second)
        weight = lanes.select(weight > 0.0, weight, lanes.like(weight, 1.0))
        lanes.store(work, u + g, lanes.load(work, u + g) - first / weight)
        lanes.store(work, v + g, lanes.load(work, v + g) - second / weight)


@kernel
def refine(
    order: int,
    src: Points,
    dst: Points,
    weights: FloatArray,
    lo: int,
    hi: int,
    frame: FloatArray,
    work: FloatArray,
    factor: FloatArray,
    scale: FloatArray,
    solution: FloatArray,
) -> None:
    """Solve again for the residuals of a solution and add what comes out."""
    correction = np.zeros(solution.shape)
    for first in range(lo, hi, STRIDE):
        rows = fill(order, order, src, dst, weights, first, min(first + STRIDE, hi), frame, work)
        subtract_prediction(order, rows, work, solution)
        add_right_hand_side(order, rows, work, correction)
    solve_factored(factor, scale, correction)
    for k in range(solution.shape[0]):
        solution[k, 0] += correction[k, 0]
        solution[k, 1] += correction[k, 1]


@kernel
def solve_orthogonally(
    order: int,
    src: Points,
    dst: Points,
    weights: FloatArray,
    lo: int,
    hi: int,
    frame: FloatArray,
    work: FloatArray,
    solution: FloatArray,
) -> int:
    """Solve by orthogonal transformations: for ill-conditioned layouts, and to tell them from degenerate ones."""
    count = term_count(order)
    triangle = np.zeros((count + 2, count + 2))
    block = room(count + 2)
    for first in range(lo, hi, STRIDE):
        rows = fill(order, order, src, dst, weights, first, min(first + STRIDE, hi), frame, work)
        products(order, rows, work, block)
        absorb(triangle, block, 0, rows)
    noise = frame[5] * (8.0 * order * order + 2.0 * count)
    return OK if back_substitute(triangle, noise, solution) else ILL_DEFINED


@kernel
def solve_normal(
    order: int,
    src: Points,
    dst: Points,
    weights: FloatArray,
    lo: int,
    hi: int,
    frame: FloatArray,
    work: FloatArray,
    factor: FloatArray,
    scale: FloatArray,
    solution: FloatArray,
) -> float:
    """Solve the normal equations; returns their smallest pivot, below LEAST_PIVOT without a solution."""
    moments = np.zeros((2 * order + 1, 2 * order + 1))
    solution[:] = 0.0
    for first in range(lo, hi, STRIDE):
        rows = fill(order, 2 * order, src, dst, weights, first, min(first + STRIDE, hi), frame, work)
        add_moments(order, rows, work, moments)
        add_right_hand_side(order, rows, work, solution)
    normal_matrix(order, moments, factor)
    least = factorise(factor, scale)
    if least >= LEAST_PIVOT:
        solve_factored(factor, scale, solution)
    return least


@kernel
def solve_chebyshev(
    order: int, src: Points, dst: Points, weights: FloatArray, lo: int, hi: int, frame: FloatArray, solution: FloatArray
) -> int:
    """Fit points lo to hi: frame (8,) of `find_frame` and solution (K, 2) in Chebyshev products of it."""
    count = term_count(order)
    if hi - lo < count:
        return NOT_ENOUGH
    status = find_frame(order, src, dst, weights, lo, hi, frame)
    if status == OK:
        work = room(column_count(order))
        factor, scale = np.empty((count, count)), np.empty(count)
        least = solve_normal(order, src, dst, weights, lo, hi, frame, work, factor, scale, solution)
        if least < LEAST_PIVOT:
            status = solve_orthogonally(order, src, dst, weights, lo, hi, frame, work, solution)
        elif least < GOOD_PIVOT:
            for _ in range(REFINEMENTS):
                refine(order, src, dst, weights, lo, hi, frame, work, factor, scale, solution)
    total = 0.0
    for k in range(count):
        total += 0.0 * solution[k, 0] + 0.0 * solution[k, 1]
    if status != OK or total != 0.0:
        return ILL_DEFINED if all_finite(src, dst, lo, hi) else NOT_FINITE
    return OK


@kernel
def to_coefficients(order: int, frame: FloatArray, solution: FloatArray, high: FloatArray, low: FloatArray) -> None:
    """A solution to powers of pixel coordinates, as high + low (2, K)."""
    line = np.empty((2, order + 1))
    for column in range(2):
        for k in range(high.shape[1]):
            high[column, k], low[column, k] = solution[k, column], 0.0
        to_pixels(order, frame, high[column], low[column], line)
        constant = add((high[column, 0], low[column, 0]), (frame[6 + column], 0.0))
        high[column, 0], low[column, 0] = constant


@kernel
def fit_polynomial(
    order: int, src: Points, dst: Points, weights: FloatArray, lo: int, hi: int, coefficients: FloatArray
) -> int:
    """Fit points lo to hi into coefficients (2, K) of pixel coordinates, left alone on failure."""
    frame, solution = np.empty(8), np.empty((term_count(order), 2))
    status = solve_chebyshev(order, src, dst, weights, lo, hi, frame, solution)
    if status == OK:
        to_coefficients(order, frame, solution, coefficients, np.empty(coefficients.shape))
    return status
