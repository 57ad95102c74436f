"""Solution of the thin plate spline's interpolation system.

Works on coordinates shifted and scaled to order one by a power of two, with x and y as two right-hand sides of one factorisation. Source:
jitk-tps ThinPlateR2LogRSplineKernelTransform, and Wahba, Spline Models for Observational Data (1990), for the projection.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._kernels.lanes import WIDTH
from transforms._kernels.thin_plate_spline import kernel_matrix
from transforms._types import FloatArray, Points
from transforms._validate import as_indices
from transforms.errors import IllDefinedPointsError, NotEnoughPointsError

__all__ = ["solve_spline"]

_EPS = float(np.finfo(np.float64).eps)


def _refuse_duplicates(landmarks: Points) -> None:
    """Two landmarks in one place can't both be met; without the check they would be a nearly singular system."""
    _unique, first, inverse = np.unique(landmarks, axis=0, return_index=True, return_inverse=True)
    again = first[inverse.reshape(-1)] != np.arange(len(landmarks))
    if again.any():
        indices = as_indices(again)
        place = landmarks[indices[0]].tolist()
        raise IllDefinedPointsError(f"expected distinct landmarks, {len(indices)} occur again, the first is {place}", indices)


def _frame(landmarks: Points) -> tuple[FloatArray, int]:
    """Centre and exponent of the unit: powers of two and a centre of few bits, so that no coordinate is rounded much."""
    mean = landmarks.mean(axis=0)
    spread = float(np.hypot(*(landmarks - mean).T).max())
    if not spread > 8.0 * _EPS * float(np.abs(landmarks).max()):
        raise _ill_defined()
    exponent = math.frexp(spread)[1]
    unit = math.ldexp(1.0, exponent)
    return np.rint(mean / unit) * unit, exponent


def _ill_defined() -> IllDefinedPointsError:
    return IllDefinedPointsError(
        "the landmarks do not determine a thin plate spline: they lie on a line, or some of them nearly coincide"
    )


def _matrix(scaled: Points, exponent: int, smoothing: float) -> FloatArray:
    """Kernel values between all pairs, (N, N), with the smoothing on the diagonal."""
    count = len(scaled)
    padded = np.zeros((2, -(-count // WIDTH) * WIDTH))
    padded[:, :count] = scaled.T
    out = np.empty((count, padded.shape[1]))
    kernel_matrix(padded[0], padded[1], count, float(exponent), out)
    out[np.diag_indices(count)] = smoothing
    return np.asfortranarray(out[:, :count])


def _solve_free(matrix: FloatArray, shift: Points) -> FloatArray:
    """Weights of a spline without affine part: the kernel matrix itself is regular, but not definite."""
    from scipy.linalg import lapack

    size = float(np.abs(matrix).sum(axis=0).max())
    factor, pivots, info = lapack.dgetrf(matrix)
    if info or not lapack.dgecon(factor, size)[0] > 4.0 * _EPS:
        raise _ill_defined()
    return np.asarray(lapack.dgetrs(factor, pivots, shift)[0])


def _solve_with_affine(matrix: FloatArray, scaled: Points, shift: Points) -> tuple[FloatArray, FloatArray]:
    """Weights (N, 2) and polynomial (3, 2) of 1, x, y.

    Householder reflections split the space into the polynomials and what is orthogonal to them. On the latter the kernel is positive
    definite: Cholesky, and the side conditions hold by construction.
    """
    from scipy.linalg import lapack

    count = len(scaled)
    work = 64 * count
    design = np.asfortranarray(np.column_stack([np.ones(count), scaled]))
    reflectors, tau, _, _ = lapack.dgeqrf(design)
    if not abs(reflectors[2, 2]) > 16.0 * count * _EPS:
        raise _ill_defined()
    half, _, _ = lapack.dormqr("L", "T", reflectors, tau, matrix, work)
    turned, _, _ = lapack.dormqr("R", "N", reflectors, tau, half, work)
    values, _, _ = lapack.dormqr("L", "T", reflectors, tau, np.asfortranarray(shift), work)
    inner = turned[3:, 3:]
    tail = np.zeros((count, 2), order="F")
    if count > 3:
        factor, failed = lapack.dpotrf(inner, lower=1)
        if failed or not lapack.dpocon(factor, float(np.abs(inner).sum(axis=0).max()), uplo="L")[0] > 4.0 * _EPS:
            raise _ill_defined()
        tail[3:] = lapack.dpotrs(factor, values[3:], lower=1)[0]
    polynomial, _ = lapack.dtrtrs(reflectors[:3], values[:3] - turned[:3, 3:] @ tail[3:])
    return np.asarray(lapack.dormqr("L", "N", reflectors, tau, tail, work)[0]), np.asarray(polynomial)


def _to_pixels(
    weights: FloatArray, polynomial: FloatArray, scaled: Points, centre: FloatArray, exponent: int
) -> tuple[FloatArray, FloatArray]:
    """Weights and affine block in pixels: k changes by a quadratic form, of which the side conditions leave a linear one."""
    extended = np.longdouble
    u, w = scaled.astype(extended), weights.astype(extended)
    log_unit = exponent * np.log(extended(2))
    linear = polynomial[1:].astype(extended) + 2 * log_unit * (u.T @ w)
    constant = polynomial[0] - log_unit * ((u * u).sum(axis=1) @ w)
    matrix = np.ldexp(linear.T, -exponent)
    offset = constant - matrix @ centre.astype(extended)
    return np.ldexp(weights, -2 * exponent), np.column_stack([matrix, offset]).astype(np.float64)


def _least_norm(landmarks: Points, shift: Points) -> tuple[FloatArray, FloatArray]:
    """One or two landmarks: no weights, and of all affine parts that fit the one of least norm, as Java's pseudo-inverse."""
    design = np.column_stack([landmarks, np.ones(len(landmarks))])
    return np.zeros_like(landmarks), np.linalg.lstsq(design, shift, rcond=None)[0].T


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
        (N, 2).
    affine : ndarray or None
        (2, 3): matrix minus identity, and offset.

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
    bad = as_indices(~(np.isfinite(landmarks).all(axis=1) & np.isfinite(targets).all(axis=1)))
    if bad:
        raise IllDefinedPointsError(f"expected finite landmarks, {len(bad)} of {count} are not", bad)
    if not smoothing > 0.0:
        _refuse_duplicates(landmarks)
    shift = targets - landmarks
    if affine and count < 3:
        return _least_norm(landmarks, shift)
    centre, exponent = _frame(landmarks)
    scaled = np.ldexp(landmarks - centre, -exponent)
    diagonal = math.ldexp(smoothing, -2 * exponent)
    if not affine:
        weights = _solve_free(_matrix(scaled, -2 * exponent, diagonal), shift)
        return np.ldexp(weights, -2 * exponent), None
    weights, polynomial = _solve_with_affine(_matrix(scaled, 0, diagonal), scaled, shift)
    return _to_pixels(weights, polynomial, scaled, centre, exponent)
