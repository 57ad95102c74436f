"""Parameters of a thin plate spline as its kernel wants them: see `thin_plate_spline` for their layout."""

from __future__ import annotations

import math

from transforms._jit import kernel
from transforms._kernels.double_double import LN2, add, multiply, two_product, two_sum
from transforms._kernels.lanes import WIDTH
from transforms._kernels.thin_plate_spline import HEADER
from transforms._types import FloatArray, Points


@kernel
def find_scale(landmarks: Points, packed: FloatArray) -> None:
    """Centre of the landmarks, and the exponent of their mean square distance from it; zeros if not finite."""
    count = landmarks.shape[0]
    x = y = square = 0.0
    for i in range(count):
        x, y = x + landmarks[i, 0] / count, y + landmarks[i, 1] / count
    for i in range(count):
        dx, dy = landmarks[i, 0] - x, landmarks[i, 1] - y
        square += (dx * dx + dy * dy) / count
    if not math.isfinite(square):
        x = y = square = 0.0
    packed[1] = math.frexp(square)[1] if square > 0.0 else 0.0
    packed[2], packed[3] = x, y


@kernel
def fill_polynomial(landmarks: Points, weights: FloatArray, block: FloatArray, axis: int, packed: FloatArray) -> None:
    """Four coefficients of an axis: the affine block about the centre, and what the unit of distance leaves out.

    The sums run with twice the digits: their terms cancel.
    """
    exponent, cx, cy = packed[1], packed[2], packed[3]
    constant = add(two_product(block[axis, 0], cx), two_product(block[axis, 1], cy))
    constant = add(constant, (block[axis, 2], 0.0))
    a, b, square = (block[axis, 0], 0.0), (block[axis, 1], 0.0), (0.0, 0.0)
    if exponent != 0.0:
        total = wx = wy = wxx = (0.0, 0.0)
        for i in range(landmarks.shape[0]):
            dx, dy, w = two_sum(landmarks[i, 0], -cx), two_sum(landmarks[i, 1], -cy), (weights[i, axis], 0.0)
            total, wx, wy = add(total, w), add(wx, multiply(dx, w)), add(wy, multiply(dy, w))
            wxx = add(wxx, multiply(add(multiply(dx, dx), multiply(dy, dy)), w))
        log_unit = multiply(LN2, (0.5 * exponent, 0.0))
        twice = (-2.0 * log_unit[0], -2.0 * log_unit[1])
        constant = add(constant, multiply(wxx, log_unit))
        a, b = add(a, multiply(wx, twice)), add(b, multiply(wy, twice))
        square = multiply(total, log_unit)
    at = 4 + 4 * axis
    packed[at], packed[at + 1], packed[at + 2], packed[at + 3] = constant[0], a[0], b[0], square[0]


@kernel
def pack_spline(landmarks: Points, weights: FloatArray, block: FloatArray, packed: FloatArray) -> None:
    """Fill ``packed`` from landmarks and weights (N, 2) and the affine block (2, 3)."""
    count = landmarks.shape[0]
    stride = (packed.shape[0] - HEADER) // 4
    packed[0] = stride // WIDTH
    find_scale(landmarks, packed)
    total = 0.0
    for axis in range(2):
        fill_polynomial(landmarks, weights, block, axis, packed)
        for k in range(4):
            total += 0.0 * packed[4 + 4 * axis + k]
    if total != 0.0:  # not finite: the formula as it stands
        packed[1] = packed[2] = packed[3] = 0.0
        for axis in range(2):
            at = 4 + 4 * axis
            packed[at], packed[at + 1], packed[at + 2] = block[axis, 2], block[axis, 0], block[axis, 1]
            packed[at + 3] = 0.0
    for j in range(stride):
        i = j if j < count else 0
        share = 0.5 if j < count else 0.0
        for axis in range(2):
            packed[HEADER + axis * stride + j] = landmarks[i, axis]
            packed[HEADER + (2 + axis) * stride + j] = share * weights[i, axis]
