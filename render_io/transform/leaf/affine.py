"""`AffineModel`: affine maps on the wire, and what the constrained ones share with them.

The matrix `M` is the one source of truth; `M00` to `B1` are views of it.
"""

from __future__ import annotations

import copy
import struct
from typing import Any, ClassVar, Self, overload

import numpy as np
import numpy.typing as npt

from render_io import codecs
from render_io._spec_json import Spec
from render_io.codecs._text import join, plain_numbers
from render_io.codecs.names import AFFINE, RIGID, SIMILARITY, TRANSLATION
from render_io.errors import ConversionError
from render_io.transform._errors import seed_error
from render_io.transform._wire import bits, owned
from render_io.transform.leaf._matrices import CLASS_NAMES, CONSTRAINED, equations, fitted_matrix
from render_io.transform.leaf.common import calc_first_order_properties
from render_io.transform.leaf.transform import ClassName, ParametricTransform
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_parameters, as_points
from transforms.affine import Affine
from transforms.base import Transform as MathsTransform
from transforms.errors import PointsError, TransformError
from transforms.linear import Rigid, Similarity, Translation

__all__ = ["AffineModel"]

_NINE = struct.Struct("9d").pack  # numpy takes twice as long for a small array of Python's floats


class _Entry:
    """Entry of the matrix, as an attribute."""

    def __init__(self, meaning: str, row: int, column: int) -> None:
        self.__doc__ = f"{meaning}; a view of ``M[{row}, {column}]``."
        self._place = row, column

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: AffineModel, owner: type) -> float: ...
    def __get__(self, instance: AffineModel | None, owner: type) -> Self | float:
        return self if instance is None else float(instance.M[self._place])

    def __set__(self, instance: AffineModel, value: float) -> None:
        instance.M[self._place] = value


class AffineModel(ParametricTransform):
    """Affine map: x' = M00 x + M01 y + B0, y' = M10 x + M11 y + B1.

    Parameters
    ----------
    M00, M01, M10, M11 : float
        Linear part.
    B0, B1 : float
        Translation in pixels.
    transformId : str, optional
        Id of the spec.
    labels : list of str, optional
        Its labels.
    json : dict, optional
        Spec to take everything from, of this class or of a constrained one (translation, rigid, similarity).
    force_shear : {"x", "y"}
        Axis that `shear` speaks of.

    Raises
    ------
    SpecError
        A malformed spec.

    Notes
    -----
    The dataString is ``M00 M10 M01 M11 B0 B1``. An object whose class name is that of a constrained model is written as
    one as long as the matrix is one (but for rounding), and openly as AffineModel2D otherwise.
    """

    className = ClassName(AFFINE)
    _layouts: ClassVar[tuple[str, ...]] = (AFFINE, TRANSLATION, RIGID, SIMILARITY)
    _matrix: npt.NDArray[np.float64] | None = None
    force_shear = "x"

    M00 = _Entry("x' += M00 * x", 0, 0)
    M01 = _Entry("x' += M01 * y", 0, 1)
    M10 = _Entry("y' += M10 * x", 1, 0)
    M11 = _Entry("y' += M11 * y", 1, 1)
    B0 = _Entry("x' += B0", 0, 2)
    B1 = _Entry("y' += B1", 1, 2)

    def __init__(
        self,
        M00: float = 1.0,
        M01: float = 0.0,
        M10: float = 0.0,
        M11: float = 1.0,
        B0: float = 0.0,
        B1: float = 0.0,
        transformId: str | None = None,
        labels: list[str] | None = None,
        json: Spec | None = None,
        force_shear: str = "x",
    ) -> None:
        self.force_shear = force_shear
        if json is not None:
            self.from_dict(json)
            return
        self.M = [[M00, M01, B0], [M10, M11, B1], [0.0, 0.0, 1.0]]
        self.transformId = transformId
        self.labels = labels

    # -- Parameters ----------------------------------------------------------------------------------------------------

    @property
    def M(self) -> FloatArray:
        """(3, 3) float64, writable: the map of columns (x, y, 1). Setting it copies."""
        if self._matrix is None:
            self._matrix = np.eye(3)
        return self._matrix

    @M.setter
    def M(self, value: npt.ArrayLike) -> None:
        matrix = owned(value, 2, "M")
        self._matrix = np.vstack([matrix, [0.0, 0.0, 1.0]]) if matrix.shape == (2, 3) else matrix

    def load_M(self) -> None:
        """Do nothing: `M00` to `B1` are views of `M`, so there is nothing to load. Kept for those who call it."""

    def _parameters(self) -> tuple[Any, ...]:
        return (self.M,)

    def _key(self) -> Any:
        matrix = self.M
        return matrix.tobytes() if matrix.shape == (3, 3) else bits(matrix)

    def _process_dataString(self, datastring: str) -> None:
        # Six numbers, as nearly all texts are, need no transform to be understood.
        six = plain_numbers(datastring, 6) if type(datastring) is str and self._layout() == AFFINE else None
        if six is None:
            super()._process_dataString(datastring)
            return
        m00, m10, m01, m11, m02, m12 = six
        self._matrix = np.ndarray((3, 3), np.float64, bytearray(_NINE(m00, m01, m02, m10, m11, m12, 0.0, 0.0, 1.0)))
        self._made = None
        self._keep(datastring, self._key())

    def _show(self, transform: Affine | Translation | Rigid | Similarity) -> None:
        self.M = transform.matrix
        if not isinstance(transform, Affine):
            self.M[0, 1] += 0.0  # minus a sine of 0 is 0, not -0.0

    def _build(self) -> MathsTransform:
        affine = Affine(self.M)
        constrained = CONSTRAINED.get(self._declared or type(self).className)
        return (constrained and constrained(affine.params)) or affine

    def _identity(self) -> tuple[Any, ...]:
        # Of a rotation its angle counts, which is what is written, and not the last bits of its matrix.
        return "leaf", self.className, self.transform

    def _class_name(self, declared: str | None) -> str | None:
        return CLASS_NAMES[type(self.transform)] if declared in CONSTRAINED else declared

    def _written(self) -> str:
        rows = self.M.tolist()
        if rows[2:] == [[0.0, 0.0, 1.0]] and (self._declared or type(self).className) not in CONSTRAINED:
            (m00, m01, m02), (m10, m11, m12), _ = rows
            return join((m00, m10, m01, m11, m02, m12))
        return codecs.encode(self.transform, CLASS_NAMES[type(self.transform)])[1]

    # -- Fits ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def fit(A: PointsLike, B: PointsLike, return_all: bool = False, *, weights: npt.ArrayLike | None = None) -> Any:
        """Fit by least squares of the residuals.

        Parameters
        ----------
        A, B : array_like
            (N, 2) source and target points in pixels, N at least 3.
        return_all : bool, optional
            Return what `numpy.linalg.lstsq` does.
        weights : array_like, optional
            (N,) not negative.

        Returns
        -------
        ndarray
            (6, 1): M00, M01, M10, M11, B0, B1. With `return_all` a tuple of it, the sum of squared residuals ((1,),
            empty for three points), the rank and the singular values of the equations.

        Raises
        ------
        EstimationError
            Wrong shapes, too few points, points on a line, or not finite.
        """
        matrix = fitted_matrix(Affine, A, B, weights)
        vector = matrix[[0, 0, 1, 1, 0, 1], [0, 1, 0, 1, 2, 2]].reshape(6, 1)
        return (vector, *equations(matrix, A, B, weights)) if return_all else vector

    def estimate(self, A: PointsLike, B: PointsLike, return_params: bool = True, **kwargs: Any) -> FloatArray | None:
        """Become the best fit.

        Parameters
        ----------
        A, B : array_like
            (N, 2) source and target points in pixels.
        return_params : bool, optional
            Whether to return anything.
        **kwargs
            For `fit`, such as `weights`.

        Returns
        -------
        ndarray or None
            (3, 3): `M` itself.

        Raises
        ------
        EstimationError
            As `fit` raises; the object is unchanged then.
        """
        fitted = self.fit(A, B, **kwargs)
        if isinstance(fitted, tuple):
            fitted = fitted[0]
        if fitted.size == 6:
            m00, m01, m10, m11, b0, b1 = fitted.ravel()
            fitted = np.array([[m00, m01, b0], [m10, m11, b1], [0.0, 0.0, 1.0]])
        self.M = fitted
        self._adopt(self.transform)  # a rotation is what its angle says, so that what is written is what is here
        return self.M if return_params else None

    # -- Composition ---------------------------------------------------------------------------------------------------

    def concatenate(self, model: AffineModel) -> AffineModel:
        """Return the map that applies `model` first, then this one.

        Parameters
        ----------
        model : AffineModel
            Any of the affine family.

        Returns
        -------
        AffineModel
            With matrix ``self.M @ model.M``, labels and settings of this one, no id (which names another map). Of this
            class where that can hold it.

        Raises
        ------
        ConversionError
            `model` is not affine.
        """
        if not isinstance(model, AffineModel):
            raise ConversionError(f"expected an AffineModel to concatenate, got {type(model).__name__}")
        return self._like(self.M @ model.M)

    def invert(self) -> AffineModel:
        """Return the inverse.

        Returns
        -------
        AffineModel
            Of this class, with its labels and settings, without id (which names another map).

        Raises
        ------
        ConversionError
            The matrix is singular (also a ``transforms.NonInvertibleError``).
        """
        try:
            inverse = self.transform.inverse()
        except TransformError as error:
            raise seed_error(error) from error
        assert isinstance(inverse, (Affine, Translation, Rigid, Similarity))
        return self._like(inverse.matrix)

    def _like(self, matrix: FloatArray) -> AffineModel:
        new = copy.copy(self)
        new._members = new._text = new._made = new.transformId = None
        new.labels = None if self.labels is None else list(self.labels)
        new.M = matrix
        if new.className == self.className:
            return new
        affine = AffineModel(labels=new.labels, force_shear=self.force_shear)
        affine.M = matrix
        return affine

    # -- Points --------------------------------------------------------------------------------------------------------

    @staticmethod
    def convert_to_point_vector(points: PointsLike) -> tuple[FloatArray, int]:
        """Append a column of ones.

        Parameters
        ----------
        points : array_like
            (N, 2) points.

        Returns
        -------
        points : ndarray
            (N, 3) float64.
        Nd : int
            2.

        Raises
        ------
        ConversionError
            Another shape.
        """
        try:
            checked = as_points(points)
        except PointsError as error:
            raise seed_error(error) from error
        return np.column_stack([checked, np.ones(len(checked))]), 2

    @staticmethod
    def convert_points_vector_to_array(points: npt.ArrayLike, Nd: int = 2) -> Points:
        """Divide by the last coordinate and drop it.

        Parameters
        ----------
        points : array_like
            (N, 3) homogeneous points.
        Nd : int, optional
            Coordinates to keep.

        Returns
        -------
        ndarray
            (N, Nd) float64.

        Raises
        ------
        ConversionError
            Another shape.
        """
        try:
            checked = as_parameters(points, (None, 3), "points")
        except PointsError as error:
            raise seed_error(error) from error
        return np.asarray(checked[:, :Nd] / checked[:, 2:])

    # -- Properties of the map -----------------------------------------------------------------------------------------

    def calc_properties(self, force_shear: str | None = None) -> tuple[float, float, float, float, float]:
        """Decompose the linear part; see `calc_first_order_properties`.

        Parameters
        ----------
        force_shear : {"x", "y"}, optional
            Axis that is sheared; the object's own by default.

        Returns
        -------
        tuple of float
            Scales sx, sy, shears cx, cy, and the angle in radians.

        Raises
        ------
        ConversionError
            Another `force_shear`.
        """
        return calc_first_order_properties(self.M, force_shear or self.force_shear)

    @property
    def scale(self) -> tuple[float, float]:
        """Scales (sx, sy)."""
        return self.calc_properties()[:2]

    @property
    def shear(self) -> float:
        """Shear along the axis `force_shear`."""
        return self.calc_properties()[2 if self.force_shear == "x" else 3]

    @property
    def rotation(self) -> float:
        """Angle in radians."""
        return self.calc_properties()[4]

    @property
    def translation(self) -> tuple[float, float]:
        """Translation (tx, ty) in pixels."""
        return self.B0, self.B1

    def __str__(self) -> str:
        (m00, m01, b0), (m10, m11, b1) = self.M[:2].tolist()
        return f"M=[[{m00},{m01}],[{m10},{m11}]] B=[{b0},{b1}]"
