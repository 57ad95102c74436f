"""Least squares of homographies: a linear start, and Gauss-Newton steps made of `homography_sums`."""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import ZERO, fma, kernel
from transforms._kernels.homography_sums import (
    ALL,
    COST,
    CX,
    CY,
    EX,
    EY,
    GRADIENT,
    GRADIENT_S,
    GRADIENT_U,
    GRADIENT_V,
    LINEAR,
    ONE,
    REACH,
    SCALE,
    SQUARES,
    SUMS,
    TARGET_SCALE,
    U,
    V,
    homography_sums,
    mean_deviation,
    nearest_to_horizon,
)
from transforms._kernels.least_squares import EPS, ILL_DEFINED, NOT_ENOUGH, NOT_FINITE, OK
from transforms._kernels.point_sums import all_finite, centroid_and_size, total_weight
from transforms._kernels.polynomial_fit import factorise, solve_factored
from transforms._types import FloatArray, Points

NEAR_SINGULAR = 4
"""Status: the linear equations are too near singular to be squared."""
HORIZON = 5
"""Status: the start has its horizon through points."""

SAFE = 1e-10
"""Ratio of eigenvalues from which on squaring the linear equations of a homography costs no digits that matter."""
STEPS = 60
SHORT = 1e-9
"""Steps up to this raise the cost by rounding only."""
SLOW = 0.1
"""Steps that shrink by less are worth a new matrix."""


@kernel
def at(j: int, k: int) -> int:
    """Place among the six products of a, b, c."""
    low, high = min(j, k), max(j, k)
    return low * (5 - low) // 2 + high


@kernel
def normal_matrix(sums: FloatArray, normal: FloatArray) -> None:
    """Both triangles of the (9, 9) inner products."""
    normal[:] = 0.0
    for j in range(3):
        for k in range(3):
            place = at(j, k)
            normal[j, k] = normal[3 + j, 3 + k] = sums[ONE + place]
            normal[j, 6 + k] = normal[6 + k, j] = -sums[U + place]
            normal[3 + j, 6 + k] = normal[6 + k, 3 + j] = -sums[V + place]
            normal[6 + j, 6 + k] = sums[SQUARES + place]


@kernel
def adjugate(m: FloatArray, out: FloatArray) -> None:
    """Fill the adjugate of a symmetric (3, 3) matrix: its inverse but for a factor."""
    for j in range(3):
        for k in range(3):
            a, b, c, d = (j + 1) % 3, (j + 2) % 3, (k + 1) % 3, (k + 2) % 3
            out[j, k] = m[a, c] * m[b, d] - m[a, d] * m[b, c]


@kernel
def sharpen(m: FloatArray, out: FloatArray) -> None:
    """Square a matrix, scaled to a trace of 1: its largest eigenvector stands out more."""
    trace = m[0, 0] + m[1, 1] + m[2, 2]
    for j in range(3):
        for k in range(3):
            out[j, k] = (m[j, 0] * m[0, k] + m[j, 1] * m[1, k] + m[j, 2] * m[2, k]) / (trace * trace)


@kernel
def invert_products(sums: FloatArray, out: FloatArray) -> None:
    """Inverse of the (3, 3) products of a, b, c, whose sums of a and b vanish only up to the centre's rounding.

    Far from the origin that is much beside small extents: left out, it hid that points determine nothing.
    """
    m = np.empty((3, 3))
    for j in range(3):
        for k in range(3):
            m[j, k] = sums[ONE + at(j, k)]
    adjugate(m, out)
    det = m[2, 0] * out[2, 0] + m[2, 1] * out[2, 1] + m[2, 2] * out[2, 2]
    for j in range(3):
        for k in range(3):
            out[j, k] /= det


@kernel
def solve_rows(inverse: FloatArray, sums: FloatArray, place: int, j: int, k: int) -> float:
    """Entry of S U with S the inverse of the products and U those times u or v from ``place`` on."""
    a, b, c = sums[place + at(0, k)], sums[place + at(1, k)], sums[place + at(2, k)]
    return float(fma(inverse[j, 0], a, fma(inverse[j, 1], b, inverse[j, 2] * c)))


@kernel
def fill_numerators(sums: FloatArray, h: FloatArray) -> None:
    """Best numerators of the linear equations for the denominator in ``h`` (9,)."""
    products = np.empty((3, 3))
    invert_products(sums, products)
    for j in range(3):
        h[j] = h[3 + j] = 0.0
        for k in range(3):
            h[j] += solve_rows(products, sums, U, j, k) * h[6 + k]
            h[3 + j] += solve_rows(products, sums, V, j, k) * h[6 + k]


@kernel
def affine_start(linear: FloatArray, h: FloatArray, sums: FloatArray) -> bool:
    """Fill ``h`` with the best affine map if its cost is below that in ``sums``, of a start that noise has misled."""
    products = np.empty((3, 3))
    invert_products(linear, products)
    cost = linear[SQUARES + 5]
    for i in range(3):
        cost -= linear[U + at(i, 2)] * solve_rows(products, linear, U, i, 2)
        cost -= linear[V + at(i, 2)] * solve_rows(products, linear, V, i, 2)
    if sums[COST] <= cost:
        return False
    h[6], h[7], h[8] = 0.0, 0.0, 1.0
    fill_numerators(linear, h)
    return True


@kernel
def linear_start(sums: FloatArray, h: FloatArray) -> int:
    """Solve the linear equations, (9,) with a denominator of unit length; a status.

    Numerators are eliminated; what is left is a symmetric (3, 3) matrix, whose smallest eigenvector is the denominator.
    """
    products, rest, inverse, power = np.empty((3, 3)), np.empty((3, 3)), np.empty((3, 3)), np.empty((3, 3))
    invert_products(sums, products)
    for j in range(3):
        for k in range(3):
            value = sums[SQUARES + at(j, k)]
            for i in range(3):
                value -= sums[U + at(i, j)] * solve_rows(products, sums, U, i, k)
                value -= sums[V + at(i, j)] * solve_rows(products, sums, V, i, k)
            rest[j, k] = value
    adjugate(rest, inverse)
    size = sums[SQUARES] + sums[SQUARES + 3] + sums[SQUARES + 5] + sums[ONE] + sums[ONE + 3] + sums[ONE + 5]
    xx, yy, largest = sums[ONE], sums[ONE + 3], rest[0, 0] + rest[1, 1] + rest[2, 2]
    middle = (inverse[0, 0] + inverse[1, 1] + inverse[2, 2]) / largest
    if not (middle > SAFE * size and xx * yy - sums[ONE + 1] * sums[ONE + 1] > SAFE * size * size):
        return NEAR_SINGULAR
    sharpen(inverse, power)
    sharpen(power, inverse)
    best = 0
    for k in range(1, 3):
        best = k if inverse[k, k] > inverse[best, best] else best
    for j in range(3):
        h[6 + j] = inverse[j, best] / math.sqrt(inverse[best, best])
    fill_numerators(sums, h)
    return OK


@kernel
def unit_length(h: FloatArray) -> None:
    square = 0.0
    for k in range(9):
        square += h[k] * h[k]
    length = math.sqrt(square)
    for k in range(9):
        h[k] /= length


@kernel
def factorise_normal(h: FloatArray, sums: FloatArray, normal: FloatArray, scale: FloatArray) -> bool:
    """Factor of the normal matrix, with the direction of ``h`` filled up: the length of h changes nothing."""
    normal_matrix(sums, normal)
    size = 0.0
    for k in range(9):
        size += normal[k, k] / 9.0
    for j in range(9):
        for k in range(9):
            normal[j, k] += size * h[j] * h[k]
    return factorise(normal, scale) > 0.0


@kernel
def find_step(sums: FloatArray, normal: FloatArray, scale: FloatArray, step: FloatArray) -> float:
    """Solve for the step, first column of (9, 2); returns its largest entry."""
    for k in range(3):
        step[k, 0], step[3 + k, 0] = sums[GRADIENT_U + k], sums[GRADIENT_V + k]
        step[6 + k, 0] = -sums[GRADIENT_S + k]
    step[:, 1] = 0.0
    solve_factored(normal, scale, step)
    length = 0.0
    for k in range(9):
        length = max(length, abs(step[k, 0]))
    return length


@kernel
def refine_homography(
    h: FloatArray, frame: FloatArray, p: Points, q: Points, weights: FloatArray, sums: FloatArray
) -> None:
    """Improve ``h`` (9,) in place until steps get no shorter; none may raise the cost beyond its rounding.

    ``sums`` are those at h, which is of unit length. A matrix serves for several steps, as long as they shrink fast.
    Steps that lead astray are shortened.
    """
    trial, step = np.empty(9), np.empty((9, 2))
    normal, scale = np.empty((9, 9)), np.empty(9)
    length, share, is_fresh = math.inf, 1.0, True
    for _ in range(STEPS):
        if is_fresh and not factorise_normal(h, sums, normal, scale):
            return
        cost, before = sums[COST], length
        length = share * find_step(sums, normal, scale, step)
        for k in range(9):
            trial[k] = h[k] + share * step[k, 0]
        unit_length(trial)
        homography_sums(trial, frame, p, q, weights, GRADIENT, sums)
        shrinks = min(length / before, 1.0) if before < math.inf else 1.0
        if not sums[COST] <= cost * (1.0 + 1e-12):
            if is_fresh and length <= SHORT:
                return
            share = 0.25 * share if is_fresh else share
            is_fresh, length = True, math.inf
        else:
            h[:] = trial
            stands = sums[COST] >= cost * (1.0 - 1e-12) and shrinks > 0.25 and before < math.inf
            if length * shrinks <= EPS or (stands and share == 1.0):  # the next one will be lost in rounding
                return
            is_fresh = share < 1.0 or (shrinks > SLOW and before < math.inf)
            share = min(2.0 * share, 1.0)
        if is_fresh:
            homography_sums(h, frame, p, q, weights, ALL, sums)


@kernel
def find_frame(p: Points, q: Points, weights: FloatArray, frame: FloatArray) -> int:
    """Fill ``frame``: centroids, and inverse mean distances from them; a status."""
    count = p.shape[0]
    total = total_weight(weights, ZERO, count)
    if not total > 0.0:
        return ILL_DEFINED
    frame[CX], frame[CY], largest = centroid_and_size(p, weights, total, ZERO, count)
    frame[EX], frame[EY], target_largest = centroid_and_size(q, weights, total, ZERO, count)
    size = mean_deviation(p, weights, total, frame[CX], frame[CY])
    target_size = mean_deviation(q, weights, total, frame[EX], frame[EY])
    is_spread = size > 8.0 * EPS * largest and target_size > 8.0 * EPS * target_largest
    if not (is_spread and math.isfinite(size + target_size)):
        return ILL_DEFINED
    frame[SCALE], frame[TARGET_SCALE], frame[REACH] = 1.0 / size, 1.0 / target_size, largest
    return OK


@kernel
def to_pixels(frame: FloatArray, h: FloatArray) -> None:
    """Turn ``h`` (9,) to pixels, with a last entry of 1 unless it vanishes beside the others over the points."""
    for j in range(3):
        a, b = h[3 * j] * frame[SCALE], h[3 * j + 1] * frame[SCALE]
        h[3 * j], h[3 * j + 1] = a, b
        h[3 * j + 2] -= a * frame[CX] + b * frame[CY]
    for k in range(3):
        h[k] = h[k] / frame[TARGET_SCALE] + frame[EX] * h[6 + k]
        h[3 + k] = h[3 + k] / frame[TARGET_SCALE] + frame[EY] * h[6 + k]
    unit = h[8]
    if not abs(unit) > 1e-12 * (frame[REACH] * (abs(h[6]) + abs(h[7])) + abs(unit)):
        unit = 0.0
        for k in range(9):
            unit = max(unit, abs(h[k]))
    for k in range(9):
        h[k] /= unit


@kernel
def finish_homography(
    h: FloatArray, frame: FloatArray, p: Points, q: Points, weights: FloatArray, linear: FloatArray
) -> int:
    """From a start ``h`` (9,) on normalised coordinates to the best homography in pixels, in place; a status.

    ``linear`` are the sums of the linear equations, empty where they are of no use.
    """
    if not nearest_to_horizon(h, frame, p) > 1e-12:
        return HORIZON
    sums = np.empty(SUMS)
    unit_length(h)
    homography_sums(h, frame, p, q, weights, ALL, sums)
    if linear.shape[0] and affine_start(linear, h, sums):
        unit_length(h)
        homography_sums(h, frame, p, q, weights, ALL, sums)
    refine_homography(h, frame, p, q, weights, sums)
    to_pixels(frame, h)
    return OK


@kernel
def fit_homography(p: Points, q: Points, weights: FloatArray, frame: FloatArray, h: FloatArray) -> int:
    """Fit all points into ``h`` (9,); a status, after which ``frame`` and, at a horizon, ``h`` are still normalised."""
    if p.shape[0] < 4:
        return NOT_ENOUGH
    status = find_frame(p, q, weights, frame)
    if status != OK:
        return status if all_finite(p, q, ZERO, p.shape[0]) else NOT_FINITE
    linear = np.empty(SUMS)
    homography_sums(h, frame, p, q, weights, LINEAR, linear)
    status = linear_start(linear, h)
    return status if status != OK else finish_homography(h, frame, p, q, weights, linear)
