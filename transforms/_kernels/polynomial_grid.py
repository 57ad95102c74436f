"""Polynomial fits to many targets over one grid: what depends on the grid alone is worked out once.

The bits are those of `polynomial_fit.fit_polynomial` on the same points. Grids whose normal equations would need
refinement are refused: their members are fitted one by one.
"""

from __future__ import annotations

import numpy as np

from transforms._jit import ZERO, kernel
from transforms._kernels import lanes
from transforms._kernels.chebyshev_block import column_count, fill, x_column, y_column
from transforms._kernels.householder import STRIDE, room
from transforms._kernels.least_squares import ILL_DEFINED, NOT_ENOUGH, NOT_FINITE, OK
from transforms._kernels.point_frame import find_frame
from transforms._kernels.point_sums import all_finite
from transforms._kernels.polynomial_fit import (
    GOOD_PIVOT,
    add_moments,
    factorise,
    normal_matrix,
    solve_factored,
    to_coefficients,
)
from transforms._kernels.rebase import term, term_count
from transforms._types import FloatArray, Points

Grid = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""Frame (8,), factor (K, K), scale (K,) and products (K, rows) of the terms at the points."""


@kernel
def prepare_grid(order: int, grid: Points) -> tuple[int, Grid]:
    """Factor the normal equations of a grid; a status other than OK means that members are to be fitted one by one."""
    terms, count = term_count(order), grid.shape[0]
    rows = (count + lanes.WIDTH - 1) // lanes.WIDTH * lanes.WIDTH
    frame, factor, scale, table = np.zeros(8), np.empty((terms, terms)), np.empty(terms), np.empty((terms, rows))
    none = np.empty(0)
    status = NOT_ENOUGH if count < terms else find_frame(order, grid, grid, none, ZERO, count, frame)
    if status == OK:
        work, moments = room(column_count(order)), np.zeros((2 * order + 1, 2 * order + 1))
        for first in range(0, count, STRIDE):
            size = fill(order, 2 * order, grid, grid, none, first, min(first + STRIDE, count), frame, work)
            add_moments(order, size, work, moments)
            copy_products(order, size, work, first, table)
        normal_matrix(order, moments, factor)
        if not factorise(factor, scale) >= GOOD_PIVOT:
            status = ILL_DEFINED
    return status, (frame, factor, scale, table)


@kernel
def copy_products(order: int, rows: int, work: FloatArray, first: int, table: FloatArray) -> None:
    """The products of a block into columns first to first + rows of the table."""
    for d in range(order + 1):
        for b in range(d + 1):
            x, y = x_column(d - b) * STRIDE, y_column(order, b) * STRIDE
            line = table[term(d - b, b)]
            for g in range(0, rows, lanes.WIDTH):
                lanes.store(line, first + g, lanes.load(work, x + g) * lanes.load(work, y + g))


@kernel
def project(table: FloatArray, u: FloatArray, v: FloatArray, solution: FloatArray) -> None:
    """Sums of the products times both targets, block by block as in a single fit."""
    for k in range(table.shape[0]):
        line = table[k]
        solution[k, 0] = solution[k, 1] = 0.0
        for start in range(0, line.shape[0], STRIDE):
            product = lanes.load(line, start)
            first, second = product * lanes.load(u, start), product * lanes.load(v, start)
            for at in range(start + lanes.WIDTH, min(start + STRIDE, line.shape[0]), lanes.WIDTH):
                product = lanes.load(line, at)
                first = lanes.fma(product, lanes.load(u, at), first)
                second = lanes.fma(product, lanes.load(v, at), second)
            solution[k, 0] += lanes.total(first)
            solution[k, 1] += lanes.total(second)


@kernel
def fit_on_grid(order: int, grid: Grid, dst: Points, scratch: FloatArray, coefficients: FloatArray) -> int:
    """Fit targets over a prepared grid into coefficients (2, K), left alone on failure; scratch is (2, rows)."""
    frame, factor, scale, table = grid
    own = frame.copy()
    own[6], own[7] = dst[0, 0], dst[0, 1]
    u, v = scratch[0], scratch[1]
    for i in range(table.shape[1]):
        u[i] = dst[i, 0] - own[6] if i < dst.shape[0] else 0.0
        v[i] = dst[i, 1] - own[7] if i < dst.shape[0] else 0.0
    solution = np.empty((table.shape[0], 2))
    project(table, u, v, solution)
    solve_factored(factor, scale, solution)
    total = 0.0
    for k in range(solution.shape[0]):
        total += 0.0 * solution[k, 0] + 0.0 * solution[k, 1]
    if total != 0.0:
        return ILL_DEFINED if all_finite(dst, dst, ZERO, dst.shape[0]) else NOT_FINITE
    to_coefficients(order, own, solution, coefficients, np.empty(coefficients.shape))
    return OK
