"""Endpoints of coordinates: local to world through the transforms, world to local through the mesh."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from render_io.server import stack_store, tile_store
from render_io.server.answers import Answer, Failure, Missing, ServiceError, bare_status, java_double, json_answer
from render_io.server.compiled import Compiler
from render_io.server.jackson import as_float, finite_or_word, read_body
from render_io.server.mapping import Found, Mapper
from render_io.server.names import StackId
from render_io.server.routing import STACK, Call, ServiceRouter
from render_io.server.spec_model import Coordinate, TileSpec, TransformSpec, tidy_tile
from render_io.server.tile_lookup import WorldPoint, candidates, tiles_by_id
from render_io.server.transform_store import Resolver
from transforms.base import Transform

router = ServiceRouter()
_LOCAL = "local-to-world-coordinates"
_WORLD = "world-to-local-coordinates"
_BODY = "application/json"


# ---------------------------------------------------------------- one point


@router.answers("GET", STACK + f"/tile/{{tileId}}/{_LOCAL}/{{point}}", quick=True)
def local_to_world(call: Call) -> Answer:
    """Map one point of a tile to the world."""
    x, y = call.doubles("point", 2)
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        return json_answer(_world_of(call, db, stack_id, call.path["tileId"], x, y))


def _mapper(call: Call) -> Mapper:
    mapper: Mapper = call.state.mapper
    return mapper


def _world_of(
    call: Call, db: sqlite3.Connection, stack_id: StackId, tile_id: str, x: float, y: float
) -> dict[str, Any]:
    key = stack_store.find_key(db, stack_id)
    tile = tiles_by_id(db, key, [tile_id]).get(tile_id)
    if tile is None:
        raise Missing(tile_store.missing_text(stack_id, tile_id))
    transform = _mapper(call).transform_of(Resolver(db, key), tile)
    return {"tileId": tile_id, "world": _point(_mapper(call).apply_one(transform, x, y), tile.z)}


def _point(xy: Sequence[Any], z: Any) -> list[Any]:
    """Return a point as it is written; a z is added when the tile has one."""
    x, y = xy
    if not (math.isfinite(x) and math.isfinite(y)):
        x, y = finite_or_word(x), finite_or_word(y)
    return [x, y] if z is None else [x, y, z]


@router.answers("GET", STACK + f"/z/{{z}}/{_WORLD}/{{point}}")
def world_to_local(call: Call) -> Answer:
    """Find the tiles at a world point, and its place in each."""
    z, (x, y) = call.double("z"), call.doubles("point", 2)
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        return json_answer(_locals(_found_at(call, db, stack_id, x, y, z)))


def _found_at(call: Call, db: sqlite3.Connection, stack_id: StackId, x: float, y: float, z: float) -> list[Found]:
    found = _mapper(call).world_to_local(db, stack_store.find_key(db, stack_id), stack_id, [WorldPoint(x, y, z)])[0]
    if isinstance(found, ServiceError):
        raise found
    return found


def _locals(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Return the places of a point; the last one is on top."""
    out: list[dict[str, Any]] = [{"tileId": f.tile_id, "local": _point((f.x, f.y), f.z)} for f in found]
    out[-1]["visible"] = True
    return out


@router.answers("GET", STACK + "/z/{z}/world-coordinates/{point}/mapped-to-stack/{toStack}")
def mapped_to_stack(call: Call) -> Answer:
    """Map a world point through the tile on top of it to the world of another stack."""
    z, (x, y) = call.double("z"), call.doubles("point", 2)
    source = StackId.from_path(call.path)
    owner, project = call.option("toOwner"), call.option("toProject")
    target = StackId(
        source.owner if owner is None else owner, source.project if project is None else project, call.path["toStack"]
    )
    with call.database.read() as db:
        top = _found_at(call, db, source, x, y, z)[-1]
        target.check()
        return json_answer(_world_of(call, db, target, str(top.tile_id), top.x, top.y))


# ---------------------------------------------------------------- many points


def _entries(call: Call) -> tuple[StackId, list[Coordinate | None]]:
    """Return the stack and the entries of a batch; bad names and no body are an empty 500."""
    entries = read_body(call.body, list[Coordinate | None])
    try:
        stack_id = StackId.from_path(call.path)
    except ServiceError:
        raise bare_status(500) from None
    if entries is None:
        raise bare_status(500)
    return stack_id, entries


def _with_error(entry: Coordinate | None, error: str) -> Coordinate:
    """Return the entry as it came, with an error; an error without text leaves no trace."""
    copy = Coordinate() if entry is None else entry
    if error:
        copy.error = error
    return copy


@router.answers("PUT", STACK + f"/{_LOCAL}", consumes=_BODY)
@router.answers("PUT", STACK + f"/z/{{z}}/{_LOCAL}", consumes=_BODY)
def locals_to_world(call: Call) -> Answer:
    """Map points of tiles to the world; each entry fails for itself."""
    if "z" in call.path:
        call.double("z")
    stack_id, entries = _entries(call)
    problems = [_local_problem(entry) for entry in entries]
    wanted = [
        (str(entry.tileId), as_float(entry.local[0] or 0.0), as_float(entry.local[1] or 0.0))
        for entry, problem in zip(entries, problems, strict=True)
        if problem is None and entry is not None and entry.local is not None
    ]
    with call.database.read() as db:
        mapped = iter(_mapper(call).local_to_world(db, stack_store.find_key(db, stack_id), stack_id, wanted))
    return json_answer(list(_world_entries(entries, problems, mapped)))


def _local_problem(entry: Coordinate | None) -> str | None:
    if entry is None:
        return "coordinates are missing"
    if entry.tileId is None:
        return "tileId is missing"
    if entry.local is None:
        return "local values are missing"
    return "local values must include both x and y" if len(entry.local) < 2 else None


def _world_entries(
    entries: Sequence[Coordinate | None],
    problems: Sequence[str | None],
    mapped: Iterator[tuple[float, float, float | None] | ServiceError],
) -> Iterator[Any]:
    for entry, problem in zip(entries, problems, strict=True):
        if problem is not None or entry is None:
            yield _with_error(entry, problem or "").to_dict()
            continue
        result = next(mapped)
        if isinstance(result, ServiceError):
            yield _with_error(entry, result.text).to_dict()
        else:
            yield {"tileId": entry.tileId, "world": _point(result[:2], result[2])}


@router.answers("PUT", STACK + f"/{_WORLD}", consumes=_BODY)
@router.answers("PUT", STACK + f"/z/{{z}}/{_WORLD}", consumes=_BODY)
def worlds_to_local(call: Call) -> Answer:
    """Find the tiles at world points; each entry fails for itself."""
    z = call.double("z") if "z" in call.path else None
    stack_id, entries = _entries(call)
    problems = [_world_problem(entry, z is None) for entry in entries]
    wanted = [
        _world_point(entry, z)
        for entry, problem in zip(entries, problems, strict=True)
        if problem is None and entry is not None
    ]
    with call.database.read() as db:
        found = iter(_mapper(call).world_to_local(db, stack_store.find_key(db, stack_id), stack_id, wanted))
    return json_answer(list(_local_entries(entries, problems, found)))


def _world_problem(entry: Coordinate | None, needs_z: bool) -> str | None:
    if entry is None:
        return "coordinates are missing"
    if entry.world is None:
        return "world values are missing"
    if needs_z and len(entry.world) < 3:
        return "world values must include x, y, and z"
    return "world values must include both x and y" if len(entry.world) < 2 else None


def _world_point(entry: Coordinate, z: float | None) -> WorldPoint:
    world = entry.world or []
    return WorldPoint(
        as_float(world[0] or 0.0), as_float(world[1] or 0.0), as_float(world[2] or 0.0) if z is None else z
    )


def _local_entries(
    entries: Sequence[Coordinate | None], problems: Sequence[str | None], found: Iterator[list[Found] | ServiceError]
) -> Iterator[list[Any]]:
    for entry, problem in zip(entries, problems, strict=True):
        if problem is not None:
            yield [_with_error(entry, problem).to_dict()]
            continue
        result = next(found)
        yield [_with_error(entry, result.text).to_dict()] if isinstance(result, ServiceError) else _locals(result)


@router.answers("PUT", STACK + "/tileIdsForCoordinates", consumes=_BODY)
@router.answers("PUT", STACK + "/z/{z}/tileIdsForCoordinates", consumes=_BODY)
def tile_ids_for_coordinates(call: Call) -> Answer:
    """Repeat each entry with the id of every tile whose box contains it."""
    z = call.double("z") if "z" in call.path else None
    entries = read_body(call.body, list[Coordinate | None])
    stack_id = StackId.from_path(call.path)
    if entries is None or any(_world_problem(entry, z is None) is not None for entry in entries):
        raise bare_status(500)
    points = [_world_point(entry, z) for entry in entries]
    with call.database.read() as db:
        tiles = candidates(db, stack_store.find_key(db, stack_id), points)
        ids = [[tile.tile_id for tile in at_point] for at_point in tiles]
    return json_answer(
        [
            [entry.to_dict() | {"tileId": tile_id} for tile_id in tile_ids] or [entry.to_dict()]
            for entry, tile_ids in zip(entries, ids, strict=True)
        ]
    )


# ---------------------------------------------------------------- through a tile that is sent along


def _sent_tile(call: Call) -> TileSpec:
    tile: TileSpec | None = read_body(call.body, TileSpec)
    if tile is None:
        raise Failure()
    tidy_tile(tile)
    return tile


def _sent_transform(call: Call, tile: TileSpec) -> Transform:
    assert isinstance(tile.transforms, TransformSpec)
    compiler: Compiler = call.state.compiler
    return compiler.spec(tile.transforms)


@router.answers("PUT", f"/owner/{{owner}}/{_LOCAL}/{{point}}", consumes=_BODY)
def sent_local_to_world(call: Call) -> Answer:
    """Map a point through the tile in the body to the world."""
    x, y = call.doubles("point", 2)
    tile = _sent_tile(call)
    return json_answer(_point(_mapper(call).apply_one(_sent_transform(call, tile), x, y), tile.z))


@router.answers("PUT", f"/owner/{{owner}}/{_WORLD}/{{point}}", consumes=_BODY)
def sent_world_to_local(call: Call) -> Answer:
    """Map a world point through the mesh of the tile in the body."""
    x, y = call.doubles("point", 2)
    cell = call.option_double("meshCellSize")
    tile = _sent_tile(call)
    if cell is None:
        cell = as_float(tile.meshCellSize)
    width, height = (None if size is None else as_float(size) for size in (tile.width, tile.height))
    local = _mapper(call).invert_one(_sent_transform(call, tile), width, height, cell, x, y)
    if local is None:
        raise Failure(f"Noninvertible location ( {java_double(x)}, {java_double(y)} )")
    return json_answer(_point(local, tile.z))
