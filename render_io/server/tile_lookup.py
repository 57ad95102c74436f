"""Which tiles of a stack are meant: by their ids, or by the points that their boxes contain."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from render_io.server.tile_store import Condition
from transforms._types import Points

__all__ = ["Tile", "WorldPoint", "candidates", "hits", "tiles_by_id"]

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


def tiles_by_id(db: sqlite3.Connection, key: int, tile_ids: Iterable[str]) -> dict[str, Tile]:
    """Return the tiles with these ids that exist."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM json_each(?) AS wanted CROSS JOIN tile ON stack = ? AND tile_id = wanted.value",
        (orjson.dumps(list(tile_ids)).decode(), key),
    )
    return {row[0]: Tile(*row) for row in rows}


def candidates(db: sqlite3.Connection, key: int, points: Sequence[WorldPoint]) -> list[list[Tile]]:
    """Return for each point the tiles of its layer whose boxes contain it, limits included, by tile id."""
    out: list[list[Tile]] = [[] for _ in points]
    for tile, indices in hits(db, key, points):
        for i in indices:
            out[i].append(tile)
    return out


def hits(db: sqlite3.Connection, key: int, points: Sequence[WorldPoint]) -> Iterator[tuple[Tile, list[int]]]:
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
    found: dict[int, tuple[Tile, list[int]]] = {}
    for i in indices:
        x, y, _ = points[i]
        condition = Condition().add("z = ?", z).box(x, y, x, y)
        rows = db.execute(f"SELECT key, {_COLUMNS} FROM tile WHERE stack = ?{condition.sql}", (key, *condition.values))
        for row_key, *columns in rows:
            found.setdefault(row_key, (Tile(*columns), []))[1].append(i)
    return iter(sorted(found.values(), key=_by_id))


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
    found = [(Tile(*row), run.tolist()) for row, run in zip(tiles, runs, strict=True)]
    return iter(sorted(found, key=_by_id))


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
