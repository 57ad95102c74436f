"""Thin plate spline: p' = p + sum k(|p - l|) w + A p + b with k(r) = r^2 ln r, 0 at r <= 1e-8.

Parameters: ``(blocks, exponent, cx, cy, u0, u1, u2, u3, v0, v1, v2, v3)``, then the landmarks' x, their y, half of
the x weights and half of the y weights, each padded to whole blocks of eight by landmarks without weight.

A sum of r^2 ln r loses digits where its terms cancel, all the more the larger ln r. So the logarithm is taken of r in
units of 2^(exponent/2), about the spread of the landmarks, where it is small. What that leaves out is a sum of r^2: a
quadratic form of the point. It and the affine part make up ``u`` and ``v``, coefficients of 1, dx, dy, dx^2 + dy^2
about the centre (cx, cy), computed beforehand with extra digits.

Landmarks are summed eight at a time in a fixed order: a point's image does not depend on what else is in the call.
"""

from __future__ import annotations

from transforms._jit import copy_kernel, kernel
from transforms._kernels.lanes import WIDTH, Real, fma, like, load, select, total
from transforms._kernels.linear import Jet
from transforms._kernels.log import log_scaled
from transforms._types import FloatArray, Points

HEADER = 12
CUTOFF = 1e-16
"""Squared distance up to which a landmark has no influence."""
COARSE = 6.0
"""Exponent from which the rounding of the sum hides what the landmark would have there: none is looked for."""


@kernel
def _offsets(params: FloatArray, j: int, stride: int, x: float, y: float) -> tuple[Real, Real, Real]:
    """Offsets from eight landmarks, and squared distances."""
    dx = x - load(params, j)
    dy = y - load(params, j + stride)
    return dx, dy, fma(dx, dx, dy * dy)


@kernel
def _same(s: Real, value: Real) -> Real:
    return value


@kernel
def _cut(s: Real, value: Real) -> Real:
    """Zero in place of the value for landmarks at the point itself."""
    return select(s <= CUTOFF, 0.0, value)


@kernel
def _smooth(params: FloatArray, x: float, y: float, u: float, v: float) -> tuple[float, float]:
    """The image, from the sums u, v over the landmarks."""
    dx, dy = x - params[2], y - params[3]
    s = fma(dx, dx, dy * dy)
    u += fma(params[7], s, fma(params[6], dy, fma(params[5], dx, params[4])))
    v += fma(params[11], s, fma(params[10], dy, fma(params[9], dx, params[8])))
    return x + u, y + v


@kernel
def _add_eight(params: FloatArray, j: int, stride: int, x: float, y: float, u: Real, v: Real) -> tuple[Real, Real]:
    """The sums u, v and what the landmarks from ``j`` on add to them."""
    _dx, _dy, s = _offsets(params, j, stride, x, y)
    k = _same(s, s * log_scaled(s, params[1]))
    return fma(k, load(params, j + 2 * stride), u), fma(k, load(params, j + 3 * stride), v)


@kernel
def _point(params: FloatArray, x: float, y: float) -> tuple[float, float]:
    stride = WIDTH * int(params[0])
    u = v = like(load(params, 0), 0.0)
    for j in range(HEADER, HEADER + stride, WIDTH):
        u, v = _add_eight(params, j, stride, x, y, u, v)
    return _smooth(params, x, y, total(u), total(v))


@kernel
def thin_plate_spline_jet(params: FloatArray, x: float, y: float) -> Jet:
    """Without the cut-off, which no Jacobian would show."""
    stride, exponent = WIDTH * int(params[0]), params[1]
    zero = like(load(params, 0), 0.0)
    u, v, ux, uy, vx, vy = zero, zero, zero, zero, zero, zero
    for j in range(HEADER, HEADER + stride, WIDTH):
        dx, dy, s = _offsets(params, j, stride, x, y)
        wx, wy = load(params, j + 2 * stride), load(params, j + 3 * stride)
        log = log_scaled(s, exponent)
        k, slope = s * log, log + 1.0
        u, v = fma(k, wx, u), fma(k, wy, v)
        sx, sy = slope * dx, slope * dy
        ux, uy = fma(sx, wx, ux), fma(sy, wx, uy)
        vx, vy = fma(sx, wy, vx), fma(sy, wy, vy)
    fx, fy = _smooth(params, x, y, total(u), total(v))
    dx, dy = 2.0 * (x - params[2]), 2.0 * (y - params[3])
    xx = 1.0 + (fma(dx, params[7], params[5]) + 2.0 * total(ux))
    xy = fma(dy, params[7], params[6]) + 2.0 * total(uy)
    yx = fma(dx, params[11], params[9]) + 2.0 * total(vx)
    yy = 1.0 + (fma(dy, params[11], params[10]) + 2.0 * total(vy))
    return fx, fy, xx, xy, yx, yy


_add_cut = copy_kernel(_add_eight, "thin_plate_spline_add_cut", __file__, _same=_cut)
_point_cut = copy_kernel(_point, "thin_plate_spline_point_cut", __file__, _add_eight=_add_cut)


@kernel
def thin_plate_spline_point(params: FloatArray, x: float, y: float) -> tuple[float, float]:
    return _point(params, x, y) if params[1] >= COARSE else _point_cut(params, x, y)


@kernel
def thin_plate_spline_apply(params: FloatArray, points: Points, out: Points) -> None:
    """Two points at a time, which read the landmarks once."""
    stride = WIDTH * int(params[0])
    zero = like(load(params, 0), 0.0)
    whole = points.shape[0] // 2 * 2 if params[1] >= COARSE else 0
    for i in range(0, whole, 2):
        x, y, x2, y2 = points[i, 0], points[i, 1], points[i + 1, 0], points[i + 1, 1]
        u, v, u2, v2 = zero, zero, zero, zero
        for j in range(HEADER, HEADER + stride, WIDTH):
            u, v = _add_eight(params, j, stride, x, y, u, v)
            u2, v2 = _add_eight(params, j, stride, x2, y2, u2, v2)
        out[i, 0], out[i, 1] = _smooth(params, x, y, total(u), total(v))
        out[i + 1, 0], out[i + 1, 1] = _smooth(params, x2, y2, total(u2), total(v2))
    for i in range(whole, points.shape[0]):
        out[i, 0], out[i, 1] = thin_plate_spline_point(params, points[i, 0], points[i, 1])


@kernel
def radial(dx: Real, dy: Real, exponent: float) -> Real:
    """Value of k, distances in units of 2^(exponent/2)."""
    s = fma(dx, dx, dy * dy)
    return select(s <= CUTOFF, 0.0, 0.5 * s * log_scaled(s, exponent))
