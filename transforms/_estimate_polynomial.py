"""Polynomial fits: checked input in, coefficients out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from transforms._estimate import checked_pairs, refuse
from transforms._jit import direct
from transforms._kernels.least_squares import ILL_DEFINED
from transforms._kernels.polynomial_fit import fit_polynomial
from transforms._kernels.rebase import term_count
from transforms._types import FloatArray, Points, PointsLike
from transforms.errors import IllDefinedPointsError

__all__ = ["fit_coefficients", "refuse_terms"]

_fit = direct(fit_polynomial)


def refuse_terms(status: int, model: str, count: int, src: Points, dst: Points) -> None:
    """Raise the typed error for a status code of a fit with many terms.

    Parameters
    ----------
    status : int
        Code of `_kernels.least_squares`; 0 is no error.
    model : str
        Name of the model for the message.
    count : int
        Number of terms.
    src, dst : ndarray
        (N, 2) the points of the fit.

    Raises
    ------
    NotEnoughPointsError
        Fewer points than terms.
    IllDefinedPointsError
        Degenerate or non-finite points; `indices` names the latter.
    """
    if status == ILL_DEFINED:
        raise IllDefinedPointsError(
            f"the {len(src)} points do not determine the {count} terms of a {model}: too few are distinct or have"
            " weight, or they lie on a curve of its order"
        )
    refuse(status, model, count, src, dst)


def fit_coefficients(src: PointsLike, dst: PointsLike, weights: npt.ArrayLike | None, order: int) -> FloatArray:
    """Fit a polynomial.

    Parameters
    ----------
    src, dst : array_like
        (N, 2) each, in pixels.
    weights : array_like or None
        (N,), not negative.
    order : int
        Highest degree of its terms.

    Returns
    -------
    ndarray
        (2, K) coefficients of 1, x, y, x^2, xy, y^2, ... in pixels.

    Raises
    ------
    NotEnoughPointsError, IllDefinedPointsError, PointsError
        See `refuse_terms` and `checked_pairs`.
    """
    first, second, checked = checked_pairs(src, dst, weights)
    coefficients = np.empty((2, term_count(order)))
    status = _fit(order, first, second, checked, 0, len(first), coefficients)
    if status:
        refuse_terms(status, f"polynomial of order {order}", coefficients.shape[1], first, second)
    return coefficients
