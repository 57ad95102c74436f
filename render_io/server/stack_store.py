"""The table of stacks: metadata, state, version, stats."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from render_io.server.answers import BadRequest, Missing, StateError
from render_io.server.jackson import format_date
from render_io.server.names import StackId

__all__ = [
    "SCHEMA",
    "Stack",
    "delete",
    "every",
    "find",
    "insert",
    "must_be_loading",
    "not_read_only",
    "require",
    "save",
]

SCHEMA = """
CREATE TABLE IF NOT EXISTS stack (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL, project TEXT NOT NULL, stack TEXT NOT NULL,
    state TEXT NOT NULL,
    modified_ms INTEGER NOT NULL,
    version_number INTEGER NOT NULL,
    version TEXT NOT NULL,        -- JSON object
    stats TEXT,                   -- JSON object
    dropped INTEGER NOT NULL,     -- 1 once OFFLINE has dropped the data
    sections TEXT,                -- JSON list: the section data as of the last COMPLETE
    widest REAL NOT NULL DEFAULT 0, -- no tile that was ever saved is wider; narrows box queries
    UNIQUE (owner, project, stack)
);
"""
_COLUMNS = "key, owner, project, stack, state, modified_ms, version_number, version, stats, dropped"


@dataclass(slots=True)
class Stack:
    """One stack's metadata.

    Attributes
    ----------
    key : int
        Row of the table, what tiles and transforms refer to.
    id : StackId
        Its names.
    state : str
        ``LOADING``, ``COMPLETE``, ``READ_ONLY`` or ``OFFLINE``.
    modified_ms : int
        Time of the last change, milliseconds since 1970.
    version_number : int
        Number of times that it was opened again.
    version : dict
        The current version as JSON.
    stats : dict or None
        As of the last COMPLETE.
    dropped : bool
        True when its data were dropped by going OFFLINE.
    """

    key: int
    id: StackId
    state: str
    modified_ms: int
    version_number: int
    version: dict[str, Any]
    stats: dict[str, Any] | None
    dropped: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the metadata as the service writes them."""
        moment = datetime.fromtimestamp(self.modified_ms // 1000, UTC).replace(
            microsecond=self.modified_ms % 1000 * 1000
        )
        metadata = {
            "stackId": self.id.to_dict(),
            "state": self.state,
            "lastModifiedTimestamp": format_date(moment),
            "currentVersionNumber": self.version_number,
            "currentVersion": self.version,
        }
        return metadata if self.stats is None else metadata | {"stats": self.stats}

    @property
    def default_channel(self) -> str | None:
        """Channel that is drawn when none is asked for."""
        channel: str | None = self.version.get("defaultChannel")
        return channel

    @property
    def mipmap_path_builder(self) -> dict[str, Any] | None:
        """Builder that is put into tiles when they are drawn."""
        builder: dict[str, Any] | None = self.version.get("mipmapPathBuilder")
        return builder


def now_ms() -> int:
    """Return milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _stack(row: tuple[Any, ...]) -> Stack:
    return Stack(
        row[0],
        StackId(row[1], row[2], row[3]),
        row[4],
        row[5],
        row[6],
        orjson.loads(row[7]),
        orjson.loads(row[8]) if row[8] else None,
        bool(row[9]),
    )


def does_not_exist(stack: StackId) -> str:
    """Return the text of a missing stack."""
    return f"stack with {stack} does not exist"


def find(db: sqlite3.Connection, stack: StackId) -> Stack | None:
    """Return a stack's metadata, None when there is no such stack."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM stack WHERE owner = ? AND project = ? AND stack = ?",
        (stack.owner, stack.project, stack.stack),
    ).fetchone()
    return None if row is None else _stack(row)


def find_key(db: sqlite3.Connection, stack: StackId) -> int:
    """Return the key of a stack that has data, -1 when there is none: no tile has that key."""
    row = db.execute(
        "SELECT key FROM stack WHERE owner = ? AND project = ? AND stack = ?", (stack.owner, stack.project, stack.stack)
    ).fetchone()
    return -1 if row is None else int(row[0])


def require(db: sqlite3.Connection, stack: StackId, *, with_data: bool = False) -> Stack:
    """Return a stack's metadata.

    Parameters
    ----------
    db : sqlite3.Connection
        In a transaction.
    stack : StackId
        Its names.
    with_data : bool
        Also refuse a stack whose data were dropped by going OFFLINE, which most paths take for missing.

    Returns
    -------
    Stack
        The metadata.

    Raises
    ------
    Missing
        When there is no such stack.
    """
    found = find(db, stack)
    if found is None or (with_data and found.dropped):
        raise Missing(does_not_exist(stack))
    return found


def every(db: sqlite3.Connection, owner: str, project: str | None = None) -> list[Stack]:
    """Return the stacks of an owner in the service's order: project, then cycle, step and time descending."""
    where, values = ("AND project = ?", (owner, project)) if project is not None else ("", (owner,))
    rows = db.execute(
        f"""SELECT {_COLUMNS} FROM stack WHERE owner = ? {where}
            ORDER BY project, json_extract(version, '$.cycleNumber') DESC NULLS LAST,
                     json_extract(version, '$.cycleStepNumber') DESC NULLS LAST, modified_ms DESC, key""",
        values,
    )
    return [_stack(row) for row in rows]


def insert(db: sqlite3.Connection, stack: StackId, version: dict[str, Any]) -> Stack:
    """Make a new stack in state LOADING."""
    key = db.execute(
        "INSERT INTO stack (owner, project, stack, state, modified_ms, version_number, version, dropped)"
        " VALUES (?, ?, ?, 'LOADING', ?, 0, ?, 0)",
        (stack.owner, stack.project, stack.stack, now_ms(), orjson.dumps(version).decode()),
    ).lastrowid
    assert key is not None
    return require(db, stack)


def save(db: sqlite3.Connection, stack: Stack) -> None:
    """Write changed metadata."""
    stats = None if stack.stats is None else orjson.dumps(stack.stats).decode()
    db.execute(
        "UPDATE stack SET owner = ?, project = ?, stack = ?, state = ?, modified_ms = ?, version_number = ?,"
        " version = ?, stats = ?, dropped = ? WHERE key = ?",
        (
            stack.id.owner,
            stack.id.project,
            stack.id.stack,
            stack.state,
            stack.modified_ms,
            stack.version_number,
            orjson.dumps(stack.version).decode(),
            stats,
            stack.dropped,
            stack.key,
        ),
    )


def delete(db: sqlite3.Connection, stack: Stack) -> None:
    """Remove the metadata."""
    db.execute("DELETE FROM stack WHERE key = ?", (stack.key,))


def not_read_only(stack: Stack) -> None:
    """Refuse to change a protected stack."""
    if stack.state == "READ_ONLY":
        raise StateError(f"Data for stack {stack.id.stack} cannot be modified because it is READ_ONLY.")


def must_be_loading(stack: Stack, what: str) -> None:
    """Refuse to save `what` (``Resolved tiles``, ``Z values``) into a stack that is not LOADING."""
    if stack.state != "LOADING":
        verb = "saved to" if what == "Resolved tiles" else "updated for"
        raise StateError(
            f"{what} can only be {verb} stacks in the LOADING state, but this stack's state is {stack.state}."
        )


def must_be_loading_to_delete(stack: Stack) -> None:
    """Refuse to delete data of a stack that is not LOADING."""
    if stack.state != "LOADING":
        raise BadRequest(f"stack state is {stack.state} but must be LOADING to delete data")
