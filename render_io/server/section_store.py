"""Section data and stack statistics: computed from the tiles, and the snapshot that COMPLETE leaves."""

from __future__ import annotations

import math
import sqlite3
from typing import Any

import orjson

from render_io.server import stack_store
from render_io.server.answers import BadRequest
from render_io.server.tile_store import Condition

__all__ = ["aggregate", "current", "forget", "of_layer", "snapshot"]

_GROUPS = """
SELECT section_id, z, count(*), min(min_x), max(max_x), min(min_y), max(max_y)
FROM tile WHERE stack = ? {where} GROUP BY section_id, z ORDER BY section_id, z
"""
_STATS = """
SELECT count(*), min(min_x), min(min_y), min(z), max(max_x), max(max_y), max(z),
       min(max_x - min_x), max(max_x - min_x), min(max_y - min_y), max(max_y - min_y)
FROM tile WHERE stack = ?
"""
_CHANNELS = """
SELECT DISTINCT json_extract(channel.value, '$.name')
FROM tile, json_each(tile.head || '}', '$.channels') AS channel WHERE tile.stack = ? AND tile.has_channels
"""


def _section(row: tuple[Any, ...]) -> dict[str, Any]:
    names = ("sectionId", "z", "tileCount", "minX", "maxX", "minY", "maxY")
    return {name: value for name, value in zip(names, row, strict=True) if value is not None}


def of_layer(db: sqlite3.Connection, key: int, z: float) -> list[dict[str, Any]]:
    """Return the section data of one layer as they are now, by sectionId."""
    rows = db.execute(_GROUPS.format(where="AND z = ? AND section_id IS NOT NULL"), (key, z))
    return [_section(row) for row in rows]


def current(
    db: sqlite3.Connection, stack: stack_store.Stack, min_z: float | None, max_z: float | None
) -> list[dict[str, Any]]:
    """Return the section data of a range of layers as they are now."""
    condition = Condition().layers(min_z, max_z)
    rows = db.execute(
        _GROUPS.format(where=f"AND section_id IS NOT NULL{condition.sql}"), (stack.key, *condition.values)
    )
    return [_section(row) for row in rows]


def aggregate(db: sqlite3.Connection, stack: stack_store.Stack) -> dict[str, Any] | None:
    """Store the section data of a stack as of now, and return its stats; None when it has no tiles."""
    rows = db.execute(_GROUPS.format(where="AND section_id IS NOT NULL"), (stack.key,))
    sections = orjson.dumps([_section(row) for row in rows]).decode()
    db.execute("UPDATE stack SET sections = ? WHERE key = ?", (sections, stack.key))
    return _stats(db, stack.key)


def _stats(db: sqlite3.Connection, key: int) -> dict[str, Any] | None:
    tiles, *limits = db.execute(_STATS, (key,)).fetchone()
    if tiles == 0:
        return None
    layers = [row[0] for row in db.execute("SELECT DISTINCT z FROM tile WHERE stack = ? AND z IS NOT NULL", (key,))]
    bounds = zip(("minX", "minY", "minZ", "maxX", "maxY", "maxZ"), limits[:6], strict=True)
    sizes = [0 if size is None else _to_int32(size) for size in limits[6:]]
    return {
        "stackBounds": {name: value for name, value in bounds if value is not None},
        "sectionCount": len(layers),
        "nonIntegralSectionCount": sum(z > math.trunc(z) for z in layers),
        "tileCount": tiles,
        "transformCount": db.execute("SELECT count(*) FROM transform WHERE stack = ?", (key,)).fetchone()[0],
        "minTileWidth": sizes[0],
        "maxTileWidth": sizes[1],
        "minTileHeight": sizes[2],
        "maxTileHeight": sizes[3],
        "channelNames": [row[0] for row in db.execute(_CHANNELS, (key,)) if row[0] is not None],
    }


def _to_int32(value: float) -> int:
    """Cut a double to a 32-bit integer as Java does."""
    return math.trunc(max(-(2.0**31), min(2.0**31 - 1, value)))


def forget(db: sqlite3.Connection, stack: stack_store.Stack) -> None:
    """Drop the snapshot."""
    db.execute("UPDATE stack SET sections = NULL WHERE key = ?", (stack.key,))


def snapshot(
    db: sqlite3.Connection, stack: stack_store.Stack, min_z: float | None, max_z: float | None
) -> list[dict[str, Any]]:
    """Return the section data as of the last COMPLETE, limits included.

    Raises
    ------
    BadRequest
        When the stack was never complete.
    """
    text = db.execute("SELECT sections FROM stack WHERE key = ?", (stack.key,)).fetchone()[0]
    if text is None:
        raise BadRequest(
            f"section data not aggregated for stack with {stack.id},"
            " set stack state to COMPLETE to generate the aggregate collection"
        )
    sections: list[dict[str, Any]] = orjson.loads(text)
    if min_z is None and max_z is None:
        return sections
    low, high = -math.inf if min_z is None else min_z, math.inf if max_z is None else max_z
    return [section for section in sections if low <= section.get("z", math.nan) <= high]
