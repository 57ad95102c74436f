"""Points through the tiles of a stack, both ways, many at a time.

World to local takes three steps: which boxes contain which points, the mesh of every tile that is hit, and the points
of each tile through its mesh. Meshes are kept by content like the transforms they are made from.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from render_io.server import compiled
from render_io.server.answers import BadRequest, Failure, Missing, ServiceError, java_double
from render_io.server.names import StackId
from render_io.server.tile_store import Condition, missing_text
from render_io.server.transform_store import Resolver
from transforms._types import Points
from transforms.base import Transform
from transforms.errors import PointsError
from transforms.mesh import IndexedMesh, TileMesh, java_apply

__all__ = [
    "Found",
    "Tile",
    "WorldPoint",
    "apply_one",
    "candidates",
    "invert_one",
    "local_to_world",
    "tiles_by_id",
    "transform_of",
    "world_to_local",
]

FEW_POINTS = 8
"""Up to this many points are looked up one by one instead of reading the boxes of their layer."""
MAX_PAIRS = 4_000_000
MESH_BYTES = 128 * 2**20
MAX_SIZES = 64
_COLUMNS = "tile_id, z, width, height, mesh_cell_size, transforms, refs"


class Tile(NamedTuple):
    """What is needed of a tile to map points."""

    tile_id: str | None
    z: float | None
    width: float | None
    height: float | None
    mesh_cell_size: float | None
    transforms: str
    refs: str | None


class WorldPoint(NamedTuple):
    """A point in the world."""

    x: float
    y: float
    z: float


class Found(NamedTuple):
    """A world point's place in a tile."""

    tile_id: str | None
    x: float
    y: float
    z: float | None


Mapped = tuple[float, float, float | None]


def tiles_by_id(db: sqlite3.Connection, key: int, tile_ids: Iterable[str]) -> dict[str, Tile]:
    """Return the tiles with these ids that exist."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM json_each(?) AS wanted CROSS JOIN tile ON stack = ? AND tile_id = wanted.value",
        (orjson.dumps(list(tile_ids)).decode(), key),
    )
    return {row[0]: Tile(*row) for row in rows}


def transform_of(resolver: Resolver, tile: Tile) -> Transform:
    """Return the transform of a tile."""
    return compiled.shared.tile(resolver, tile.transforms, tile.refs, tile.tile_id)


# ---------------------------------------------------------------- local to world


def apply_one(transform: Transform, x: float, y: float) -> tuple[float, float]:
    """Map one point."""
    out = java_apply(transform, np.array([[x, y]]))
    return float(out[0, 0]), float(out[0, 1])


def local_to_world(
    db: sqlite3.Connection, key: int, stack: StackId, points: Sequence[tuple[str, float, float]]
) -> list[Mapped | ServiceError]:
    """Map points of tiles to the world.

    Parameters
    ----------
    db : sqlite3.Connection
        In a transaction.
    key : int
        The stack.
    stack : StackId
        For error texts.
    points : sequence of tuple
        Tile id, x and y of each, in tile pixels.

    Returns
    -------
    list
        For each point x, y and the tile's z in world pixels, or the error.
    """
    groups: dict[str, list[int]] = {}
    for i, (tile_id, _, _) in enumerate(points):
        groups.setdefault(tile_id, []).append(i)
    tiles = tiles_by_id(db, key, groups)
    resolver = Resolver(db, key)
    out: list[Mapped | ServiceError] = [Missing("")] * len(points)
    xy = np.array([point[1:] for point in points], dtype=np.float64).reshape(-1, 2)
    for tile_id, indices in groups.items():
        try:
            tile = tiles.get(tile_id)
            if tile is None:
                raise Missing(missing_text(stack, tile_id))
            mapped = java_apply(transform_of(resolver, tile), xy[indices]).tolist()
        except ServiceError as error:
            for i in indices:
                out[i] = error
            continue
        for i, (x, y) in zip(indices, mapped, strict=True):
            out[i] = (x, y, tile.z)
    return out


# ---------------------------------------------------------------- world to local


_meshes: compiled.TextCache[IndexedMesh | None] = compiled.TextCache(MESH_BYTES)
"""Meshes by content; None for a tile without transforms, which gives points back."""
_sources: dict[tuple[float, float, float], TileMesh] = {}
"""One mesh of each size: the source vertices and triangles of all of them are the same."""


def _mesh(transform: Transform, width: float | None, height: float | None, cell: float) -> IndexedMesh | None:
    """Return the mesh of a tile.

    Raises
    ------
    Failure
        Without size, or when the mesh would be out of bounds.
    """
    if len(getattr(transform, "transforms", (None,))) == 0:
        return None
    if width is None or height is None:
        raise Failure("width and height must be set to create transform mesh")
    try:
        mesh = TileMesh.of(transform, width, height, cell)
    except PointsError as error:
        raise Failure(str(error)) from None
    if len(_sources) > MAX_SIZES:
        _sources.clear()
    source = _sources.setdefault((width, height, cell), mesh)
    return TileMesh(source.local, mesh.world, source.triangles, source.weight).indexed()


def invert_one(
    transform: Transform, width: float | None, height: float | None, cell: float, x: float, y: float
) -> tuple[float, float]:
    """Map one world point through the mesh of a tile; NaN where no triangle holds it."""
    mesh = _mesh(transform, width, height, cell)
    if mesh is None:
        return x, y
    local, _ = mesh.mesh.invert(np.array([[x, y]]))
    return float(local[0, 0]), float(local[0, 1])


def _tile_mesh(resolver: Resolver, tile: Tile) -> IndexedMesh | None:
    """Return the mesh of a stored tile, from what is kept when it was made before."""
    shared = "" if tile.refs is None else resolver.content(tile.refs, tile.tile_id)
    content = f"{tile.width} {tile.height} {tile.mesh_cell_size} {tile.transforms}{shared}"
    try:
        return _meshes[content]
    except KeyError:
        pass
    cell = 64.0 if tile.mesh_cell_size is None else tile.mesh_cell_size
    made = _mesh(transform_of(resolver, tile), tile.width, tile.height, cell)
    size = 0 if made is None else made.mesh.world.nbytes + made.ends.nbytes + made.members.nbytes
    _meshes.put(content, made, size)
    return made


def world_to_local(
    db: sqlite3.Connection, key: int, stack: StackId, points: Sequence[WorldPoint]
) -> list[list[Found] | ServiceError]:
    """Find the tiles at world points, and the points' places in them.

    Parameters
    ----------
    db : sqlite3.Connection
        In a transaction.
    key : int
        The stack.
    stack : StackId
        For error texts.
    points : sequence of WorldPoint
        In world pixels.

    Returns
    -------
    list
        For each point its places by tile id, at least one, or the error.
    """
    resolver = Resolver(db, key)
    hits = list(_hits(db, key, points))
    total = sum(len(indices) for _, indices in hits)
    world = np.array([points[i][:2] for _, indices in hits for i in indices], dtype=np.float64).reshape(-1, 2)
    local, failed = np.empty((total, 2)), np.empty(total, dtype=np.int64)
    problems: dict[int, ServiceError] = {}
    last = 0
    for tile, indices in hits:
        first, last = last, last + len(indices)
        try:
            mesh = _tile_mesh(resolver, tile)
        except ServiceError as error:
            for i in indices:
                problems.setdefault(i, error)
            failed[first:last] = 1
            continue
        if mesh is None:
            local[first:last], failed[first:last] = world[first:last], 0
        else:
            mesh.invert(world[first:last], local[first:last], failed[first:last])
    return _answers(stack, points, hits, local.tolist(), failed.tolist(), problems)


def _answers(
    stack: StackId, points: Sequence[WorldPoint], hits: Sequence[tuple[Tile, list[int]]],
    local: Sequence[Sequence[float]], failed: Sequence[int], problems: dict[int, ServiceError],
) -> list[list[Found] | ServiceError]:
    """Return for each point its places or its error."""
    found: list[list[Found]] = [[] for _ in points]
    place = 0
    for tile, indices in hits:
        for i in indices:
            if not failed[place]:
                x, y = local[place]
                found[i].append(Found(tile.tile_id, x, y, tile.z))
            place += 1
    return [
        problems[i] if i in problems else (places or _nowhere(stack, points[i], [t for t, at in hits if i in at]))
        for i, places in enumerate(found)
    ]


def _nowhere(stack: StackId, point: WorldPoint, tiles: Sequence[Tile]) -> ServiceError:
    """Return the error for a point without tiles, or that none of its tiles can invert."""
    x, y, z = map(java_double, point)
    if not tiles:
        return BadRequest(f"no tile specifications found in stack with {stack} for world coordinates x={x}, y={y}, z={z}")
    names = ", ".join("null" if tile.tile_id is None else tile.tile_id for tile in tiles)
    return Failure(f"world coordinate ({x}, {y}) found in tile id(s) [{names}] cannot be inverted")


# ---------------------------------------------------------------- which boxes contain which points


def candidates(db: sqlite3.Connection, key: int, points: Sequence[WorldPoint]) -> list[list[Tile]]:
    """Return for each point the tiles of its layer whose boxes contain it, limits included, by tile id."""
    out: list[list[Tile]] = [[] for _ in points]
    for tile, indices in _hits(db, key, points):
        for i in indices:
            out[i].append(tile)
    return out


def _hits(db: sqlite3.Connection, key: int, points: Sequence[WorldPoint]) -> Iterator[tuple[Tile, list[int]]]:
    """Yield the tiles that are hit, layer by layer and by tile id, with the indices of their points."""
    layers: dict[float, list[int]] = {}
    for i, point in enumerate(points):
        if math.isfinite(point.x) and math.isfinite(point.y):
            layers.setdefault(point.z, []).append(i)
    for z, indices in layers.items():
        if len(indices) <= FEW_POINTS:
            yield from _hits_of_few(db, key, z, points, indices)
        else:
            yield from _hits_of_many(db, key, z, points, indices)


def _hits_of_few(
    db: sqlite3.Connection, key: int, z: float, points: Sequence[WorldPoint], indices: Sequence[int]
) -> Iterator[tuple[Tile, list[int]]]:
    """Ask the index of boxes for each point."""
    hits: dict[int, tuple[Tile, list[int]]] = {}
    for i in indices:
        x, y, _ = points[i]
        condition = Condition().add("z = ?", z).box(x, y, x, y)
        rows = db.execute(
            f"SELECT key, {_COLUMNS} FROM tile WHERE stack = ?{condition.sql}", (key, *condition.values)
        )
        for row_key, *columns in rows:
            hits.setdefault(row_key, (Tile(*columns), []))[1].append(i)
    return iter(sorted(hits.values(), key=_by_id))


def _by_id(hit: tuple[Tile, list[int]]) -> str:
    """Order of code points, which is that of UTF-8 bytes."""
    return hit[0].tile_id or ""


def _hits_of_many(
    db: sqlite3.Connection, key: int, z: float, points: Sequence[WorldPoint], indices: Sequence[int]
) -> Iterator[tuple[Tile, list[int]]]:
    """Read the boxes between the points' limits once and compare them with all points together."""
    xy = np.array([points[i][:2] for i in indices])
    condition = Condition().add("z = ?", z).box(*xy.min(axis=0).tolist(), *xy.max(axis=0).tolist())
    rows = db.execute(
        f"SELECT min_x, min_y, max_x, max_y, key FROM tile INDEXED BY tile_by_box WHERE stack = ?{condition.sql}",
        (key, *condition.values),
    ).fetchall()
    if not rows:
        return iter(())
    table = np.array(rows, dtype=np.float64)
    boxes, hit_points = _pairs(table[:, :4], xy)
    hit, ends = np.unique(boxes, return_index=True)
    runs = np.split(np.asarray(indices, dtype=np.int64)[hit_points], ends[1:])
    row_keys = table[hit, 4].astype(np.int64).tolist()
    tiles = db.execute(
        f"SELECT {_COLUMNS} FROM json_each(?) AS wanted CROSS JOIN tile ON tile.key = wanted.value",
        (orjson.dumps(row_keys).decode(),),
    )
    hits = [(Tile(*row), run.tolist()) for row, run in zip(tiles, runs, strict=True)]
    return iter(sorted(hits, key=_by_id))


def _pairs(boxes: npt.NDArray[np.float64], xy: Points) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the pairs (box, point) of which the box contains the point, limits included, by box.

    The points are sorted by x once; each box then looks at a run of them only.
    """
    by_x = np.argsort(xy[:, 0], kind="stable")
    xs, ys = xy[by_x, 0], xy[by_x, 1]
    first = np.searchsorted(xs, boxes[:, 0], side="left")
    counts = np.maximum(np.searchsorted(xs, boxes[:, 2], side="right") - first, 0)
    kept_boxes, kept_points = [], []
    for part in np.array_split(np.arange(len(boxes)), max(1, int(counts.sum()) // MAX_PAIRS)):
        box = np.repeat(part, counts[part])
        offsets = np.cumsum(counts[part]) - counts[part]
        place = np.arange(len(box)) - np.repeat(offsets, counts[part]) + first[box]
        inside = (ys[place] >= boxes[box, 1]) & (ys[place] <= boxes[box, 3])
        kept_boxes.append(box[inside])
        kept_points.append(by_x[place[inside]])
    return np.concatenate(kept_boxes), np.concatenate(kept_points)
