"""Endpoints of resolved tiles: tiles with the shared transforms that they refer to."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import orjson

from render_io.server import stack_store, tile_save, tile_store
from render_io.server.answers import Answer, BadRequest, Missing, java_double, raw_json
from render_io.server.jackson import read_body
from render_io.server.names import StackId
from render_io.server.routing import STACK, Call, ServiceRouter
from render_io.server.spec_model import ResolvedTiles
from render_io.server.tile_store import Condition, TileRow
from render_io.server.transform_store import Resolver, Unresolved

router = ServiceRouter()


@router.answers("PUT", STACK + "/resolvedTiles", produces=None, consumes="application/json")
@router.answers("PUT", STACK + "/z/{z}/resolvedTiles", produces=None, consumes="application/json")
def put_resolved_tiles(call: Call) -> Answer:
    """Save tiles and shared transforms, all or nothing."""
    z = call.double("z") if "z" in call.path else None
    derive = call.option_flag("deriveData") is True
    body = read_body(call.body, ResolvedTiles)
    if body is None:
        raise BadRequest("no resolved tiles provided")
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        stack_store.must_be_loading(stack_store.require(db, stack_id), "Resolved tiles")
    batch = tile_save.Batch(body)
    nested = call.state.options.nested_references
    if derive:
        batch.check_references(nested)
        batch.derive_boxes(call.state.compiler)
    batch.check_tiles(z)
    batch.check_references(nested)
    rows = batch.rows()
    with call.database.write() as db:  # the state is looked at again: another client may have closed the stack
        stack = stack_store.require(db, stack_id)
        stack_store.must_be_loading(stack, "Resolved tiles")
        tile_save.write(db, stack.key, batch, rows)
    return call.created()


@router.answers("GET", STACK + "/z/{z}/resolvedTiles")
def get_layer(call: Call) -> Answer:
    """Answer the tiles of a layer with their shared transforms."""
    z, stack_id = call.double("z"), StackId.from_path(call.path)
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id, with_data=True)
        rows = tile_store.in_layer(db, stack.key, z, call.state.options.max_tiles)
        if not rows:
            raise Missing(f"no tile specifications found in stack with {stack_id} for z={java_double(z)}")
        return raw_json(collection(db, stack.key, rows))


@router.answers("GET", STACK + "/resolvedTiles")
def get_selection(call: Call) -> Answer:
    """Answer the tiles of a range of layers, a group, a box."""
    condition = (
        Condition()
        .layers(call.option_double("minZ"), call.option_double("maxZ"))
        .add("group_id = ?", call.option("groupId"))
        .box(*(call.option_double(name) for name in ("minX", "minY", "maxX", "maxY")))
    )
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        key = stack_store.find_key(db, stack_id)
        rows = tile_store.select(db, key, condition, call.state.options.max_tiles)
        if not rows:
            raise Missing(f"no tile specifications found in stack with {stack_id} for {_query(call)}")
        return raw_json(collection(db, key, rows))


def _query(call: Call) -> str:
    """Return the database's query of the real service, as its error text shows it."""
    members = {"z": _limits(call.option_double("minZ"), call.option_double("maxZ")), "groupId": call.option("groupId")}
    for name, option, sign in (
        ("minX", "maxX", "lte"),
        ("minY", "maxY", "lte"),
        ("maxX", "minX", "gte"),
        ("maxY", "minY", "gte"),
    ):
        value = call.option_double(option)
        members[name] = None if value is None else f"Document{{{{${sign}={java_double(value)}}}}}"
    shown = ", ".join(f"{name}={value}" for name, value in members.items() if value is not None)
    return f"Document{{{{{shown}}}}}"


def _limits(low: float | None, high: float | None) -> str | None:
    if low is not None and low == high:
        return java_double(low)
    limits = [f"${sign}={java_double(value)}" for sign, value in (("gte", low), ("lte", high)) if value is not None]
    return f"Document{{{{{', '.join(limits)}}}}}" if limits else None


def collection(db: sqlite3.Connection, key: int, rows: Sequence[TileRow]) -> bytes:
    """Return the JSON of tiles and of every transform reached from them.

    Raises
    ------
    Failure
        When a reference leads nowhere.
    """
    resolver = Resolver(db, key)
    checked = set[str]()
    for row in rows:
        if row.refs is not None and row.refs not in checked:
            try:
                resolver.reach(orjson.loads(row.refs))
            except Unresolved:
                raise resolver.not_resolved(row.tile_id) from None
            checked.add(row.refs)
    shared = ",".join(f"{quoted(name)}:{text}" for name, text in resolver.texts.items())
    tiles = ",".join([f"{quoted(row.tile_id)}:{row.document}" for row in rows if row.tile_id is not None])
    return f'{{"transformIdToSpecMap":{{{shared}}},"tileIdToSpecMap":{{{tiles}}}}}'.encode()


def quoted(text: str) -> str:
    """Return a text as JSON."""
    return orjson.dumps(text).decode()
