"""Tensor-product cubic B-spline on a square grid of coefficients: apply, Jacobian.

Parameters: ``(n, intervals, width - 1, height - 1, c00x, c00y, c01x, c01y, ...)``: n = intervals + 3 coefficients per
side, x' and y' in turns, row by row. Coefficients outside the grid count as zero.

Source: bunwarpj.BSplineModel (weights of ``prepareForInterpolation``), quirks included: 2/3 is a 32-bit number, and the
second weight in x is the basis function at x - int(x) - 1, which for negative x is one column off.
"""

from __future__ import annotations

import math

from transforms._jit import fma, kernel
from transforms._kernels.linear import Jet
from transforms._types import FloatArray, Points

TWO_THIRDS = 0.6666666865348816
"""2/3 rounded to 32 bits."""
FARTHEST = 1e6
"""Grid positions beyond this are as far outside as any."""

Weights = tuple[float, float, float, float]


@kernel
def basis(t: float) -> float:
    """Cubic B-spline basis function."""
    a = abs(t)
    if a < 1.0:
        return fma(0.5 * a * a, a - 2.0, TWO_THIRDS)
    if a < 2.0:
        return (2.0 - a) * (2.0 - a) * (2.0 - a) / 6.0
    return 0.0


@kernel
def basis_slope(t: float) -> float:
    a = abs(t)
    sign = -1.0 if t < 0.0 else 1.0
    if a < 1.0:
        return sign * a * (1.5 * a - 2.0)
    if a < 2.0:
        return -0.5 * sign * (2.0 - a) * (2.0 - a)
    return 0.0


@kernel
def cell_of(t: float) -> int:
    """Column left of a grid position as Java counts: the integer part, one less below zero."""
    t = min(max(t, -FARTHEST), FARTHEST)
    return int(t) if t >= 0.0 else int(t) - 1


@kernel
def weights_at(e: float) -> Weights:
    """Weights of the columns cell - 1 to cell + 2 at a fraction of the cell."""
    s = 1.0 - e
    half_e, half_s = 0.5 * e * e, 0.5 * s * s
    return s * half_s / 3.0, fma(e - 2.0, half_e, TWO_THIRDS), fma(-(1.0 + e), half_s, TWO_THIRDS), e * half_e / 3.0


@kernel
def slopes_at(e: float) -> Weights:
    s = 1.0 - e
    return -0.5 * s * s, e * (1.5 * e - 2.0), s * (2.0 - 1.5 * s), 0.5 * e * e


@kernel
def b_spline_jet(params: FloatArray, x: float, y: float) -> Jet:
    if math.isnan(x) or math.isnan(y):
        return math.nan, math.nan, math.nan, math.nan, math.nan, math.nan
    n = int(params[0])
    scale_x, scale_y = params[1] / params[2], params[1] / params[3]
    tu, tv = x * params[1] / params[2] + 1.0, y * params[1] / params[3] + 1.0
    i, j = cell_of(tu), cell_of(tv)
    ahead = tu - (i if tu >= 0.0 else i + 1) - 1.0
    a0, a1, _, a3 = weights_at(tu - i)
    p0, p1, _, p3 = slopes_at(tu - i)
    wx = (a0, a1, basis(ahead), a3)
    dx = (p0, p1, basis_slope(ahead), p3)
    wy, dy = weights_at(tv - j), slopes_at(tv - j)
    u = v = ux = uy = vx = vy = 0.0
    for r in range(4):
        row = j - 1 + r
        if row < 0 or row >= n:
            continue
        su = sv = du = dv = 0.0
        for c in range(4):
            column = i - 1 + c
            if column < 0 or column >= n:
                continue
            k = 4 + 2 * (row * n + column)
            su = fma(wx[c], params[k], su)
            sv = fma(wx[c], params[k + 1], sv)
            du = fma(dx[c], params[k], du)
            dv = fma(dx[c], params[k + 1], dv)
        u = fma(wy[r], su, u)
        v = fma(wy[r], sv, v)
        ux = fma(wy[r], du, ux)
        vx = fma(wy[r], dv, vx)
        uy = fma(dy[r], su, uy)
        vy = fma(dy[r], sv, vy)
    return u, v, ux * scale_x, uy * scale_y, vx * scale_x, vy * scale_y


@kernel
def b_spline_point(params: FloatArray, x: float, y: float) -> tuple[float, float]:
    if math.isnan(x) or math.isnan(y):
        return math.nan, math.nan
    n = int(params[0])
    tu, tv = x * params[1] / params[2] + 1.0, y * params[1] / params[3] + 1.0
    i, j = cell_of(tu), cell_of(tv)
    a0, a1, _, a3 = weights_at(tu - i)
    wx = (a0, a1, basis(tu - (i if tu >= 0.0 else i + 1) - 1.0), a3)
    wy = weights_at(tv - j)
    u = v = 0.0
    for r in range(4):
        row = j - 1 + r
        if row < 0 or row >= n:
            continue
        su = sv = 0.0
        for c in range(4):
            column = i - 1 + c
            if column < 0 or column >= n:
                continue
            k = 4 + 2 * (row * n + column)
            su = fma(wx[c], params[k], su)
            sv = fma(wx[c], params[k + 1], sv)
        u = fma(wy[r], su, u)
        v = fma(wy[r], sv, v)
    return u, v


@kernel
def b_spline_apply(params: FloatArray, points: Points, out: Points) -> None:
    for k in range(points.shape[0]):
        u, v = b_spline_point(params, points[k, 0], points[k, 1])
        out[k, 0] = u
        out[k, 1] = v
