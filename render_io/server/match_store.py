"""Point matches in the database: one row per pair of tiles, written as the JSON that is answered.

A pair is stored twice over: `brief` is its document without the points, `document` the whole. Reading is then nothing
but joining texts, and a query that leaves the points out never touches the pages that hold them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

__all__ = [
    "SCHEMA",
    "PairKey",
    "PairRow",
    "Selection",
    "between_groups",
    "between_tiles",
    "group_ids",
    "of_p_group",
    "of_tile",
    "ordered",
    "outside_group",
    "read",
    "remove",
    "save",
    "tile_to_group",
    "utf16_order",
    "within_group",
]

SCHEMA = """
CREATE TABLE IF NOT EXISTS match_collection (
    id INTEGER PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (owner, name));
CREATE TABLE IF NOT EXISTS match_pair (
    collection INTEGER NOT NULL,
    p_group TEXT NOT NULL, q_group TEXT NOT NULL, p_id TEXT NOT NULL, q_id TEXT NOT NULL,
    consensus INTEGER NOT NULL, brief BLOB NOT NULL, document BLOB,
    UNIQUE (collection, p_group, q_group, p_id, q_id));
CREATE INDEX IF NOT EXISTS match_pair_by_q ON match_pair (collection, q_group, p_group, p_id, q_id);
CREATE INDEX IF NOT EXISTS match_pair_consensus ON match_pair (collection, p_group, q_group) WHERE consensus = 1;
"""


class PairKey(NamedTuple):
    """What makes a pair unique inside a collection, in the order in which answers are sorted."""

    p_group: str
    q_group: str
    p_id: str
    q_id: str


class PairRow(NamedTuple):
    """One pair as it is stored; `document` is None for a pair without points."""

    p_group: str
    q_group: str
    p_id: str
    q_id: str
    consensus: bool
    brief: bytes
    document: bytes | None


@dataclass(frozen=True)
class Selection:
    """Which pairs a query means: one condition, or two that no pair fulfils together.

    Two conditions instead of an ``OR``: each is sorted by its own index, and the database only merges them.

    Attributes
    ----------
    sides : tuple of (str, tuple of str)
        SQL conditions on the key columns, with their values.
    """

    sides: tuple[tuple[str, tuple[str, ...]], ...]


def utf16_order(text: str) -> str:
    """Return what sorts as Java sorts the text: by UTF-16 units, not by code points."""
    if text.isascii() or max(text) < "\ud800":
        return text
    raw = text.encode("utf-16-be", "surrogatepass")
    return "".join(chr(raw[i] << 8 | raw[i + 1]) for i in range(0, len(raw), 2))


def ordered(p_group: str, p_id: str, q_group: str, q_id: str) -> tuple[bool, PairKey]:
    """Put the two tiles of a pair in the order of the service: by group, then by id, both compared as texts.

    Returns
    -------
    tuple of (bool, PairKey)
        Whether p and q were exchanged, and the key.
    """
    p, q = (p_group, q_group) if p_group != q_group else (p_id, q_id)
    if utf16_order(p) > utf16_order(q):
        return True, PairKey(q_group, p_group, q_id, p_id)
    return False, PairKey(p_group, q_group, p_id, q_id)


# ---------------------------------------------------------------- what queries mean


def of_p_group(group: str) -> Selection:
    """Pairs whose p tile is in the group."""
    return Selection((("p_group = ?", (group,)),))


def within_group(group: str) -> Selection:
    """Pairs with both tiles in the group."""
    return Selection((("p_group = ? AND q_group = ?", (group, group)),))


def outside_group(group: str) -> Selection:
    """Pairs with exactly one tile in the group."""
    return Selection(
        (
            ("p_group = ? AND q_group <> ?", (group, group)),
            ("q_group = ? AND p_group <> ?", (group, group)),
        )
    )


def between_groups(group: str, other: str) -> Selection:
    """Pairs between two groups, named in either order."""
    _, key = ordered(group, "", other, "")
    return Selection((("p_group = ? AND q_group = ?", (key.p_group, key.q_group)),))


def between_tiles(p_group: str, p_id: str, q_group: str, q_id: str) -> Selection:
    """The pair of two tiles, named in either order."""
    _, key = ordered(p_group, p_id, q_group, q_id)
    return Selection((("p_group = ? AND q_group = ? AND p_id = ? AND q_id = ?", tuple(key)),))


def tile_to_group(group: str, tile: str, other: str) -> Selection:
    """Pairs between one tile and the tiles of a group; a tile with itself counts once."""
    return Selection(
        (
            ("p_group = ? AND p_id = ? AND q_group = ?", (group, tile, other)),
            (
                "q_group = ? AND q_id = ? AND p_group = ? AND NOT (p_group = ? AND p_id = ? AND q_group = ?)",
                (group, tile, other, group, tile, other),
            ),
        )
    )


def of_tile(group: str, tile: str) -> Selection:
    """All pairs that a tile takes part in."""
    return Selection(
        (
            ("p_group = ? AND p_id = ?", (group, tile)),
            ("q_group = ? AND q_id = ? AND NOT (p_group = ? AND p_id = ?)", (group, tile, group, tile)),
        )
    )


# ---------------------------------------------------------------- collections


def collection_id(connection: sqlite3.Connection, owner: str, name: str) -> int | None:
    """Return the row number of a collection, None when there is none."""
    row = connection.execute("SELECT id FROM match_collection WHERE owner = ? AND name = ?", (owner, name)).fetchone()
    return None if row is None else int(row[0])


def make_collection(connection: sqlite3.Connection, owner: str, name: str) -> int:
    """Return the row number of a collection, made when there is none."""
    found = collection_id(connection, owner, name)
    if found is not None:
        return found
    made = connection.execute("INSERT INTO match_collection (owner, name) VALUES (?, ?)", (owner, name)).lastrowid
    return int(made or 0)


def rename_collection(connection: sqlite3.Connection, collection: int, owner: str, name: str) -> None:
    """Give a collection another owner and name."""
    connection.execute("UPDATE match_collection SET owner = ?, name = ? WHERE id = ?", (owner, name, collection))


def drop_collection(connection: sqlite3.Connection, collection: int) -> None:
    """Remove a collection with all its pairs."""
    connection.execute("DELETE FROM match_pair WHERE collection = ?", (collection,))
    connection.execute("DELETE FROM match_collection WHERE id = ?", (collection,))


def collections(connection: sqlite3.Connection, owner: str) -> list[tuple[str, int]]:
    """Return the names of an owner's collections with their numbers of pairs, in the order in which they were made."""
    found = connection.execute(
        "SELECT name, (SELECT COUNT(*) FROM match_pair WHERE collection = match_collection.id) FROM match_collection"
        " WHERE owner = ? ORDER BY id",
        (owner,),
    )
    return [(name, count) for name, count in found]


def owners(connection: sqlite3.Connection) -> list[str]:
    """Return all owners of collections."""
    return [row[0] for row in connection.execute("SELECT owner FROM match_collection GROUP BY owner ORDER BY MIN(id)")]


# ---------------------------------------------------------------- pairs


def save(connection: sqlite3.Connection, collection: int, rows: Iterable[PairRow]) -> None:
    """Put pairs into a collection; a pair that is there already is replaced, of equal ones the last stays."""
    connection.executemany(
        "INSERT OR REPLACE INTO match_pair"
        " (collection, p_group, q_group, p_id, q_id, consensus, brief, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((collection, *row) for row in rows),
    )


def read(connection: sqlite3.Connection, collection: int, wanted: Selection, *, brief: bool) -> Iterator[bytes]:
    """Give the documents of the wanted pairs, sorted by their keys.

    Parameters
    ----------
    connection : sqlite3.Connection
        Inside a transaction.
    collection : int
        Row number of the collection.
    wanted : Selection
        Which pairs.
    brief : bool
        Leave the points out.

    Yields
    ------
    bytes
        JSON text.
    """
    for row in _select(connection, collection, wanted, "brief" if brief else "COALESCE(document, brief)"):
        yield row[4]


def read_keyed(
    connection: sqlite3.Connection, collection: int, wanted: Selection, *, brief: bool
) -> Iterator[tuple[PairKey, bytes]]:
    """Give keys and documents of the wanted pairs, sorted by the keys."""
    for row in _select(connection, collection, wanted, "brief" if brief else "COALESCE(document, brief)"):
        yield PairKey(*row[:4]), row[4]


def _select(connection: sqlite3.Connection, collection: int, wanted: Selection, column: str) -> sqlite3.Cursor:
    one = "SELECT p_group, q_group, p_id, q_id, " + column + " FROM match_pair WHERE collection = ? AND "
    sql = " UNION ALL ".join(one + condition for condition, _ in wanted.sides) + " ORDER BY 1, 2, 3, 4"
    return connection.execute(sql, [v for _, values in wanted.sides for v in (collection, *values)])


def remove(connection: sqlite3.Connection, collection: int, wanted: Selection) -> None:
    """Delete the wanted pairs; none is fine."""
    for condition, values in wanted.sides:
        connection.execute(f"DELETE FROM match_pair WHERE collection = ? AND {condition}", (collection, *values))


def counts_of_p_group(connection: sqlite3.Connection, collection: int, group: str) -> tuple[int, int]:
    """Return how many pairs a p group has, and how many of them have no points at all."""
    found = connection.execute(
        "SELECT COUNT(*), COUNT(*) - COUNT(document) FROM match_pair WHERE collection = ? AND p_group = ?",
        (collection, group),
    ).fetchone()
    return int(found[0]), int(found[1])


def group_ids(connection: sqlite3.Connection, collection: int, *sides: str, consensus_only: bool = False) -> list[str]:
    """Return the distinct groups of a collection, sorted as Java sorts texts.

    Parameters
    ----------
    connection : sqlite3.Connection
        Inside a transaction.
    collection : int
        Row number of the collection.
    *sides : str
        ``p_group``, ``q_group`` or both.
    consensus_only : bool
        Count only pairs that carry consensus set data.
    """
    where = "collection = ? AND consensus = 1" if consensus_only else "collection = ?"
    sql = " UNION ".join(f"SELECT DISTINCT {side} FROM match_pair WHERE {where}" for side in sides)
    found = connection.execute(sql, [collection] * len(sides))
    return sorted((row[0] for row in found), key=utf16_order)
