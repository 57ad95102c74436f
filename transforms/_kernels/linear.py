"""Translation, affine and homography: apply, Jacobian.

Parameters: translation ``(tx, ty)``; affine ``(m00, m01, m02, m10, m11, m12)``; homography ``(m00, m01, m02, m10, m11,
m12, m20, m21, m22)``. Rigid and similarity transforms are affine here.
"""

from __future__ import annotations

from transforms._jit import copy_kernel, kernel, lean_kernel
from transforms._kernels import pairs
from transforms._kernels.lanes import Real, address, drain, fma
from transforms._kernels.over_points import apply_point, first_line
from transforms._types import FloatArray, Points

Jet = tuple[float, float, float, float, float, float]
"""u, v, du/dx, du/dy, dv/dx, dv/dy."""


@kernel
def translation_point(params: FloatArray, x: Real, y: Real) -> tuple[Real, Real]:
    return x + params[0], y + params[1]


@kernel
def translation_jet(params: FloatArray, x: float, y: float) -> Jet:
    return x + params[0], y + params[1], 1.0, 0.0, 0.0, 1.0


translation_apply = copy_kernel(apply_point, "translation_apply", __file__, point=translation_point)


@kernel
def affine_point(params: FloatArray, x: Real, y: Real) -> tuple[Real, Real]:
    u = fma(params[0], x, fma(params[1], y, params[2]))
    v = fma(params[3], x, fma(params[4], y, params[5]))
    return u, v


@kernel
def affine_jet(params: FloatArray, x: float, y: float) -> Jet:
    u, v = affine_point(params, x, y)
    return u, v, params[0], params[1], params[3], params[4]


@lean_kernel
def affine_apply(params: FloatArray, points: Points, out: Points) -> None:
    """As `apply_point`, but x and y stay in turns."""
    count = points.shape[0]
    line = first_line(count, address(points), address(out))
    begin = max(line, 0)
    whole = count - (count - begin) % pairs.ROWS
    by_x = pairs.alternate(params[0], params[3])
    by_y = pairs.alternate(params[1], params[4])
    offset = pairs.alternate(params[2], params[5])
    for i in range(begin):
        out[i, 0], out[i, 1] = affine_point(params, points[i, 0], points[i, 1])
    for i in range(begin, whole, pairs.ROWS):
        x, y = pairs.load(points, i)
        images = fma(by_x, x, fma(by_y, y, offset))
        if line >= 0:
            pairs.stream(out, i, images)
        else:
            pairs.store(out, i, images)
    for i in range(whole, count):
        out[i, 0], out[i, 1] = affine_point(params, points[i, 0], points[i, 1])
    if line >= 0:
        drain()


@kernel
def homography_point(params: FloatArray, x: Real, y: Real) -> tuple[Real, Real]:
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


homography_apply = copy_kernel(apply_point, "homography_apply", __file__, point=homography_point)
