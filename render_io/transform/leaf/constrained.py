"""`TranslationModel`, `RigidModel`, `SimilarityModel`: affine maps with fewer degrees of freedom, in Java's own texts.

``tx ty``, ``theta tx ty`` and ``scale*cos scale*sin tx ty``. Java reads these classes as 32-bit floats; here every
digit of the text counts, and all are written.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from render_io._json_object import refuse_unknown
from render_io.codecs.names import RIGID, SIMILARITY, TRANSLATION
from render_io.transform.leaf._matrices import fitted_matrix
from render_io.transform.leaf.affine import AffineModel
from render_io.transform.leaf.transform import ClassName
from transforms._types import FloatArray, PointsLike
from transforms.linear import Rigid, Similarity, Translation

__all__ = ["RigidModel", "SimilarityModel", "TranslationModel"]


class TranslationModel(AffineModel):
    """Translation: an `AffineModel` that is fitted and written as one.

    Parameters
    ----------
    *args, **kwargs
        Those of `AffineModel`.
    """

    className = ClassName(TRANSLATION)
    _layouts = (TRANSLATION, *AffineModel._layouts)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    @staticmethod
    def fit(  # type: ignore[override]  # the seed's names
        src: PointsLike, dst: PointsLike, *, weights: npt.ArrayLike | None = None
    ) -> FloatArray:
        """Fit by least squares of the residuals.

        Parameters
        ----------
        src, dst : array_like
            (N, 2) in pixels, N at least 1.
        weights : array_like, optional
            (N,) not negative.

        Returns
        -------
        ndarray
            (3, 3) matrix.

        Raises
        ------
        EstimationError
            Wrong shapes, no points, or points that are not finite.
        """
        return fitted_matrix(Translation, src, dst, weights)

    def estimate(  # type: ignore[override]  # the seed's names
        self, src: PointsLike, dst: PointsLike, return_params: bool = True, *, weights: npt.ArrayLike | None = None
    ) -> FloatArray | None:
        """Become the best fit; see `AffineModel.estimate`."""
        # An override of `fit` without weights stays callable.
        return super().estimate(src, dst, return_params, **({} if weights is None else {"weights": weights}))


class RigidModel(AffineModel):
    """Rotation and translation: an `AffineModel` that is fitted and written as one.

    Parameters
    ----------
    *args, **kwargs
        Those of `AffineModel`.
    """

    className = ClassName(RIGID)
    _layouts = (RIGID, *AffineModel._layouts)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    @staticmethod
    def fit(  # type: ignore[override]  # the seed's names
        src: PointsLike, dst: PointsLike, rigid: bool = True, **kwargs: Any
    ) -> FloatArray:
        """Fit by least squares of the residuals; never a reflection.

        Parameters
        ----------
        src, dst : array_like
            (N, 2) in pixels, N at least 2.
        rigid : bool, optional
            False fits a uniform scale, too.
        **kwargs
            `weights`: (N,) not negative.

        Returns
        -------
        ndarray
            (3, 3) matrix.

        Raises
        ------
        EstimationError
            Wrong shapes, too few or coincident points, or points that are not finite.
        """
        refuse_unknown(kwargs, ("weights",), "fit")
        return fitted_matrix(Rigid if rigid else Similarity, src, dst, kwargs.get("weights"))


class SimilarityModel(RigidModel):
    """Rotation, uniform scale and translation: an `AffineModel` that is fitted and written as one.

    Parameters are those of `AffineModel`.
    """

    className = ClassName(SIMILARITY)
    _layouts = (SIMILARITY, *AffineModel._layouts)

    @staticmethod
    def fit(  # type: ignore[override]  # the seed's names
        src: PointsLike, dst: PointsLike, rigid: bool = False, **kwargs: Any
    ) -> FloatArray:
        """Fit by least squares of the residuals; see `RigidModel.fit`."""
        return RigidModel.fit(src, dst, rigid, **kwargs)
