"""From a transform's programs to the kernels that interpret them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transforms._kernels import dispatch
from transforms._kernels.newton import jet_rows
from transforms._kernels.program import run_members
from transforms._program import Program
from transforms._types import ByteArray, FloatArray, IntArray, Points
from transforms._validate import as_indices
from transforms.errors import NonInvertibleError

if TYPE_CHECKING:
    from transforms.base import OnError, Transform

__all__ = [
    "NO_START",
    "options_in_order",
    "options_of",
    "run_backward",
    "run_each_in_order",
    "run_forward",
    "run_in_order",
    "run_jacobian",
    "run_marking",
]

NO_START = np.empty((0, 2))
_ONE = np.zeros(1, dtype=np.int64)


def options_of(tolerance: float = 1e-9, max_iterations: int = 50) -> FloatArray:
    """Options of a run as the interpreter reads them.

    Parameters
    ----------
    tolerance : float, optional
        Relative tolerance of pre-images.
    max_iterations : int, optional
        Newton steps per start value.

    Returns
    -------
    ndarray
        (3,).
    """
    return np.array([tolerance, max_iterations, dispatch.APPLY], dtype=np.float64)


_FORWARD = options_of()
_IN_ORDER = np.array([*_FORWARD[:2], dispatch.IN_ORDER])


def options_in_order(program: Program) -> FloatArray:
    """Options of a run in Java's order of operations, for which the kernels are loaded.

    Parameters
    ----------
    program : Program
        What is to be run.

    Returns
    -------
    ndarray
        (3,).
    """
    dispatch.load(dispatch.IN_ORDER, program.ops)
    return _IN_ORDER


def _run(
    program: Program, points: Points, out: Points, initial: Points, options: FloatArray, members: IntArray | None = None
) -> ByteArray:
    """Run a program of one transform on all points, or a member of it on each."""
    failed = np.zeros(points.shape[0], dtype=np.uint8)
    run_members(
        program.instructions,
        program.offsets,
        program.params,
        program.depth,
        _ONE if members is None else members,
        points.shape[0] if members is None else 1,
        initial,
        options,
        points,
        out,
        failed,
    )
    return failed


def run_in_order(program: Program, points: Points, out: Points) -> None:
    """Map points in Java's order of operations; what has no value becomes NaN.

    Parameters
    ----------
    program : Program
        Of one transform.
    points, out : ndarray
        (N, 2) float64, C-contiguous; may be the same.
    """
    _run(program, points, out, NO_START, options_in_order(program))


def run_each_in_order(program: Program, members: IntArray, points: Points, out: Points) -> None:
    """Map each point by a member of its own in Java's order of operations; what has no value becomes NaN.

    Parameters
    ----------
    program : Program
        Of many transforms.
    members : ndarray
        (N,) int64.
    points, out : ndarray
        (N, 2) float64, C-contiguous, two arrays.
    """
    _run(program, points, out, NO_START, options_in_order(program), members)


def _refuse(transform: Transform, failed: ByteArray, points: Points) -> None:
    """Raise for targets without pre-image; rows that were NaN before are not failures."""
    if not failed.any():
        return
    bad = failed.astype(bool) & ~np.isnan(points).any(axis=1)
    if bad.any():
        indices = as_indices(bad)
        place = points[indices[0]].tolist()
        raise NonInvertibleError(
            f"{type(transform).__name__}: no pre-image found for {len(indices)} of {len(points)} points, the first at"
            f" index {indices[0]}, {place} (on_error='nan' marks them instead)",
            indices,
        )


def run_marking(transform: Transform, points: Points) -> Points:
    """Map points by the transform's program; what has no value becomes NaN.

    Parameters
    ----------
    transform : Transform
        Any transform.
    points : ndarray
        (N, 2) float64, C-contiguous.

    Returns
    -------
    ndarray
        (N, 2) float64.
    """
    out = np.empty(points.shape)
    _run(transform._forward(), points, out, NO_START, _FORWARD)
    return out


def run_forward(transform: Transform, points: Points, out: Points) -> None:
    """Map checked points into `out` by the transform's program.

    Parameters
    ----------
    transform : Transform
        Any transform.
    points, out : ndarray
        (N, 2) float64, C-contiguous.

    Raises
    ------
    NonInvertibleError
        The list holds an inverse that has no value at some points.
    """
    program = transform._forward()
    source = points.copy() if program.solves and out is points else points
    failed = _run(program, source, out, NO_START, _FORWARD)
    if program.solves:
        _refuse(transform, failed, source)


def run_backward(
    transform: Transform,
    points: Points,
    initial: Points | None,
    tolerance: float,
    max_iterations: int,
    on_error: OnError,
) -> Points:
    """Find pre-images by the transform's inverse program.

    Parameters
    ----------
    transform : Transform
        Any transform that has an inverse.
    points : ndarray
        (N, 2) float64 targets.
    initial : ndarray or None
        (N, 2) start values.
    tolerance : float
        Relative tolerance of the forward map.
    max_iterations : int
        Newton steps per start value.
    on_error : {"raise", "nan"}
        What to do about failures.

    Returns
    -------
    ndarray
        (N, 2) float64.

    Raises
    ------
    NonInvertibleError
        No inverse at all, or (``"raise"``) none at some points.
    """
    out = np.empty(points.shape)
    try:
        program = transform._backward()
    except NonInvertibleError:
        if on_error == "raise" or not points.size:
            raise
        out.fill(np.nan)
        return out
    options = options_of(tolerance, max_iterations)
    failed = _run(program, points, out, NO_START if initial is None else initial, options)
    if program.solves and not np.isfinite(out).all():
        infinite = ~np.isfinite(out).all(axis=1) & np.isfinite(points).all(axis=1)
        out[infinite], failed[infinite] = np.nan, 1
    if on_error == "raise":
        _refuse(transform, failed, points)
    return out


def run_jacobian(transform: Transform, points: Points) -> FloatArray:
    """Jacobians by the chain rule over the transform's program.

    Parameters
    ----------
    transform : Transform
        Any transform.
    points : ndarray
        (N, 2) float64.

    Returns
    -------
    ndarray
        (N, 2, 2).
    """
    program = transform._forward()
    dispatch.load(dispatch.JET, program.ops)
    out = np.empty((points.shape[0], 2, 2))
    scratch = np.empty((program.depth + 1, 6))
    jet_rows(program.instructions, 0, len(program.instructions), program.params, scratch, points, out)
    return out
