"""The states of a stack and the ways between them."""

from __future__ import annotations

import sqlite3

from render_io.server import section_store, stack_store, tile_store
from render_io.server.answers import BadRequest, Failure, ServiceError
from render_io.server.names import StackId
from render_io.server.stack_store import Stack

__all__ = ["STATES", "move"]

STATES = ("LOADING", "COMPLETE", "READ_ONLY", "OFFLINE")


def move(db: sqlite3.Connection, stack: Stack, state: str) -> ServiceError | None:
    """Move a stack to another state.

    Parameters
    ----------
    db : sqlite3.Connection
        In a writing transaction.
    stack : Stack
        Its metadata, which are changed and saved.
    state : str
        Where to.

    Returns
    -------
    ServiceError or None
        The error of a COMPLETE without tiles: the transaction is to be kept all the same.

    Raises
    ------
    BadRequest
        When there is no way from the present state.
    """
    return _TRANSITIONS[state](db, stack)


def _document(*members: str) -> str:
    """Write a query as the database's driver shows it."""
    return f"Document{{{{{', '.join(members)}}}}}"


_PROJECTED = [f"{name}=${name}" for name in ("z", "minX", "minY", "maxX", "maxY")] + [
    f"{size}={_document(f'$subtract=[$max{axis}, $min{axis}]')}" for size, axis in (("width", "X"), ("height", "Y"))
]
_GROUPED = [
    f"stack{limit}{name}={_document(f'${limit.lower()}=${source}')}"
    for limits in (
        [(limit, f"{axis.upper()}", axis if axis == "z" else f"{limit.lower()}{axis.upper()}") for axis in "xyz"]
        for limit in ("Min", "Max")
    )
    for limit, name, source in limits
] + [
    f"stack{limit}Tile{size}={_document(f'${limit.lower()}=${size.lower()}')}"
    for size in ("Width", "Height")
    for limit in ("Min", "Max")
]
_AGGREGATION = ", ".join(
    (
        _document(f"$project={_document(*_PROJECTED)}"),
        _document(f"$group={_document('_id=minAndMaxValues', *_GROUPED)}"),
    )
)
"""The query of the real service, which its error text shows."""


def _wrong_transition(stack: Stack, state: str) -> BadRequest:
    return BadRequest(
        f"The {stack.id.stack} stack's state is currently {stack.state} and must first be transitioned to COMPLETE"
        f" before transitioning it to {state}."
    )


def _no_tiles(stack: StackId) -> Failure:
    return Failure(
        "Stack data aggregation returned no results because the stack has no tiles.  The aggregation query was "
        f"render.{stack.collection('tile')}.aggregate([{_AGGREGATION}]) ."
    )


def _to_loading(db: sqlite3.Connection, stack: Stack) -> ServiceError | None:
    if stack.state == "LOADING":
        return None
    if stack.state != "COMPLETE":
        raise _wrong_transition(stack, "LOADING")
    stack.state, stack.stats = "LOADING", None
    stack.version_number += 1
    stack.modified_ms = stack_store.now_ms()
    stack_store.save(db, stack)
    return None


def _to_complete(db: sqlite3.Connection, stack: Stack) -> ServiceError | None:
    if stack.state == "READ_ONLY":
        stack.state = "COMPLETE"
        stack_store.save(db, stack)
        return None
    stats = section_store.aggregate(db, stack)
    if stats is None:
        return _no_tiles(stack.id)
    if stack.state == "OFFLINE":
        raise BadRequest("cannot set stats for OFFLINE stack")
    if stack.state == "LOADING":
        stack.modified_ms = stack_store.now_ms()
    stack.state, stack.stats = "COMPLETE", stats
    stack_store.save(db, stack)
    return None


def _to_read_only(db: sqlite3.Connection, stack: Stack) -> ServiceError | None:
    if stack.state not in ("COMPLETE", "READ_ONLY"):
        raise _wrong_transition(stack, "READ_ONLY")
    stack.state = "READ_ONLY"
    stack_store.save(db, stack)
    return None


def _to_offline(db: sqlite3.Connection, stack: Stack) -> ServiceError | None:
    if stack.state == "LOADING":
        raise _wrong_transition(stack, "OFFLINE")
    if stack.state != "OFFLINE":
        stack.state = "OFFLINE"
        stack.modified_ms = stack_store.now_ms()
    stack.dropped = True
    tile_store.drop(db, stack.key)
    section_store.forget(db, stack)
    stack_store.save(db, stack)
    return None


_TRANSITIONS = {
    "LOADING": _to_loading,
    "COMPLETE": _to_complete,
    "READ_ONLY": _to_read_only,
    "OFFLINE": _to_offline,
}
