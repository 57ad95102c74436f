"""Re-estimation of a whole section as text: only what is needed of a tile is read, and the rest is copied as it stands.

A section whose tiles are plain lists of leaves in one JSON array, which is what most are, needs no Python object per
tile. What is out of the ordinary in it takes the ordinary way, tile by tile; a document that is out of the ordinary as
a whole does not come here. The values that come out are the same either way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from render_io import _json
from render_io._reestimate import scan as columns
from render_io._reestimate.scan import Scan, is_ascii, scan
from render_io._reestimate.section_fit import Options, boxes_of, class_of, measure, reestimate_section
from render_io._reestimate.section_result import FloatArray, SectionResult
from render_io._reestimate.splice import BOXED, LEFT_OUT, OTHER, PLAIN, printable, write_tiles
from render_io._reestimate.text_columns import different, numbered, text_columns
from render_io._reestimate.text_values import TileTexts, ValueTexts
from render_io._reestimate.tile_groups import ColumnGroup
from render_io._reestimate.tile_lists import ListReader
from render_io._stores.file_stores import DirectorySource, FileSource, _stem
from render_io._stores.files import read_array
from render_io._stores.section import Section, z_of, z_text
from render_io.codecs.names import AFFINE
from render_io.errors import SpecError
from render_io.stores import Source
from transforms._jit import register_warmup

__all__ = ["TextSection", "reestimate_text", "text_section"]

Bytes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_FEWEST: Final = 32
"""Tiles from which on this pays."""
_LONGEST: Final = 26
"""Characters of a number and what follows it."""


@dataclass(frozen=True)
class TextSection(Section):
    """A section whose tiles are parts of a text.

    Attributes
    ----------
    text : ndarray
        (N,) uint8: the whole document, read-only.
    found : Scan
        Where the tiles are in it.
    """

    text: Bytes = field(default_factory=lambda: np.empty(0, dtype=np.uint8))
    found: Scan = field(default_factory=lambda: Scan(np.empty((0, 0), np.int64), np.empty((0, 0), np.int64)))

    @property
    def tile_ids(self) -> Any:
        """Ids of the tiles in order, None where one is missing; read when they are asked for."""
        return ValueTexts(self.text, _span(self.found.tiles, columns.ID))


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
    text = read_array(path, max_bytes)
    found = scan(text)
    if found is None or len(found.tiles) < _FEWEST or not _is_unicode(text):
        return None
    z = _common_z(text, found)
    if z is None:
        return None
    return TextSection(z, [], {}, stem or z_text(z), part, tuple(range(len(found.tiles))), None, text, found)


def _file(source: Source, part: str) -> tuple[Path, int, str | None] | None:
    if isinstance(source, DirectorySource):
        return source.path / part, source.max_bytes, _stem(part)
    return (source.path, source.max_bytes, None) if isinstance(source, FileSource) else None


def _is_unicode(text: Bytes) -> bool:
    try:
        return is_ascii(text) or bool(text.tobytes().decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _bytes(text: bytes) -> Bytes:
    return np.frombuffer(text, dtype=np.uint8)


def _span(tiles: IntArray, column: int) -> IntArray:
    """(T, 2) where a member is; empty where it is missing."""
    return np.ascontiguousarray(tiles[:, column : column + 2])


def _common_z(text: Bytes, found: Scan) -> int | float | None:
    """The z of all tiles, None when they differ or have none."""
    spans = _span(found.tiles, columns.Z)
    _, firsts = numbered(text, spans)
    return z_of(_value(text, spans[firsts[0]].tolist())) if len(firsts) == 1 else None


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
    return _TextJob(section, options).done()


class _TextJob:
    """The work on one section: residuals, faults and texts by place in it are filled in."""

    def __init__(self, section: TextSection, options: Options) -> None:
        self.section, self.options = section, options
        # An array that has travelled may be written to; kernels know those that may not.
        self.text = section.text.view()
        self.text.flags.writeable = False
        self.tiles, self.leaves = section.found
        count = len(self.tiles)
        rms, worst, boxes = np.full(count, np.nan), np.full(count, np.nan), np.full((count, 4), np.nan)
        self.result = SectionResult(section.name, section.part, section.z, section.tile_ids, rms, worst, boxes)
        self.faults: dict[int, SpecError] = {}
        self.others: dict[int, bytes] = {}
        self.reader = ListReader({}, "all")
        self.kinds = np.full(count, OTHER, dtype=np.int64)
        self.width = 6 if class_of(options) == AFFINE else 2 * options.parameters
        # What is written of each tile: the numbers of its transform, and its box.
        self.numbers = np.zeros((count, self.width + 4))

    def done(self) -> tuple[Section, SectionResult]:
        sizes, usual = self._sizes()
        boxed, sound = self._boxed()
        for names, places in self._alike(np.flatnonzero(usual & sound & self._named())):
            if len(places) >= _FEWEST:
                self._columns(names, places, sizes, boxed)
        self._alone(np.flatnonzero(self.kinds == OTHER))
        bad = tuple(sorted(self.faults))
        told = replace(self.result, faults=[self.faults[place] for place in bad], bad=bad)
        if self.options.skip_bad:
            self.kinds[list(bad)] = LEFT_OUT
        kept = np.flatnonzero(self.kinds != LEFT_OUT)
        keys = self.section.keys if len(kept) == len(self.kinds) else tuple(kept.tolist())
        texts: Any = self._written(kept)
        return Section(self.section.z, texts, {}, self.section.name, self.section.part, keys), told

    def _sizes(self) -> tuple[FloatArray, BoolArray]:
        """(T, 3) sizes, and which tiles have one."""
        spans = np.concatenate([_span(self.tiles, c) for c in (columns.WIDTH, columns.HEIGHT, columns.CELL)])
        ids, firsts = numbered(self.text, spans)
        values = [_value(self.text, span) for span in spans[firsts].tolist()]
        width, height, cell = ids.reshape(3, -1)
        kinds, index = different((width * len(values) + height) * len(values) + cell)
        members = [(kind // len(values) ** 2, kind // len(values) % len(values), kind % len(values)) for kind in kinds]
        named = [dict(zip(("width", "height", "meshCellSize"), (values[i] for i in m), strict=True)) for m in members]
        sizes = self.reader.sizes(named)
        table = np.array([(np.nan,) * 3 if size is None else size for size in sizes])[index]
        return table, np.isfinite(table[:, 0]) & (self.tiles[:, columns.ODD] == 0)

    def _named(self) -> BoolArray:
        """Which tiles have a text for an id; an empty one is two quotes."""
        start, stop = _span(self.tiles, columns.ID).T
        named: BoolArray = (start >= 0) & (self.text[start] == ord('"')) & (stop - start > 2)
        return named

    def _boxed(self) -> tuple[BoolArray, BoolArray]:
        """Which tiles have a box, and which have all of it or nothing."""
        numbers, nulls = np.empty((2, len(self.tiles)), dtype=np.uint8)
        columns.box_members(self.text, self.tiles, numbers, nulls)
        boxed: BoolArray = numbers == 4
        return boxed, boxed | (nulls == 4)

    def _alike(self, places: IntArray) -> Iterator[tuple[list[str], IntArray]]:
        """Tiles by the classes of their lists."""
        ids, firsts = numbered(self.text, self.leaves[:, :2]) if len(self.leaves) else (places[:0], places[:0])
        names = [self.text[start:stop].tobytes().decode() for start, stop in self.leaves[firsts, :2].tolist()]
        counts = self.tiles[places, columns.LEAVES]
        for count in np.unique(counts[counts > 0]).tolist():
            some = places[counts == count]
            rows = ids[self.tiles[some, columns.FIRST, None] + np.arange(count)]
            if (rows == rows[0]).all():
                yield [names[i] for i in rows[0].tolist()], some
                continue
            groups: dict[tuple[int, ...], list[int]] = {}
            for place, row in zip(some.tolist(), rows.tolist(), strict=True):
                groups.setdefault(tuple(row), []).append(place)
            for kind, members in groups.items():
                yield [names[i] for i in kind], np.array(members, dtype=np.int64)

    def _columns(self, names: Sequence[str], places: IntArray, sizes: FloatArray, boxed: BoolArray) -> None:
        """Work on tiles that are built alike; what is not done stays to be done alone."""
        spans = self.leaves[self.tiles[places, columns.FIRST, None] + np.arange(len(names)), 2:]
        found, members = text_columns(self.text, names, spans)
        if not found:
            return
        places = places[members]
        group = ColumnGroup(places, sizes[places], [], 0, found)
        # Tiles whose fits are bad are fitted once more, alone, which tells what is wrong with them.
        estimate, good = measure(self.section.tile_ids, group, self.options, {})
        params, chosen = estimate.params[good], places[good]
        boxes = np.zeros((len(good), 4))
        if self.options.locate or boxed[chosen].any():
            boxes = boxes_of(group, good, params, self.options)
        written = params.transpose(0, 2, 1) if class_of(self.options) == AFFINE else params
        numbers = np.concatenate([written.reshape(len(good), self.width), boxes], axis=1)
        printed = _printed(numbers)
        chosen, good = chosen[printed], good[printed]
        self.result.rms[chosen], self.result.max_residual[chosen] = estimate.rms[good], estimate.max_residual[good]
        shown = boxed[chosen] | self.options.locate
        self.result.boxes[chosen[shown]] = boxes[printed][shown]
        self.numbers[chosen], self.kinds[chosen] = numbers[printed], np.where(boxed[chosen], BOXED, PLAIN)

    def _alone(self, places: IntArray) -> None:
        """Work on some tiles the ordinary way."""
        if not len(places):
            return
        bounds = _span(self.tiles, columns.TILE)[places].tolist()
        tiles = [_value(self.text, span) for span in bounds]
        # All stay in, bad or not, so that places are places.
        keys = tuple(self.section.keys[place] for place in places.tolist())
        some = Section(self.section.z, tiles, part=self.section.part, keys=keys)
        changed, told = reestimate_section(some, replace(self.options, skip_bad=False))
        result = self.result
        result.rms[places], result.max_residual[places], result.boxes[places] = told.rms, told.max_residual, told.boxes
        self.faults.update((int(places[bad]), fault) for bad, fault in zip(told.bad, told.faults, strict=True))
        for place, (start, stop), old, new in zip(places.tolist(), bounds, tiles, changed.tilespecs, strict=True):
            self.others[place] = self.text[start:stop].tobytes() if new is old else _json.dumps(new)

    def _written(self, kept: IntArray) -> TileTexts:
        """Texts of all tiles that are not left out."""
        bounds, parts = _span(self.tiles, columns.TILE), np.empty((len(self.tiles), 5, 2), dtype=np.int64)
        parts[:, 0] = self.tiles[:, columns.LIST : columns.LIST + 2]
        parts[:, 1:] = self.tiles[:, columns.BOX : columns.BOX + 8].reshape(-1, 4, 2)
        others = [self.others[place] for place in kept[self.kinds[kept] == OTHER].tolist()]
        ends = np.cumsum([0, *map(len, others)], dtype=np.int64)
        new = self.kinds > OTHER
        leaf = b'[{"type":"leaf","className":"%b","dataString":"' % class_of(self.options).encode()
        values = self.numbers if new.all() else self.numbers[new]
        numbers = orjson.dumps(values.ravel(), option=orjson.OPT_SERIALIZE_NUMPY)
        copied = (bounds[new, 1] - bounds[new, 0]).sum() - (parts[new, 0, 1] - parts[new, 0, 0]).sum()
        added = new.sum() * (len(leaf) + 8 + _LONGEST * self.numbers.shape[1])
        out = np.empty(int(copied + added + ends[-1]) + 2 * len(self.tiles), dtype=np.uint8)
        places = np.empty((len(self.tiles), 2), dtype=np.int64)
        size = write_tiles(
            self.text, bounds, parts, self.kinds, _bytes(leaf), values, _bytes(numbers),
            _bytes(b"".join(others)), np.stack([ends[:-1], ends[1:]], axis=1), out, places,
        )  # fmt: skip
        return TileTexts(out[:size], places[kept])


def _value(text: Bytes, span: list[int]) -> Any:
    return _json.loads(text[span[0] : span[1]].tobytes()) if span[0] >= 0 else None


def _printed(numbers: FloatArray) -> IntArray:
    """Rows of transforms and boxes that can be printed as text goes."""
    good = np.empty(len(numbers), dtype=np.uint8)
    printable(numbers, good)
    return np.flatnonzero(good)


def _warm() -> None:
    """Compile the kernels of texts."""
    leaf = {"className": AFFINE, "dataString": "1 0 0 1 0.5 0"}
    tile = {"z": 1, "minX": 0, "minY": 0, "maxX": 64, "maxY": 64, "width": 64, "height": 64}
    tiles = [{"tileId": f"{k}", **tile, "transforms": {"specList": [leaf]}} for k in range(_FEWEST)]
    text = _bytes(_json.dumps(tiles))
    found = scan(text)
    if found is not None and _is_unicode(text):
        reestimate_text(TextSection(1, [], text=text, found=found), Options())


register_warmup(_warm)
