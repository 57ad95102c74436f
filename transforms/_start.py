"""Start values for the solver: the affine map that comes closest to the inverse over a region."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from transforms._estimate import MODEL_CODES, NO_WEIGHTS
from transforms._kernels.affine_array import invert_row
from transforms._kernels.least_squares import fit_slice
from transforms._types import FloatArray, Points

__all__ = ["box_of_image", "start_map_from_region"]

_SIDE = np.linspace(0.0, 1.0, 5)


def _grid_over(box: FloatArray, least: float) -> Points:
    width, height = max(box[2] - box[0], least), max(box[3] - box[1], least)
    return np.stack(np.meshgrid(box[0] + _SIDE * width, box[1] + _SIDE * height), -1).reshape(-1, 2)


def box_of_image(apply: Callable[[Points], Points], box: FloatArray) -> FloatArray | None:
    """Bounds of where a transform takes a box.

    Parameters
    ----------
    apply : callable
        Maps (N, 2) points; NaN for those that have no image.
    box : ndarray
        (4,): min_x, min_y, max_x, max_y in pixels.

    Returns
    -------
    ndarray or None
        (4,), or None when nothing in the box has an image.
    """
    mapped = apply(_grid_over(box, 0.0))
    good = mapped[np.isfinite(mapped).all(axis=1)]
    return np.concatenate([good.min(axis=0), good.max(axis=0)]) if len(good) else None


def start_map_from_region(apply: Callable[[Points], Points], box: FloatArray) -> FloatArray:
    """Fit an affine map to a transform over a box and invert it.

    Parameters
    ----------
    apply : callable
        Maps (N, 2) points; NaN for those that have no image.
    box : ndarray
        (4,): min_x, min_y, max_x, max_y of the transform's own region, in pixels.

    Returns
    -------
    ndarray
        (10,): m00, m01, m02, m10, m11, m12 from targets to start values, and the box. Where no affine map can be fitted
        or inverted every target starts in the middle of the box.
    """
    grid = _grid_over(box, 1.0)
    mapped = apply(grid)
    good = np.isfinite(mapped).all(axis=1)
    forward, backward = np.empty(6), np.empty(6)
    src, dst = np.ascontiguousarray(grid[good]), np.ascontiguousarray(mapped[good])
    status = fit_slice(MODEL_CODES["affine"], src, dst, NO_WEIGHTS, 0, len(src), forward)
    if status or not invert_row(forward, backward):
        backward = np.array([0.0, 0.0, 0.5 * (box[0] + box[2]), 0.0, 0.0, 0.5 * (box[1] + box[3])])
    return np.concatenate([backward, box])
