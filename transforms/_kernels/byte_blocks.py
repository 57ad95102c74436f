"""Sixty-four bytes at a time: which of them are, or are below, some character, as the bits of one word.

A text is looked through a block at a time by these, wherever the block stands; the caller sees that there are as many
bytes. Without JIT they are numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from transforms._jit import JIT_DISABLED, lean_kernel
from transforms._types import ByteArray

BLOCK: Final = 64

_BYTES, _BITS = ir.VectorType(ir.IntType(8), BLOCK), ir.IntType(BLOCK)


def _load(target: Any, builder: Any, kind: Any, text: Any, at: Any) -> Any:
    array = target.make_array(kind)(target, builder, text)
    block = builder.load(builder.bitcast(builder.gep(array.data, [at]), _BYTES.as_pointer()))
    block.align = 1
    return block


def _compared(sign: str) -> Any:
    """Make an intrinsic that compares each byte of a block with one character."""

    @intrinsic
    def compare(_context: Any, text: Any, _at: Any, _character: Any) -> Any:
        def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            block = _load(target, builder, signature.args[0], *arguments[:2])
            one = builder.insert_element(ir.Constant(_BYTES, ir.Undefined), arguments[2], ir.IntType(32)(0))
            all_of_it = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), BLOCK), [0] * BLOCK))
            return builder.bitcast(builder.icmp_unsigned(sign, block, all_of_it), _BITS)

        return types.uint64(text, types.int64, types.uint8), generate

    return compare


@intrinsic
def _unequal(_context: Any, text: Any, _first: Any, _second: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        blocks = [_load(target, builder, signature.args[0], arguments[0], at) for at in arguments[1:]]
        return builder.bitcast(builder.icmp_unsigned("!=", *blocks), _BITS)

    return types.uint64(text, types.int64, types.int64), generate


@intrinsic
def _trailing_zeros(_context: Any, _word: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(0))

    return types.int64(types.uint64), generate


def _word_of(bits: Any) -> Any:
    return np.packbits(bits, bitorder="little").view("<u8")[0]


def _plain_equal(text: Any, at: int, character: int) -> Any:
    return _word_of(text[at : at + BLOCK] == character)


def _plain_below(text: Any, at: int, character: int) -> Any:
    return _word_of(text[at : at + BLOCK] < character)


def _plain_unequal(text: Any, first: int, second: int) -> Any:
    return _word_of(text[first : first + BLOCK] != text[second : second + BLOCK])


def _plain_zeros(word: Any) -> int:
    value = int(word)
    return (value & -value).bit_length() - 1 if value else BLOCK


equal_bytes: Callable[[ByteArray, int, int], Any] = _plain_equal if JIT_DISABLED else cast("Any", _compared("=="))
"""Bit k of the word: whether byte ``at + k`` of a text is this character."""

smaller_bytes: Callable[[ByteArray, int, int], Any] = _plain_below if JIT_DISABLED else cast("Any", _compared("<"))
"""Bit k of the word: whether byte ``at + k`` of a text is below this character."""

unequal_bytes: Callable[[ByteArray, int, int], Any] = _plain_unequal if JIT_DISABLED else cast("Any", _unequal)
"""Bit k of the word: whether bytes ``first + k`` and ``second + k`` of a text differ."""

lowest_bit: Callable[[Any], int] = _plain_zeros if JIT_DISABLED else cast("Any", _trailing_zeros)
"""Number of the lowest bit of a uint64 that is set; 64 for none."""


@lean_kernel
def same_until(text: ByteArray, first: int, second: int, stop: int) -> int:
    """Place from ``first`` on, at most ``stop``, where the text differs from what stands from ``second`` on."""
    away = second - first
    at = first
    # Blocks may reach beyond the stop, not beyond the text.
    last = text.shape[0] - BLOCK - max(away, 0)
    while at < stop and at <= last:
        unequal = unequal_bytes(text, at, at + away)
        if unequal:
            return min(at + lowest_bit(unequal), stop)
        at += BLOCK
    while at < stop and at + away < text.shape[0] and text[at] == text[at + away]:
        at += 1
    return min(at, stop)
