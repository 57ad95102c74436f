"""Arithmetic with twice the digits: a number is the unevaluated sum of two doubles.

The second is at most half an ulp of the first. Sources: Dekker, A floating-point technique for extending the available
precision (1971); Hida, Li, Bailey, Library for double-double and quad-double arithmetic (2007).
"""

from __future__ import annotations

from transforms._jit import JIT_DISABLED, fma, kernel

Pair = tuple[float, float]

_SPLITTER = 134217729.0
"""2^27 + 1."""

LN2 = (0.6931471805599453, 2.3190468138462996e-17)
"""Natural logarithm of 2."""


@kernel
def two_sum(a: float, b: float) -> Pair:
    """A + b without any error."""
    s = a + b
    z = s - a
    return s, (a - (s - z)) + (b - z)


@kernel
def _split(a: float) -> Pair:
    t = _SPLITTER * a
    high = t - (t - a)
    return high, a - high


@kernel
def two_product(a: float, b: float) -> Pair:
    """A * b without any error, as long as nothing overflows."""
    p = a * b
    if not JIT_DISABLED:
        return p, fma(a, b, -p)
    ah, al = _split(a)
    bh, bl = _split(b)
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


@kernel
def _renormalised(high: float, low: float) -> Pair:
    s = high + low
    return s, low - (s - high)


@kernel
def add(a: Pair, b: Pair) -> Pair:
    s, e = two_sum(a[0], b[0])
    t, f = two_sum(a[1], b[1])
    s, e = _renormalised(s, e + t)
    return _renormalised(s, e + f)


@kernel
def multiply(a: Pair, b: Pair) -> Pair:
    p, e = two_product(a[0], b[0])
    return _renormalised(p, e + (a[0] * b[1] + a[1] * b[0]))


@kernel
def divide(a: Pair, b: float) -> Pair:
    q = a[0] / b
    p, e = two_product(q, b)
    s, f = two_sum(a[0], -p)
    return _renormalised(q, (s + (f - e + a[1])) / b)
