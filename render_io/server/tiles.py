"""Endpoints of tiles: one by id, lists with resolved transforms, ids, z, deletes; and of single shared transforms."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

import msgspec
import orjson
import regex

from render_io.server import stack_store, tile_store, transform_store
from render_io.server.answers import (
    Answer,
    BadRequest,
    BrokenStream,
    bare_status,
    java_double,
    raw_json,
)
from render_io.server.jackson import read_body
from render_io.server.names import StackId
from render_io.server.resolved_tiles import quoted
from render_io.server.routing import STACK, Call, ServiceRouter
from render_io.server.tile_store import Condition, TileRow
from render_io.server.transform_store import Resolver

router = ServiceRouter()
OK = Answer(200)
PATTERN_S = 5.0
"""Longest time for which a pattern is looked for."""
_encoder = msgspec.json.Encoder()


@router.answers("GET", STACK + "/tile/{tileId}", quick=True)
def tile(call: Call) -> Answer:
    """Answer one tile as it was saved."""
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        key = stack_store.find_key(db, stack_id)
        return raw_json(tile_store.require_by_id(db, key, stack_id, call.path["tileId"]).document.encode())


@router.answers("GET", STACK + "/transform/{transformId}", quick=True)
def shared_transform(call: Call) -> Answer:
    """Answer one shared transform as it was saved."""
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id, with_data=True)
        return raw_json(transform_store.require(db, stack.key, stack_id, call.path["transformId"]).encode())


# ---------------------------------------------------------------- lists


def resolved_documents(db: sqlite3.Connection, key: int, rows: Sequence[TileRow]) -> list[str]:
    """Return the JSON of tiles with their transforms resolved and flattened."""
    resolver = Resolver(db, key)
    return [row.document if row.flat else _flattened(resolver, row) for row in rows]


def _flattened(resolver: Resolver, row: TileRow) -> str:
    flat = transform_store.list_spec(resolver.flat(row.transforms, row.tile_id))
    return tile_store.document(row.head, _encoder.encode(flat).decode())


def json_list(documents: Sequence[str]) -> Answer:
    """Answer a list of documents that are JSON already."""
    return raw_json(f"[{','.join(documents)}]".encode())


def layer_rows(call: Call, db: sqlite3.Connection) -> tuple[stack_store.Stack, list[TileRow]]:
    """Return the tiles of the path's layer.

    Raises
    ------
    BadRequest
        When the layer has no tiles.
    """
    z = call.double("z")
    stack = stack_store.require(db, StackId.from_path(call.path), with_data=True)
    rows = tile_store.in_layer(db, stack.key, z, call.state.options.max_tiles)
    if not rows:
        raise no_tiles(stack, z)
    return stack, rows


def no_tiles(stack: stack_store.Stack, z: float) -> BadRequest:
    """Return the error for a layer without tiles."""
    return BadRequest(f"stack {stack.id.stack} does not contain any tiles with a z value of {java_double(z)}")


@router.answers("GET", STACK + "/z/{z}/tile-specs")
def layer_specs(call: Call) -> Answer:
    """List the tiles of a layer with resolved transforms."""
    with call.database.read() as db:
        stack, rows = layer_rows(call, db)
        return json_list(resolved_documents(db, stack.key, rows))


@router.answers("PUT", STACK + "/tile-specs-with-ids", consumes="application/json")
def specs_with_ids(call: Call) -> Answer:
    """List the tiles of the given ids with resolved transforms; unknown ids are skipped."""
    ids = read_body(call.body, list[str])
    stack_id = StackId.from_path(call.path)
    if ids is None:
        raise bare_status(500)
    with call.database.read() as db:
        key = stack_store.find_key(db, stack_id)
        known = sorted({i for i in ids if i is not None}, key=lambda text: text.encode("utf-8", "surrogatepass"))
        return json_list(resolved_documents(db, key, list(tile_store.with_ids(db, key, known))))


@router.answers("GET", STACK + "/z/{z}/last-tile-transforms")
def last_transforms(call: Call) -> Answer:
    """List the last transform of each tile of a layer."""
    with call.database.read() as db:
        stack, rows = layer_rows(call, db)
        resolver = Resolver(db, stack.key)
        return json_list([_last_transform(resolver, row) for row in rows])


def _last_transform(resolver: Resolver, row: TileRow) -> str:
    flat = resolver.flat(row.transforms, row.tile_id)
    members = [] if row.tile_id is None else [f'"tileId":{quoted(row.tile_id)}']
    if flat:
        members.append(f'"lastTransform":{_encoder.encode(flat[-1]).decode()}')
    return f"{{{','.join(members)}}}"


@router.answers("GET", STACK + "/tileIds")
def tile_ids(call: Call) -> Answer:
    """List tile ids by their bytes: a missing stack has none."""
    condition = Condition().layers(call.option_double("minZ"), call.option_double("maxZ"))
    with call.database.read() as db:
        key = stack_store.find_key(db, StackId.from_path(call.path))
        rows = db.execute(
            f"SELECT tile_id FROM tile WHERE stack = ? AND tile_id > ''{condition.sql} ORDER BY tile_id",
            (key, *condition.values),
        ).fetchall()
    ids = _matching([row[0] for row in rows], call.option("matchPattern"))
    if call.state.options.escape_tile_ids:
        return raw_json(orjson.dumps(ids))
    return raw_json(("[" + ",".join([f'"{tile_id}"' for tile_id in ids]) + "]").encode())


def _matching(ids: list[str], pattern: str | None) -> list[str]:
    """Return the ids in which a pattern is found.

    Raises
    ------
    BrokenStream
        For a malformed pattern, as in the real service, and for one that takes too long: it must not stop everybody.
    """
    if not pattern:
        return ids
    limit = time.monotonic() + PATTERN_S
    try:
        search = regex.compile(pattern).search
        return [i for i in ids if search(i, timeout=max(1e-3, limit - time.monotonic()), concurrent=True)]
    except (regex.error, TimeoutError, OverflowError, RecursionError) as error:
        raise BrokenStream(f"Regular expression is invalid or takes too long: {error}") from None


# ---------------------------------------------------------------- changes


@router.answers("PUT", STACK + "/z/{z}/tileIds", produces=None, consumes="application/json")
def set_z(call: Call) -> Answer:
    """Move tiles to another layer; nothing else of them changes."""
    z, ids = call.double("z"), read_body(call.body, list[str])
    stack_id = StackId.from_path(call.path)
    with call.database.write() as db:
        stack = stack_store.require(db, stack_id)
        stack_store.must_be_loading(stack, "Z values")
        if ids is None:
            raise BadRequest("tileIds value must be specified")
        for tile_id in ids:
            tile_store.set_z(db, stack.key, z, "tile_id = ?", (tile_id,))
    return call.created()


@router.answers("PUT", STACK + "/section/{sectionId}/z", produces=None, consumes="application/json")
def set_section_z(call: Call) -> Answer:
    """Move the tiles of a section to another layer."""
    z = read_body(call.body, float)
    stack_id = StackId.from_path(call.path)
    with call.database.write() as db:
        stack = stack_store.require(db, stack_id)
        stack_store.must_be_loading(stack, "Z values")
        if z is None:
            raise BadRequest("z value must be specified")
        tile_store.set_z(db, stack.key, float(z), "section_id = ?", (call.path["sectionId"],))
    return call.created()


def _delete(call: Call, where: str, value: object) -> Answer:
    stack_id = StackId.from_path(call.path)
    with call.database.write() as db:
        stack = stack_store.require(db, stack_id)
        stack_store.must_be_loading_to_delete(stack)
        db.execute(f"DELETE FROM tile WHERE stack = ? AND {where}", (stack.key, value))
    return OK


@router.answers("DELETE", STACK + "/tile/{tileId}", produces=None)
def delete_tile(call: Call) -> Answer:
    """Delete one tile; one that is not there is no error."""
    return _delete(call, "tile_id = ?", call.path["tileId"])


@router.answers("DELETE", STACK + "/z/{z}", produces=None)
def delete_layer(call: Call) -> Answer:
    """Delete the tiles of a layer."""
    return _delete(call, "z = ?", call.double("z"))


@router.answers("DELETE", STACK + "/section/{sectionId}", produces=None)
def delete_section(call: Call) -> Answer:
    """Delete the tiles of a section."""
    return _delete(call, "section_id = ?", call.path["sectionId"])
