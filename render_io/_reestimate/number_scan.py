"""Numbers of many dataStrings, read where they stand in the text of a section.

A decimal of up to nineteen digits is an integer times a power of ten; its nearest double is that product rounded. The
product with a power kept to 128 bits tells it, but for cases so close to the middle of two doubles that they are left
to others (D. Lemire, Number parsing at a gigabyte per second, 2021). What is not a plain row of decimals with single
blanks between them is left to others as well: this is the quick way through what is usual, not the grammar.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from transforms._jit import lean_kernel, word_at
from transforms._kernels.byte_blocks import same_until

__all__ = ["count_numbers", "parse_rows", "same_texts"]

Bytes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_LOWEST, _HIGHEST = -60, 60
"""Powers of ten in the table: more than numbers in pixels need."""
_DIGITS: Final = 19


def _powers() -> npt.NDArray[np.uint64]:
    """(121, 2) upper and lower 64 bits of five to the q, shifted so that the top bit is set, not too large."""
    rows = []
    for q in range(_LOWEST, _HIGHEST + 1):
        power = 5 ** abs(q)
        if q < 0:
            # Powers down to -27 are rounded up at 128 bits, the others at more: what the proof needs.
            bits = (power - 1).bit_length()
            power = (1 << (bits + 127 if q >= -27 else 2 * bits + 128)) // power + 1
        shift = power.bit_length() - 128
        power = power >> shift if shift > 0 else power << -shift
        rows.append((power >> 64, power & (1 << 64) - 1))
    return np.array(rows, dtype=np.uint64)


_POWERS: Final = _powers()
_EXACT: Final = 10.0 ** np.arange(23)
_HALF: Final = np.uint64(32)
_LOW: Final = np.uint64(0xFFFFFFFF)
_ONE: Final = np.uint64(1)
_ZERO, _NINE, _TEN = np.uint64(48), np.uint64(9), np.uint64(10)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


@lean_kernel
def times(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Upper and lower half of a product."""
    al, ah, bl, bh = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    low = al * bl
    middle = ah * bl + (low >> _HALF)
    other = al * bh + (middle & _LOW)
    return ah * bh + (middle >> _HALF) + (other >> _HALF), (other << _HALF) | (low & _LOW)


@lean_kernel
def leading_zeros(word: np.uint64) -> int:
    count = 0
    for step in (32, 16, 8, 4, 2, 1):
        if word >> np.uint64(64 - step) == 0:
            word = word << np.uint64(step)
            count += step
    return count


@lean_kernel
def nearest(digits: np.uint64, power: int) -> float:
    """The double nearest to digits * 10**power, -1 where this can't tell."""
    if digits == 0:
        return 0.0
    if digits >> np.uint64(53) == 0 and -22 <= power <= 22:
        # Both are exact, so that one rounding is all there is.
        return float(float(digits) / _EXACT[-power] if power < 0 else float(digits) * _EXACT[power])
    if power < _LOWEST or power > _HIGHEST:
        return -1.0
    zeros = leading_zeros(digits)
    shifted = digits << np.uint64(zeros)
    upper, lower = times(shifted, _POWERS[power - _LOWEST, 0])
    if upper & np.uint64(0x1FF) == np.uint64(0x1FF):
        more, _ = times(shifted, _POWERS[power - _LOWEST, 1])
        lower = lower + more
        if lower < more:
            upper = upper + _ONE
    # Exact halves and what the truncated power leaves open.
    if lower <= _ONE or lower == np.uint64(0xFFFFFFFFFFFFFFFF):
        return -1.0
    top = int(upper >> np.uint64(63))
    mantissa = upper >> np.uint64(top + 9)
    mantissa = (mantissa + (mantissa & _ONE)) >> _ONE
    return float(mantissa) * 2.0 ** (((217706 * power) >> 16) + 63 + top - zeros - 52)


@lean_kernel
def take_digits(text: Bytes, at: int, stop: int, digits: Any) -> tuple[Any, int]:
    """Put the digits from a place on behind those that there are, as a uint64; the end of them."""
    while at < stop:
        digit = np.uint64(text[at]) - _ZERO
        if digit > _NINE:
            break
        digits = digits * _TEN + digit
        at += 1
    return digits, at


@lean_kernel
def zeros_end(text: Bytes, at: int, stop: int) -> int:
    """Place of the first digit that counts."""
    while at < stop and (text[at] == 48 or text[at] == 46):
        at += 1
    return at


@lean_kernel
def take_exponent(text: Bytes, at: int, stop: int) -> tuple[int, int]:
    """The exponent whose letter is at a place, and its end: -1 for none, or more than three digits."""
    at += 1
    minus = at < stop and text[at] == 45
    at += minus or (at < stop and text[at] == 43)
    digits, end = take_digits(text, at, min(stop, at + 4), np.uint64(0))
    exponent: Any = np.int64(digits)
    return (-exponent if minus else exponent), (end if at < end < at + 4 else -1)


@lean_kernel
def parse_number(text: Bytes, at: int, stop: int) -> tuple[float, int]:
    """The number that begins at a place, and its end; an end of -1 where there is none, or none that this can read."""
    negative = at < stop and text[at] == 45
    at += negative or (at < stop and text[at] == 43)
    first = at
    digits, at = take_digits(text, at, stop, np.uint64(0))
    count, power = at - first, 0
    if at < stop and text[at] == 46:
        point = at
        digits, at = take_digits(text, at + 1, stop, digits)
        power = point + 1 - at
        count -= power
    if count == 0 or (count > _DIGITS and at - zeros_end(text, first, at) > _DIGITS):
        return 0.0, -1
    if at < stop and text[at] | 32 == 101:
        exponent, at = take_exponent(text, at, stop)
        if at < 0:
            return 0.0, -1
        power += exponent
    value = nearest(digits, power)
    return (-value if negative else value), (at if value >= 0.0 else -1)


@lean_kernel
def parse_rows(text: Bytes, spans: IntArray, counts: IntArray, out: FloatArray, good: Bytes) -> None:
    """Read rows of numbers from (N, M, 2) parts of a text, ``counts`` (M,) from each; ``out`` has all in a row.

    ``good`` (N,) is 0 where others have to read.
    """
    for n in range(spans.shape[0]):
        good[n] = read_row(text, spans, counts, n, out)


@lean_kernel
def read_row(text: Bytes, spans: IntArray, counts: IntArray, n: int, out: FloatArray) -> bool:
    k = 0
    for m in range(counts.shape[0]):
        at, stop = spans[n, m, 0], spans[n, m, 1]
        for left in range(counts[m], 0, -1):
            out[n, k], at = parse_number(text, at, stop)
            if at < 0 or (left > 1 and (at >= stop or text[at] != 32)):
                return False
            at, k = at + (left > 1), k + 1
        if at != stop:
            return False
    return True


@lean_kernel
def count_numbers(text: Bytes, start: int, stop: int) -> int:
    """How many numbers a part of the text has, if it is as usual."""
    count = 1
    for at in range(start, stop):
        count += text[at] == 32
    return count


@lean_kernel
def are_same(text: Bytes, spans: IntArray, n: int, m: int) -> bool:
    """Whether two parts of a text are the same."""
    start, stop = spans[n, 0], spans[n, 1]
    first = spans[m, 0]
    return bool(stop - start == spans[m, 1] - first and same_until(text, start, first, stop) == stop)


@lean_kernel
def mixed(text: Bytes, start: int, stop: int) -> Any:
    """A uint64 below 2**32 that tells most texts apart, from a few characters all over it."""
    size = stop - start
    bits = np.uint64(size)
    if size < 8:
        for at in range(start, stop):
            bits = (bits ^ np.uint64(text[at])) * _MIX
        return bits >> _HALF
    for at in range(start, stop - 8, max(8, size >> 3)):
        bits = (bits ^ word_at(text, at)) * _MIX
    return ((bits ^ word_at(text, stop - 8)) * _MIX) >> _HALF


@lean_kernel
def same_texts(text: Bytes, spans: IntArray, slots: IntArray, ids: IntArray, firsts: IntArray) -> int:
    """Number the different texts among (N, 2) parts: ``ids`` (N,) of each; ``firsts`` (N,) where each is first.

    ``slots`` is (2**k,) of -1, more than N. Returns how many there are.
    """
    mask = slots.shape[0] - 1
    found = 0
    for n in range(spans.shape[0]):
        if n and are_same(text, spans, n, n - 1):
            ids[n] = ids[n - 1]
            continue
        slot = np.int64(mixed(text, spans[n, 0], spans[n, 1]) & np.uint64(mask))
        while slots[slot] >= 0 and not are_same(text, spans, n, firsts[slots[slot]]):
            slot = (slot + 1) & mask
        if slots[slot] < 0:
            slots[slot] = found
            firsts[found] = n
            found += 1
        ids[n] = slots[slot]
    return found
