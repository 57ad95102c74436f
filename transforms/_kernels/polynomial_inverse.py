"""Pre-images under a polynomial, eight at a time: Newton as in `newton.descend` as long as whole steps help.

Points for which a step would have to be shortened, or whose start leads nowhere, are left to the solver of all
transforms. Those found here are the very numbers that it would have found.
"""

from __future__ import annotations

import math

from transforms._jit import kernel
from transforms._kernels import lanes
from transforms._kernels.polynomial import polynomial_jet, polynomial_point
from transforms._types import FloatArray, Points

ARMIJO = 1e-4
"""Least share of the promised fall of the residual that a step must deliver."""
GRID = 17
"""Start values per side of the region."""
MARGIN = 0.01
"""How far outside the region, relative to its size, a pre-image is taken without a look inside."""


@kernel
def magnitude(x: lanes.Real) -> lanes.Real:
    return lanes.select(x < 0.0, 0.0 - x, x)


@kernel
def length(x: lanes.Real, y: lanes.Real) -> lanes.Real:
    return lanes.sqrt(x * x + y * y)


@kernel
def newton(
    params: FloatArray,
    u: lanes.Real,
    v: lanes.Real,
    x: lanes.Real,
    y: lanes.Real,
    tolerance: float,
    max_iterations: int,
) -> tuple[lanes.Real, lanes.Real, lanes.Real]:
    """Pre-images of (u, v), searched from (x, y), and in the third place 1 where they were found."""
    one, zero = lanes.like(u, 1.0), lanes.like(u, 0.0)
    size = length(u, v)
    bound = tolerance * lanes.select(one < size, size, one)
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
    return x, y, lanes.select((error <= bound) & (bound < math.inf), one, zero)


@kernel
def is_outside(start: FloatArray, x: float, y: float) -> bool:
    """Whether a point lies outside the region, by more than a hundredth of its size."""
    across, along = MARGIN * (start[8] - start[6]), MARGIN * (start[9] - start[7])
    return bool(x < start[6] - across or x > start[8] + across or y < start[7] - along or y > start[9] + along)


@kernel
def search_region(
    params: FloatArray, start: FloatArray, u: float, v: float, tolerance: float, max_iterations: int
) -> tuple[float, float, bool]:
    """Pre-image of (u, v) inside the region, searched from the grid point whose image is nearest."""
    best, from_x, from_y = math.inf, start[6], start[7]
    for k in range(GRID * GRID):
        x = start[6] + (start[8] - start[6]) * ((k % GRID) / (GRID - 1))
        y = start[7] + (start[9] - start[7]) * ((k // GRID) / (GRID - 1))
        fu, fv = polynomial_point(params, x, y)
        distance = length(u - fu, v - fv)
        if distance < best:
            best, from_x, from_y = distance, x, y
    x, y, good = newton(params, u, v, from_x, from_y, tolerance, max_iterations)
    return x, y, good > 0.0 and not is_outside(start, x, y)


@kernel
def polynomial_preimages(
    params: FloatArray, start: FloatArray, tolerance: float, max_iterations: int, points: Points, found: FloatArray
) -> None:
    """Replace points by their pre-images where they are found, and set found (n,) to 1 there; the others stay.

    A lens has a region, its tile: one pre-image outside does not do as long as there is another inside.
    """
    targets = points.copy()
    whole = points.shape[0] // lanes.WIDTH * lanes.WIDTH
    for i in range(0, whole, lanes.WIDTH):
        u, v = lanes.load_points(targets, i)
        x, y = start[0] * u + start[1] * v + start[2], start[3] * u + start[4] * v + start[5]
        x, y, good = newton(params, u, v, x, y, tolerance, max_iterations)
        solved = good > 0.0
        lanes.store_points(points, i, lanes.select(solved, x, u), lanes.select(solved, y, v))
        lanes.store(found, i, good)
    for i in range(whole, points.shape[0]):
        u, v = targets[i, 0], targets[i, 1]
        x, y = start[0] * u + start[1] * v + start[2], start[3] * u + start[4] * v + start[5]
        x, y, found[i] = newton(params, u, v, x, y, tolerance, max_iterations)
        if found[i] > 0.0:
            points[i, 0], points[i, 1] = x, y
    order = int(params[0])
    if params.shape[0] == 1 + (order + 1) * (order + 2):
        return  # a plain polynomial; a lens's own numbers would follow
    for i in range(points.shape[0]):
        if found[i] > 0.0 and not is_outside(start, points[i, 0], points[i, 1]):
            continue
        x, y, inside = search_region(params, start, targets[i, 0], targets[i, 1], tolerance, max_iterations)
        if inside:
            points[i, 0], points[i, 1], found[i] = x, y, 1.0
