"""How far transforms are from the truth of a simulated acquisition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from render_io import specs
from render_io._stores.section import Section
from render_io.simulate import Acquisition, FloatArray, SimulatedTile
from transforms.affine import Affine
from transforms.base import Transform

__all__ = ["Distance", "after_best_affine", "distances_to_truth", "overall"]

_DENSE = 41
"""Samples along a side: many times denser than those of the fits, and not the same."""


class Distance(NamedTuple):
    """Distance of one tile from the truth, in pixels."""

    tile: SimulatedTile
    rms: float
    largest: float


def distances_to_truth(acquisition: Acquisition, sections: Iterable[Section]) -> list[Distance]:
    """Compare every tile of a stack with the truth, on a dense grid.

    Parameters
    ----------
    acquisition : Acquisition
        The truth.
    sections : iterable of Section
        The stack.

    Returns
    -------
    list of Distance
        One for each tile.
    """
    tiles = acquisition.by_id()
    found = []
    for section in sections:
        cache: specs.Cache = {}
        for spec in section.tilespecs:
            transform = specs.to_transform(spec["transforms"], section.transforms, cache=cache)
            tile = tiles[spec["tileId"]]
            points = tile.grid(_DENSE)
            found.append(_distance(tile, transform.apply(points) - tile.truth(points)))
    return found


def after_best_affine(transforms: dict[str, Transform], tiles: Iterable[SimulatedTile]) -> list[Distance]:
    """Compare tiles of one section with the truth up to one common affine: matches don't say where a section lies.

    Parameters
    ----------
    transforms : dict
        Transform of each tile, by tile id.
    tiles : iterable of SimulatedTile
        Those to compare.

    Returns
    -------
    list of Distance
        One for each tile.
    """
    compared = list(tiles)
    ours = [transforms[tile.tile_id].apply(tile.grid(_DENSE)) for tile in compared]
    truths = [tile.truth(tile.grid(_DENSE)) for tile in compared]
    common = Affine.from_estimate(np.concatenate(ours), np.concatenate(truths))
    return [
        _distance(tile, common.apply(mine) - truth) for tile, mine, truth in zip(compared, ours, truths, strict=True)
    ]


def _distance(tile: SimulatedTile, errors: FloatArray) -> Distance:
    lengths = np.hypot(*errors.T)
    return Distance(tile, float(np.sqrt(np.mean(lengths**2))), float(lengths.max()))


def overall(distances: Iterable[Distance]) -> tuple[float, float]:
    """Give rms and largest distance over all tiles, in pixels."""
    table = np.array([(d.rms, d.largest) for d in distances])
    return float(np.sqrt(np.mean(table[:, 0] ** 2))), float(table[:, 1].max())
