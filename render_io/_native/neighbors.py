"""Neighbouring tiles: which boxes come near a tile's centre.

Source: org.janelia.render.client.TileBoundsRTree, com.github.davidmoten.rtree 0.7.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from transforms._types import FloatArray

__all__ = ["Layer", "TileBox"]


class TileBox(NamedTuple):
    """A tile's id, section and box in world pixels."""

    tile_id: str
    section_id: str | None
    z: float
    min_x: float
    min_y: float
    max_x: float
    max_y: float

    @classmethod
    def of(cls, bounds: Mapping[str, Any]) -> TileBox:
        """Return the box of a tile by its JSON names."""
        box = (bounds[name] for name in ("minX", "minY", "maxX", "maxY"))
        return cls(bounds["tileId"], bounds.get("sectionId"), bounds["z"], *box)

    @property
    def center(self) -> tuple[float, float]:
        """Middle of the box."""
        return self.min_x + (self.max_x - self.min_x) / 2.0, self.min_y + (self.max_y - self.min_y) / 2.0

    def is_corner_of(self, other: TileBox) -> bool:
        """Whether this tile is a diagonal neighbour: its centre lies beside the other box in x and in y."""
        x, y = self.center
        return not (other.min_x <= x <= other.max_x or other.min_y <= y <= other.max_y)


class Layer:
    """The tiles of one layer, for many questions.

    The Java library keeps coordinates in 32 bits, so that does this; whole numbers up to 2 ** 24 are exact.

    Parameters
    ----------
    z : float
        Of the layer.
    tiles : sequence of TileBox
        In any order.
    """

    def __init__(self, z: float, tiles: Sequence[TileBox]) -> None:
        self.z = z
        self.tiles = sorted(tiles, key=lambda tile: tile.min_x)
        self._boxes: FloatArray = np.array([tile[3:] for tile in self.tiles]).reshape(-1, 4)
        self._boxes = self._boxes.astype(np.float32).astype(np.float64)
        widths = self._boxes[:, 2] - self._boxes[:, 0]
        self._widest = float(widths.max(initial=0.0))

    def near(self, center: tuple[float, float], radius: float) -> list[TileBox]:
        """Find the tiles whose boxes meet a circle; touching it is enough.

        Parameters
        ----------
        center : tuple of float
            In world pixels.
        radius : float
            In world pixels.

        Returns
        -------
        list of TileBox
            By their least x.
        """
        x, y, reach = (float(np.float32(value)) for value in (*center, radius))
        left = self._boxes[:, 0]
        first, last = np.searchsorted(left, x - reach - self._widest), np.searchsorted(left, x + reach, side="right")
        part = self._boxes[first:last]
        dx = np.maximum(np.maximum(part[:, 0] - x, x - part[:, 2]), 0.0)
        dy = np.maximum(np.maximum(part[:, 1] - y, y - part[:, 3]), 0.0)
        return [self.tiles[first + i] for i in np.flatnonzero(np.sqrt(dx * dx + dy * dy) <= reach)]
