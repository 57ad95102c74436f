"""`AffineWarpField`: affine maps on a grid of cells, interpolated in between.

Source: org.janelia.alignment.transform.AffineWarpFieldTransform.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from transforms._kernels import codes, warp_field
from transforms._start import start_map_from_region
from transforms._types import FloatArray
from transforms._validate import as_float, as_parameters
from transforms.base import LeafTransform
from transforms.errors import PointsError

__all__ = ["AffineWarpField"]


class AffineWarpField(LeafTransform):
    """Affine map whose six numbers vary over a field.

    Parameters
    ----------
    field : array_like
        (6, rows, columns): planes m00, m10, m01, m11, m02, m12; the affine of a cell sits at its centre.
    offset : array_like
        (2,) upper left corner of the field in pixels.
    width, height : float
        Size of the field in pixels.
    interpolation : {"linear", "nearest"}, optional
        Between the centres; edge values are used outside.

    Raises
    ------
    PointsError
        Wrong shapes, an empty field, or an unknown interpolation.
    """

    __slots__ = ("field", "height", "interpolation", "offset", "width")
    _fields = ("field", "offset", "width", "height", "interpolation")
    _op = codes.WARP_FIELD
    _kernel = staticmethod(warp_field.warp_field_apply)

    field: FloatArray
    offset: FloatArray
    width: float
    height: float
    interpolation: Literal["linear", "nearest"]

    def __init__(
        self,
        field: npt.ArrayLike,
        offset: npt.ArrayLike,
        width: float,
        height: float,
        interpolation: Literal["linear", "nearest"] = "linear",
    ) -> None:
        planes, corner = as_parameters(field, (6, None, None), "field"), as_parameters(offset, (2,), "offset")
        w, h = as_float(width, "width"), as_float(height, "height")
        if planes.size == 0:
            raise PointsError(f"expected a field of at least one cell, got shape {planes.shape}")
        if interpolation not in ("linear", "nearest"):
            raise PointsError(f"expected interpolation as 'linear' or 'nearest', got {interpolation!r}")
        self._set(field=planes, offset=corner, width=w, height=h, interpolation=interpolation)
        rows, columns = planes.shape[1:]
        with np.errstate(all="ignore"):
            head = [rows, columns, *corner, w / columns, h / rows, float(interpolation == "nearest")]
        # Kernels read m00 m01 m02 m10 m11 m12 of a cell side by side.
        self._pack(np.concatenate([head, np.moveaxis(planes[[0, 2, 4, 1, 3, 5]], 0, -1).ravel()]))

    def _start_map(self) -> FloatArray:
        x, y = self.offset
        return start_map_from_region(self.apply, np.array([x, y, x + self.width, y + self.height]))
