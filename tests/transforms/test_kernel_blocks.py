"""Blocks of bytes tell what a look at each byte tells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms._jit import kernel
from transforms._kernels import byte_blocks


@kernel
def words(text, at, other, character):
    return (
        byte_blocks.equal_bytes(text, at, character),
        byte_blocks.smaller_bytes(text, at, character),
        byte_blocks.unequal_bytes(text, at, other),
    )


@kernel
def lowest(word):
    return byte_blocks.lowest_bit(word)


@given(st.binary(min_size=80, max_size=90), st.integers(0, 16), st.integers(0, 16), st.integers(0, 255))
def test_bits_are_bytes(content, at, other, character):
    text = np.frombuffer(content, dtype=np.uint8)
    block, second = content[at : at + 64], content[other : other + 64]
    expected = (
        [c == character for c in block],
        [c < character for c in block],
        [c != d for c, d in zip(block, second, strict=True)],
    )
    for word, bits in zip(words(text, at, other, np.uint8(character)), expected, strict=True):
        assert int(word) == sum(bit << k for k, bit in enumerate(bits))


@pytest.mark.parametrize("bit", [0, 1, 31, 32, 63])
def test_the_lowest_bit(bit):
    assert lowest(np.uint64(1 << bit)) == bit
    assert lowest(np.uint64((1 << 63) | (1 << bit))) == bit
    assert lowest(np.uint64(0)) == 64


@given(st.text("ab", min_size=1, max_size=200), st.data())
def test_texts_are_the_same_until_they_differ(content, data):
    text = np.frombuffer((content + content).encode(), dtype=np.uint8)
    if data.draw(st.booleans()):
        text = text.copy()
        text[data.draw(st.integers(0, len(text) - 1))] = ord("c")
        text.flags.writeable = False
    first, second = (data.draw(st.integers(0, len(text))) for _ in range(2))
    stop = data.draw(st.integers(first, len(text)))
    expected = first
    while expected < stop and expected + second - first < len(text):
        if text[expected] != text[expected + second - first]:
            break
        expected += 1
    assert byte_blocks.same_until(text, first, second, stop) == expected
