"""One pass over the text of a section: where the tiles are, and where in them what is needed of them stands.

The kernels read JSON strictly. What they don't understand makes a tile odd, or the whole text malformed; odd tiles are
read again the ordinary way, and malformed texts by whoever tells what is wrong with them. Places are offsets in bytes.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from render_io._reestimate.json_scan import blanks_end, equals, name_table, next_member, peek, string_end, value_end
from render_io._reestimate.tile_shape import MOST_PARTS, WORDS, follow, note_parts
from transforms._jit import lean_kernel

__all__ = [
    "BOX",
    "CELL",
    "FIRST",
    "HEIGHT",
    "ID",
    "LEAVES",
    "LIST",
    "ODD",
    "TILE",
    "WIDTH",
    "Scan",
    "Z",
    "box_members",
    "is_ascii",
    "scan",
]  # fmt: skip

Bytes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]

_BOX: Final = (b"minX", b"minY", b"maxX", b"maxY")
_NAMES: Final = (b"tileId", b"z", b"width", b"height", b"meshCellSize", *_BOX, b"transforms")
_LIST_NAMES: Final = (b"specList", b"type")
_LEAF_NAMES: Final = (b"className", b"dataString", b"type")

# Columns of a tile's row: a start and a stop for each, -1 where the member is missing.
ID, Z, WIDTH, HEIGHT, CELL, BOX, _TRANSFORMS = 0, 2, 4, 6, 8, 10, 18
LIST: Final = _TRANSFORMS
"""The array of the tile's transforms."""
TILE: Final = 20
FIRST: Final = 22
"""Number of the first leaf, and how many there are."""
LEAVES: Final = 23
ODD: Final = 24
"""Not zero where the tile has something that is not understood."""
_COLUMNS: Final = 25

# Where the model of the tiles to come is, how many parts and leaves it has, and how many tiles ago it was made that.
_START, _STOP, _PARTS, _SHARE, _AGE = range(5)
_COST: Final = 8
"""Tiles from one model to the next: to make one takes as long as to read a tile from scratch."""

_FEW: Final = 64
"""Tiles that are read before it is known how much room all take."""
_MANY: Final = 8192
"""Leaves that there is room for at first: no tile has more."""


_TILE_TABLE, _LIST_TABLE, _LEAF_TABLE = name_table(_NAMES), name_table(_LIST_NAMES), name_table(_LEAF_NAMES)
_A_LIST, _A_LEAF = 0, 1


class Scan(NamedTuple):
    """Where things are in a section.

    Attributes
    ----------
    tiles : ndarray
        (T, 25) int64: the columns are named in this module.
    leaves : ndarray
        (L, 4) int64: start and stop of the class name and of the dataString, without their quotes.
    """

    tiles: IntArray
    leaves: IntArray


def scan(text: Bytes) -> Scan | None:
    """Find the tiles of a section.

    Parameters
    ----------
    text : ndarray
        (N,) uint8, UTF-8, read-only.

    Returns
    -------
    Scan or None
        None when the text is anything but a JSON array of objects.
    """
    at, count, used = open_array(text), 0, 0
    rows, leaves = np.empty((_FEW, _COLUMNS), dtype=np.int64), np.empty((_MANY, 4), dtype=np.int64)
    model, parts = np.array([0, 0, 0, 0, _COST]), np.empty((MOST_PARTS, 4), dtype=np.int64)
    while at > 0:
        before = count
        at, count, used = scan_tiles(text, at, rows, count, leaves, used, model, parts)
        if count == before:
            return None
        if at > 0:
            # As many as there are if the others are like those so far; what is not used takes no memory.
            most = int(1.1 * count * len(text) / at)
            rows, leaves = _longer(rows, most), _longer(leaves, most * used // count)
    return Scan(rows[:count], leaves[:used]) if at == 0 else None


def _longer(rows: IntArray, count: int) -> IntArray:
    longer = np.empty((max(count, 2 * len(rows)), rows.shape[1]), dtype=np.int64)
    longer[: len(rows)] = rows
    return longer


@lean_kernel
def is_ascii(text: Bytes) -> bool:
    """Whether no character needs more than one byte."""
    seen = 0
    for at in range(text.shape[0]):
        seen |= text[at]
    return seen < 128


@lean_kernel
def box_members(text: Bytes, tiles: IntArray, numbers: Bytes, nulls: Bytes) -> None:
    """How many members of the box of each tile are numbers, and how many are missing or null: (T,) each."""
    for t in range(tiles.shape[0]):
        numbers[t] = nulls[t] = 0
        for column in range(BOX, BOX + 8, 2):
            first = text[tiles[t, column]] if tiles[t, column] >= 0 else 110
            numbers[t] += first == 45 or 48 <= first <= 57
            nulls[t] += first == 110


@lean_kernel
def name_number(text: Bytes, start: int, stop: int, table: Bytes, guess: int) -> int:
    """Row of a name in a table, -1 for none; the row guessed, if it is one, is looked at first."""
    if guess < table.shape[0] and equals(text, start, stop, table, guess):
        return guess
    for row in range(table.shape[0]):
        if equals(text, start, stop, table, row):
            return row
    return -1


@lean_kernel
def is_word(text: Bytes, start: int, stop: int, row: int) -> bool:
    """Whether a value is a string with one of the words."""
    return peek(text, start) == 34 and equals(text, start + 1, stop - 1, WORDS, row)


@lean_kernel
def scan_leaf(text: Bytes, at: int, leaf: IntArray) -> tuple[int, bool]:
    """End of a leaf, -1 for malformed text; and whether it is odd."""
    leaf[:] = -1
    typed = odd = False
    opened, name = True, -1
    at += 1
    while True:
        start, stop, at = next_member(text, at, opened)
        if start == 0:
            return at, odd or leaf[0] < 0 or leaf[2] < 0
        opened = False
        name = name_number(text, start, stop, _LEAF_TABLE, name + 1)
        odd |= start > stop
        start = at
        if 0 <= name <= 1 and peek(text, at) == 34:
            stop, escaped = string_end(text, at + 1)
            odd |= escaped or leaf[2 * name] >= 0
            leaf[2 * name], leaf[2 * name + 1] = at + 1, stop
            at = stop + 1 if stop >= 0 else -1
        else:
            at = value_end(text, at)
            if name >= 0:
                odd |= typed or name != 2 or not is_word(text, start, at, _A_LEAF)
                typed = True
        if at < 0:
            return -1, True


@lean_kernel
def scan_leaves(text: Bytes, at: int, row: IntArray, leaves: IntArray, used: int) -> tuple[int, int]:
    """End of an array of leaves, -1 for malformed text; and the leaves used so far, more than there are when full."""
    at = blanks_end(text, at + 1)
    if peek(text, at) == 93:
        return at + 1, used
    while True:
        if used == leaves.shape[0]:
            return at, used + 1
        if peek(text, at) == 123:
            at, odd = scan_leaf(text, at, leaves[used])
            used += not odd
        else:
            at, odd = value_end(text, at), True
        if at < 0:
            return -1, used
        row[ODD] |= odd
        at = blanks_end(text, at)
        c = peek(text, at)
        if c == 93:
            return at + 1, used
        if c != 44:
            return -1, used
        at = blanks_end(text, at + 1)


@lean_kernel
def scan_list(text: Bytes, at: int, row: IntArray, leaves: IntArray, used: int) -> tuple[int, int]:
    """End of a list of transforms, as `scan_leaves`."""
    typed = False
    opened, name = True, -1
    at += 1
    while True:
        start, stop, at = next_member(text, at, opened)
        if start == 0:
            row[ODD] |= row[LIST] < 0
            return at, used
        opened = False
        name = name_number(text, start, stop, _LIST_TABLE, name + 1)
        row[ODD] |= start > stop or (name == 0 and row[LIST] >= 0) or (name == 1 and typed)
        start = at
        if name == 0 and peek(text, at) == 91:
            row[LIST] = at
            at, used = scan_leaves(text, at, row, leaves, used)
            row[LIST + 1] = at
        else:
            at = value_end(text, at)
            row[ODD] |= name == 0 or (name == 1 and not is_word(text, start, at, _A_LIST))
            typed |= name == 1
        if at < 0 or used > leaves.shape[0]:
            return at, used


@lean_kernel
def scan_tile(text: Bytes, at: int, row: IntArray, leaves: IntArray, used: int) -> tuple[int, int]:
    """End of a tile, as `scan_leaves`; its row is filled in."""
    row[:] = -1
    row[TILE], row[FIRST], row[ODD] = at, used, 0
    listed = False
    opened, name = True, -1
    at += 1
    while True:
        start, stop, at = next_member(text, at, opened)
        if start == 0:
            row[TILE + 1], row[LEAVES] = at, used - row[FIRST]
            row[ODD] |= not listed
            return at, used
        opened = False
        name = name_number(text, start, stop, _TILE_TABLE, name + 1)
        row[ODD] |= start > stop
        start = at
        if 2 * name == _TRANSFORMS:
            row[ODD] |= listed or peek(text, at) != 123
            listed = True
            if peek(text, at) == 123:
                at, used = scan_list(text, at, row, leaves, used)
                if used > leaves.shape[0]:
                    return at, used
            else:
                at = value_end(text, at)
        else:
            at = value_end(text, at)
            if name >= 0:
                row[ODD] |= row[2 * name] >= 0
                row[2 * name], row[2 * name + 1] = start, at
        if at < 0:
            return -1, used


@lean_kernel
def open_array(text: Bytes) -> int:
    """Place of the first element of the array that the text is, -1 for none."""
    at = blanks_end(text, 0)
    return blanks_end(text, at + 1) if peek(text, at) == 91 else -1


@lean_kernel
def scan_like(
    text: Bytes, at: int, rows: IntArray, n: int, leaves: IntArray, used: int, model: IntArray, parts: IntArray
) -> tuple[int, int]:
    """End of a tile that is like the model, -1 for others, and the leaves used so far; its row is filled in."""
    more = used + model[_SHARE]
    if model[_PARTS] == 0 or more > leaves.shape[0]:
        return -1, used
    for column in range(_COLUMNS):
        rows[n, column] = -1
    stop = follow(text, at, model[_START], model[_STOP], parts[: model[_PARTS]], rows, n, leaves, used)
    rows[n, TILE], rows[n, TILE + 1] = at, stop
    rows[n, FIRST], rows[n, LEAVES], rows[n, ODD] = used, model[_SHARE], 0
    return stop, more if stop >= 0 else used


@lean_kernel
def take_model(text: Bytes, rows: IntArray, n: int, leaves: IntArray, model: IntArray, parts: IntArray) -> None:
    """Make a tile the model of those to come, unless the last model is too new to have paid."""
    if rows[n, ODD] or model[_AGE] < _COST:
        return
    start, stop, first, count = rows[n, TILE], rows[n, TILE + 1], rows[n, FIRST], rows[n, LEAVES]
    noted = note_parts(text, start, stop, rows, n, _TRANSFORMS, leaves, first, first + count, parts)
    model[_START], model[_STOP], model[_PARTS], model[_SHARE], model[_AGE] = start, stop, max(noted, 0), count, 0


@lean_kernel
def scan_tiles(
    text: Bytes,
    at: int,
    rows: IntArray,
    count: int,
    leaves: IntArray,
    used: int,
    model: IntArray,
    parts: IntArray,
) -> tuple[int, int, int]:
    """Read tiles from a place on until the rows or leaves, of which some are used, are used up.

    Where to go on, 0 at the end of the text, -1 for malformed text; and how many rows and leaves are used then.
    ``model`` and ``parts`` are what is known of the model.
    """
    while count < rows.shape[0]:
        if peek(text, at) != 123:
            return -1, count, used
        model[_AGE] += 1
        stop, more = scan_like(text, at, rows, count, leaves, used, model, parts)
        if stop < 0:
            stop, more = scan_tile(text, at, rows[count], leaves, used)
            if more > leaves.shape[0]:
                return at, count, used
            if stop < 0:
                return -1, count, used
            take_model(text, rows, count, leaves, model, parts)
        count, used = count + 1, more
        at = blanks_end(text, stop)
        c = peek(text, at)
        if c == 93:
            return 0 if blanks_end(text, at + 1) == text.shape[0] else -1, count, used
        if c != 44:
            return -1, count, used
        at = blanks_end(text, at + 1)
    return at, count, used
