"""Lens correction of a camera: a polynomial written in standardised powers, with the size of the tile it belongs to.

Sources: mpicbg.trakem2.transform.NonLinearCoordinateTransform, lenscorrection.NonLinearTransform. Features are x, y,
x^2, xy, y^2, ... up to the dimension, each as (power - mean) / standard deviation, and a last constant of 100; surplus
features between are zero before standardisation.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from transforms import _jit
from transforms._estimate_lens import LensNumbers, fit_distortion, fit_lens_numbers
from transforms._kernels import codes, lens, polynomial
from transforms._kernels.rebase import term_count
from transforms._start import start_map_from_region
from transforms._types import FloatArray, PointsLike
from transforms._validate import as_count, as_parameters
from transforms.base import LeafTransform, Transform
from transforms.errors import NonInvertibleError, PointsError
from transforms.polynomial import Polynomial

__all__ = ["LensCorrection", "estimate_distortion"]

_LEAST_INT, _MOST_INT = -(2**31), 2**31 - 1


_pack = _jit.direct(lens.pack_lens)


def _as_size(value: int, name: str) -> int:
    return as_count(value, name, _LEAST_INT)


class LensCorrection(LeafTransform):
    """x' = sum of beta[i, 0] f_i, y' = sum of beta[i, 1] f_i over the standardised features f_i of (x, y).

    Parameters
    ----------
    dimension : int
        Highest degree of the features.
    beta : array_like
        (L, 2), L at least (dimension + 1)(dimension + 2) / 2; the last row belongs to the constant 100.
    norm_mean, norm_var : array_like
        (L,) means and standard deviations (for all their name) of the features; the last ones are not used.
    width, height : int
        Size of the tile in pixels: not part of the map, but where its inverse is looked for.

    Raises
    ------
    PointsError
        Wrong shapes or types, or fewer rows than the dimension needs.
    """

    __slots__ = ("beta", "dimension", "height", "norm_mean", "norm_var", "width")
    _fields = ("dimension", "beta", "norm_mean", "norm_var", "width", "height")
    _op = codes.LENS
    _kernel = staticmethod(lens.lens_apply)

    dimension: int
    beta: FloatArray
    norm_mean: FloatArray
    norm_var: FloatArray
    width: int
    height: int

    def __init__(
        self,
        dimension: int,
        beta: npt.ArrayLike,
        norm_mean: npt.ArrayLike,
        norm_var: npt.ArrayLike,
        width: int,
        height: int,
    ) -> None:
        degree = as_count(dimension, "dimension")
        coefficients = as_parameters(beta, (None, 2), "beta")
        length = coefficients.shape[0]
        if length < term_count(degree):
            raise PointsError(
                f"expected at least {term_count(degree)} rows of beta for dimension {degree}, got {length}"
            )
        mean = as_parameters(norm_mean, (length,), "norm_mean")
        deviation = as_parameters(norm_var, (length,), "norm_var")
        self._fill(degree, LensNumbers(coefficients, mean, deviation), width, height)

    def _fill(self, dimension: int, numbers: LensNumbers, width: int, height: int) -> None:
        """Set everything; the arrays are read-only and checked by now."""
        beta, mean, deviation = numbers.beta, numbers.mean, numbers.sd
        self._set(dimension=dimension, beta=beta, norm_mean=mean, norm_var=deviation)
        self._set(width=_as_size(width, "width"), height=_as_size(height, "height"))
        self._pack(_pack(dimension, beta, mean, deviation))

    @classmethod
    def _from_numbers(cls, dimension: int, numbers: LensNumbers, width: int, height: int) -> Self:
        for array in (numbers.beta, numbers.mean, numbers.sd):
            array.setflags(write=False)
        new = cls.__new__(cls)
        new._fill(dimension, numbers, width, height)
        return new

    @classmethod
    def identity(cls, width: int = 0, height: int = 0) -> Self:
        """Return the identity, of dimension 1.

        Parameters
        ----------
        width, height : int, optional
            Size of the tile in pixels.

        Returns
        -------
        LensCorrection
            Maps every point to itself.
        """
        return cls(1, [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [0.0] * 3, [1.0] * 3, width, height)

    @classmethod
    def from_estimate(
        cls,
        src: PointsLike,
        dst: PointsLike,
        weights: npt.ArrayLike | None = None,
        *,
        dimension: int = 5,
        width: int,
        height: int,
        regularization: float = 0.0,
    ) -> Self:
        """Fit by weighted least squares of the residuals in target pixels, with an optional ridge.

        Parameters
        ----------
        src, dst : array_like
            (N, 2) each, in pixels of the tile; N at least (dimension + 1)(dimension + 2) / 2, or 2 with a ridge.
        weights : array_like, optional
            (N,) not negative; all 1 by default. Features are standardised over the points that have any.
        dimension : int, optional
            Highest degree of the features.
        width, height : int
            Size of the tile in pixels, kept with the result.
        regularization : float, optional
            Java's lambda: 2 * lambda times the squares of all coefficients, the constant's included, is added to the
            sum of squares.

        Returns
        -------
        LensCorrection
            The features are standardised with the divisor N - 1.

        Raises
        ------
        NotEnoughPointsError
            Fewer points than coefficients.
        IllDefinedPointsError
            Too few distinct points, points on a curve of that degree, a coordinate that is constant, or non-finite
            points.
        PointsError
            Wrong shapes or types, negative weights, dimension or regularization.

        Notes
        -----
        Without a ridge this is the polynomial fit, written in standardised powers; with one, the system is solved by
        orthogonal transformations.
        """
        degree = as_count(dimension, "dimension")
        numbers = fit_lens_numbers(src, dst, weights, degree, regularization)
        return cls._from_numbers(degree, numbers, width, height)

    def to_polynomial(self) -> Polynomial:
        """Write the same map with powers of pixel coordinates.

        Returns
        -------
        Polynomial
            Of the order `dimension`.

        Raises
        ------
        PointsError
            Numbers of the correction are zero, infinite or NaN such that no finite coefficients exist.
        """
        if self._packed[0] < 0.0:
            raise PointsError("the coefficients of this lens correction are not finite in pixel coordinates")
        return Polynomial(polynomial.unpack(self._packed))

    def inverse(self) -> Transform:
        """Return the inverse as a transform.

        Returns
        -------
        Transform
            An `Inverse` around this one.

        Raises
        ------
        NonInvertibleError
            The dimension is 0.
        """
        self._refuse_constant()
        return super().inverse()

    def _refuse_constant(self) -> None:
        if self.dimension == 0:
            raise NonInvertibleError("a lens correction of dimension 0 maps everything to one point")

    def _region(self) -> FloatArray:
        """The tile; without a size, what a uniform spread of the standardised points would cover."""
        if self.width > 0 and self.height > 0:
            return np.array([0.0, 0.0, self.width, self.height])
        centre, reach = self.norm_mean[:2], np.sqrt(3.0) * np.abs(self.norm_var[:2])
        box = np.concatenate([centre - reach, centre + reach])
        return box if np.isfinite(box).all() else np.zeros(4)

    def _start_map(self) -> FloatArray:
        self._refuse_constant()
        return start_map_from_region(self.apply, self._region())


def estimate_distortion(
    src: PointsLike,
    dst: PointsLike,
    affines: npt.ArrayLike,
    *,
    dimension: int = 5,
    width: int,
    height: int,
    regularization: float = 0.0,
) -> LensCorrection:
    """Find the lens correction under which overlapping images of one camera agree.

    Parameters
    ----------
    src, dst : array_like
        (N, 2) each: the same places seen in two images, in pixels.
    affines : array_like
        (N, 2, 3): for every pair, the map from the first to the second image, R and t of corrected(dst) = R
        corrected(src) + t. R must be a rotation for Java's equations to say so.
    dimension : int, optional
        Highest degree of the features.
    width, height : int
        Size of the images in pixels, kept with the result.
    regularization : float, optional
        Weight of the squared distances of the corrected from the given `src`.

    Returns
    -------
    LensCorrection
        The features are standardised by `src`.

    Raises
    ------
    NotEnoughPointsError
        Fewer than two pairs.
    IllDefinedPointsError
        A power of the coordinates is constant, or points are not finite.
    PointsError
        Wrong shapes or types.

    Notes
    -----
    lenscorrection.NonLinearTransform.estimateDistortion, with its damping of 0.001 on the normal matrix.
    """
    degree = as_count(dimension, "dimension")
    numbers = fit_distortion(src, dst, affines, degree, regularization)
    return LensCorrection._from_numbers(degree, numbers, width, height)


def _warm() -> None:
    points = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0)), -1).reshape(-1, 2)
    bent = points + 1e-3 * points**2
    for ridge in (0.0, 1e-6):
        fitted = LensCorrection.from_estimate(points, bent, dimension=2, width=4, height=4, regularization=ridge)
    fitted.apply_inverse(fitted.apply(points))


_jit.register_warmup(_warm)
