"""Interpreter of compiled programs: lists of transforms over blocks of points, for one transform or for many.

A block is small enough to stay in the first-level cache, so a list costs what its members cost and no more memory
traffic than one. `run_members` is the only way in from Python: the interpreter holds every family's kernel, and to
compile it once is enough.
"""

from __future__ import annotations

import numpy as np

from transforms._jit import kernel
from transforms._kernels import codes, lanes
from transforms._kernels.dispatch import leaf_apply
from transforms._kernels.java_order import apply_in_order
from transforms._kernels.nested import solve_nested_block
from transforms._types import ByteArray, FloatArray, IntArray, Points

BLOCK = 512
"""Points per block: 8 KiB of coordinates."""
SLOTS = 16
"""Images of shared points that are remembered: tiles of one camera share their lens correction."""
MOST_REMEMBERED = 2048
"""Largest set of shared points that is worth remembering."""

IN_ORDER = 2
"""Place in the options of a run, beside those of `newton`. Not zero asks for Java's order of operations."""


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
    top = 0
    at = lo
    while at < hi:
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
        elif op == codes.SOLVE:
            stop = at + 1 + instructions[at, codes.BODY]
            solve_nested_block(instructions, at + 1, stop, params, values, scratch, initial, options, points, failed)
            at = stop - 1
        elif options[IN_ORDER] != 0.0:
            apply_in_order(op, values, points, points)
        else:
            leaf_apply(op, values, points, points)
        at += 1


@kernel
def remembered(
    instructions: IntArray,
    at: int,
    params: FloatArray,
    in_order: bool,
    points: Points,
    images: FloatArray,
    owners: IntArray,
    out: Points,
) -> bool:
    """Take the image of shared points under a costly first leaf from where an earlier member left it.

    ``images`` is (SLOTS, N, 2), ``owners`` (SLOTS, 2) holds operation and parameter offset of each. False, and
    nothing done, when instruction ``at`` is cheap or no leaf.
    """
    op = instructions[at, codes.OP]
    if not codes.HOMOGRAPHY < op < codes.FORK:
        return False
    start = instructions[at, codes.START]
    slot = start % SLOTS
    if owners[slot, 0] != op or owners[slot, 1] != start:
        values = params[start : instructions[at, codes.STOP]]
        if in_order:
            apply_in_order(op, values, points, images[slot])
        else:
            leaf_apply(op, values, points, images[slot])
        owners[slot, 0], owners[slot, 1] = op, start
    copy_points(images[slot], out)
    return True


@kernel
def first_leaf(
    instructions: IntArray, lo: int, hi: int, params: FloatArray, in_order: bool, points: Points, out: Points
) -> int:
    """Bring points into ``out``, through the first instruction if it is a leaf: that saves a copy. Where to go on."""
    if lo < hi and instructions[lo, codes.OP] < codes.FORK:
        values = params[instructions[lo, codes.START] : instructions[lo, codes.STOP]]
        if in_order:
            apply_in_order(instructions[lo, codes.OP], values, points, out)
        else:
            leaf_apply(instructions[lo, codes.OP], values, points, out)
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
    remember = shared and count <= MOST_REMEMBERED
    stack = np.empty((depth, min(BLOCK, count), 2))
    scratch = np.empty((depth + 1, 6))
    images = np.empty((SLOTS, count, 2)) if remember else np.empty((0, 0, 2))
    owners = np.full((SLOTS if remember else 0, 2), -1, dtype=np.int64)
    none = np.empty((0, 2))
    for m in range(members.shape[0]):
        lo, hi = offsets[members[m]], offsets[members[m] + 1]
        base = m * count
        source = 0 if shared else base
        begun = False
        if remember and lo < hi:
            whole = out[base : base + count]
            begun = remembered(instructions, lo, params, options[IN_ORDER] != 0.0, points, images, owners, whole)
        for first in range(0, count, BLOCK):
            last = min(first + BLOCK, count)
            block = out[base + first : base + last]
            at = lo + 1
            if not begun:
                given = points[source + first : source + last]
                at = first_leaf(instructions, lo, hi, params, options[IN_ORDER] != 0.0, given, block)
            start = initial[first:last] if initial.shape[0] else none
            run_block(
                instructions,
                at,
                hi,
                params,
                stack,
                scratch,
                start,
                options,
                block,
                failed[base + first : base + last],
            )
