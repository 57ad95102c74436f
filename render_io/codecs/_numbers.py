"""How Java reads and writes numbers, to the bit.

Double.parseDouble, Float.parseFloat, Integer.parseInt and Double.toString of OpenJDK. Python's own parser is
looser in places (``1_0``, ``nan``, digits of other scripts) and stricter in others (``1d``, ``0x1p3``), so every
text goes through the grammar first. Errors are ValueError: callers know the place and make a SpecError of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Final

import numpy as np

__all__ = ["NumberParser", "format_double", "is_single", "parse_double", "parse_int", "parse_single"]

NumberParser = Callable[[str], float]
"""`parse_double` or `parse_single`."""

# Double.parseDouble trims everything up to U+0020 on both sides, not only white space.
_TRIMMED: Final = "".join(map(chr, range(0x21)))
_DECIMAL: Final = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fFdD]?")
_HEXADECIMAL: Final = re.compile(
    r"([+-]?)0[xX](?:([0-9a-fA-F]+)\.?|([0-9a-fA-F]*)\.([0-9a-fA-F]+))[pP]([+-]?[0-9]+)[fFdD]?"
)
_NAMED: Final = {
    sign + word: value * (-1 if sign == "-" else 1)
    for sign in ("", "+", "-")
    for word, value in (("NaN", math.nan), ("Infinity", math.inf))
}
_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1
_SINGLE_OVERFLOW: Final = 2.0**128
_TWO_DIGITS_BELOW: Final = 1e-300


def parse_double(text: str) -> float:
    """Read a number as ``Double.parseDouble`` does.

    Parameters
    ----------
    text : str
        One field of a dataString.

    Returns
    -------
    float
        The nearest double; infinite where the text overflows.

    Raises
    ------
    ValueError
        When Java refuses the text.
    """
    trimmed = text.strip(_TRIMMED)
    if match := _DECIMAL.fullmatch(trimmed):
        return float(match[1])
    if trimmed in _NAMED:
        return abs(_NAMED[trimmed]) if trimmed.endswith("NaN") else _NAMED[trimmed]
    if match := _HEXADECIMAL.fullmatch(trimmed):
        return _hexadecimal(match)
    raise ValueError(f"not a number Java reads: {text[:80]!r}")


def parse_single(text: str) -> float:
    """Read a number as ``Float.parseFloat`` does and widen it.

    The text is rounded once, directly to 32 bits: rounding the double again would be wrong for texts next to the
    middle of two floats.

    Parameters
    ----------
    text : str
        One field of a dataString.

    Returns
    -------
    float
        The nearest 32-bit float, as a double.

    Raises
    ------
    ValueError
        When Java refuses the text.
    """
    double = parse_double(text)
    magnitude = abs(double)
    if not math.isfinite(double) or magnitude >= _SINGLE_OVERFLOW:
        return double if math.isnan(double) else math.copysign(math.inf, double)
    with np.errstate(over="ignore", under="ignore"):
        nearest = np.float32(magnitude)
    toward = np.float32(np.inf if float(nearest) < magnitude else 0.0)
    with np.errstate(over="ignore", under="ignore"):
        other = np.nextafter(nearest, toward)
    low, high = sorted(min(float(candidate), _SINGLE_OVERFLOW) for candidate in (nearest, other))
    if magnitude == (low + high) / 2:  # the double sits in the middle: the text itself has to decide
        exact = abs(_exact(text))
        if exact != Fraction(magnitude):
            return math.copysign(_widen(high if exact > magnitude else low), double)
    return math.copysign(float(nearest), double)


def parse_int(text: str) -> int:
    """Read an integer as ``Integer.parseInt`` does.

    Parameters
    ----------
    text : str
        One field of a dataString; a sign and decimal digits of any script, no blanks.

    Returns
    -------
    int
        A value of 32 bits.

    Raises
    ------
    ValueError
        When Java refuses the text.
    """
    digits = text[1:] if text[:1] in ("+", "-") else text
    # Java looks at UTF-16 units, so digits beyond the basic plane are no digits to it.
    if digits.isdecimal() and max(digits) <= "\uffff":
        # The length is bounded only after leading zeros of whatever script are gone.
        significant = "".join(str(int(digit)) for digit in digits).lstrip("0")
        value = int(significant or "0") if len(significant) <= 10 else _INT_MAX + 2
        value = -value if text[0] == "-" else value
        if _INT_MIN <= value <= _INT_MAX:
            return value
    raise ValueError(f"not an integer Java reads: {text[:80]!r}")


def format_double(value: float) -> str:
    """Write a double as ``Double.toString`` does since JDK 19: the shortest text that reads back to the same bits.

    Parameters
    ----------
    value : float
        Any double.

    Returns
    -------
    str
        Plain notation for magnitudes in [0.001, 1e7) and zero, else ``d.dddE<exponent>``.
    """
    value = float(value)  # numpy's scalars print themselves differently
    text = repr(value)
    magnitude = abs(value)
    if 1e-3 <= magnitude < 1e7 or magnitude == 0:
        return text
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return _scientific(magnitude, text) if value > 0 else "-" + _scientific(magnitude, text[1:])


def is_single(value: float) -> bool:
    """Tell whether a double survives ``Float.parseFloat`` of its text unchanged.

    Parameters
    ----------
    value : float
        Any double.

    Returns
    -------
    bool
        True for NaN, the infinities and every 32-bit float.
    """
    with np.errstate(over="ignore", under="ignore"):
        narrowed = float(np.float32(value))
    return narrowed == value or math.isnan(value)


def _hexadecimal(match: re.Match[str]) -> float:
    sign, whole, before, after, exponent = match.groups()
    digits = whole if whole is not None else f"{before or '0'}.{after}"
    try:
        return float.fromhex(f"{sign}0x{digits}p{exponent}")
    except OverflowError:
        return -math.inf if sign == "-" else math.inf


def _exact(text: str) -> Fraction:
    """Value of a finite number text without any rounding."""
    trimmed = text.strip(_TRIMMED)
    if match := _DECIMAL.fullmatch(trimmed):
        return Fraction(Decimal(match[1]))
    match = _HEXADECIMAL.fullmatch(trimmed)
    if match is None:
        raise ValueError(f"not a number Java reads: {text[:80]!r}")
    sign, whole, before, after, exponent = match.groups()
    mantissa = whole if whole is not None else before + after
    shift = int(exponent) - 4 * len(after or "")
    return Fraction(int(sign + mantissa, 16)) * Fraction(2) ** shift


def _widen(value: float) -> float:
    return math.inf if value == _SINGLE_OVERFLOW else value


def _scientific(magnitude: float, text: str) -> str:
    """Rearrange Python's shortest digits of a magnitude into ``d.dddE<exponent>``."""
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    if exponent:
        power = int(exponent)
    elif whole == "0":
        digits = fraction.lstrip("0")
        power = len(digits) - len(fraction) - 1
        whole, fraction = digits[0], digits[1:]
    else:
        power = len(whole) - 1
        whole, fraction = whole[0], (whole[1:] + fraction).rstrip("0")
    if not fraction and magnitude < _TWO_DIGITS_BELOW:
        # Java prints two digits at least, and then the two that are nearest: 4.9E-324, not 5.0E-324.
        two, _, exponent = f"{magnitude:.1e}".partition("e")
        return f"{two}E{int(exponent)}"
    return f"{whole}.{fraction or '0'}E{power}"
