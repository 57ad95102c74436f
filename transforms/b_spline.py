"""`CubicBSpline`: bUnwarpJ's elastic transform.

Source: bunwarpj.trakem2.transform.CubicBSplineTransform.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from transforms._kernels import b_spline, codes
from transforms._start import start_map_from_region
from transforms._types import FloatArray
from transforms._validate import as_count, as_parameters
from transforms.base import LeafTransform
from transforms.errors import PointsError

__all__ = ["CubicBSpline"]


class CubicBSpline(LeafTransform):
    """Tensor-product cubic B-spline of a square grid of coefficients over a tile.

    Parameters
    ----------
    coefficients : array_like
        (2, n, n) with n = intervals + 3: the coefficients of x' and of y' in pixels, row by row (rows along y).
    width, height : int
        Size of the tile in pixels.

    Raises
    ------
    PointsError
        Wrong shapes, or sizes that are no whole numbers.

    Notes
    -----
    Grid position of x: x * intervals / (width - 1) + 1. Coefficients outside the grid count as zero, so the map is only
    of use on the tile. Java's quirks are kept: the constant 2/3 is a 32-bit number, which moves the identity by about
    2e-6 px per 100 px.
    """

    __slots__ = ("coefficients", "height", "width")
    _fields = ("coefficients", "width", "height")
    _op = codes.B_SPLINE
    _kernel = staticmethod(b_spline.b_spline_apply)

    coefficients: FloatArray
    width: int
    height: int

    def __init__(self, coefficients: npt.ArrayLike, width: int, height: int) -> None:
        grid = as_parameters(coefficients, (2, None, None), "coefficients")
        n = grid.shape[1]
        if grid.shape[2] != n or n < 3:
            raise PointsError(f"expected coefficients of shape (2, n, n) with n >= 3, got {grid.shape}")
        w, h = as_count(width, "width", -(2**31)), as_count(height, "height", -(2**31))
        self._set(coefficients=grid, width=w, height=h)
        head = [float(n), float(n - 3), w - 1.0, h - 1.0]
        self._pack(np.concatenate([head, np.moveaxis(grid, 0, -1).ravel()]))

    @property
    def intervals(self) -> int:
        """Grid intervals per side."""
        return int(self.coefficients.shape[1]) - 3

    def _start_map(self) -> FloatArray:
        return start_map_from_region(self.apply, np.array([0.0, 0.0, self.width - 1.0, self.height - 1.0]))
