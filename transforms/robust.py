"""Fits that outliers do not spoil: RANSAC with mpicbg's filter, and iteratively reweighted least squares.

Sources: Fischler and Bolles, Random sample consensus (1981); mpicbg.models.AbstractModel (ransac, filter); Holland and
Welsch, Robust regression using iteratively reweighted least-squares (1977).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from transforms._estimate import refuse_infinite
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_count, as_float, as_tolerance, as_weights, pair_of_points
from transforms.base import Transform
from transforms.errors import EstimationError, IllDefinedPointsError, NotEnoughPointsError, PointsError
from transforms.linear import LinearTransform
from transforms.polynomial import Polynomial

__all__ = ["Loss", "RobustFit", "estimate_robust", "ransac"]

T = TypeVar("T", bound=Transform)
Mask = npt.NDArray[np.bool_]
Loss = Literal["huber", "cauchy", "tukey"]

MAD_TO_SIGMA = 1.4826
"""Median of absolute residuals to the standard deviation of a normal distribution."""

_TUNING: dict[str, float] = {"huber": 1.345, "cauchy": 2.385, "tukey": 4.685}
"""Residual, in standard deviations, where each loss begins to doubt; 95 % efficiency for normal errors."""


def _fitter(model: type[T], options: dict[str, Any]) -> Callable[..., T]:
    estimate = getattr(model, "from_estimate", None)
    if not callable(estimate):
        raise PointsError(f"expected model as a class with from_estimate, got {model!r}")
    return lambda src, dst, *weights: estimate(src, dst, *weights, **options)


def _sample_size(model: type[Transform], options: dict[str, Any]) -> int:
    """Fewest points that determine the model."""
    if issubclass(model, LinearTransform):
        return model._minimum_points
    if issubclass(model, Polynomial):
        order = as_count(options.get("order", 2), "order")
        return (order + 1) * (order + 2) // 2
    raise PointsError(f"expected model as a linear class or Polynomial, got {model.__name__}")


def _grow(fit: Callable[..., T], src: Points, dst: Points, first: T, max_error: float, minimum: int) -> tuple[T, Mask]:
    """Refit to the inliers as long as that brings in more of them."""
    best, inliers = first, first.residuals(src, dst) <= max_error
    while int(inliers.sum()) >= minimum:
        try:
            refit = fit(src[inliers], dst[inliers])
        except EstimationError:
            break
        wider = refit.residuals(src, dst) <= max_error
        if wider.sum() <= inliers.sum():
            return (refit, wider) if wider.sum() == inliers.sum() else (best, inliers)
        best, inliers = refit, wider
    return best, inliers


def _filter(
    fit: Callable[..., T], src: Points, dst: Points, inliers: Mask, max_trust: float, minimum: int
) -> tuple[T, Mask]:
    """Mpicbg's filter: drop what is farther off than `max_trust` medians, until nothing is."""
    kept = inliers.copy()
    while True:
        if int(kept.sum()) < minimum:
            raise EstimationError(f"the trust filter left {int(kept.sum())} points, fewer than {minimum}")
        fitted = fit(src[kept], dst[kept])
        distances = fitted.residuals(src, dst)
        next_kept = kept & (distances <= max_trust * float(np.median(distances[kept])))
        if next_kept.sum() == kept.sum() or not next_kept.any():
            return fitted, kept
        kept = next_kept


def ransac(
    model: type[T],
    src: PointsLike,
    dst: PointsLike,
    *,
    max_error: float,
    min_inlier_ratio: float = 0.0,
    min_inliers: int | None = None,
    iterations: int = 1000,
    seed: int = 0,
    max_trust: float | None = None,
    **options: Any,
) -> tuple[T, Mask]:
    """Fit a model to the largest consistent part of the points.

    Parameters
    ----------
    model : type
        Translation, Rigid, Similarity, Affine, Homography or Polynomial.
    src, dst : array_like
        (N, 2) each, in pixels.
    max_error : float
        Largest residual of an inlier, in pixels.
    min_inlier_ratio : float, optional
        Least share of inliers, 0 to 1.
    min_inliers : int, optional
        Least number of inliers; by default the model's own minimum.
    iterations : int, optional
        Random samples drawn.
    seed : int, optional
        Of the random numbers: the same seed gives the same answer.
    max_trust : float, optional
        Then drop inliers farther off than this many median residuals, again and again (mpicbg's filter).
    **options
        Passed to the model's `from_estimate`, such as ``order=2``.

    Returns
    -------
    transform : Transform
        Least-squares fit to the inliers.
    inliers : ndarray
        (N,) bool.

    Raises
    ------
    NotEnoughPointsError
        Fewer points than the model needs.
    IllDefinedPointsError
        Points that are not finite; `indices` names them.
    EstimationError
        No sample has enough inliers.
    PointsError
        Wrong shapes, types or arguments.
    """
    p, q = pair_of_points(src, dst)
    fit, size = _fitter(model, options), _sample_size(model, options)
    bound, ratio = as_float(max_error, "max_error"), as_float(min_inlier_ratio, "min_inlier_ratio")
    if not (bound >= 0.0 and 0.0 <= ratio <= 1.0):
        raise PointsError(f"expected max_error >= 0 and min_inlier_ratio in [0, 1], got {bound} and {ratio}")
    if len(p) < size:
        raise NotEnoughPointsError(f"expected at least {size} points for {model.__name__}, got {len(p)}")
    refuse_infinite(p, q, model.__name__)
    minimum = max(
        size, as_count(min_inliers, "min_inliers") if min_inliers is not None else 0, int(np.ceil(ratio * len(p)))
    )
    rng = np.random.default_rng(as_count(seed, "seed"))
    trust = None if max_trust is None else as_tolerance(max_trust, "max_trust")
    best: tuple[T, Mask] | None = None
    for _ in range(as_count(iterations, "iterations", 1)):
        chosen = rng.choice(len(p), size, replace=False)
        try:
            candidate = fit(p[chosen], q[chosen])
        except EstimationError:
            continue
        if best is not None and (candidate.residuals(p, q) <= bound).sum() < best[1].sum() // 2:
            continue  # far behind: growing it is not worth the time
        grown = _grow(fit, p, q, candidate, bound, minimum)
        if best is None or grown[1].sum() > best[1].sum():
            best = grown
    if best is None or int(best[1].sum()) < minimum:
        found = 0 if best is None else int(best[1].sum())
        raise EstimationError(
            f"expected at least {minimum} of {len(p)} points within {bound} px, the best sample has {found}"
        )
    return best if trust is None else _filter(fit, p, q, best[1], trust, minimum)


@dataclass(frozen=True, slots=True, eq=False)
class RobustFit:
    """A reweighted fit.

    Attributes
    ----------
    transform : Transform
        The fit.
    weights : ndarray
        (N,) final weights: the given ones times the doubt of the loss, 0 to 1.
    scale : float
        Standard deviation of the residuals of the good points, in pixels.
    """

    transform: Transform
    weights: FloatArray
    scale: float


def _doubt(loss: str, scaled: FloatArray) -> FloatArray:
    """Weight of residuals given in units of the tuning constant."""
    if loss == "huber":
        return np.asarray(1.0 / np.maximum(scaled, 1.0))
    if loss == "cauchy":
        return np.asarray(1.0 / (1.0 + scaled**2))
    return np.asarray(np.clip(1.0 - scaled**2, 0.0, None) ** 2)


def estimate_robust(
    model: type[Transform],
    src: PointsLike,
    dst: PointsLike,
    weights: npt.ArrayLike | None = None,
    *,
    loss: Loss = "huber",
    scale: float | None = None,
    max_iterations: int = 100,
    tolerance: float = 1e-9,
    **options: Any,
) -> RobustFit:
    """Fit by iteratively reweighted least squares.

    Parameters
    ----------
    model : type
        Any class whose `from_estimate` takes weights.
    src, dst : array_like
        (N, 2) each, in pixels.
    weights : array_like, optional
        (N,) not negative.
    loss : {"huber", "cauchy", "tukey"}, optional
        How far points are doubted; only "tukey" drops them altogether.
    scale : float, optional
        Standard deviation of good residuals in pixels; by default re-estimated from their median.
    max_iterations : int, optional
        Most fits.
    tolerance : float, optional
        Largest change of a weight that counts as converged.
    **options
        Passed to the model's `from_estimate`, such as ``order=2``.

    Returns
    -------
    RobustFit
        Transform, final weights and scale.

    Raises
    ------
    EstimationError
        As the model's own fit.
    PointsError
        Wrong shapes, types or arguments.
    """
    if loss not in list(_TUNING):  # a list takes what can't be hashed too
        raise PointsError(f"expected loss as one of {sorted(_TUNING)}, got {loss!r}")
    p, q = pair_of_points(src, dst)
    given = as_weights(weights, len(p))
    base: FloatArray = np.ones(len(p)) if given is None else given
    known = None if scale is None else as_tolerance(scale, "scale")
    bound = as_tolerance(tolerance, "tolerance")
    fit = _fitter(model, options)
    if "weights" not in signature(model.from_estimate).parameters:  # type: ignore[attr-defined]
        raise PointsError(f"expected model as a class whose fit takes weights, got {model.__name__}")
    current, doubt = fit(p, q, base), np.ones(len(p))
    sigma = 0.0
    for _ in range(as_count(max_iterations, "max_iterations", 1)):
        distances = current.residuals(p, q)
        counted = distances[base > 0.0]
        rounding = 1e-12 * max(1.0, float(np.abs(q).max(initial=1.0)))
        sigma = known if known is not None else MAD_TO_SIGMA * float(np.median(counted))
        revised = _doubt(loss, distances / (_TUNING[loss] * max(sigma, rounding)))
        change = float(np.abs(revised - doubt).max())
        doubt = revised
        try:
            current = fit(p, q, base * doubt)
        except IllDefinedPointsError:
            break
        if change <= bound:
            break
    return RobustFit(current, base * doubt, sigma)
