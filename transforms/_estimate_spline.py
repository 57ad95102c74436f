"""Solution of the thin plate spline's interpolation system: checked landmarks in, parameters out.

Source: jitk-tps ThinPlateR2LogRSplineKernelTransform.
"""

from __future__ import annotations

import numpy as np

from transforms._jit import direct
from transforms._kernels import spline_fit
from transforms._types import FloatArray, Points
from transforms._validate import as_indices
from transforms.errors import IllDefinedPointsError, NotEnoughPointsError

__all__ = ["solve_spline"]

_fit, _room_size = direct(spline_fit.fit_spline), direct(spline_fit.room_size)

_EPS = float(np.finfo(np.float64).eps)


def _refuse_duplicates(landmarks: Points) -> None:
    """Two landmarks in one place can't both be met; without the check they would be a nearly singular system."""
    order = np.lexsort(landmarks.T)  # stable: of equal landmarks the first comes first
    again = np.zeros(len(landmarks), dtype=np.bool_)
    again[order[1:]] = (landmarks[order[1:]] == landmarks[order[:-1]]).all(axis=1)
    if again.any():
        indices = as_indices(again)
        place = landmarks[indices[0]].tolist()
        raise IllDefinedPointsError(
            f"expected distinct landmarks, {len(indices)} occur again, the first is {place}", indices
        )


def _ill_defined() -> IllDefinedPointsError:
    return IllDefinedPointsError(
        "the landmarks do not determine a thin plate spline: they lie on a line, some of them nearly coincide, or"
        " their numbers are beyond all scale"
    )


def _check(landmarks: Points, targets: Points, smoothing: float) -> None:
    """Refuse landmarks that are not finite, or occur twice."""
    bad = as_indices(np.asarray(~(np.isfinite(landmarks) & np.isfinite(targets)).all(axis=1)))
    if bad:
        raise IllDefinedPointsError(f"expected finite landmarks, {len(bad)} of {len(landmarks)} are not", bad)
    if not smoothing > 0.0:
        _refuse_duplicates(landmarks)


def _solve_with_affine(landmarks: Points, targets: Points, smoothing: float) -> tuple[FloatArray, FloatArray]:
    """Weights and affine block in pixels."""
    count = len(landmarks)
    weights, block = np.empty((count, 2)), np.empty((2, 3))
    room = np.empty(_room_size(count))  # of numpy, which asks for large pages, unlike what kernels make
    if _fit(landmarks, targets, smoothing, room, weights, block):
        _check(landmarks, targets, smoothing)
        raise _ill_defined()
    return weights, block


def _solve_free(landmarks: Points, targets: Points, smoothing: float) -> FloatArray:
    """Weights in pixels of a spline without affine part: the kernel matrix itself is regular, but not definite."""
    from scipy.linalg import lapack

    count = len(landmarks)
    width = spline_fit.width(count)
    head, work, room = np.empty(spline_fit.HEAD), np.zeros(spline_fit.COLUMNS * width), np.empty(count * width)
    if spline_fit.set_up_free(landmarks, targets, smoothing, head, work, room):
        _check(landmarks, targets, smoothing)
        raise _ill_defined()
    matrix, shift = np.asfortranarray(room.reshape(count, -1)[:, :count]), targets - landmarks
    size = float(np.abs(matrix).sum(axis=0).max())
    factor, pivots, failed = lapack.dgetrf(matrix)
    if failed or not lapack.dgecon(factor, size)[0] > 4.0 * _EPS:
        raise _ill_defined()
    weights = lapack.dgetrs(factor, pivots, shift)[0]
    weights += lapack.dgetrs(factor, pivots, shift - matrix @ weights)[0]
    with np.errstate(over="ignore"):
        weights = np.ascontiguousarray(np.ldexp(weights, -2 * int(head[spline_fit.EXPONENT])))
    if not np.isfinite(weights).all():
        raise _ill_defined()
    return weights


def _least_norm(landmarks: Points, shift: Points) -> tuple[FloatArray, FloatArray]:
    """One or two landmarks: of all affine parts that fit the one of least norm, as Java's pseudo-inverse."""
    design = np.column_stack([landmarks, np.ones(len(landmarks))])
    block = np.linalg.lstsq(design, shift, rcond=None)[0].T
    return np.zeros(landmarks.shape), np.ascontiguousarray(block)


def solve_spline(
    landmarks: Points, targets: Points, affine: bool, smoothing: float
) -> tuple[FloatArray, FloatArray | None]:
    """Weights and affine block of the spline through the targets.

    Parameters
    ----------
    landmarks, targets : ndarray
        (N, 2) each, in pixels.
    affine : bool
        Whether there is an affine part, with the side conditions that go with it.
    smoothing : float
        Added to the diagonal of the kernel matrix, in square pixels.

    Returns
    -------
    weights : ndarray
        (N, 2), C-contiguous.
    affine : ndarray or None
        (2, 3), C-contiguous: matrix minus identity, and offset.

    Raises
    ------
    NotEnoughPointsError
        No landmarks.
    IllDefinedPointsError
        Landmarks that are not finite, occur twice (without smoothing) or lie on a line.
    """
    count = len(landmarks)
    if not count:
        raise NotEnoughPointsError("expected at least 1 landmark for a thin plate spline, got 0")
    if not affine:
        return _solve_free(landmarks, targets, smoothing), None
    if count < 3:
        _check(landmarks, targets, smoothing)
        return _least_norm(landmarks, targets - landmarks)
    return _solve_with_affine(landmarks, targets, smoothing)
