"""Polynomials of two variables: apply, Jacobian.

Parameters: ``(order, u00, v00, u10, v10, ...)``, the coefficients of x' and y' in turns, row by row: first the powers
of x without y, then those with y, then with y squared, ..., as nested Horner evaluation reads them. Packed by `pack`.

Orders up to six are unrolled, each by one step from the order below, so that the loop over points is vectorised; higher
orders run through the loops of `polynomial_point`, eight points at a time, which make the same steps and give the same
bits.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import fma, kernel
from transforms._kernels import lanes
from transforms._kernels.linear import Jet
from transforms._types import FloatArray, Points

UNROLLED = 6
"""Highest order with loops of its own."""
_BLOCK = 1024
"""Numbers copied aside at a time when results replace their points: loops that may overlap are not vectorised."""


@kernel
def row_1(c: FloatArray, k: int, x: float) -> float:
    return fma(c[k + 2], x, c[k])


@kernel
def row_2(c: FloatArray, k: int, x: float) -> float:
    return fma(row_1(c, k + 2, x), x, c[k])


@kernel
def row_3(c: FloatArray, k: int, x: float) -> float:
    return fma(row_2(c, k + 2, x), x, c[k])


@kernel
def row_4(c: FloatArray, k: int, x: float) -> float:
    return fma(row_3(c, k + 2, x), x, c[k])


@kernel
def row_5(c: FloatArray, k: int, x: float) -> float:
    return fma(row_4(c, k + 2, x), x, c[k])


@kernel
def row_6(c: FloatArray, k: int, x: float) -> float:
    return fma(row_5(c, k + 2, x), x, c[k])


@kernel
def surface_1(c: FloatArray, k: int, x: float, y: float) -> float:
    return fma(c[k + 4], y, row_1(c, k, x))


@kernel
def surface_2(c: FloatArray, k: int, x: float, y: float) -> float:
    return fma(surface_1(c, k + 6, x, y), y, row_2(c, k, x))


@kernel
def surface_3(c: FloatArray, k: int, x: float, y: float) -> float:
    return fma(surface_2(c, k + 8, x, y), y, row_3(c, k, x))


@kernel
def surface_4(c: FloatArray, k: int, x: float, y: float) -> float:
    return fma(surface_3(c, k + 10, x, y), y, row_4(c, k, x))


@kernel
def surface_5(c: FloatArray, k: int, x: float, y: float) -> float:
    return fma(surface_4(c, k + 12, x, y), y, row_5(c, k, x))


@kernel
def surface_6(c: FloatArray, k: int, x: float, y: float) -> float:
    return fma(surface_5(c, k + 14, x, y), y, row_6(c, k, x))


@kernel
def _map_1(c: FloatArray, s: FloatArray, o: FloatArray) -> None:
    for i in range(s.size // 2):
        x, y = s[2 * i], s[2 * i + 1]
        o[2 * i] = surface_1(c, 1, x, y)
        o[2 * i + 1] = surface_1(c, 2, x, y)


@kernel
def _map_2(c: FloatArray, s: FloatArray, o: FloatArray) -> None:
    for i in range(s.size // 2):
        x, y = s[2 * i], s[2 * i + 1]
        o[2 * i] = surface_2(c, 1, x, y)
        o[2 * i + 1] = surface_2(c, 2, x, y)


@kernel
def _map_3(c: FloatArray, s: FloatArray, o: FloatArray) -> None:
    for i in range(s.size // 2):
        x, y = s[2 * i], s[2 * i + 1]
        o[2 * i] = surface_3(c, 1, x, y)
        o[2 * i + 1] = surface_3(c, 2, x, y)


@kernel
def _map_4(c: FloatArray, s: FloatArray, o: FloatArray) -> None:
    for i in range(s.size // 2):
        x, y = s[2 * i], s[2 * i + 1]
        o[2 * i] = surface_4(c, 1, x, y)
        o[2 * i + 1] = surface_4(c, 2, x, y)


@kernel
def _map_5(c: FloatArray, s: FloatArray, o: FloatArray) -> None:
    for i in range(s.size // 2):
        x, y = s[2 * i], s[2 * i + 1]
        o[2 * i] = surface_5(c, 1, x, y)
        o[2 * i + 1] = surface_5(c, 2, x, y)


@kernel
def _map_6(c: FloatArray, s: FloatArray, o: FloatArray) -> None:
    for i in range(s.size // 2):
        x, y = s[2 * i], s[2 * i + 1]
        o[2 * i] = surface_6(c, 1, x, y)
        o[2 * i + 1] = surface_6(c, 2, x, y)


@kernel
def _map_any(c: FloatArray, points: Points, out: Points) -> None:
    whole = points.shape[0] // lanes.WIDTH * lanes.WIDTH
    for i in range(0, whole, lanes.WIDTH):
        x, y = lanes.load_points(points, i)
        u, v = polynomial_point(c, x, y)
        lanes.store_points(out, i, u, v)
    for i in range(whole, points.shape[0]):
        u, v = polynomial_point(c, points[i, 0], points[i, 1])
        out[i, 0] = u
        out[i, 1] = v


@kernel
def _map(c: FloatArray, s: FloatArray, o: FloatArray) -> None:
    """Map flat points s into o, which must not overlap if the loops are to be fast."""
    order = int(c[0])
    if order == 1:
        _map_1(c, s, o)
    elif order == 2:
        _map_2(c, s, o)
    elif order == 3:
        _map_3(c, s, o)
    elif order == 4:
        _map_4(c, s, o)
    elif order == 5:
        _map_5(c, s, o)
    else:
        _map_6(c, s, o)


@kernel
def polynomial_apply(params: FloatArray, points: Points, out: Points) -> None:
    if not 1.0 <= params[0] <= UNROLLED:
        _map_any(params, points, out)
        return
    s, o = points.reshape(-1), out.reshape(-1)
    if points.ctypes.data != out.ctypes.data:
        _map(params, s, o)
        return
    scratch = np.empty(min(_BLOCK, o.size))
    for lo in range(0, o.size, _BLOCK):
        block = o[lo : lo + _BLOCK]
        copy = scratch[: block.size]
        for i in range(block.size):
            copy[i] = block[i]
        _map(params, copy, block)


@kernel
def polynomial_point(params: FloatArray, x: lanes.Real, y: lanes.Real) -> tuple[lanes.Real, lanes.Real]:
    """Value at one point, or at as many as there are lanes."""
    order = int(params[0])
    k = (order + 1) * (order + 2) - 1
    u, v = lanes.like(x, params[k]), lanes.like(x, params[k + 1])
    if order == 0:  # keeps a NaN
        u, v = lanes.fma(x, 0.0, lanes.fma(y, 0.0, u)), lanes.fma(x, 0.0, lanes.fma(y, 0.0, v))
    for length in range(1, order + 1):
        k -= 2
        ru, rv = lanes.like(x, params[k]), lanes.like(x, params[k + 1])
        for _ in range(length):
            k -= 2
            ru, rv = lanes.fma(ru, x, params[k]), lanes.fma(rv, x, params[k + 1])
        u, v = lanes.fma(u, y, ru), lanes.fma(v, y, rv)
    return u, v


@kernel
def polynomial_jet(params: FloatArray, x: lanes.Real, y: lanes.Real) -> Jet:
    """Value and derivatives at one point, or at as many as there are lanes."""
    order = int(params[0])
    k = (order + 1) * (order + 2) - 1
    zero = lanes.like(x, 0.0)
    u, v = lanes.like(x, params[k]), lanes.like(x, params[k + 1])
    ux, uy, vx, vy = zero, zero, zero, zero
    if order == 0:  # keeps a NaN
        ux = lanes.fma(x, 0.0, lanes.fma(y, 0.0, zero))
        uy, vx, vy = ux, ux, ux
        u, v = u + ux, v + ux
    for length in range(1, order + 1):
        k -= 2
        ru, rv = lanes.like(x, params[k]), lanes.like(x, params[k + 1])
        du, dv = zero, zero
        for _ in range(length):
            k -= 2
            du, dv = lanes.fma(du, x, ru), lanes.fma(dv, x, rv)
            ru, rv = lanes.fma(ru, x, params[k]), lanes.fma(rv, x, params[k + 1])
        ux, vx = lanes.fma(ux, y, du), lanes.fma(vx, y, dv)
        uy, vy = lanes.fma(uy, y, u), lanes.fma(vy, y, v)
        u, v = lanes.fma(u, y, ru), lanes.fma(v, y, rv)
    return u, v, ux, uy, vx, vy


@kernel
def place(order: int, i: int, j: int) -> int:
    """Where the coefficient of x^i y^j in x' stands among the parameters; that in y' follows."""
    return 1 + 2 * (j * (order + 1) - j * (j - 1) // 2 + i)


@kernel
def pack(coefficients: FloatArray, order: int) -> FloatArray:
    """(2, K) coefficients in wire order (1, x, y, x^2, xy, y^2, ...) to the parameters of these kernels."""
    packed = np.empty(1 + (order + 1) * (order + 2))
    packed[0] = order
    k = 0
    for degree in range(order + 1):
        for j in range(degree + 1):
            at = place(order, degree - j, j)
            packed[at], packed[at + 1] = coefficients[0, k], coefficients[1, k]
            k += 1
    return packed


@kernel
def polynomial_in_order(params: FloatArray, points: Points, out: Points) -> None:
    """Map points with Java's roundings: terms by repeated multiplication, summed left to right, no fused operations."""
    order = int(params[0])
    for i in range(points.shape[0]):
        x, y = points[i, 0], points[i, 1]
        u, v = params[1], params[2]
        for degree in range(1, order + 1):
            for j in range(degree + 1):
                power = 1.0
                for _ in range(j):
                    power *= y
                for _ in range(degree - j):
                    power *= x
                at = place(order, degree - j, j)
                u += params[at] * power
                v += params[at + 1] * power
        out[i, 0], out[i, 1] = u, v


@kernel
def start_map(params: FloatArray, start: FloatArray) -> None:
    """Where the search for pre-images starts, (10,): the inverse of the linear part at the origin, and a box around it.

    The box reaches twice as far as the terms of higher degree need to outgrow the linear ones. A singular linear part
    leaves no direction: every target starts at the origin.
    """
    order = int(params[0])
    u, v, a, b, c, d = polynomial_jet(params, 0.0, 0.0)
    det = a * d - b * c
    size = abs(a * d) + abs(b * c)
    regular = abs(det) > 1e-12 * size
    start[:] = 0.0
    if regular:
        start[0], start[1], start[3], start[4] = d / det, -b / det, -c / det, a / det
        start[2], start[5] = -(start[0] * u + start[1] * v), -(start[3] * u + start[4] * v)
    stretch = abs(det) / math.sqrt(a * a + b * b + c * c + d * d) if regular else 1.0
    reach = math.inf
    for degree in range(2, order + 1):
        largest = 0.0
        for j in range(degree + 1):
            at = place(order, degree - j, j)
            largest = max(largest, abs(params[at]), abs(params[at + 1]))
        if largest > 0.0:
            reach = min(reach, (stretch / (degree * largest)) ** (1.0 / (degree - 1)))
    if not math.isfinite(reach):
        reach = 1.0
    start[6] = start[7] = -2.0 * reach
    start[8] = start[9] = 2.0 * reach


@kernel
def unpack(params: FloatArray) -> FloatArray:
    """(2, K) coefficients in wire order: the opposite of `pack`."""
    order = int(params[0])
    coefficients = np.empty((2, (order + 1) * (order + 2) // 2))
    k = 0
    for degree in range(order + 1):
        for j in range(degree + 1):
            at = place(order, degree - j, j)
            coefficients[0, k], coefficients[1, k] = params[at], params[at + 1]
            k += 1
    return coefficients
