"""Translation, affine and homography: apply, Jacobian.

Parameters: translation ``(tx, ty)``; affine ``(m00, m01, m02, m10, m11, m12)``; homography ``(m00, m01, m02, m10, m11,
m12, m20, m21, m22)``. Rigid and similarity transforms are affine here.
"""

from __future__ import annotations

from transforms._jit import fma, kernel
from transforms._types import FloatArray, Points

Jet = tuple[float, float, float, float, float, float]
"""u, v, du/dx, du/dy, dv/dx, dv/dy."""


@kernel
def translation_point(params: FloatArray, x: float, y: float) -> tuple[float, float]:
    return x + params[0], y + params[1]


@kernel
def translation_jet(params: FloatArray, x: float, y: float) -> Jet:
    return x + params[0], y + params[1], 1.0, 0.0, 0.0, 1.0


@kernel
def translation_apply(params: FloatArray, points: Points, out: Points) -> None:
    tx, ty = params[0], params[1]
    for i in range(points.shape[0]):
        x, y = points[i, 0], points[i, 1]
        out[i, 0] = x + tx
        out[i, 1] = y + ty


@kernel
def affine_point(params: FloatArray, x: float, y: float) -> tuple[float, float]:
    u = fma(params[0], x, fma(params[1], y, params[2]))
    v = fma(params[3], x, fma(params[4], y, params[5]))
    return u, v


@kernel
def affine_jet(params: FloatArray, x: float, y: float) -> Jet:
    u, v = affine_point(params, x, y)
    return u, v, params[0], params[1], params[3], params[4]


@kernel
def affine_apply(params: FloatArray, points: Points, out: Points) -> None:
    a, b, c, d, e, f = params[0], params[1], params[2], params[3], params[4], params[5]
    for i in range(points.shape[0]):
        x, y = points[i, 0], points[i, 1]
        out[i, 0] = fma(a, x, fma(b, y, c))
        out[i, 1] = fma(d, x, fma(e, y, f))


@kernel
def homography_point(params: FloatArray, x: float, y: float) -> tuple[float, float]:
    u = fma(params[0], x, fma(params[1], y, params[2]))
    v = fma(params[3], x, fma(params[4], y, params[5]))
    s = fma(params[6], x, fma(params[7], y, params[8]))
    return u / s, v / s


@kernel
def homography_jet(params: FloatArray, x: float, y: float) -> Jet:
    s = fma(params[6], x, fma(params[7], y, params[8]))
    u, v = homography_point(params, x, y)
    ux = fma(-u, params[6], params[0]) / s
    uy = fma(-u, params[7], params[1]) / s
    vx = fma(-v, params[6], params[3]) / s
    vy = fma(-v, params[7], params[4]) / s
    return u, v, ux, uy, vx, vy


@kernel
def homography_apply(params: FloatArray, points: Points, out: Points) -> None:
    for i in range(points.shape[0]):
        u, v = homography_point(params, points[i, 0], points[i, 1])
        out[i, 0] = u
        out[i, 1] = v
