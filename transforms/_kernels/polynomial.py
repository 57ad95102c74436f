"""Polynomials of two variables: apply, Jacobian.

Parameters: ``(order, u00, v00, u10, v10, ...)``, the coefficients of x' and y' in turns, row by row: first the powers
of x without y, then those with y, then with y squared, ..., as nested Horner evaluation reads them. Packed by `pack`.

Orders up to six are unrolled, each by one step from the order below; higher orders run through the loops of
`polynomial_point`, which make the same steps and give the same bits.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import copy_kernel, kernel
from transforms._kernels.lanes import Real, fma, like
from transforms._kernels.linear import Jet
from transforms._kernels.over_points import apply_point
from transforms._types import FloatArray, Points


@kernel
def row_1(c: FloatArray, k: int, x: Real) -> Real:
    return fma(c[k + 2], x, c[k])


@kernel
def row_2(c: FloatArray, k: int, x: Real) -> Real:
    return fma(row_1(c, k + 2, x), x, c[k])


@kernel
def row_3(c: FloatArray, k: int, x: Real) -> Real:
    return fma(row_2(c, k + 2, x), x, c[k])


@kernel
def row_4(c: FloatArray, k: int, x: Real) -> Real:
    return fma(row_3(c, k + 2, x), x, c[k])


@kernel
def row_5(c: FloatArray, k: int, x: Real) -> Real:
    return fma(row_4(c, k + 2, x), x, c[k])


@kernel
def row_6(c: FloatArray, k: int, x: Real) -> Real:
    return fma(row_5(c, k + 2, x), x, c[k])


@kernel
def surface_1(c: FloatArray, k: int, x: Real, y: Real) -> Real:
    return fma(c[k + 4], y, row_1(c, k, x))


@kernel
def surface_2(c: FloatArray, k: int, x: Real, y: Real) -> Real:
    return fma(surface_1(c, k + 6, x, y), y, row_2(c, k, x))


@kernel
def surface_3(c: FloatArray, k: int, x: Real, y: Real) -> Real:
    return fma(surface_2(c, k + 8, x, y), y, row_3(c, k, x))


@kernel
def surface_4(c: FloatArray, k: int, x: Real, y: Real) -> Real:
    return fma(surface_3(c, k + 10, x, y), y, row_4(c, k, x))


@kernel
def surface_5(c: FloatArray, k: int, x: Real, y: Real) -> Real:
    return fma(surface_4(c, k + 12, x, y), y, row_5(c, k, x))


@kernel
def surface_6(c: FloatArray, k: int, x: Real, y: Real) -> Real:
    return fma(surface_5(c, k + 14, x, y), y, row_6(c, k, x))


@kernel
def _point_1(c: FloatArray, x: Real, y: Real) -> tuple[Real, Real]:
    return surface_1(c, 1, x, y), surface_1(c, 2, x, y)


@kernel
def _point_2(c: FloatArray, x: Real, y: Real) -> tuple[Real, Real]:
    return surface_2(c, 1, x, y), surface_2(c, 2, x, y)


@kernel
def _point_3(c: FloatArray, x: Real, y: Real) -> tuple[Real, Real]:
    return surface_3(c, 1, x, y), surface_3(c, 2, x, y)


@kernel
def _point_4(c: FloatArray, x: Real, y: Real) -> tuple[Real, Real]:
    return surface_4(c, 1, x, y), surface_4(c, 2, x, y)


@kernel
def _point_5(c: FloatArray, x: Real, y: Real) -> tuple[Real, Real]:
    return surface_5(c, 1, x, y), surface_5(c, 2, x, y)


@kernel
def _point_6(c: FloatArray, x: Real, y: Real) -> tuple[Real, Real]:
    return surface_6(c, 1, x, y), surface_6(c, 2, x, y)


_apply_1 = copy_kernel(apply_point, "polynomial_apply_1", __file__, point=_point_1)
_apply_2 = copy_kernel(apply_point, "polynomial_apply_2", __file__, point=_point_2)
_apply_3 = copy_kernel(apply_point, "polynomial_apply_3", __file__, point=_point_3)
_apply_4 = copy_kernel(apply_point, "polynomial_apply_4", __file__, point=_point_4)
_apply_5 = copy_kernel(apply_point, "polynomial_apply_5", __file__, point=_point_5)
_apply_6 = copy_kernel(apply_point, "polynomial_apply_6", __file__, point=_point_6)


@kernel
def polynomial_point(params: FloatArray, x: Real, y: Real) -> tuple[Real, Real]:
    """Value at one point, or at as many as there are lanes."""
    order = int(params[0])
    k = (order + 1) * (order + 2) - 1
    u, v = like(x, params[k]), like(x, params[k + 1])
    if order == 0:  # keeps a NaN
        u, v = fma(x, 0.0, fma(y, 0.0, u)), fma(x, 0.0, fma(y, 0.0, v))
    for length in range(1, order + 1):
        k -= 2
        ru, rv = like(x, params[k]), like(x, params[k + 1])
        for _ in range(length):
            k -= 2
            ru, rv = fma(ru, x, params[k]), fma(rv, x, params[k + 1])
        u, v = fma(u, y, ru), fma(v, y, rv)
    return u, v


_apply_any = copy_kernel(apply_point, "polynomial_apply_any", __file__, point=polynomial_point)


@kernel
def polynomial_apply(params: FloatArray, points: Points, out: Points) -> None:
    order = int(params[0])
    if order == 1:
        _apply_1(params, points, out)
    elif order == 2:
        _apply_2(params, points, out)
    elif order == 3:
        _apply_3(params, points, out)
    elif order == 4:
        _apply_4(params, points, out)
    elif order == 5:
        _apply_5(params, points, out)
    elif order == 6:
        _apply_6(params, points, out)
    else:
        _apply_any(params, points, out)


@kernel
def polynomial_jet(params: FloatArray, x: Real, y: Real) -> Jet:
    """Value and derivatives at one point, or at as many as there are lanes."""
    order = int(params[0])
    k = (order + 1) * (order + 2) - 1
    zero = like(x, 0.0)
    u, v = like(x, params[k]), like(x, params[k + 1])
    ux, uy, vx, vy = zero, zero, zero, zero
    if order == 0:  # keeps a NaN
        ux = fma(x, 0.0, fma(y, 0.0, zero))
        uy, vx, vy = ux, ux, ux
        u, v = u + ux, v + ux
    for length in range(1, order + 1):
        k -= 2
        ru, rv = like(x, params[k]), like(x, params[k + 1])
        du, dv = zero, zero
        for _ in range(length):
            k -= 2
            du, dv = fma(du, x, ru), fma(dv, x, rv)
            ru, rv = fma(ru, x, params[k]), fma(rv, x, params[k + 1])
        ux, vx = fma(ux, y, du), fma(vx, y, dv)
        uy, vy = fma(uy, y, u), fma(vy, y, v)
        u, v = fma(u, y, ru), fma(v, y, rv)
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
