"""Errors of the maths package, one small tree.

Every error carries `indices`: the rows of the points, or the members of the batch, that it speaks of.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "EstimationError",
    "IllDefinedPointsError",
    "NonInvertibleError",
    "NotEnoughPointsError",
    "PointsError",
    "TransformError",
]


class TransformError(Exception):
    """Base of all errors raised by `transforms`.

    Parameters
    ----------
    message : str
        What was expected and what came.
    indices : iterable of int, optional
        Rows of the points, or members of a batch, that the error is about.

    Attributes
    ----------
    indices : tuple of int
        As given; empty when the error is not about particular points.
    """

    def __init__(self, message: str, indices: Iterable[int] = ()) -> None:
        super().__init__(message)
        self.indices: tuple[int, ...] = tuple(int(i) for i in indices)

    def __reduce__(self) -> tuple[type[TransformError], tuple[str, tuple[int, ...]]]:
        """Pickle with the indices, so that errors cross process boundaries whole."""
        return type(self), (str(self), self.indices)


class PointsError(TransformError, ValueError):
    """Points, weights or parameters have the wrong shape, type or range."""


class EstimationError(TransformError):
    """A transform can't be estimated from the given points."""


class NotEnoughPointsError(EstimationError):
    """Fewer points than the model has degrees of freedom for."""


class IllDefinedPointsError(EstimationError):
    """The points are degenerate for the model (coincident, collinear, ...) or not finite."""


class NonInvertibleError(TransformError):
    """The transform has no inverse, or has none at the given points."""
