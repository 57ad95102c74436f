"""Natural logarithm and exponential without branches, for floats and lanes."""

from __future__ import annotations

from transforms._jit import kernel
from transforms._kernels.lanes import Real, fma, shift, split

LN2 = 0.6931471805599453
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
_LOG2_E = 1.4426950408889634
_ROUNDER = 1.5 * 2.0**52


@kernel
def log_scaled(x: Real, shift_by: float) -> Real:
    """ln(x * 2^-shift_by) for positive normal x and whole shift_by.

    With x = m * 2^e and t = (m - 1) / (m + 1), ln m = 2 artanh t; |t| <= 0.172, so the odd series is cut after t^19 with
    near-minimax coefficients. NaN and infinity give something that is no number of use: callers multiply by x.
    """
    exponent, mantissa = split(x)
    t = (mantissa - 1.0) / (mantissa + 1.0)
    z = t * t
    tail = fma(z, _C7, _C6)
    tail = fma(z, tail, _C5)
    tail = fma(z, tail, _C4)
    tail = fma(z, tail, _C3)
    tail = fma(z, tail, _C2)
    tail = fma(z, tail, _C1)
    log_mantissa = fma(t * z, tail, 2.0 * t)
    return fma(exponent - shift_by, LN2, log_mantissa)
