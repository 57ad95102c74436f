"""Where a set of points lies: centre and scale of their bounding box, for fits on normalised coordinates."""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._kernels import lanes
from transforms._kernels.least_squares import EPS, ILL_DEFINED, OK
from transforms._kernels.point_sums import weight_at
from transforms._types import FloatArray, Points


@kernel
def widen_box(src: Points, weights: FloatArray, lo: int, hi: int, box: FloatArray) -> float:
    """Extend box (2, 2) of smallest and largest (x, y) by the points that have weight; return the largest weight."""
    heaviest = 0.0
    for i in range(lo, hi):
        w = weight_at(weights, i)
        if w > 0.0:
            heaviest = max(heaviest, w)
            box[0, 0], box[0, 1] = min(box[0, 0], src[i, 0]), min(box[0, 1], src[i, 1])
            box[1, 0], box[1, 1] = max(box[1, 0], src[i, 0]), max(box[1, 1], src[i, 1])
    return heaviest


@kernel
def box_of(src: Points, weights: FloatArray, lo: int, hi: int, box: FloatArray) -> float:
    """Fill box (2, 2); return the largest weight."""
    box[0], box[1] = math.inf, -math.inf
    whole = (hi - lo) // lanes.WIDTH * lanes.WIDTH
    heaviest = widen_box(src, weights, lo + whole, hi, box)
    if not whole:
        return heaviest
    x, y = lanes.load_points(src, lo)
    least_x, most_x, most_w = lanes.like(x, math.inf), lanes.like(x, -math.inf), lanes.like(x, 0.0)
    least_y, most_y = least_x, most_x
    for at in range(lo, lo + whole, lanes.WIDTH):
        x, y = lanes.load_points(src, at)
        w = lanes.load(weights, at) if weights.shape[0] else lanes.like(x, 1.0)
        counts = w > 0.0
        most_w = lanes.select(most_w < w, w, most_w)
        least_x = lanes.select(counts & (x < least_x), x, least_x)
        least_y = lanes.select(counts & (y < least_y), y, least_y)
        most_x = lanes.select(counts & (most_x < x), x, most_x)
        most_y = lanes.select(counts & (most_y < y), y, most_y)
    ends = np.empty((3 * lanes.WIDTH, 2))
    lanes.store_points(ends, 0, least_x, least_y)
    lanes.store_points(ends, lanes.WIDTH, most_x, most_y)
    lanes.store_points(ends, 2 * lanes.WIDTH, most_w, most_w)
    for i in range(lanes.WIDTH):
        for axis in range(2):
            box[0, axis] = min(box[0, axis], ends[i, axis])
            box[1, axis] = max(box[1, axis], ends[lanes.WIDTH + i, axis])
        heaviest = max(heaviest, ends[2 * lanes.WIDTH + i, 0])
    return heaviest


@kernel
def find_frame(order: int, src: Points, dst: Points, weights: FloatArray, lo: int, hi: int, frame: FloatArray) -> int:
    """Fill frame (8,) for a fit.

    That is centre and scale of x, of y, scale of the weights, relative rounding of x and y, origin of the targets.

    Ill defined are points that coincide in x or y up to rounding (unless the order is 0), or that have no weight.
    """
    box = np.empty((2, 2))
    heaviest = box_of(src, weights, lo, hi, box)
    if weights.shape[0] and not heaviest > 0.0:
        return ILL_DEFINED
    frame[4] = 1.0 / heaviest if weights.shape[0] else 1.0
    frame[5] = 0.0
    for axis in range(2):
        centre = 0.5 * box[0, axis] + 0.5 * box[1, axis]
        half = max(box[1, axis] - centre, centre - box[0, axis])
        largest = max(abs(box[0, axis]), abs(box[1, axis]))
        if not math.isfinite(half):
            return ILL_DEFINED
        if not half > 4.0 * EPS * largest:
            if order > 0:
                return ILL_DEFINED
            half = 1.0
        frame[2 * axis], frame[2 * axis + 1] = centre, 1.0 / half
        frame[5] = max(frame[5], EPS * (1.0 + largest / half))
    frame[6], frame[7] = dst[lo, 0], dst[lo, 1]
    return OK if math.isfinite(frame[1] * frame[3]) else ILL_DEFINED
