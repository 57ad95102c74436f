"""The table of tiles.

A tile's JSON is kept as two texts that are written to answers as they are: `head`, everything but the transforms and
without its closing brace, and `transforms`, the list spec. What queries ask for has columns of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from render_io.server.answers import BadRequest, Failure, Missing
from render_io.server.names import StackId

__all__ = ["MAX_TILES", "SCHEMA", "TileRow", "by_id", "document", "in_box", "in_layer", "with_ids"]

MAX_TILES = 50_001
SCHEMA = """
CREATE TABLE IF NOT EXISTS tile (
    key INTEGER PRIMARY KEY,
    stack INTEGER NOT NULL,
    tile_id TEXT, z REAL, section_id TEXT, group_id TEXT, has_channels INTEGER NOT NULL,
    min_x REAL, min_y REAL, max_x REAL, max_y REAL,
    width REAL, height REAL, mesh_cell_size REAL,
    head TEXT NOT NULL, transforms TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS tile_by_id ON tile (stack, tile_id);
CREATE INDEX IF NOT EXISTS tile_by_box ON tile (stack, z, min_x, max_x, min_y, max_y);
CREATE INDEX IF NOT EXISTS tile_by_section ON tile (stack, section_id, z) WHERE section_id IS NOT NULL;
"""
_COLUMNS = "tile_id, z, min_x, min_y, max_x, max_y, width, height, mesh_cell_size, head, transforms"
_STORED = (
    "tile_id, z, section_id, group_id, has_channels, min_x, min_y, max_x, max_y, width, height, mesh_cell_size, head, transforms"
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
        raise Missing(f"tile spec with id '{tile_id}' does not exist in the render.{stack.collection('tile')} collection")
    return row


def with_ids(db: sqlite3.Connection, key: int, tile_ids: Iterable[str]) -> Iterator[TileRow]:
    """Yield the tiles with these ids, each once, in the order given; unknown ones are left out."""
    find = f"SELECT {_COLUMNS} FROM tile WHERE stack = ? AND tile_id = ?"
    for tile_id in dict.fromkeys(tile_ids):
        row = db.execute(find, (key, tile_id)).fetchone()
        if row is not None:
            yield TileRow(*row)


def select(db: sqlite3.Connection, key: int, where: str, values: tuple[Any, ...], order: str = "tile_id") -> list[TileRow]:
    """Return the tiles of a condition; more than the service's limit are refused.

    Raises
    ------
    BadRequest
        Above 50,001 tiles.
    """
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM tile WHERE stack = ? AND {where} ORDER BY {order} LIMIT {MAX_TILES + 1}", (key, *values)
    ).fetchall()
    if len(rows) > MAX_TILES:
        raise BadRequest(f"query too broad, over {MAX_TILES} tiles match the query {where} {values}")
    return [TileRow(*row) for row in rows]


def in_layer(db: sqlite3.Connection, key: int, z: float) -> list[TileRow]:
    """Return the tiles of a layer by id."""
    return select(db, key, "z = ?", (z,))


def in_box(
    db: sqlite3.Connection, key: int, z: float, box: tuple[float, float, float, float], group_id: str | None = None
) -> list[TileRow]:
    """Return the tiles of a layer whose boxes touch a box (min x, min y, max x, max y), limits included, by id."""
    min_x, min_y, max_x, max_y = box
    where = "z = ? AND min_x <= ? AND max_x >= ? AND min_y <= ? AND max_y >= ?"
    values: tuple[Any, ...] = (z, max_x, min_x, max_y, min_y)
    if group_id is not None:
        where, values = where + " AND group_id = ?", (*values, group_id)
    return select(db, key, where, values)


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
        return db.execute(
            f"INSERT INTO tile (stack, {_STORED}) SELECT ?, {_STORED} FROM tile WHERE stack = ? {only} ORDER BY key",
            (target, source, *layers),
        ).rowcount
    except sqlite3.IntegrityError as error:
        raise Failure(f"the target stack has one of the source's tiles or transforms already: {error}") from None
