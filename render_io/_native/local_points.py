"""Points through tile specs that have been fetched, with the errors of the Java client.

World to local goes through the mesh of a tile, as in the service: the last tile by id that can be inverted is on top.

Source: org.janelia.alignment.spec.TileCoordinates, org.janelia.render.client.CoordinateClient.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from render_io._native.job import JobError
from render_io._native.validators import tile_transform
from render_io.codecs._numbers import format_double
from render_io.server.answers import ServiceError
from render_io.server.jackson import as_float, finite_or_word
from render_io.server.spec_model import Coordinate, TileSpec, TransformSpec
from transforms._types import Points
from transforms.errors import TransformError
from transforms.mesh import TileMesh, java_apply

__all__ = ["LayerTiles", "to_locals", "to_world"]

Entry = dict[str, Any]


class LayerTiles(NamedTuple):
    """Tiles that were fetched, and what they were asked for.

    Attributes
    ----------
    stack : str
        Name of the stack.
    z : float or None
        Layer that was asked for.
    specs : dict of str to TileSpec
        By id, transforms resolved.
    """

    stack: str
    z: float | None
    specs: dict[str, TileSpec]

    @property
    def layer(self) -> str:
        """The layer as messages name it."""
        return f"layer {'null' if self.z is None else format_double(self.z)} of stack {self.stack}"

    def spec(self, tile_id: str) -> TileSpec:
        """Return a tile, or raise JobError."""
        if tile_id not in self.specs:
            raise JobError(f"tileId {tile_id} cannot be found in {self.layer}")
        return self.specs[tile_id]


def _groups(keys: Sequence[str | None]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key is not None:
            groups[key].append(place)
    return groups


def _placed(xy: Sequence[float], z: Any) -> list[Any]:
    return [*(finite_or_word(value) for value in xy), *(() if z is None else (z,))]


# ---------------------------------------------------------------- local to world


def to_world(tiles: LayerTiles, points: Sequence[Coordinate | None]) -> list[Entry]:
    """Map points of tiles to the world.

    Parameters
    ----------
    tiles : LayerTiles
        Those that could be fetched.
    points : sequence of Coordinate
        Points; None stands for one that is missing.

    Returns
    -------
    list of dict
        Tile id and world values, or the point as it came with an error.
    """
    problems = [_local_problem(point) for point in points]
    found = [_with_error(point, problem) for point, problem in zip(points, problems, strict=True)]
    sound = zip(points, problems, strict=True)
    for tile_id, places in _groups([p.tileId if p and problem is None else None for p, problem in sound]).items():
        chosen = [point for point in (points[place] for place in places) if point is not None]
        try:
            spec = tiles.spec(tile_id)
            world = java_apply(tile_transform(spec, {}), _xy([point.local for point in chosen])).tolist()
        except (JobError, ServiceError, TransformError) as error:
            for place, point in zip(places, chosen, strict=True):
                found[place] = _with_error(point, str(error))
            continue
        for place, xy in zip(places, world, strict=True):
            found[place] = {"tileId": tile_id, "world": _placed(xy, spec.z)}
    return found


def _local_problem(point: Coordinate | None) -> str | None:
    if point is None:
        return "coordinates are missing"
    if point.tileId is None:
        return "tileId is missing"
    if point.local is None:
        return "local values are missing"
    return "local values must include both x and y" if len(point.local) < 2 else None


def _with_error(point: Coordinate | None, error: str | None) -> Entry:
    entry = {} if point is None else point.to_dict()
    return entry if error is None else entry | {"error": error}


def _xy(values: Sequence[Sequence[float | None] | None]) -> Points:
    return np.array([[as_float(value or 0.0) for value in (point or ())[:2]] for point in values], dtype=np.float64)


# ---------------------------------------------------------------- world to local


def to_locals(
    tiles: LayerTiles, points: Sequence[Coordinate], candidates: Sequence[Sequence[Coordinate]]
) -> list[list[Entry]]:
    """Find the places of world points in tiles.

    Parameters
    ----------
    tiles : LayerTiles
        Those that could be fetched.
    points : sequence of Coordinate
        World points.
    candidates : sequence of sequence of Coordinate
        For each point its tiles, by id; an entry without tile id stands for none.

    Returns
    -------
    list of list of dict
        For each point its places, the last of which is visible; or one entry with an error.
    """
    flat = [(place, c.tileId) for place, at_point in enumerate(candidates) for c in at_point if c.tileId is not None]
    local: list[list[float] | None] = [None] * len(flat)
    problems: dict[int, str] = {}
    world = _xy([points[place].world for place, _ in flat]).reshape(-1, 2)
    for tile_id, rows in _groups([tile_id for _, tile_id in flat]).items():
        try:
            inverted = _inverted(tiles.spec(tile_id), world[rows])
        except (JobError, ServiceError, TransformError) as error:
            for row in rows:
                problems.setdefault(flat[row][0], str(error))
            continue
        for row, xy in zip(rows, inverted, strict=True):
            local[row] = xy
    return _answers(tiles, points, flat, local, problems)


def _inverted(spec: TileSpec, world: Points) -> list[list[float] | None]:
    """Return the local points, None for those that can't be inverted."""
    assert isinstance(spec.transforms, TransformSpec)
    if not spec.transforms.specList:
        return list(world.tolist())
    if spec.width is None or spec.height is None:
        raise JobError("width and height must be set to create transform mesh")
    transform = tile_transform(spec, {})
    mesh = TileMesh.of(transform, float(spec.width), float(spec.height), float(spec.meshCellSize or 64.0)).indexed()
    local, failed = np.empty_like(world), np.zeros(len(world), dtype=np.int64)
    mesh.invert(world, local, failed)
    return [None if bad else xy for bad, xy in zip(failed.tolist(), local.tolist(), strict=True)]


def _answers(
    tiles: LayerTiles,
    points: Sequence[Coordinate],
    flat: Sequence[tuple[int, str]],
    local: Sequence[list[float] | None],
    problems: dict[int, str],
) -> list[list[Entry]]:
    found: list[list[Entry]] = [[] for _ in points]
    met: list[list[str]] = [[] for _ in points]
    for (place, tile_id), xy in zip(flat, local, strict=True):
        met[place].append(tile_id)
        if xy is not None:
            found[place].append({"tileId": tile_id, "local": _placed(xy, tiles.specs[tile_id].z)})
    for place, point in enumerate(points):
        if place in problems or not found[place]:
            found[place] = [_lost(tiles, point, met[place], problems.get(place))]
        else:
            found[place][-1]["visible"] = True
    return found


def _lost(tiles: LayerTiles, point: Coordinate, met: Sequence[str], problem: str | None) -> Entry:
    """Return the entry of a point that has no place in any tile."""
    world = [format_double(as_float(value or 0.0)) for value in point.world or ()]
    if not met:
        where = f"stack {tiles.stack}" if tiles.z is None else tiles.layer
        return {"error": f"no tile specifications found in {where} for [{', '.join(world)}]"}
    if problem is None:
        shown = f"({', '.join(world[:2])}) found in tile id(s) [{', '.join(met)}]"
        problem = f"world coordinate {shown} cannot be inverted"
    return {"tileId": met[0]} | point.to_dict() | {"error": problem}
