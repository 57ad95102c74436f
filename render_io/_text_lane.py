"""Re-estimation of a whole section as text: only what is needed of a tile is read, and the rest is copied as it stands.

A section whose tiles are plain lists of leaves in one JSON array, which is what most are, needs no Python object per
member and number. What is out of the ordinary in it takes the ordinary way, tile by tile; a document that is out of the
ordinary as a whole does not come here. The values that come out are the same either way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import orjson

from render_io import _json, codecs
from render_io._file_stores import DirectorySource, FileSource, _stem
from render_io._files import read_bytes
from render_io._json import Raw
from render_io._section import Section, z_of, z_text
from render_io._section_fit import BOX, Options, boxes_of, class_of, measure, reestimate_section
from render_io._section_result import FloatArray, SectionResult
from render_io._tile_groups import ColumnGroup, columns_of
from render_io._tile_lists import ListReader, Size
from render_io.errors import SpecError
from render_io.stores import Source

__all__ = ["TextSection", "reestimate_text", "text_section"]

Members = dict[str, Raw]

_FEWEST: Final = 32
"""Tiles from which on this pays."""


class _Leaf(msgspec.Struct, gc=False):
    className: str
    dataString: str
    type: str = "leaf"


class _List(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    specList: list[_Leaf]
    type: str = ""


_DOCUMENT: Final = msgspec.json.Decoder(list[Members])
_LIST: Final = msgspec.json.Decoder(_List)
_NULL: Final = b"null"


@dataclass(frozen=True)
class TextSection(Section):
    """A section whose tiles are members in text.

    Parameters
    ----------
    members : list of dict
        Members of each tile, in order; values are text.
    ids : list
        Tile ids, None where one is missing.
    """

    members: list[Members] = field(default_factory=list)
    ids: list[Any] = field(default_factory=list)

    @property
    def tile_ids(self) -> list[Any]:
        """Ids of the tiles in order, None where one is missing."""
        return self.ids


def text_section(source: Source, part: str, options: Options) -> TextSection | None:
    """Read a part of a source as text.

    Parameters
    ----------
    source : Source
        Only files are text.
    part : str
        One of its parts.
    options : Options
        Only whole lists are replaced here.

    Returns
    -------
    TextSection or None
        None when the document is out of the ordinary: more than one z, few tiles, no array, or malformed, which is told
        by whoever reads it next.

    Raises
    ------
    StoreError
        The file can't be read at all.
    """
    place = _file(source, part)
    if place is None or options.replace != "all":
        return None
    path, max_bytes, stem = place
    text = read_bytes(path, max_bytes)
    if re.match(rb"\s*\[", text) is None:
        return None
    try:
        if not text.isascii():
            text.decode("utf-8")  # The decoder does not look into what it leaves as text.
        members = _DOCUMENT.decode(text)
        z = _common_z(members)
        ids = [_value(tile["tileId"]) if "tileId" in tile else None for tile in members]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, SpecError):
        return None
    if len(members) < _FEWEST or z is None:
        return None
    name, keys = stem or z_text(z), tuple(range(len(members)))
    return TextSection(z, [], {}, name, part, keys, None, members, ids)


def _file(source: Source, part: str) -> tuple[Path, int, str | None] | None:
    if isinstance(source, DirectorySource):
        return source.path / part, source.max_bytes, _stem(part)
    return (source.path, source.max_bytes, None) if isinstance(source, FileSource) else None


def _common_z(members: Sequence[Members]) -> int | float | None:
    """The z of all tiles, None when they differ or have none."""
    found = {bytes(tile["z"]) for tile in members}
    return z_of(_value(Raw(found.pop()))) if len(found) == 1 else None


def _value(raw: Raw) -> Any:
    return _json.loads(raw)


def reestimate_text(section: TextSection, options: Options) -> tuple[Section, SectionResult]:
    """Do what `reestimate_section` does, on text.

    Parameters
    ----------
    section : TextSection
        It is not changed.
    options : Options
        What to estimate; whole lists are replaced.

    Returns
    -------
    section : Section
        Its tiles are text.
    result : SectionResult
        Residuals, and what is wrong with the bad tiles.
    """
    count = len(section.members)
    rms, worst, boxes = np.full(count, np.nan), np.full(count, np.nan), np.full((count, 4), np.nan)
    result = SectionResult(section.name, section.part, section.z, section.ids, rms, worst, boxes)
    texts: list[Raw | None] = [None] * count
    faults: dict[int, SpecError] = {}
    reader = ListReader({}, "all")
    alone: list[int] = []
    for names, tiles in _alike(reader, section.members, alone).items():
        alone += _columns(reader, section, names, tiles, options, (result, faults, texts))
    _alone(section, sorted(alone), options, (result, faults, texts))
    bad = tuple(sorted(faults))
    told = replace(result, faults=[faults[place] for place in bad], bad=bad)
    kept = [place for place in range(count) if not (options.skip_bad and place in faults)]
    tilespecs: list[Any] = [texts[place] for place in kept]
    return Section(section.z, tilespecs, {}, section.name, section.part, tuple(kept), None), told


Out = tuple[SectionResult, dict[int, SpecError], list[Raw | None]]
"""Residuals, faults and texts by place in the section: what is filled in."""

Tiles = list[tuple[int, _List, Size]]


def _alike(reader: ListReader, members: Sequence[Members], alone: list[int]) -> dict[tuple[str, ...], Tiles]:
    """Tiles by the classes of their lists; the others' places are added to `alone`."""
    groups: dict[tuple[str, ...], Tiles] = {}
    sizes: dict[tuple[bytes, bytes, bytes], Size | None] = {}
    null = Raw(_NULL)
    for place, tile in enumerate(members):
        try:
            key = (bytes(tile["width"]), bytes(tile["height"]), bytes(tile.get("meshCellSize", null)))
            size = _size(reader, key, sizes)
            listed = _LIST.decode(tile["transforms"])
        except (msgspec.DecodeError, KeyError):
            size = None
        if size is None or listed.type not in ("list", "") or any(leaf.type != "leaf" for leaf in listed.specList):
            alone.append(place)
        else:
            groups.setdefault(tuple([leaf.className for leaf in listed.specList]), []).append((place, listed, size))
    return groups


def _size(
    reader: ListReader, key: tuple[bytes, bytes, bytes], sizes: dict[tuple[bytes, bytes, bytes], Size | None]
) -> Size | None:
    if key not in sizes:
        width, height, cell = (_value(Raw(text)) for text in key)
        sizes[key] = reader.sizes([{"width": width, "height": height, "meshCellSize": cell}])[0]
    return sizes[key]


def _columns(
    reader: ListReader, section: TextSection, names: tuple[str, ...], tiles: Tiles, options: Options, out: Out
) -> list[int]:
    """Work on tiles that are built alike; return the places of those that are left to be done alone."""
    result, _, texts = out
    places = np.array([place for place, _, _ in tiles], dtype=np.int64)
    lists = [listed.specList for _, listed, _ in tiles]
    columns = columns_of(reader, names, [[leaves[i].dataString for leaves in lists] for i in range(len(names))])
    if not columns or len(tiles) < _FEWEST:
        return [place for place, _, _ in tiles]
    group = ColumnGroup(places, np.array([size for _, _, size in tiles]), [], 0, columns)
    # Tiles whose fits are bad are fitted once more, alone, which tells what is wrong with them.
    estimate, good = measure(section.ids, group, options, {})
    chosen, params = places[good], estimate.params[good]
    result.rms[chosen], result.max_residual[chosen] = estimate.rms[good], estimate.max_residual[good]
    kinds = [_box_kind(section.members[place]) for place in chosen.tolist()]
    boxed = np.array(kinds, dtype=np.int64) != _NO_BOX
    if options.locate or boxed.any():
        result.boxes[chosen] = boxes_of(group, good, params, options)
    rows = zip(
        chosen.tolist(), good.tolist(), _leaves(params, options), kinds, _texts(result.boxes[chosen]), strict=True
    )
    for place, member, leaf, kind, box in rows:
        new: dict[str, Raw | bytes] = {**section.members[place]}
        new["transforms"] = _list_text(tiles[member][1], section.members[place], leaf)
        if kind == _FLOATS:
            new["minX"], new["minY"], new["maxX"], new["maxY"] = box
        elif kind == _OTHERS:
            _put_box(new, box)
        texts[place] = Raw(_text(new))
    if not options.locate:
        result.boxes[chosen[~boxed]] = np.nan
    return sorted(set(places.tolist()).difference(chosen.tolist()))


def _leaves(params: FloatArray, options: Options) -> list[bytes]:
    """Texts of the new transforms."""
    class_name = class_of(options)
    start = b'{"type":"leaf","className":"%b","dataString":"' % class_name.encode()
    return [b'%b%b"}' % (start, text.encode()) for text in codecs.encode_many(class_name, params)]


def _list_text(listed: _List, tile: Members, leaf: bytes) -> bytes:
    """The list with its new member, and its own members in their order."""
    if not listed.type:
        return b'{"specList":[%b]}' % leaf
    end = memoryview(tile["transforms"])[-64:].tobytes().rstrip()[:-1].rstrip()
    if end.endswith(b"]"):
        return b'{"type":"list","specList":[%b]}' % leaf
    return b'{"specList":[%b],"type":"list"}' % leaf


_NO_BOX, _FLOATS, _OTHERS = 0, 1, 2
"""Kinds of boxes: none; four numbers with a point; anything else."""


def _box_kind(tile: Members) -> int:
    try:
        if (b"%b %b %b %b" % (tile["minX"], tile["minY"], tile["maxX"], tile["maxY"])).count(b".") == 4:
            return _FLOATS
    except KeyError:
        pass
    return _OTHERS if any(name in tile and bytes(tile[name]) != _NULL for name in BOX) else _NO_BOX


def _texts(boxes: FloatArray) -> list[list[bytes]]:
    """Texts of (M, 4) whole numbers."""
    texts = orjson.dumps(boxes.ravel(), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    return [texts[start : start + 4] for start in range(0, boxes.size, 4)]


def _put_box(tile: dict[str, Raw | bytes], texts: list[bytes]) -> None:
    """Put new values in place of the old ones; whole numbers stay whole where they were written so."""
    for name, text in zip(BOX, texts, strict=True):
        old = bytes(tile.get(name, b""))
        tile[name] = str(int(float(text))).encode() if b"." not in old and old.lstrip(b"-").isdigit() else text


def _text(tile: Mapping[str, Raw | bytes]) -> bytes:
    parts: list[Raw | bytes] = [b"}"] * (2 * len(tile) + 1)
    parts[0:-1:2] = _names(tuple(tile))
    parts[1::2] = tile.values()
    return b"".join(parts)


@lru_cache(maxsize=1024)
def _names(names: tuple[str, ...]) -> list[bytes]:
    """What stands before each value; tiles of a section have the same members."""
    return [(b"," if place else b"{") + _json.dumps(name) + b":" for place, name in enumerate(names)]


def _alone(section: TextSection, places: list[int], options: Options, out: Out) -> None:
    """Work on some tiles the ordinary way."""
    if not places:
        return
    result, faults, texts = out
    tiles = [{name: _value(raw) for name, raw in section.members[place].items()} for place in places]
    # All stay in, bad or not, so that places are places.
    changed, told = reestimate_section(Section(section.z, tiles), replace(options, skip_bad=False))
    index = np.array(places)
    result.rms[index], result.max_residual[index], result.boxes[index] = told.rms, told.max_residual, told.boxes
    faults.update((places[bad], fault) for bad, fault in zip(told.bad, told.faults, strict=True))
    for place, old, new in zip(places, tiles, changed.tilespecs, strict=True):
        texts[place] = Raw(_text(section.members[place]) if new is old else _json.dumps(new))
