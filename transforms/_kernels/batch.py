"""What many members need besides the interpreter: statuses, boxes, fits of the linear family.

Every kernel works on a part of the members, so parts can run on different threads; each member goes through the same
kernels as a single transform and gets the same bits.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import ZERO, fma, kernel, lean_kernel, read_only
from transforms._kernels import codes, lanes
from transforms._kernels.java_order import affine_in_order
from transforms._kernels.least_squares import AFFINE, FRAME, NOT_ENOUGH, affine_frame, fit_slice, solve_affine
from transforms._kernels.linear import affine_apply
from transforms._kernels.mesh import box_of_points
from transforms._kernels.point_sums import rows_finite
from transforms._types import ByteArray, FloatArray, IntArray, Points

NOT_FINITE = 3
"""Status of a member whose map is not finite on its samples."""
NO_PREIMAGE = 4
"""Status of a member with a point that has no pre-image."""


@lean_kernel
def member_statuses(
    members: IntArray, count: int, points: Points, out: Points, failed: ByteArray, status: IntArray
) -> None:
    """Statuses of mapped members, where they have none yet; rows that were not finite before do not count.

    Arguments as of `program.run_members`; ``status`` is by member number. A member that has a status already, such as
    one without inverse, gets NaN rows.
    """
    shared = points.shape[0] == count
    for m in range(members.shape[0]):
        t = members[m]
        base = m * count
        source = 0 if shared else base
        if status[t]:
            out[base : base + count] = math.nan
            continue
        if rows_finite(out, base, base + count):  # a failed row is NaN
            continue
        for i in range(count):
            if math.isfinite(points[source + i, 0] + points[source + i, 1]):
                if failed[base + i]:
                    status[t] = NO_PREIMAGE
                    break
                if not math.isfinite(out[base + i, 0] + out[base + i, 1]):
                    status[t] = NOT_FINITE


@lean_kernel
def member_boxes(members: IntArray, count: int, mapped: Points, boxes: FloatArray) -> None:
    """Stored boxes from ``count`` mapped border points of each member; NaN where they are not all finite."""
    for m in range(members.shape[0]):
        t = members[m]
        if not box_of_points(mapped[m * count : (m + 1) * count], False, boxes[t]):
            boxes[t] = math.nan


@kernel
def affine_boxes(
    instructions: IntArray, params: FloatArray, members: IntArray, ends: Points, boxes: FloatArray
) -> None:
    """Boxes as of `member_boxes` where instruction t, an affine map, is all that member t has; see `border_ends_of`."""
    mapped = np.empty(ends.shape)
    for m in range(members.shape[0]):
        t = members[m]
        start = instructions[t, codes.START]
        affine_in_order(params[start : start + 6], ends, mapped)
        if not box_of_points(mapped, False, boxes[t]):
            boxes[t] = math.nan


@lean_kernel
def residual_summary(
    mapped: Points, target: Points, lo: int, hi: int, row: int, rms: FloatArray, worst: FloatArray
) -> None:
    """Root mean square and maximum of the distances of rows 0 to hi - lo of mapped to rows lo to hi of target."""
    total = largest = 0.0
    count = hi - lo
    whole = count - count % lanes.WIDTH
    if whole:
        x, y = lanes.load_points(mapped, 0)
        totals, most = lanes.like(x, 0.0), lanes.like(x, 0.0)
        for i in range(0, whole, lanes.WIDTH):
            x, y = lanes.load_points(mapped, i)
            u, v = lanes.load_points(target, lo + i)
            x, y = x - u, y - v
            squares = lanes.fma(x, x, y * y)
            totals = totals + squares
            most = lanes.select(squares > most, squares, most)
        total, largest = lanes.total(totals), lanes.largest(most)
    for i in range(lo + whole, hi):
        dx, dy = mapped[i - lo, 0] - target[i, 0], mapped[i - lo, 1] - target[i, 1]
        square = fma(dx, dx, dy * dy)
        total += square
        largest = max(largest, square)
    rms[row] = math.sqrt(total / max(count, 1))
    worst[row] = math.sqrt(largest)


@lean_kernel
def solve_shared(
    frame: FloatArray, grid: Points, samples: Points, first: int, none: FloatArray, fitted: FloatArray, t: int
) -> int:
    """Affine fit of member t to samples from a row on, from the frame of the grid; a status."""
    count = grid.shape[0]
    return solve_affine(frame, grid, samples[first : first + count], none, ZERO, count, fitted[t])


@lean_kernel
def summarise(
    fitted: FloatArray,
    t: int,
    grid: Points,
    samples: Points,
    first: int,
    mapped: Points,
    rms: FloatArray,
    worst: FloatArray,
) -> None:
    """Residuals of the fit of member t to samples from a row on."""
    count = grid.shape[0]
    affine_apply(read_only(fitted[t]), grid, mapped)
    residual_summary(mapped, samples[first : first + count], ZERO, count, t, rms, worst)


@kernel
def batch_refit_linear(
    model: int,
    grid: Points,
    samples: Points,
    members: IntArray,
    fitted: FloatArray,
    rms: FloatArray,
    worst: FloatArray,
    status: IntArray,
) -> None:
    """Fit the linear family to the mapped grids of members, (M * count, 2); ``fitted`` is (T, 6)."""
    none = np.empty(0)
    mapped = np.empty(grid.shape)
    count = grid.shape[0]
    frame = np.empty(FRAME)
    framed = affine_frame(grid, none, ZERO, count, frame) if count else NOT_ENOUGH
    for m in range(members.shape[0]):
        t = members[m]
        first = m * count
        if status[t] == 0:
            if model == AFFINE and framed == 0:  # the part that is the same for all
                status[t] = solve_shared(frame, grid, samples, first, none, fitted, t)
            else:
                status[t] = fit_slice(model, grid, samples[first : first + count], none, ZERO, count, fitted[t])
        if status[t]:
            fitted[t] = rms[t] = worst[t] = math.nan
            continue
        summarise(fitted, t, grid, samples, first, mapped, rms, worst)


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
        affine_apply(read_only(fitted[t]), src[lo:hi], mapped[: hi - lo])
        residual_summary(mapped, dst, lo, hi, t, rms, worst)
