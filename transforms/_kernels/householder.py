"""Least squares by orthogonal transformations, fed row block by row block: O(N) time, memory for one block.

The triangle is (K + 2, K + 2) with the two right-hand sides as its last columns; rows come as columns of numbers,
STRIDE apart, in a flat ``work`` array, their count a multiple of eight (zeros fill up).
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._kernels import lanes
from transforms._types import FloatArray

STRIDE = 104
"""Rows per block: whole cache lines, and no power of two, which would have columns compete for places in the cache."""


@kernel
def room(columns: int) -> FloatArray:
    """A work array for so many columns, beginning on a cache line: vectors across two lines load at half the speed."""
    raw = np.empty(columns * STRIDE + lanes.WIDTH)
    skip = -(raw.ctypes.data // 8) % lanes.WIDTH
    return raw[skip : skip + columns * STRIDE]


@kernel
def dot(work: FloatArray, a: int, b: int, rows: int) -> float:
    """Sum of products of two columns, in a fixed order."""
    a, b = a * STRIDE, b * STRIDE
    total = lanes.load(work, a) * lanes.load(work, b)
    for g in range(lanes.WIDTH, rows, lanes.WIDTH):
        total = lanes.fma(lanes.load(work, a + g), lanes.load(work, b + g), total)
    return lanes.total(total)


@kernel
def subtract(work: FloatArray, a: int, b: int, rows: int, factor: float) -> None:
    """Column a minus factor times column b, in place."""
    a, b = a * STRIDE, b * STRIDE
    for g in range(0, rows, lanes.WIDTH):
        lanes.store(work, a + g, lanes.fma(lanes.load(work, b + g), -factor, lanes.load(work, a + g)))


@kernel
def absorb(triangle: FloatArray, work: FloatArray, first: int, rows: int) -> None:
    """Rotate a block, its columns at ``first`` and the following, into the triangle; the block is destroyed."""
    count = triangle.shape[0] - 2
    for k in range(count):
        old = triangle[k, k]
        below = dot(work, first + k, first + k, rows)
        if below == 0.0:
            continue
        size = math.sqrt(old * old + below)
        pivot = -size if old > 0.0 else size
        head = old - pivot
        triangle[k, k] = pivot
        share = -1.0 / (pivot * head)
        for j in range(k + 1, count + 2):
            along = (head * triangle[k, j] + dot(work, first + k, first + j, rows)) * share
            triangle[k, j] -= along * head
            subtract(work, first + j, first + k, rows, along)


@kernel
def back_substitute(triangle: FloatArray, noise: float, solution: FloatArray) -> bool:
    """Solve for both right-hand sides into solution (K, 2); False if a column depends on those before it.

    That is judged relative to the size of the column itself.
    """
    count = triangle.shape[0] - 2
    for k in range(count - 1, -1, -1):
        size = 0.0
        for i in range(k + 1):
            size = math.hypot(size, triangle[i, k])
        if not abs(triangle[k, k]) > noise * size:
            return False
        a, b = triangle[k, count], triangle[k, count + 1]
        for j in range(k + 1, count):
            a -= triangle[k, j] * solution[j, 0]
            b -= triangle[k, j] * solution[j, 1]
        solution[k, 0] = a / triangle[k, k]
        solution[k, 1] = b / triangle[k, k]
    return True
