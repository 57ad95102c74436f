"""Naive polynomials and their fits: exact fractions, and normal equations with 60 digits."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

DIGITS = 60


def exponents(order: int) -> list[tuple[int, int]]:
    """Powers of x and y of every term, in wire order."""
    return [(degree - j, j) for degree in range(order + 1) for j in range(degree + 1)]


def order_of(count: int) -> int:
    """Order of a complete polynomial with so many terms."""
    return next(order for order in range(count) if (order + 1) * (order + 2) // 2 == count)


def exact_map(coefficients: Any, points: Any) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) exact values rounded once, and the sums of the terms' absolute values."""
    powers = exponents(order_of(len(coefficients[0])))
    values, sizes = np.empty((len(points), 2)), np.empty((len(points), 2))
    for i, (x, y) in enumerate(points):
        for column in range(2):
            terms = [
                Fraction(float(c)) * Fraction(float(x)) ** a * Fraction(float(y)) ** b
                for c, (a, b) in zip(coefficients[column], powers, strict=True)
            ]
            values[i, column], sizes[i, column] = float(sum(terms)), float(sum(abs(t) for t in terms))
    return values, sizes


def exact_jacobian(coefficients: Any, points: Any) -> np.ndarray:
    """(N, 2, 2) derivatives, each the value of a polynomial of the derived coefficients."""
    powers = exponents(order_of(len(coefficients[0])))
    out = np.empty((len(points), 2, 2))
    for i, (x, y) in enumerate(points):
        fx, fy = Fraction(float(x)), Fraction(float(y))
        for column in range(2):
            pairs = [(Fraction(float(c)), a, b) for c, (a, b) in zip(coefficients[column], powers, strict=True)]
            out[i, column, 0] = float(sum(c * a * fx ** (a - 1) * fy**b for c, a, b in pairs if a))
            out[i, column, 1] = float(sum(c * b * fx**a * fy ** (b - 1) for c, a, b in pairs if b))
    return out


def _rows(points: Any, order: int) -> mpmath.matrix:
    powers = exponents(order)
    return mpmath.matrix(
        [[mpmath.mpf(float(x)) ** a * mpmath.mpf(float(y)) ** b for a, b in powers] for x, y in points]
    )


def fitted_map(src: Any, dst: Any, order: int, at: Any, weights: Any = None) -> np.ndarray:
    """(M, 2) values at ``at`` of the least-squares polynomial, right in every digit."""
    with mpmath.workdps(DIGITS):
        design, targets = _rows(src, order), mpmath.matrix([[mpmath.mpf(float(v)) for v in row] for row in dst])
        weighted = design.copy()
        if weights is not None:
            for i, w in enumerate(weights):
                for k in range(design.cols):
                    weighted[i, k] *= mpmath.mpf(float(w))
        normal, right = weighted.T * design, weighted.T * targets
        there = _rows(at, order)
        columns = [there * mpmath.lu_solve(normal, right[:, column]) for column in range(2)]
        return np.array([[float(column[i]) for column in columns] for i in range(len(at))])


def standardised(points: Any, dimension: int, mean: Any, sd: Any, length: int) -> mpmath.matrix:
    """Features of the lens correction, with 60 digits when called inside `mpmath.workdps`."""
    powers = exponents(dimension)[1:]
    rows = []
    for x, y in points:
        raw = [mpmath.mpf(float(x)) ** a * mpmath.mpf(float(y)) ** b for a, b in powers]
        raw += [mpmath.mpf(0)] * (length - 1 - len(raw))
        features = [(r - mpmath.mpf(float(m))) / mpmath.mpf(float(s)) for r, m, s in zip(raw, mean, sd, strict=False)]
        rows.append([*features, mpmath.mpf(100)])
    return mpmath.matrix(rows)


def lens_map(dimension: int, beta: Any, mean: Any, sd: Any, points: Any) -> np.ndarray:
    """(N, 2) values of a lens correction, right in every digit."""
    with mpmath.workdps(DIGITS):
        features = standardised(points, dimension, mean, sd, len(beta))
        out = features * mpmath.matrix([[mpmath.mpf(float(v)) for v in row] for row in beta])
        return np.array([[float(out[i, column]) for column in range(2)] for i in range(len(points))])


def ridge_map(src: Any, dst: Any, dimension: int, mean: Any, sd: Any, ridge: float, at: Any) -> np.ndarray:
    """(M, 2) values at ``at`` of the lens fit with a ridge on the standardised features."""
    with mpmath.workdps(DIGITS):
        design = standardised(src, dimension, mean, sd, len(mean))
        normal = design.T * design + mpmath.mpf(ridge) * mpmath.eye(design.cols)
        right = design.T * mpmath.matrix([[mpmath.mpf(float(v)) for v in row] for row in dst])
        there = standardised(at, dimension, mean, sd, len(mean))
        columns = [there * mpmath.lu_solve(normal, right[:, column]) for column in range(2)]
        return np.array([[float(column[i]) for column in columns] for i in range(len(at))])
