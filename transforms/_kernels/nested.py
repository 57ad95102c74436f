"""The solver for what holds inverses itself, such as an interpolation between inverses that is to be inverted.

Newton's method on a map each value of which is found by Newton's method. Compiled recursion does not survive numba's
cache, hence a second storey: the kernels of `newton` once more, with the solver of the first storey where that one
gives NaN.
"""

from __future__ import annotations

import numpy as np

from transforms._jit import copy_kernel, kernel
from transforms._kernels import newton
from transforms._kernels.linear import Jet
from transforms._kernels.newton import program_jet, solve_block
from transforms._types import FloatArray, IntArray

INNER_OPTIONS = (1e-9, 50.0)
"""Tolerance and limit of an inverse that is part of a map: those of `Transform.apply`."""


@kernel
def inner_jet(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    start_map: FloatArray,
    scratch: FloatArray,
    u: float,
    v: float,
) -> Jet:
    """Pre-image of (u, v) under instructions[lo:hi], and the inverse of the Jacobian there; NaN where there is none."""
    point = np.array([[u, v]])
    failed = np.zeros(1, dtype=np.uint8)
    none = np.empty((0, 2))
    options = np.array(INNER_OPTIONS)
    solve_block(instructions, lo, hi, params, start_map, scratch, none, options, point, failed)
    x, y = point[0, 0], point[0, 1]
    _u, _v, a, b, c, d = program_jet(instructions, lo, hi, params, scratch, x, y)
    det = a * d - b * c
    return x, y, d / det, -b / det, -c / det, a / det


nested_jet = copy_kernel(newton.program_jet, "nested_jet", __file__, solved_jet=inner_jet)
_jet_at = copy_kernel(newton.jet_at, "nested_jet_at", __file__, program_jet=nested_jet)
_descend = copy_kernel(newton.descend, "nested_descend", __file__, jet_at=_jet_at)
_nearest_start = copy_kernel(newton.nearest_start, "nested_nearest_start", __file__, program_jet=nested_jet)
_solve_point = copy_kernel(
    newton.solve_point, "nested_solve_point", __file__, descend=_descend, nearest_start=_nearest_start
)
solve_nested_block = copy_kernel(newton.solve_block, "solve_nested_block", __file__, solve_point=_solve_point)
"""As `newton.solve_block`, for instructions that may hold some that solve."""
