"""Least squares of the lens correction: standardisation of the features, conversion of a polynomial, ridge.

Source: lenscorrection.NonLinearTransform.fit. Features are the powers x^j y^k of pixel coordinates, standardised with n
- 1, and a last constant of 100; a ridge of 2 * lambda acts on every coefficient.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import ZERO, kernel
from transforms._kernels import lanes
from transforms._kernels.double_double import add, divide, multiply
from transforms._kernels.householder import STRIDE, absorb, back_substitute, room
from transforms._kernels.least_squares import EPS, ILL_DEFINED, NOT_ENOUGH, NOT_FINITE, OK
from transforms._kernels.lens import CONSTANT
from transforms._kernels.point_sums import all_finite, centroid, weight_at
from transforms._kernels.polynomial_fit import solve_chebyshev, to_coefficients
from transforms._kernels.rebase import term_count
from transforms._types import FloatArray, Points


@kernel
def fill_powers(dimension: int, src: Points, first: int, last: int, work: FloatArray) -> int:
    """Columns x^0 to x^dimension, then those of y, for points first to last; returns the rows.

    They are filled up to a multiple of eight with the last point.
    """
    y = (dimension + 1) * STRIDE
    whole = (last - first) // lanes.WIDTH * lanes.WIDTH
    for g in range(0, whole, lanes.WIDTH):
        u, v = lanes.load_points(src, first + g)
        a = b = lanes.like(u, 1.0)
        for p in range(dimension + 1):
            lanes.store(work, p * STRIDE + g, a)
            lanes.store(work, y + p * STRIDE + g, b)
            a, b = a * u, b * v
    rows = whole if first + whole == last else whole + lanes.WIDTH
    for i in range(whole, rows):
        row = min(first + i, last - 1)
        c, d = 1.0, 1.0
        for p in range(dimension + 1):
            work[p * STRIDE + i], work[y + p * STRIDE + i] = c, d
            c, d = c * src[row, 0], d * src[row, 1]
    return rows


@kernel
def add_deviations(
    dimension: int, rows: int, count: int, work: FloatArray, centre: FloatArray, sums: FloatArray, squares: FloatArray
) -> None:
    """Add the features' deviations from a centre, and their squares, over the first count rows."""
    i, surplus = 0, float(rows - count)
    for d in range(1, dimension + 1):
        for b in range(d + 1):
            x, y = (d - b) * STRIDE, (dimension + 1 + b) * STRIDE
            total = lanes.like(lanes.load(work, x), 0.0)
            square = total
            for g in range(0, rows, lanes.WIDTH):
                gap = lanes.load(work, x + g) * lanes.load(work, y + g) - centre[i]
                total = total + gap
                square = lanes.fma(gap, gap, square)
            last = work[x + rows - 1] * work[y + rows - 1] - centre[i]
            sums[i] += lanes.total(total) - surplus * last
            squares[i] += lanes.total(square) - surplus * last * last
            i += 1


@kernel
def standardise(dimension: int, src: Points, mean: FloatArray, sd: FloatArray) -> None:
    """Means and standard deviations (divisor n - 1) of the features; those of the constant are 100 and 0.

    One pass: sums are about the features of the centroid, about a deviation from the means, so that little cancels.
    """
    count, last = src.shape[0], mean.shape[0] - 1
    work = room(2 * (dimension + 1))
    cx, cy = centroid(src, np.empty(0), float(count), ZERO, count)
    i = 0
    for d in range(1, dimension + 1):
        for b in range(d + 1):
            mean[i] = cx ** (d - b) * cy**b
            i += 1
    sums, squares = np.zeros(last + 1), np.zeros(last + 1)
    for first in range(0, count, STRIDE):
        size = min(STRIDE, count - first)
        rows = fill_powers(dimension, src, first, first + size, work)
        add_deviations(dimension, rows, size, work, mean, sums, squares)
    for i in range(last):
        sd[i] = math.sqrt(max(squares[i] - sums[i] * (sums[i] / count), 0.0) / (count - 1))
        mean[i] += sums[i] / count
    mean[last], sd[last] = CONSTANT, 0.0


@kernel
def from_polynomial(high: FloatArray, low: FloatArray, mean: FloatArray, sd: FloatArray, beta: FloatArray) -> None:
    """Coefficients (K,) of standardised features from those of a polynomial, given as high + low."""
    last = beta.shape[0] - 1
    constant = (high[0], low[0])
    for i in range(last):
        value = (high[i + 1], low[i + 1])
        constant = add(constant, multiply(value, (mean[i], 0.0)))
        beta[i] = multiply(value, (sd[i], 0.0))[0]
    beta[last] = divide(constant, CONSTANT)[0]


@kernel
def fill_features(
    dimension: int,
    src: Points,
    dst: Points,
    weights: FloatArray,
    first: int,
    last: int,
    mean: FloatArray,
    sd: FloatArray,
    block: FloatArray,
) -> int:
    """Columns of standardised features and of both targets, times the roots of the weights; returns the rows."""
    rows = (last - first + lanes.WIDTH - 1) // lanes.WIDTH * lanes.WIDTH
    terms = mean.shape[0]
    for k in range(terms + 2):
        for i in range(last - first, rows):
            block[k * STRIDE + i] = 0.0
    for i in range(last - first):
        x, y = src[first + i, 0], src[first + i, 1]
        root = math.sqrt(weight_at(weights, first + i))
        k = 0
        for d in range(1, dimension + 1):
            for b in range(d + 1):
                block[k * STRIDE + i] = (x ** (d - b) * y**b - mean[k]) / sd[k] * root
                k += 1
        block[k * STRIDE + i] = CONSTANT * root
        block[(k + 1) * STRIDE + i] = dst[first + i, 0] * root
        block[(k + 2) * STRIDE + i] = dst[first + i, 1] * root
    return rows


@kernel
def fit_ridge(
    dimension: int,
    src: Points,
    dst: Points,
    weights: FloatArray,
    ridge: float,
    mean: FloatArray,
    sd: FloatArray,
    beta: FloatArray,
) -> None:
    """Least squares with ``ridge`` times the squares of all coefficients added: its root starts the triangle."""
    terms, count = mean.shape[0], src.shape[0]
    triangle = np.zeros((terms + 2, terms + 2))
    for k in range(terms):
        triangle[k, k] = math.sqrt(ridge)
    block = room(terms + 2)
    for first in range(0, count, STRIDE):
        rows = fill_features(dimension, src, dst, weights, first, min(first + STRIDE, count), mean, sd, block)
        absorb(triangle, block, 0, rows)
    back_substitute(triangle, 0.0, beta)


@kernel
def fit_lens(
    dimension: int,
    src: Points,
    dst: Points,
    weights: FloatArray,
    ridge: float,
    mean: FloatArray,
    sd: FloatArray,
    beta: FloatArray,
) -> int:
    """Fill means and standard deviations (K,) and coefficients (K, 2); returns a status of `least_squares`."""
    terms, count = term_count(dimension), src.shape[0]
    if count < (terms if ridge == 0.0 else 2):
        return NOT_ENOUGH
    if (ridge > 0.0 or dimension == 0) and not all_finite(src, dst, ZERO, count):  # others show in what comes out
        return NOT_FINITE
    standardise(dimension, src, mean, sd)
    for k in range(terms - 1):
        if not (sd[k] > 4.0 * EPS * abs(mean[k]) and math.isfinite(sd[k])):
            return ILL_DEFINED if all_finite(src, dst, ZERO, count) else NOT_FINITE
    if ridge > 0.0:
        fit_ridge(dimension, src, dst, weights, ridge, mean, sd, beta)
        return OK
    frame, solution = np.empty(8), np.empty((terms, 2))
    status = solve_chebyshev(dimension, src, dst, weights, ZERO, count, frame, solution)
    if status == OK:
        high, low = np.empty((2, terms)), np.empty((2, terms))
        to_coefficients(dimension, frame, solution, high, low)
        for column in range(2):
            from_polynomial(high[column], low[column], mean, sd, beta[:, column])
    return status
