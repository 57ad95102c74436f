"""Pre-images under a polynomial, eight at a time: Newton as in `newton.descend` as long as whole steps help.

Points for which a step would have to be shortened, or whose start leads nowhere, are left to the solver of all
transforms. Those found here are the very numbers that it would have found.
"""

from __future__ import annotations

import math

from transforms._jit import kernel
from transforms._kernels import lanes
from transforms._kernels.polynomial import polynomial_jet
from transforms._types import FloatArray, Points

ARMIJO = 1e-4
"""Least share of the promised fall of the residual that a step must deliver."""


@kernel
def magnitude(x: lanes.Real) -> lanes.Real:
    return lanes.select(x < 0.0, 0.0 - x, x)


@kernel
def length(x: lanes.Real, y: lanes.Real) -> lanes.Real:
    return lanes.sqrt(x * x + y * y)


@kernel
def preimages_of_lanes(
    params: FloatArray, start: FloatArray, u: lanes.Real, v: lanes.Real, tolerance: float, max_iterations: int
) -> tuple[lanes.Real, lanes.Real, lanes.Real]:
    """Pre-images of (u, v) and, in the third place, 1 where they were found."""
    one, zero = lanes.like(u, 1.0), lanes.like(u, 0.0)
    size = length(u, v)
    bound = tolerance * lanes.select(one < size, size, one)
    x = start[0] * u + start[1] * v + start[2]
    y = start[3] * u + start[4] * v + start[5]
    fu, fv, a, b, c, d = polynomial_jet(params, x, y)
    error = length(u - fu, v - fv)
    active = lanes.select(zero < error, one, zero)
    for _ in range(max_iterations):
        if not lanes.any_lane(zero < active):
            break
        det = a * d - b * c
        nx = x + (d * (u - fu) - b * (v - fv)) / det
        ny = y + (a * (v - fv) - c * (u - fu)) / det
        nu, nv, na, nb, nc, nd = polynomial_jet(params, nx, ny)
        next_error = length(u - nu, v - nv)
        regular = 1e-15 * (magnitude(a * d) + magnitude(b * c)) < magnitude(det)
        step = (zero < active) & regular & (next_error <= (1.0 - ARMIJO) * error)
        settled = ((next_error <= bound) & (0.25 * error < next_error)) | (next_error == zero)
        active = lanes.select(step, lanes.select(settled, zero, one), zero)
        x, y, error = lanes.select(step, nx, x), lanes.select(step, ny, y), lanes.select(step, next_error, error)
        fu, fv = lanes.select(step, nu, fu), lanes.select(step, nv, fv)
        a, b = lanes.select(step, na, a), lanes.select(step, nb, b)
        c, d = lanes.select(step, nc, c), lanes.select(step, nd, d)
    return x, y, lanes.select((error <= bound) & (error < math.inf), one, zero)


@kernel
def polynomial_preimages(
    params: FloatArray, start: FloatArray, tolerance: float, max_iterations: int, points: Points, found: FloatArray
) -> None:
    """Replace points by their pre-images where they are found, and set found (n,) to 1 there; the others stay."""
    one = 1.0
    for i in range(0, points.shape[0] // lanes.WIDTH * lanes.WIDTH, lanes.WIDTH):
        u, v = lanes.load_points(points, i)
        x, y, good = preimages_of_lanes(params, start, u, v, tolerance, max_iterations)
        solved = one <= good
        lanes.store_points(points, i, lanes.select(solved, x, u), lanes.select(solved, y, v))
        lanes.store(found, i, good)
