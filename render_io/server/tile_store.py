"""The table of tiles.

A tile's JSON is kept as two texts that are written to answers as they are: `head`, everything but the transforms and
without its closing brace, and `transforms`, the list spec. What queries ask for has columns of its own.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from render_io.server.answers import BadRequest, Failure, Missing
from render_io.server.names import StackId

__all__ = [
    "MAX_TILES",
    "SCHEMA",
    "Condition",
    "TileRow",
    "by_id",
    "document",
    "in_box",
    "in_layer",
    "select",
    "upsert",
    "with_ids",
    "z_values",
]

MAX_TILES = 50_001
SCHEMA = """
CREATE TABLE IF NOT EXISTS tile (
    key INTEGER PRIMARY KEY,
    stack INTEGER NOT NULL,
    tile_id TEXT, z REAL, section_id TEXT, group_id TEXT, has_channels INTEGER NOT NULL,
    min_x REAL, min_y REAL, max_x REAL, max_y REAL,
    width REAL, height REAL, mesh_cell_size REAL,
    head TEXT NOT NULL, transforms TEXT NOT NULL,
    refs TEXT,                    -- JSON list of the ids that the transforms refer to, NULL when there are none
    flat INTEGER NOT NULL         -- 1 when the transforms are a list of leaves
);
CREATE UNIQUE INDEX IF NOT EXISTS tile_by_id ON tile (stack, tile_id);
CREATE INDEX IF NOT EXISTS tile_by_box ON tile (stack, z, min_x, max_x, min_y, max_y);
CREATE INDEX IF NOT EXISTS tile_by_section ON tile (stack, section_id, z) WHERE section_id IS NOT NULL;
"""
_COLUMNS = "tile_id, z, min_x, min_y, max_x, max_y, width, height, mesh_cell_size, head, transforms, refs, flat"
_STORED = (
    "tile_id, z, section_id, group_id, has_channels, min_x, min_y, max_x, max_y, width, height, mesh_cell_size, head,"
    " transforms, refs, flat"
)


class TileRow(NamedTuple):
    """What is read of a tile: id, layer, box, size, and its JSON in two parts."""

    tile_id: str | None
    z: float | None
    min_x: float | None
    min_y: float | None
    max_x: float | None
    max_y: float | None
    width: float | None
    height: float | None
    mesh_cell_size: float | None
    head: str
    transforms: str
    refs: str | None
    flat: int

    @property
    def document(self) -> str:
        """The tile spec as JSON, as it was saved."""
        return document(self.head, self.transforms)


def document(head: str, transforms: str) -> str:
    """Put the two parts of a tile spec together."""
    return f'{head},"transforms":{transforms}}}'


def by_id(db: sqlite3.Connection, key: int, tile_id: str) -> TileRow | None:
    """Return one tile, None without it."""
    row = db.execute(f"SELECT {_COLUMNS} FROM tile WHERE stack = ? AND tile_id = ?", (key, tile_id)).fetchone()
    return None if row is None else TileRow(*row)


def require_by_id(db: sqlite3.Connection, key: int, stack: StackId, tile_id: str) -> TileRow:
    """Return one tile, a 404 without it (also when there is no such stack)."""
    row = by_id(db, key, tile_id)
    if row is None:
        raise Missing(missing_text(stack, tile_id))
    return row


def missing_text(stack: StackId, tile_id: str) -> str:
    """Return the text for a tile that is not there."""
    return f"tile spec with id '{tile_id}' does not exist in the render.{stack.collection('tile')} collection"


def with_ids(db: sqlite3.Connection, key: int, tile_ids: Iterable[str]) -> Iterator[TileRow]:
    """Yield the tiles with these ids, each once, in the order given; unknown ones are left out."""
    find = f"SELECT {_COLUMNS} FROM tile WHERE stack = ? AND tile_id = ?"
    for tile_id in dict.fromkeys(tile_ids):
        row = db.execute(find, (key, tile_id)).fetchone()
        if row is not None:
            yield TileRow(*row)


@dataclass(slots=True)
class Condition:
    """What tiles are asked for: a conjunction of SQL terms with their values."""

    terms: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, term: str, value: Any) -> Condition:
        """Add a term with one placeholder; None adds nothing."""
        if value is not None:
            self.terms.append(term)
            self.values.append(value)
        return self

    def layers(self, min_z: float | None, max_z: float | None) -> Condition:
        """Add limits of z, both included."""
        return self.add("z >= ?", min_z).add("z <= ?", max_z)

    def box(self, min_x: float | None, min_y: float | None, max_x: float | None, max_y: float | None) -> Condition:
        """Add the condition that a tile's box touches this one, limits included.

        No tile is wider than the widest of its stack: with that the index on min_x gives a narrow strip.
        """
        if min_x is not None:
            self.add("max_x >= ?", min_x)
            self.add("min_x >= ? - (SELECT widest FROM stack WHERE stack.key = tile.stack)", min_x)
        return self.add("min_x <= ?", max_x).add("max_y >= ?", min_y).add("min_y <= ?", max_y)

    @property
    def sql(self) -> str:
        """The terms behind a condition on the stack."""
        return "".join(f" AND {term}" for term in self.terms)


def select(db: sqlite3.Connection, key: int, condition: Condition, limit: int = MAX_TILES) -> list[TileRow]:
    """Return the tiles of a condition by id.

    Parameters
    ----------
    db : sqlite3.Connection
        In a transaction.
    key : int
        The stack.
    condition : Condition
        Which tiles.
    limit : int
        More tiles than this are refused.

    Returns
    -------
    list of TileRow
        By tile id, in the order of UTF-8 bytes; one without id first.

    Raises
    ------
    BadRequest
        Above the limit.
    """
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM tile WHERE stack = ?{condition.sql} LIMIT {limit + 1}", (key, *condition.values)
    ).fetchall()
    if len(rows) > limit:
        raise BadRequest(f"query too broad, over {limit} tiles match the query{condition.sql} {condition.values}")
    rows.sort(key=_id_of)  # the database would sort whole rows
    return [TileRow(*row) for row in rows]


def _id_of(row: tuple[Any, ...]) -> str:
    """Order of code points, which is that of UTF-8 bytes; a tile without id comes first."""
    return row[0] or ""


def in_layer(db: sqlite3.Connection, key: int, z: float, limit: int = MAX_TILES) -> list[TileRow]:
    """Return the tiles of a layer by id."""
    return select(db, key, Condition().add("z = ?", z), limit)


def in_box(
    db: sqlite3.Connection,
    key: int,
    z: float,
    box: tuple[float, float, float, float],
    group_id: str | None = None,
    limit: int = MAX_TILES,
) -> list[TileRow]:
    """Return the tiles of a layer whose boxes touch a box (min x, min y, max x, max y), limits included, by id."""
    return select(db, key, Condition().add("z = ?", z).box(*box).add("group_id = ?", group_id), limit)


def z_values(db: sqlite3.Connection, key: int, min_z: float | None, max_z: float | None) -> list[float]:
    """Return the distinct z of a stack's tiles, ascending, limits included.

    Jumps from one z to the next in the index instead of reading every tile's entry.
    """
    low, high = -math.inf if min_z is None else min_z, math.inf if max_z is None else max_z
    rows = db.execute(
        """WITH RECURSIVE layer(z) AS (
               SELECT min(z) FROM tile WHERE stack = :key AND z >= :low
               UNION ALL
               SELECT (SELECT min(z) FROM tile WHERE stack = :key AND z > layer.z) FROM layer WHERE layer.z <= :high)
           SELECT z FROM layer WHERE z <= :high""",
        {"key": key, "low": low, "high": high},
    )
    return [row[0] for row in rows]


def bounds(db: sqlite3.Connection, key: int, z: float) -> tuple[float, float, float, float] | None:
    """Return the box of a layer, None when it has no tiles."""
    row = db.execute(
        "SELECT min(min_x), min(min_y), max(max_x), max(max_y), count(*) FROM tile WHERE stack = ? AND z = ?", (key, z)
    ).fetchone()
    return None if row[4] == 0 else tuple(row[:4])


def upsert(db: sqlite3.Connection, key: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store tiles under their ids; whole documents are replaced."""
    if any(row[0] is None for row in rows):  # a unique index takes many of them, a stack has one
        db.execute("DELETE FROM tile WHERE stack = ? AND tile_id IS NULL", (key,))
        rows = _last_without_id(rows)
    names = _STORED.split(", ")
    updates = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    db.executemany(
        f"INSERT INTO tile (stack, {_STORED}) VALUES (?{', ?' * len(names)})"
        f" ON CONFLICT (stack, tile_id) DO UPDATE SET {updates}",
        ((key, *row) for row in rows),
    )
    widths = (row[7] - row[5] for row in rows if row[7] is not None and row[5] is not None)
    widest = max((width for width in widths if width > 0), default=0.0)  # NaN is not greater
    db.execute("UPDATE stack SET widest = max(widest, ?) WHERE key = ?", (widest, key))


def _last_without_id(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    last = [row for row in rows if row[0] is None][-1]
    return [row for row in rows if row[0] is not None or row is last]


def set_z(db: sqlite3.Connection, key: int, z: float, where: str, values: Sequence[Any]) -> None:
    """Change the z of some tiles, in their documents too."""
    rows = db.execute(f"SELECT key, head FROM tile WHERE stack = ? AND {where}", (key, *values)).fetchall()
    for row, head in rows:
        changed = orjson.loads(head + "}") | {"z": z}
        db.execute("UPDATE tile SET z = ?, head = ? WHERE key = ?", (z, orjson.dumps(changed)[:-1].decode(), row))


def count(db: sqlite3.Connection, key: int) -> int:
    """Return the number of tiles of a stack."""
    return int(db.execute("SELECT count(*) FROM tile WHERE stack = ?", (key,)).fetchone()[0])


def drop(db: sqlite3.Connection, key: int) -> None:
    """Delete all tiles and shared transforms of a stack."""
    db.execute("DELETE FROM tile WHERE stack = ?", (key,))
    db.execute("DELETE FROM transform WHERE stack = ?", (key,))


def copy(db: sqlite3.Connection, source: int, target: int, layers: list[float], *, with_transforms: bool) -> int:
    """Copy tiles, all or those of some layers, and the shared transforms; return the number of tiles.

    Raises
    ------
    Failure
        When the target has one of them already; nothing is copied then.
    """
    only = f"AND z IN ({','.join('?' * len(layers))})" if layers else ""
    try:
        if with_transforms:
            db.execute(
                "INSERT INTO transform SELECT ?, transform_id, spec FROM transform WHERE stack = ?", (target, source)
            )
        db.execute(
            "UPDATE stack SET widest = max(widest, (SELECT widest FROM stack WHERE key = ?)) WHERE key = ?",
            (source, target),
        )
        return db.execute(
            f"INSERT INTO tile (stack, {_STORED}) SELECT ?, {_STORED} FROM tile WHERE stack = ? {only} ORDER BY key",
            (target, source, *layers),
        ).rowcount
    except sqlite3.IntegrityError as error:
        raise Failure(f"the target stack has one of the source's tiles or transforms already: {error}") from None
