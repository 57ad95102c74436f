"""What is transformed and fitted: one tile of 4096 px, the same numbers in every run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from transforms import (
    Affine,
    AffineWarpField,
    CubicBSpline,
    Homography,
    LensCorrection,
    MovingLeastSquares,
    Polynomial,
    ThinPlateSpline,
)

Array = npt.NDArray[np.float64]

SIZE = 4096.0
AFFINE = Affine([[0.9992, 0.0213, 51_234.5], [-0.0208, 1.0011, 8_192.25]])
HOMOGRAPHY = Homography([[1.01, 0.02, 31.0], [-0.03, 0.98, 47.0], [1e-6, 2e-6, 1.0]])


def points(count: int, seed: int = 1) -> Array:
    """Points of the tile."""
    return np.random.default_rng(seed).uniform(0.0, SIZE, (count, 2))


def bent(src: Array) -> Array:
    """Where a lens that bends the corners by some pixels moves points."""
    centred = src / SIZE - 0.5
    moved: Array = src + 25.0 * centred * (centred**2).sum(axis=1, keepdims=True) + 3.0 * np.sin(4.0 * centred[:, ::-1])
    return moved


def polynomial(order: int) -> Polynomial:
    """Polynomial that bends the tile."""
    src = points(400, seed=order)
    return Polynomial.from_estimate(src, bent(src), order=order)


def lens() -> LensCorrection:
    """Lens correction of dimension 5, the one in use."""
    src = points(400)
    return LensCorrection.from_estimate(src, bent(src), dimension=5, width=int(SIZE), height=int(SIZE))


def spline(landmarks: int) -> ThinPlateSpline:
    """Spline through that many landmarks that are moved by a pixel."""
    src = points(landmarks, seed=7)
    return ThinPlateSpline.from_estimate(src, bent(src) + np.random.default_rng(8).normal(0.0, 1.0, src.shape))


def moving_least_squares(count: int = 20) -> MovingLeastSquares:
    """Affine moving least squares, the kind that render's alignments write."""
    src = points(count, seed=9)
    return MovingLeastSquares.from_estimate(src, bent(src), model=Affine)


def b_spline(intervals: int = 8) -> CubicBSpline:
    """Spline over the tile whose coefficients are near the identity."""
    n = intervals + 3
    place = (np.arange(n) - 1.0) * (SIZE - 1.0) / intervals
    grid = np.stack(np.meshgrid(place, place)) + np.random.default_rng(10).normal(0.0, 3.0, (2, n, n))
    return CubicBSpline(grid, int(SIZE), int(SIZE))


def warp_field(cells: int = 8) -> AffineWarpField:
    """Field of affine maps near the identity."""
    plain = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])[:, None, None]
    noise = np.random.default_rng(11).normal(0.0, 1.0, (6, cells, cells))
    return AffineWarpField(plain + noise * np.array([1e-3] * 4 + [2.0] * 2)[:, None, None], (0.0, 0.0), SIZE, SIZE)
