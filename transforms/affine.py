"""`Affine`: six numbers, the transform that alignment solvers solve for.

Source: mpicbg.trakem2.transform.AffineModel2D.
"""

from __future__ import annotations

import math
from typing import Self

import numpy as np
import numpy.typing as npt

from transforms._types import FloatArray, PointsLike
from transforms._validate import as_parameters, as_points
from transforms.base import set_attribute
from transforms.errors import PointsError
from transforms.linear import AffineFamily, inverse_2x3

__all__ = ["Affine"]


def _shape_of(values: npt.ArrayLike) -> tuple[int, ...]:
    """Shape of an array or of nested sequences; () for rows of different lengths."""
    try:
        return np.shape(values)
    except ValueError:
        return ()


def _as_2x3(matrix: npt.ArrayLike) -> FloatArray:
    """Take (2, 3), or (3, 3) with last row 0 0 1."""
    shape = _shape_of(matrix)
    if shape == (3, 3):
        full = as_parameters(matrix, (3, 3), "matrix")
        if not (full[2, 0] == 0.0 and full[2, 1] == 0.0 and full[2, 2] == 1.0):
            raise PointsError(
                f"expected the last row of an affine matrix as 0, 0, 1, got {full[2].tolist()} (use Homography)"
            )
        return as_parameters(full[:2], (2, 3), "matrix")
    if shape != (2, 3):
        raise PointsError(f"expected matrix of shape (2, 3) or (3, 3), got {shape or type(matrix).__name__}")
    return as_parameters(matrix, (2, 3), "matrix")


class Affine(AffineFamily):
    """x' = m00 x + m01 y + m02, y' = m10 x + m11 y + m12.

    Parameters
    ----------
    matrix : array_like
        (2, 3), or (3, 3) with last row 0 0 1.

    Raises
    ------
    PointsError
        The matrix has the wrong shape, type or last row.
    """

    __slots__ = ("params",)
    _fields = ("params",)
    _model = "affine"
    _minimum_points = 3

    params: FloatArray
    """(2, 3) float64, read-only: the first two rows of the matrix."""

    def __init__(self, matrix: npt.ArrayLike) -> None:
        rows = _as_2x3(matrix)
        self._set(params=rows, _packed=rows.reshape(6))

    @classmethod
    def _from_affine(cls, params: FloatArray) -> Self:
        new = cls.__new__(cls)  # what has been fitted needs no check
        params.setflags(write=False)
        set_attribute(new, "params", params.reshape(2, 3))
        set_attribute(new, "_packed", params)
        return new

    @property
    def scale(self) -> tuple[float, float]:
        """Scale (sx, sy) of matrix = rotation @ [[1, shear], [0, 1]] @ diag(scale); sy < 0 for mirrored maps."""
        sx, sy, _, _ = self._decomposed()
        return sx, sy

    @property
    def shear(self) -> float:
        """Shear of x along y, 0 where a vanishing scale leaves it undefined."""
        return self._decomposed()[2]

    @property
    def rotation(self) -> float:
        """Angle in radians of the image of the x axis."""
        return self._decomposed()[3]

    @property
    def offset(self) -> FloatArray:
        """(2,) translation in pixels, read-only."""
        return self.params[:, 2]

    def _decomposed(self) -> tuple[float, float, float, float]:
        (m00, m01, _), (m10, m11, _) = self.params.tolist()
        sx = math.hypot(m00, m10)
        angle = math.atan2(m10, m00) if sx > 0.0 else math.atan2(-m01, m11)
        c, s = math.cos(angle), math.sin(angle)
        along, sy = c * m01 + s * m11, c * m11 - s * m01
        return sx, sy, along / sy if sy != 0.0 else 0.0, angle

    @property
    def parameters(self) -> FloatArray:
        """(2, 3): the rows of the matrix, as `basis` takes them."""
        return self.params

    @classmethod
    def from_parameters(cls, parameters: npt.ArrayLike) -> Self:
        """Make one from the unknowns of a solver.

        Parameters
        ----------
        parameters : array_like
            (2, 3): the first two rows of the matrix.

        Returns
        -------
        Affine
            With exactly these numbers.

        Raises
        ------
        PointsError
            Wrong shape or type.
        """
        return cls(as_parameters(parameters, (2, 3), "parameters"))

    @classmethod
    def basis(cls, points: PointsLike) -> FloatArray:
        """Design matrix of one row of the matrix, (m_0, m_1, m_2).

        Parameters
        ----------
        points : array_like
            (N, 2) in pixels.

        Returns
        -------
        ndarray
            (N, 3) with columns x, y, 1: x' = basis @ params[0], y' = basis @ params[1].

        Raises
        ------
        PointsError
            `points` has the wrong shape or type.
        """
        xy = as_points(points)
        return np.column_stack([xy, np.ones(xy.shape[0])])

    def inverse(self) -> Affine:
        """Return the inverse, affine again.

        Returns
        -------
        Affine
            The inverse map.

        Raises
        ------
        NonInvertibleError
            The determinant is lost in rounding, or the matrix is not finite.
        """
        return Affine(inverse_2x3(self._packed).reshape(2, 3))
