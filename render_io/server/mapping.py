"""Points through the tiles of a stack, both ways, many at a time.

World to local takes three steps: which boxes contain which points, the mesh of every tile that is hit, and the points
of each tile through its mesh. Meshes are kept by content like the transforms they are made from.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from render_io.server.answers import BadRequest, Failure, Missing, ServiceError, java_double
from render_io.server.compiled import Compiler, TextCache
from render_io.server.names import StackId
from render_io.server.tile_lookup import Tile, WorldPoint, hits, tiles_by_id
from render_io.server.tile_store import missing_text
from render_io.server.transform_store import Resolver
from transforms import Affine, TransformList
from transforms._types import IntArray, Points
from transforms.base import Transform
from transforms.errors import PointsError
from transforms.mesh import IndexedMesh, TileMesh, java_apply, java_apply_each

__all__ = ["Found", "Mapped", "Mapper"]

MESH_BYTES = 128 * 2**20
MAX_SIZES = 64
DEFAULT_CELL = 64.0


class Found(NamedTuple):
    """A world point's place in a tile."""

    tile_id: str | None
    x: float
    y: float
    z: float | None


Mapped = tuple[float, float, float | None]


class ExactInverse(NamedTuple):
    """The inverse of the transforms themselves, in place of that of their mesh."""

    transform: Transform
    width: float
    height: float

    def invert(self, points: Points, out: Points, failed: IntArray) -> None:
        """World to local; a point outside of the tile has no place in it.

        Parameters
        ----------
        points : ndarray
            (N, 2) in world pixels.
        out, failed : ndarray
            (N, 2) and (N,), receive the local points and 1 for those without.
        """
        local = self.transform.apply_inverse(points, on_error="nan")
        inside = (local >= 0.0) & (local <= (self.width, self.height))
        out[:], failed[:] = local, ~inside.all(axis=1)


class Mapper:
    """Maps points as the service does.

    Parameters
    ----------
    compiler : Compiler
        Makes the transforms.
    exact_inverse : bool
        Invert the transforms instead of their mesh.
    """

    def __init__(self, compiler: Compiler, exact_inverse: bool = False) -> None:
        self._compiler = compiler
        self._exact = exact_inverse
        self._inverses: TextCache[IndexedMesh | ExactInverse | None] = TextCache(MESH_BYTES)
        self._sources: dict[tuple[float, float, float], TileMesh] = {}

    def warm_up(self) -> None:
        """Compile what answers a point, which takes seconds on a new machine, before a client waits for it."""
        transform = TransformList([Affine([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])])
        self.apply_one(transform, 0.0, 0.0)
        self.invert_one(transform, 64.0, 64.0, DEFAULT_CELL, 2.0, 2.0)

    # ---------------------------------------------------------------- one point

    def apply_one(self, transform: Transform, x: float, y: float) -> tuple[float, float]:
        """Map one point of a tile to the world."""
        out = java_apply(transform, np.array([[x, y]]))
        return float(out[0, 0]), float(out[0, 1])

    def invert_one(
        self, transform: Transform, width: float | None, height: float | None, cell: float, x: float, y: float
    ) -> tuple[float, float] | None:
        """Map one world point into a tile; None where it has no place."""
        inverse = self._inverse(transform, width, height, cell)
        if inverse is None:
            return x, y
        local, failed = np.empty((1, 2)), np.empty(1, dtype=np.int64)
        inverse.invert(np.array([[x, y]]), local, failed)
        return None if failed[0] else (float(local[0, 0]), float(local[0, 1]))

    def transform_of(self, resolver: Resolver, tile: Tile) -> Transform:
        """Return the transform of a tile."""
        return self._compiler.tile(resolver, tile.transforms, tile.refs, tile.tile_id)

    # ---------------------------------------------------------------- many points

    def local_to_world(
        self, db: sqlite3.Connection, key: int, stack: StackId, points: Sequence[tuple[str, float, float]]
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
        tiles = tiles_by_id(db, key, dict.fromkeys(tile_id for tile_id, _, _ in points))
        transforms, places = self._transforms(Resolver(db, key), tiles)
        places |= {tile_id: Missing(missing_text(stack, tile_id)) for tile_id, _, _ in points if tile_id not in tiles}
        found = [places[tile_id] for tile_id, _, _ in points]
        members = np.array([-1 if isinstance(place, ServiceError) else place for place in found], dtype=np.int64)
        xy = np.array([point[1:] for point in points], dtype=np.float64).reshape(-1, 2)
        mapped = iter(java_apply_each(transforms, members[members >= 0], xy[members >= 0]).tolist())
        return [
            place if isinstance(place, ServiceError) else (*next(mapped), tiles[point[0]].z)
            for place, point in zip(found, points, strict=True)
        ]

    def world_to_local(
        self, db: sqlite3.Connection, key: int, stack: StackId, points: Sequence[WorldPoint]
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
        resolver, found = Resolver(db, key), list(hits(db, key, points))
        world = np.array([points[i][:2] for _, indices in found for i in indices], dtype=np.float64).reshape(-1, 2)
        local, failed = np.empty(world.shape), np.zeros(len(world), dtype=np.int64)
        problems: dict[int, ServiceError] = {}
        last = 0
        for tile, indices in found:
            first, last = last, last + len(indices)
            try:
                inverse = self._tile_inverse(resolver, tile)
            except ServiceError as error:
                problems |= {i: error for i in indices if i not in problems}
                failed[first:last] = 1
                continue
            if inverse is None:
                local[first:last] = world[first:last]
            else:
                inverse.invert(world[first:last], local[first:last], failed[first:last])
        return _answers(stack, points, found, local.tolist(), failed.tolist(), problems)

    def _transforms(
        self, resolver: Resolver, tiles: Mapping[str, Tile]
    ) -> tuple[list[Transform], dict[str, int | ServiceError]]:
        """Return transforms, and for each tile the index of its own or the error."""
        transforms: list[Transform] = []
        places: dict[str, int | ServiceError] = {}
        for tile_id, tile in tiles.items():
            try:
                transforms.append(self.transform_of(resolver, tile))
                places[tile_id] = len(transforms) - 1
            except ServiceError as error:
                places[tile_id] = error
        return transforms, places

    # ---------------------------------------------------------------- inverses

    def _tile_inverse(self, resolver: Resolver, tile: Tile) -> IndexedMesh | ExactInverse | None:
        """Return the inverse of a stored tile, from what is kept when it was made before."""
        shared = "" if tile.refs is None else resolver.content(tile.refs, tile.tile_id)
        content = f"{tile.width} {tile.height} {tile.mesh_cell_size} {tile.transforms}{shared}"
        try:
            return self._inverses[content]
        except KeyError:
            pass
        cell = DEFAULT_CELL if tile.mesh_cell_size is None else tile.mesh_cell_size
        made = self._inverse(self.transform_of(resolver, tile), tile.width, tile.height, cell)
        size = made.mesh.world.nbytes + made.ends.nbytes + made.members.nbytes if isinstance(made, IndexedMesh) else 0
        self._inverses.put(content, made, size)
        return made

    def _inverse(
        self, transform: Transform, width: float | None, height: float | None, cell: float
    ) -> IndexedMesh | ExactInverse | None:
        """Return the inverse of a tile; None for one without transforms, which gives points back.

        Raises
        ------
        Failure
            Without size, or when the mesh would be out of bounds.
        """
        if len(getattr(transform, "transforms", (None,))) == 0:
            return None
        if width is None or height is None:
            raise Failure("width and height must be set to create transform mesh")
        if self._exact:
            return ExactInverse(transform, width, height)
        try:
            mesh = TileMesh.of(transform, width, height, cell)
        except PointsError as error:
            raise Failure(str(error)) from None
        if len(self._sources) > MAX_SIZES:
            self._sources.clear()
        source = self._sources.setdefault((width, height, cell), mesh)  # tiles of one size share what is not mapped
        return TileMesh(source.local, mesh.world, source.triangles, source.weight).indexed()


def _answers(
    stack: StackId,
    points: Sequence[WorldPoint],
    tiles: Sequence[tuple[Tile, list[int]]],
    local: Sequence[Sequence[float]],
    failed: Sequence[int],
    problems: dict[int, ServiceError],
) -> list[list[Found] | ServiceError]:
    """Return for each point its places or its error."""
    found: list[list[Found]] = [[] for _ in points]
    place = 0
    for tile, indices in tiles:
        for i in indices:
            if not failed[place]:
                x, y = local[place]
                found[i].append(Found(tile.tile_id, x, y, tile.z))
            place += 1
    return [
        problems[i]
        if i in problems
        else (places or _nowhere(stack, points[i], [tile for tile, indices in tiles if i in indices]))
        for i, places in enumerate(found)
    ]


def _nowhere(stack: StackId, point: WorldPoint, tiles: Sequence[Tile]) -> ServiceError:
    """Return the error for a point without tiles, or that none of its tiles can invert."""
    x, y, z = map(java_double, point)
    if not tiles:
        return BadRequest(
            f"no tile specifications found in stack with {stack} for world coordinates x={x}, y={y}, z={z}"
        )
    names = ", ".join("null" if tile.tile_id is None else tile.tile_id for tile in tiles)
    return Failure(f"world coordinate ({x}, {y}) found in tile id(s) [{names}] cannot be inverted")
