"""`Homography`: the projective map of the plane.

Source: mpicbg.trakem2.transform.HomographyModel2D. Nine numbers are stored as on the wire, never rescaled.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from transforms._estimate_homography import fit_homography
from transforms._kernels import codes, linear
from transforms._program import ProgramBuilder
from transforms._types import FloatArray, PointsLike
from transforms._validate import as_parameters
from transforms.base import set_attribute
from transforms.errors import NonInvertibleError
from transforms.linear import LinearTransform

__all__ = ["Homography"]

_ROUNDING = 4.0 * np.finfo(np.float64).eps


class Homography(LinearTransform):
    """Projective map: x' = (m00 x + m01 y + m02) / s, y' likewise, s = m20 x + m21 y + m22.

    Parameters
    ----------
    matrix : array_like
        (3, 3); kept as given, never rescaled.

    Raises
    ------
    PointsError
        The matrix has the wrong shape or type.
    """

    __slots__ = ("_matrix",)
    _fields = ("matrix",)
    _op = codes.HOMOGRAPHY
    _kernel = staticmethod(linear.homography_apply)
    _minimum_points = 4

    _matrix: FloatArray

    def __init__(self, matrix: npt.ArrayLike) -> None:
        checked = as_parameters(matrix, (3, 3), "matrix")
        self._set(_matrix=checked, _packed=checked.reshape(9))

    @property
    def matrix(self) -> FloatArray:
        """(3, 3) float64, read-only."""
        return self._matrix

    @classmethod
    def identity(cls) -> Self:
        """Return the identity.

        Returns
        -------
        Homography
            The unit matrix.
        """
        return cls(np.eye(3))

    @classmethod
    def from_estimate(cls, src: PointsLike, dst: PointsLike, weights: npt.ArrayLike | None = None) -> Self:
        """Fit by weighted least squares of the residuals in target pixels.

        A linear solution on normalised coordinates is the start of a Gauss-Newton refinement.

        Parameters
        ----------
        src, dst : array_like
            (N, 2) each, in pixels; N at least 4.
        weights : array_like, optional
            (N,) not negative; all 1 by default.

        Returns
        -------
        Homography
            Scaled such that the last entry is 1 where it does not vanish.

        Raises
        ------
        NotEnoughPointsError
            Fewer than four points.
        IllDefinedPointsError
            Degenerate or non-finite points.
        PointsError
            Wrong shapes or types, negative or non-finite weights.

        Notes
        -----
        Hartley, In defense of the eight-point algorithm (1997), for the normalisation.
        """
        new, numbers = cls.__new__(cls), fit_homography(src, dst, weights)
        numbers.setflags(write=False)
        set_attribute(new, "_matrix", numbers.reshape(3, 3))
        set_attribute(new, "_packed", numbers)
        return new

    def inverse(self) -> Homography:
        """Return the inverse, projective again.

        Returns
        -------
        Homography
            Adjugate over determinant.

        Raises
        ------
        NonInvertibleError
            The determinant is lost in rounding, or the matrix is not finite.
        """
        return Homography(_invert_3x3(self._matrix))

    def _compile_inverse(self, builder: ProgramBuilder) -> None:
        super()._compile_inverse(builder)
        builder.solves = True  # what lies on the image of the line at infinity has no pre-image


def _invert_3x3(m: FloatArray) -> FloatArray:
    """Adjugate over determinant, on a matrix scaled to entries of order one row by row and column by column."""
    if not np.isfinite(m).all():
        raise NonInvertibleError("expected a finite matrix to invert")
    rows = np.abs(m).max(axis=1)
    if not rows.all():
        raise NonInvertibleError("the matrix is singular: it has a row of zeros")
    row_scale = np.exp2(-np.frexp(rows)[1])
    balanced = m * row_scale[:, None]
    columns = np.abs(balanced).max(axis=0)
    if not columns.all():
        raise NonInvertibleError("the matrix is singular: it has a column of zeros")
    column_scale = np.exp2(-np.frexp(columns)[1])
    balanced = balanced * column_scale
    a, b, c = balanced
    adjugate = np.array([np.cross(b, c), np.cross(c, a), np.cross(a, b)]).T
    terms = a * adjugate[:, 0]
    det = float(terms.sum())
    size = float(np.abs(a) @ (np.abs(b[[1, 2, 0]] * c[[2, 0, 1]]) + np.abs(b[[2, 0, 1]] * c[[1, 2, 0]])))
    if abs(det) <= 2.0 * _ROUNDING * size:
        raise NonInvertibleError("the matrix is singular: its determinant is lost in rounding")
    return np.asarray(adjugate / det * column_scale[:, None] * row_scale)
