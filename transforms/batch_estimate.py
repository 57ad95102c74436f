"""Fits of many members: what comes back, ragged point sets, grids that members share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from transforms._estimate import MODEL_CODES, checked_pairs
from transforms._jit import run_chunks
from transforms._kernels import batch as kernels
from transforms._kernels import batch_polynomial as polynomials
from transforms._types import FloatArray, IntArray, Points, PointsLike
from transforms._validate import as_count
from transforms.affine import Affine
from transforms.base import Transform
from transforms.errors import EstimationError, PointsError
from transforms.linear import Rigid, Similarity, Translation
from transforms.polynomial import Polynomial

__all__ = ["MEMBERS_PER_THREAD", "STATUS_TEXTS", "BatchEstimate", "Use", "empty_estimate", "fit_batch", "refitter"]

STATUS_TEXTS = {
    0: "ok",
    1: "not enough points",
    2: "ill-defined points",
    3: "not finite",
    4: "a point without pre-image",
    5: "not invertible",
}

_LINEAR = {Translation: "translation", Rigid: "rigid", Similarity: "similarity", Affine: "affine"}
MEMBERS_PER_THREAD = 640
"""Fewest members that are worth a thread: a usual section is done before a second one has woken up."""

Use: TypeAlias = Callable[[Points, IntArray], None]
"""What is done with mapped samples (M * count, 2) of members (M,)."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchEstimate:
    """Fitted parameters of many members.

    Attributes
    ----------
    model : type
        The class that was fitted.
    params : ndarray
        (T, 2, 3) for the linear classes, (T, 2, K) for Polynomial; NaN where the fit failed.
    rms, max_residual : ndarray
        (T,) in pixels of the target.
    status : ndarray
        (T,) int64: 0 where the fit succeeded, else a key of `STATUS_TEXTS`.
    """

    model: type[Transform]
    params: FloatArray
    rms: FloatArray
    max_residual: FloatArray
    status: IntArray

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self.status)

    def __getitem__(self, index: int) -> Transform:
        """Return the fitted transform of one member; raise `EstimationError` where its fit failed."""
        if self.status[index]:
            raise EstimationError(f"member {index} was not fitted: {STATUS_TEXTS[int(self.status[index])]}", (index,))
        if issubclass(self.model, Polynomial):
            return self.model(self.params[index])
        return self.model._from_affine(self.params[index].flatten())  # type: ignore[attr-defined, no-any-return]


def empty_estimate(model: type[Transform], order: int, count: int) -> BatchEstimate:
    """Make room for the fits of many members.

    Parameters
    ----------
    model : type
        Translation, Rigid, Similarity, Affine or Polynomial.
    order : int
        Order of the polynomials.
    count : int
        Number of members.

    Returns
    -------
    BatchEstimate
        Parameters and residuals not yet filled in, all statuses 0.

    Raises
    ------
    PointsError
        Another model, or an order that is no whole number.
    """
    given: Any = model
    if model in _LINEAR:
        columns = 3
    elif isinstance(given, type) and issubclass(model, Polynomial):
        columns = (as_count(order, "order") + 1) * (order + 2) // 2
    else:
        names = ", ".join(m.__name__ for m in _LINEAR)
        raise PointsError(f"expected model as {names} or Polynomial, got {getattr(model, '__name__', repr(model))}")
    return BatchEstimate(
        model, np.empty((count, 2, columns)), np.empty(count), np.empty(count), np.zeros(count, dtype=np.int64)
    )


def refitter(estimate: BatchEstimate, order: int, grid: Points) -> Use:
    """Bind the kernel that fits the model to mapped grids to where its results go.

    Parameters
    ----------
    estimate : BatchEstimate
        Where the results go.
    order : int
        Order of the polynomials.
    grid : ndarray
        (S, 2) the points that all members share, in pixels.

    Returns
    -------
    callable
        Takes mapped grids (M * S, 2) and the numbers (M,) of their members.
    """
    results = estimate.params, estimate.rms, estimate.max_residual, estimate.status
    if estimate.model not in _LINEAR:
        return lambda images, members: polynomials.batch_refit_polynomial(order, grid, images, members, *results)
    code, rows = MODEL_CODES[_LINEAR[estimate.model]], estimate.params.reshape(-1, 6)
    return lambda images, members: kernels.batch_refit_linear(code, grid, images, members, rows, *results[1:])


def _checked_offsets(offsets: npt.ArrayLike, count: int) -> IntArray:
    bounds = np.asarray(offsets)
    if bounds.ndim != 1 or bounds.size < 1 or bounds.dtype.kind not in "iu":
        raise PointsError(f"expected offsets as (T + 1,) whole numbers, got shape {bounds.shape} of {bounds.dtype}")
    checked = np.ascontiguousarray(bounds, dtype=np.int64)
    falling = np.flatnonzero(np.diff(checked) < 0)
    if checked[0] < 0 or checked[-1] > count or falling.size:
        raise PointsError(
            f"expected offsets that rise from 0 to at most {count}, got {checked[:8].tolist()}...", falling
        )
    return checked


def fit_batch(
    model: type[Transform],
    src: PointsLike,
    dst: PointsLike,
    offsets: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    order: int = 2,
) -> BatchEstimate:
    """Fit one transform per member of ragged point sets.

    Parameters
    ----------
    model : type
        Translation, Rigid, Similarity, Affine or Polynomial.
    src, dst : array_like
        (N, 2) each, in pixels: the points of all members, one after the other.
    offsets : array_like
        (T + 1,) whole numbers: member i has points offsets[i]:offsets[i + 1].
    weights : array_like, optional
        (N,) not negative.
    order : int, optional
        Order of the polynomials.

    Returns
    -------
    BatchEstimate
        Equal bit for bit to `model.from_estimate` of each member; a member that can't be fitted has a status and NaN.

    Raises
    ------
    PointsError
        Wrong shapes, types or offsets, negative weights, or another model.
    """
    p, q, w = checked_pairs(src, dst, weights)
    bounds = _checked_offsets(offsets, len(p))
    estimate = empty_estimate(model, order, len(bounds) - 1)
    results = estimate.params, estimate.rms, estimate.max_residual, estimate.status
    if model in _LINEAR:
        code, rows = MODEL_CODES[_LINEAR[model]], estimate.params.reshape(-1, 6)

        def work(first: int, last: int) -> None:
            kernels.batch_fit_linear(code, p, q, w, bounds, first, last, rows, *results[1:])

    else:

        def work(first: int, last: int) -> None:
            polynomials.batch_fit_polynomial(order, p, q, w, bounds, first, last, *results)

    run_chunks(work, len(estimate), MEMBERS_PER_THREAD)
    return estimate
