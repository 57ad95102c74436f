"""The other Java classes that are maps of the plane: each with the parameters of its transform as attributes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from render_io._spec_json import Spec
from render_io.codecs import names
from render_io.errors import SpecError
from render_io.transform._errors import estimation_error
from render_io.transform.leaf.transform import ClassName, ParametricTransform
from transforms._types import FloatArray, PointsLike
from transforms.affine import Affine
from transforms.b_spline import CubicBSpline
from transforms.base import Transform as MathsTransform
from transforms.errors import TransformError
from transforms.homography import Homography
from transforms.moving_least_squares import MovingLeastSquares
from transforms.offsets import ExponentialFunctionOffset, ExponentialRecoveryOffset, SEMDistortion
from transforms.warp_field import AffineWarpField

__all__ = [
    "AffineWarpFieldTransform",
    "CubicBSplineTransform",
    "ExponentialFunctionOffsetTransform",
    "ExponentialRecoveryOffsetTransform",
    "HomographyModel",
    "MovingLeastSquaresTransform",
    "MovingLeastSquaresTransform2",
    "SEMDistortionTransformA",
]


class FieldsTransform(ParametricTransform):
    """Leaf whose attributes are the constructor arguments of its transform.

    Parameters
    ----------
    dataString : str, optional
        Text of the parameters.
    json : dict, optional
        Spec to take everything from.
    transformId : str, optional
        Id of the spec.
    labels : list of str, optional
        Its labels.
    transform : Transform, optional
        What to stand for.

    Raises
    ------
    SpecError
        A malformed spec or text, none of the three sources, or a transform of another class.
    """

    _model: ClassVar[type[MathsTransform]]
    _fields: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        dataString: str | None = None,
        json: Spec | None = None,
        transformId: str | None = None,
        labels: list[str] | None = None,
        *,
        transform: MathsTransform | None = None,
    ) -> None:
        if json is not None:
            self.from_dict(json)
            return
        self.transformId = transformId
        self.labels = labels
        source = self._default() if transform is None else transform
        if dataString is not None:
            self._process_dataString(dataString)
        elif isinstance(source, self._model):
            self._adopt(source)
        else:
            got = "nothing" if source is None else type(source).__name__
            raise SpecError(f"expected json, dataString or transform (a {self._model.__name__}), got {got}")

    @classmethod
    def _default(cls) -> MathsTransform | None:
        return None

    def _parameters(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._fields)

    def _show(self, transform: MathsTransform) -> None:
        for name in self._fields:
            value = getattr(transform, name)
            setattr(self, name, np.array(value) if isinstance(value, np.ndarray) else value)

    def _build(self) -> MathsTransform:
        return self._model(*self._parameters())

    def _estimate(self, kind: Any, *arguments: Any, **keywords: Any) -> None:
        try:
            self._adopt(kind.from_estimate(*arguments, **keywords))
        except TransformError as error:
            raise estimation_error(error) from error


class HomographyModel(FieldsTransform):
    """Projective map; made of nothing, the identity. `M` is its (3, 3) matrix, never rescaled."""

    className = ClassName(names.HOMOGRAPHY)
    _layouts = (names.HOMOGRAPHY,)
    _model = Homography
    _fields = ("M",)
    M: npt.NDArray[np.float64]

    @classmethod
    def _default(cls) -> MathsTransform:
        return Homography.identity()

    def _show(self, transform: Homography) -> None:  # type: ignore[override]  # the only class shown
        self.M = np.array(transform.matrix)

    def estimate(
        self, A: PointsLike, B: PointsLike, return_params: bool = True, *, weights: npt.ArrayLike | None = None
    ) -> FloatArray | None:
        """Become the best fit.

        Parameters
        ----------
        A, B : array_like
            (N, 2) source and target points in pixels, N at least 4.
        return_params : bool, optional
            Whether to return anything.
        weights : array_like, optional
            (N,) not negative.

        Returns
        -------
        ndarray or None
            (3, 3): `M` itself.

        Raises
        ------
        EstimationError
            Wrong shapes, too few points, or degenerate ones; the object is unchanged then.
        """
        self._estimate(Homography, A, B, weights)
        return self.M if return_params else None


class MovingLeastSquaresTransform(FieldsTransform):
    """Moving least squares: control points `src` and `dst`, their `weights`, the `model` class, and `alpha`."""

    className = ClassName(names.MLS)
    _layouts = (names.MLS,)
    _model = MovingLeastSquares
    _fields = ("src", "dst", "weights", "model", "alpha", "float_weights")
    float_weights = False

    def estimate(
        self,
        A: PointsLike,
        B: PointsLike,
        *,
        weights: npt.ArrayLike | None = None,
        model: Any = Affine,
        alpha: float = 1.0,
    ) -> None:
        """Take point pairs as control points.

        Parameters
        ----------
        A, B : array_like
            (N, 2) source and target points in pixels.
        weights : array_like, optional
            (N,) not negative.
        model : type, optional
            Translation, Rigid, Similarity or Affine of `transforms`.
        alpha : float, optional
            Half the power of the distance in the weights.

        Raises
        ------
        EstimationError
            Wrong shapes, or points that don't determine the model; the object is unchanged then.
        """
        self._estimate(MovingLeastSquares, A, B, weights, model=model, alpha=alpha)


class MovingLeastSquaresTransform2(MovingLeastSquaresTransform):
    """Moving least squares of the class that Java reads as 32-bit floats; here all digits of the text count."""

    className = ClassName(names.MLS2)
    _layouts = (names.MLS2,)


class CubicBSplineTransform(FieldsTransform):
    """bUnwarpJ's spline: `coefficients` (2, n, n) over a tile of `width` x `height` pixels."""

    className = ClassName(names.B_SPLINE)
    _layouts = (names.B_SPLINE,)
    _model = CubicBSpline
    _fields = ("coefficients", "width", "height")


class AffineWarpFieldTransform(FieldsTransform):
    """Affine maps on a grid of cells: `field` (6, rows, columns), `offset`, `width`, `height`, `interpolation`."""

    className = ClassName(names.WARP_FIELD)
    _layouts = (names.WARP_FIELD,)
    _model = AffineWarpField
    _fields = ("field", "offset", "width", "height", "interpolation")


class SEMDistortionTransformA(FieldsTransform):
    """Two exponentials, `a`, `b` and `c`, `d`, added to the coordinate `dimension`."""

    className = ClassName(names.SEM_DISTORTION)
    _layouts = (names.SEM_DISTORTION,)
    _model = SEMDistortion
    _fields = ("a", "b", "c", "d", "dimension")


class ExponentialFunctionOffsetTransform(FieldsTransform):
    """An exponential and a constant, `a`, `b`, `c`, taken from the coordinate `dimension`."""

    className = ClassName(names.EXPONENTIAL_FUNCTION)
    _layouts = (names.EXPONENTIAL_FUNCTION,)
    _model = ExponentialFunctionOffset
    _fields = ("a", "b", "c", "dimension")


class ExponentialRecoveryOffsetTransform(FieldsTransform):
    """An exponential recovery and a constant, `a`, `b`, `c`, taken from the coordinate `dimension`."""

    className = ClassName(names.EXPONENTIAL_RECOVERY)
    _layouts = (names.EXPONENTIAL_RECOVERY,)
    _model = ExponentialRecoveryOffset
    _fields = ("a", "b", "c", "dimension")
