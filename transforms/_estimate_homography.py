"""Fit of a homography: checked input in, the matrix out; layouts that are nearly degenerate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from transforms._estimate import checked_pairs, refuse
from transforms._jit import direct
from transforms._kernels import homography_fit as kernels
from transforms._kernels.homography_sums import CX, EX, FRAME, SCALE, TARGET_SCALE
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_indices
from transforms.errors import IllDefinedPointsError

__all__ = ["fit_homography"]

_fit = direct(kernels.fit_homography)
_EXTREME = 100
"""Exponents of two from which weights are scaled."""


def _of_order_one(weights: FloatArray) -> FloatArray:
    """Weights whose fourth powers neither overflow nor vanish: a power of two more or less changes no fit."""
    exponent = int(np.frexp(weights.max(initial=0.0))[1])
    return np.ldexp(weights, -exponent) if abs(exponent) > _EXTREME else weights


def _linear_homography(p: Points, q: Points, weights: FloatArray) -> FloatArray:
    """Direct linear solution: the right singular vector (9,) of the smallest singular value."""
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
    return np.asarray(right[8])


def _fit_near_singular(src: Points, dst: Points, weights: FloatArray, frame: FloatArray, h: FloatArray) -> int:
    """Fit nearly degenerate points in a normalised frame; a status."""
    p = (src - frame[CX : CX + 2]) * frame[SCALE]
    q = (dst - frame[EX : EX + 2]) * frame[TARGET_SCALE]
    h[:] = _linear_homography(p, q, weights if weights.size else np.ones(len(p)))
    return kernels.finish_homography(h, frame, src, dst, weights, np.empty(0))


def _refuse_horizon(src: Points, frame: FloatArray, h: FloatArray) -> None:
    """A horizon through the points themselves means that no homography maps them finitely."""
    s = (src - frame[CX : CX + 2]) * frame[SCALE] @ h[6:8] + h[8]
    near = np.atleast_1d(np.abs(s) <= 1e-12 * np.linalg.norm(h[6:]))
    raise IllDefinedPointsError("the fitted homography has its horizon through points", as_indices(near))


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
        (9,) by rows, last entry 1 where it does not vanish.

    Raises
    ------
    NotEnoughPointsError, IllDefinedPointsError, PointsError
        See `refuse` and `checked_pairs`.
    """
    first, second, checked = checked_pairs(src, dst, weights)
    checked = _of_order_one(checked) if checked.size else checked
    frame, h = np.empty(FRAME), np.empty(9)
    status = _fit(first, second, checked, frame, h)
    if status == kernels.NEAR_SINGULAR:
        status = _fit_near_singular(first, second, checked, frame, h)
    if status == kernels.HORIZON:
        _refuse_horizon(first, frame, h)
    if status:
        refuse(status, "homography", 4, first, second)
    return h
