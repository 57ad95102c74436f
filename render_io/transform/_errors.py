"""Errors of the maths, as errors of the adapter: each can be caught as either."""

from __future__ import annotations

from render_io.errors import ConversionError, EstimationError
from transforms import errors as maths

__all__ = ["BadPointsError", "NotInvertibleError", "estimation_error", "seed_error"]


class BadPointsError(ConversionError, maths.PointsError):
    """Points or parameters have the wrong shape, type or range."""

    def __init__(self, message: str = "", indices: tuple[int, ...] = ()) -> None:
        maths.PointsError.__init__(self, message, indices)


class NotInvertibleError(ConversionError, maths.NonInvertibleError):
    """The transform has no inverse, or has none at the given points."""

    def __init__(self, message: str = "", indices: tuple[int, ...] = ()) -> None:
        maths.NonInvertibleError.__init__(self, message, indices)


def seed_error(error: maths.TransformError) -> ConversionError | EstimationError:
    """Return the error of the adapter for one of the maths.

    Parameters
    ----------
    error : TransformError
        What a transform raised.

    Returns
    -------
    ConversionError or EstimationError
        Also an error of `transforms`, with the same text and indices.
    """
    if isinstance(error, maths.EstimationError):
        return EstimationError(str(error), error.indices)
    if isinstance(error, maths.NonInvertibleError):
        return NotInvertibleError(str(error), error.indices)
    return BadPointsError(str(error), error.indices)


def estimation_error(error: maths.TransformError) -> EstimationError:
    """Return the error of a fit for anything that the maths raised in it, as the seed has it.

    Parameters
    ----------
    error : TransformError
        What the fit raised, wrong shapes included.

    Returns
    -------
    EstimationError
        With the same text and indices.
    """
    return EstimationError(str(error), error.indices)
