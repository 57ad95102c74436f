"""Point matches of a simulated acquisition, and the montage that they determine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from render_io.simulate import FloatArray, SimulatedTile
from transforms.affine import Affine
from transforms.base import Transform

__all__ = ["find_matches", "match_residuals", "solve_montage"]

Match = dict[str, Any]


def find_matches(
    tiles: Sequence[SimulatedTile], *, noise: float = 0.25, spacing: float = 90.0, seed: int = 0
) -> list[Match]:
    """Match points between overlapping tiles of one section, as a feature matcher would.

    Parameters
    ----------
    tiles : sequence of SimulatedTile
        Of one section.
    noise : float
        Standard deviation of each coordinate in pixels.
    spacing : float
        Distance of the points in the world, in pixels.
    seed : int
        Of the noise.

    Returns
    -------
    list of dict
        Matches in the form of the service, in pixels of the raw tiles; pairs of fewer than eight points are left out.
    """
    random = np.random.default_rng(seed)
    found = []
    for p, q in combinations(tiles, 2):
        if max(abs(p.row - q.row), abs(p.column - q.column)) > 1:
            continue
        world = p.truth(p.grid(round(p.camera.width / spacing)))
        sides = [tile.truth_inverse(world) for tile in (p, q)]
        shown = np.logical_and(*(_inside(tile, side) for tile, side in zip((p, q), sides, strict=True)))
        if np.count_nonzero(shown) >= 8:
            noisy = [side[shown] + random.normal(0.0, noise, side[shown].shape) for side in sides]
            found.append(_match(p, q, *noisy))
    return found


def _inside(tile: SimulatedTile, points: FloatArray) -> Any:
    return ((points >= 0.0) & (points <= [tile.camera.width, tile.camera.height])).all(axis=1)


def _match(p: SimulatedTile, q: SimulatedTile, in_p: FloatArray, in_q: FloatArray) -> Match:
    group = f"{p.z}.0"
    ids = {"pGroupId": group, "pId": p.tile_id, "qGroupId": group, "qId": q.tile_id}
    return ids | {"matches": {"p": in_p.T.tolist(), "q": in_q.T.tolist(), "w": [1.0] * len(in_p)}}


def _sides(match: Match, before: Mapping[str, Transform]) -> list[tuple[str, FloatArray]]:
    """Tile and (N, 2) points of both sides, mapped by what comes before the montage."""
    pairs = ((match["pId"], match["matches"]["p"]), (match["qId"], match["matches"]["q"]))
    return [(tile_id, before[tile_id].apply(np.array(points).T)) for tile_id, points in pairs]


def solve_montage(
    matches: Iterable[Match], before: Mapping[str, Transform], start: Mapping[str, Affine], *, hold: float = 0.3
) -> dict[str, Affine]:
    """Find the affine of each tile that brings all matches together: one linear least squares.

    Parameters
    ----------
    matches : iterable of dict
        Within one section.
    before : mapping
        Lens correction of each tile, by tile id.
    start : mapping
        Affine of the stage position of each tile, by tile id.
    hold : float
        Weight of the shape of the start, against that of a match: without it, the smallest residuals are those of
        tiles shrunk to nothing. Positions are held a thousand times more softly, to say where the section lies.

    Returns
    -------
    dict
        Affine by tile id.
    """
    place = {tile_id: 3 * i for i, tile_id in enumerate(start)}
    rows, targets = [], []
    for match in matches:
        (p, in_p), (q, in_q) = _sides(match, before)
        block = np.zeros((len(in_p), 3 * len(place)))
        block[:, place[p] : place[p] + 3] = Affine.basis(in_p)
        block[:, place[q] : place[q] + 3] = -Affine.basis(in_q)
        rows.append(block)
        targets.append(np.zeros((len(in_p), 2)))
    # Steps along the sides of a tile of 1000 pixels, and its origin.
    held = np.array([[1000.0, 0.0, 0.0], [0.0, 1000.0, 0.0], [0.0, 0.0, 1e-3]]) * hold
    for tile_id, affine in start.items():
        block = np.zeros((3, 3 * len(place)))
        block[:, place[tile_id] : place[tile_id] + 3] = held
        rows.append(block)
        targets.append(held @ affine.matrix[:2].T)
    solved = np.linalg.lstsq(np.concatenate(rows), np.concatenate(targets), rcond=None)[0]
    return {tile_id: Affine(solved[i : i + 3].T) for tile_id, i in place.items()}


def match_residuals(
    matches: Iterable[Match], before: Mapping[str, Transform], affines: Mapping[str, Affine]
) -> FloatArray:
    """Distances between the two images of each matched point.

    Parameters
    ----------
    matches : iterable of dict
        Within one section.
    before, affines : mapping
        Lens correction and affine of each tile, by tile id.

    Returns
    -------
    ndarray
        (N,) in world pixels.
    """
    distances = []
    for match in matches:
        (p, in_p), (q, in_q) = _sides(match, before)
        distances.append(np.hypot(*(affines[p].apply(in_p) - affines[q].apply(in_q)).T))
    return np.concatenate(distances)
