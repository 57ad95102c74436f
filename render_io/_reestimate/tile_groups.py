"""The lists of a section as batches: tiles that are built alike go in columns, without an object per tile.

What is out of the ordinary, a reference, a nested list, a malformed text, is read tile by tile into one last group.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from render_io import codecs
from render_io._reestimate.section_result import FloatArray
from render_io._reestimate.tile_lists import LENS_CLASSES, ListReader, Replace, TileList, name_fault
from render_io._spec_json import Spec
from render_io._stores.section import Json, Section
from render_io.codecs.names import AFFINE, POLYNOMIAL, RIGID, SIMILARITY, TRANSLATION
from render_io.errors import SpecError
from transforms.affine import Affine
from transforms.affine_array import AffineArray
from transforms.base import LeafTransform
from transforms.batch import TransformBatch
from transforms.columns import Column, PolynomialColumn, SharedColumn
from transforms.polynomial import Polynomial

__all__ = ["ColumnGroup", "TileGroup", "columns_of", "read_groups"]

IntArray = npt.NDArray[np.int64]
AnyColumn = AffineArray | Column

_LINEAR: Final = frozenset({AFFINE, TRANSLATION, RIGID, SIMILARITY})
_FEWEST: Final = 8
"""Tiles from which on a group of their own pays."""


class TileGroup(Protocol):
    """Tiles of a section that are worked on together.

    Attributes
    ----------
    index : ndarray
        (G,) places in the section.
    sizes : ndarray
        (G, 3) width, height and mesh cell size in pixels.
    """

    index: IntArray
    sizes: FloatArray

    def before(self) -> TransformBatch | None:
        """What stays, None when nothing does."""
        ...

    def after(self) -> TransformBatch:
        """What is re-estimated."""
        ...

    def renewed(self, members: IntArray, params: FloatArray, model: type[Affine | Polynomial]) -> TransformBatch:
        """The new lists of some members, whose new transforms are given."""
        ...

    def kept(self, member: int) -> list[Spec]:
        """Specs that stay, as they stand."""
        ...

    def replaced(self, member: int) -> Spec | None:
        """Spec that gives way, when it is a single one."""
        ...


class ListGroup:
    """Tiles whose lists were read one by one."""

    def __init__(self, lists: Sequence[TileList]) -> None:
        self._lists = lists
        self.index = np.array([member.index for member in lists], dtype=np.int64)
        self.sizes = np.array([(member.width, member.height, member.mesh_cell_size) for member in lists])

    def before(self) -> TransformBatch | None:
        """What stays, None when nothing does."""
        if not any(member.before for member in self._lists):
            return None
        return TransformBatch.from_lists(member.before for member in self._lists)

    def after(self) -> TransformBatch:
        """What is re-estimated."""
        return TransformBatch.from_lists(member.after for member in self._lists)

    def renewed(self, members: IntArray, params: FloatArray, model: type[Affine | Polynomial]) -> TransformBatch:
        """The new lists of some members, whose new transforms are given."""
        chosen = zip(members.tolist(), params, strict=True)
        return TransformBatch.from_lists([*self._lists[i].before, model(row)] for i, row in chosen)

    def kept(self, member: int) -> list[Spec]:
        """Specs that stay, as they stand."""
        return self._lists[member].kept

    def replaced(self, member: int) -> Spec | None:
        """Spec that gives way, when it is a single one."""
        return self._lists[member].replaced


class ColumnGroup:
    """Tiles whose lists have the same classes in the same order."""

    def __init__(
        self, index: IntArray, sizes: FloatArray, specs: list[list[Spec]], cut: int, columns: list[AnyColumn]
    ) -> None:
        self.index = index
        self.sizes = sizes
        self._specs = specs
        self._cut = cut
        self._columns = columns

    def before(self) -> TransformBatch | None:
        """What stays, None when nothing does."""
        return TransformBatch.from_columns(self._columns[: self._cut]) if self._cut else None

    def after(self) -> TransformBatch:
        """What is re-estimated."""
        return TransformBatch.from_columns(self._columns[self._cut :])

    def renewed(self, members: IntArray, params: FloatArray, model: type[Affine | Polynomial]) -> TransformBatch:
        """The new lists of some members, whose new transforms are given."""
        new: AnyColumn = AffineArray(params) if model is Affine else PolynomialColumn(params)
        return TransformBatch.from_columns([*(_some(column, members) for column in self._columns[: self._cut]), new])

    def kept(self, member: int) -> list[Spec]:
        """Specs that stay, as they stand."""
        return self._specs[member][: self._cut]

    def replaced(self, member: int) -> Spec | None:
        """Spec that gives way, when it is a single one."""
        specs = self._specs[member]
        return specs[-1] if len(specs) - self._cut == 1 else None


def _some(column: AnyColumn, members: IntArray) -> AnyColumn:
    return AffineArray(column.params[members]) if isinstance(column, AffineArray) else column.take(members)


def read_groups(section: Section, replace: Replace) -> tuple[list[TileGroup], dict[int, SpecError]]:
    """Read the lists of a section.

    Parameters
    ----------
    section : Section
        Its tiles.
    replace : {"all", "last", "after-lens"}
        Where the lists are cut.

    Returns
    -------
    groups : list of TileGroup
        Every tile that can be read is in one.
    faults : dict
        What is wrong with each other tile, by its place in the section.
    """
    reader = ListReader(section.transforms, replace)
    groups: list[TileGroup] = []
    alone: list[int] = []
    faults = {place: fault for place in range(len(section.tilespecs)) if (fault := name_fault(section, place))}
    for names, index in _alike(section.tilespecs, faults).items():
        group = _columns(reader, section.tilespecs, names, index) if names and len(index) >= _FEWEST else None
        if group is None:
            alone += index
        else:
            groups.append(group[0])
            alone += group[1]
    lists = []
    for place in sorted(alone):
        try:
            lists.append(reader.read(place, section.tilespecs[place]))
        except SpecError as error:
            faults[place] = error
    return ([*groups, ListGroup(lists)] if lists else groups), faults


def _alike(tiles: Iterable[Json], faults: Container[int]) -> dict[tuple[Any, ...], list[int]]:
    """Places of tiles by the classes of their lists; those that are not plain leaves under the empty tuple."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, tile in enumerate(tiles):
        if place in faults:
            continue
        try:
            transforms = tile["transforms"]
            specs = transforms["specList"] if transforms.get("type", "list") == "list" else ()
            names = tuple([spec["className"] if spec.get("type", "leaf") == "leaf" else None for spec in specs])
        except (KeyError, TypeError, AttributeError):
            names = ()
        try:
            groups.setdefault(() if None in names else names, []).append(place)
        except TypeError:  # A class name that is a list, or the like.
            groups.setdefault((), []).append(place)
    return groups


def _columns(
    reader: ListReader, tiles: Sequence[Json], names: tuple[Any, ...], index: list[int]
) -> tuple[ColumnGroup, list[int]] | None:
    """Read tiles that are built alike; give the rest back, or None when there is no column for them."""
    cut = _cut(reader.replace, names, tiles, index)
    if cut is None:
        return None
    sizes = reader.sizes([tiles[place] for place in index])
    good = [place for place, size in zip(index, sizes, strict=True) if size is not None]
    specs = [tiles[place]["transforms"]["specList"] for place in good]
    found = columns_of(reader, names, [[s[i].get("dataString") for s in specs] for i in range(len(names))])
    if found is None:
        sound = [place for place, members in zip(good, specs, strict=True) if _is_sound(members)]
        # With the bad ones out of the way the others go in columns, unless it was not them.
        return _without(reader, tiles, names, index, sound) if _FEWEST <= len(sound) < len(good) else None
    if len(good) < _FEWEST:
        return None
    table = np.array([size for size in sizes if size is not None], dtype=np.float64)
    rest = [place for place, size in zip(index, sizes, strict=True) if size is None]
    return ColumnGroup(np.array(good, dtype=np.int64), table, specs, cut, found), rest


def _without(
    reader: ListReader, tiles: Sequence[Json], names: tuple[Any, ...], index: list[int], sound: list[int]
) -> tuple[ColumnGroup, list[int]] | None:
    again = _columns(reader, tiles, names, sound)
    chosen = set(sound)
    return again and (again[0], again[1] + [place for place in index if place not in chosen])


def _is_sound(specs: list[Spec]) -> bool:
    try:
        for spec in specs:
            codecs.decode(spec["className"], spec["dataString"])
    except (SpecError, KeyError):
        return False
    return True


def _cut(replace: Replace, names: tuple[Any, ...], tiles: Sequence[Json], index: list[int]) -> int | None:
    """How many members stay; None when it depends on the tile."""
    if replace == "all":
        return 0
    if replace == "last":
        return len(names) - 1
    if any("metaData" in spec for place in index for spec in tiles[place]["transforms"]["specList"]):
        return None
    return int(names[0] in LENS_CLASSES)


def columns_of(reader: ListReader, names: Sequence[str], texts: Sequence[list[Any]]) -> list[AnyColumn] | None:
    """Read the columns of lists that are built alike.

    Parameters
    ----------
    reader : ListReader
        Of the section.
    names : sequence of str
        Classes of the places in the lists.
    texts : sequence of list
        Of each place, the texts of all members.

    Returns
    -------
    list of AffineArray or Column, or None
        None when some text is out of the ordinary.
    """
    columns = []
    for name, column_texts in zip(names, texts, strict=True):
        column = _column(reader, name, column_texts)
        if column is None:
            return None
        columns.append(column)
    return columns


def _column(reader: ListReader, name: str, texts: list[Any]) -> AnyColumn | None:
    """Column of one place in the lists; None when some text is not ordinary."""
    try:
        if name in _LINEAR:
            return AffineArray(codecs.decode_many(name, texts))
        if name == POLYNOMIAL:
            return PolynomialColumn(codecs.decode_many(name, texts))
        numbers: Mapping[str, int] = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        shared = [reader.leaf(name, text) for text in numbers]
    except (SpecError, TypeError, AttributeError):
        return None
    if not all(isinstance(transform, LeafTransform) for transform in shared):
        return None
    return SharedColumn(shared, np.array([numbers[text] for text in texts], dtype=np.int64))  # type: ignore[arg-type]
