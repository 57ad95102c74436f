"""The one place that turns what users pass into what kernels take."""

from __future__ import annotations

import math
from typing import Any, SupportsFloat, SupportsIndex

import numpy as np

from transforms._types import FloatArray, Points, PointsLike, Weights
from transforms.errors import PointsError

__all__ = [
    "as_count",
    "as_float",
    "as_indices",
    "as_parameters",
    "as_points",
    "as_tolerance",
    "as_weights",
    "pair_of_points",
    "prepare_out",
]

_FLOAT64 = np.dtype(np.float64)
_ARRAY = np.ndarray


def _shape_text(array: Any) -> str:
    return f"an array of shape {array.shape} and type {array.dtype}"


def _to_array(values: Any, name: str, expected: str) -> np.ndarray[Any, Any]:
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "iuf":  # what is masked is unknown
        values = np.where(np.ma.getmaskarray(values), np.nan, values.data)
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise PointsError(f"expected {name} as {expected}, got something that is no array: {error}") from error
    if array.dtype.kind not in "iuf" and array.size:
        raise PointsError(f"expected {name} as {expected}, got {_shape_text(array)}")
    return array


def as_points(points: PointsLike, name: str = "points") -> Points:
    """Points as a C-contiguous, writable (N, 2) float64 array; the same object when it is one already.

    Parameters
    ----------
    points : array_like
        (N, 2), x first, in pixels. An empty list is (0, 2).
    name : str, optional
        How to call them in an error.

    Returns
    -------
    ndarray
        (N, 2) float64. Read-only input is copied, so that every kernel sees one kind of array.

    Raises
    ------
    PointsError
        The shape is not (N, 2) or the type is not a real number.
    """
    if (
        type(points) is _ARRAY
        and points.dtype is _FLOAT64
        and points.ndim == 2
        and points.shape[1] == 2
        and points.flags.carray
    ):
        return points
    array = _to_array(points, name, "(N, 2) numbers, x first")
    if array.size == 0 and array.shape in ((0,), (0, 2)):
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        hint = " (one point is [[x, y]])" if array.shape == (2,) else ""
        raise PointsError(f"expected {name} as (N, 2) numbers, x first, got {_shape_text(array)}{hint}")
    with np.errstate(over="ignore"):  # long doubles beyond the range become infinite
        converted = np.ascontiguousarray(array, dtype=np.float64)
    return converted if converted.flags.carray else converted.copy()


def _check_out(given: Any, shape: tuple[int, ...]) -> None:
    if not isinstance(given, _ARRAY) or given.dtype != _FLOAT64 or given.shape != shape:
        got = _shape_text(given) if isinstance(given, _ARRAY) else type(given).__name__
        raise PointsError(f"expected out as float64 of shape {shape}, got {got}")


def prepare_out(points: Points, out: FloatArray) -> tuple[Points, Points]:
    """The points to read and the array to write, which is the caller's own.

    Parameters
    ----------
    points : ndarray
        (N, 2) float64, as from `as_points`.
    out : ndarray
        Where to write. May be the points themselves; any other overlap is undone by a copy.

    Returns
    -------
    points, out : ndarray
        Both (N, 2).

    Raises
    ------
    PointsError
        `out` is not a writable, aligned C-contiguous float64 array of the points' shape.
    """
    given: Any = out
    if type(given) is not _ARRAY or given.dtype is not _FLOAT64 or given.shape != points.shape:
        _check_out(given, points.shape)
    flags = out.flags
    if not flags.carray:
        raise PointsError("expected out to be C-contiguous, aligned and writable")
    if out is points or (flags.owndata and points.flags.owndata):  # two owners are no neighbours: the cheap answer
        return points, out
    return (points.copy() if np.may_share_memory(points, out) else points), out


def as_weights(weights: Any, count: int) -> Weights | None:
    """Weights as (N,) float64, or None.

    Parameters
    ----------
    weights : array_like or None
        One number per point; zero takes a point out.
    count : int
        Number of points.

    Returns
    -------
    ndarray or None
        (N,) float64, C-contiguous, aligned and writable, as kernels take them.

    Raises
    ------
    PointsError
        Wrong shape, not a number, not finite or negative; `indices` names the weights.
    """
    if weights is None:
        return None
    array = _to_array(weights, "weights", f"({count},) numbers")
    if array.shape != (count,):
        raise PointsError(f"expected one weight per point, ({count},), got {_shape_text(array)}")
    converted = np.ascontiguousarray(array, dtype=np.float64)
    bad = np.flatnonzero(~(np.isfinite(converted) & (converted >= 0.0)))
    if bad.size:
        raise PointsError(f"expected finite weights >= 0, got {float(converted[bad[0]])!r} at {bad[0]}", bad)
    return converted if converted.flags.carray else converted.copy()


def pair_of_points(src: PointsLike, dst: PointsLike, names: tuple[str, str] = ("src", "dst")) -> tuple[Points, Points]:
    """Two sets of as many points.

    Parameters
    ----------
    src, dst : array_like
        (N, 2) each, in pixels.
    names : tuple of str, optional
        How to call them in an error.

    Returns
    -------
    src, dst : ndarray
        (N, 2) float64 each.

    Raises
    ------
    PointsError
        Either is not (N, 2), or they differ in length.
    """
    first, second = as_points(src, names[0]), as_points(dst, names[1])
    if first.shape != second.shape:
        counts = f"{first.shape[0]} and {second.shape[0]}"
        raise PointsError(f"expected as many {names[0]} as {names[1]} points, got {counts}")
    return first, second


def as_parameters(values: Any, shape: tuple[int | None, ...], name: str) -> FloatArray:
    """A read-only float64 copy of parameters of a known shape.

    Parameters
    ----------
    values : array_like
        The parameters; NaN and infinities are kept as they are.
    shape : tuple of int or None
        Expected shape; None stands for any length.
    name : str
        How to call them in an error.

    Returns
    -------
    ndarray
        C-contiguous, read-only, never a view of `values`.

    Raises
    ------
    PointsError
        Wrong shape or not real numbers.
    """
    if type(values) is np.ndarray and values.dtype is _FLOAT64 and values.shape == shape:
        copy = values.copy("C")
        copy.flags.writeable = False
        return copy
    wanted = "(" + ", ".join("n" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
    array = _to_array(values, name, f"{wanted} numbers")
    if array.ndim != len(shape) or any(n is not None and n != m for n, m in zip(shape, array.shape, strict=True)):
        raise PointsError(f"expected {name} of shape {wanted}, got {_shape_text(array)}")
    copy = np.array(array, dtype=np.float64, order="C", copy=True)
    copy.flags.writeable = False
    return copy


def as_float(value: SupportsFloat | SupportsIndex, name: str) -> float:
    """One real number as a Python float.

    Parameters
    ----------
    value : number
        Any real scalar, numpy's included.
    name : str
        How to call it in an error.

    Returns
    -------
    float
        NaN and infinities are passed on.

    Raises
    ------
    PointsError
        Not a real scalar.
    """
    if isinstance(value, (str, bytes)):
        raise PointsError(f"expected {name} as a number, got {value!r}")
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise PointsError(f"expected {name} as a number, got {value!r}") from error


def as_count(value: SupportsIndex, name: str, minimum: int = 0) -> int:
    """One whole number.

    Parameters
    ----------
    value : int
        numpy integers are taken, floats and texts are not.
    name : str
        How to call it in an error.
    minimum : int, optional
        Smallest value allowed.

    Returns
    -------
    int
        The same number.

    Raises
    ------
    PointsError
        Not a whole number, or too small.
    """
    try:
        number = value.__index__()
    except AttributeError as error:
        raise PointsError(f"expected {name} as a whole number, got {value!r}") from error
    if number < minimum:
        raise PointsError(f"expected {name} >= {minimum}, got {number}")
    return number


def as_tolerance(value: SupportsFloat | SupportsIndex, name: str) -> float:
    """A bound that something is compared with.

    Parameters
    ----------
    value : number
        Any real scalar, numpy's included.
    name : str
        How to call it in an error.

    Returns
    -------
    float
        Finite and not negative.

    Raises
    ------
    PointsError
        Not a real scalar, NaN, infinite or negative.
    """
    number = as_float(value, name)
    if not 0.0 <= number < math.inf:
        raise PointsError(f"expected {name} as a finite number >= 0, got {value!r}")
    return number


def as_indices(mask: np.ndarray[Any, Any]) -> tuple[int, ...]:
    """Positions at which a mask is true, as plain integers.

    Parameters
    ----------
    mask : ndarray
        (N,) of bool or status codes.

    Returns
    -------
    tuple of int
        In rising order.
    """
    return tuple(int(i) for i in np.flatnonzero(mask))


def is_finite(*values: float) -> bool:
    """Whether all numbers are finite.

    Parameters
    ----------
    *values : float
        The numbers.

    Returns
    -------
    bool
        True if none is NaN or infinite.
    """
    return all(math.isfinite(v) for v in values)
