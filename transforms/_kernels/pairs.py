"""Four points at a time as they stand in memory: x and y in turns, in one lanes value.

For maps that do the same with x and y, such as linear ones: to set x and y apart and to join them again takes longer
than such a map does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from transforms._jit import JIT_DISABLED
from transforms._kernels import lanes
from transforms._kernels.lanes import LANES
from transforms._types import Points

ROWS = lanes.WIDTH // 2
"""Points of a value."""
_EVEN = [lane - lane % 2 for lane in range(lanes.WIDTH)]
_ODD = [lane + 1 for lane in _EVEN]


@intrinsic
def _load(_context: Any, points: Any, row: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        index = builder.shl(arguments[1], ir.Constant(arguments[1].type, 1))
        pointer = lanes.vector_at(context, builder, signature.args[0], arguments[0], index, lanes.WIDTH)
        rows = builder.load(pointer, align=8)
        twice = [builder.shuffle_vector(rows, rows, lanes.order(places)) for places in (_EVEN, _ODD)]
        return context.make_tuple(builder, signature.return_type, twice)

    return types.UniTuple(LANES, 2)(points, types.intp), generate  # type: ignore[no-untyped-call]


def _store(streamed: bool) -> Any:
    @intrinsic
    def store_rows(_context: Any, points: Any, row: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            index = builder.shl(arguments[1], ir.Constant(arguments[1].type, 1))
            pointer = lanes.vector_at(context, builder, signature.args[0], arguments[0], index, lanes.WIDTH)
            lanes.write(builder, arguments[2], pointer, streamed)
            return context.get_dummy_value()

        return types.void(points, types.intp, LANES), generate

    return store_rows


@intrinsic
def _alternate(_context: Any, a: Any, b: Any) -> Any:
    def generate(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = ir.Constant(ir.VectorType(ir.DoubleType(), lanes.WIDTH), ir.Undefined)
        for lane in range(lanes.WIDTH):
            value = builder.insert_element(value, arguments[lane % 2], ir.Constant(ir.IntType(32), lane))
        return value

    return LANES(types.float64, types.float64), generate


def _plain_load(points: Points, row: int) -> tuple[lanes.Real, lanes.Real]:
    rows = points[row : row + ROWS]
    return np.repeat(rows[:, 0], 2), np.repeat(rows[:, 1], 2)


def _plain_store(points: Points, row: int, value: lanes.Real) -> None:
    points[row : row + ROWS] = value.reshape(ROWS, 2)


def _choose(compiled: Any, plain: Callable[..., Any]) -> Any:
    return plain if JIT_DISABLED else compiled


load: Callable[[Points, int], tuple[lanes.Real, lanes.Real]] = _choose(_load, _plain_load)
"""Four consecutive rows of an (N, 2) array: each x twice, and each y twice."""

store: Callable[[Points, int, lanes.Real], None] = _choose(_store(False), _plain_store)
"""Write four rows of an (N, 2) array, given x and y in turns."""

stream: Callable[[Points, int, lanes.Real], None] = _choose(_store(True), _plain_store)
"""The same past the caches, see `lanes.stream_points`."""

alternate: Callable[[float, float], lanes.Real] = _choose(_alternate, lambda a, b: np.tile([a, b], ROWS))
"""Two numbers in turns."""
