"""Fits of the linear family: checked input in, parameters out, status codes turned into typed errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from transforms._kernels import homography_fit, least_squares
from transforms._kernels.lanes import WIDTH
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_indices, as_weights, pair_of_points
from transforms.errors import IllDefinedPointsError, NotEnoughPointsError

__all__ = [
    "MINIMUM_POINTS",
    "MODEL_CODES",
    "NO_WEIGHTS",
    "checked_pairs",
    "fit_homography",
    "fit_linear",
    "refuse",
    "refuse_infinite",
]

MODEL_CODES = {
    "translation": least_squares.TRANSLATION,
    "rigid": least_squares.RIGID,
    "similarity": least_squares.SIMILARITY,
    "affine": least_squares.AFFINE,
}
MINIMUM_POINTS = {"translation": 1, "rigid": 2, "similarity": 2, "affine": 3, "homography": 4}
NO_WEIGHTS = np.empty(0)
_STEPS = 30
_SAFE = 1e-10
"""Ratio of eigenvalues from which on squaring the linear equations of a homography costs no digits that matter."""


def checked_pairs(src: PointsLike, dst: PointsLike, weights: Any) -> tuple[Points, Points, FloatArray]:
    """Check what a fit is given.

    Parameters
    ----------
    src, dst : array_like
        (N, 2) each, in pixels.
    weights : array_like or None
        (N,), not negative.

    Returns
    -------
    src, dst, weights : ndarray
        As kernels take them; no weights are an empty array.

    Raises
    ------
    PointsError
        Wrong shapes, types or weights.
    """
    first, second = pair_of_points(src, dst)
    checked = as_weights(weights, first.shape[0])
    return first, second, NO_WEIGHTS if checked is None else checked


def refuse(status: int, model: str, needed: int, src: Points, dst: Points) -> None:
    """Raise the typed error for a status code of a fit.

    Parameters
    ----------
    status : int
        Code of `_kernels.least_squares`.
    model : str
        Name of the model for the message.
    needed : int
        Fewest points that the model takes.
    src, dst : ndarray
        (N, 2) the points of the fit.

    Raises
    ------
    NotEnoughPointsError
        Too few points.
    IllDefinedPointsError
        Degenerate or non-finite points; `indices` names the latter.
    """
    count, a = src.shape[0], "an" if model[0] in "aeiou" else "a"
    if status == least_squares.NOT_ENOUGH:
        points = "point" if needed == 1 else "points"
        raise NotEnoughPointsError(f"expected at least {needed} {points} for {a} {model} fit, got {count}")
    if status == least_squares.NOT_FINITE:
        refuse_infinite(src, dst, model)
    if status == least_squares.ILL_DEFINED:
        raise IllDefinedPointsError(
            f"the {count} points do not determine {a} {model} transform: they coincide, lie on a line, have no weight,"
            " or leave its rotation open"
        )


def refuse_infinite(src: Points, dst: Points, model: str) -> None:
    """Raise for points that are not finite.

    Parameters
    ----------
    src, dst : ndarray
        (N, 2) the points of the fit.
    model : str
        Name of the model for the message.

    Raises
    ------
    IllDefinedPointsError
        Some are not; `indices` names them.
    """
    bad = as_indices(np.asarray(~(np.isfinite(src) & np.isfinite(dst)).all(axis=1)))
    if bad:
        a = "an" if model[0] in "aeiouAEIOU" else "a"
        message = f"expected finite points for {a} {model} fit, {len(bad)} of {len(src)} are not"
        raise IllDefinedPointsError(message, bad)


def fit_linear(model: str, src: PointsLike, dst: PointsLike, weights: npt.ArrayLike | None) -> FloatArray:
    """Fit one of the affine family.

    Parameters
    ----------
    model : {"translation", "rigid", "similarity", "affine"}
        What to fit.
    src, dst : array_like
        (N, 2) each, in pixels.
    weights : array_like or None
        (N,), not negative.

    Returns
    -------
    ndarray
        (6,): m00, m01, m02, m10, m11, m12.

    Raises
    ------
    NotEnoughPointsError, IllDefinedPointsError, PointsError
        See `refuse` and `checked_pairs`.
    """
    first, second, checked = checked_pairs(src, dst, weights)
    params = np.empty(6)
    status = least_squares.fit_slice(MODEL_CODES[model], first, second, checked, 0, first.shape[0], params)
    if status:
        refuse(status, model, MINIMUM_POINTS[model], first, second)
    return params


# ---------------------------------------------------------------- homography


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
