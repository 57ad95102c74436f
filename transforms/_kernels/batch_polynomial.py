"""Polynomial fits of many members: shared grids and ragged point sets."""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import ZERO, kernel, read_only
from transforms._kernels.batch import residual_summary
from transforms._kernels.polynomial import pack, polynomial_apply
from transforms._kernels.polynomial_fit import fit_polynomial
from transforms._kernels.polynomial_grid import fit_on_grid, prepare_grid
from transforms._types import FloatArray, IntArray, Points


@kernel
def batch_refit_polynomial(
    order: int,
    grid: Points,
    samples: Points,
    members: IntArray,
    fitted: FloatArray,
    rms: FloatArray,
    worst: FloatArray,
    status: IntArray,
) -> None:
    """Fit polynomials to the mapped grids of members, (M * count, 2); ``fitted`` is (T, 2, K)."""
    none = np.empty(0)
    mapped = np.empty(grid.shape)
    count = grid.shape[0]
    refused, prepared = prepare_grid(order, grid)
    scratch = np.empty((2, prepared[3].shape[1]))
    for m in range(members.shape[0]):
        t = members[m]
        target = samples[m * count : (m + 1) * count]
        if status[t] == 0 and refused:
            status[t] = fit_polynomial(order, grid, target, none, ZERO, count, fitted[t])
        elif status[t] == 0:
            status[t] = fit_on_grid(order, prepared, target, scratch, fitted[t])
        if status[t]:
            fitted[t] = math.nan
            rms[t] = worst[t] = math.nan
            continue
        polynomial_apply(read_only(pack(fitted[t], order)), grid, mapped)
        residual_summary(mapped, target, ZERO, count, t, rms, worst)


@kernel
def batch_fit_polynomial(
    order: int,
    src: Points,
    dst: Points,
    weights: FloatArray,
    offsets: IntArray,
    first: int,
    last: int,
    fitted: FloatArray,
    rms: FloatArray,
    worst: FloatArray,
    status: IntArray,
) -> None:
    """Fit members first to last of ragged point sets; ``fitted`` is (T, 2, K)."""
    longest = 1
    for t in range(first, last):
        longest = max(longest, offsets[t + 1] - offsets[t])
    mapped = np.empty((longest, 2))
    for t in range(first, last):
        lo, hi = offsets[t], offsets[t + 1]
        status[t] = fit_polynomial(order, src, dst, weights, lo, hi, fitted[t])
        if status[t]:
            fitted[t] = math.nan
            rms[t] = worst[t] = math.nan
            continue
        polynomial_apply(read_only(pack(fitted[t], order)), src[lo:hi], mapped[: hi - lo])
        residual_summary(mapped, dst, lo, hi, t, rms, worst)
