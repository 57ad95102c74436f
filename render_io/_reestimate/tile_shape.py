"""Tiles that are like one before: the same text, but for numbers and strings.

Tiles of a section have the same members in the same order, and much the same values. One that was read strictly is the
model: where its values stand is noted. A later tile is compared with it, many bytes at a time, and read only where it
differs; as every difference has to be within a value, and what is there instead a value of the same kind, read as
strictly, the tile is what the model is. All others are read from scratch.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from render_io._reestimate.json_scan import blanks_end, equals, name_table, number_end, peek, string_end
from transforms._jit import lean_kernel
from transforms._kernels.byte_blocks import same_until

__all__ = ["MOST_PARTS", "WORDS", "follow", "note_parts"]

Bytes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]

MOST_PARTS: Final = 96
"""Values of a model; tiles with more are all read from scratch."""

WORDS: Final = name_table((b"list", b"leaf"))
"""What types are."""

# A part is a row of four: where it starts and stops, its kind, and the place where this is noted, -1 for none.
_POINT, _NUMBER, _STRING, _PLAIN = 0, 1, 2, 3
"""Kinds: a place between values, a number, a string, and one without escapes between its quotes."""


@lean_kernel
def add_part(parts: IntArray, count: int, start: int, stop: int, kind: int, place: int) -> int:
    """Count of the parts with one more; -1 when there is no room."""
    if count < 0 or count == parts.shape[0]:
        return -1
    parts[count, 0], parts[count, 1], parts[count, 2], parts[count, 3] = start, stop, kind, place
    return count + 1


@lean_kernel
def place_of(rows: IntArray, first: int, last: int, columns: int, start: int) -> int:
    """Place in rows[first:last], counted row by row, that holds a start; -1 for none. Starts are in even columns."""
    for n in range(first, last):
        for column in range(0, columns, 2):
            if rows[n, column] == start:
                return (n - first) * columns + column
    return -1


@lean_kernel
def is_fixed(text: Bytes, start: int, stop: int) -> bool:
    """Whether a string is a name, or one of the words that types are."""
    for row in range(WORDS.shape[0]):
        if equals(text, start + 1, stop - 1, WORDS, row):
            return True
    return peek(text, blanks_end(text, stop)) == 58


@lean_kernel
def note_parts(
    text: Bytes,
    start: int,
    stop: int,
    rows: IntArray,
    n: int,
    values: int,
    leaves: IntArray,
    first: int,
    last: int,
    parts: IntArray,
) -> int:
    """Note the parts of a tile read strictly into rows[n] and leaves[first:last]; how many, -1 when it is no model.

    The first ``values`` columns of the row are of values, the next two of the list. Places of the row come before those
    of the leaves.
    """
    count, noted, at = 0, 0, start
    wide = rows.shape[1]
    while at < stop and count >= 0:
        c = text[at]
        if at == rows[n, values] or at == rows[n, values + 1]:
            count = add_part(parts, count, at, at, _POINT, values + (at == rows[n, values + 1]))
        if c == 34:
            end, _ = string_end(text, at + 1)
            end += 1
            inner = place_of(leaves, first, last, leaves.shape[1], at + 1)
            if inner >= 0:
                count = add_part(parts, count, at, end, _PLAIN, wide + inner)
            elif not is_fixed(text, at, end):
                place = place_of(rows, n, n + 1, values, at)
                noted += place >= 0
                count = add_part(parts, count, at, end, _STRING, place)
            at = end
        elif c == 45 or 48 <= c <= 57:
            end = number_end(text, at)
            place = place_of(rows, n, n + 1, values, at)
            noted += place >= 0
            count = add_part(parts, count, at, end, _NUMBER, place)
            at = end
        else:
            at += 1
    for column in range(0, values, 2):
        noted -= rows[n, column] >= 0
    return count if noted == 0 else -1


@lean_kernel
def part_end(text: Bytes, at: int, kind: int) -> int:
    """End of a value of a kind, -1 for none."""
    if kind == _NUMBER:
        return number_end(text, at)
    if kind == _POINT or peek(text, at) != 34:
        return -1
    stop, escaped = string_end(text, at + 1)
    return stop + 1 if stop >= 0 and not (escaped and kind == _PLAIN) else -1


@lean_kernel
def follow(
    text: Bytes, at: int, start: int, stop: int, parts: IntArray, rows: IntArray, n: int, leaves: IntArray, used: int
) -> int:
    """End of the tile at a place if it is like the model, text[start:stop], else -1; rows[n] and leaves are filled in.

    There is room for the leaves that the model has.
    """
    shift = at - start
    wide, deep = rows.shape[1], leaves.shape[1]
    same = same_until(text, start, at, stop)
    for k in range(parts.shape[0]):
        first, last, place = parts[k, 0], parts[k, 1], parts[k, 3]
        if same < first:
            return -1
        begin = first + shift
        if same <= last:
            # It, or what ends it, differs.
            end = part_end(text, begin, parts[k, 2])
            if end < 0:
                return -1
            shift = end - last
            same = same_until(text, last, end, stop)
        if place >= wide:
            row, column = used + (place - wide) // deep, (place - wide) % deep
            leaves[row, column], leaves[row, column + 1] = begin + 1, last + shift - 1
        elif parts[k, 2] == _POINT:
            rows[n, place] = begin
        elif place >= 0:
            rows[n, place], rows[n, place + 1] = begin, last + shift
    return stop + shift if same == stop else -1
