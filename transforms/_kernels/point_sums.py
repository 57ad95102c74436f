"""Sums over a slice of the points that every fit needs: eight points at a time, the rest one by one.

One slice of ragged sets or all points of one set: the same order of additions, hence the same bits.
"""

from __future__ import annotations

from transforms._jit import fma, lean_kernel
from transforms._kernels import lanes
from transforms._types import FloatArray, Points


@lean_kernel
def weight_at(weights: FloatArray, i: int) -> float:
    """The i-th weight; an empty array stands for all ones."""
    return weights[i] if weights.shape[0] else 1.0


@lean_kernel
def weights_at(weights: FloatArray, i: int, kind: lanes.Real) -> lanes.Real:
    """Eight weights from the i-th on, as lanes like the last argument."""
    return lanes.load(weights, i) if weights.shape[0] else lanes.like(kind, 1.0)


@lean_kernel
def rows_finite(points: Points, lo: int, hi: int) -> bool:
    """Whether rows lo to hi are finite: 0 * x is NaN for NaN and infinities, and NaN stays."""
    total = 0.0
    whole = hi - (hi - lo) % lanes.WIDTH
    if whole > lo:
        x, y = lanes.load_points(points, lo)
        sums = 0.0 * x + 0.0 * y
        for i in range(lo + lanes.WIDTH, whole, lanes.WIDTH):
            x, y = lanes.load_points(points, i)
            sums = sums + (0.0 * x + 0.0 * y)
        total = lanes.total(sums)
    for i in range(whole, hi):
        total += 0.0 * points[i, 0] + 0.0 * points[i, 1]
    return total == 0.0


@lean_kernel
def all_finite(src: Points, dst: Points, lo: int, hi: int) -> bool:
    return rows_finite(src, lo, hi) and rows_finite(dst, lo, hi)


@lean_kernel
def total_weight(weights: FloatArray, lo: int, hi: int) -> float:
    if weights.shape[0] == 0:
        return float(hi - lo)
    total = 0.0
    for i in range(lo, hi):
        total += weights[i]
    return total


@lean_kernel
def centroid(points: Points, weights: FloatArray, total: float, lo: int, hi: int) -> tuple[float, float]:
    """Weighted mean of rows lo to hi.

    The sums run over differences from the first point: no digits are lost far from the origin.
    """
    px, py = points[lo, 0], points[lo, 1]
    sx = sy = 0.0
    whole = hi - (hi - lo) % lanes.WIDTH
    if whole > lo:
        x, y = lanes.load_points(points, lo)
        xs, ys = lanes.like(x, 0.0), lanes.like(x, 0.0)
        for i in range(lo, whole, lanes.WIDTH):
            x, y = lanes.load_points(points, i)
            w = weights_at(weights, i, x)
            xs = lanes.fma(w, x - px, xs)
            ys = lanes.fma(w, y - py, ys)
        sx, sy = lanes.total(xs), lanes.total(ys)
    for i in range(whole, hi):
        one = weight_at(weights, i)
        sx = fma(one, points[i, 0] - px, sx)
        sy = fma(one, points[i, 1] - py, sy)
    return px + sx / total, py + sy / total


@lean_kernel
def centroid_and_size(
    points: Points, weights: FloatArray, total: float, lo: int, hi: int
) -> tuple[float, float, float]:
    """Centroid, to the bit, and largest absolute coordinate of rows lo to hi in one pass."""
    px, py = points[lo, 0], points[lo, 1]
    sx = sy = size = 0.0
    whole = hi - (hi - lo) % lanes.WIDTH
    if whole > lo:
        x, y = lanes.load_points(points, lo)
        xs, ys, most, least = lanes.like(x, 0.0), lanes.like(x, 0.0), lanes.like(x, 0.0), lanes.like(x, 0.0)
        for i in range(lo, whole, lanes.WIDTH):
            x, y = lanes.load_points(points, i)
            w = weights_at(weights, i, x)
            xs = lanes.fma(w, x - px, xs)
            ys = lanes.fma(w, y - py, ys)
            most = lanes.select(x > most, x, most)
            most = lanes.select(y > most, y, most)
            least = lanes.select(x < least, x, least)
            least = lanes.select(y < least, y, least)
        sx, sy = lanes.total(xs), lanes.total(ys)
        size = max(lanes.largest(most), lanes.largest(0.0 - least))
    for i in range(whole, hi):
        one = weight_at(weights, i)
        sx = fma(one, points[i, 0] - px, sx)
        sy = fma(one, points[i, 1] - py, sy)
        size = max(size, abs(points[i, 0]), abs(points[i, 1]))
    return px + sx / total, py + sy / total, size


@lean_kernel
def second_moments(
    points: Points, weights: FloatArray, cx: float, cy: float, lo: int, hi: int
) -> tuple[float, float, float]:
    """Sums of w x x, w x y and w y y about a centre."""
    xx = xy = yy = 0.0
    whole = hi - (hi - lo) % lanes.WIDTH
    if whole > lo:
        x, y = lanes.load_points(points, lo)
        a, b, c = lanes.like(x, 0.0), lanes.like(x, 0.0), lanes.like(x, 0.0)
        for i in range(lo, whole, lanes.WIDTH):
            x, y = lanes.load_points(points, i)
            w = weights_at(weights, i, x)
            x, y = x - cx, y - cy
            a = lanes.fma(w * x, x, a)
            b = lanes.fma(w * x, y, b)
            c = lanes.fma(w * y, y, c)
        xx, xy, yy = lanes.total(a), lanes.total(b), lanes.total(c)
    for i in range(whole, hi):
        one, u, v = weight_at(weights, i), points[i, 0] - cx, points[i, 1] - cy
        xx = fma(one * u, u, xx)
        xy = fma(one * u, v, xy)
        yy = fma(one * v, v, yy)
    return xx, xy, yy
