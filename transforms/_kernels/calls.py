"""Calls by address: the caller holds no code of what it calls, and is compiled, optimised and cached without it.

Machine code finds the table of addresses by its name when it is loaded, so what comes from the disk cache calls the
kernels of its own process. The calls themselves cost as little as those of functions that were not inlined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from llvmlite.binding import add_symbol
from numba.core import cgutils, types
from numba.core.typing.templates import Signature
from numba.extending import intrinsic

from transforms._jit import JIT_DISABLED
from transforms._types import FloatArray, Points

KINDS = 3
"""Kernels of one code: see `dispatch`."""
CODES = 32
"""Codes are less, from 0 on."""

_NAME = "transforms_kernel_addresses"
_TABLE = np.zeros(CODES * KINDS, dtype=np.int64)
_FUNCTIONS: dict[int, Callable[..., Any]] = {}
"""Kernels by their addresses, of which each is alive for as long as it may be called."""

_PARAMS, _POINTS = types.Array(types.float64, 1, "C", readonly=True), types.Array(types.float64, 2, "C")
MAP = types.void(_PARAMS, _POINTS, _POINTS)
"""Types of ``<family>_apply(params, points, out)``."""
JET = types.UniTuple(types.float64, 6)(_PARAMS, types.float64, types.float64)  # type: ignore[no-untyped-call]
"""Types of ``<family>_jet(params, x, y)``."""
SOLVE = types.void(
    types.Array(types.int64, 2, "C"),
    types.int64,
    types.int64,
    _PARAMS,
    _PARAMS,
    _POINTS,
    _POINTS,
    types.Array(types.float64, 1, "C"),
    _POINTS,
    types.Array(types.uint8, 1, "C"),
)
"""Types of `newton.solve_block`."""

if not JIT_DISABLED:
    add_symbol(_NAME, _TABLE.ctypes.data)


def enter(code: int, kind: int, function: Callable[..., Any], signature: Signature) -> None:
    """Compile a kernel, or load it, and put its address into the table."""
    address = id(function) if JIT_DISABLED else _compiled(cast("Any", function), signature)
    _FUNCTIONS[address] = function
    _TABLE[code * KINDS + kind] = address


def _compiled(function: Any, signature: Signature) -> int:
    function.compile(signature.args)
    result = function.overloads[signature.args]
    if result.signature.return_type != signature.return_type:
        raise TypeError(f"expected {function.__name__} to return {signature.return_type}, got {result.signature}")
    return cast("int", result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


@intrinsic
def _load_address(_context: Any, _code: Any, _kind: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word, module = ir.IntType(64), builder.module
        table = module.globals.get(_NAME) or ir.GlobalVariable(module, ir.ArrayType(word, CODES * KINDS), _NAME)
        place = builder.add(builder.mul(arguments[0], word(KINDS)), arguments[1])
        return builder.load(builder.gep(table, [word(0), place]))

    return types.int64(types.int64, types.int64), generate


def _call(signature: Signature) -> Callable[..., Any]:
    """Code of a call by numba's own convention, whose errors pass on to the caller's caller."""

    def generate(target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        result, kinds, convention = signature.return_type, signature.args, target.call_conv
        kernel = builder.inttoptr(arguments[0], convention.get_function_type(result, kinds).as_pointer())
        status, value = convention.call_function(builder, kernel, result, kinds, arguments[1:])
        with cgutils.if_unlikely(builder, status.is_error):  # type: ignore[no-untyped-call]
            convention.return_status_propagate(builder, status)
        return value

    return generate


@intrinsic
def _call_map(_context: Any, _address: Any, _params: Any, _points: Any, _out: Any) -> Any:
    return types.void(types.int64, *MAP.args), _call(MAP)


@intrinsic
def _call_jet(_context: Any, _address: Any, _params: Any, _x: Any, _y: Any) -> Any:
    return JET.return_type(types.int64, *JET.args), _call(JET)


@intrinsic
def _call_solve(
    _context: Any,
    _address: Any,
    _instructions: Any,
    _lo: Any,
    _hi: Any,
    _params: Any,
    _start_map: Any,
    _scratch: Any,
    _initial: Any,
    _options: Any,
    _points: Any,
    _failed: Any,
) -> Any:
    return types.void(types.int64, *SOLVE.args), _call(SOLVE)


def _plain_address(code: int, kind: int) -> int:
    return int(_TABLE[code * KINDS + kind])


def _plain_call(address: int, *arguments: Any) -> Any:
    return _FUNCTIONS[address](*arguments)


address_of: Callable[[int, int], int] = _plain_address if JIT_DISABLED else cast("Any", _load_address)
"""Address of a kernel by its code, below `CODES`, and kind; 0 if it was not entered."""

call_map: Callable[[int, FloatArray, Points, Points], None] = _plain_call if JIT_DISABLED else cast("Any", _call_map)
"""Call the kernel of type `MAP` at an address."""

call_jet: Callable[[int, FloatArray, float, float], tuple[float, float, float, float, float, float]] = (
    _plain_call if JIT_DISABLED else cast("Any", _call_jet)
)
"""Call the kernel of type `JET` at an address."""

call_solve: Callable[..., None] = _plain_call if JIT_DISABLED else cast("Any", _call_solve)
"""Call the kernel of type `SOLVE` at an address."""
