"""Points as the service's coordinate entries and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from render_io.errors import RenderError

__all__ = [
    "CoordinateError",
    "package_point_match_data_into_json",
    "unpackage_local_to_world_point_match_from_json",
    "unpackage_world_to_local_point_match_from_json",
]

Coordinate = dict[str, Any]
Points = npt.NDArray[np.float64]


class CoordinateError(RenderError):
    """Some points could not be mapped.

    Parameters
    ----------
    errors : dict of int to str
        What the service said, by the index of the point.
    points : ndarray of shape (N, 2)
        All points, NaN where the mapping failed.

    Attributes
    ----------
    errors, points
        As given.
    indices : tuple of int
        Points that failed.
    """

    def __init__(self, errors: Mapping[int, str], points: Points) -> None:
        self.errors, self.points = dict(errors), points
        self.indices = tuple(self.errors)
        shown = "; ".join(f"point {index}: {text}" for index, text in list(self.errors.items())[:3])
        super().__init__(f"{len(self.errors)} of {len(points)} points can't be mapped: {shown}")

    def __reduce__(self) -> tuple[type[CoordinateError], tuple[dict[int, str], Points]]:
        return type(self), (self.errors, self.points)


def package_point_match_data_into_json(
    dataarray: npt.ArrayLike, tileId: str, local_or_world: str = "local"
) -> list[Coordinate]:
    """Make the entries of a batch from points.

    Parameters
    ----------
    dataarray : array_like of shape (N, 2)
        Points.
    tileId : str
        Tile of all of them.
    local_or_world : str
        What they are, ``local`` or ``world``.

    Returns
    -------
    list of dict
        ``{"tileId", local_or_world: [x, y]}``, plain floats.
    """
    points = np.asarray(dataarray, dtype=np.float64)
    if points.size == 0:
        return []
    if points.ndim != 2 or points.shape[1] < 2:
        raise RenderError(f"expected points of shape (N, 2), got {points.shape}")
    return [{"tileId": tileId, local_or_world: row} for row in points[:, :2].tolist()]


def unpackage_world_to_local_point_match_from_json(json_answer: Sequence[Sequence[Coordinate]], tileId: str) -> Points:
    """Local points in one tile, from the answer of `world_to_local_coordinates_batch`.

    Parameters
    ----------
    json_answer : list of list of dict
        The answer.
    tileId : str
        The tile that is meant.

    Returns
    -------
    ndarray of shape (N, 2)
        Points of the tile.

    Raises
    ------
    CoordinateError
        Points that are not in the tile or could not be inverted.
    """
    chosen = [next((entry for entry in entries if entry.get("tileId") == tileId), None) for entries in json_answer]
    whys = [_why_absent(entries, tileId) for entries in json_answer]
    return _unpacked(chosen, "local", whys)


def _why_absent(entries: Sequence[Coordinate], tileId: str) -> str:
    errors = [str(entry["error"]) for entry in entries if "error" in entry]
    others = [str(entry["tileId"]) for entry in entries if "tileId" in entry]
    return errors[0] if errors else f"not in tile {tileId}, but in {', '.join(others) or 'none'}"


def unpackage_local_to_world_point_match_from_json(json_answer: Sequence[Coordinate]) -> Points:
    """World points, from the answer of `local_to_world_coordinates_batch`.

    Parameters
    ----------
    json_answer : list of dict
        The answer.

    Returns
    -------
    ndarray of shape (N, 2)
        Points of the world.

    Raises
    ------
    CoordinateError
        Points that could not be mapped.
    """
    return _unpacked(json_answer, "world", [str(entry.get("error", "no answer")) for entry in json_answer])


def _unpacked(entries: Sequence[Coordinate | None], member: str, whys: Sequence[str]) -> Points:
    points = np.full((len(entries), 2), np.nan)
    errors: dict[int, str] = {}
    for index, entry in enumerate(entries):
        values = (entry or {}).get(member)
        if entry is None or "error" in entry or not values:
            errors[index] = str((entry or {}).get("error", whys[index]))
        else:
            points[index] = [float(value) for value in values[:2]]
    if errors:
        raise CoordinateError(errors, points)
    return points
