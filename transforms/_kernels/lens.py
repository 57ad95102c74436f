"""Lens correction (mpicbg's NonLinearCoordinateTransform): apply, Jacobian.

The wire holds coefficients of standardised powers, (x^j y^k - mean) / sd, and of a constant 100. That is a polynomial
in x and y; its coefficients are worked out once, the constant in double-double, and evaluated as any polynomial: faster
than the formula and, as nothing is subtracted from large powers any more, more accurate. Where that fails (a zero,
infinite or NaN among the numbers, or coefficients out of the normal range) the formula is followed as it stands.

Parameters, packed by `pack_lens`: those of the polynomial, where -1 - dimension in place of the order asks for the
formula; then the length L, the L coefficients of x' and y' in turns, L means, L standard deviations.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._kernels.double_double import add, divide, two_product
from transforms._kernels.linear import Jet
from transforms._kernels.polynomial import place, polynomial_apply, polynomial_jet, polynomial_point
from transforms._kernels.rebase import term_count
from transforms._types import FloatArray, Points

CONSTANT = 100.0
"""Value of the last feature."""
LEAST_NORMAL = 2.2250738585072014e-308


@kernel
def pack_lens(dimension: int, beta: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Parameters of these kernels from the numbers of the wire; beta is (L, 2)."""
    length, start = beta.shape[0], 1 + 2 * term_count(dimension)
    params = np.zeros(start + 1 + 4 * length)
    params[start] = length
    for i in range(length):
        params[start + 1 + 2 * i], params[start + 2 + 2 * i] = beta[i, 0], beta[i, 1]
        params[start + 1 + 2 * length + i] = mean[i]
        params[start + 1 + 3 * length + i] = sd[i]
    params[0] = dimension if fold(dimension, beta, mean, sd, params) else -1.0 - dimension
    return params


@kernel
def fold(dimension: int, beta: FloatArray, mean: FloatArray, sd: FloatArray, params: FloatArray) -> bool:
    """Fill in the coefficients of the polynomial; False if they are not all sound."""
    last = beta.shape[0] - 1
    sound = True
    for column in range(2):
        constant = two_product(CONSTANT, beta[last, column])
        for i in range(last):
            constant = add(constant, divide(two_product(-beta[i, column], mean[i]), sd[i]))
        params[1 + column] = constant[0]
        sound = sound and math.isfinite(constant[0])
        i = 0
        for d in range(1, dimension + 1):
            for b in range(d + 1):
                value = beta[i, column] / sd[i]
                params[place(dimension, d - b, b) + column] = value
                sound = sound and math.isfinite(value) and (abs(value) >= LEAST_NORMAL or beta[i, column] == 0.0)
                i += 1
    return sound


@kernel
def formula_point(params: FloatArray, x: float, y: float) -> tuple[float, float]:
    """Java's formula in Java's order, without fused operations."""
    dimension = int(params[0] if params[0] >= 0.0 else -1.0 - params[0])
    start = 1 + 2 * term_count(dimension)
    length = int(params[start])
    beta, mean, sd = start + 1, start + 1 + 2 * length, start + 1 + 3 * length
    u, v = 0.0, 0.0
    i = 0
    for d in range(1, dimension + 1):
        for b in range(d + 1):
            feature = (x ** float(d - b) * y ** float(b) - params[mean + i]) / params[sd + i]
            u += feature * params[beta + 2 * i]
            v += feature * params[beta + 2 * i + 1]
            i += 1
    for k in range(i, length - 1):
        feature = (0.0 - params[mean + k]) / params[sd + k]
        u += feature * params[beta + 2 * k]
        v += feature * params[beta + 2 * k + 1]
    u += CONSTANT * params[beta + 2 * length - 2]
    v += CONSTANT * params[beta + 2 * length - 1]
    if dimension == 0 and (math.isnan(x) or math.isnan(y)):
        return math.nan, math.nan
    return u, v


@kernel
def formula_jet(params: FloatArray, x: float, y: float) -> Jet:
    u, v = formula_point(params, x, y)
    dimension = int(-1.0 - params[0])
    start = 1 + 2 * term_count(dimension)
    length = int(params[start])
    beta, sd = start + 1, start + 1 + 3 * length
    ux, uy, vx, vy = 0.0, 0.0, 0.0, 0.0
    i = 0
    for d in range(1, dimension + 1):
        for b in range(d + 1):
            a = d - b
            dx = a * x ** float(a - 1) * y ** float(b) / params[sd + i] if a > 0 else 0.0
            dy = b * x ** float(a) * y ** float(b - 1) / params[sd + i] if b > 0 else 0.0
            ux += dx * params[beta + 2 * i]
            uy += dy * params[beta + 2 * i]
            vx += dx * params[beta + 2 * i + 1]
            vy += dy * params[beta + 2 * i + 1]
            i += 1
    return u, v, ux, uy, vx, vy


@kernel
def is_polynomial(params: FloatArray) -> bool:
    """Whether the parameters begin with those of an equal polynomial."""
    return bool(params[0] >= 0.0)


@kernel
def lens_point(params: FloatArray, x: float, y: float) -> tuple[float, float]:
    return polynomial_point(params, x, y) if is_polynomial(params) else formula_point(params, x, y)


@kernel
def lens_jet(params: FloatArray, x: float, y: float) -> Jet:
    return polynomial_jet(params, x, y) if is_polynomial(params) else formula_jet(params, x, y)


@kernel
def lens_apply(params: FloatArray, points: Points, out: Points) -> None:
    if is_polynomial(params):
        polynomial_apply(params, points, out)
    else:
        lens_in_order(params, points, out)


@kernel
def lens_in_order(params: FloatArray, points: Points, out: Points) -> None:
    """Map points with Java's roundings."""
    for i in range(points.shape[0]):
        u, v = formula_point(params, points[i, 0], points[i, 1])
        out[i, 0], out[i, 1] = u, v
