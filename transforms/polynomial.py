"""Polynomial of any order in x and y.

Source: mpicbg.trakem2.transform.PolynomialTransform2D. Terms are ordered by degree and, within a degree, by falling
powers of x: 1, x, y, x^2, xy, y^2, x^3, x^2 y, ...
"""

from __future__ import annotations

import math
from typing import Self

import numpy as np
import numpy.typing as npt

from transforms import _jit
from transforms._estimate_polynomial import fit_coefficients
from transforms._kernels import codes, polynomial
from transforms._program import ProgramBuilder
from transforms._types import FloatArray, PointsLike
from transforms._validate import as_count, as_parameters, as_points
from transforms.affine import Affine
from transforms.base import LeafTransform, Transform, set_attribute
from transforms.errors import NonInvertibleError, PointsError
from transforms.homography import Homography
from transforms.linear import LinearTransform

__all__ = ["Polynomial"]

HIGHEST_ORDER = 40
"""Of fits: the whole numbers in Chebyshev polynomials of higher degree are no longer exact in double precision."""


_pack_directly = _jit.direct(polynomial.pack)


def _pack(coefficients: FloatArray, order: int) -> FloatArray:
    """Parameters as kernels take them, read-only."""
    packed = _pack_directly(coefficients, order)
    packed.setflags(write=False)
    return packed


def _term_count(order: int) -> int:
    return (order + 1) * (order + 2) // 2


def _as_order(order: int) -> int:
    checked = as_count(order, "order")
    if checked > HIGHEST_ORDER:
        raise PointsError(f"expected an order of at most {HIGHEST_ORDER}, got {checked}")
    return checked


class Polynomial(LeafTransform):
    """x' = sum of coefficients[0] times the terms 1, x, y, x^2, xy, y^2, ..., y' likewise with coefficients[1].

    Parameters
    ----------
    coefficients : array_like
        (2, K) with K = (order + 1)(order + 2) / 2, in pixels; kept as given.

    Raises
    ------
    PointsError
        Wrong shape or type, or a number of terms that is no complete order.

    Notes
    -----
    There is no region in these numbers, so the search for a pre-image starts from the linear part at the origin. Far
    from the origin, pass `initial` to `apply_inverse` where several pre-images exist.
    """

    __slots__ = ("coefficients", "order")
    _fields = ("coefficients",)
    _op = codes.POLYNOMIAL
    _kernel = staticmethod(polynomial.polynomial_apply)

    coefficients: FloatArray
    """(2, K) float64, read-only."""
    order: int
    """Highest degree of the terms."""

    def __init__(self, coefficients: npt.ArrayLike) -> None:
        checked = as_parameters(coefficients, (2, None), "coefficients")
        count = checked.shape[1]
        order = (math.isqrt(8 * count + 1) - 3) // 2
        if count == 0 or _term_count(order) != count:
            raise PointsError(f"expected coefficients of 1, 3, 6, 10, ... terms, got {count}")
        self._fill(checked, order)

    def _fill(self, coefficients: FloatArray, order: int) -> None:
        set_attribute(self, "coefficients", coefficients)
        set_attribute(self, "order", order)
        set_attribute(self, "_packed", _pack(coefficients, order))

    @classmethod
    def _from_trusted(cls, coefficients: FloatArray, order: int) -> Self:
        """Make one from an array that nobody else holds, without checks."""
        coefficients.setflags(write=False)
        new = cls.__new__(cls)
        new._fill(coefficients, order)
        return new

    @classmethod
    def identity(cls, order: int = 1) -> Self:
        """Return the identity.

        Parameters
        ----------
        order : int, optional
            At least 1.

        Returns
        -------
        Polynomial
            Of this order.

        Raises
        ------
        PointsError
            An order below 1.
        """
        coefficients = np.zeros((2, _term_count(as_count(order, "order", 1))))
        coefficients[0, 1] = coefficients[1, 2] = 1.0
        return cls(coefficients)

    @classmethod
    def from_affine(cls, affine: Transform | npt.ArrayLike, order: int = 1) -> Self:
        """Write an affine map as a polynomial.

        Parameters
        ----------
        affine : Transform or array_like
            A Translation, Rigid, Similarity or Affine, or a matrix as `Affine` takes it.
        order : int, optional
            At least 1; terms of higher degree are zero.

        Returns
        -------
        Polynomial
            The same map.

        Raises
        ------
        PointsError
            Not an affine map, or an order below 1.
        """
        if isinstance(affine, Homography) or (
            isinstance(affine, Transform) and not isinstance(affine, LinearTransform)
        ):
            raise PointsError(f"expected an affine transform, got {type(affine).__name__}")
        rows = affine.matrix[:2] if isinstance(affine, LinearTransform) else Affine(affine).params
        coefficients = np.zeros((2, _term_count(as_count(order, "order", 1))))
        coefficients[:, :3] = rows[:, [2, 0, 1]]
        return cls(coefficients)

    @classmethod
    def from_estimate(
        cls, src: PointsLike, dst: PointsLike, weights: npt.ArrayLike | None = None, *, order: int = 2
    ) -> Self:
        """Fit by weighted least squares of the residuals in target pixels.

        Parameters
        ----------
        src, dst : array_like
            (N, 2) each, in pixels; N at least (order + 1)(order + 2) / 2.
        weights : array_like, optional
            (N,) not negative; all 1 by default.
        order : int, optional
            Highest degree of the terms.

        Returns
        -------
        Polynomial
            Of that order.

        Raises
        ------
        NotEnoughPointsError
            Fewer points than terms.
        IllDefinedPointsError
            Too few distinct points, points on a curve of that order (a line, a conic, ...), no weight, or non-finite
            points.
        PointsError
            Wrong shapes or types, negative or non-finite weights, a negative order.

        Notes
        -----
        The fit itself works on Chebyshev products over the bounding box of `src`, where nothing is lost to large
        coordinates, and its result is rounded once to coefficients in pixels. Those are ill-conditioned by nature when
        the points lie much farther from the origin than they spread: for points at distance D with half-width h, digits
        are lost in proportion to (D / h) ** order when the map is evaluated. Fit in local coordinates and add a
        `Translation` in such cases.
        """
        return cls._from_trusted(fit_coefficients(src, dst, weights, _as_order(order)), order)

    def of_order(self, order: int) -> Self:
        """Write the same map with terms of a higher order.

        Parameters
        ----------
        order : int
            At least the present one.

        Returns
        -------
        Polynomial
            With zeros for the new terms.

        Raises
        ------
        PointsError
            A lower order, which would be another map (fit one with `approximate`).
        """
        if as_count(order, "order") < self.order:
            raise PointsError(
                f"expected an order of at least {self.order}, got {order}: fewer terms would be another map"
            )
        coefficients = np.zeros((2, _term_count(order)))
        coefficients[:, : self.coefficients.shape[1]] = self.coefficients
        return type(self)(coefficients)

    @staticmethod
    def basis(points: PointsLike, order: int) -> FloatArray:
        """Design matrix of one row of the coefficients.

        Parameters
        ----------
        points : array_like
            (N, 2) in pixels.
        order : int
            Highest degree of the terms.

        Returns
        -------
        ndarray
            (N, K) with columns 1, x, y, x^2, xy, y^2, ...: x' = basis @ coefficients[0], y' = basis @ coefficients[1].

        Raises
        ------
        PointsError
            `points` has the wrong shape or type, or the order is negative.
        """
        xy = as_points(points)
        terms = np.ones((xy.shape[0], _term_count(_as_order(order))))
        for degree in range(1, order + 1):
            lower, first = _term_count(degree - 2), _term_count(degree - 1)
            terms[:, first : first + degree] = terms[:, lower:first] * xy[:, :1]
            terms[:, first + degree] = terms[:, first - 1] * xy[:, 1]
        return terms

    def inverse(self) -> Transform:
        """Return the inverse as a transform.

        Returns
        -------
        Transform
            A Polynomial when the order is 1, else an `Inverse` around this one.

        Raises
        ------
        NonInvertibleError
            The order is 0, or the linear map is singular.
        """
        if self.order == 1:
            return self.from_affine(self._affine().inverse())
        self._refuse_constant()
        return super().inverse()

    def _affine(self) -> Affine:
        return Affine(self.coefficients[:, [1, 2, 0]])

    def _refuse_constant(self) -> None:
        if self.order == 0:
            raise NonInvertibleError("a polynomial of order 0 maps everything to one point")

    def _compile_inverse(self, builder: ProgramBuilder) -> None:
        if self.order == 1:
            self._affine().inverse()._compile(builder)
        else:
            super()._compile_inverse(builder)

    def _start_map(self) -> FloatArray:
        self._refuse_constant()
        start = np.empty(10)
        polynomial.start_map(self._packed, start)
        return start


def _warm() -> None:
    points = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0)), -1).reshape(-1, 2)
    bent = points + 1e-3 * points**2
    for order in (2, 3):
        Polynomial.from_estimate(points, bent, order=order).apply_inverse(bent)


_jit.register_warmup(_warm)
