"""Least squares of homographies: sums over the points, and Gauss-Newton steps made of them.

With (a, b, c) = (x, y, 1) / s the derivatives of x' = u and y' = v by the nine numbers are (a, b, c, 0, 0, 0, -u a,
-u b, -u c) and (0, 0, 0, a, b, c, -v a, -v b, -v c). All their inner products are sums of the six products of a, b and
c times 1, u, v and u^2 + v^2: a pass over the points needs 34 sums. With s = 1 and the targets as u and v the same sums
are those of the linear equations that a first guess solves.

Points come in a multiple of eight, those that fill up with weight 0.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._kernels import lanes
from transforms._kernels.polynomial_fit import factorise, solve_factored
from transforms._types import FloatArray, Points

ONE, U, V, SQUARES, GRADIENT_U, GRADIENT_V, GRADIENT_S, COST, SUMS = 0, 6, 12, 18, 24, 27, 30, 33, 34
"""Places of the sums: products of a, b, c times four factors, gradient, weighted squares of the residuals."""


@kernel
def add_to(work: FloatArray, place: int, value: lanes.Real) -> None:
    lanes.put(work, place, lanes.take(work, place, value) + value)


@kernel
def add_vector(work: FloatArray, place: int, f: lanes.Real, a: lanes.Real, b: lanes.Real, c: lanes.Real) -> None:
    add_to(work, place, f * a)
    add_to(work, place + 1, f * b)
    add_to(work, place + 2, f * c)


@kernel
def add_products(work: FloatArray, place: int, f: lanes.Real, a: lanes.Real, b: lanes.Real, c: lanes.Real) -> None:
    add_vector(work, place, f * a, a, b, c)
    add_to(work, place + 3, f * b * b)
    add_to(work, place + 4, f * b * c)
    add_to(work, place + 5, f * c * c)


@kernel
def homography_sums(
    h: FloatArray, p: Points, q: Points, weights: FloatArray, is_linear: bool, sums: FloatArray
) -> None:
    """Fill ``sums`` (SUMS,) at the homography ``h`` (9,), or for the linear equations."""
    work = np.zeros(SUMS * lanes.WIDTH)
    for i in range(0, p.shape[0], lanes.WIDTH):
        x, y = lanes.load_points(p, i)
        u, v = lanes.load_points(q, i)
        w = lanes.load(weights, i)
        a, b, c = x, y, lanes.like(x, 1.0)
        if not is_linear:
            s = lanes.fma(h[6], x, lanes.fma(h[7], y, h[8]))
            a, b, c = x / s, y / s, 1.0 / s
            target_u, target_v = u, v
            u, v = lanes.fma(h[0], a, lanes.fma(h[1], b, h[2] * c)), lanes.fma(h[3], a, lanes.fma(h[4], b, h[5] * c))
            ru, rv = target_u - u, target_v - v
            add_vector(work, GRADIENT_U, w * ru, a, b, c)
            add_vector(work, GRADIENT_V, w * rv, a, b, c)
            add_vector(work, GRADIENT_S, w * (u * ru + v * rv), a, b, c)
            add_to(work, COST, w * (ru * ru + rv * rv))
        add_products(work, ONE, w, a, b, c)
        add_products(work, U, w * u, a, b, c)
        add_products(work, V, w * v, a, b, c)
        add_products(work, SQUARES, w * (u * u + v * v), a, b, c)
    for k in range(SUMS):
        sums[k] = lanes.total(lanes.load(work, k * lanes.WIDTH))


@kernel
def normal_matrix(sums: FloatArray, normal: FloatArray) -> None:
    """Both triangles of the (9, 9) inner products."""
    normal[:] = 0.0
    for j in range(3):
        for k in range(3):
            low, high = min(j, k), max(j, k)
            at = (0, 3, 5)[low] + high - low
            normal[j, k] = normal[3 + j, 3 + k] = sums[ONE + at]
            normal[j, 6 + k] = normal[6 + k, j] = -sums[U + at]
            normal[3 + j, 6 + k] = normal[6 + k, 3 + j] = -sums[V + at]
            normal[6 + j, 6 + k] = sums[SQUARES + at]


@kernel
def gauss_newton_step(h: FloatArray, sums: FloatArray, step: FloatArray) -> bool:
    """The step (9, 2), first column, orthogonal to ``h``: its length changes nothing. False where there is none."""
    normal, scale = np.empty((9, 9)), np.empty(9)
    normal_matrix(sums, normal)
    size = 0.0
    for k in range(9):
        size += normal[k, k] / 9.0
    for j in range(9):
        for k in range(9):
            normal[j, k] += size * h[j] * h[k]
    for k in range(3):
        step[k, 0], step[3 + k, 0], step[6 + k, 0] = (
            sums[GRADIENT_U + k],
            sums[GRADIENT_V + k],
            -sums[GRADIENT_S + k],
        )
    step[:, 1] = 0.0
    if not factorise(normal, scale) > 0.0:
        return False
    solve_factored(normal, scale, step)
    return True


@kernel
def unit_length(h: FloatArray) -> None:
    square = 0.0
    for k in range(9):
        square += h[k] * h[k]
    for k in range(9):
        h[k] /= math.sqrt(square)


@kernel
def refine_homography(h: FloatArray, p: Points, q: Points, weights: FloatArray, steps: int) -> None:
    """Improve ``h`` (9,) in place until steps get no shorter; none may raise the cost beyond its rounding."""
    sums, trial, step = np.empty(SUMS), np.empty(9), np.empty((9, 2))
    unit_length(h)
    homography_sums(h, p, q, weights, False, sums)
    length = math.inf
    for _ in range(steps):
        cost, before = sums[COST], length
        if not gauss_newton_step(h, sums, step):
            return
        length = 0.0
        for k in range(9):
            length = max(length, abs(step[k, 0]))
            trial[k] = h[k] + step[k, 0]
        unit_length(trial)
        homography_sums(trial, p, q, weights, False, sums)
        if not sums[COST] <= cost * (1.0 + 1e-12):
            return
        h[:] = trial
        if length <= 1e-16 or (sums[COST] >= cost * (1.0 - 1e-12) and length > 0.25 * before):
            return
