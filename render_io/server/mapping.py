"""Points through the tiles of a stack, both ways, many at a time.

World to local takes three steps: which boxes contain which points, the mesh of every tile that is hit, and the points
of each tile through its mesh. Meshes are kept by content like the transforms they are made from.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from render_io.server import compiled
from render_io.server.answers import BadRequest, Failure, Missing, ServiceError, java_double
from render_io.server.names import StackId
from render_io.server.tile_store import Condition, missing_text
from render_io.server.transform_store import Resolver
from transforms.base import Transform
from transforms.errors import PointsError
from transforms.mesh import TileMesh

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
    query = f"SELECT {_COLUMNS} FROM tile WHERE stack = ? AND tile_id = ?"
    rows = ((tile_id, db.execute(query, (key, tile_id)).fetchone()) for tile_id in tile_ids)
    return {tile_id: Tile(*row) for tile_id, row in rows if row is not None}


def transform_of(resolver: Resolver, tile: Tile) -> Transform:
    """Return the transform of a tile."""
    return compiled.shared.tile(resolver, tile.transforms, tile.refs, tile.tile_id)


# ---------------------------------------------------------------- local to world


def apply_one(transform: Transform, x: float, y: float) -> tuple[float, float]:
    """Map one point."""
    out = transform.apply(np.array([[x, y]]))
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
    xy = np.array([point[1:] for point in points], dtype=np.float64).reshape(-1, 2)
    resolver = Resolver(db, key)
    out: list[Mapped | ServiceError] = [Missing("")] * len(points)
    for tile_id, indices in groups.items():
        tile = tiles.get(tile_id)
        try:
            if tile is None:
                raise Missing(missing_text(stack, tile_id))
            mapped = transform_of(resolver, tile).apply(xy[indices]).tolist()
        except ServiceError as error:
            for i in indices:
                out[i] = error
            continue
        for i, (x, y) in zip(indices, mapped, strict=True):
            out[i] = (x, y, tile.z)
    return out


# ---------------------------------------------------------------- world to local


class _Mesh(NamedTuple):
    """The mesh of a tile, None when it has no transforms and gives points back."""

    mesh: TileMesh | None


_meshes: compiled.TextCache[_Mesh] = compiled.TextCache(40_000_000)


def _mesh(transform: Transform, width: float | None, height: float | None, cell: float) -> _Mesh:
    """Return the mesh of a tile.

    Raises
    ------
    Failure
        Without size, or when the mesh would be out of bounds.
    """
    if _is_identity(transform):
        return _Mesh(None)
    if width is None or height is None:
        raise Failure("width and height must be set to create transform mesh")
    try:
        return _Mesh(TileMesh.of(transform, width, height, cell))
    except PointsError as error:
        raise Failure(str(error)) from None


def _is_identity(transform: Transform) -> bool:
    return len(getattr(transform, "transforms", (None,))) == 0


def invert_one(
    transform: Transform, width: float | None, height: float | None, cell: float, x: float, y: float
) -> tuple[float, float]:
    """Map one world point through the mesh of a tile; NaN where no triangle holds it."""
    mesh = _mesh(transform, width, height, cell).mesh
    if mesh is None:
        return x, y
    local, _ = mesh.invert(np.array([[x, y]]))
    return float(local[0, 0]), float(local[0, 1])


def _tile_mesh(resolver: Resolver, tile: Tile) -> _Mesh:
    """Return the mesh of a stored tile, from what is kept when it was made before."""
    content = None
    if tile.refs is None:
        content = f"{tile.width} {tile.height} {tile.mesh_cell_size} {tile.transforms}"
        kept = _meshes.get(content)
        if kept is not None:
            return kept
    cell = 64.0 if tile.mesh_cell_size is None else tile.mesh_cell_size
    made = _mesh(transform_of(resolver, tile), tile.width, tile.height, cell)
    if content is not None:
        _meshes.put(content, made)
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
    hits = candidates(db, key, points)
    places = _places(Resolver(db, key), points, hits)
    return [_answer(stack, point, tiles, place) for point, tiles, place in zip(points, hits, places, strict=True)]


Place = tuple[float, float] | ServiceError


def _places(
    resolver: Resolver, points: Sequence[WorldPoint], hits: Sequence[Sequence[Tile]]
) -> list[list[Place]]:
    """Return for each point its place in each of its candidates: the points of one tile go through its mesh together."""
    places: list[list[Place]] = [[(math.nan, math.nan)] * len(tiles) for tiles in hits]
    groups: dict[int, tuple[Tile, list[tuple[int, int]]]] = {}
    for i, tiles in enumerate(hits):
        for j, tile in enumerate(tiles):
            groups.setdefault(id(tile), (tile, []))[1].append((i, j))
    for tile, members in groups.values():
        try:
            mesh = _tile_mesh(resolver, tile).mesh
        except ServiceError as error:
            for i, j in members:
                places[i][j] = error
            continue
        world = np.array([points[i][:2] for i, _ in members])
        local = world if mesh is None else mesh.invert(world)[0]
        for (i, j), (x, y) in zip(members, local.tolist(), strict=True):
            places[i][j] = (x, y)
    return places


def _answer(
    stack: StackId, point: WorldPoint, tiles: Sequence[Tile], places: Sequence[Place]
) -> list[Found] | ServiceError:
    if not tiles:
        x, y, z = map(java_double, point)
        return BadRequest(f"no tile specifications found in stack with {stack} for world coordinates x={x}, y={y}, z={z}")
    found = []
    for tile, place in zip(tiles, places, strict=True):
        if isinstance(place, ServiceError):
            return place
        if not math.isnan(place[0]):
            found.append(Found(tile.tile_id, place[0], place[1], tile.z))
    if not found:
        names = ", ".join("null" if tile.tile_id is None else tile.tile_id for tile in tiles)
        return Failure(
            f"world coordinate ({java_double(point.x)}, {java_double(point.y)}) found in tile id(s) [{names}]"
            " cannot be inverted"
        )
    return found


# ---------------------------------------------------------------- which boxes contain which points


def candidates(db: sqlite3.Connection, key: int, points: Sequence[WorldPoint]) -> list[list[Tile]]:
    """Return for each point the tiles of its layer whose boxes contain it, limits included, by tile id."""
    if len(points) <= FEW_POINTS:
        return [_at(db, key, point) for point in points]
    out: list[list[Tile]] = [[] for _ in points]
    layers: dict[float, list[int]] = {}
    for i, point in enumerate(points):
        if all(map(math.isfinite, point)):
            layers.setdefault(point.z, []).append(i)
    for z, indices in layers.items():
        _fill_layer(db, key, z, points, indices, out)
    return out


def _at(db: sqlite3.Connection, key: int, point: WorldPoint) -> list[Tile]:
    x, y, z = point
    condition = Condition().add("z = ?", z).box(x, y, x, y)
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM tile WHERE stack = ?{condition.sql} ORDER BY tile_id", (key, *condition.values)
    )
    return [Tile(*row) for row in rows]


def _fill_layer(
    db: sqlite3.Connection, key: int, z: float, points: Sequence[WorldPoint], indices: list[int], out: list[list[Tile]]
) -> None:
    """Add to `out` the tiles of one layer at these points."""
    xy = np.array([points[i][:2] for i in indices])
    low, high = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
    condition = Condition().add("z = ?", z).box(*low, *high)
    rows = db.execute(
        f"SELECT min_x, min_y, max_x, max_y, key FROM tile INDEXED BY tile_by_box WHERE stack = ?{condition.sql}",
        (key, *condition.values),
    ).fetchall()
    if not rows:
        return
    table = np.array(rows, dtype=np.float64)
    tile_of, point_of = _pairs(table[:, :4], xy)
    hit = np.unique(tile_of)
    tiles = {t: Tile(*_by_key(db, int(table[t, 4]))) for t in hit.tolist()}
    order = {t: rank for rank, t in enumerate(sorted(tiles, key=lambda t: _bytes(tiles[t].tile_id)))}
    for t, p in sorted(zip(tile_of.tolist(), point_of.tolist(), strict=True), key=lambda pair: order[pair[0]]):
        out[indices[p]].append(tiles[t])


def _by_key(db: sqlite3.Connection, row_key: int) -> tuple[object, ...]:
    row: tuple[object, ...] = db.execute(f"SELECT {_COLUMNS} FROM tile WHERE key = ?", (row_key,)).fetchone()
    return row


def _bytes(tile_id: str | None) -> bytes:
    return b"" if tile_id is None else tile_id.encode("utf-8", "surrogatepass")


def _pairs(
    boxes: npt.NDArray[np.float64], xy: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the pairs (box, point) of which the box contains the point, limits included.

    The points are sorted by x once; each box then looks at a run of them only.
    """
    by_x = np.argsort(xy[:, 0], kind="stable")
    xs, ys = xy[by_x, 0], xy[by_x, 1]
    first = np.searchsorted(xs, boxes[:, 0], side="left")
    counts = np.searchsorted(xs, boxes[:, 2], side="right") - first
    counts[counts < 0] = 0
    kept_boxes, kept_points = [], []
    for part in np.array_split(np.arange(len(boxes)), max(1, int(counts.sum()) // MAX_PAIRS)):
        box = np.repeat(part, counts[part])
        offsets = np.cumsum(counts[part]) - counts[part]
        place = np.arange(len(box)) - np.repeat(offsets, counts[part]) + first[box]
        inside = (ys[place] >= boxes[box, 1]) & (ys[place] <= boxes[box, 3])
        kept_boxes.append(box[inside])
        kept_points.append(by_x[place[inside]])
    return np.concatenate(kept_boxes), np.concatenate(kept_points)
