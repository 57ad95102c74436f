"""The table of shared transforms, and how references are resolved."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from render_io.server.answers import Missing
from render_io.server.names import StackId

__all__ = ["SCHEMA", "find_many", "require"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS transform (
    stack INTEGER NOT NULL, transform_id TEXT NOT NULL, spec TEXT NOT NULL,
    PRIMARY KEY (stack, transform_id)
) WITHOUT ROWID;
"""


def require(db: sqlite3.Connection, key: int, stack: StackId, transform_id: str) -> str:
    """Return the JSON of one shared transform as stored."""
    found = find_many(db, key, [transform_id])
    if not found:
        raise Missing(f"transform spec with id '{transform_id}' does not exist in the stack with {stack}")
    return found[transform_id]


def find_many(db: sqlite3.Connection, key: int, ids: Iterable[str]) -> dict[str, str]:
    """Return the JSON of those that exist."""
    out = {}
    for transform_id in ids:
        row = db.execute("SELECT spec FROM transform WHERE stack = ? AND transform_id = ?", (key, transform_id)).fetchone()
        if row is not None:
            out[transform_id] = row[0]
    return out
