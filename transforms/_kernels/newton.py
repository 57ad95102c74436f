"""The one solver for pre-images: damped Newton on the analytic Jacobian, backed by a search of the region.

A point counts as solved only when the forward map of what was found lies within the tolerance of the target, so the
answer is a true pre-image or nothing. Damping: a step is halved until the residual falls, so that the iteration can't
run away over a fold.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import fma, kernel
from transforms._kernels import codes, lanes
from transforms._kernels.dispatch import leaf_jet
from transforms._kernels.lens import is_polynomial
from transforms._kernels.linear import Jet
from transforms._kernels.polynomial import polynomial_jet
from transforms._kernels.polynomial_inverse import polynomial_preimages
from transforms._kernels.thin_plate_spline_inverse import thin_plate_spline_preimages
from transforms._types import ByteArray, FloatArray, IntArray, Points

# Places in the options of a run.
TOLERANCE = 0
MAX_ITERATIONS = 1

GRID = 9
"""Start values per side of the region when the first start value fails."""
HALVINGS = 30
"""Most halvings of one step."""
ARMIJO = 1e-4
"""Least share of the promised fall of the residual that a step must deliver."""


@kernel
def solved_jet(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    start_map: FloatArray,
    scratch: FloatArray,
    u: float,
    v: float,
) -> Jet:
    """NaN in place of the inverse of instructions[lo:hi]: one solver does not nest in itself."""
    return math.nan, math.nan, math.nan, math.nan, math.nan, math.nan


@kernel
def program_jet(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    scratch: FloatArray,
    x: float,
    y: float,
) -> Jet:
    """Value and Jacobian of instructions[lo:hi] at one point, by the chain rule.

    ``scratch`` is (depth, 6). Instructions that solve are not known here and give NaN (see `nested`).
    """
    u, v = x, y
    ux, uy, vx, vy = 1.0, 0.0, 0.0, 1.0
    top = 0
    at = lo
    while at < hi:
        op = instructions[at, codes.OP]
        values = params[instructions[at, codes.START] : instructions[at, codes.STOP]]
        if op == codes.FORK:
            s = scratch[top]
            s[0], s[1], s[2], s[3], s[4], s[5] = u, v, ux, uy, vx, vy
            top += 1
        elif op == codes.SWITCH:
            s = scratch[top - 1]
            u, s[0] = s[0], u
            v, s[1] = s[1], v
            ux, s[2] = s[2], ux
            uy, s[3] = s[3], uy
            vx, s[4] = s[4], vx
            vy, s[5] = s[5], vy
        elif op == codes.BLEND:
            top -= 1
            s = scratch[top]
            w = values[0]
            u = s[0] + w * (u - s[0])
            v = s[1] + w * (v - s[1])
            ux = s[2] + w * (ux - s[2])
            uy = s[3] + w * (uy - s[3])
            vx = s[4] + w * (vx - s[4])
            vy = s[5] + w * (vy - s[5])
        else:
            if op >= codes.SOLVE:
                stop = at + 1 + instructions[at, codes.BODY]
                u, v, a, b, c, d = solved_jet(instructions, at + 1, stop, params, values, scratch[top:], u, v)
                at = stop - 1
            else:
                u, v, a, b, c, d = leaf_jet(op, values, u, v)
            ux, uy, vx, vy = (
                fma(a, ux, b * vx),
                fma(a, uy, b * vy),
                fma(c, ux, d * vx),
                fma(c, uy, d * vy),
            )
        at += 1
    return u, v, ux, uy, vx, vy


@kernel
def jet_at(
    op: int,
    values: FloatArray,
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    scratch: FloatArray,
    x: float,
    y: float,
) -> Jet:
    """Jet of one leaf (op, values), which most solves are of, or of the program where ``op`` is 0."""
    if op != 0:
        return leaf_jet(op, values, x, y)
    return program_jet(instructions, lo, hi, params, scratch, x, y)


@kernel
def length(dx: float, dy: float) -> float:
    return math.sqrt(dx * dx + dy * dy)


@kernel
def descend(
    op: int,
    values: FloatArray,
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    scratch: FloatArray,
    u: float,
    v: float,
    x: float,
    y: float,
    bound: float,
    max_iterations: int,
) -> tuple[float, float, float]:
    """Newton from (x, y) towards the pre-image of (u, v): the last point and the norm of its residual.

    Goes on below ``bound`` as long as steps still help, so that the answer is as good as rounding allows.
    """
    fu, fv, a, b, c, d = jet_at(op, values, instructions, lo, hi, params, scratch, x, y)
    error = length(u - fu, v - fv)
    for _ in range(max_iterations):
        det = a * d - b * c
        if error == 0.0 or not abs(det) > 1e-15 * (abs(a * d) + abs(b * c)):
            break
        dx = (d * (u - fu) - b * (v - fv)) / det
        dy = (a * (v - fv) - c * (u - fu)) / det
        share = 1.0
        better = False
        for _halving in range(HALVINGS):
            nx, ny = x + share * dx, y + share * dy
            nu, nv, na, nb, nc, nd = jet_at(op, values, instructions, lo, hi, params, scratch, nx, ny)
            next_error = length(u - nu, v - nv)
            if next_error <= (1.0 - ARMIJO * share) * error:
                better = True
                break
            if error <= bound:  # at the rounding level there is nothing to be gained by shorter steps
                break
            share *= 0.5
        if not better:
            break
        converged = next_error <= bound and next_error > 0.25 * error
        x, y, error = nx, ny, next_error
        fu, fv, a, b, c, d = nu, nv, na, nb, nc, nd
        if converged:
            break
    return x, y, error


@kernel
def nearest_start(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    scratch: FloatArray,
    start_map: FloatArray,
    u: float,
    v: float,
    rank: int,
) -> tuple[float, float]:
    """The grid point of the region whose image comes ``rank``-th nearest to (u, v)."""
    floor = -1.0
    best_x, best_y = math.nan, math.nan
    for _ in range(rank + 1):
        best = math.inf
        for k in range(GRID * GRID):
            x = start_map[6] + (start_map[8] - start_map[6]) * ((k % GRID) / (GRID - 1))
            y = start_map[7] + (start_map[9] - start_map[7]) * ((k // GRID) / (GRID - 1))
            fu, fv, _a, _b, _c, _d = program_jet(instructions, lo, hi, params, scratch, x, y)
            distance = math.hypot(u - fu, v - fv)
            if floor < distance < best:
                best, best_x, best_y = distance, x, y
        floor = best
    return best_x, best_y


@kernel
def solve_point(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    start_map: FloatArray,
    scratch: FloatArray,
    u: float,
    v: float,
    x0: float,
    y0: float,
    tolerance: float,
    max_iterations: int,
) -> tuple[float, float, bool]:
    """Pre-image of (u, v) under instructions[lo:hi], and whether it was found; NaN if not.

    Starts at (x0, y0), or where the affine ``start_map[:6]`` sends the target if x0 is NaN; then from the grid points
    of the box
    ``start_map[6:]`` whose images are nearest.
    """
    if not (math.isfinite(u) and math.isfinite(v)):
        return math.nan, math.nan, False
    bound = tolerance * max(1.0, length(u, v))
    op, first, last = 0, 0, 0
    if hi - lo == 1 and instructions[lo, codes.OP] < codes.FORK:
        op, first, last = instructions[lo, codes.OP], instructions[lo, codes.START], instructions[lo, codes.STOP]
    values = params[first:last]
    if not math.isfinite(x0 + y0):
        x0 = start_map[0] * u + start_map[1] * v + start_map[2]
        y0 = start_map[3] * u + start_map[4] * v + start_map[5]
    x, y, error = descend(op, values, instructions, lo, hi, params, scratch, u, v, x0, y0, bound, max_iterations)
    if error <= bound < math.inf:
        return x, y, True
    for rank in range(3):
        x0, y0 = nearest_start(instructions, lo, hi, params, scratch, start_map, u, v, rank)
        x, y, error = descend(op, values, instructions, lo, hi, params, scratch, u, v, x0, y0, bound, max_iterations)
        if error <= bound < math.inf:
            return x, y, True
    return math.nan, math.nan, False


@kernel
def solve_block(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    start_map: FloatArray,
    scratch: FloatArray,
    initial: Points,
    options: FloatArray,
    points: Points,
    failed: ByteArray,
) -> None:
    """Replace points by their pre-images under instructions[lo:hi]; a failed one becomes NaN and is marked."""
    limit = int(options[MAX_ITERATIONS])
    found = np.zeros(points.shape[0])
    if hi - lo == 1 and initial.shape[0] == 0:
        op = instructions[lo, codes.OP]
        values = params[instructions[lo, codes.START] : instructions[lo, codes.STOP]]
        if op == codes.POLYNOMIAL or (op == codes.LENS and is_polynomial(values)):
            polynomial_preimages(values, start_map, options[TOLERANCE], limit, points, found)
        elif op == codes.THIN_PLATE_SPLINE:
            thin_plate_spline_preimages(values, start_map, options[TOLERANCE], limit, points, found)
    for i in range(points.shape[0]):
        if found[i] > 0.0:
            continue
        x0 = initial[i, 0] if initial.shape[0] else math.nan
        y0 = initial[i, 1] if initial.shape[0] else math.nan
        u, v = points[i, 0], points[i, 1]
        x, y, good = solve_point(
            instructions, lo, hi, params, start_map, scratch, u, v, x0, y0, options[TOLERANCE], limit
        )
        points[i, 0] = x
        points[i, 1] = y
        if not good:
            failed[i] = 1


@kernel
def polynomial_jets(params: FloatArray, points: Points, out: FloatArray) -> int:
    """Jacobians of a polynomial, eight points at a time; the number of points done, all but the last few."""
    spare = np.empty(4 * lanes.WIDTH)
    whole: int = points.shape[0] // lanes.WIDTH * lanes.WIDTH
    for i in range(0, whole, lanes.WIDTH):
        x, y = lanes.load_points(points, i)
        _u, _v, ux, uy, vx, vy = polynomial_jet(params, x, y)
        lanes.store(spare, 0, ux)
        lanes.store(spare, lanes.WIDTH, uy)
        lanes.store(spare, 2 * lanes.WIDTH, vx)
        lanes.store(spare, 3 * lanes.WIDTH, vy)
        for k in range(lanes.WIDTH):
            out[i + k, 0, 0], out[i + k, 0, 1] = spare[k], spare[lanes.WIDTH + k]
            out[i + k, 1, 0], out[i + k, 1, 1] = spare[2 * lanes.WIDTH + k], spare[3 * lanes.WIDTH + k]
    return whole


@kernel
def jet_rows(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    scratch: FloatArray,
    points: FloatArray,
    out: FloatArray,
) -> None:
    """Jacobians of instructions[lo:hi] at (N, 2) points into (N, 2, 2)."""
    begin = 0
    if hi - lo == 1 and instructions[lo, codes.OP] < codes.FORK:
        op = instructions[lo, codes.OP]
        values = params[instructions[lo, codes.START] : instructions[lo, codes.STOP]]
        if op == codes.POLYNOMIAL or (op == codes.LENS and is_polynomial(values)):
            begin = polynomial_jets(values, points, out)
        for i in range(begin, points.shape[0]):
            _u, _v, ux, uy, vx, vy = leaf_jet(op, values, points[i, 0], points[i, 1])
            out[i, 0, 0], out[i, 0, 1], out[i, 1, 0], out[i, 1, 1] = ux, uy, vx, vy
        return
    for i in range(points.shape[0]):
        _u, _v, ux, uy, vx, vy = program_jet(instructions, lo, hi, params, scratch, points[i, 0], points[i, 1])
        out[i, 0, 0] = ux
        out[i, 0, 1] = uy
        out[i, 1, 0] = vx
        out[i, 1, 1] = vy
