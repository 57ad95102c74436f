"""Fits of the lens correction: checked input in, the numbers of the wire out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from transforms._estimate import checked_pairs
from transforms._estimate_polynomial import refuse_terms
from transforms._jit import direct
from transforms._kernels.least_squares import ILL_DEFINED, NOT_FINITE
from transforms._kernels.lens import CONSTANT
from transforms._kernels.lens_fit import fit_lens, standardise
from transforms._kernels.point_sums import all_finite
from transforms._kernels.rebase import term_count
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_float
from transforms.errors import IllDefinedPointsError, NotEnoughPointsError, PointsError

__all__ = ["LensNumbers", "fit_distortion", "fit_lens_numbers"]

_fit = direct(fit_lens)
_BLOCK = 512
_DAMPING = 1e-3
"""What Java adds to the diagonal of the distortion's normal matrix."""


@dataclass(frozen=True, slots=True)
class LensNumbers:
    """What a fit finds.

    Attributes
    ----------
    beta : ndarray
        (L, 2) coefficients.
    mean, sd : ndarray
        (L,) of the features.
    """

    beta: FloatArray
    mean: FloatArray
    sd: FloatArray


def _as_regularization(regularization: float) -> float:
    checked = as_float(regularization, "regularization")
    if not 0.0 <= checked < np.inf:
        raise PointsError(f"expected a finite regularization >= 0, got {checked!r}")
    return checked


def _empty_numbers(count: int) -> LensNumbers:
    return LensNumbers(np.zeros((count, 2)), np.zeros(count), np.zeros(count))


def fit_lens_numbers(
    src: PointsLike, dst: PointsLike, weights: npt.ArrayLike | None, dimension: int, regularization: float
) -> LensNumbers:
    """Fit a lens correction.

    Parameters
    ----------
    src, dst : array_like
        (N, 2) each, in pixels.
    weights : array_like or None
        (N,), not negative.
    dimension : int
        Highest degree of the features.
    regularization : float
        Java's lambda: 2 * lambda times the squared coefficients is added to the sum of squares.

    Returns
    -------
    LensNumbers
        Coefficients, means and standard deviations.

    Raises
    ------
    NotEnoughPointsError, IllDefinedPointsError, PointsError
        See `refuse_terms` and `checked_pairs`; also a negative regularization.
    """
    ridge = 2.0 * _as_regularization(regularization)
    first, second, checked = checked_pairs(src, dst, weights)
    model, count = f"lens correction of dimension {dimension}", term_count(dimension)
    if checked.size and not checked.all():
        if not all_finite(first, second, 0, len(first)):
            refuse_terms(NOT_FINITE, model, count, first, second)
        first, second, checked = (a[checked > 0.0] for a in (first, second, checked))
    numbers = _empty_numbers(count)
    status = _fit(dimension, first, second, checked, ridge, numbers.mean, numbers.sd, numbers.beta)
    if status == ILL_DEFINED and ridge > 0.0:
        raise IllDefinedPointsError("expected points that differ in x and y: a power of their coordinates is constant")
    if status:
        refuse_terms(status, model, count if ridge == 0.0 else 2, first, second)
    return numbers


# ---------------------------------------------------------------- distortion from overlapping images


def _features(points: Points, numbers: LensNumbers, dimension: int) -> FloatArray:
    """(N, L) standardised powers and the constant."""
    powers = [points[:, 0] ** (d - b) * points[:, 1] ** b for d in range(1, dimension + 1) for b in range(d + 1)]
    columns = [(p - m) / s for p, m, s in zip(powers, numbers.mean, numbers.sd, strict=False)]
    return np.stack([*columns, np.full(len(points), CONSTANT)], axis=1)


def _distortion_rows(f: FloatArray, g: FloatArray, t: FloatArray, src: Points, share: float) -> FloatArray:
    """Rows of the unknowns (beta x, beta y) and, last, the right-hand side; t is (N, 6), maps column by column."""
    m00, m10, m01, m11, m02, m12 = (t[:, i : i + 1] for i in range(6))
    zero = np.zeros_like(f)
    return np.concatenate(
        [
            np.hstack([f - m00 * g, m01 * g, m01 * m12 - m00 * m02]),
            np.hstack([m10 * g, f - m11 * g, m10 * m02 - m11 * m12]),
            share * np.hstack([f, zero, src[:, :1]]),
            share * np.hstack([zero, f, src[:, 1:]]),
        ]
    )


def _blocks(count: int) -> Iterator[slice]:
    for first in range(0, count, _BLOCK):
        yield slice(first, min(first + _BLOCK, count))


def fit_distortion(
    src: PointsLike, dst: PointsLike, affines: npt.ArrayLike, dimension: int, regularization: float
) -> LensNumbers:
    """Find the lens correction that makes overlapping images agree.

    Parameters
    ----------
    src, dst : array_like
        (N, 2) each: the same places in two images, in pixels.
    affines : array_like
        (N, 2, 3): for every pair, the affine map of its two images.
    dimension : int
        Highest degree of the features.
    regularization : float
        Weight of the correction's distance from the identity.

    Returns
    -------
    LensNumbers
        Coefficients, means and standard deviations; the latter are those of `src`.

    Raises
    ------
    NotEnoughPointsError, IllDefinedPointsError, PointsError
        Too few, constant or non-finite points; wrong shapes.
    """
    share = np.sqrt(_as_regularization(regularization))
    first, second, _ = checked_pairs(src, dst, None)
    maps = np.asarray(affines, dtype=np.float64)
    if maps.shape != (len(first), 2, 3):
        raise PointsError(f"expected one (2, 3) matrix per pair, ({len(first)}, 2, 3), got shape {maps.shape}")
    if not (np.isfinite(first).all() and np.isfinite(second).all() and np.isfinite(maps).all()):
        refuse_terms(NOT_FINITE, "lens distortion", 2, first, second)
    if len(first) < 2:
        raise NotEnoughPointsError(f"expected at least 2 pairs of points for a lens distortion, got {len(first)}")
    count = term_count(dimension)
    numbers = _empty_numbers(count)
    standardise(dimension, first, numbers.mean, numbers.sd)
    if not (numbers.sd[:-1] > 1e-15 * np.abs(numbers.mean[:-1])).all():
        raise IllDefinedPointsError("expected points that differ in x and y: a power of their coordinates is constant")
    triangle: FloatArray = np.hstack([np.sqrt(_DAMPING) * np.eye(2 * count), np.zeros((2 * count, 1))])
    columns = maps.transpose(0, 2, 1).reshape(-1, 6)
    for part in _blocks(len(first)):
        f, g = _features(first[part], numbers, dimension), _features(second[part], numbers, dimension)
        rows = _distortion_rows(f, g, columns[part], first[part], float(share))
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, rows]), mode="r"))[: 2 * count]
    beta = np.linalg.solve(triangle[:, :-1], triangle[:, -1])
    numbers.beta[:] = beta.reshape(2, count).T
    return numbers
