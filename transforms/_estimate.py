"""Fits of the linear family: checked input in, parameters out, status codes turned into typed errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from transforms._jit import direct
from transforms._kernels import least_squares
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_indices, as_weights, pair_of_points
from transforms.errors import IllDefinedPointsError, NotEnoughPointsError

__all__ = [
    "MINIMUM_POINTS",
    "MODEL_CODES",
    "NO_WEIGHTS",
    "checked_pairs",
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
_fit_slice = direct(least_squares.fit_slice)


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
    checked = None if weights is None else as_weights(weights, len(first))
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
            " leave its rotation open, or are too large to be summed"
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
    status = _fit_slice(MODEL_CODES[model], first, second, checked, 0, len(first), params)
    if status:
        refuse(status, model, MINIMUM_POINTS[model], first, second)
    return params
