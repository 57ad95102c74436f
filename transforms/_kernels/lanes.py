"""Eight numbers at a time: explicit vectors, whose speed and bits do not hang on what a compiler chooses to vectorise.

A lanes value holds eight float64. Arithmetic, comparisons and the functions here act on each, and every lane gets the
very bits that the same formula gives for one float: kernels written with them take floats and lanes alike. Without
JIT a lanes value is a numpy array.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from transforms._jit import JIT_DISABLED
from transforms._types import FloatArray, Points

WIDTH = 8
"""Lanes of a value: one register of AVX-512, two of AVX2, four of SSE2 or NEON."""

LINE = 64
"""Bytes of a line of memory, as caches hold it."""

Real: TypeAlias = Any
"""A float, or lanes."""

Mask: TypeAlias = Any
"""The outcome of a comparison: one bool, or one per lane."""


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__(name="lanes")


class _Mask(types.Type):
    def __init__(self) -> None:
        super().__init__(name="mask")


LANES, MASK, FLOAT = _Lanes(), _Mask(), types.float64
_VECTOR, _BITS, _INTS = (ir.VectorType(kind, WIDTH) for kind in (ir.DoubleType(), ir.IntType(1), ir.IntType(64)))


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]


@register_model(_Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _BITS)  # type: ignore[no-untyped-call]


# ---------------------------------------------------------------- operators


def order(lanes: Sequence[int]) -> Any:
    """Which lanes a shuffle takes, as the compiler wants it."""
    return ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), list(lanes))


def _widen(builder: Any, value: Any) -> Any:
    """Lanes (or a mask) as they are, a float in every lane."""
    if isinstance(value.type, ir.VectorType):
        return value
    first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, first, order([0] * WIDTH))


def _operator(function: Callable[..., Any], result: Any, operand: Any, emit: Callable[[Any, Any, Any], Any]) -> None:
    """Teach the compiler an operator between lanes, or lanes and a float (or between masks)."""
    pairs = [(LANES, LANES), (LANES, FLOAT), (FLOAT, LANES)] if operand is LANES else [(MASK, MASK)]

    class Template(ConcreteTemplate):
        cases = [signature(result, *pair) for pair in pairs]  # type: ignore[no-untyped-call]  # noqa: RUF012

    def lower(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return emit(builder, *(_widen(builder, a) for a in arguments))

    infer_global(function)(Template)  # type: ignore[no-untyped-call]
    for pair in pairs:
        lower_builtin(function, *pair)(lower)  # type: ignore[no-untyped-call]


def _comparison(sign: str) -> Callable[[Any, Any, Any], Any]:
    return lambda builder, a, b: builder.fcmp_ordered(sign, a, b)


_operator(operator.add, LANES, LANES, lambda builder, a, b: builder.fadd(a, b))
_operator(operator.sub, LANES, LANES, lambda builder, a, b: builder.fsub(a, b))
_operator(operator.mul, LANES, LANES, lambda builder, a, b: builder.fmul(a, b))
_operator(operator.truediv, LANES, LANES, lambda builder, a, b: builder.fdiv(a, b))
_operator(operator.lt, MASK, LANES, _comparison("<"))
_operator(operator.le, MASK, LANES, _comparison("<="))
_operator(operator.gt, MASK, LANES, _comparison(">"))
_operator(operator.eq, MASK, LANES, _comparison("=="))
_operator(operator.and_, MASK, MASK, lambda builder, a, b: builder.and_(a, b))
_operator(operator.or_, MASK, MASK, lambda builder, a, b: builder.or_(a, b))


# ---------------------------------------------------------------- functions of floats or lanes


def _call(builder: Any, name: str, arguments: Sequence[Any]) -> Any:
    """Call an LLVM function for doubles or for lanes."""
    kind = arguments[0].type
    full = f"{name}.v{WIDTH}f64" if kind == _VECTOR else f"{name}.f64"
    llvm_type = ir.FunctionType(kind, [kind] * len(arguments))
    function = cgutils.get_or_insert_function(builder.module, llvm_type, full)  # type: ignore[no-untyped-call]
    return builder.call(function, arguments)


def _call_wide(builder: Any, name: str, signature: Any, arguments: Sequence[Any]) -> Any:
    """The same; where the result is lanes, floats among the arguments are widened."""
    wide = signature.return_type == LANES
    return _call(builder, name, [_widen(builder, a) for a in arguments] if wide else arguments)


def _joint(*kinds: Any) -> Any:
    return LANES if LANES in kinds else FLOAT


def _pair_of(kind: Any) -> Any:
    return types.UniTuple(kind, 2)  # type: ignore[no-untyped-call]


def _take(kind: Any) -> Any:
    return LANES if kind == LANES else FLOAT


@intrinsic
def _fma(_context: Any, a: Any, b: Any, c: Any) -> Any:
    def generate(_target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call_wide(builder, "llvm.fma", signature, arguments)

    return _joint(a, b, c)(_take(a), _take(b), _take(c)), generate


@intrinsic
def _sqrt(_context: Any, a: Any) -> Any:
    def generate(_target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call_wide(builder, "llvm.sqrt", signature, arguments)

    return _take(a)(_take(a)), generate


@intrinsic
def _select(_context: Any, mask: Any, a: Any, b: Any) -> Any:
    def generate(_target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chosen = [_widen(builder, v) for v in arguments[1:]] if signature.return_type == LANES else arguments[1:]
        return builder.select(arguments[0], *chosen)

    return (LANES if mask == MASK else FLOAT)(mask, _take(a), _take(b)), generate


@intrinsic
def _any_lane(_context: Any, mask: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        if mask != MASK:
            return arguments[0]
        whole = builder.bitcast(arguments[0], ir.IntType(WIDTH))
        return builder.icmp_unsigned("!=", whole, ir.Constant(whole.type, 0))

    return types.boolean(mask), generate


@intrinsic
def _like(_context: Any, kind: Any, value: Any) -> Any:
    def generate(_target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _widen(builder, arguments[1]) if signature.return_type == LANES else arguments[1]

    return _take(kind)(_take(kind), FLOAT), generate


@intrinsic
def _to_float32(_context: Any, a: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        single = ir.VectorType(ir.FloatType(), WIDTH) if _take(a) == LANES else ir.FloatType()
        return builder.fpext(builder.fptrunc(arguments[0], single), arguments[0].type)

    return _take(a)(_take(a)), generate


_SQRT_HALF = 0x3FE6A09E667F3BCD
_MAGIC = 0x4338000000000000
"""Bits of 1.5 * 2^52: an integer added to it is that integer as a double, without a conversion that AVX2 lacks."""


def _same(kind: Any, value: int | float) -> Any:
    """A constant in every lane, or alone."""
    return ir.Constant(kind, [value] * WIDTH if isinstance(kind, ir.VectorType) else value)


@intrinsic
def _split(_context: Any, x: Any, less: Any) -> Any:
    wide = _take(x) == LANES

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        ints, floats = (_INTS, _VECTOR) if wide else (ir.IntType(64), ir.DoubleType())
        bits = builder.bitcast(arguments[0], ints)
        exponent = builder.ashr(builder.sub(bits, _same(ints, _SQRT_HALF)), _same(ints, 52))
        mantissa = builder.bitcast(builder.sub(bits, builder.shl(exponent, _same(ints, 52))), floats)
        shifted = builder.bitcast(builder.add(exponent, _same(ints, _MAGIC)), floats)
        less = builder.fadd(ir.Constant(ir.DoubleType(), 1.5 * 2.0**52), arguments[1])
        whole = builder.fsub(shifted, _widen(builder, less) if wide else less)
        return context.make_tuple(builder, signature.return_type, (whole, mantissa))

    return _pair_of(_take(x))(_take(x), FLOAT), generate


@intrinsic
def _shift(_context: Any, x: Any, exponent: Any) -> Any:
    wide = _take(x) == LANES

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        ints, floats = (_INTS, _VECTOR) if wide else (ir.IntType(64), ir.DoubleType())
        shifted = builder.bitcast(builder.fadd(arguments[1], _same(floats, 1.5 * 2.0**52)), ints)
        raised = builder.shl(shifted, _same(ints, 52))
        return builder.bitcast(builder.add(builder.bitcast(arguments[0], ints), raised), floats)

    return _take(x)(_take(x), _take(x)), generate


# ---------------------------------------------------------------- arrays


def vector_at(context: Any, builder: Any, kind: Any, array: Any, index: Any, lanes: int) -> Any:
    """The place of consecutive elements, as that of one vector."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), ir.VectorType(ir.DoubleType(), lanes).as_pointer())


@intrinsic
def _address(_context: Any, array: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.ptrtoint(data, ir.IntType(64))

    return types.int64(array), generate


@intrinsic
def _load(_context: Any, array: Any, start: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = vector_at(context, builder, signature.args[0], arguments[0], arguments[1], WIDTH)
        return builder.load(pointer, align=8)

    return LANES(array, types.intp), generate


@intrinsic
def _gather(_context: Any, array: Any, index: Any) -> Any:
    wide = _take(index) == LANES

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        ints = _INTS if wide else ir.IntType(64)
        places = builder.fptosi(arguments[1], ints)
        if not wide:
            return builder.load(builder.gep(data, [places]))
        values = ir.Constant(_VECTOR, ir.Undefined)
        for lane in range(WIDTH):
            at = ir.Constant(ir.IntType(32), lane)
            value = builder.load(builder.gep(data, [builder.extract_element(places, at)]))
            values = builder.insert_element(values, value, at)
        return values

    return _take(index)(array, _take(index)), generate


@intrinsic
def _store(_context: Any, array: Any, start: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = vector_at(context, builder, signature.args[0], arguments[0], arguments[1], WIDTH)
        builder.store(arguments[2], pointer, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, LANES), generate


@intrinsic
def _put(_context: Any, array: Any, index: Any, x: Any) -> Any:
    lanes = WIDTH if _take(x) == LANES else 1

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.mul(arguments[1], ir.Constant(arguments[1].type, lanes))
        pointer = vector_at(context, builder, signature.args[0], arguments[0], place, lanes)
        value = arguments[2] if lanes > 1 else builder.bitcast(arguments[2], ir.VectorType(ir.DoubleType(), 1))
        builder.store(value, pointer, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, _take(x)), generate


@intrinsic
def _take_back(_context: Any, array: Any, index: Any, kind: Any) -> Any:
    lanes = WIDTH if _take(kind) == LANES else 1

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.mul(arguments[1], ir.Constant(arguments[1].type, lanes))
        pointer = vector_at(context, builder, signature.args[0], arguments[0], place, lanes)
        value = builder.load(pointer, align=8)
        return value if lanes > 1 else builder.bitcast(value, ir.DoubleType())

    return _take(kind)(array, types.intp, _take(kind)), generate


@intrinsic
def _load_points(_context: Any, points: Any, row: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        index = builder.shl(arguments[1], ir.Constant(arguments[1].type, 1))
        both = builder.load(vector_at(context, builder, signature.args[0], arguments[0], index, 2 * WIDTH), align=8)
        x = builder.shuffle_vector(both, both, order(range(0, 2 * WIDTH, 2)))
        y = builder.shuffle_vector(both, both, order(range(1, 2 * WIDTH, 2)))
        return context.make_tuple(builder, signature.return_type, (x, y))

    return _pair_of(LANES)(points, types.intp), generate


def write(builder: Any, value: Any, pointer: Any, streamed: bool) -> None:
    """Emit a store; a streamed one goes past the caches and wants whole lines of memory."""
    stored = builder.store(value, pointer, align=LINE if streamed else 8)
    if streamed:
        stored.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))


def _points_store(streamed: bool) -> Any:
    @intrinsic
    def store_rows(_context: Any, points: Any, row: Any, x: Any, y: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            index = builder.shl(arguments[1], ir.Constant(arguments[1].type, 1))
            zipped = [lane for i in range(WIDTH) for lane in (i, WIDTH + i)]
            both = builder.shuffle_vector(arguments[2], arguments[3], order(zipped))
            write(
                builder, both, vector_at(context, builder, signature.args[0], arguments[0], index, 2 * WIDTH), streamed
            )
            return context.get_dummy_value()

        return types.void(points, types.intp, LANES, LANES), generate

    return store_rows


@intrinsic
def _drain(_context: Any) -> Any:
    def generate(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def _total(_context: Any, x: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        value, count = arguments[0], WIDTH
        while count > 1:
            count //= 2
            low = builder.shuffle_vector(value, value, order(range(count)))
            high = builder.shuffle_vector(value, value, order(range(count, 2 * count)))
            value = builder.fadd(low, high)
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return FLOAT(LANES), generate


@intrinsic
def _largest(_context: Any, x: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        value, count = arguments[0], WIDTH
        while count > 1:
            count //= 2
            low = builder.shuffle_vector(value, value, order(range(count)))
            high = builder.shuffle_vector(value, value, order(range(count, 2 * count)))
            value = builder.select(builder.fcmp_ordered(">", high, low), high, low)
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return FLOAT(LANES), generate


# ---------------------------------------------------------------- the same without JIT


def _plain_select(mask: Mask, a: Real, b: Real) -> Real:
    chosen: Any = np.where(mask, a, b)
    return chosen[()]  # a scalar instead of an array without dimensions


def _plain_split(x: Real, less: float) -> tuple[Real, Real]:
    mantissa: Any
    exponent: Any
    mantissa, exponent = np.frexp(x)
    low = mantissa < math.sqrt(0.5)
    return exponent - np.where(low, 1.0, 0.0) - less, np.where(low, 2.0 * mantissa, mantissa)


def _plain_store(array: FloatArray, start: int, x: Real) -> None:
    array[start : start + WIDTH] = x


def _plain_put(array: FloatArray, index: int, x: Real) -> None:
    array[index * np.size(x) : (index + 1) * np.size(x)] = x


def _plain_take(array: FloatArray, index: int, kind: Real) -> Real:
    return array[WIDTH * index : WIDTH * (index + 1)].copy() if np.ndim(kind) else array[index]


def _plain_store_points(points: Points, row: int, x: Real, y: Real) -> None:
    points[row : row + WIDTH, 0] = x
    points[row : row + WIDTH, 1] = y


def _plain_total(x: Real) -> float:
    half = x[:4] + x[4:]
    quarter = half[:2] + half[2:]
    return float(quarter[0] + quarter[1])


def _choose(compiled: Any, plain: Callable[..., Any]) -> Any:
    return plain if JIT_DISABLED else compiled


fma: Callable[[Real, Real, Real], Real] = _choose(_fma, lambda a, b, c: a * b + c)
"""a*b + c rounded once (twice without JIT)."""

sqrt: Callable[[Real], Real] = _choose(_sqrt, np.sqrt)
"""Square root."""

select: Callable[[Mask, Real, Real], Real] = _choose(_select, _plain_select)
"""The second where the mask is true, else the third."""

any_lane: Callable[[Mask], bool] = _choose(_any_lane, lambda mask: bool(np.any(mask)))
"""Whether the mask is true anywhere."""

like: Callable[[Real, float], Real] = _choose(_like, lambda kind, value: np.full(np.shape(kind), value)[()])
"""A number as what the first argument is: a float, or lanes that all hold it."""

to_float32: Callable[[Real], Real] = _choose(_to_float32, lambda a: np.float64(np.float32(a)))
"""Rounded to 32 bit."""

split: Callable[[Real, float], tuple[Real, Real]] = _choose(_split, _plain_split)
"""Exponent e, less a whole number, and mantissa m of positive normal x: x = m * 2^e, sqrt(1/2) <= m < sqrt(2)."""

shift: Callable[[Real, Real], Real] = _choose(_shift, lambda x, e: np.ldexp(x, np.asarray(e, dtype=np.int64))[()])
"""x * 2^e for whole e, as long as both are normal numbers."""

address: Callable[[FloatArray], int] = _choose(_address, lambda array: int(array.ctypes.data))
"""Where the first element stands in memory; ``array.ctypes`` would count references."""

load: Callable[[FloatArray, int], Real] = _choose(_load, lambda array, start: array[start : start + WIDTH].copy())
"""Eight consecutive elements of a 1-D array."""

gather: Callable[[FloatArray, Real], Real] = _choose(_gather, lambda array, index: array[np.int64(index)])
"""Elements of a 1-D array at whole-numbered places."""

store: Callable[[FloatArray, int, Real], None] = _choose(_store, _plain_store)
"""Write eight consecutive elements of a 1-D array."""

put: Callable[[FloatArray, int, Real], None] = _choose(_put, _plain_put)
"""Keep the index-th value in a 1-D array that has eight places for each (one if they are floats)."""

take: Callable[[FloatArray, int, Real], Real] = _choose(_take_back, _plain_take)
"""The index-th value kept by `put`; the third argument says whether floats or lanes."""

load_points: Callable[[Points, int], tuple[Real, Real]] = _choose(
    _load_points, lambda points, row: (points[row : row + WIDTH, 0].copy(), points[row : row + WIDTH, 1].copy())
)
"""Columns of eight consecutive rows of an (N, 2) array."""

store_points: Callable[[Points, int, Real, Real], None] = _choose(_points_store(False), _plain_store_points)
"""Write eight rows of an (N, 2) array."""

stream_points: Callable[[Points, int, Real, Real], None] = _choose(_points_store(True), _plain_store_points)
"""The same past the caches; the first row has to begin a line of memory, and `drain` to follow the last."""

drain: Callable[[], None] = _choose(_drain, lambda: None)
"""Wait for what was streamed: other threads see it from here on."""

total: Callable[[Real], float] = _choose(_total, _plain_total)
"""Sum over the lanes, in a fixed order."""

largest: Callable[[Real], float] = _choose(_largest, lambda x: float(np.max(x)))
"""Largest of the lanes, none of which is NaN."""
