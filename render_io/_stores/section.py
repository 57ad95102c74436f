"""A section: the tile specs of one z as they stand in a document, and what is needed to put them back there."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from render_io._json import is_number
from render_io.errors import SpecError

__all__ = ["Json", "Key", "Section", "z_of", "z_text"]

Json = dict[str, Any]
Key = int | str | None


@dataclass(frozen=True)
class Section:
    """Tiles of one z, and what they share.

    Attributes
    ----------
    z : int or float or None
        As in the first tile; None for tiles without one, or with one that is not a number.
    tilespecs : list of dict
        Tile specs as read, every member kept. The caller may change them. Empty when a document has no tiles at all.
    transforms : dict
        Shared transform specs by id, which the tiles' references name.
    name : str
        Unique in its source; a directory sink names the file by it.
    part : str
        Part of the source that it was read from.
    keys : tuple of int, str or None
        Place of each tile in that part: index in an array, key in a map, or None when the document is one tile. Empty
        for tiles that come from no document.
    envelope : dict or None
        None for an array of tile specs or a single one; for resolved tiles the document's members in their order, where
        the two maps have their keys in order and no values.
    """

    z: int | float | None
    tilespecs: list[Json]
    transforms: dict[str, Json] = field(default_factory=dict)
    name: str = "section"
    part: str = ""
    keys: tuple[Key, ...] = ()
    envelope: Json | None = None

    def with_tilespecs(self, tilespecs: Sequence[Json], kept: Sequence[int] | None = None) -> Section:
        """Return the same section with other tiles.

        Parameters
        ----------
        tilespecs : sequence of dict
            The new tile specs.
        kept : sequence of int, optional
            When some tiles were dropped: index in this section of each tile given.

        Returns
        -------
        Section
            The rest is shared with this one.

        Raises
        ------
        SpecError
            The number of tiles differs although `kept` was not given.
        """
        keys = self.keys if kept is None or not self.keys else tuple(self.keys[index] for index in kept)
        if keys and len(keys) != len(tilespecs):
            raise SpecError(f"expected {len(keys)} tile specs for section {self.name}, got {len(tilespecs)}")
        return dataclasses.replace(self, tilespecs=list(tilespecs), keys=keys)

    def with_transforms(self, transforms: dict[str, Json]) -> Section:
        """Return the same section with other shared transforms.

        Parameters
        ----------
        transforms : dict
            Shared transform specs by id.

        Returns
        -------
        Section
            The rest is shared with this one.
        """
        return dataclasses.replace(self, transforms=transforms)

    def place_of(self, index: int) -> str:
        """Return the part and the JSON path of a tile in it, which tell tiles without id apart.

        Parameters
        ----------
        index : int
            Of the tile in this section.

        Returns
        -------
        str
            Such as ``z1.json[3]``; no path for tiles that come from no document, or are all of it.
        """
        key = self.keys[index] if self.keys else None
        if isinstance(key, str):
            return f"{self.part}{'.' if self.part else ''}tileIdToSpecMap.{key}"
        return self.part if key is None else f"{self.part}[{key}]"

    @property
    def tile_ids(self) -> list[Any]:
        """Ids of the tiles in order, None where one is missing."""
        return [tile.get("tileId") for tile in self.tilespecs]


def z_of(z: Any) -> int | float | None:
    """Return a z by which tiles can be sorted.

    Parameters
    ----------
    z : object
        The member ``z`` of a tile spec, None where it is absent.

    Returns
    -------
    int or float or None
        None when it is not a finite number, which `check_tile` reports.
    """
    return z if is_number(z) else None


def z_text(z: float | None) -> str:
    """Name of a z: the shortest text that tells it from all others.

    Parameters
    ----------
    z : int or float or None
        Position of the section.

    Returns
    -------
    str
        Whole numbers without a fraction, so that 7 and 7.0 agree.
    """
    if z is None:
        return "no-z"
    return f"z{int(z)}" if z == int(z) and abs(z) < 1e16 else f"z{z!r}"
