"""Moving least squares: at every point v the model that fits the control points p -> q with weights w / |p - v|^(2 alpha), applied to v.

Parameters: ``(model, alpha, power, float_weights, zero_weights, minimum, rounding)``, then per control point ``(px, py, qx, qy, w)``.

Near a control point its weight outgrows all others and plain sums cancel to noise. So weights are taken relative to the nearest point
(w_i (s_min / s_i)^alpha), coordinates are offsets from it, and moments are centred in a second pass: every term keeps its relative
precision however near v comes. Points go through eight at a time, each lane on its own.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._kernels.lanes import (
    WIDTH,
    Mask,
    Real,
    any_lane,
    fma,
    gather,
    like,
    load_points,
    select,
    sqrt,
    store_points,
    to_float32,
)
from transforms._kernels.least_squares import AFFINE, RIGID, TRANSLATION
from transforms._kernels.linear import Jet
from transforms._kernels.log import exponential, log_scaled
from transforms._types import FloatArray, Points

HEADER = 7
STRIDE = 5
MODEL, ALPHA, POWER, FLOAT_WEIGHTS, ZERO_WEIGHTS, MINIMUM, ROUNDING = range(HEADER)

# How s^alpha is computed.
GENERAL, NONE, ROOT, PLAIN, SQUARE = range(5)

ILL_CONDITIONED = 1e-2
"""Determinant over its bound below which the moments are accumulated again along their principal axes."""

Matrix = tuple[Real, Real, Real, Real]
"""m00, m01, m10, m11."""

Fit = tuple[Real, Real, Real, Real]
"""Centroids as offsets from the nearest control point: px, py, qx, qy."""


@kernel
def _powered(params: FloatArray, s: Real) -> Real:
    power = params[POWER]
    if power == PLAIN:
        return s
    if power == SQUARE:
        return s * s
    if power == ROOT:
        return sqrt(s)
    if power == NONE:
        return like(s, 1.0)
    return exponential(params[ALPHA] * log_scaled(s, 0.0))


@kernel
def _squared(params: FloatArray, j: int, x: Real, y: Real) -> Real:
    dx, dy = params[j] - x, params[j + 1] - y
    return fma(dx, dx, dy * dy)


@kernel
def _weight(params: FloatArray, j: int, x: Real, y: Real, nearest: Real) -> Real:
    s = _squared(params, j, x, y)
    if params[FLOAT_WEIGHTS] != 0.0:
        return to_float32(params[j + 4] / _powered(params, s))
    return params[j + 4] * _powered(params, nearest / s)


@kernel
def _nearest(params: FloatArray, x: Real, y: Real) -> tuple[Real, Real]:
    """Squared distance and place of the nearest control point that has weight, or of the first one hit exactly."""
    best, place = like(x, math.inf), like(x, float(HEADER))
    for j in range(HEADER, params.shape[0], STRIDE):
        s = _squared(params, j, x, y)
        if params[ZERO_WEIGHTS] != 0.0 and params[j + 4] == 0.0:
            s = select(s <= 0.0, s, math.inf)
        closer = s < best
        best, place = select(closer, s, best), select(closer, float(j), place)
    return best, place


@kernel
def _centroids(params: FloatArray, x: Real, y: Real, nearest: Real, place: Real) -> Fit:
    rx, ry = gather(params, place), gather(params, place + 1.0)
    ru, rv = gather(params, place + 2.0), gather(params, place + 3.0)
    zero = like(x, 0.0)
    total, px, py, qx, qy = zero, zero, zero, zero, zero
    for j in range(HEADER, params.shape[0], STRIDE):
        w = _weight(params, j, x, y, nearest)
        total = total + w
        px, py = fma(w, params[j] - rx, px), fma(w, params[j + 1] - ry, py)
        qx, qy = fma(w, params[j + 2] - ru, qx), fma(w, params[j + 3] - rv, qy)
    return px / total, py / total, qx / total, qy / total


@kernel
def _centred(params: FloatArray, j: int, place: Real, fit: Fit) -> tuple[Real, Real, Real, Real]:
    """Offsets of a control point from the centroids."""
    ex = (params[j] - gather(params, place)) - fit[0]
    ey = (params[j + 1] - gather(params, place + 1.0)) - fit[1]
    gx = (params[j + 2] - gather(params, place + 2.0)) - fit[2]
    gy = (params[j + 3] - gather(params, place + 3.0)) - fit[3]
    return ex, ey, gx, gy


@kernel
def _rotation(params: FloatArray, x: Real, y: Real, nearest: Real, place: Real, fit: Fit) -> Matrix:
    """Rigid or similarity."""
    zero = like(x, 0.0)
    c, s, size = zero, zero, zero
    for j in range(HEADER, params.shape[0], STRIDE):
        w = _weight(params, j, x, y, nearest)
        ex, ey, gx, gy = _centred(params, j, place, fit)
        c = fma(w, fma(ex, gx, ey * gy), c)
        s = fma(w, fma(ex, gy, -1.0 * (ey * gx)), s)
        size = fma(w, fma(ex, ex, ey * ey), size)
    if params[MODEL] == RIGID:
        size = sqrt(fma(c, c, s * s))
    c, s = c / size, s / size
    return c, -1.0 * s, s, c


@kernel
def _affine(
    params: FloatArray, x: Real, y: Real, nearest: Real, place: Real, fit: Fit, cos: Real, sin: Real
) -> tuple[Matrix, Mask, Mask, Real, Real]:
    """Affine, p accumulated along the axis (cos, sin): matrix, where it is ill-defined, where the axis should be turned, and how."""
    zero = like(x, 0.0)
    xx, xy, yy = zero, zero, zero
    ux, uy, vx, vy = zero, zero, zero, zero
    noise, tiny = zero, params[ROUNDING]
    for j in range(HEADER, params.shape[0], STRIDE):
        w = _weight(params, j, x, y, nearest)
        ox, oy, gx, gy = _centred(params, j, place, fit)
        ex, ey = fma(cos, ox, sin * oy), fma(cos, oy, -1.0 * (sin * ox))
        wx, wy = w * ex, w * ey
        xx, xy, yy = fma(wx, ex, xx), fma(wx, ey, xy), fma(wy, ey, yy)
        ux, uy, vx, vy = fma(wx, gx, ux), fma(wy, gx, uy), fma(wx, gy, vx), fma(wy, gy, vy)
        square = fma(ex, ex, ey * ey)
        noise = fma(w, select(square < tiny, square, tiny), noise)
    det = fma(xx, yy, -1.0 * (xy * xy))
    a, b = fma(yy, ux, -1.0 * (xy * uy)) / det, fma(xx, uy, -1.0 * (xy * ux)) / det
    c, d = fma(yy, vx, -1.0 * (xy * vy)) / det, fma(xx, vy, -1.0 * (xy * vx)) / det
    matrix = fma(cos, a, -1.0 * (sin * b)), fma(sin, a, cos * b), fma(cos, c, -1.0 * (sin * d)), fma(sin, c, cos * d)
    half = 0.5 * (xx - yy)
    radius = sqrt(fma(half, half, xy * xy))
    along, across = radius + select(half < 0.0, -1.0 * half, half), xy
    cx, cy = select(half < 0.0, across, along), select(half < 0.0, along, across)
    length = sqrt(fma(cx, cx, cy * cy))
    return matrix, det <= noise * (xx + yy), det < ILL_CONDITIONED * (xx + yy) * (xx + yy), cx / length, cy / length
