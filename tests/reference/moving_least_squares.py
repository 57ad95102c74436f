"""Naive moving least squares with 60 digits: weights as the formula has them, one pass per point, nothing clever."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np

DIGITS = 60
MINIMUM = {"translation": 1, "rigid": 2, "similarity": 2, "affine": 3}


def exact_image(src: Any, dst: Any, weights: Any, model: str, alpha: float, x: Any, y: Any) -> tuple[Any, Any]:
    """Image of one point as extended numbers; NaN where the fit has no value."""
    p = [(mpmath.mpf(a), mpmath.mpf(b)) for a, b in src]
    q = [(mpmath.mpf(a), mpmath.mpf(b)) for a, b in dst]
    x, y = mpmath.mpf(x), mpmath.mpf(y)
    squares = [(a - x) ** 2 + (b - y) ** 2 for a, b in p]
    if 0 in squares:
        return q[squares.index(0)]
    if len(p) < MINIMUM[model]:
        return x, y
    w = [mpmath.mpf(v) / s ** mpmath.mpf(alpha) for v, s in zip(weights, squares, strict=True)]
    total = sum(w)
    if total == 0:
        return mpmath.nan, mpmath.nan
    px, py = (sum(v * c[k] for v, c in zip(w, p, strict=True)) / total for k in (0, 1))
    qx, qy = (sum(v * c[k] for v, c in zip(w, q, strict=True)) / total for k in (0, 1))
    rows = [(v, a - px, b - py, c - qx, d - qy) for v, (a, b), (c, d) in zip(w, p, q, strict=True)]
    xx, xy, yy = (sum(r[0] * r[i] * r[j] for r in rows) for i, j in ((1, 1), (1, 2), (2, 2)))
    ux, uy, vx, vy = (sum(r[0] * r[i] * r[j] for r in rows) for i, j in ((3, 1), (3, 2), (4, 1), (4, 2)))
    if model == "translation":
        a, b, c, d = 1, 0, 0, 1
    elif model == "affine":
        det = xx * yy - xy * xy
        if det == 0:
            return x, y
        a, b = (ux * yy - uy * xy) / det, (uy * xx - ux * xy) / det
        c, d = (vx * yy - vy * xy) / det, (vy * xx - vx * xy) / det
    else:
        cos, sin = ux + vy, vx - uy
        size = mpmath.sqrt(cos**2 + sin**2) if model == "rigid" else xx + yy
        if size == 0:
            return mpmath.nan, mpmath.nan
        a, b, c, d = cos / size, -sin / size, sin / size, cos / size
    return qx + a * (x - px) + b * (y - py), qy + c * (x - px) + d * (y - py)


def exact_map(src: Any, dst: Any, weights: Any, model: str, alpha: float, points: Any) -> np.ndarray:
    """(N, 2) images, rounded once."""
    with mpmath.workdps(DIGITS):
        images = [exact_image(src, dst, weights, model, alpha, x, y) for x, y in points]
        return np.array([[float(u), float(v)] for u, v in images])


def exact_jacobian(src: Any, dst: Any, weights: Any, model: str, alpha: float, point: Any) -> np.ndarray:
    """(2, 2) derivative by central differences with a step of 1e-15 px, good to some 25 digits."""
    with mpmath.workdps(DIGITS):
        step = mpmath.mpf("1e-15")
        x, y = mpmath.mpf(point[0]), mpmath.mpf(point[1])
        out = np.empty((2, 2))
        for axis, (dx, dy) in enumerate(((step, 0), (0, step))):
            ahead = exact_image(src, dst, weights, model, alpha, x + dx, y + dy)
            behind = exact_image(src, dst, weights, model, alpha, x - dx, y - dy)
            out[:, axis] = [float((a - b) / (2 * step)) for a, b in zip(ahead, behind, strict=True)]
    return out
