"""`MovingLeastSquares`: at every point the model that fits the control points best as seen from there.

Sources: mpicbg.trakem2.transform.{MovingLeastSquaresTransform, MovingLeastSquaresTransform2}; Schaefer, McPhail and
Warren, Image Deformation Using Moving Least Squares (2006).
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from transforms._estimate import MINIMUM_POINTS, MODEL_CODES, checked_pairs, fit_linear, refuse
from transforms._jit import register_warmup
from transforms._kernels import codes, least_squares
from transforms._kernels import moving_least_squares as kernels
from transforms._start import start_map_from_region
from transforms._types import FloatArray, PointsLike
from transforms._validate import as_float, as_parameters
from transforms.affine import Affine
from transforms.base import LeafTransform
from transforms.errors import PointsError
from transforms.linear import Rigid, Similarity, Translation

__all__ = ["MovingLeastSquares", "MovingModel"]

MovingModel = type[Translation] | type[Rigid] | type[Similarity] | type[Affine]
"""A class that may be fitted at every point."""

_NAMES: dict[MovingModel, str] = {
    Translation: "translation",
    Rigid: "rigid",
    Similarity: "similarity",
    Affine: "affine",
}
_POWERS = {0.0: kernels.NONE, 0.5: kernels.ROOT, 1.0: kernels.PLAIN, 2.0: kernels.SQUARE}
_ROUNDING = 4.0 * float(np.finfo(np.float64).eps)


def _name_of(model: object) -> str:
    for known, name in _NAMES.items():
        if model is known:
            return name
    raise PointsError(f"expected model as one of {', '.join(k.__name__ for k in _NAMES)}, got {model!r}")


def _on_a_line(src: FloatArray, weights: FloatArray) -> bool:
    """Whether the control points that have weight lie on a line to within the rounding of their coordinates."""
    counted = src[weights != 0.0]
    if not counted.size or not np.isfinite(counted).all():
        return False  # no weight at all, or no numbers: the fit itself says NaN
    counted = np.ldexp(counted, -np.frexp(np.abs(counted).max())[1])  # exact; sums of huge numbers would overflow
    across = np.linalg.svd(counted - counted.mean(axis=0), compute_uv=False)[-1] if len(counted) > 1 else 0.0
    return bool(across <= _ROUNDING * np.sqrt(len(counted)) * np.abs(counted).max())


class MovingLeastSquares(LeafTransform):
    """The model that fits src -> dst with weights weight / r^(2 alpha), r the distance from p to src, applied to p.

    On a control point the image is its dst. Where the model can't be fitted (too few control points, or on a line for
    Affine) points stay where they are, as in Java; where the fit has no value (no weight at all, or coincident points
    for Rigid and Similarity) it is NaN.

    Parameters
    ----------
    src, dst : array_like
        (N, 2) each, in pixels, N at least 1.
    weights : array_like
        (N,).
    model : type
        Translation, Rigid, Similarity or Affine.
    alpha : float
        Half the power of the distance: 1 weighs by 1 / distance^2.
    float_weights : bool, optional
        Round every weight over distance to 32 bits, as MovingLeastSquaresTransform2 does.

    Raises
    ------
    PointsError
        Wrong shapes or types, no control points, or another model.

    Notes ----- Java's sums cancel close to a control point, to noise at worst; here they do not, so the formula's own
    value comes out everywhere. The Jacobian on a control point is that of the model fitted to the others about it;
    for alpha <= 0.5 the map has a kink there.
    """

    __slots__ = ("alpha", "dst", "float_weights", "model", "src", "weights")
    _fields = ("src", "dst", "weights", "model", "alpha", "float_weights")
    _op = codes.MOVING_LEAST_SQUARES
    _kernel = staticmethod(kernels.moving_least_squares_apply)

    src: FloatArray
    dst: FloatArray
    weights: FloatArray
    model: MovingModel
    alpha: float
    float_weights: bool

    def __init__(
        self,
        src: npt.ArrayLike,
        dst: npt.ArrayLike,
        weights: npt.ArrayLike,
        model: MovingModel,
        alpha: float,
        float_weights: bool = False,
    ) -> None:
        name = _name_of(model)
        first = as_parameters(src, (None, 2), "src")
        count = len(first)
        if not count:
            raise PointsError("expected at least one control point, got none")
        second, checked = as_parameters(dst, (count, 2), "dst"), as_parameters(weights, (count,), "weights")
        power = as_float(alpha, "alpha")
        self._set(src=first, dst=second, weights=checked, model=model, alpha=power, float_weights=bool(float_weights))
        header = np.zeros(kernels.HEADER)
        header[kernels.MODEL] = MODEL_CODES[name]
        header[kernels.ALPHA] = power
        header[kernels.POWER] = _POWERS.get(power, kernels.GENERAL)
        header[kernels.FLOAT_WEIGHTS] = self.float_weights
        header[kernels.FITTED] = count >= MINIMUM_POINTS[name] and not (model is Affine and _on_a_line(first, checked))
        aside = np.where(checked == 0.0, np.inf, 0.0)
        self._pack(np.concatenate([header, np.column_stack([first, second, checked, aside]).ravel()]))

    @classmethod
    def from_estimate(
        cls,
        src: PointsLike,
        dst: PointsLike,
        weights: npt.ArrayLike | None = None,
        *,
        model: MovingModel = Affine,
        alpha: float = 1.0,
    ) -> Self:
        """Take point pairs as control points, once it is sure that they determine the model.

        Parameters
        ----------
        src, dst : array_like
            (N, 2) each, in pixels. N at least 1 for Translation, 2 for Rigid and Similarity, 3 for Affine.
        weights : array_like, optional
            (N,) not negative; all 1 by default.
        model : type, optional
            Translation, Rigid, Similarity or Affine.
        alpha : float, optional
            Half the power of the distance in the weights.

        Returns
        -------
        MovingLeastSquares
            With these control points.

        Raises
        ------
        NotEnoughPointsError
            Fewer points than the model needs.
        IllDefinedPointsError
            src that does not determine the model (coincident, on a line, without weight), or points that are not
            finite.
        PointsError
            Wrong shapes or types, negative or non-finite weights, another model.
        """
        name = _name_of(model)
        first, second, checked = checked_pairs(src, dst, weights)
        if not np.isfinite(second).all():
            refuse(least_squares.NOT_FINITE, name, MINIMUM_POINTS[name], first, second)
        fit_linear(name, first, first, weights)  # whether src suffices does not depend on dst
        return cls(first, second, checked if checked.size else np.ones(len(first)), model, alpha)

    def _start_map(self) -> FloatArray:
        return start_map_from_region(self.apply, np.concatenate([self.src.min(axis=0), self.src.max(axis=0)]))


register_warmup(
    lambda: MovingLeastSquares([[0, 0], [9, 0], [0, 9]], [[0, 0], [9, 0], [0, 9]], [1, 1, 1], Affine, 1.0).apply(
        [[1, 2]]
    )
)
