"""`Polynomial2DTransform`: polynomials in x and y on the wire."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from render_io._json_object import refuse_unknown
from render_io._spec_json import Spec
from render_io.codecs.names import POLYNOMIAL
from render_io.errors import ConversionError, EstimationError
from render_io.transform._errors import estimation_error, seed_error
from render_io.transform._wire import owned
from render_io.transform.leaf.affine import AffineModel
from render_io.transform.leaf.common import calc_first_order_properties
from render_io.transform.leaf.transform import ClassName, ParametricTransform
from transforms._types import FloatArray, PointsLike
from transforms._validate import as_points
from transforms.errors import TransformError
from transforms.polynomial import Polynomial

__all__ = ["Polynomial2DTransform"]

_FIT_KEYWORDS = ("weights", "atol", "rtol")


class Polynomial2DTransform(ParametricTransform):
    """Polynomial: the terms are 1, x, y, x^2, xy, y^2, ..., with one row of coefficients for x' and one for y'.

    What it is made of: the first of `json`, `dataString`, `identity`, `params`, `src` with `dst` that is given; without
    any, the identity.

    Parameters
    ----------
    dataString : str, optional
        Text of the coefficients.
    src, dst : array_like, optional
        (N, 2) points to fit, in pixels.
    order : int
        Order of the fit.
    force_polynomial : bool
        False has no effect (with a warning): nothing but a polynomial is ever made.
    params : array_like, optional
        (2, K) coefficients, K = 1, 3, 6, 10, ...; copied.
    identity : bool
        Whether to make the identity, of order 1.
    labels : list of str, optional
        Labels of the spec.
    transformId : str, optional
        Id of the spec.
    json : dict, optional
        Spec to take everything from.
    force_shear : {"x", "y"}
        Axis that `shear` speaks of.
    **kwargs
        For `estimate`.

    Raises
    ------
    SpecError
        A malformed spec or text.
    ConversionError
        `params` of another shape.
    EstimationError
        The points can't be fitted.
    """

    className = ClassName(POLYNOMIAL)
    _layouts = (POLYNOMIAL,)
    _coefficients: npt.NDArray[np.float64] | None = None
    force_shear = "x"

    def __init__(
        self,
        dataString: str | None = None,
        src: PointsLike | None = None,
        dst: PointsLike | None = None,
        order: int = 2,
        force_polynomial: bool = True,
        params: npt.ArrayLike | None = None,
        identity: bool = False,
        labels: list[str] | None = None,
        transformId: str | None = None,
        json: Spec | None = None,
        force_shear: str = "x",
        **kwargs: Any,
    ) -> None:
        refuse_unknown(kwargs, ("test_coords", "max_tries", *_FIT_KEYWORDS), "Polynomial2DTransform")
        if not force_polynomial:
            warnings.warn("force_polynomial=False has no effect: use AffineModel", UserWarning, stacklevel=2)
        self.force_shear = force_shear
        if json is not None:
            self.from_dict(json)
            return
        self.transformId = transformId
        self.labels = labels
        if dataString is not None:
            self._process_dataString(dataString)
        elif params is not None and not identity:
            self.params = params
            self._adopt(self.transform)  # raises for another shape
        elif src is not None and dst is not None and not identity:
            self.estimate(src, dst, order, return_params=False, **kwargs)

    # -- Parameters ----------------------------------------------------------------------------------------------------

    @property
    def params(self) -> FloatArray:
        """(2, K) float64, writable: the coefficients of x' and of y'. Setting them copies."""
        if self._coefficients is None:
            self._coefficients = np.array(Polynomial.identity().coefficients)
        return self._coefficients

    @params.setter
    def params(self, value: npt.ArrayLike) -> None:
        self._coefficients = owned(value, 2, "params")

    def _parameters(self) -> tuple[Any, ...]:
        return (self.params,)

    def _show(self, transform: Polynomial) -> None:
        self.params = transform.coefficients

    def _build(self) -> Polynomial:
        return Polynomial(self.params)

    @property
    def is_affine(self) -> bool:
        """False: a polynomial of order 1 stays one."""
        return False

    @property
    def order(self) -> int:
        """Highest degree of the terms."""
        order = self.transform.order  # type: ignore[attr-defined]  # a Polynomial
        return int(order)

    def coefficients(self, order: int | None = None) -> int:
        """Count the coefficients of both coordinates.

        Parameters
        ----------
        order : int, optional
            The present one by default.

        Returns
        -------
        int
            (order + 1)(order + 2).
        """
        degree = self.order if order is None else order
        return (degree + 1) * (degree + 2)

    # -- Fits ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def fit(src: PointsLike, dst: PointsLike, order: int = 2, *, weights: npt.ArrayLike | None = None) -> FloatArray:
        """Fit by least squares of the residuals.

        Parameters
        ----------
        src, dst : array_like
            (N, 2) in pixels, N at least (order + 1)(order + 2) / 2.
        order : int, optional
            Highest degree of the terms.
        weights : array_like, optional
            (N,) not negative.

        Returns
        -------
        ndarray
            (2, (order + 1)(order + 2) / 2) coefficients.

        Raises
        ------
        EstimationError
            Wrong shapes, too few points, points on a curve of that order, or not finite.
        """
        try:
            return np.array(Polynomial.from_estimate(src, dst, weights, order=order).coefficients)
        except TransformError as error:
            raise estimation_error(error) from error

    def estimate(
        self,
        src: PointsLike,
        dst: PointsLike,
        order: int = 2,
        test_coords: bool = True,
        max_tries: int = 100,
        return_params: bool = True,
        **kwargs: Any,
    ) -> FloatArray | None:
        """Become the best fit.

        Parameters
        ----------
        src, dst : array_like
            (N, 2) in pixels.
        order : int, optional
            Highest degree of the terms.
        test_coords : bool, optional
            Whether to hold the residuals against `atol` and `rtol` where these are given.
        max_tries : int, optional
            No effect: there is nothing random about the fit, one try is enough.
        return_params : bool, optional
            Whether to return anything.
        **kwargs
            `weights`: (N,) not negative. `atol`, `rtol`: largest residuals that are accepted, as in `numpy.allclose`;
            any by default, since measured points have residuals.

        Returns
        -------
        ndarray or None
            (2, (order + 1)(order + 2) / 2) coefficients: `params` itself.

        Raises
        ------
        EstimationError
            As `fit` raises, or residuals beyond `atol` and `rtol`; the object is unchanged then.
        """
        del max_tries
        refuse_unknown(kwargs, _FIT_KEYWORDS, "estimate")
        # An override of `fit` without weights stays callable.
        weighted = {"weights": kwargs["weights"]} if "weights" in kwargs else {}
        fitted = self.fit(src, dst, order, **weighted)
        if test_coords and not kwargs.keys().isdisjoint(("atol", "rtol")):
            _require_close(fitted, src, dst, kwargs.get("atol", 0.0), kwargs.get("rtol", 0.0))
        self.params = fitted
        return self.params if return_params else None

    # -- Other forms ---------------------------------------------------------------------------------------------------

    def asorder(self, order: int) -> Polynomial2DTransform:
        """Return the same map with terms up to a higher order.

        Parameters
        ----------
        order : int
            At least the present one.

        Returns
        -------
        Polynomial2DTransform
            With zeros for the new terms, and the same id, labels and settings.

        Raises
        ------
        ConversionError
            A lower order, which would be another map.
        """
        try:
            raised = self.transform.of_order(order)  # type: ignore[attr-defined]  # a Polynomial
        except TransformError as error:
            raise seed_error(error) from error
        new = copy.deepcopy(self)
        new._adopt(raised)
        return new

    @staticmethod
    def fromAffine(aff: AffineModel) -> Polynomial2DTransform:
        """Write an affine map as a polynomial.

        Parameters
        ----------
        aff : AffineModel
            Any of the affine family.

        Returns
        -------
        Polynomial2DTransform
            The same map, of order 1, with the same id, labels and settings.

        Raises
        ------
        ConversionError
            Not an AffineModel.
        """
        if not isinstance(aff, AffineModel):
            raise ConversionError(f"expected an AffineModel, got {type(aff).__name__}")
        labels = None if aff.labels is None else list(aff.labels)
        params = aff.M[:2, [2, 0, 1]]
        return Polynomial2DTransform(
            params=params, transformId=aff.transformId, labels=labels, force_shear=aff.force_shear
        )

    # -- Properties of the map at the origin ---------------------------------------------------------------------------

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
        linear = self.params[:, 1:3] if self.order > 0 else np.zeros((2, 2))
        return calc_first_order_properties(linear, force_shear or self.force_shear)

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
        """Translation in pixels: where the origin goes."""
        x, y = self.params[:, 0].tolist()
        return x, y


def _require_close(params: FloatArray, src: PointsLike, dst: PointsLike, atol: float, rtol: float) -> None:
    target = as_points(dst)
    excess = np.abs(Polynomial(params).apply(src) - target) - (atol + rtol * np.abs(target))
    rows = np.flatnonzero(~(excess <= 0.0).all(axis=1))
    if rows.size:
        raise EstimationError(
            f"expected residuals within atol={atol} and rtol={rtol}, got more at {rows.size} of {len(target)} points",
            tuple(rows.tolist()),
        )
