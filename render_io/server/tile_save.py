"""Saving tiles: what is checked, in the service's order, and the rows that are written."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import orjson

from render_io.server import boxes, tile_store, transform_store
from render_io.server.answers import BadRequest, Failure, java_double
from render_io.server.compiled import Compiler
from render_io.server.spec_model import ResolvedTiles, TileSpec, TransformSpec, tidy_tile, tidy_transform

__all__ = ["Batch", "write"]

_encoder = msgspec.json.Encoder()
_NONE = "null"


class Batch:
    """A checked body of PUT resolvedTiles.

    Parameters
    ----------
    body : ResolvedTiles
        As read.

    Raises
    ------
    MalformedBody
        For members of the wrong form.
    Failure
        For a map or a tile that is null.
    """

    def __init__(self, body: ResolvedTiles) -> None:
        if body.transformIdToSpecMap is None or body.tileIdToSpecMap is None:
            raise Failure()
        tiles = [tile for tile in body.tileIdToSpecMap.values() if tile is not None]
        shared = {key: spec for key, spec in body.transformIdToSpecMap.items() if spec is not None}
        if len(tiles) != len(body.tileIdToSpecMap) or len(shared) != len(body.transformIdToSpecMap):
            raise Failure()
        for tile in tiles:
            tidy_tile(tile)
        for spec in shared.values():
            tidy_transform(spec)
        self.tiles = tiles
        self.shared = shared
        self._refs: list[list[str | None]] | None = None

    def refs(self) -> list[list[str | None]]:
        """Return for each tile the ids that its transforms refer to."""
        if self._refs is None:
            self._refs = [transform_store.references(_list(tile)) for tile in self.tiles]
        return self._refs

    def check_references(self, nested: bool = False) -> None:
        """Refuse tiles that need transforms which the body does not hold.

        Parameters
        ----------
        nested : bool
            Follow references inside shared lists and interpolated specs. The Java service resolves one level only and
            refuses what refers on.

        Raises
        ------
        BadRequest
            Naming the first such tile and what it needs.
        """
        inner = _InnerReferences(self.shared, nested)
        for tile, refs in zip(self.tiles, self.refs(), strict=True):
            lacking = [name for target in refs for name in inner[target]] if refs else []
            if lacking:
                names = ", ".join(dict.fromkeys(_NONE if name is None else name for name in lacking))
                raise BadRequest(f"tile {_shown(tile.tileId)} requires the following transform ids [{names}]")

    def derive_boxes(self, compiler: Compiler) -> None:
        """Put the derived box into every tile."""
        boxes.derive(self.tiles, self.shared, compiler)

    def check_tiles(self, z: float | None) -> None:
        """Refuse an empty batch, tiles without a complete box, and tiles of another layer than the path's.

        Parameters
        ----------
        z : float or None
            Of the path, if it has one.
        """
        if not self.tiles:
            raise BadRequest(
                "collection does not have any tiles (maybe they were removed by a prior validation process)"
            )
        for tile in self.tiles:
            if tile.minX is None or tile.minY is None or tile.maxX is None or tile.maxY is None:
                raise BadRequest(
                    f"tile with id '{_shown(tile.tileId)}' is missing bounding box attributes"
                    " (minX, minY, maxX, and/or maxY)"
                )
            if z is not None and (tile.z is None or _bits(tile.z) != _bits(z)):
                found = _NONE if tile.z is None else java_double(float(tile.z))
                raise BadRequest(
                    f"all tiles must have a z value of {java_double(z)} but tile with id '{_shown(tile.tileId)}'"
                    f" has a z value of {found}"
                )

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the rows of the table, all but the stack's key."""
        return [_row(tile, refs) for tile, refs in zip(self.tiles, self.refs(), strict=True)]


class _InnerReferences(dict[str | None, list[str | None]]):
    """For each id: itself when it is missing, else what its target refers to in turn."""

    def __init__(self, shared: Mapping[str, TransformSpec], nested: bool) -> None:
        super().__init__()
        self._shared = shared
        self._nested = nested

    def __missing__(self, name: str | None) -> list[str | None]:
        spec = None if name is None else self._shared.get(name)
        self[name] = [name]  # what leads back to itself is lacking
        if spec is not None:
            targets = transform_store.references(spec)
            follow = self._nested and spec.type != "ref"
            self[name] = [lacking for target in targets for lacking in self[target]] if follow else targets
        return self[name]


def write(db: sqlite3.Connection, key: int, batch: Batch, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store transforms and tiles of a checked batch."""
    transform_store.save(db, key, batch.shared.values())
    tile_store.upsert(db, key, rows)


def _list(tile: TileSpec) -> TransformSpec:
    assert isinstance(tile.transforms, TransformSpec)
    return tile.transforms


def _shown(tile_id: str | None) -> str:
    return _NONE if tile_id is None else tile_id


def _bits(value: Any) -> bytes:
    """Return a double's bits: Java compares so, and tells -0.0 from 0.0."""
    return struct.pack("d", float(value))


def _number(value: Any) -> float | None:
    """Return a double that may be a word as a number."""
    return float(value) if isinstance(value, str) else value


def _row(tile: TileSpec, refs: Iterable[str | None]) -> tuple[Any, ...]:
    transforms = _list(tile)
    tile.transforms = msgspec.UNSET
    head = _encoder.encode(tile)[:-1].decode()
    tile.transforms = transforms
    members = transforms.specList
    flat = (
        isinstance(members, list)
        and all(s is not None and s.type == "leaf" for s in members)
        and transforms.id is None
        and transforms.metaData is None
    )
    return (
        tile.tileId,
        _number(tile.z),
        tile.layout.sectionId if tile.layout is not None else None,
        tile.groupId,
        bool(tile.channels),
        _number(tile.minX),
        _number(tile.minY),
        _number(tile.maxX),
        _number(tile.maxY),
        _number(tile.width),
        _number(tile.height),
        _number(tile.meshCellSize),
        head,
        _encoder.encode(transforms).decode(),
        orjson.dumps(refs).decode() if refs else None,
        flat,
    )
