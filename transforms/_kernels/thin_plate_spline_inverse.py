"""Pre-images under a thin plate spline: Newton's method that takes a new Jacobian only where the old one won't do.

Each value is a sum over all landmarks, and a Jacobian costs nearly as much again. A step that shrank the residual a
hundredfold shows that the Jacobian is good to about that much; the next steps are taken with it.

All points take their first step, then all their second, and so on: the steps of one point wait for each other, those of
different points don't.

Points for which a step would have to be shortened, or whose start leads nowhere, are left to the solver of all
transforms.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._kernels.lanes import WIDTH
from transforms._kernels.polynomial_inverse import ARMIJO, length
from transforms._kernels.thin_plate_spline import HEADER, thin_plate_spline_jet, thin_plate_spline_point
from transforms._types import FloatArray, Points

QUICK = 0.01
"""Shrinkage of the residual in one step from which the Jacobian is kept."""
EPSILON = 2.0**-52

# Columns of the state of a point: where it is, its image, the Jacobian there, the residual, the residuals that are good
# enough and as good as it gets, and whether the Jacobian is kept (1), to be renewed (0), or all is done (-1).
X, Y, U, V, XX, XY, YX, YY, ERROR, BOUND, FINEST, KEEP = range(12)


@kernel
def noise(params: FloatArray) -> float:
    """Rounding error to be expected of the sum over the landmarks."""
    stride, size = WIDTH * int(params[0]), 0.0
    for j in range(HEADER + 2 * stride, HEADER + 4 * stride):
        size += abs(params[j])
    return float(EPSILON * size * 2.0 ** params[1])


@kernel
def begin(params: FloatArray, start: FloatArray, tolerance: float, points: Points, state: FloatArray) -> None:
    """Place all points at their starts."""
    least = noise(params)
    for i in range(points.shape[0]):
        u, v = points[i, 0], points[i, 1]
        x, y = start[0] * u + start[1] * v + start[2], start[3] * u + start[4] * v + start[5]
        fu, fv, a, b, c, d = thin_plate_spline_jet(params, x, y)
        size = max(1.0, length(u, v))
        error, bound = length(u - fu, v - fv), tolerance * size
        finest = min(bound, max(least, 4.0 * EPSILON * size))
        state[i, X], state[i, Y], state[i, U], state[i, V] = x, y, fu, fv
        state[i, XX], state[i, XY], state[i, YX], state[i, YY] = a, b, c, d
        state[i, ERROR], state[i, BOUND], state[i, FINEST] = error, bound, finest
        state[i, KEEP] = 0.0 if error > finest else -1.0


@kernel
def advance(params: FloatArray, points: Points, state: FloatArray) -> bool:
    """Take a step with each point whose residual it shrinks; False when there is none left."""
    busy = False
    for i in range(points.shape[0]):
        keep, state[i, KEEP] = state[i, KEEP], -1.0
        a, b, c, d = state[i, XX], state[i, XY], state[i, YX], state[i, YY]
        det = a * d - b * c
        if keep < 0.0 or not abs(det) > 1e-15 * (abs(a * d) + abs(b * c)):
            continue
        u, v = points[i, 0], points[i, 1]
        du, dv, error = u - state[i, U], v - state[i, V], state[i, ERROR]
        x, y = state[i, X] + (d * du - b * dv) / det, state[i, Y] + (a * dv - c * du) / det
        if keep > 0.0:
            fu, fv = thin_plate_spline_point(params, x, y)
        else:
            fu, fv, a, b, c, d = thin_plate_spline_jet(params, x, y)
        next_error = length(u - fu, v - fv)
        if not next_error <= (1.0 - ARMIJO) * error:
            continue
        state[i, X], state[i, Y], state[i, U], state[i, V] = x, y, fu, fv
        state[i, XX], state[i, XY], state[i, YX], state[i, YY] = a, b, c, d
        state[i, ERROR] = next_error
        if next_error > state[i, FINEST] and (next_error > state[i, BOUND] or next_error <= 0.25 * error):
            state[i, KEEP] = 1.0 if next_error <= QUICK * error else 0.0
            busy = True
    return busy


@kernel
def thin_plate_spline_preimages(
    params: FloatArray, start: FloatArray, tolerance: float, max_iterations: int, points: Points, found: FloatArray
) -> None:
    """Replace points by their pre-images where they are found, and set found (n,) to 1 there; the others stay."""
    state = np.empty((points.shape[0], KEEP + 1))
    begin(params, start, tolerance, points, state)
    for _ in range(max_iterations):
        if not advance(params, points, state):
            break
    for i in range(points.shape[0]):
        if state[i, ERROR] <= state[i, BOUND] < math.inf:
            points[i, 0], points[i, 1], found[i] = state[i, X], state[i, Y], 1.0
