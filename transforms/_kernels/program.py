"""Interpreter of compiled programs: lists of transforms over blocks of points, for one transform or for many.

A block is small enough to stay in the first-level cache, so a list costs what its members cost and no more memory
traffic than one. `run_members` is the only way in from Python. The families and solvers that a program names have to
be loaded (`dispatch`).
"""

from __future__ import annotations

import numpy as np

from transforms._jit import fma, kernel
from transforms._kernels import calls, codes, lanes
from transforms._kernels.dispatch import APPLY, SOLVER, leaf_apply
from transforms._types import ByteArray, FloatArray, IntArray, Points

BLOCK = 512
"""Points per block: 8 KiB of coordinates."""
SLOTS = 16
"""Images of shared points that are remembered: tiles of one camera share their lens correction."""
MOST_REMEMBERED = 2048
"""Largest set of shared points that is worth remembering."""

KIND = 2
"""Place in the options of a run, beside those of `newton`: the kind of kernels of leaf transforms (`dispatch`)."""


@kernel
def blend_block(weight: float, first: Points, current: Points) -> None:
    """Blend: first + weight * (current - first), Java's order of operations."""
    for i in range(current.shape[0]):
        current[i, 0] = first[i, 0] + weight * (current[i, 0] - first[i, 0])
        current[i, 1] = first[i, 1] + weight * (current[i, 1] - first[i, 1])


@kernel
def copy_points(points: Points, out: Points) -> None:
    """Copy rows: numba's own assignment of arrays takes ten times as long for a hundred points."""
    count = points.shape[0]
    whole = count - count % lanes.WIDTH
    for i in range(0, whole, lanes.WIDTH):
        x, y = lanes.load_points(points, i)
        lanes.store_points(out, i, x, y)
    for i in range(whole, count):
        out[i, 0] = points[i, 0]
        out[i, 1] = points[i, 1]


@kernel
def swap_block(first: Points, current: Points) -> None:
    for i in range(current.shape[0]):
        first[i, 0], current[i, 0] = current[i, 0], first[i, 0]
        first[i, 1], current[i, 1] = current[i, 1], first[i, 1]


@kernel
def affine_run(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    points: Points,
    source: int,
    out: Points,
    base: int,
    count: int,
) -> None:
    """Map rows from ``source`` on to rows from ``base`` on by affine maps, all of them while they are in registers.

    Instructions lo to hi are the maps. Slices, such as of the parameters, would take as long as a hundred points.
    """
    whole = count - count % lanes.WIDTH
    for i in range(0, whole, lanes.WIDTH):
        xs, ys = lanes.load_points(points, source + i)
        for at in range(lo, hi):
            k = instructions[at, codes.START]
            us = lanes.fma(params[k], xs, lanes.fma(params[k + 1], ys, lanes.like(xs, params[k + 2])))
            ys = lanes.fma(params[k + 3], xs, lanes.fma(params[k + 4], ys, lanes.like(xs, params[k + 5])))
            xs = us
        lanes.store_points(out, base + i, xs, ys)
    for i in range(whole, count):
        x, y = points[source + i, 0], points[source + i, 1]
        for at in range(lo, hi):
            k = instructions[at, codes.START]
            u = fma(params[k], x, fma(params[k + 1], y, params[k + 2]))
            y = fma(params[k + 3], x, fma(params[k + 4], y, params[k + 5]))
            x = u
        out[base + i, 0], out[base + i, 1] = x, y


@kernel
def affines_end(instructions: IntArray, lo: int, hi: int, kind: int) -> int:
    """End of the run of affine maps that begins at ``lo``; ``lo`` itself where they are to be done in Java's order."""
    while lo < hi and instructions[lo, codes.OP] == codes.AFFINE and kind == APPLY:
        lo += 1
    return lo


@kernel
def run_block(
    instructions: IntArray,
    lo: int,
    hi: int,
    params: FloatArray,
    stack: FloatArray,
    scratch: FloatArray,
    initial: Points,
    options: FloatArray,
    points: Points,
    failed: ByteArray,
) -> None:
    """Run instructions[lo:hi] on a block of points in place.

    ``stack`` is (depth, BLOCK, 2), ``scratch`` (depth + 1, 6) for the solver, ``failed`` (n,) is set to 1 where a
    pre-image was not found. ``initial`` is (0, 2), or (n, 2) start values for the solver.
    """
    count = points.shape[0]
    kind = int(options[KIND])
    top = 0
    at = lo
    while at < hi:
        stop = affines_end(instructions, at, hi, kind)
        if stop > at:
            affine_run(instructions, at, stop, params, points, 0, points, 0, count)
            at = stop
            continue
        op = instructions[at, codes.OP]
        values = params[instructions[at, codes.START] : instructions[at, codes.STOP]]
        if op == codes.FORK:
            copy_points(points, stack[top, :count])
            top += 1
        elif op == codes.SWITCH:
            swap_block(stack[top - 1, :count], points)
        elif op == codes.BLEND:
            top -= 1
            blend_block(values[0], stack[top, :count], points)
        elif op >= codes.SOLVE:
            stop = at + 1 + instructions[at, codes.BODY]
            solver = calls.address_of(SOLVER, op - codes.SOLVE)
            calls.call_solve(
                solver, instructions, at + 1, stop, params, values, scratch, initial, options, points, failed
            )
            at = stop - 1
        else:
            leaf_apply(op, kind, values, points, points)
        at += 1


@kernel
def is_costly(instructions: IntArray, at: int, hi: int) -> bool:
    """Whether a program begins with a leaf whose image of shared points is worth remembering."""
    return at < hi and codes.HOMOGRAPHY < instructions[at, codes.OP] < codes.FORK


@kernel
def remember(
    instructions: IntArray, at: int, params: FloatArray, kind: int, points: Points, images: Points, row: int
) -> None:
    """Put the image of shared points under the leaf that is instruction ``at`` into ``images`` from a row on."""
    op = instructions[at, codes.OP]
    values = params[instructions[at, codes.START] : instructions[at, codes.STOP]]
    image = images[row : row + points.shape[0]]
    leaf_apply(op, kind, values, points, image)


@kernel
def first_leaf(
    instructions: IntArray, lo: int, hi: int, params: FloatArray, kind: int, points: Points, out: Points
) -> int:
    """Bring points into ``out``, through the first instruction if it is a leaf: that saves a copy. Where to go on."""
    if lo < hi and instructions[lo, codes.OP] < codes.FORK:
        values = params[instructions[lo, codes.START] : instructions[lo, codes.STOP]]
        leaf_apply(instructions[lo, codes.OP], kind, values, points, out)
        return lo + 1
    copy_points(points, out)
    return lo


@kernel
def run_members(
    instructions: IntArray,
    offsets: IntArray,
    params: FloatArray,
    depth: int,
    members: IntArray,
    count: int,
    initial: Points,
    options: FloatArray,
    points: Points,
    out: Points,
    failed: ByteArray,
) -> None:
    """Run the programs of ``members`` on ``count`` points each.

    Member t has instructions offsets[t]:offsets[t + 1]. ``points`` is (count, 2) for all members or (M * count, 2),
    ``out`` (M * count, 2), ``failed`` (M * count,) zeros, set to 1 where no pre-image was found. ``initial`` is (0, 2)
    or, for a single member, (count, 2) start values. ``out`` may be ``points`` for a single member.
    """
    shared = points.shape[0] == count and members.shape[0] > 1
    remember_them = shared and count <= MOST_REMEMBERED
    stack = np.empty((depth, min(BLOCK, count), 2))
    scratch = np.empty((depth + 1, 6))
    # Images of the points under costly leaves, and which leaf, by parameter offset and operation, each is of.
    images = np.empty((SLOTS * count if remember_them else 0, 2))
    owners = np.full(SLOTS, -1, dtype=np.int64)
    none = np.empty((0, 2))
    kind = int(options[KIND])
    for m in range(members.shape[0]):
        lo, hi = offsets[members[m]], offsets[members[m] + 1]
        base = m * count
        source = 0 if shared else base
        row = -1
        if remember_them and is_costly(instructions, lo, hi):
            slot = instructions[lo, codes.START] % SLOTS
            leaf = instructions[lo, codes.START] * codes.FORK + instructions[lo, codes.OP]
            row = slot * count
            if owners[slot] != leaf:
                remember(instructions, lo, params, kind, points, images, row)
                owners[slot] = leaf
        at = lo + (row >= 0)
        stop = affines_end(instructions, at, hi, kind)
        begun = row >= 0 or stop == hi or (stop > lo and count <= BLOCK)
        if row >= 0:
            affine_run(instructions, at, stop, params, images, row, out, base, count)
        elif begun:
            affine_run(instructions, at, stop, params, points, source, out, base, count)
        if begun and stop == hi:
            continue
        for first in range(0, count, BLOCK):
            last = min(first + BLOCK, count)
            block = out[base + first : base + last]
            at = stop
            if not begun:
                given = points[source + first : source + last]
                at = first_leaf(instructions, lo, hi, params, kind, given, block)
            begin = initial[first:last] if initial.shape[0] else none
            missed = failed[base + first : base + last]
            run_block(instructions, at, hi, params, stack, scratch, begin, options, block, missed)
