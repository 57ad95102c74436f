"""The transform lists of a section's tiles, cut into what stays and what is to be re-estimated."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from render_io import specs
from render_io._spec_json import Spec, describe, kind_of, labels_of, member_path, members_of
from render_io._stores.section import Json, Section
from render_io._stores.tile_check import check_tile
from render_io.codecs.names import LENS, LENS_ALIASES
from render_io.codecs.opaque import OpaqueTransform
from render_io.errors import SpecError
from render_io.spec_lists import LENS_LABEL
from transforms.base import Transform
from transforms.compose import Interpolated, TransformList
from transforms.errors import PointsError
from transforms.mesh import checked_size

__all__ = [
    "DEFAULT_MESH_CELL_SIZE",
    "LENS_CLASSES",
    "REPLACEMENTS",
    "ListReader",
    "Replace",
    "TileList",
    "name_fault",
    "tile_name",
]

Replace: TypeAlias = Literal["all", "last", "after-lens"]
"""Which part of a tile's list becomes one transform."""

Size: TypeAlias = tuple[float, float, float]
"""Width, height and mesh cell size, in pixels."""

REPLACEMENTS: Final[tuple[str, ...]] = get_args(Replace)
DEFAULT_MESH_CELL_SIZE: Final = 64.0
"""What the service takes for tiles that name none."""

LENS_CLASSES: Final = frozenset({LENS, *LENS_ALIASES})
_ROOT: Final = "transforms"


@dataclass(slots=True)
class TileList:
    """One tile's list, cut in two.

    Attributes
    ----------
    index : int
        Place of the tile in its section.
    kept : list of dict
        Specs that stay, as they stand.
    replaced : dict or None
        Spec that gives way, when it is a single one.
    before, after : list of Transform
        The same as transforms: what stays, and what is re-estimated.
    width, height, mesh_cell_size : float
        In pixels.
    """

    index: int
    kept: list[Spec]
    replaced: Spec | None
    before: list[Transform]
    after: list[Transform]
    width: float
    height: float
    mesh_cell_size: float


def tile_name(tile: Json) -> str | None:
    """Return the id of a tile, None when it has no usable one."""
    tile_id = tile.get("tileId")
    return tile_id if isinstance(tile_id, str) and tile_id else None


def name_fault(section: Section, index: int) -> SpecError | None:
    """Say what is wrong with the id of a tile.

    Parameters
    ----------
    section : Section
        Its section.
    index : int
        Of the tile in it.

    Returns
    -------
    SpecError or None
        None for a text, which is what reports and services know a tile by; else with the place of the tile.
    """
    tile = section.tilespecs[index]
    if tile_name(tile) is not None:
        return None
    fault = next(fault for fault in check_tile(tile) if fault.path == "tileId")
    return fault.at(path=section.place_of(index))


class ListReader:
    """Reads the lists of one section; what many tiles share is decoded once.

    Parameters
    ----------
    shared : mapping
        Shared transform specs by id.
    replace : {"all", "last", "after-lens"}
        Where to cut.
    """

    def __init__(self, shared: Mapping[str, Spec], replace: Replace) -> None:
        self._shared = shared
        self.replace = replace
        self._cache: specs.Cache = {}
        self._sizes: dict[tuple[Any, Any, Any], Size] = {}

    def read(self, index: int, tile: Json) -> TileList:
        """Read one tile.

        Parameters
        ----------
        index : int
            Its place in the section.
        tile : dict
            The tile spec.

        Returns
        -------
        TileList
            Its list, cut in two.

        Raises
        ------
        SpecError
            What keeps the tile from being re-estimated, with tile id and JSON path.
        """
        try:
            width, height, cell = self._size(tile)
            members = self._members(tile.get(_ROOT, {}))
        except SpecError as error:
            raise error.at(tile_name(tile)) from error
        try:
            members, cut = self._cut(members)
            built = [self._transform(place, spec) for place, spec in enumerate(members)]
        except SpecError as error:
            raise error.at(tile_name(tile), _ROOT) from error
        replaced = members[cut] if len(members) - cut == 1 else None
        return TileList(index, members[:cut], replaced, built[:cut], built[cut:], width, height, cell)

    def sizes(self, tiles: Iterable[Json]) -> list[Size | None]:
        """Read the sizes of many tiles.

        Parameters
        ----------
        tiles : iterable of dict
            Tile specs.

        Returns
        -------
        list
            Width, height and mesh cell size in pixels of each; None where `read` has something to say about it.
        """
        return [self._size_or_none(tile) for tile in tiles]

    def _size_or_none(self, tile: Json) -> Size | None:
        try:
            return self._size(tile)
        except SpecError:
            return None

    def _size(self, tile: Json) -> Size:
        values = (tile.get("width"), tile.get("height"), tile.get("meshCellSize"))
        # Equal to a number and not one: true, which is not to be found under 1.
        if any(value is True for value in values):
            return _checked_size(*values)
        try:
            return self._sizes[values]
        except (KeyError, TypeError):  # Not seen before, or nothing that can be looked up.
            size = _checked_size(*values)
        self._sizes[values] = size
        return size

    def leaf(self, class_name: str, data_string: str) -> Transform:
        """Decode a leaf, or find it among those decoded before.

        Parameters
        ----------
        class_name, data_string : str
            As in a spec.

        Returns
        -------
        Transform
            Shared by all tiles that have it.

        Raises
        ------
        SpecError
            Java refuses the text.
        """
        return specs.to_transform({"className": class_name, "dataString": data_string}, cache=self._cache)

    def _members(self, transforms: Any) -> list[Spec]:
        if not isinstance(transforms, dict):
            raise SpecError(f"expected a list of transforms (an object), got {describe(transforms)}", path=_ROOT)
        if transforms.get("type", "list") != "list":
            raise SpecError(f"expected 'list', got {describe(transforms['type'])}", path=f"{_ROOT}.type")
        try:
            return members_of(transforms)
        except SpecError as error:
            raise error.at(path=_ROOT) from error

    def _cut(self, members: list[Spec]) -> tuple[list[Spec], int]:
        """Give the members, and how many of them stay."""
        if self.replace == "all":
            return members, 0
        if self.replace == "last":
            return members, max(len(members) - 1, 0)
        return self._cut_after_lens(members)

    def _cut_after_lens(self, members: list[Spec]) -> tuple[list[Spec], int]:
        if all(_is_plain(member) for member in members):
            return members, int(bool(members) and members[0].get("className") in LENS_CLASSES)
        spread = [part for place, spec in enumerate(members) for part in self._spread(place, spec)]
        labelled = [place for place, (_, labels, _) in enumerate(spread) if LENS_LABEL in labels]
        cut = labelled[0] + 1 if labelled else int(bool(spread) and spread[0][2] in LENS_CLASSES)
        return [spec for spec, _, _ in spread], cut

    def _spread(self, place: int, spec: Spec) -> Iterator[tuple[Spec, list[str], Any]]:
        """Spec, labels and class of a member; a list that hides a lens correction is spread out."""
        try:
            resolved = specs.resolve(spec, self._shared)
            if kind_of(resolved) != "list" or LENS_LABEL in labels_of(resolved) or not _hides_lens(resolved):
                yield spec, labels_of(resolved), resolved.get("className")
            else:
                for part in members_of(specs.flatten(resolved)):
                    yield part, labels_of(part), part.get("className")
        except SpecError as error:
            raise error.at(path=member_path(place)) from error

    def _transform(self, place: int, spec: Spec) -> Transform:
        try:
            transform = specs.to_transform(spec, self._shared, cache=self._cache)
            _refuse_opaque(transform)
        except SpecError as error:
            raise error.at(path=member_path(place)) from error
        return transform


def _checked_size(width: Any, height: Any, cell: Any) -> Size:
    w, h = _positive(width, "width"), _positive(height, "height")
    c = DEFAULT_MESH_CELL_SIZE if cell is None else _positive(cell, "meshCellSize")
    try:
        return checked_size(w, h, c)
    except PointsError as error:
        raise SpecError(str(error), path="width") from None


def _positive(value: Any, name: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    raise SpecError(f"expected a number above 0, got {'none' if value is None else describe(value)}", path=name)


def _is_plain(spec: Any) -> bool:
    """Whether a member is a leaf without labels."""
    return isinstance(spec, dict) and spec.get("type", "leaf") == "leaf" and "metaData" not in spec


def _hides_lens(spec: Spec) -> bool:
    leaves = members_of(specs.flatten(spec))
    return specs.has_label(spec, LENS_LABEL) or (bool(leaves) and leaves[0].get("className") in LENS_CLASSES)


def _refuse_opaque(transform: Transform) -> None:
    """Raise for classes that can't be applied, here where the place is known."""
    if isinstance(transform, OpaqueTransform):
        raise SpecError(
            f"expected the class of a known map of the plane, got {transform.class_name!r}", path="className"
        )
    if isinstance(transform, TransformList):
        for member in transform.transforms:
            _refuse_opaque(member)
    elif isinstance(transform, Interpolated):
        _refuse_opaque(transform.a)
        _refuse_opaque(transform.b)
