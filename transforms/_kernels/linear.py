"""Translation, affine and homography: apply, Jacobian.

Parameters: translation ``(tx, ty)``; affine ``(m00, m01, m02, m10, m11, m12)``; homography ``(m00, m01, m02, m10, m11,
m12, m20, m21, m22)``. Rigid and similarity transforms are affine here.
"""

from __future__ import annotations

from transforms._jit import fma, kernel
from transforms._kernels import lanes
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
    count = points.shape[0]
    whole = count - count % lanes.WIDTH
    for i in range(0, whole, lanes.WIDTH):
        xs, ys = lanes.load_points(points, i)
        lanes.store_points(out, i, xs + tx, ys + ty)
    for i in range(whole, count):
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
    # Lanes because a compiler does not vectorise a loop whose input may be its output, which is how lists run.
    a, b, c, d, e, f = params[0], params[1], params[2], params[3], params[4], params[5]
    count = points.shape[0]
    whole = count - count % lanes.WIDTH
    for i in range(0, whole, lanes.WIDTH):
        xs, ys = lanes.load_points(points, i)
        us, vs = lanes.fma(a, xs, lanes.fma(b, ys, c)), lanes.fma(d, xs, lanes.fma(e, ys, f))
        lanes.store_points(out, i, us, vs)
    for i in range(whole, count):
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
    a, b, c, d, e, f = params[0], params[1], params[2], params[3], params[4], params[5]
    g, h, k = params[6], params[7], params[8]
    count = points.shape[0]
    whole = count - count % lanes.WIDTH
    for i in range(0, whole, lanes.WIDTH):
        xs, ys = lanes.load_points(points, i)
        s = lanes.fma(g, xs, lanes.fma(h, ys, k))
        us, vs = lanes.fma(a, xs, lanes.fma(b, ys, c)) / s, lanes.fma(d, xs, lanes.fma(e, ys, f)) / s
        lanes.store_points(out, i, us, vs)
    for i in range(whole, count):
        u, v = homography_point(params, points[i, 0], points[i, 1])
        out[i, 0] = u
        out[i, 1] = v
