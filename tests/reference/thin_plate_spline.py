"""Naive thin plate splines with 40 digits: the sum over landmarks, and the interpolation system as one dense matrix."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np

DIGITS = 40


def radial(ax: Any, ay: Any, bx: Any, by: Any) -> Any:
    """r^2 ln r, 0 at r <= 1e-8."""
    square = (mpmath.mpf(ax) - mpmath.mpf(bx)) ** 2 + (mpmath.mpf(ay) - mpmath.mpf(by)) ** 2
    return mpmath.mpf(0) if square <= mpmath.mpf("1e-16") else square * mpmath.log(square) / 2


def exact_map(landmarks: Any, weights: Any, affine: Any, points: Any) -> np.ndarray:
    """(N, 2) images, rounded once; weights (2 rows of L) and affine (2 rows of 3) may be extended numbers."""
    out = np.empty((len(points), 2))
    with mpmath.workdps(DIGITS):
        for i, (x, y) in enumerate(points):
            values = [radial(x, y, *landmark) for landmark in landmarks]
            for column, start in enumerate((x, y)):
                total = mpmath.mpf(start) + mpmath.fdot(weights[column], values)
                if affine is not None:
                    a, b, c = affine[column]
                    total += a * mpmath.mpf(x) + b * mpmath.mpf(y) + c
                out[i, column] = float(total)
    return out


def exact_fit(src: Any, dst: Any, affine: bool = True, smoothing: float = 0.0) -> tuple[list[Any], list[Any] | None]:
    """Weights and affine rows, as extended numbers."""
    count = len(src)
    size = count + 3 * affine
    with mpmath.workdps(DIGITS):
        matrix = mpmath.zeros(size, size)
        for i in range(count):
            for j in range(count):
                matrix[i, j] = radial(*src[i], *src[j]) + (mpmath.mpf(smoothing) if i == j else 0)
            if affine:
                for k, value in enumerate((src[i][0], src[i][1], 1.0)):
                    matrix[i, count + k] = matrix[count + k, i] = mpmath.mpf(value)
        solutions = []
        for column in range(2):
            wanted = [mpmath.mpf(dst[i][column]) - mpmath.mpf(src[i][column]) for i in range(count)] + [0] * (
                3 * affine
            )
            solutions.append(list(mpmath.lu_solve(matrix, mpmath.matrix(wanted))))
    return [s[:count] for s in solutions], [s[count:] for s in solutions] if affine else None
