"""One simple transform in place of another, over a region, with the error it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from transforms._types import FloatArray, Points
from transforms._validate import as_count, as_float, as_points, as_tolerance
from transforms.base import Transform
from transforms.errors import EstimationError, PointsError
from transforms.lens import LensCorrection
from transforms.polynomial import Polynomial

__all__ = ["Approximation", "approximate", "sampling_grid"]

HIGHEST_ORDER = 9
"""Highest order that the automatic choice tries."""


@dataclass(frozen=True, slots=True)
class Approximation:
    """A transform that stands for another.

    Attributes
    ----------
    transform : Transform
        The simpler one.
    rms : float
        Root mean square of its residuals on the samples, in pixels.
    max_residual : float
        Largest of them, in pixels.
    """

    transform: Transform
    rms: float
    max_residual: float


def sampling_grid(samples: int | npt.ArrayLike, width: float, height: float) -> Points:
    """Sample points of a tile.

    Parameters
    ----------
    samples : int or array_like
        n for the n x n grid spread evenly over [0, width] x [0, height], borders included; an (S, 2) array in the unit
        square is scaled.
    width, height : float
        Size of the tile in pixels.

    Returns
    -------
    ndarray
        (S, 2) in pixels.

    Raises
    ------
    PointsError
        Sizes that are not finite, fewer than one sample, or a wrong shape.
    """
    size = np.array([as_float(width, "width"), as_float(height, "height")])
    if not np.isfinite(size).all():
        raise PointsError(f"expected finite width and height, got {size.tolist()}")
    if np.ndim(samples) > 0:
        return np.asarray(as_points(samples, "samples") * size)
    count = as_count(samples, "samples", 1)  # type: ignore[arg-type]  # a scalar by now
    side = np.linspace(0.0, 1.0, count) if count > 1 else np.array([0.5])
    unit = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    return np.ascontiguousarray(unit * size)


def _fit(model: type[Any], src: Points, dst: Points, order: int, width: float, height: float) -> Transform:
    """Fit any estimable model with the arguments that its own fit takes."""
    if issubclass(model, Polynomial):
        return model.from_estimate(src, dst, order=order)
    if issubclass(model, LensCorrection):
        return model.from_estimate(src, dst, dimension=order, width=round(width), height=round(height))
    fitted: Transform = model.from_estimate(src, dst)
    return fitted


def _measured(transform: Transform, src: Points, dst: Points) -> Approximation:
    distances: FloatArray = transform.residuals(src, dst)
    return Approximation(transform, float(np.sqrt(np.mean(distances**2))), float(distances.max()))


def approximate(
    transform: Transform,
    model: type[Transform],
    *,
    width: float,
    height: float,
    order: int = 2,
    samples: int | npt.ArrayLike = 10,
    max_error: float | None = None,
) -> Approximation:
    """Fit one transform of a simpler kind to another one over a tile.

    Parameters
    ----------
    transform : Transform
        What to approximate.
    model : type
        Any estimable class.
    width, height : float
        Size of the tile in pixels.
    order : int, optional
        Order of a Polynomial, dimension of a LensCorrection.
    samples : int or array_like, optional
        See `sampling_grid`.
    max_error : float, optional
        Polynomial only: take the lowest order whose largest residual is at most this many pixels; `order` is where to
        begin.

    Returns
    -------
    Approximation
        The fit with its residuals.

    Raises
    ------
    EstimationError
        The fit fails, or no order up to 9 reaches `max_error`.
    PointsError
        Bad sizes or samples, or a model that can't be estimated.
    """
    if not hasattr(model, "from_estimate"):
        raise PointsError(f"expected model as a class with from_estimate, got {model!r}")
    if not isinstance(transform, Transform):
        raise PointsError(f"expected a Transform to approximate, got {type(transform).__name__}")
    src = sampling_grid(samples, width, height)
    dst = transform.apply(src)
    bound = None if max_error is None else as_tolerance(max_error, "max_error")
    if bound is None:
        return _measured(_fit(model, src, dst, order, width, height), src, dst)
    if not issubclass(model, Polynomial):
        raise PointsError(f"expected Polynomial with max_error, got {model.__name__}")
    best = None
    for trial in range(as_count(order, "order"), HIGHEST_ORDER + 1):
        if (trial + 1) * (trial + 2) // 2 > len(src):
            break
        best = _measured(_fit(model, src, dst, trial, width, height), src, dst)
        if best.max_residual <= bound:
            return best
    reached = "too few samples" if best is None else f"{best.max_residual:.3g} px is the best"
    raise EstimationError(f"no polynomial of order {order} to {HIGHEST_ORDER} comes within {max_error} px: {reached}")
