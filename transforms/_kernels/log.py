"""Logarithm, exponential and power without branches, for floats and lanes."""

from __future__ import annotations

from transforms._jit import kernel
from transforms._kernels.lanes import Real, fma, select, shift, split

LN2 = 0.6931471805599453
# ln 2 in two parts, the first with so few bits that small whole multiples of it are exact.
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
_LOG2_E = 1.4426950408889634
_ROUNDER = 1.5 * 2.0**52
_LIMIT = 700.0


@kernel
def log_scaled(x: Real, exponent_shift: float) -> Real:
    """ln(x / 2^exponent_shift) for positive normal x and a whole shift, within 2 ulp.

    With x = m * 2^e and t = (m - 1) / (m + 1), ln m = 2 artanh t. The coefficients interpolate (2 artanh t - 2 t) / t^3
    as a polynomial of t^2 at the Chebyshev nodes of |t| <= 0.1716 (relative error 5e-18). Zero, NaN and infinity give a
    finite number: callers that can meet them multiply by x.
    """
    exponent, mantissa = split(x, exponent_shift)
    t = (mantissa - 1.0) / (mantissa + 1.0)
    z = t * t
    zz = z * z
    # In pairs, which shortens the chain of operations that wait for each other.
    tail = fma(zz, 0.14616449685043406, fma(z, 0.15331721600556042, 0.18182889125261723))
    tail = fma(zz, tail, fma(z, 0.2222221113479508, 0.28571428625975487))
    tail = fma(zz, tail, fma(z, 0.39999999999899505, 0.666666666666667))
    return fma(exponent, LN2, fma(t * z, tail, t + t))


@kernel
def exponential(x: Real) -> Real:
    """e^x within 2 ulp for |x| <= 700, to which x is limited; NaN stays NaN."""
    x = select(x < -_LIMIT, -_LIMIT, select(x > _LIMIT, _LIMIT, x))
    whole = fma(x, _LOG2_E, _ROUNDER) - _ROUNDER
    r = fma(whole, -_LN2_LOW, fma(whole, -_LN2_HIGH, x))
    series = fma(r, 1.6059043836821613e-10, 2.08767569878681e-09)
    series = fma(r, series, 2.505210838544172e-08)
    series = fma(r, series, 2.755731922398589e-07)
    series = fma(r, series, 2.7557319223985893e-06)
    series = fma(r, series, 2.48015873015873e-05)
    series = fma(r, series, 1.984126984126984e-04)
    series = fma(r, series, 1.3888888888888889e-03)
    series = fma(r, series, 8.333333333333333e-03)
    series = fma(r, series, 4.1666666666666664e-02)
    series = fma(r, series, 1.6666666666666666e-01)
    series = fma(r, series, 0.5)
    return shift(fma(r * r, series, r) + 1.0, whole)


@kernel
def power(x: Real, exponent: float) -> Real:
    """x^exponent for positive normal x, with a relative error of some 2e-16 (1 + |ln x^exponent|).

    One function rather than two calls: as one it is too large for the compiler to inline, which keeps the loops of
    those that rarely need it tight (moving least squares: 99 ns a point with two calls, 26 with one).
    """
    return exponential(exponent * log_scaled(x, 0.0))
