"""Pairs of neighbouring tiles.

Source: org.janelia.alignment.match.OrderedCanvasIdPair, CanvasId.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from render_io._native.job import JobError
from render_io._native.neighbors import TileBox
from render_io._native.obscured import java_order

__all__ = ["POSITIONS", "Canvas", "Pair"]

POSITIONS = ("TOP", "BOTTOM", "LEFT", "RIGHT")


class Canvas(NamedTuple):
    """One side of a pair."""

    group: str
    tile_id: str
    position: str | None

    def key(self) -> tuple[str, str, int]:
        """Order among canvases."""
        place = -1 if self.position is None else POSITIONS.index(self.position)
        return java_order(self.group), java_order(self.tile_id), place

    def to_dict(self) -> dict[str, Any]:
        """Return the form in the file."""
        plain = {"groupId": self.group, "id": self.tile_id}
        return plain if self.position is None else plain | {"relativePosition": self.position}


class Pair(NamedTuple):
    """Two tiles that are neighbours; p comes before q."""

    p: Canvas
    q: Canvas
    delta_z: float | None

    @classmethod
    def of(cls, source: TileBox, other: TileBox) -> Pair:
        """Return the pair of two tiles, seen from the first."""
        same_layer = source.z == other.z
        positions = _positions(source, other) if same_layer else (None, None)
        sides = [Canvas(_section(tile), tile.tile_id, at) for tile, at in zip((source, other), positions, strict=True)]
        p, q = sorted(sides, key=Canvas.key)
        return cls(p, q, None if same_layer else abs(source.z - other.z))

    def key(self) -> tuple[tuple[str, str, int], tuple[str, str, int]]:
        """Order among pairs."""
        return self.p.key(), self.q.key()

    def ids(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return what pairs of a match collection are known by."""
        return self.p[:2], self.q[:2]

    def to_dict(self) -> dict[str, Any]:
        """Return the form in the file."""
        plain: dict[str, Any] = {"p": self.p.to_dict(), "q": self.q.to_dict()}
        return plain if self.delta_z is None else plain | {"absoluteDeltaZ": self.delta_z}


def _section(tile: TileBox) -> str:
    if tile.section_id is None:
        raise JobError(f"tile {tile.tile_id} has no sectionId")
    return tile.section_id


def _positions(source: TileBox, other: TileBox) -> tuple[str, str]:
    dx, dy = source.min_x - other.min_x, source.min_y - other.min_y
    if abs(dx) > abs(dy):
        return ("RIGHT", "LEFT") if dx > 0 else ("LEFT", "RIGHT")
    return ("BOTTOM", "TOP") if dy > 0 else ("TOP", "BOTTOM")
