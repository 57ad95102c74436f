"""Tiles with the shared transforms that they refer to: the change, the boxes, what is left out.

Source: org.janelia.alignment.spec.ResolvedTileSpecCollection.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from render_io._native.job import Job, JobError
from render_io.server import boxes
from render_io.server.answers import ServiceError
from render_io.server.jackson import read_body
from render_io.server.spec_model import ResolvedTiles, TileSpec, TransformSpec, tidy_tile, tidy_transform
from render_io.server.tile_save import Batch
from render_io.server.transform_store import references

if TYPE_CHECKING:
    from render_io._native.validators import Validator

__all__ = ["TileCollection", "as_json", "as_spec", "derive_boxes"]

Json = dict[str, Any]


def as_json(spec: TransformSpec) -> Json:
    """Return a transform spec as JSON has it."""
    plain: Json = msgspec.to_builtins(spec)
    return plain


def as_spec(spec: Json) -> TransformSpec:
    """Return a transform spec as the service would read it."""
    found: TransformSpec = read_body(msgspec.json.encode(spec), TransformSpec)
    tidy_transform(found)
    return found


def derive_boxes(tiles: Sequence[TileSpec], shared: Mapping[str, TransformSpec]) -> None:
    """Put the derived box into every tile.

    Parameters
    ----------
    tiles : sequence of TileSpec
        Several may have one id.
    shared : mapping of str to TransformSpec
        Targets of references.

    Raises
    ------
    ServiceError
        A tile refers to what is not there (one step is followed, as the service does), lacks its size, or has
        transforms that can't be made.
    """
    numbered = {str(place): tile for place, tile in enumerate(tiles)}
    Batch(ResolvedTiles(dict(shared), dict(numbered))).check_references()
    boxes.derive(tiles, shared)


class TileCollection:
    """Tiles and shared transforms, by id.

    Parameters
    ----------
    tiles : iterable of TileSpec
        Of two with one id the last one counts.
    shared : iterable of TransformSpec
        Likewise.

    Attributes
    ----------
    tiles : dict of str to TileSpec
        By tile id.
    shared : dict of str to TransformSpec
        By transform id.

    Raises
    ------
    JobError
        A tile or a shared transform has no id.
    """

    def __init__(self, tiles: Iterable[TileSpec], shared: Iterable[TransformSpec] = ()) -> None:
        self.tiles: dict[str, TileSpec] = {}
        self.shared: dict[str, TransformSpec] = {}
        for spec in shared:
            self.share(spec)
        for tile in tiles:
            if tile.tileId is None:
                raise JobError("expected a tileId in every tile spec, found one without")
            tidy_tile(tile)
            self.tiles[tile.tileId] = tile

    @classmethod
    def from_body(cls, body: bytes) -> TileCollection:
        """Read an answer of the service."""
        found: ResolvedTiles = read_body(body, ResolvedTiles) or ResolvedTiles()
        tiles, shared = found.tileIdToSpecMap or {}, found.transformIdToSpecMap or {}
        return cls((tile for tile in tiles.values() if tile), (spec for spec in shared.values() if spec))

    def body(self) -> bytes:
        """Return what the service is sent."""
        return msgspec.json.encode({"transformIdToSpecMap": self.shared, "tileIdToSpecMap": self.tiles})

    def share(self, spec: TransformSpec) -> None:
        """Add a shared transform, in place of one with its id."""
        if spec.id is None:
            raise JobError("expected an id in every shared transform spec, found one without")
        tidy_transform(spec)
        self.shared[spec.id] = spec

    # ---------------------------------------------------------------- transforms

    def shared_json(self) -> dict[str, Json]:
        """Return the shared transforms by id as JSON has them."""
        return {name: as_json(spec) for name, spec in self.shared.items()}

    def change(self, tile_id: str, edit: Callable[[Json], Json]) -> None:
        """Replace the list of a tile's transforms by what a function makes of it."""
        tile = self.tiles[tile_id]
        assert isinstance(tile.transforms, TransformSpec)
        tile.transforms = as_spec(edit(as_json(tile.transforms)))

    def derive_boxes(self) -> None:
        """Put the derived box into every tile; errors as of `derive_boxes`."""
        derive_boxes(list(self.tiles.values()), self.shared)

    def batches(self, size: int) -> Iterator[TileCollection]:
        """Cut the collection into pieces that can be saved one by one.

        Parameters
        ----------
        size : int
            Tiles of one piece.

        Yields
        ------
        TileCollection
            With the shared transforms that its tiles need; the first one with all.
        """
        if len(self.tiles) <= size:
            yield self
            return
        tiles = list(self.tiles.values())
        for start in range(0, len(tiles), size):
            piece = TileCollection(tiles[start : start + size], self.shared.values())
            if start:
                piece.drop_unused()
            yield piece

    # ---------------------------------------------------------------- what is left out

    def retain(self, tile_ids: Collection[str]) -> None:
        """Keep some tiles only, and the shared transforms that they need."""
        self.tiles = {tile_id: tile for tile_id, tile in self.tiles.items() if tile_id in tile_ids}
        self.drop_unused()

    def drop_unused(self) -> None:
        """Leave out shared transforms that no tile refers to."""
        waiting = [name for tile in self.tiles.values() for name in _references(tile)]
        used: set[str | None] = set()
        while waiting:
            name = waiting.pop()
            if name not in used and name in self.shared:
                waiting += references(self.shared[name])
                used.add(name)
        self.shared = {name: spec for name, spec in self.shared.items() if name in used}

    def drop_invalid(self, validator: Validator | None, job: Job) -> list[str]:
        """Leave out the tiles that a validator refuses, and what only they refer to.

        Parameters
        ----------
        validator : Validator, optional
            None leaves all as it is.
        job : Job
            Is told of every tile that is left out.

        Returns
        -------
        list of str
            Ids of those tiles.
        """
        if validator is None:
            return []
        refused = self.invalid(validator)
        for tile_id, reason in refused.items():
            job.hide(f"tile {tile_id} is left out: {reason}", "tiles are left out")
        self.retain(self.tiles.keys() - refused.keys())
        return list(refused)

    def invalid(self, validator: Validator) -> dict[str, str]:
        """Return the reason for every tile that a validator refuses."""
        reasons: dict[str, str] = {}
        for tile_id, tile in self.tiles.items():
            try:
                validator.check(tile, self.shared)
            except (JobError, ServiceError) as error:
                reasons[tile_id] = str(error)
        return reasons


def _references(tile: TileSpec) -> list[str | None]:
    assert isinstance(tile.transforms, TransformSpec)
    return references(tile.transforms)
