"""Solution of the thin plate spline's interpolation system.

Works on coordinates shifted and scaled to order one by a power of two, with x and y as two right-hand sides of one
factorisation. Sources: jitk-tps ThinPlateR2LogRSplineKernelTransform; Wahba, Spline Models for Observational Data
(1990),
for the projection.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._kernels.thin_plate_spline import kernel_matrix
from transforms._types import FloatArray, Points
from transforms._validate import as_indices
from transforms.errors import IllDefinedPointsError, NotEnoughPointsError

__all__ = ["solve_spline"]

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


def _frame(landmarks: Points) -> tuple[FloatArray, int]:
    """Centre and exponent of the unit: a power of two and a centre of few bits, so that little is rounded."""
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
    columns = np.ascontiguousarray(scaled.T)
    out = np.empty((count, count))
    kernel_matrix(columns[0], columns[1], float(exponent), out)
    out[np.diag_indices(count)] = smoothing
    return out.T  # symmetric: in LAPACK's order of memory without a copy


def _solve_free(matrix: FloatArray, shift: Points) -> FloatArray:
    """Weights of a spline without affine part: the kernel matrix itself is regular, but not definite."""
    from scipy.linalg import lapack

    size = float(np.abs(matrix).sum(axis=0).max())
    factor, pivots, info = lapack.dgetrf(matrix)
    if info or not lapack.dgecon(factor, size)[0] > 4.0 * _EPS:
        raise _ill_defined()
    weights = lapack.dgetrs(factor, pivots, shift)[0]
    return np.asarray(weights + lapack.dgetrs(factor, pivots, shift - matrix @ weights)[0])


class _Projected:
    """The system of weights and polynomial, factored.

    Householder reflections split the space into the polynomials and what is orthogonal to them. On the latter the
    kernel is positive definite: Cholesky, and the side conditions hold by construction.
    """

    def __init__(self, matrix: FloatArray, design: FloatArray, rounding: float) -> None:
        from scipy.linalg import lapack

        count = len(matrix)
        self._lapack, self._work = lapack, 64 * count
        self._reflectors, self._tau, _, _ = lapack.dgeqrf(design)
        if not abs(self._reflectors[2, 2]) > 4.0 * math.sqrt(count) * rounding:
            raise _ill_defined()
        half = self._reflect("L", "T", matrix)
        turned = lapack.dormqr("R", "N", self._reflectors, self._tau, half, self._work, overwrite_c=1)[0]
        inner = np.asfortranarray(turned[3:, 3:])
        self._coupling = turned[:3, 3:]
        self._factor: FloatArray = inner
        if count > 3:
            size = float(np.abs(inner).sum(axis=0).max())
            self._factor, failed = lapack.dpotrf(inner, lower=1, clean=0, overwrite_a=1)
            if failed or not lapack.dpocon(self._factor, size, uplo="L")[0] > 4.0 * _EPS:
                raise _ill_defined()

    def _reflect(self, side: str, trans: str, target: FloatArray) -> FloatArray:
        return np.asarray(self._lapack.dormqr(side, trans, self._reflectors, self._tau, target, self._work)[0])

    def solve(self, shift: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weights (N, 2) and polynomial (3, 2) of 1, x, y."""
        values = self._reflect("L", "T", np.asfortranarray(shift))
        tail = np.zeros(shift.shape, order="F")
        if len(shift) > 3:
            tail[3:] = self._lapack.dpotrs(self._factor, values[3:], lower=1)[0]
        polynomial = self._lapack.dtrtrs(self._reflectors[:3], values[:3] - self._coupling @ tail[3:])[0]
        return self._reflect("L", "N", tail), np.asarray(polynomial)


def _solve_with_affine(
    matrix: FloatArray, scaled: Points, shift: Points, rounding: float
) -> tuple[FloatArray, FloatArray]:
    """Weights and polynomial, refined once: what the factorisation rounded is most of the error."""
    design = np.asfortranarray(np.column_stack([np.ones(len(scaled)), scaled]))
    system = _Projected(matrix, design, rounding)
    weights, polynomial = system.solve(shift)
    rest = shift - (matrix @ weights + design @ polynomial)
    more_weights, more_polynomial = system.solve(rest)
    return weights + more_weights, polynomial + more_polynomial


def _to_pixels(
    weights: FloatArray, polynomial: FloatArray, scaled: Points, centre: FloatArray, exponent: int
) -> tuple[FloatArray, FloatArray]:
    """Weights and affine block in pixels.

    A change of unit adds a quadratic form to the sum over k, of which the side conditions leave a linear one.
    """
    extended = np.longdouble
    u, w = scaled.astype(extended), weights.astype(extended)
    log_unit = exponent * np.log(extended(2))
    linear = polynomial[1:].astype(extended) + 2 * log_unit * (u.T @ w)
    constant = polynomial[0] - log_unit * ((u * u).sum(axis=1) @ w)
    matrix = np.ldexp(linear.T, -exponent)
    offset = constant - matrix @ centre.astype(extended)
    return np.ldexp(weights, -2 * exponent), np.column_stack([matrix, offset]).astype(np.float64)


def _least_norm(landmarks: Points, shift: Points) -> tuple[FloatArray, FloatArray]:
    """One or two landmarks: of all affine parts that fit the one of least norm, as Java's pseudo-inverse."""
    design = np.column_stack([landmarks, np.ones(len(landmarks))])
    return np.zeros_like(landmarks), np.asarray(np.linalg.lstsq(design, shift, rcond=None)[0].T, dtype=np.float64)


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
    bad = as_indices(np.asarray(~(np.isfinite(landmarks) & np.isfinite(targets)).all(axis=1)))
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
    rounding = _EPS * math.ldexp(
        float(np.abs(landmarks).max()), -exponent
    )  # of the coordinates: a line is no exact thing
    weights, polynomial = _solve_with_affine(_matrix(scaled, 0, diagonal), scaled, shift, max(rounding, _EPS))
    return _to_pixels(weights, polynomial, scaled, centre, exponent)
