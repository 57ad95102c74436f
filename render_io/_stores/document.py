"""Documents of tile specs: an array, or resolved tiles, read into sections and put together again without loss."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from render_io import _json
from render_io._json import Raw
from render_io._reestimate.text_values import TileTexts
from render_io._stores.section import Json, Key, Section, z_of, z_text
from render_io.errors import SpecError

__all__ = ["TILES", "TRANSFORMS", "Document"]

Tile = Json | Raw
"""A tile spec, or its text as long as nobody asks for more than its z and its id: a tenth of the memory."""

TRANSFORMS = "transformIdToSpecMap"
TILES = "tileIdToSpecMap"


class _Head(msgspec.Struct):
    """What is looked at in the text of a tile. At least one of these members makes an object a tile spec."""

    tileId: Any = msgspec.UNSET
    z: Any = msgspec.UNSET
    width: Any = msgspec.UNSET
    height: Any = msgspec.UNSET
    transforms: Raw = Raw()
    mipmapLevels: Raw = Raw()
    channels: Raw = Raw()
    layout: Raw = Raw()


_TILE_MEMBERS = frozenset(_Head.__struct_fields__)
_HEADS = msgspec.json.Decoder(_Head)


@dataclass
class Document:
    """Tile specs of one file in their order, and what they share.

    Attributes
    ----------
    tiles : dict
        Tile specs by index (array), by key (resolved tiles), or by None (the document is one tile spec).
    transforms : dict
        Shared transform specs by id.
    envelope : dict or None
        As in `Section`: None for an array or a single tile spec.
    """

    tiles: dict[Key, Tile] = field(default_factory=dict)
    transforms: dict[str, Json] = field(default_factory=dict)
    envelope: Json | None = None
    _whole: Section | None = field(default=None, repr=False)
    """A section in one text that is all there is: taken apart only when there is more."""

    @classmethod
    def from_text(cls, text: bytes) -> Document:
        """Take the text of a document apart; its tiles stay text.

        Parameters
        ----------
        text : bytes
            As for `from_json`.

        Returns
        -------
        Document
            Shares memory with `text`.

        Raises
        ------
        SpecError
            Malformed text, or no document of tile specs, with line and column, or JSON path.
        """
        if _opens(text, b"["):
            return cls.from_json(_json.split_array(text))
        if not _opens(text, b"{"):
            return cls.from_json(_json.loads(text))
        members = _json.split_object(text).items()
        return cls.from_json({name: _members(raw) if name == TILES else _json.loads(raw) for name, raw in members})

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
        tiles: dict[Key, Tile] = {key: _tile(tile, f"{TILES}.{key}") for key, tile in _map(value, TILES).items()}
        shared = {key: _object(spec, f"{TRANSFORMS}.{key}") for key, spec in _map(value, TRANSFORMS).items()}
        envelope = {key: dict.fromkeys(item) if key in (TILES, TRANSFORMS) else item for key, item in value.items()}
        return cls(tiles, shared, envelope)

    def tile_ids(self) -> list[Any]:
        """Ids of the tiles in order, None where one is missing."""
        return [_head(tile, "tileId") for tile in self.tiles.values()]

    def sections(self, part: str, stem: str | None = None) -> Iterator[Section]:
        """Split by z, in the order in which the z values appear; only the tiles of one are read at a time.

        Parameters
        ----------
        part : str
            Name of the source's part that the document is.
        stem : str, optional
            Name of a section that is the whole document, and beginning of the names of others; without one they are
            named by z alone.

        Yields
        ------
        Section
            At least one, so that also an empty document is passed on.

        Raises
        ------
        SpecError
            The text of a tile can't be read, with its JSON path.
        """
        groups: dict[int | float | None, list[Key]] = {}
        for key, tile in self.tiles.items():
            groups.setdefault(z_of(_head(tile, "z")), []).append(key)
        for z, keys in groups.items() or [(None, [])]:
            name = z_text(z) if stem is None else stem if len(groups) < 2 else f"{stem}.{z_text(z)}"
            tiles = [self._read(key) for key in keys]
            yield Section(z, tiles, self.transforms, name, part, tuple(keys), self.envelope)

    def _read(self, key: Key) -> Json:
        tile = self.tiles[key]
        try:
            return _json.loads(tile) if isinstance(tile, Raw) else tile
        except SpecError as error:
            raise error.at(path=self._path(key)) from error

    def _path(self, key: Key) -> str:
        return f"{TILES}.{key}" if self.envelope is not None else "" if key is None else f"[{key}]"

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
        texts: Any = section.tilespecs
        if not self.tiles and self._whole is None and isinstance(texts, TileTexts):
            self._whole = section
            return
        self._take_apart()
        self._add(section)

    def _take_apart(self) -> None:
        whole, self._whole = self._whole, None
        if whole is not None:
            self._add(whole)

    def _add(self, section: Section) -> None:
        keys = section.keys or tuple(range(len(self.tiles), len(self.tiles) + len(section.tilespecs)))
        for key, tile in zip(keys, section.tilespecs, strict=True):
            # As text: a tenth of the memory, and faults are told now.
            self.tiles[key] = Raw(_text(self._path(key), tile))
        _merge(self.transforms, section.transforms, TRANSFORMS)
        if section.envelope is not None:
            self.envelope = section.envelope

    def in_order(self) -> Document:
        """Return the document with its tiles and transforms in the order of the file they came from."""
        if self._whole is not None:
            return self
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
        for part in parts:
            part._take_apart()
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

    def _keyed_by_id(self) -> dict[Key, Tile]:
        if self.envelope is not None:
            return self.tiles
        keyed: dict[Key, Tile] = {}
        for index, tile in self.tiles.items():
            tile_id = _head(tile, "tileId")
            if not isinstance(tile_id, str):
                raise SpecError("expected a tile id, which resolved tiles need, got none", path=f"[{index}]")
            _merge(keyed, {tile_id: tile}, TILES)
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
        if self._whole is not None:
            texts: Any = self._whole.tilespecs
            yield from texts.chunks()
            return
        if list(self.tiles) == [None] and not self.transforms:
            yield _text("", self.tiles[None]) + b"\n"
            return
        if self.envelope is None and not self.transforms:
            yield from _lines(b"[]", (_text(f"[{key}]", tile) for key, tile in self.tiles.items()))
            return
        members = dict.fromkeys(self.envelope if self.envelope is not None else (TRANSFORMS, TILES))
        members |= dict.fromkeys([name for name in (TRANSFORMS,) if self.transforms])
        members |= dict.fromkeys([name for name in (TILES,) if self.tiles])
        for count, name in enumerate(members):
            yield (b"," if count else b"{") + _json.dumps(name) + b":"
            if name == TILES:
                pairs = self._keyed_by_id().items()
                yield from _lines(b"{}", (_pair(key, _text(f"{TILES}.{key}", tile)) for key, tile in pairs))
            elif name == TRANSFORMS:
                yield from _lines(
                    b"{}", (_pair(key, _text(f"{TRANSFORMS}.{key}", spec)) for key, spec in self.transforms.items())
                )
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


def _text(place: str, tile: Tile) -> bytes:
    """Text of a tile spec or of a shared transform."""
    if isinstance(tile, Raw):
        return bytes(tile)
    try:
        return _json.dumps(tile)
    except SpecError as error:
        tile_id = tile.get("tileId")
        raise error.at(tile_id if isinstance(tile_id, str) else None, place) from error


def _merge(into: dict[Any, Any], more: dict[Any, Any], where: str) -> None:
    """Add members, refusing to replace one by something else."""
    for key, value in more.items():
        if key in into and into[key] is not value and _value(into[key]) != _value(value):
            raise SpecError(f"two different specs have the id {key!r}", path=where)
        into[key] = value


def _place(key: Key) -> tuple[int, str]:
    return (key, "") if isinstance(key, int) else (-1, key or "")


def _value(value: Any) -> Any:
    return _json.loads(value) if isinstance(value, Raw) else value


def _opens(text: bytes, bracket: bytes) -> bool:
    return re.match(rb"\s*" + re.escape(bracket), text) is not None


def _is_object(raw: Raw) -> bool:
    return memoryview(raw)[:1].tobytes() == b"{"


def _members(raw: Raw) -> Any:
    return _json.split_object(raw) if _is_object(raw) else _json.loads(raw)


def _head(tile: Tile, member: str) -> Any:
    """Member of a tile by which it is sorted, None where it is missing."""
    if not isinstance(tile, Raw):
        return tile.get(member)
    found = getattr(_HEADS.decode(tile), member)
    return None if found is msgspec.UNSET else found


def _is_tile(value: Any) -> bool:
    if not isinstance(value, Raw):
        return isinstance(value, dict) and not _TILE_MEMBERS.isdisjoint(value)
    if not _is_object(value):
        return False
    head = _json.decoded(_HEADS.decode, value)
    if head.tileId is not msgspec.UNSET:
        return True
    return any(getattr(head, name) is not msgspec.UNSET and getattr(head, name) != Raw() for name in _TILE_MEMBERS)


def _tile(value: Any, path: str) -> Tile:
    try:
        if _is_tile(value):
            tile: Tile = value
            return tile
        found = _value(value)
    except SpecError as error:
        raise error.at(path=path) from error
    raise SpecError(f"expected a tile spec, got {_kind(found)}", path=path)


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
