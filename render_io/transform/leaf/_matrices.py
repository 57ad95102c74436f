"""Matrices of the affine family: fitted, told apart, and the equations that they solve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from render_io.codecs.names import AFFINE, RIGID, SIMILARITY, TRANSLATION
from render_io.transform._errors import estimation_error
from transforms._types import FloatArray, PointsLike
from transforms._validate import as_points
from transforms.affine import Affine
from transforms.base import Transform as MathsTransform
from transforms.errors import TransformError
from transforms.linear import Rigid, Similarity, Translation

__all__ = ["CLASS_NAMES", "CONSTRAINED", "equations", "fitted_matrix"]

_ROUNDING: Final = 16.0 * float(np.finfo(np.float64).eps)
"""Relative error up to which a matrix counts as a rotation: that of a product of several."""


def _constrained_translation(m: FloatArray) -> MathsTransform | None:
    return Translation(m[:, 2]) if np.abs(m[:, :2] - np.eye(2)).max() <= _ROUNDING else None


def _constrained_similarity(m: FloatArray) -> Similarity | None:
    (m00, m01, _), (m10, m11, _) = m.tolist()
    off = max(abs(m00 - m11), abs(m01 + m10))
    return Similarity.from_cos_sin(m00, m10, m[:, 2]) if off <= _ROUNDING * np.hypot(m00, m10) else None


def _constrained_rigid(m: FloatArray) -> MathsTransform | None:
    similarity = _constrained_similarity(m)
    if similarity is None or not abs(similarity.scale - 1.0) <= _ROUNDING:
        return None
    return Rigid(similarity.rotation, similarity.offset)


CONSTRAINED: Final[dict[str, Callable[[FloatArray], MathsTransform | None]]] = {
    TRANSLATION: _constrained_translation,
    RIGID: _constrained_rigid,
    SIMILARITY: _constrained_similarity,
}
CLASS_NAMES: Final[dict[type[MathsTransform], str]] = {
    Translation: TRANSLATION,
    Rigid: RIGID,
    Similarity: SIMILARITY,
    Affine: AFFINE,
}


def fitted_matrix(
    model: type[Translation | Rigid | Similarity | Affine], src: PointsLike, dst: PointsLike, weights: Any
) -> FloatArray:
    """Fit a linear model; (3, 3), writable. EstimationError whatever is wrong with the points."""
    try:
        return np.array(model.from_estimate(src, dst, weights).matrix)
    except TransformError as error:
        raise estimation_error(error) from error


def equations(
    matrix: FloatArray, src: PointsLike, dst: PointsLike, weights: npt.ArrayLike | None
) -> tuple[FloatArray, int, FloatArray]:
    """Sum of squares, rank and singular values of the system of 2N equations that a fit solves."""
    root = 1.0 if weights is None else np.sqrt(np.asarray(weights, dtype=np.float64))[:, None]
    basis = Affine.basis(src)
    squares = float(np.sum((root * (basis @ matrix[:2].T - as_points(dst))) ** 2))
    singular = np.linalg.svd(root * basis, compute_uv=False)
    return np.array([squares] if len(basis) > 3 else []), 6, np.repeat(singular, 2)
