"""Lens corrections on the wire: `NonLinearCoordinateTransform` and its twins of other names."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from render_io._json_object import refuse_unknown
from render_io._spec_json import Spec
from render_io.codecs.names import LENS, LENS_ALIASES
from render_io.transform._errors import estimation_error, seed_error
from render_io.transform._wire import owned
from render_io.transform.leaf.transform import ClassName, ParametricTransform
from transforms._types import FloatArray, PointsLike
from transforms.errors import TransformError
from transforms.lens import LensCorrection as MathsLens
from transforms.polynomial import Polynomial

__all__ = ["SEED_NAME", "LensCorrection", "NonLinearCoordinateTransform", "NonLinearTransform"]

SEED_NAME = "mpicbg.trakem2.transform.nonLinearTransform"
"""Name that renderapi has for a class which Java does not know under it."""

_DIMENSION = 5
"""Of objects that are made of nothing: the usual one."""


class NonLinearCoordinateTransform(ParametricTransform):
    """Lens correction: polynomials in standardised powers of x and y.

    Made of nothing it is the identity, of dimension 5, ready for `estimate`.

    Parameters
    ----------
    dataString : str, optional
        ``dimension length``, then coefficients, means, deviations, ``width height``.
    json : dict, optional
        Spec to take everything from.
    transformId : str, optional
        Id of the spec.
    labels : list of str, optional
        Its labels.

    Attributes
    ----------
    dimension : int
        Highest degree of the powers.
    length : int
        Number of features, the constant one included.
    beta : ndarray
        (length, 2) coefficients.
    normMean, normVar : ndarray
        (length,) means and standard deviations (for all the name) of the features.
    width, height : int
        Size of the tile in pixels.

    Raises
    ------
    SpecError
        A malformed spec or text.
    """

    className = ClassName(LENS)
    _layouts = (LENS, *LENS_ALIASES)
    _fresh_name: ClassVar[str | None] = None
    """Name of objects that are made in Python, where it is not that of the class."""

    def __init__(
        self,
        dataString: str | None = None,
        json: Spec | None = None,
        transformId: str | None = None,
        labels: list[str] | None = None,
    ) -> None:
        if json is not None:
            self.from_dict(json)
            return
        self._declared = self._fresh_name
        self.transformId = transformId
        self.labels = labels
        if dataString is None:
            self._adopt(_identity())
        else:
            self._process_dataString(dataString)

    # -- Parameters ----------------------------------------------------------------------------------------------------

    @property
    def beta(self) -> FloatArray:
        """(length, 2) float64, writable. Setting it copies, as with the next two."""
        return self._beta

    @beta.setter
    def beta(self, value: npt.ArrayLike) -> None:
        self._beta = owned(value, 2, "beta")

    @property
    def normMean(self) -> FloatArray:
        """(length,) float64, writable."""
        return self._mean

    @normMean.setter
    def normMean(self, value: npt.ArrayLike) -> None:
        self._mean = owned(value, 1, "normMean")

    @property
    def normVar(self) -> FloatArray:
        """(length,) float64, writable: standard deviations."""
        return self._deviation

    @normVar.setter
    def normVar(self, value: npt.ArrayLike) -> None:
        self._deviation = owned(value, 1, "normVar")

    def _parameters(self) -> tuple[Any, ...]:
        return self.dimension, self.beta, self.normMean, self.normVar, self.width, self.height

    def _show(self, transform: MathsLens) -> None:
        self.dimension, self.length = transform.dimension, len(transform.beta)
        self.beta, self.normMean, self.normVar = transform.beta, transform.norm_mean, transform.norm_var
        self.width, self.height = transform.width, transform.height

    def _build(self) -> MathsLens:
        return MathsLens(self.dimension, self.beta, self.normMean, self.normVar, self.width, self.height)

    # -- Maps and fits -------------------------------------------------------------------------------------------------

    def kernelExpand(
        self, src: PointsLike, normMean: npt.ArrayLike | None = None, normVar: npt.ArrayLike | None = None
    ) -> FloatArray:
        """Return the standardised features of points.

        Parameters
        ----------
        src : array_like
            (N, 2) in pixels.
        normMean, normVar : array_like, optional
            (length,) means and standard deviations; the object's own by default.

        Returns
        -------
        ndarray
            (N, length) x, y, x^2, xy, y^2, ..., each less its mean, by its deviation; the last one is 100.

        Raises
        ------
        ConversionError
            Wrong shape of the points.
        """
        try:
            powers = Polynomial.basis(src, self.dimension)[:, 1:]
        except TransformError as error:
            raise seed_error(error) from error
        features = np.zeros((len(powers), self.length))
        features[:, : powers.shape[1]] = powers
        mean = np.asarray(self.normMean if normMean is None else normMean, dtype=np.float64)
        deviation = np.asarray(self.normVar if normVar is None else normVar, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            features[:, :-1] = (features[:, :-1] - mean[:-1]) / deviation[:-1]
        features[:, -1] = 100.0
        return features

    def tform(self, src: PointsLike) -> FloatArray:
        """Map points; see `WireObject.tform`."""
        return super().tform(src)

    def fit(
        self, A: PointsLike, B: PointsLike, *, weights: npt.ArrayLike | None = None
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Fit a correction of this object's dimension by least squares of the residuals.

        Parameters
        ----------
        A, B : array_like
            (N, 2) source and target points in pixels, N at least (dimension + 1)(dimension + 2) / 2.
        weights : array_like, optional
            (N,) not negative.

        Returns
        -------
        beta : ndarray
            (length, 2) coefficients.
        normMean, normVar : ndarray
            (length,) means and standard deviations (with the divisor N - 1, as in Java).

        Raises
        ------
        EstimationError
            Wrong shapes, too few points, points on a curve of that order, or not finite.
        """
        fitted = self._fitted(A, B, self.dimension, weights)
        return np.array(fitted.beta), np.array(fitted.norm_mean), np.array(fitted.norm_var)

    def _fitted(self, src: PointsLike, dst: PointsLike, dimension: int, weights: npt.ArrayLike | None) -> MathsLens:
        try:
            return MathsLens.from_estimate(src, dst, weights, dimension=dimension, width=self.width, height=self.height)
        except TransformError as error:
            raise estimation_error(error) from error

    def estimate(
        self, A: PointsLike, B: PointsLike, ndim: int | None = None, return_params: bool = True, **kwargs: Any
    ) -> str | None:
        """Become the best fit.

        Parameters
        ----------
        A, B : array_like
            (N, 2) source and target points in pixels.
        ndim : int, optional
            Dimension of the fit; that of the object by default.
        return_params : bool, optional
            Whether to return anything.
        **kwargs
            `width`, `height`: size of the tile in pixels, as it is by default. `weights`: (N,) not negative.

        Returns
        -------
        str or None
            The dataString.

        Raises
        ------
        EstimationError
            As `fit` raises; the object is unchanged then.
        """
        refuse_unknown(kwargs, ("width", "height", "weights"), "estimate")
        fitted = self._fitted(A, B, self.dimension if ndim is None else ndim, kwargs.get("weights"))
        width, height = kwargs.get("width", self.width), kwargs.get("height", self.height)
        self._show(fitted)
        self.width, self.height = width, height
        return self.dataString if return_params else None


class NonLinearTransform(NonLinearCoordinateTransform):
    """Lens correction that renderapi has under a name which Java does not know.

    What is read under that name is written under it; what is made in Python is written as a
    NonLinearCoordinateTransform, which has the same text, so that Java can read it.

    Parameters are those of `NonLinearCoordinateTransform`.
    """

    className = ClassName(SEED_NAME)
    _fresh_name = LENS


class LensCorrection(NonLinearCoordinateTransform):
    """Lens correction under the name of TrakEM2's plugin.

    Parameters are those of `NonLinearCoordinateTransform`.
    """

    className = ClassName(LENS_ALIASES[0])
    _layouts = (*LENS_ALIASES, LENS)


def _identity() -> MathsLens:
    length = (_DIMENSION + 1) * (_DIMENSION + 2) // 2
    beta = np.zeros((length, 2))
    beta[0, 0] = beta[1, 1] = 1.0
    return MathsLens(_DIMENSION, beta, np.zeros(length), np.ones(length), 0, 0)
