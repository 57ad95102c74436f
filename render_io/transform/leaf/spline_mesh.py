"""Landmarks of splines: regular grids, and meshes refined where a sparse spline misses a dense one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_count, pair_of_points
from transforms.errors import EstimationError
from transforms.thin_plate_spline import ThinPlateSpline

__all__ = ["apart", "refined", "src_array"]

_CLOSE = 1e-3
"""Pixels within which two landmarks are one."""


def src_array(xmin: float, ymin: float, xmax: float, ymax: float, nx: int, ny: int) -> Points:
    """Return the points of a regular grid.

    Parameters
    ----------
    xmin, ymin, xmax, ymax : float
        Box in pixels, its borders included.
    nx, ny : int
        Points along each axis, at least 1.

    Returns
    -------
    ndarray
        (nx * ny, 2), column by column: y runs faster.

    Raises
    ------
    PointsError
        `nx` or `ny` is not a whole number of at least 1.
    """
    xs = np.linspace(xmin, xmax, as_count(nx, "nx", 1))
    ys = np.linspace(ymin, ymax, as_count(ny, "ny", 1))
    return np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 2)


def apart(points: Points, others: Points) -> Points:
    """Return those of the points that none of the others is close to."""
    squares = np.array([((others - point) ** 2).sum(axis=1).min() for point in points])
    return points[squares >= _CLOSE**2]


def refined(
    dense: Callable[[Points], FloatArray],
    start: PointsLike,
    src: PointsLike,
    dst: PointsLike,
    affine: bool,
    tolerance: float,
    limits: tuple[int, int],
) -> ThinPlateSpline:
    """Fit a spline with few landmarks to a dense one.

    Parameters
    ----------
    dense : callable
        Maps (N, 2) points as the dense spline does.
    start : array_like
        (M, 2) landmarks to start with, in pixels.
    src, dst : array_like
        (N, 2) landmarks of the dense spline, and where they go.
    affine : bool
        Whether the result has an affine part.
    tolerance : float
        Largest error at `src` that is accepted, in pixels.
    limits : tuple of int
        Most rounds, and landmarks added per round: those with the largest errors.

    Returns
    -------
    ThinPlateSpline
        Within the tolerance; or with all of `src` among its landmarks.

    Raises
    ------
    EstimationError
        The rounds were not enough, or a fit fails.
    PointsError
        Wrong shapes.
    """
    first, second = pair_of_points(src, dst)
    landmarks, _ = pair_of_points(start, start)
    rounds, worst = limits
    for _ in range(max(rounds, 0) + 1):
        spline = ThinPlateSpline.from_estimate(landmarks, dense(landmarks), affine=affine)
        errors = spline.residuals(first, second)
        errors[_is_among(first, landmarks)] = 0.0  # nothing better can be done about these
        order = np.argsort(-errors)[:worst]
        chosen = order[errors[order] > tolerance]
        if not chosen.size:
            return spline
        landmarks = np.vstack([landmarks, first[chosen]])
    raise EstimationError(f"expected errors of at most {tolerance} px after {rounds} rounds, got {errors.max():.3g} px")


def _is_among(points: Points, others: Points) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    known = set(map(tuple, others.tolist()))
    return np.array([tuple(point) in known for point in points.tolist()], dtype=bool)
