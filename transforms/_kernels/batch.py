"""Many programs over few points each: the loops behind `TransformBatch` and `fit_batch`.

Members are slices of one table of instructions. Every kernel works on a range of members with its own small buffers, so ranges can run on
different threads; each member goes through the same kernels as a single transform and gets the same bits.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._kernels import codes
from transforms._kernels.dispatch import leaf_apply
from transforms._kernels.java_order import apply_in_order
from transforms._kernels.least_squares import fit_slice
from transforms._kernels.linear import affine_apply
from transforms._kernels.mesh import box_of_points
from transforms._kernels.program import BLOCK, run_block
from transforms._types import FloatArray, IntArray, Points

SLOTS = 16
"""Images of the shared grid that a thread remembers: tiles of one camera share their lens correction."""

NOT_FINITE = 3
"""Status of a member whose map is not finite on its samples."""
NO_PREIMAGE = 4
"""Status of a member with a point that has no pre-image."""


@kernel
def run_member(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    stack: FloatArray,
    scratch: FloatArray,
    tolerance: float,
    max_iterations: int,
    in_order: bool,
    points: Points,
    failed: IntArray,
) -> None:
    """Run one member's instructions on points in place, block by block."""
    none = points[:0]
    for first in range(0, points.shape[0], BLOCK):
        last = min(first + BLOCK, points.shape[0])
        run_block(
            instructions, lo, hi, params, stack, scratch, none, tolerance, max_iterations, in_order,
            points[first:last], failed[first:last],
        )


@kernel
def map_grid(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    stack: FloatArray,
    scratch: FloatArray,
    in_order: bool,
    grid: Points,
    cache: FloatArray,
    owners: IntArray,
    out: Points,
    failed: IntArray,
) -> None:
    """Map the shared grid by one member; what a costly first leaf makes of the grid is remembered in ``cache``.

    ``owners`` (SLOTS, 2) holds operation and parameter offset of each slot.
    """
    at = lo
    op = instructions[lo, codes.OP] if lo < hi else codes.AFFINE
    if codes.HOMOGRAPHY < op < codes.FORK:
        start, stop = instructions[lo, codes.START], instructions[lo, codes.STOP]
        slot = start % SLOTS
        if owners[slot, 0] != op or owners[slot, 1] != start:
            if in_order:
                apply_in_order(op, params[start:stop], grid, cache[slot])
            else:
                leaf_apply(op, params[start:stop], grid, cache[slot])
            owners[slot, 0], owners[slot, 1] = op, start
        out[:] = cache[slot]
        at = lo + 1
    else:
        out[:] = grid
    run_member(instructions, at, hi, params, stack, scratch, 1e-9, 50, in_order, out, failed)


@kernel
def not_finite_status(points: Points, out: Points, failed: IntArray) -> int:
    """Status of a mapped member: rows that were not finite before do not count."""
    status = 0
    for i in range(out.shape[0]):
        if math.isfinite(points[i, 0] + points[i, 1]):
            if failed[i]:
                return NO_PREIMAGE
            if not math.isfinite(out[i, 0] + out[i, 1]):
                status = NOT_FINITE
    return status


@kernel
def batch_map(
    instructions: IntArray,
    offsets: IntArray,
    params: FloatArray,
    depth: int,
    points: FloatArray,
    shared: bool,
    tolerance: float,
    max_iterations: int,
    first: int,
    last: int,
    out: FloatArray,
    status: IntArray,
) -> None:
    """Run members first to last: points (1, N, 2) for all when ``shared``, else (T, N, 2); out is (T, N, 2)."""
    stack = np.empty((depth, BLOCK, 2))
    scratch = np.empty((depth + 1, 6))
    failed = np.zeros(points.shape[1], dtype=np.int64)
    for t in range(first, last):
        source = points[0] if shared else points[t]
        if status[t]:
            out[t] = math.nan
            continue
        failed[:] = 0
        out[t] = source
        run_member(
            instructions, offsets[t], offsets[t + 1], params, stack, scratch, tolerance, max_iterations, False, out[t],
            failed,
        )
        status[t] = not_finite_status(source, out[t], failed)


@kernel
def batch_boxes(
    instructions: IntArray,
    offsets: IntArray,
    params: FloatArray,
    depth: int,
    members: IntArray,
    border: Points,
    first: int,
    last: int,
    boxes: FloatArray,
    status: IntArray,
) -> None:
    """Stored boxes of tiles of one size, members[first:last]; NaN where the map is not finite on the border."""
    stack = np.empty((depth, BLOCK, 2))
    scratch = np.empty((depth + 1, 6))
    failed = np.zeros(border.shape[0], dtype=np.int64)
    cache = np.empty((SLOTS, border.shape[0], 2))
    owners = np.full((SLOTS, 2), -1, dtype=np.int64)
    mapped = np.empty(border.shape)
    for m in range(first, last):
        t = members[m]
        map_grid(
            instructions, offsets[t], offsets[t + 1], params, stack, scratch, True, border, cache, owners, mapped, failed
        )
        if not box_of_points(mapped, False, boxes[t]):
            boxes[t] = math.nan
            status[t] = NOT_FINITE


@kernel
def residual_summary(mapped: Points, target: Points, lo: int, hi: int, row: int, rms: FloatArray, worst: FloatArray) -> None:
    """Root mean square and maximum of the distances of rows 0 to hi - lo of mapped to rows lo to hi of target."""
    total = 0.0
    largest = 0.0
    for i in range(lo, hi):
        dx, dy = mapped[i - lo, 0] - target[i, 0], mapped[i - lo, 1] - target[i, 1]
        square = dx * dx + dy * dy
        total += square
        largest = max(largest, square)
    rms[row] = math.sqrt(total / max(hi - lo, 1))
    worst[row] = math.sqrt(largest)


@kernel
def batch_sample(
    instructions: IntArray,
    offsets: IntArray,
    params: FloatArray,
    depth: int,
    members: IntArray,
    grid: Points,
    first: int,
    last: int,
    out: FloatArray,
    status: IntArray,
) -> None:
    """Map the shared grid by members[first:last] into out (last - first, S, 2), with statuses by member number."""
    stack = np.empty((depth, BLOCK, 2))
    scratch = np.empty((depth + 1, 6))
    failed = np.zeros(grid.shape[0], dtype=np.int64)
    cache = np.empty((SLOTS, grid.shape[0], 2))
    owners = np.full((SLOTS, 2), -1, dtype=np.int64)
    for m in range(first, last):
        t = members[m]
        failed[:] = 0
        map_grid(
            instructions, offsets[t], offsets[t + 1], params, stack, scratch, False, grid, cache, owners,
            out[m - first], failed,
        )
        status[t] = not_finite_status(grid, out[m - first], failed)


@kernel
def batch_refit_linear(
    model: int,
    grid: Points,
    samples: FloatArray,
    members: IntArray,
    first: int,
    last: int,
    fitted: FloatArray,
    rms: FloatArray,
    worst: FloatArray,
    status: IntArray,
) -> None:
    """Fit one member of the linear family to the mapped grids of members[first:last]; ``fitted`` is (T, 6)."""
    none = np.empty(0)
    mapped = np.empty(grid.shape)
    count = grid.shape[0]
    for m in range(first, last):
        t = members[m]
        target = samples[m - first]
        if status[t] == 0:
            status[t] = fit_slice(model, grid, target, none, 0, count, fitted[t])
        if status[t]:
            fitted[t] = rms[t] = worst[t] = math.nan
            continue
        affine_apply(fitted[t], grid, mapped)
        residual_summary(mapped, target, 0, count, t, rms, worst)


@kernel
def batch_fit_linear(
    model: int,
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
    """Fit members first to last of ragged point sets; ``fitted`` is (T, 6)."""
    longest = 1
    for t in range(first, last):
        longest = max(longest, offsets[t + 1] - offsets[t])
    mapped = np.empty((longest, 2))
    for t in range(first, last):
        lo, hi = offsets[t], offsets[t + 1]
        status[t] = fit_slice(model, src, dst, weights, lo, hi, fitted[t])
        if status[t]:
            fitted[t] = rms[t] = worst[t] = math.nan
            continue
        affine_apply(fitted[t], src[lo:hi], mapped[: hi - lo])
        residual_summary(mapped, dst, lo, hi, t, rms, worst)
