"""Interpreter of compiled programs: whole lists of transforms over blocks of points, or over one point with its Jacobian.

A block is small enough to stay in the first-level cache, so a list costs what its members cost and no more memory traffic than one.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._kernels import codes
from transforms._kernels.dispatch import leaf_apply
from transforms._kernels.java_order import apply_in_order
from transforms._kernels.lens import is_polynomial
from transforms._kernels.newton import solve_point
from transforms._kernels.polynomial_inverse import polynomial_preimages
from transforms._types import FloatArray, IntArray, Points

BLOCK = 512
"""Points per block: 8 KiB of coordinates."""


@kernel
def blend_block(weight: float, first: Points, current: Points) -> None:
    """Current = first + weight * (current - first), Java's order of operations."""
    for i in range(current.shape[0]):
        current[i, 0] = first[i, 0] + weight * (current[i, 0] - first[i, 0])
        current[i, 1] = first[i, 1] + weight * (current[i, 1] - first[i, 1])


@kernel
def swap_block(first: Points, current: Points) -> None:
    for i in range(current.shape[0]):
        first[i, 0], current[i, 0] = current[i, 0], first[i, 0]
        first[i, 1], current[i, 1] = current[i, 1], first[i, 1]


@kernel
def solve_block(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    start_map: FloatArray,
    scratch: FloatArray,
    initial: Points,
    tolerance: float,
    max_iterations: int,
    points: Points,
    failed: IntArray,
) -> None:
    """Replace points by their pre-images under instructions[lo:hi]; a failed one becomes NaN and is marked."""
    found = np.zeros(points.shape[0])
    if hi - lo == 1 and initial.shape[0] == 0:
        op = instructions[lo, codes.OP]
        values = params[instructions[lo, codes.START] : instructions[lo, codes.STOP]]
        if op == codes.POLYNOMIAL or (op == codes.LENS and is_polynomial(values)):
            polynomial_preimages(values, start_map, tolerance, max_iterations, points, found)
    for i in range(points.shape[0]):
        if found[i] > 0.0:
            continue
        x0 = initial[i, 0] if initial.shape[0] else math.nan
        y0 = initial[i, 1] if initial.shape[0] else math.nan
        u, v = points[i, 0], points[i, 1]
        x, y, good = solve_point(
            instructions, lo, hi, params, start_map, scratch, u, v, x0, y0, tolerance, max_iterations
        )
        points[i, 0] = x
        points[i, 1] = y
        if not good:
            failed[i] = 1


@kernel
def run_block(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    stack: FloatArray,
    scratch: FloatArray,
    initial: Points,
    tolerance: float,
    max_iterations: int,
    in_order: bool,
    points: Points,
    failed: IntArray,
) -> None:
    """Run instructions[lo:hi] on a block of points in place.

    ``stack`` is (depth, BLOCK, 2), ``scratch`` (depth + 1, 6) for the solver, ``failed`` (n,) is set to 1 where a pre-image was not
    found. ``initial`` is (0, 2), or (n, 2) start values for the solver. ``in_order`` asks for Java's order of operations.
    """
    count = points.shape[0]
    top = 0
    at = lo
    while at < hi:
        op = instructions[at, codes.OP]
        values = params[instructions[at, codes.START] : instructions[at, codes.STOP]]
        if op == codes.FORK:
            stack[top, :count] = points
            top += 1
        elif op == codes.SWITCH:
            swap_block(stack[top - 1, :count], points)
        elif op == codes.BLEND:
            top -= 1
            blend_block(values[0], stack[top, :count], points)
        elif op == codes.SOLVE:
            body = instructions[at, codes.BODY]
            solve_block(
                instructions,
                at + 1,
                at + 1 + body,
                params,
                values,
                scratch,
                initial,
                tolerance,
                max_iterations,
                points,
                failed,
            )
            at += body
        elif in_order:
            apply_in_order(op, values, points, points)
        else:
            leaf_apply(op, values, points, points)
        at += 1


@kernel
def run_program(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    depth: int,
    initial: Points,
    tolerance: float,
    max_iterations: int,
    in_order: bool,
    points: Points,
    out: Points,
    failed: IntArray,
) -> None:
    """Run instructions[lo:hi] on (N, 2) points, block by block; ``failed`` is (N,), zero where all went well."""
    total = points.shape[0]
    stack = np.empty((depth, min(BLOCK, total), 2))
    scratch = np.empty((depth + 1, 6))
    none = np.empty((0, 2))
    for first in range(0, total, BLOCK):
        last = min(first + BLOCK, total)
        block = out[first:last]
        block[:] = points[first:last]
        start = initial[first:last] if initial.shape[0] else none
        run_block(
            instructions,
            lo,
            hi,
            params,
            stack,
            scratch,
            start,
            tolerance,
            max_iterations,
            in_order,
            block,
            failed[first:last],
        )
