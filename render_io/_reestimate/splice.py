"""The text of a section with new transforms and boxes: a copy of the old text in which some places are replaced.

Numbers come as JSON, which one call prints for the whole section, and are put into dataStrings as Java prints them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from transforms._jit import copy_bytes, kernel, lean_kernel
from transforms._kernels.byte_blocks import BLOCK, equal_bytes, lowest_bit

__all__ = ["BOXED", "LEFT_OUT", "OTHER", "PLAIN", "gather", "printable", "write_tiles"]

Bytes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

LEFT_OUT, OTHER, PLAIN, BOXED = -1, 0, 1, 2
"""What becomes of a tile: nothing; the next of the other texts; new transforms; new transforms and box."""

_JAVA_PLAIN: Final = (1e-3, 1e7)
"""Sizes between which Java prints no exponent; JSON prints these as Java does."""


_SMALLEST: Final = 1e-300
_LARGEST_WHOLE: Final = 1e15
"""Between these numbers, and those of a box, can be put as text goes; tiles with others are done alone."""


@lean_kernel
def printable(values: FloatArray, good: Bytes) -> None:
    """Which rows (N, C + 4) of numbers and a box are such that `write_tiles` can put them."""
    width = values.shape[1]
    for n in range(values.shape[0]):
        usual = True
        for k in range(width):
            size = abs(values[n, k])
            usual &= (size >= _SMALLEST or size == 0.0) and size < (np.inf if k < width - 4 else _LARGEST_WHOLE)
        good[n] = usual


@lean_kernel
def put_exponent(power: int, out: Bytes, at: int) -> int:
    out[at] = 69
    at += 1
    if power < 0:
        out[at] = 45
        at, power = at + 1, -power
    for ten in (100, 10, 1):
        if power >= ten or ten == 1:
            out[at] = 48 + power // ten % 10
            at += 1
    return at


@lean_kernel
def java_number(value: float, text: Bytes, start: int, stop: int, digits: Bytes, out: Bytes, at: int) -> int:
    """Put a JSON number as Java prints it; the end of it. Smaller ones than 1e-300 are not right."""
    if _JAVA_PLAIN[0] <= abs(value) < _JAVA_PLAIN[1] or value == 0.0:
        return copy_bytes(text, start, stop, out, at)
    return put_scientific(text, start, stop, digits, out, at)


@lean_kernel
def put_scientific(text: Bytes, start: int, stop: int, digits: Bytes, out: Bytes, at: int) -> int:
    """Put a JSON number, other than zero, with an exponent."""
    count = whole = exponent = 0
    fraction = False
    for k in range(start + (text[start] == 45), stop):
        c = text[k]
        if c == 46:
            fraction = True
        elif c | 32 == 101:
            negative = text[k + 1] == 45
            for j in range(k + 1 + (negative or text[k + 1] == 43), stop):
                exponent = exponent * 10 + int(text[j]) - 48
            exponent = -exponent if negative else exponent
            break
        elif count or c != 48:
            digits[count] = c
            count += 1
            whole += not fraction
        else:
            whole -= fraction
    while count > 1 and digits[count - 1] == 48:
        count -= 1
    if text[start] == 45:
        out[at] = 45
        at += 1
    out[at], out[at + 1], out[at + 2] = digits[0], 46, 48
    at = copy_bytes(digits, 1, count, out, at + 2) if count > 1 else at + 3
    return put_exponent(whole - 1 + exponent, out, at)


@lean_kernel
def number_stop(text: Bytes, at: int) -> int:
    """Place of the comma, or the bracket, that ends the number in which a place is."""
    while at + BLOCK <= text.shape[0]:
        commas = equal_bytes(text, at, 44)
        if commas:
            return at + lowest_bit(commas)
        at += BLOCK
    while text[at] != 44 and text[at] != 93:
        at += 1
    return at


@lean_kernel
def put_box(old: Bytes, start: int, stop: int, text: Bytes, first: int, last: int, out: Bytes, at: int) -> int:
    """Put the number of a box; whole numbers stay whole where they were written so."""
    whole = True
    for k in range(start, stop):
        whole &= old[k] != 46 and old[k] | 32 != 101
    return copy_bytes(text, first, last - 2 if whole else last, out, at)


@lean_kernel
def next_part(replaced: IntArray, t: int, parts: int, done: int) -> int:
    """Which of the first parts of a tile comes first from a place on."""
    best = -1
    for r in range(parts):
        if replaced[t, r, 0] >= done and (best < 0 or replaced[t, r, 0] < replaced[t, best, 0]):
            best = r
    return best


@lean_kernel
def put_tile(
    text: Bytes,
    tiles: IntArray,
    replaced: IntArray,
    t: int,
    parts: int,
    leaf: Bytes,
    values: FloatArray,
    row: int,
    numbers: Bytes,
    cuts: IntArray,
    digits: Bytes,
    out: Bytes,
    at: int,
) -> int:
    """Copy tile t, text[tiles[t]], with new text for its first parts ``replaced`` (T, R, 2); the end of the copy.

    The first part is the list, the others are its box. Number k is values[row, k], as text
    numbers[cuts[k]:cuts[k + 1] - 1]; the last four are the box.
    """
    done = tiles[t, 0]
    count = cuts.shape[0] - 5
    for _ in range(parts):
        best = next_part(replaced, t, parts, done)
        start, stop = replaced[t, best, 0], replaced[t, best, 1]
        at = copy_bytes(text, done, start, out, at)
        if best == 0:
            at = copy_bytes(leaf, 0, leaf.shape[0], out, at)
            for k in range(count):
                if k:
                    out[at] = 32
                    at += 1
                at = java_number(values[row, k], numbers, cuts[k], cuts[k + 1] - 1, digits, out, at)
            out[at], out[at + 1], out[at + 2] = 34, 125, 93
            at += 3
        else:
            k = count + best - 1
            at = put_box(text, start, stop, numbers, cuts[k], cuts[k + 1] - 1, out, at)
        done = stop
    return copy_bytes(text, done, tiles[t, 1], out, at)


@kernel
def write_tiles(
    text: Bytes,
    tiles: IntArray,
    replaced: IntArray,
    kinds: IntArray,
    leaf: Bytes,
    values: FloatArray,
    numbers: Bytes,
    others: Bytes,
    bounds: IntArray,
    out: Bytes,
    places: IntArray,
) -> int:
    """Write tiles, one after the other with a comma and a line end between; how much of ``out`` is used.

    ``tiles`` (T, 2) and ``replaced`` (T, 5, 2) are parts of the text, ``kinds`` (T,) as above. ``values`` (N, C + 4)
    are the numbers and the box of each tile that gets new ones, ``numbers`` is the text of a JSON array of them,
    ``others`` that of the other tiles, each with its bounds (O, 2). ``places`` (T, 2) is where each is in ``out``.
    """
    digits = np.empty(400, dtype=np.uint8)
    cuts = np.empty(values.shape[1] + 1, dtype=np.int64)
    at = other = row = written = 0
    number = 1
    for t in range(tiles.shape[0]):
        places[t, 0] = places[t, 1] = at
        if kinds[t] == LEFT_OUT:
            continue
        if written:
            out[at], out[at + 1] = 44, 10
            at += 2
        places[t, 0] = at
        if kinds[t] == OTHER:
            at = copy_bytes(others, bounds[other, 0], bounds[other, 1], out, at)
            other += 1
        else:
            cuts[0] = number
            for k in range(values.shape[1]):
                number = number_stop(numbers, number) + 1
                cuts[k + 1] = number
            parts = replaced.shape[1] if kinds[t] == BOXED else 1
            at = put_tile(text, tiles, replaced, t, parts, leaf, values, row, numbers, cuts, digits, out, at)
            row += 1
        places[t, 1] = at
        written += 1
    return at


@lean_kernel
def gather(text: Bytes, spans: IntArray, out: Bytes, places: IntArray) -> None:
    """Copy (N, 2) parts of a text one after the other; ``places`` (N, 2) is where they are then."""
    at = 0
    for n in range(spans.shape[0]):
        places[n, 0] = at
        at = copy_bytes(text, spans[n, 0], spans[n, 1], out, at)
        places[n, 1] = at
