"""From a transform's programs to the kernels that interpret them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transforms._kernels.newton import jet_rows
from transforms._kernels.program import run_program
from transforms._program import Program
from transforms._types import FloatArray, IntArray, Points
from transforms._validate import as_indices
from transforms.errors import NonInvertibleError

if TYPE_CHECKING:
    from transforms.base import OnError, Transform

__all__ = ["run_backward", "run_forward", "run_jacobian"]

TOLERANCE = 1e-9
MAX_ITERATIONS = 50
_NO_START = np.empty((0, 2))


def _run(
    program: Program, points: Points, out: Points, initial: Points, tolerance: float, max_iterations: int
) -> IntArray:
    failed = np.zeros(points.shape[0], dtype=np.int64)
    run_program(
        program.instructions, 0, len(program.instructions), program.params, program.depth, initial, tolerance,
        max_iterations, False, points, out, failed,
    )
    return failed


def _refuse(transform: Transform, failed: IntArray, points: Points) -> None:
    """Raise for targets without pre-image; rows that were NaN before are not failures."""
    bad = failed.astype(bool) & ~np.isnan(points).any(axis=1)
    if bad.any():
        indices = as_indices(bad)
        place = points[indices[0]].tolist()
        raise NonInvertibleError(
            f"{type(transform).__name__}: no pre-image found for {len(indices)} of {len(points)} points, the first at index"
            f" {indices[0]}, {place} (on_error='nan' marks them instead)",
            indices,
        )


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
    failed = _run(program, source, out, _NO_START, TOLERANCE, MAX_ITERATIONS)
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
    failed = _run(program, points, out, _NO_START if initial is None else initial, tolerance, max_iterations)
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
    out = np.empty((points.shape[0], 2, 2))
    scratch = np.empty((program.depth + 1, 6))
    jet_rows(program.instructions, 0, len(program.instructions), program.params, scratch, points, out)
    return out
