"""Documents of tile specs: an array, or resolved tiles, read into sections and put together again without loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from render_io import _json
from render_io._section import Json, Key, Section, z_of, z_text
from render_io.errors import SpecError

__all__ = ["TILES", "TRANSFORMS", "Document"]

TRANSFORMS = "transformIdToSpecMap"
TILES = "tileIdToSpecMap"

_TILE_MEMBERS = frozenset({"tileId", "z", "width", "height", "transforms", "mipmapLevels", "channels", "layout"})


@dataclass
class Document:
    """Tile specs of one file in their order, and what they share.

    Parameters
    ----------
    tiles : dict
        Tile specs by index (array), by key (resolved tiles), or by None (the document is one tile spec).
    transforms : dict
        Shared transform specs by id.
    envelope : dict or None
        As in `Section`: None for an array or a single tile spec.
    """

    tiles: dict[Key, Json] = field(default_factory=dict)
    transforms: dict[str, Json] = field(default_factory=dict)
    envelope: Json | None = None

    @classmethod
    def from_json(cls, value: Any) -> Document:
        """Take a parsed document apart.

        Parameters
        ----------
        value : object
            An array of tile specs, an object with ``tileIdToSpecMap`` and ``transformIdToSpecMap``, or one tile spec.

        Returns
        -------
        Document
            Shares the tile specs with `value`.

        Raises
        ------
        SpecError
            Anything else, with its JSON path.
        """
        if isinstance(value, list):
            return cls({index: _tile(tile, f"[{index}]") for index, tile in enumerate(value)})
        if not isinstance(value, dict) or not (TILES in value or TRANSFORMS in value):
            if _is_tile(value):
                return cls({None: value})
            raise SpecError(f"expected an array of tile specs, or resolved tiles, got {_kind(value)}")
        tiles: dict[Key, Json] = {key: _tile(tile, f"{TILES}.{key}") for key, tile in _map(value, TILES).items()}
        shared = {key: _object(spec, f"{TRANSFORMS}.{key}") for key, spec in _map(value, TRANSFORMS).items()}
        envelope = {key: dict.fromkeys(item) if key in (TILES, TRANSFORMS) else item for key, item in value.items()}
        return cls(tiles, shared, envelope)

    def sections(self, part: str, stem: str | None = None) -> list[Section]:
        """Split by z, in the order in which the z values appear.

        Parameters
        ----------
        part : str
            Name of the source's part that the document is.
        stem : str, optional
            Name of a section that is the whole document, and beginning of the names of others; without one they are
            named by z alone.

        Returns
        -------
        list of Section
            At least one, so that also an empty document is passed on.
        """
        groups: dict[int | float | None, dict[Key, Json]] = {}
        for key, tile in self.tiles.items():
            groups.setdefault(z_of(tile), {})[key] = tile
        if not groups:
            groups[None] = {}
        sections = []
        for z, tiles in groups.items():
            name = z_text(z) if stem is None else stem if len(groups) == 1 else f"{stem}.{z_text(z)}"
            sections.append(Section(z, list(tiles.values()), self.transforms, name, part, tuple(tiles), self.envelope))
        return sections

    def add(self, section: Section) -> None:
        """Put the tiles of a section, and what they share, back.

        Parameters
        ----------
        section : Section
            From this document's part, or from none.

        Raises
        ------
        SpecError
            A shared transform or another member has two values.
        """
        keys = section.keys or tuple(range(len(self.tiles), len(self.tiles) + len(section.tilespecs)))
        self.tiles.update(zip(keys, section.tilespecs, strict=True))
        _merge(self.transforms, section.transforms, TRANSFORMS)
        if section.envelope is not None:
            self.envelope = section.envelope

    def in_order(self) -> Document:
        """Return the document with its tiles and transforms in the order of the file they came from."""
        if self.envelope is None:
            return Document({key: self.tiles[key] for key in sorted(self.tiles, key=_place)}, self.transforms)
        tiles = {key: self.tiles[key] for key in self.envelope.get(TILES, ()) if key in self.tiles}
        shared = {key: self.transforms[key] for key in self.envelope.get(TRANSFORMS, ()) if key in self.transforms}
        return Document(tiles | self.tiles, shared | self.transforms, self.envelope)

    @classmethod
    def joined(cls, documents: Iterable[Document]) -> Document:
        """Put several documents into one.

        Parameters
        ----------
        documents : iterable of Document
            Each in order. Resolved tiles when one of them is, or has shared transforms; else an array.

        Returns
        -------
        Document
            Tiles of the first, then of the second, and so on.

        Raises
        ------
        SpecError
            A tile id, a shared transform or another member is there twice and differs.
        """
        parts = list(documents)
        if all(part.envelope is None and not part.transforms for part in parts):
            return cls(dict(enumerate(tile for part in parts for tile in part.tiles.values())))
        whole = cls(envelope={})
        assert whole.envelope is not None
        for part in parts:
            _merge(whole.tiles, part._keyed_by_id(), TILES)
            _merge(whole.transforms, part.transforms, TRANSFORMS)
            extra = {key: item for key, item in (part.envelope or {}).items() if key not in (TILES, TRANSFORMS)}
            _merge(whole.envelope, extra, "the document")
            # The order of the members is that of the first document that has them.
            whole.envelope = dict.fromkeys(part.envelope or (TRANSFORMS, TILES)) | whole.envelope
        return whole

    def _keyed_by_id(self) -> dict[Key, Json]:
        if self.envelope is not None:
            return self.tiles
        keyed: dict[Key, Json] = {}
        for index, tile in self.tiles.items():
            if not isinstance(tile.get("tileId"), str):
                raise SpecError("expected a tile id, which resolved tiles need, got none", path=f"[{index}]")
            _merge(keyed, {tile["tileId"]: tile}, TILES)
        return keyed

    def chunks(self) -> Iterator[bytes]:
        """Text of the document, a tile a line.

        Yields
        ------
        bytes
            Parts of the JSON text, in order.

        Raises
        ------
        SpecError
            A value inside can't be written, with tile and JSON path.
        """
        if list(self.tiles) == [None] and not self.transforms:
            yield _tile_text("", self.tiles[None]) + b"\n"
            return
        if self.envelope is None and not self.transforms:
            yield from _lines(b"[]", (_tile_text(f"[{key}]", tile) for key, tile in self.tiles.items()))
            return
        members = dict.fromkeys(self.envelope if self.envelope is not None else (TRANSFORMS, TILES))
        members |= dict.fromkeys([name for name in (TRANSFORMS,) if self.transforms])
        members |= dict.fromkeys([name for name in (TILES,) if self.tiles])
        for count, name in enumerate(members):
            yield (b"," if count else b"{") + _json.dumps(name) + b":"
            if name == TILES:
                pairs = self._keyed_by_id().items()
                yield from _lines(b"{}", (_pair(key, _tile_text(f"{TILES}.{key}", tile)) for key, tile in pairs))
            elif name == TRANSFORMS:
                yield from _lines(b"{}", (_pair(key, _json.dumps(spec)) for key, spec in self.transforms.items()))
            else:
                yield _json.dumps((self.envelope or {})[name])
        yield b"}\n"


def _lines(brackets: bytes, texts: Iterable[bytes]) -> Iterator[bytes]:
    yield brackets[:1]
    separator = b"\n"
    for text in texts:
        yield separator + text
        separator = b",\n"
    yield b"\n" + brackets[1:] + (b"\n" if brackets == b"[]" else b"")


def _pair(key: Key, text: bytes) -> bytes:
    return _json.dumps(key) + b":" + text


def _tile_text(place: str, tile: Json) -> bytes:
    try:
        return _json.dumps(tile)
    except SpecError as error:
        tile_id = tile.get("tileId")
        raise error.at(tile_id if isinstance(tile_id, str) else None, place) from error


def _merge(into: dict[Any, Any], more: dict[Any, Any], where: str) -> None:
    """Add members, refusing to replace one by something else."""
    for key, value in more.items():
        if key in into and into[key] is not value and into[key] != value:
            raise SpecError(f"two different specs have the id {key!r}", path=where)
        into[key] = value


def _place(key: Key) -> tuple[int, str]:
    return (key, "") if isinstance(key, int) else (-1, key or "")


def _is_tile(value: Any) -> bool:
    return isinstance(value, dict) and not _TILE_MEMBERS.isdisjoint(value)


def _tile(value: Any, path: str) -> Json:
    if not _is_tile(value):
        raise SpecError(f"expected a tile spec, got {_kind(value)}", path=path)
    tile: Json = value
    return tile


def _object(value: Any, path: str) -> Json:
    if not isinstance(value, dict):
        raise SpecError(f"expected an object, got {_kind(value)}", path=path)
    return value


def _map(document: Json, name: str) -> Json:
    return _object(document.get(name, {}), name)


def _kind(value: Any) -> str:
    """Say in JSON's words what a value is."""
    if isinstance(value, dict):
        members = ", ".join(map(str, list(value)[:4]))
        return f"an object with members {members}" if members else "an empty object"
    if isinstance(value, list):
        return "an array"
    return "null" if value is None else f"{type(value).__name__} {str(value)[:40]!r}"
