"""Field of affine maps, interpolated between the centres of its cells: apply, Jacobian.

Parameters: ``(rows, columns, offset_x, offset_y, cell_width, cell_height, nearest, m00, m01, m02, m10, m11, m12,
...)``: six numbers per cell, row by row.

Source: org.janelia.alignment.transform.AffineWarpFieldTransform with imglib2's NLinearInterpolator (edge values
outside) or NearestNeighborInterpolator.
"""

from __future__ import annotations

import math

from transforms._jit import fma, kernel
from transforms._kernels.linear import Jet
from transforms._types import FloatArray, Points

HEAD = 7
FARTHEST = 1e9


@kernel
def clamp(value: int, count: int) -> int:
    return min(max(value, 0), count - 1)


@kernel
def round_away(t: float) -> int:
    """Nearest integer, halves away from zero."""
    t = min(max(t, -FARTHEST), FARTHEST)
    return int(t + 0.5) if t >= 0.0 else int(t - 0.5)


@kernel
def warp_field_jet(params: FloatArray, x: float, y: float) -> Jet:
    if math.isnan(x) or math.isnan(y):
        return math.nan, math.nan, math.nan, math.nan, math.nan, math.nan
    rows, columns = int(params[0]), int(params[1])
    s = (x - params[2]) / params[4] - 0.5
    t = (y - params[3]) / params[5] - 0.5
    if params[6] != 0.0:
        k = HEAD + 6 * (clamp(round_away(t), rows) * columns + clamp(round_away(s), columns))
        u = fma(params[k], x, fma(params[k + 1], y, params[k + 2]))
        v = fma(params[k + 3], x, fma(params[k + 4], y, params[k + 5]))
        return u, v, params[k], params[k + 1], params[k + 3], params[k + 4]
    s0, t0 = math.floor(min(max(s, -FARTHEST), FARTHEST)), math.floor(min(max(t, -FARTHEST), FARTHEST))
    fs, ft = s - s0, t - t0
    i, j = int(s0), int(t0)
    top, bottom = clamp(j, rows) * columns, clamp(j + 1, rows) * columns
    left, right = clamp(i, columns), clamp(i + 1, columns)
    a, b, c, d = (
        HEAD + 6 * (top + left),
        HEAD + 6 * (top + right),
        HEAD + 6 * (bottom + left),
        HEAD + 6 * (bottom + right),
    )
    # The affine maps of the four corners at the point, then their blend: the field enters linearly.
    au, av = (
        fma(params[a], x, fma(params[a + 1], y, params[a + 2])),
        fma(params[a + 3], x, fma(params[a + 4], y, params[a + 5])),
    )
    bu, bv = (
        fma(params[b], x, fma(params[b + 1], y, params[b + 2])),
        fma(params[b + 3], x, fma(params[b + 4], y, params[b + 5])),
    )
    cu, cv = (
        fma(params[c], x, fma(params[c + 1], y, params[c + 2])),
        fma(params[c + 3], x, fma(params[c + 4], y, params[c + 5])),
    )
    du, dv = (
        fma(params[d], x, fma(params[d + 1], y, params[d + 2])),
        fma(params[d + 3], x, fma(params[d + 4], y, params[d + 5])),
    )
    wa, wb, wc, wd = (1.0 - fs) * (1.0 - ft), fs * (1.0 - ft), (1.0 - fs) * ft, fs * ft
    u = fma(wa, au, fma(wb, bu, fma(wc, cu, wd * du)))
    v = fma(wa, av, fma(wb, bv, fma(wc, cv, wd * dv)))
    ux = fma(wa, params[a], fma(wb, params[b], fma(wc, params[c], wd * params[d])))
    uy = fma(wa, params[a + 1], fma(wb, params[b + 1], fma(wc, params[c + 1], wd * params[d + 1])))
    vx = fma(wa, params[a + 3], fma(wb, params[b + 3], fma(wc, params[c + 3], wd * params[d + 3])))
    vy = fma(wa, params[a + 4], fma(wb, params[b + 4], fma(wc, params[c + 4], wd * params[d + 4])))
    ux += fma(1.0 - ft, bu - au, ft * (du - cu)) / params[4]
    uy += fma(1.0 - fs, cu - au, fs * (du - bu)) / params[5]
    vx += fma(1.0 - ft, bv - av, ft * (dv - cv)) / params[4]
    vy += fma(1.0 - fs, cv - av, fs * (dv - bv)) / params[5]
    return u, v, ux, uy, vx, vy


@kernel
def warp_field_point(params: FloatArray, x: float, y: float) -> tuple[float, float]:
    u, v, _, _, _, _ = warp_field_jet(params, x, y)
    return u, v


@kernel
def warp_field_apply(params: FloatArray, points: Points, out: Points) -> None:
    for k in range(points.shape[0]):
        u, v = warp_field_point(params, points[k, 0], points[k, 1])
        out[k, 0] = u
        out[k, 1] = v
