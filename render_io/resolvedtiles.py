"""Resolved tiles: tile specs together with the shared transforms that they refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from render_io import _json
from render_io._json_object import as_object, part, put
from render_io._spec_list import SpecObjects, load_transform, written
from render_io._stores.document import TILES, TRANSFORMS
from render_io.errors import SpecError
from render_io.tilespec import TileSpec

__all__ = ["ResolvedTiles", "combine_resolvedtiles"]


class ResolvedTiles:
    """Tile specs and shared transforms.

    Parameters
    ----------
    tilespecs : iterable of TileSpec, optional
        Tiles; the list is copied.
    transformList : iterable, optional
        Shared transforms, each with a `transformId`; the list is copied.
    json : dict, optional
        JSON object to take everything from; copied.
    """

    def __init__(
        self,
        tilespecs: Iterable[TileSpec] | None = None,
        transformList: Iterable[Any] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> None:
        if json is not None:
            self.from_dict(json)
            return
        self._members: dict[str, Any] = {TRANSFORMS: {}, TILES: {}}
        self._keys: list[tuple[TileSpec, str]] = []
        self._shared: SpecObjects | None = SpecObjects()
        self.tilespecs = list(tilespecs or ())
        self.transforms = list(transformList or ())

    def from_dict(self, d: Mapping[str, Any]) -> None:
        """Take everything from a JSON object.

        Parameters
        ----------
        d : dict
            With ``tileIdToSpecMap`` and ``transformIdToSpecMap``, either of which may be missing. Not changed.

        Raises
        ------
        SpecError
            A part is of the wrong type, or has another id inside than its key, with its JSON path.
        """
        document = as_object(d, "resolved tiles")
        tiles = part(document.get(TILES), TILES)
        shared = part(document.get(TRANSFORMS), TRANSFORMS)
        for key, spec in shared.items():
            _refuse_other_key(spec, "id", key, TRANSFORMS)
        for key, spec in tiles.items():
            _refuse_other_key(spec, "tileId", key, TILES)
        self._members = _json.copied({name: value for name, value in document.items() if name != TILES})
        self._members = {name: self._members.get(name, {}) for name in document}
        self._shared = None
        self.tilespecs = [TileSpec(json=spec) for spec in tiles.values()]
        # A tile that has no id inside is written under its key again.
        self._keys = list(zip(self.tilespecs, tiles, strict=True))

    @property
    def transforms(self) -> list[Any]:
        """Shared transforms, as objects of `render_io.transform`, made when first asked for.

        Raises
        ------
        SpecError
            A spec is malformed, with its JSON path.
        """
        if self._shared is None:
            objects = SpecObjects()
            for key, spec in self._read_transforms().items():
                try:
                    objects.add(load_transform(_json.copied(spec) | {"id": key}), spec)
                except SpecError as error:
                    raise error.at(path=f"{TRANSFORMS}.{key}") from error
            self._shared = objects
        return self._shared.items

    @transforms.setter
    def transforms(self, value: Iterable[Any] | None) -> None:
        if self._shared is None:
            self._shared = SpecObjects()
        self._shared.items = list(value or ())

    def to_dict(self) -> dict[str, Any]:
        """Return the object as JSON values, every member kept.

        Returns
        -------
        dict
            ``transformIdToSpecMap`` and ``tileIdToSpecMap``. Of two tiles of one id, the last is there.

        Raises
        ------
        SpecError
            A tile or a shared transform has no id.
        """
        document = dict(self._members)
        put(document, TRANSFORMS, self._transform_map())
        put(document, TILES, self._tile_map())
        copied: dict[str, Any] = _json.copied(document)
        return copied

    def _read_transforms(self) -> dict[str, Any]:
        return self._members.get(TRANSFORMS) or {}

    def _transform_map(self) -> dict[str, Any]:
        if self._shared is None:
            return self._read_transforms()
        keyed = {}
        for index, (item, spec) in enumerate(zip(self._shared.items, self._shared.document(), strict=True)):
            keyed[_transform_id(item, spec, index)] = spec
        return keyed

    def _remember(self, others: Iterable[ResolvedTiles]) -> None:
        """Write transforms that came from others as those read them."""
        self._shared = self._shared or SpecObjects()
        for other in others:
            if other._shared is not None:
                self._shared.remember(other._shared)

    def _tile_map(self) -> dict[str, Any]:
        keys = {id(tile): key for tile, key in self._keys}
        keyed = {}
        for index, tile in enumerate(self.tilespecs):
            key = tile.tileId if tile.tileId is not None else keys.get(id(tile))
            if key is None:
                raise SpecError("expected a tile id, which resolved tiles need, got none", path=f"tilespecs[{index}]")
            keyed[key] = tile.to_dict()
        return keyed


def _refuse_other_key(spec: Any, member: str, key: str, where: str) -> None:
    """Raise unless the own id of a member of a map, if it has one, is its key."""
    found = as_object(spec, f"{where}.{key}").get(member)
    if found is not None and found != key:
        raise SpecError(f"expected {key!r} as the key says, got {found!r}", path=f"{where}.{key}.{member}")


def _transform_id(item: Any, spec: Any, index: int) -> str:
    own = getattr(item, "transformId", None)
    if own is None and isinstance(spec, dict):
        own = spec.get("id")
    if not isinstance(own, str):
        raise SpecError(
            "expected a transformId, without which nothing can refer to a shared transform, got none",
            path=f"transforms[{index}]",
        )
    return own


def combine_resolvedtiles(rts_l: Iterable[ResolvedTiles]) -> ResolvedTiles:
    """Put several resolved tiles into one.

    Parameters
    ----------
    rts_l : iterable of ResolvedTiles
        Of tiles, and of transforms, that share an id the last is taken.

    Returns
    -------
    ResolvedTiles
        The tiles and transforms are shared with the given ones.

    Raises
    ------
    SpecError
        A tile or a transform has no id.
    """
    rts = list(rts_l)
    tiles: dict[str, TileSpec] = {}
    shared: dict[str, Any] = {}
    for index, resolved in enumerate(rts):
        for tile in resolved.tilespecs:
            if tile.tileId is None:
                raise SpecError("expected a tile id, got none", path=f"[{index}]")
            tiles[tile.tileId] = tile
        for place, transform in enumerate(resolved.transforms):
            shared[_transform_id(transform, written(transform), place)] = transform
    combined = ResolvedTiles(tiles.values(), shared.values())
    combined._remember(rts)
    return combined


def __getattr__(name: str) -> Any:
    """Functions that ask a render service are loaded when first used."""
    if not name.startswith("_"):
        found = getattr(import_module("render_io._requests.resolvedtiles"), name, None)
        if found is not None:
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
