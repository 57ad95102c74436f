"""Translation, Rigid and Similarity, and what all linear transforms share.

Sources: mpicbg.trakem2.transform.{TranslationModel2D, RigidModel2D, SimilarityModel2D}. The stored parameters are those
of the wire (Rigid: the angle; Similarity: s*cos and s*sin).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from transforms._estimate import fit_linear
from transforms._kernels import codes, linear
from transforms._kernels.affine_array import invert_row
from transforms._program import ProgramBuilder
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_float, as_parameters, as_points
from transforms.base import LeafTransform, OnError, Transform, set_attribute
from transforms.errors import NonInvertibleError

__all__ = ["AffineFamily", "LinearTransform", "Rigid", "Similarity", "Translation", "inverse_2x3"]


def inverse_2x3(m: FloatArray) -> FloatArray:
    """Invert an affine map.

    Parameters
    ----------
    m : ndarray
        (6,): m00, m01, m02, m10, m11, m12.

    Returns
    -------
    ndarray
        (6,) of the inverse.

    Raises
    ------
    NonInvertibleError
        The determinant is lost in rounding, or the matrix is not finite.
    """
    inverse = np.empty(6)
    if not invert_row(m, inverse):
        m00, m01, _, m10, m11, _ = m.tolist()
        raise NonInvertibleError(
            f"the matrix [[{m00}, {m01}], [{m10}, {m11}]] is singular (its determinant is lost in rounding) or infinite"
        )
    return inverse


def _offset(params: FloatArray) -> FloatArray:
    """The offset of an affine map (6,), read-only."""
    offset = params[2::3].copy()
    offset.setflags(write=False)
    return offset


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


class AffineFamily(LinearTransform):
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
        """Make one from six fitted numbers, (6,) in an array that becomes its own."""
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


class Translation(AffineFamily):
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
        new = cls.__new__(cls)
        offset = _offset(params)
        set_attribute(new, "offset", offset)
        set_attribute(new, "_packed", offset)
        return new

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


class Rigid(AffineFamily):
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
        new = cls.__new__(cls)
        angle = math.atan2(params[3], params[0])
        a, b = math.cos(angle), math.sin(angle)
        params[0], params[1], params[3], params[4] = a, -b, b, a
        params.setflags(write=False)
        set_attribute(new, "rotation", angle)
        set_attribute(new, "offset", _offset(params))
        set_attribute(new, "_packed", params)
        return new

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


class Similarity(AffineFamily):
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
        new = cls.__new__(cls)
        a, b = params.item(0), params.item(3)
        params[1], params[4] = -b, a
        params.setflags(write=False)
        set_attribute(new, "a", a)
        set_attribute(new, "b", b)
        set_attribute(new, "offset", _offset(params))
        set_attribute(new, "_packed", params)
        return new

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
        inverse = inverse_2x3(self._packed)
        return Similarity.from_cos_sin(inverse[0], inverse[3], inverse[[2, 5]])
