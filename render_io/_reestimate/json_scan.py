"""The grammar of JSON as kernels over the bytes of a text: where a value ends, or that it is malformed.

Strict, and stricter than needed: numbers that may be beyond all doubles, unpaired surrogates and deep nesting count as
malformed too, and are left to others.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from transforms._jit import lean_kernel
from transforms._kernels.byte_blocks import BLOCK, equal_bytes, lowest_bit, smaller_bytes

__all__ = ["blanks_end", "equals", "name_table", "next_member", "peek", "string_end", "value_end"]

Bytes = npt.NDArray[np.uint8]

_DEEPEST: Final = 60
_LARGEST: Final = 308


def name_table(names: tuple[bytes, ...]) -> Bytes:
    """Make what `equals` compares with.

    Parameters
    ----------
    names : tuple of bytes
        Up to 13 characters each.

    Returns
    -------
    ndarray
        (N, 14) uint8: length and characters of each.
    """
    rows = np.zeros((len(names), 14), dtype=np.uint8)
    for row, name in zip(rows, names, strict=True):
        row[0], row[1 : 1 + len(name)] = len(name), np.frombuffer(name, dtype=np.uint8)
    return rows


_LITERALS: Final = name_table((b"true", b"false", b"null"))


@lean_kernel
def peek(text: Bytes, at: int) -> int:
    """The character at a place, 0 behind the end."""
    return int(text[at]) if at < text.shape[0] else 0


@lean_kernel
def blanks_end(text: Bytes, at: int) -> int:
    while at < text.shape[0] and (text[at] == 32 or text[at] == 10 or text[at] == 13 or text[at] == 9):
        at += 1
    return at


@lean_kernel
def escape_end(text: Bytes, at: int) -> int:
    """End of the escape whose backslash is at a place, -1 for none; surrogates are left to others."""
    c = peek(text, at + 1)
    if c == 34 or c == 92 or c == 47 or c == 98 or c == 102 or c == 110 or c == 114 or c == 116:
        return at + 2
    if c != 117:
        return -1
    value = 0
    for k in range(2, 6):
        c = peek(text, at + k)
        if 48 <= c <= 57:
            digit = c - 48
        elif 97 <= c | 32 <= 102:
            digit = (c | 32) - 87
        else:
            return -1
        value = value * 16 + digit
    return -1 if 0xD800 <= value <= 0xDFFF else at + 6


@lean_kernel
def plain_end(text: Bytes, at: int) -> int:
    """Place of the next character from ``at`` on that is special in a string, or the end of the text."""
    size = text.shape[0]
    while at + BLOCK <= size:
        special = equal_bytes(text, at, 34) | equal_bytes(text, at, 92) | smaller_bytes(text, at, 32)
        if special:
            return at + lowest_bit(special)
        at += BLOCK
    while at < size and text[at] != 34 and text[at] != 92 and text[at] >= 32:
        at += 1
    return at


@lean_kernel
def string_end(text: Bytes, at: int) -> tuple[int, bool]:
    """Place of the quote that ends the string begun before ``at``, -1 for none; and whether it has an escape."""
    escaped = False
    while True:
        at = plain_end(text, at)
        c = peek(text, at)
        if c == 34:
            return at, escaped
        at = escape_end(text, at) if c == 92 else -1
        if at < 0:
            return -1, True
        escaped = True


@lean_kernel
def digits_end(text: Bytes, at: int) -> int:
    while at < text.shape[0] and 48 <= text[at] <= 57:
        at += 1
    return at


@lean_kernel
def number_end(text: Bytes, at: int) -> int:
    """End of a number, -1 for none; those that may be beyond all doubles are left to others."""
    at += peek(text, at) == 45
    first = at
    at = digits_end(text, at)
    size = at - first
    if size == 0 or (text[first] == 48 and size > 1):
        return -1
    if peek(text, at) == 46:
        first = at + 1
        at = digits_end(text, first)
        if at == first:
            return -1
    if peek(text, at) | 32 == 101:
        at += 1
        negative = peek(text, at) == 45
        at += negative or peek(text, at) == 43
        first = at
        at = digits_end(text, at)
        if at == first or at > first + 9:
            return -1
        exponent = 0
        for k in range(first, at):
            exponent = exponent * 10 + int(text[k]) - 48
        size += 0 if negative else exponent
    return at if size <= _LARGEST else -1


@lean_kernel
def equals(text: Bytes, start: int, stop: int, table: Bytes, row: int) -> bool:
    """Whether a part of the text is a word of a table."""
    if stop - start != table[row, 0] or stop > text.shape[0]:
        return False
    for k in range(stop - start):  # noqa: SIM110
        if text[start + k] != table[row, 1 + k]:
            return False
    return True


@lean_kernel
def scalar_end(text: Bytes, at: int) -> int:
    """End of a string, a number or a literal; -1 for none."""
    c = peek(text, at)
    if c == 34:
        stop, _ = string_end(text, at + 1)
        return stop + 1 if stop >= 0 else -1
    if c == 45 or 48 <= c <= 57:
        return number_end(text, at)
    for row in range(_LITERALS.shape[0]):
        stop = at + int(_LITERALS[row, 0])
        if equals(text, at, stop, _LITERALS, row):
            return stop
    return -1


@lean_kernel
def next_member(text: Bytes, at: int, opened: bool) -> tuple[int, int, int]:
    """Go on in an object, after its bracket (opened) or after a value: bounds of the next name, start of its value.

    At the end (0, 0, place behind the bracket), for malformed text (0, 0, -1). The bounds of a name with an escape are
    (1, 0): it is not looked into.
    """
    at = blanks_end(text, at)
    c = peek(text, at)
    if c == 125:
        return 0, 0, at + 1
    if not opened:
        at = blanks_end(text, at + 1) if c == 44 else text.shape[0]
    if peek(text, at) != 34:
        return 0, 0, -1
    start = at + 1
    stop, escaped = string_end(text, start)
    if stop < 0:
        return 0, 0, -1
    at = blanks_end(text, stop + 1)
    if peek(text, at) != 58:
        return 0, 0, -1
    at = blanks_end(text, at + 1)
    return (1, 0, at) if escaped else (start, stop, at)


@lean_kernel
def value_end(text: Bytes, at: int) -> int:
    """End of a value of any kind; -1 when it is malformed, or nested too deeply."""
    depth, kinds = 0, 0  # One bit for each open bracket: whether it is an object's.
    while True:
        c = peek(text, at)
        if c == 123 or c == 91:
            depth, kinds = depth + 1, kinds * 2 + (c == 123)
            at = blanks_end(text, at + 1)
            if depth == _DEEPEST:
                return -1
            if peek(text, at) != c + 2:  # Not closed at once.
                if c == 123:
                    _, _, at = next_member(text, at, True)
                    if at < 0:
                        return -1
                continue
        else:
            at = scalar_end(text, at)
            if at < 0:
                return -1
        while True:
            if depth == 0:
                return at
            at = blanks_end(text, at)
            c = peek(text, at)
            if c == (125 if kinds & 1 else 93):
                depth, kinds, at = depth - 1, kinds // 2, at + 1
            elif c == 44:
                if kinds & 1:
                    _, _, at = next_member(text, at, False)
                    if at < 0:
                        return -1
                else:
                    at = blanks_end(text, at + 1)
                break
            else:
                return -1
