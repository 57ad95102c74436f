"""Moving least squares: at every point v the model that fits control points p -> q, weighted by w / |p - v|^(2 alpha).

Parameters: ``(model, alpha, power, float_weights, fitted)``, then ``(px, py, qx, qy, w, aside)`` of every control
point. ``fitted`` is 0 where the control points determine no model, which leaves all other points where they are;
``aside`` is infinite for a control point without weight, which is never the nearest, else 0.

Near a control point its weight outgrows all others and plain sums cancel to noise. So weights are taken relative to
the nearest point (w_i (s_min / s_i)^alpha), coordinates are offsets from it, and moments are centred in a second
pass: every term keeps its relative precision however near v comes. Points go through eight at a time, each in a lane
of its own.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._kernels.lanes import (
    WIDTH,
    Real,
    any_lane,
    fma,
    gather,
    like,
    load_points,
    put,
    select,
    sqrt,
    store_points,
    take,
    to_float32,
)
from transforms._kernels.least_squares import AFFINE, RIGID, TRANSLATION
from transforms._kernels.linear import Jet
from transforms._kernels.log import power
from transforms._types import FloatArray, Points

HEADER = 5
STRIDE = 6
MODEL, ALPHA, POWER, FLOAT_WEIGHTS, FITTED = range(HEADER)

# How s^alpha is computed.
GENERAL, NONE, ROOT, PLAIN, SQUARE = range(5)

ILL_CONDITIONED = 1e-2
"""Determinant over its bound below which the moments are accumulated again along their principal axes."""

Matrix = tuple[Real, Real, Real, Real]
"""m00, m01, m10, m11."""

Pairs = tuple[Real, Real, Real, Real]
"""px, py, qx, qy."""

Moments = tuple[Real, Real, Real, Real, Real, Real, Real]
"""Weighted sums of px px, px py, py py, qx px, qx py, qy px, qy py about the centroids."""

Fitted = tuple[Matrix, Moments]
"""Linear part of the model, and the moments it comes from."""


@kernel
def _powered(params: FloatArray, s: Real) -> Real:
    kind = params[POWER]
    if kind == PLAIN:
        return s
    if kind == SQUARE:
        return s * s
    if kind == ROOT:
        return sqrt(s)
    if kind == NONE:
        return like(s, 1.0)
    return power(s, params[ALPHA])


@kernel
def _nearest(params: FloatArray, x: Real, y: Real, kept: FloatArray) -> tuple[Real, Real]:
    """Squared distance and place of the nearest control point that has weight, or of the first one hit exactly.

    Keeps the squared distances.
    """
    best, place = like(x, math.inf), like(x, float(HEADER))
    for i in range((params.shape[0] - HEADER) // STRIDE):
        j = HEADER + STRIDE * i
        dx, dy = params[j] - x, params[j + 1] - y
        s = fma(dx, dx, dy * dy)
        put(kept, i, s)
        closer = select(s <= 0.0, s, s + params[j + 5]) < best
        best, place = select(closer, s, best), select(closer, float(j), place)
    return best, place


@kernel
def _weigh(params: FloatArray, nearest: Real, kept: FloatArray) -> None:
    """Replace the squared distances kept by weights.

    A control point that is hit gets none: it decides alone, which is the callers' business.
    """
    single = params[FLOAT_WEIGHTS] != 0.0
    for i in range((params.shape[0] - HEADER) // STRIDE):
        w, s = params[HEADER + STRIDE * i + 4], take(kept, i, nearest)
        power = _powered(params, s if single else nearest / s)
        put(kept, i, select(s <= 0.0, 0.0, to_float32(w / power) if single else w * power))


@kernel
def _reference(params: FloatArray, place: Real) -> Pairs:
    """The control point that offsets are measured from."""
    return (
        gather(params, place),
        gather(params, place + 1.0),
        gather(params, place + 2.0),
        gather(params, place + 3.0),
    )


@kernel
def _centroids(params: FloatArray, kept: FloatArray, origin: Pairs) -> Pairs:
    """Weighted centroids of p and q, as offsets from the origin."""
    zero = like(origin[0], 0.0)
    total, px, py, qx, qy = zero, zero, zero, zero, zero
    for i in range((params.shape[0] - HEADER) // STRIDE):
        j, w = HEADER + STRIDE * i, take(kept, i, zero)
        total = total + w
        px, py = fma(w, params[j] - origin[0], px), fma(w, params[j + 1] - origin[1], py)
        qx, qy = fma(w, params[j + 2] - origin[2], qx), fma(w, params[j + 3] - origin[3], qy)
    return px / total, py / total, qx / total, qy / total


@kernel
def _centred(params: FloatArray, j: int, origin: Pairs, centre: Pairs) -> Pairs:
    """Offsets of a control point from the centroids."""
    return (
        (params[j] - origin[0]) - centre[0],
        (params[j + 1] - origin[1]) - centre[1],
        (params[j + 2] - origin[2]) - centre[2],
        (params[j + 3] - origin[3]) - centre[3],
    )


@kernel
def _moments(params: FloatArray, kept: FloatArray, origin: Pairs, centre: Pairs) -> Moments:
    zero = like(origin[0], 0.0)
    xx, xy, yy = zero, zero, zero
    ux, uy, vx, vy = zero, zero, zero, zero
    for i in range((params.shape[0] - HEADER) // STRIDE):
        j, w = HEADER + STRIDE * i, take(kept, i, zero)
        ex, ey, gx, gy = _centred(params, j, origin, centre)
        wx, wy = w * ex, w * ey
        xx, xy, yy = fma(wx, ex, xx), fma(wx, ey, xy), fma(wy, ey, yy)
        ux, uy, vx, vy = fma(wx, gx, ux), fma(wy, gx, uy), fma(wx, gy, vx), fma(wy, gy, vy)
    return xx, xy, yy, ux, uy, vx, vy


@kernel
def _turned_moments(
    params: FloatArray, kept: FloatArray, origin: Pairs, centre: Pairs, cos: Real, sin: Real
) -> Moments:
    """Moments with p along the axis (cos, sin)."""
    zero = like(origin[0], 0.0)
    xx, xy, yy = zero, zero, zero
    ux, uy, vx, vy = zero, zero, zero, zero
    for i in range((params.shape[0] - HEADER) // STRIDE):
        j, w = HEADER + STRIDE * i, take(kept, i, zero)
        ox, oy, gx, gy = _centred(params, j, origin, centre)
        ex, ey = fma(cos, ox, sin * oy), fma(cos, oy, -1.0 * (sin * ox))
        wx, wy = w * ex, w * ey
        xx, xy, yy = fma(wx, ex, xx), fma(wx, ey, xy), fma(wy, ey, yy)
        ux, uy, vx, vy = fma(wx, gx, ux), fma(wy, gx, uy), fma(wx, gy, vx), fma(wy, gy, vy)
    return xx, xy, yy, ux, uy, vx, vy


@kernel
def _normalised(moments: Moments) -> Moments:
    """Moments over their trace: close to a control point, with a large alpha, products of them would underflow."""
    scale = 1.0 / (moments[0] + moments[2])
    xx, xy, yy, ux, uy, vx, vy = moments
    return xx * scale, xy * scale, yy * scale, ux * scale, uy * scale, vx * scale, vy * scale


@kernel
def _solve(moments: Moments) -> Matrix:
    """(q p^T) (p p^T)^-1."""
    xx, xy, yy, ux, uy, vx, vy = moments
    det = fma(xx, yy, -1.0 * (xy * xy))
    return (
        fma(yy, ux, -1.0 * (xy * uy)) / det,
        fma(xx, uy, -1.0 * (xy * ux)) / det,
        fma(yy, vx, -1.0 * (xy * vy)) / det,
        fma(xx, vy, -1.0 * (xy * vx)) / det,
    )


@kernel
def _axis(moments: Moments) -> tuple[Real, Real]:
    """Direction in which p spreads most."""
    half = 0.5 * (moments[0] - moments[2])
    radius = sqrt(fma(half, half, moments[1] * moments[1]))
    steep = half < 0.0
    long = radius + select(steep, -1.0 * half, half)
    cos, sin = select(steep, moments[1], long), select(steep, long, moments[1])
    length = sqrt(fma(cos, cos, sin * sin))
    return cos / length, sin / length


@kernel
def _affine(params: FloatArray, kept: FloatArray, origin: Pairs, centre: Pairs) -> Fitted:
    """Affine model.

    Moments lose as many digits as their condition number has. Where it is high they are accumulated again along their
    principal axes, which leaves nothing to cancel.
    """
    moments = _moments(params, kept, origin, centre)
    normal = _normalised(moments)
    flat = fma(normal[0], normal[2], -1.0 * (normal[1] * normal[1])) <= ILL_CONDITIONED
    a, b, c, d = _solve(normal)
    if any_lane(flat):
        cos, sin = _axis(normal)
        ta, tb, tc, td = _solve(_normalised(_turned_moments(params, kept, origin, centre, cos, sin)))
        a, b = select(flat, fma(cos, ta, -1.0 * (sin * tb)), a), select(flat, fma(sin, ta, cos * tb), b)
        c, d = select(flat, fma(cos, tc, -1.0 * (sin * td)), c), select(flat, fma(sin, tc, cos * td), d)
    return (a, b, c, d), moments


@kernel
def _model(params: FloatArray, kept: FloatArray, origin: Pairs, centre: Pairs) -> Fitted:
    """Any model; rigid and similarity are never reflections, and NaN where the points leave them open."""
    model = params[MODEL]
    one, zero = like(origin[0], 1.0), like(origin[0], 0.0)
    if model == AFFINE:
        return _affine(params, kept, origin, centre)
    if model == TRANSLATION:
        return (one, zero, zero, one), (zero, zero, zero, zero, zero, zero, zero)
    moments = _moments(params, kept, origin, centre)
    _xx, _xy, _yy, ux, uy, vx, vy = _normalised(moments)
    c, s = ux + vy, vx - uy
    if model == RIGID:
        size = sqrt(fma(c, c, s * s))
        c, s = c / size, s / size
    return (c, -1.0 * s, s, c), moments


@kernel
def _image(origin: Pairs, centre: Pairs, matrix: Matrix, x: Real, y: Real) -> Matrix:
    """The model at the point, and the point's offset from the centroid."""
    dx, dy = (x - origin[0]) - centre[0], (y - origin[1]) - centre[1]
    u = origin[2] + (centre[2] + fma(matrix[0], dx, matrix[1] * dy))
    v = origin[3] + (centre[3] + fma(matrix[2], dx, matrix[3] * dy))
    return u, v, dx, dy


@kernel
def _mapped(params: FloatArray, x: Real, y: Real, kept: FloatArray) -> tuple[Real, Real]:
    """The image; ``kept`` has room for a number per control point and lane."""
    nearest, place = _nearest(params, x, y, kept)
    origin = _reference(params, place)
    hit = nearest <= 0.0
    u, v = x, y
    if params[FITTED] != 0.0:
        _weigh(params, nearest, kept)
        centre = _centroids(params, kept, origin)
        matrix, _sums = _model(params, kept, origin, centre)
        u, v, _dx, _dy = _image(origin, centre, matrix, x, y)
    return select(hit, origin[2], u), select(hit, origin[3], v)


@kernel
def moving_least_squares_point(params: FloatArray, x: float, y: float) -> tuple[float, float]:
    return _mapped(params, x, y, np.empty(params.shape[0] // STRIDE))


@kernel
def moving_least_squares_apply(params: FloatArray, points: Points, out: Points) -> None:
    count = points.shape[0]
    whole = count - count % WIDTH
    kept = np.empty(WIDTH * (params.shape[0] // STRIDE))
    for i in range(0, whole, WIDTH):
        x, y = load_points(points, i)
        u, v = _mapped(params, x, y, kept)
        store_points(out, i, u, v)
    if whole < count:
        rest = np.zeros((WIDTH, 2))
        rest[: count - whole] = points[whole:]
        x, y = load_points(rest, 0)
        u, v = _mapped(params, x, y, kept)
        store_points(rest, 0, u, v)
        out[whole:] = rest[: count - whole]


@kernel
def _lever(model: float, moments: Moments, matrix: Matrix, dx: float, dy: float) -> tuple[float, float]:
    """What makes the change of the model at (dx, dy) from the centroid linear in the residuals: see `_pull`."""
    trace = moments[0] + moments[2]
    xx, xy, yy, ux, uy, vx, vy = _normalised(moments)
    if model == AFFINE:
        det = fma(xx, yy, -(xy * xy))
        return fma(yy, dx, -(xy * dy)) / det / trace, fma(xx, dy, -(xy * dx)) / det / trace
    if model == RIGID:
        length = math.hypot(ux + vy, vx - uy) * trace
        return -fma(matrix[2], dx, matrix[3] * dy) / length, fma(matrix[0], dx, matrix[1] * dy) / length
    return dx / trace, dy / trace


@kernel
def _pull(model: float, matrix: Matrix, lever: tuple[float, float], offsets: Pairs) -> tuple[float, float]:
    """How far a unit more of a control point's weight moves the image, the centroids held."""
    ex, ey, gx, gy = offsets
    a, b, c, d = matrix
    zx, zy = lever
    rx, ry = gx - fma(a, ex, b * ey), gy - fma(c, ex, d * ey)
    if model == AFFINE:
        share = fma(ex, zx, ey * zy)
        return rx * share, ry * share
    if model == RIGID:
        turn = fma(a, ex, b * ey) * gy - fma(c, ex, d * ey) * gx
        return turn * zx, turn * zy
    along, turn = fma(ex, rx, ey * ry), fma(ex, ry, -(ey * rx))
    return fma(along, zx, -(turn * zy)), fma(turn, zx, along * zy)


@kernel
def _jacobian(
    params: FloatArray,
    x: float,
    y: float,
    kept: FloatArray,
    origin: Pairs,
    centre: Pairs,
    matrix: Matrix,
    lever: tuple[float, float],
) -> Matrix:
    """Derivative of the image: the matrix, and what weights that change with the point do to centroids and matrix.

    More weight on a control point moves the centroid's image by its residual over the total weight, and changes the
    matrix (`_pull`).
    """
    model, alpha = params[MODEL], params[ALPHA]
    a, b, c, d = matrix
    total, ux, uy, vx, vy = 0.0, 0.0, 0.0, 0.0, 0.0
    mxx, mxy, myx, myy = 0.0, 0.0, 0.0, 0.0
    for i in range((params.shape[0] - HEADER) // STRIDE):
        j, w = HEADER + STRIDE * i, take(kept, i, total)
        dx, dy = x - params[j], y - params[j + 1]
        rate = -2.0 * alpha * w / fma(dx, dx, dy * dy)
        wx, wy = rate * dx, rate * dy
        offsets = _centred(params, j, origin, centre)
        ex, ey, gx, gy = offsets
        rx, ry = gx - fma(a, ex, b * ey), gy - fma(c, ex, d * ey)
        kx, ky = _pull(model, matrix, lever, offsets)
        total += w
        ux, uy, vx, vy = fma(wx, rx, ux), fma(wy, rx, uy), fma(wx, ry, vx), fma(wy, ry, vy)
        mxx, mxy, myx, myy = fma(wx, kx, mxx), fma(wy, kx, mxy), fma(wx, ky, myx), fma(wy, ky, myy)
    return a + ux / total + mxx, b + uy / total + mxy, c + vx / total + myx, d + vy / total + myy


@kernel
def moving_least_squares_jet(params: FloatArray, x: float, y: float) -> Jet:
    """On a control point: its q, and the linear part of the model fitted to the others about it."""
    kept = np.empty(params.shape[0] // STRIDE)
    nearest, place = _nearest(params, x, y, kept)
    origin = _reference(params, place)
    hit = nearest <= 0.0
    if params[FITTED] == 0.0:
        u, v = (origin[2], origin[3]) if hit else (x, y)
        return u, v, 1.0, 0.0, 0.0, 1.0
    _weigh(params, 1.0 if hit else nearest, kept)
    centre = (0.0, 0.0, 0.0, 0.0) if hit else _centroids(params, kept, origin)
    matrix, moments = _model(params, kept, origin, centre)
    if hit:
        return origin[2], origin[3], matrix[0], matrix[1], matrix[2], matrix[3]
    u, v, dx, dy = _image(origin, centre, matrix, x, y)
    model = params[MODEL]
    lever = _lever(model, moments, matrix, dx, dy) if model != TRANSLATION else (0.0, 0.0)
    a, b, c, d = _jacobian(params, x, y, kept, origin, centre, matrix, lever)
    return u, v, a, b, c, d
