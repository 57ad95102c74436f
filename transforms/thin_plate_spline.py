"""`ThinPlateSpline`: a smooth deformation that moves landmarks where they are wanted.

Source: mpicbg.trakem2.transform.ThinPlateSplineTransform on jitk-tps 1.3.2. Stored parameters are those of the wire.
"""

from __future__ import annotations

import math
from typing import Self

import numpy as np
import numpy.typing as npt

from transforms._estimate_spline import solve_spline
from transforms._jit import direct, register_warmup
from transforms._kernels import codes
from transforms._kernels.spline_fit import width
from transforms._kernels.spline_pack import pack_spline
from transforms._kernels.thin_plate_spline import HEADER, thin_plate_spline_apply
from transforms._start import start_map_from_region
from transforms._types import FloatArray, PointsLike
from transforms._validate import as_float, as_parameters, pair_of_points
from transforms.base import LeafTransform
from transforms.errors import PointsError

__all__ = ["ThinPlateSpline"]


_pack = direct(pack_spline)
_NO_AFFINE = as_parameters(np.zeros((2, 3)), (2, 3), "affine")


class ThinPlateSpline(LeafTransform):
    """p' = p + sum of k(r) * weight + A p + b, r the distance to a landmark, k(r) = r^2 ln r, 0 at r <= 1e-8.

    Parameters
    ----------
    landmarks : array_like
        (N, 2) in pixels; N may be 0.
    weights : array_like
        (N, 2): of the x and of the y displacement, per square pixel.
    affine : array_like, optional
        (2, 3): the matrix A, which is the affine part minus the identity, and b beside it. None for p + sum.

    Raises
    ------
    PointsError
        Wrong shapes or types.
    """

    __slots__ = ("affine", "landmarks", "weights")
    _fields = ("landmarks", "weights", "affine")
    _op = codes.THIN_PLATE_SPLINE
    _kernel = staticmethod(thin_plate_spline_apply)

    landmarks: FloatArray
    weights: FloatArray
    affine: FloatArray | None

    def __init__(self, landmarks: npt.ArrayLike, weights: npt.ArrayLike, affine: npt.ArrayLike | None = None) -> None:
        places = as_parameters(landmarks, (None, 2), "landmarks")
        checked = as_parameters(weights, (len(places), 2), "weights")
        block = None if affine is None else as_parameters(affine, (2, 3), "affine")
        self._fill(places, checked, block)

    def _fill(self, landmarks: FloatArray, weights: FloatArray, affine: FloatArray | None) -> None:
        """Set the attributes from arrays of its own."""
        packed = np.empty(HEADER + 4 * width(len(landmarks)))
        _pack(landmarks, weights, _NO_AFFINE if affine is None else affine, packed)
        self._set(landmarks=landmarks, weights=weights, affine=affine)
        self._pack(packed)

    @classmethod
    def identity(cls) -> Self:
        """Return the spline without landmarks.

        Returns
        -------
        ThinPlateSpline
            Maps every point to itself.
        """
        return cls(np.empty((0, 2)), np.empty((0, 2)))

    @classmethod
    def from_estimate(
        cls, src: PointsLike, dst: PointsLike, *, affine: bool = True, regularization: float = 0.0
    ) -> Self:
        """Interpolate point pairs, or smooth them.

        Parameters
        ----------
        src : array_like
            (N, 2) landmarks, in pixels: distinct and not on one line.
        dst : array_like
            (N, 2) where they go.
        affine : bool, optional
            Whether there is an affine part (and weights that are orthogonal to affine maps).
        regularization : float, optional
            Added to the diagonal of the kernel matrix, in square pixels: 0 interpolates, more bends less.

        Returns
        -------
        ThinPlateSpline
            Through the points (``regularization=0``). One or two landmarks with ``affine`` give the affine map whose
            displacement has the least coefficients.

        Raises
        ------
        NotEnoughPointsError
            No points.
        IllDefinedPointsError
            Landmarks that occur twice, lie on a line, nearly coincide, or are not finite.
        PointsError
            Wrong shapes or types, or a negative regularization.

        Notes
        -----
        jitk-tps solves for x and y in one system and answers singular ones with NaN; here one factorisation serves
        both.
        """
        first, second = pair_of_points(src, dst)
        smoothing = as_float(regularization, "regularization")
        if not (smoothing >= 0.0 and math.isfinite(smoothing)):
            raise PointsError(f"expected regularization as a finite number >= 0, got {smoothing}")
        new, places = cls.__new__(cls), first.copy()
        weights, block = solve_spline(first, second, bool(affine), smoothing)
        for array in (places, weights) if block is None else (places, weights, block):
            array.flags.writeable = False
        new._fill(places, weights, block)
        return new

    def _start_map(self) -> FloatArray:
        places = self.landmarks if len(self.landmarks) else np.zeros((1, 2))
        return start_map_from_region(self.apply, np.concatenate([places.min(axis=0), places.max(axis=0)]))


_SQUARE = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
register_warmup(lambda: ThinPlateSpline.from_estimate(_SQUARE, _SQUARE).apply([[0.0, 0.0]]))
