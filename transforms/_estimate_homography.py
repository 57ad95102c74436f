"""Fit of a homography: normalised linear start, then Gauss-Newton on the residuals in target pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from transforms._estimate import checked_pairs, refuse
from transforms._kernels import homography_fit, least_squares
from transforms._kernels.lanes import WIDTH
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_indices
from transforms.errors import IllDefinedPointsError

__all__ = ["fit_homography"]

_STEPS = 30
_SAFE = 1e-10
"""Ratio of eigenvalues from which on squaring the linear equations of a homography costs no digits that matter."""


def _normalisation(points: Points, weights: FloatArray) -> tuple[FloatArray, float]:
    """Centroid and mean distance from it over sqrt(2)."""
    share = weights / weights.sum()
    centre = share @ points
    return centre, float(share @ np.hypot(*(points - centre).T)) / np.sqrt(2.0)


def _linear_homography(p: Points, q: Points, weights: FloatArray) -> FloatArray:
    """Direct linear solution: the right singular vector of the smallest singular value."""
    x, y, u, v = p[:, 0], p[:, 1], q[:, 0], q[:, 1]
    one, zero = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate(
        [
            np.column_stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u]),
            np.column_stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v]),
        ]
    )
    rows *= np.sqrt(np.concatenate([weights, weights]))[:, None]
    triangle = np.linalg.qr(rows, mode="r")
    _, values, right = np.linalg.svd(triangle)
    if not values[7] > 64.0 * np.finfo(np.float64).eps * values[0]:
        raise IllDefinedPointsError("the points do not determine a homography: too many of them lie on a line")
    return np.asarray(right[8].reshape(3, 3))


def _padded(p: Points, q: Points, weights: FloatArray) -> tuple[Points, Points, FloatArray]:
    """Whole lanes of points; those that fill up have no weight."""
    more = -len(p) % WIDTH
    if not more:
        return p, q, weights
    return (
        np.concatenate([p, np.repeat(p[:1], more, axis=0)]),
        np.concatenate([q, np.repeat(q[:1], more, axis=0)]),
        np.concatenate([weights, np.zeros(more)]),
    )


def _start_homography(p: Points, q: Points, weights: FloatArray) -> FloatArray:
    """Direct linear solution, (9,): from the normal equations unless they are too near singular to tell."""
    sums, normal = np.empty(homography_fit.SUMS), np.empty((9, 9))
    homography_fit.homography_sums(np.empty(9), p, q, weights, True, sums)
    homography_fit.normal_matrix(sums, normal)
    values, vectors = np.linalg.eigh(normal)
    if values[1] > _SAFE * values[8]:
        return np.ascontiguousarray(vectors[:, 0])
    return _linear_homography(p, q, weights).reshape(9).copy()


def _check_orientation(h: FloatArray, p: Points) -> None:
    """A horizon through the points themselves means that no homography maps them finitely."""
    s = p @ h[2, :2] + h[2, 2]
    near = np.atleast_1d(np.abs(s) <= 1e-12 * np.linalg.norm(h[2]))
    if near.any():
        raise IllDefinedPointsError("the fitted homography has its horizon through points", as_indices(near))


def _similarity_matrix(centre: FloatArray, size: float) -> tuple[FloatArray, FloatArray]:
    """The normalising matrix and its inverse."""
    forward = np.array([[1.0 / size, 0.0, -centre[0] / size], [0.0, 1.0 / size, -centre[1] / size], [0.0, 0.0, 1.0]])
    backward = np.array([[size, 0.0, centre[0]], [0.0, size, centre[1]], [0.0, 0.0, 1.0]])
    return forward, backward


def fit_homography(src: PointsLike, dst: PointsLike, weights: npt.ArrayLike | None) -> FloatArray:
    """Fit a homography: normalised linear start, then Gauss-Newton on the residuals in target pixels.

    Parameters
    ----------
    src, dst : array_like
        (N, 2) each, in pixels, N at least 4.
    weights : array_like or None
        (N,), not negative.

    Returns
    -------
    ndarray
        (3, 3), last entry 1 where it does not vanish.

    Raises
    ------
    NotEnoughPointsError, IllDefinedPointsError, PointsError
        See `refuse` and `checked_pairs`.
    """
    first, second, checked = checked_pairs(src, dst, weights)
    count = first.shape[0]
    if count < 4:
        refuse(least_squares.NOT_ENOUGH, "homography", 4, first, second)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        refuse(least_squares.NOT_FINITE, "homography", 4, first, second)
    share: FloatArray = checked if checked.size else np.ones(count)
    if not share.sum() > 0.0:
        refuse(least_squares.ILL_DEFINED, "homography", 4, first, second)
    (p0, p_size), (q0, q_size) = _normalisation(first, share), _normalisation(second, share)
    rounding = 8.0 * least_squares.EPS
    if not (p_size > rounding * np.abs(first).max() and q_size > rounding * np.abs(second).max()):
        refuse(least_squares.ILL_DEFINED, "homography", 4, first, second)
    p, q = (first - p0) / p_size, (second - q0) / q_size
    p, q, share = _padded(p, q, share)
    numbers = _start_homography(p, q, share)
    _check_orientation(numbers.reshape(3, 3), p)
    homography_fit.refine_homography(numbers, p, q, share, _STEPS)
    h = numbers.reshape(3, 3)
    forward, _ = _similarity_matrix(p0, p_size)
    _, backward = _similarity_matrix(q0, q_size)
    full = backward @ h @ forward
    last = full[2, 2]
    reach = np.abs(full[2]) @ np.append(np.abs(first).max(axis=0), 1.0)  # size of the denominator over the points
    return np.asarray(full / (last if abs(last) > 1e-12 * reach else np.abs(full).max()))
