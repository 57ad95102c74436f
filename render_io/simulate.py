"""A simulated acquisition with known ground truth: what demos, tests and benchmarks re-estimate.

Sections of overlapping tiles, as a camera array takes them: each camera has its own lens distortion, the stage misses
its positions and turns a little, each section lies rotated and is softly warped. The truth of each tile is a function,
not a transform of this project, so that it can tell how far any transform is from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from render_io import specs
from render_io._stores.section import Json, Section
from render_io.spec_lists import LENS_LABEL
from transforms.affine import Affine
from transforms.approximation import sampling_grid
from transforms.lens import LensCorrection
from transforms.polynomial import Polynomial

__all__ = ["Acquisition", "Camera", "SimulatedTile", "Warp", "simulate"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Camera:
    """A lens with radial and decentring distortion (Brown's model).

    Attributes
    ----------
    name : str
        Id of its lens correction.
    width, height : int
        Size of its tiles in pixels.
    radial, decentring : tuple of float
        k1, k2 and p1, p2 for distances from the centre in half diagonals.
    """

    name: str
    width: int
    height: int
    radial: tuple[float, float]
    decentring: tuple[float, float]

    def straighten(self, points: FloatArray) -> FloatArray:
        """Take the distortion out: (N, 2) pixels to (N, 2) pixels."""
        centre = np.array([self.width, self.height]) / 2.0
        unit = float(np.hypot(*centre))
        d = (points - centre) / unit
        square = (d**2).sum(axis=1)
        (k1, k2), (p1, p2) = self.radial, self.decentring
        bent = d * (1.0 + k1 * square + k2 * square**2)[:, None]
        bent[:, 0] += 2.0 * p1 * d[:, 0] * d[:, 1] + p2 * (square + 2.0 * d[:, 0] ** 2)
        bent[:, 1] += p1 * (square + 2.0 * d[:, 1] ** 2) + 2.0 * p2 * d[:, 0] * d[:, 1]
        straight: FloatArray = centre + unit * bent
        return straight


@dataclass(frozen=True, eq=False)
class Warp:
    """How a section lies: rotated, moved, and softly bent.

    Attributes
    ----------
    matrix : ndarray
        (2, 3).
    amplitude, wavelength : float
        Of the bending, in pixels.
    phase : float
        In radians.
    """

    matrix: FloatArray
    amplitude: float
    wavelength: float
    phase: float

    def __call__(self, points: FloatArray) -> FloatArray:
        """Map (N, 2) pixels to (N, 2) pixels."""
        turned = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        angle = turned[:, ::-1] * (2.0 * np.pi / self.wavelength) + self.phase
        return turned + self.amplitude * np.sin(angle)


@dataclass(frozen=True, eq=False)
class SimulatedTile:
    """One tile and the truth about it.

    Attributes
    ----------
    tile_id : str
        Unique in the acquisition.
    z, row, column : int
        Section, and place in its grid.
    camera : Camera
        What took it.
    planned : tuple of float
        Stage position that the microscope reports, in pixels.
    stage : ndarray
        (2, 3) where and how the stage really stood.
    warp : Warp
        Of its section.
    """

    tile_id: str
    z: int
    row: int
    column: int
    camera: Camera
    planned: tuple[float, float]
    stage: FloatArray
    warp: Warp

    def truth(self, points: FloatArray) -> FloatArray:
        """Map (N, 2) pixels of the tile to the world."""
        straight = self.camera.straighten(points)
        return self.warp(straight @ self.stage[:, :2].T + self.stage[:, 2])

    def truth_inverse(self, points: FloatArray) -> FloatArray:
        """Map (N, 2) world pixels to the tile, to about 1e-9 px: the distortions are small, so steps converge fast.

        Points more than half a tile outside end anywhere outside.
        """
        linear = self.warp.matrix[:, :2] @ self.stage[:, :2]
        size = np.array([self.camera.width, self.camera.height], dtype=np.float64)
        local = np.tile(size / 2.0, (len(points), 1))
        for _ in range(60):
            local += np.linalg.solve(linear, (points - self.truth(local)).T).T
            local = np.clip(local, -0.5 * size, 1.5 * size)
        return local

    def grid(self, samples: int) -> FloatArray:
        """Sample points of the tile, (samples^2, 2) in pixels."""
        return np.asarray(sampling_grid(samples, self.camera.width, self.camera.height))


@dataclass(frozen=True, eq=False)
class Acquisition:
    """Sections of tiles.

    Attributes
    ----------
    tiles : dict
        Tiles by z.
    lenses : dict
        Lens corrections by the name of their camera.
    """

    tiles: dict[int, list[SimulatedTile]]
    lenses: dict[str, LensCorrection]

    def by_id(self) -> dict[str, SimulatedTile]:
        """Return all tiles by their ids."""
        return {tile.tile_id: tile for tiles in self.tiles.values() for tile in tiles}

    def section(self, z: int, *, aligned: bool = True) -> Section:
        """Write one section as tile specs.

        Parameters
        ----------
        z : int
            Which.
        aligned : bool
            As an alignment leaves them: lens correction, affine of the montage, polynomial of the alignment. Else as
            they come from the microscope: lens correction and planned stage position.

        Returns
        -------
        Section
            Its lens corrections are shared transforms.
        """
        shared = {
            name: specs.from_transform(lens, spec_id=name, labels=[LENS_LABEL]) for name, lens in self.lenses.items()
        }
        maps = self._aligned if aligned else self._raw
        tilespecs = [_tile_spec(tile, maps(tile)) for tile in self.tiles[z]]
        return Section(z, tilespecs, shared, f"z{z}")

    def _raw(self, tile: SimulatedTile) -> list[Any]:
        return [Affine([[1.0, 0.0, tile.planned[0]], [0.0, 1.0, tile.planned[1]]])]

    def _aligned(self, tile: SimulatedTile) -> list[Any]:
        grid = tile.grid(21)
        montage = Affine(tile.stage)
        placed = (self.lenses[tile.camera.name] | montage).apply(grid)
        return [montage, Polynomial.from_estimate(placed, tile.truth(grid), order=2)]


def _tile_spec(tile: SimulatedTile, maps: list[Any]) -> Json:
    reference = {"type": "ref", "refId": tile.camera.name}
    return {
        "tileId": tile.tile_id,
        "layout": {
            "sectionId": f"{tile.z}.0", "imageRow": tile.row, "imageCol": tile.column, "camera": tile.camera.name,
            "stageX": tile.planned[0], "stageY": tile.planned[1],
        },
        "z": float(tile.z),
        "width": float(tile.camera.width),
        "height": float(tile.camera.height),
        "mipmapLevels": {"0": {"imageUrl": f"file:/simulated/{tile.tile_id}.tif"}},
        "transforms": {"type": "list", "specList": [reference, *map(specs.from_transform, maps)]},
        "meshCellSize": 64.0,
    }  # fmt: skip


def simulate(
    sections: int = 4,
    rows: int = 4,
    columns: int = 5,
    *,
    width: int = 2048,
    height: int = 1536,
    overlap: float = 0.12,
    cameras: int = 2,
    seed: int = 0,
) -> Acquisition:
    """Simulate an acquisition.

    Parameters
    ----------
    sections, rows, columns : int
        How many sections, of how many tiles.
    width, height : int
        Size of a tile in pixels.
    overlap : float
        Part of a tile that its neighbour shows too.
    cameras : int
        How many cameras take turns along a row.
    seed : int
        The same seed gives the same acquisition.

    Returns
    -------
    Acquisition
        Distortions of up to about ten pixels, stage errors of twenty.
    """
    random = np.random.default_rng(seed)
    lenses = [_camera(f"lens_camera_{i}", width, height, random) for i in range(cameras)]
    step = np.array([width, height]) * (1.0 - overlap)
    tiles = {}
    for z in range(1, sections + 1):
        warp = _warp(step * [columns, rows], random)
        tiles[z] = [
            _tile(z, row, column, lenses[column % cameras], step, warp, random)
            for row in range(rows)
            for column in range(columns)
        ]
    return Acquisition(tiles, {camera.name: _lens_correction(camera) for camera in lenses})


def _camera(name: str, width: int, height: int, random: np.random.Generator) -> Camera:
    k1, k2 = random.uniform(-1.0, 1.0, 2) * [6e-3, 2e-3]
    p1, p2 = random.uniform(-1.0, 1.0, 2) * 5e-4
    return Camera(name, width, height, (float(k1), float(k2)), (float(p1), float(p2)))


def _lens_correction(camera: Camera) -> LensCorrection:
    """The correction that a calibration of the camera finds."""
    grid = np.asarray(sampling_grid(31, camera.width, camera.height))
    target = camera.straighten(grid)
    return LensCorrection.from_estimate(grid, target, dimension=5, width=camera.width, height=camera.height)


def _warp(extent: FloatArray, random: np.random.Generator) -> Warp:
    angle = random.uniform(-0.1, 0.1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    offset = random.uniform(5000.0, 6000.0, 2)
    return Warp(np.column_stack([turn, offset]), 8.0, 1.5 * float(extent.max()), random.uniform(0.0, 2.0 * np.pi))


def _tile(
    z: int, row: int, column: int, camera: Camera, step: FloatArray, warp: Warp, random: np.random.Generator
) -> SimulatedTile:
    planned = step * [column, row]
    angle, scale = random.normal(0.0, 1e-3), 1.0 + random.normal(0.0, 2e-4)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stage = np.column_stack([turn, planned + random.normal(0.0, 10.0, 2)])
    place = (float(planned[0]), float(planned[1]))
    return SimulatedTile(f"z{z:04d}_r{row:03d}_c{column:03d}", z, row, column, camera, place, stage, warp)
