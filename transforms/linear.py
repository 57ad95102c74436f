"""Translation, Rigid, Similarity, Affine and Homography.

Sources: mpicbg.trakem2.transform.{TranslationModel2D, RigidModel2D, SimilarityModel2D, AffineModel2D,
HomographyModel2D}. The stored parameters are those of the wire (Rigid: the angle; Similarity: s*cos and s*sin;
Homography: nine numbers, never rescaled).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from transforms._estimate import fit_homography, fit_linear
from transforms._kernels import codes, linear
from transforms._kernels.affine_array import invert_row
from transforms._program import ProgramBuilder
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_float, as_parameters, as_points
from transforms.base import LeafTransform, OnError, Transform
from transforms.errors import NonInvertibleError, PointsError

__all__ = ["Affine", "Homography", "LinearTransform", "Rigid", "Similarity", "Translation"]

_ROUNDING = 4.0 * np.finfo(np.float64).eps


def _invert_2x3(m: FloatArray) -> FloatArray:
    """Inverse of an affine map as six numbers, (m00, m01, m02, m10, m11, m12)."""
    inverse = np.empty(6)
    if not invert_row(m, inverse):
        m00, m01, _, m10, m11, _ = m.tolist()
        raise NonInvertibleError(
            f"the matrix [[{m00}, {m01}], [{m10}, {m11}]] is singular (its determinant is lost in rounding) or infinite"
        )
    return inverse


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


class LinearTransform(LeafTransform):
    """Common part of the transforms that a 3 x 3 matrix describes."""

    __slots__ = ()

    _minimum_points: ClassVar[int]

    @property
    def matrix(self) -> FloatArray:
        """(3, 3) float64, read-only: the map of homogeneous column vectors (x, y, 1)."""
        full = np.vstack([self._packed.reshape(2, 3), [0.0, 0.0, 1.0]])
        full.flags.writeable = False
        return full

    def _compile_inverse(self, builder: ProgramBuilder) -> None:
        self.inverse()._compile(builder)


class _AffineFamily(LinearTransform):
    """Translation, rigid, similarity and affine: six numbers."""

    __slots__ = ("_inverse",)

    _op = codes.AFFINE
    _kernel = staticmethod(linear.affine_apply)
    _model: ClassVar[str]
    _inverse: Transform

    def apply_inverse(
        self,
        points: PointsLike,
        *,
        initial: PointsLike | None = None,
        tolerance: float = 1e-9,
        max_iterations: int = 50,
        on_error: OnError = "raise",
    ) -> Points:
        """Map points by the inverse; see `Transform.apply_inverse`."""
        inverse: Transform | None = getattr(self, "_inverse", None)
        if inverse is not None and initial is None and (tolerance, max_iterations, on_error) == (1e-9, 50, "raise"):
            return inverse.apply(points)
        found = super().apply_inverse(
            points, initial=initial, tolerance=tolerance, max_iterations=max_iterations, on_error=on_error
        )
        if inverse is None and on_error == "raise":  # singular ones have raised
            self._set(_inverse=self.inverse())  # kept: its kernel alone is quicker than the interpreter
        return found

    @classmethod
    def from_estimate(cls, src: PointsLike, dst: PointsLike, weights: npt.ArrayLike | None = None) -> Self:
        """Fit by weighted least squares of the residuals in target pixels.

        Parameters
        ----------
        src, dst : array_like
            (N, 2) each, in pixels. N at least 1 for Translation, 2 for Rigid and Similarity, 3 for Affine.
        weights : array_like, optional
            (N,) not negative; all 1 by default.

        Returns
        -------
        Transform
            Of this class. Rigid and Similarity are never reflections: mirrored data give the best proper rotation.

        Raises
        ------
        NotEnoughPointsError
            Fewer points than the model needs.
        IllDefinedPointsError
            Degenerate (coincident, collinear, without weight) or non-finite points.
        PointsError
            Wrong shapes or types, negative or non-finite weights.

        Notes
        -----
        The closed forms of mpicbg.models (weighted, centred); sums are accumulated about the centroids, so points far
        from the origin lose nothing.
        """
        return cls._from_affine(fit_linear(cls._model, src, dst, weights))

    @classmethod
    def _from_affine(cls, params: FloatArray) -> Self:
        """Make one from six fitted numbers."""
        raise NotImplementedError

    @classmethod
    def identity(cls) -> Self:
        """Return the identity.

        Returns
        -------
        Transform
            Of this class.
        """
        return cls._from_affine(np.array([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]))


class Translation(_AffineFamily):
    """x' = x + tx, y' = y + ty.

    Parameters
    ----------
    offset : array_like
        (2,) in pixels.

    Raises
    ------
    PointsError
        The offset is not two numbers.
    """

    __slots__ = ("offset",)
    _fields = ("offset",)
    _op = codes.TRANSLATION
    _kernel = staticmethod(linear.translation_apply)
    _model = "translation"
    _minimum_points = 1

    offset: FloatArray

    def __init__(self, offset: npt.ArrayLike) -> None:
        checked = as_parameters(offset, (2,), "offset")
        self._set(offset=checked, _packed=checked)

    @property
    def matrix(self) -> FloatArray:
        """(3, 3) float64, read-only."""
        full = np.array([[1.0, 0.0, self.offset[0]], [0.0, 1.0, self.offset[1]], [0.0, 0.0, 1.0]])
        full.flags.writeable = False
        return full

    @classmethod
    def _from_affine(cls, params: FloatArray) -> Self:
        return cls(params[[2, 5]])

    @property
    def parameters(self) -> FloatArray:
        """(2, 1): tx and ty, as `basis` takes them."""
        return self.offset[:, None]

    @classmethod
    def from_parameters(cls, parameters: npt.ArrayLike) -> Self:
        """Make one from the unknowns of a solver.

        Parameters
        ----------
        parameters : array_like
            (2, 1): tx and ty.

        Returns
        -------
        Translation
            With exactly these numbers.

        Raises
        ------
        PointsError
            Wrong shape or type.
        """
        return cls(as_parameters(parameters, (2, 1), "parameters").reshape(2))

    @classmethod
    def basis(cls, points: PointsLike) -> FloatArray:
        """Design matrix of the two parameters (tx, ty).

        Parameters
        ----------
        points : array_like
            (N, 2) in pixels.

        Returns
        -------
        ndarray
            (N, 1): x' - x = basis @ [tx], y' - y = basis @ [ty].

        Raises
        ------
        PointsError
            `points` has the wrong shape or type.
        """
        return np.ones((as_points(points).shape[0], 1))

    def inverse(self) -> Translation:
        """Return the translation back.

        Returns
        -------
        Translation
            By the negative offset.

        Raises
        ------
        NonInvertibleError
            Never; named for the common interface.
        """
        return Translation(-self.offset)


class Rigid(_AffineFamily):
    """Rotation by an angle, then translation: (x', y') = R(rotation) (x, y) + offset.

    Parameters
    ----------
    rotation : float
        Angle in radians; from the x towards the y axis.
    offset : array_like
        (2,) in pixels.

    Raises
    ------
    PointsError
        The parameters are not numbers.
    """

    __slots__ = ("offset", "rotation")
    _fields = ("rotation", "offset")
    _model = "rigid"
    _minimum_points = 2

    rotation: float
    offset: FloatArray

    def __init__(self, rotation: float, offset: npt.ArrayLike) -> None:
        angle, checked = as_float(rotation, "rotation"), as_parameters(offset, (2,), "offset")
        c, s = (math.cos(angle), math.sin(angle)) if math.isfinite(angle) else (math.nan, math.nan)
        self._set(rotation=angle, offset=checked)
        self._pack(np.array([c, -s, checked[0], s, c, checked[1]]))

    @classmethod
    def _from_affine(cls, params: FloatArray) -> Self:
        return cls(math.atan2(params[3], params[0]), params[[2, 5]])

    def inverse(self) -> Rigid:
        """Return the inverse, rigid again.

        Returns
        -------
        Rigid
            Rotation by the negative angle.

        Raises
        ------
        NonInvertibleError
            Never; named for the common interface.
        """
        c, s = self._packed[0], self._packed[3]
        tx, ty = self.offset
        return Rigid(-self.rotation, [-s * ty - c * tx, s * tx - c * ty])


class Similarity(_AffineFamily):
    """Rotation and uniform scale, then translation: x' = a x - b y + tx, y' = b x + a y + ty.

    Parameters
    ----------
    scale : float
        Uniform scale.
    rotation : float
        Angle in radians.
    offset : array_like
        (2,) in pixels.

    Raises
    ------
    PointsError
        The parameters are not numbers.

    Notes
    -----
    Stored are a = scale * cos(rotation) and b = scale * sin(rotation), as on the wire.
    """

    __slots__ = ("a", "b", "offset")
    _fields = ("a", "b", "offset")
    _model = "similarity"
    _minimum_points = 2

    a: float
    b: float
    offset: FloatArray

    def __init__(self, scale: float, rotation: float, offset: npt.ArrayLike) -> None:
        size, angle = as_float(scale, "scale"), as_float(rotation, "rotation")
        c, s = (math.cos(angle), math.sin(angle)) if math.isfinite(angle) else (math.nan, math.nan)
        self._fill(size * c, size * s, offset)

    def _fill(self, a: float, b: float, offset: npt.ArrayLike) -> None:
        checked = as_parameters(offset, (2,), "offset")
        self._set(a=a, b=b, offset=checked)
        self._pack(np.array([a, -b, checked[0], b, a, checked[1]]))

    @classmethod
    def from_cos_sin(cls, a: float, b: float, offset: npt.ArrayLike) -> Self:
        """Make one from the numbers of the wire.

        Parameters
        ----------
        a, b : float
            scale * cos(rotation) and scale * sin(rotation).
        offset : array_like
            (2,) in pixels.

        Returns
        -------
        Similarity
            With exactly these numbers.

        Raises
        ------
        PointsError
            The parameters are not numbers.
        """
        new = cls.__new__(cls)
        new._fill(as_float(a, "a"), as_float(b, "b"), offset)
        return new

    @classmethod
    def _from_affine(cls, params: FloatArray) -> Self:
        return cls.from_cos_sin(params[0], params[3], params[[2, 5]])

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Pickle the stored numbers."""
        return type(self).from_cos_sin, (self.a, self.b, self.offset)

    def __repr__(self) -> str:
        """Return the call that makes it."""
        return f"Similarity.from_cos_sin({self.a!r}, {self.b!r}, {self.offset.tolist()!r})"

    @property
    def scale(self) -> float:
        """Uniform scale, not negative."""
        return math.hypot(self.a, self.b)

    @property
    def rotation(self) -> float:
        """Angle in radians, in (-pi, pi]."""
        return math.atan2(self.b, self.a)

    @property
    def parameters(self) -> FloatArray:
        """(4,): a, b, tx, ty, as `basis` takes them."""
        return np.array([self.a, self.b, *self.offset])

    @classmethod
    def from_parameters(cls, parameters: npt.ArrayLike) -> Self:
        """Make one from the unknowns of a solver.

        Parameters
        ----------
        parameters : array_like
            (4,): a, b, tx, ty.

        Returns
        -------
        Similarity
            With exactly these numbers.

        Raises
        ------
        PointsError
            Wrong shape or type.
        """
        a, b, tx, ty = as_parameters(parameters, (4,), "parameters").tolist()
        return cls.from_cos_sin(a, b, (tx, ty))

    @classmethod
    def basis(cls, points: PointsLike) -> FloatArray:
        """Design matrix of the parameters (a, b, tx, ty), x' and y' interleaved.

        Parameters
        ----------
        points : array_like
            (N, 2) in pixels.

        Returns
        -------
        ndarray
            (2N, 4): row 2i gives x' of point i, row 2i + 1 its y'.

        Raises
        ------
        PointsError
            `points` has the wrong shape or type.
        """
        xy = as_points(points)
        rows = np.zeros((xy.shape[0], 2, 4))
        rows[:, 0, 0], rows[:, 0, 1], rows[:, 0, 2] = xy[:, 0], -xy[:, 1], 1.0
        rows[:, 1, 0], rows[:, 1, 1], rows[:, 1, 3] = xy[:, 1], xy[:, 0], 1.0
        return rows.reshape(-1, 4)

    def inverse(self) -> Similarity:
        """Return the inverse, a similarity again.

        Returns
        -------
        Similarity
            The inverse map.

        Raises
        ------
        NonInvertibleError
            The scale is zero or not finite.
        """
        inverse = _invert_2x3(self._packed)
        return Similarity.from_cos_sin(inverse[0], inverse[3], inverse[[2, 5]])


class Affine(_AffineFamily):
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
        six = params.copy()
        six.flags.writeable = False
        new._set(params=six.reshape(2, 3), _packed=six)
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
        return Affine(_invert_2x3(self._packed).reshape(2, 3))


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
        return cls(fit_homography(src, dst, weights))

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
