"""Numbers read and written by kernels over the bytes: the same bits and the same characters as one by one."""

from __future__ import annotations

import struct

import numpy as np
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from render_io._reestimate.number_scan import parse_rows, same_texts
from render_io._reestimate.splice import java_number
from render_io.codecs import format_double


def read(texts, count):
    """Numbers of texts, and which of them are read."""
    data = np.frombuffer(b"".join(texts) + b"#", dtype=np.uint8)
    stops = np.cumsum([len(text) for text in texts], dtype=np.int64)
    spans = np.stack([stops - [len(text) for text in texts], stops], axis=1)
    out, good = np.empty((len(texts), count)), np.empty(len(texts), dtype=np.uint8)
    parse_rows(data, spans[:, None], np.array([count]), out, good)
    return out, good.astype(bool)


def bits(value):
    return struct.pack("<d", value)


decimals = st.builds(
    "{}{}.{}e{}".format,
    st.sampled_from(["", "-", "+"]),
    st.integers(0, 10**20),
    st.integers(0, 10**9),
    st.integers(-70, 70),
)


@given(st.lists(st.one_of(decimals, st.floats(allow_nan=False, allow_infinity=False).map(repr)), min_size=1))
@example(["0", "-0", "-0.0", "9007199254740993", "9007199254740992.5", "1e23", "8.5e-23", "4503599627370496.5"])
@example(["0.3", "179769313486231570000", "1.7976931348623157e60", "18446744073709551615", "1e22", "123456789e-31"])
def test_what_is_read_is_the_nearest_double(texts):
    values, good = read([text.encode() for text in texts], 1)
    for text, value, is_read in zip(texts, values[:, 0].tolist(), good, strict=True):
        assert not is_read or bits(value) == bits(float(text))


@given(st.lists(st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-30), min_size=6, max_size=6))
def test_what_is_usual_is_read(values):
    found, good = read([" ".join(map(repr, values)).encode()], 6)
    assert good.all()
    assert [bits(value) for value in found[0].tolist()] == [bits(value) for value in values]


@pytest.mark.parametrize(
    "text",
    ["", " ", "1", "1 2 3", "1  2", " 1 2", "1 2 ", "1\t2", "1 NaN", "1 Infinity", "1 0x1p3", "1 2d", "1 .", "1 -",
     "1 1e", "1 1e+", "1 e5", "1 1.2.3", "1 --2", "1 1e99999", "1,2", "1 1e400", "1 12345678901234567890", "1 ٣"],
)  # fmt: skip
def test_what_is_unusual_is_left_to_others(text):
    _, good = read([b"1 2", text.encode(), b"-.5 7."], 2)
    assert good.tolist() == [True, False, True]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False).filter(lambda v: v == 0 or abs(v) > 1e-300)))
@example([1e-3, 9.999999999999999e-4, 1e7, 9999999.999999998, 0.0, -0.0, 1e22, -1e-5, 123456789.0, 1e16, 5e-200, 1e15])
def test_numbers_are_printed_as_java_does(values):
    digits = np.empty(400, dtype=np.uint8)
    for value in values:
        text = np.frombuffer(orjson.dumps(value), dtype=np.uint8)
        out = np.full(60, ord("?"), dtype=np.uint8)
        stop = java_number(value, text, 0, len(text), digits, out, 3)
        assert out[3:stop].tobytes().decode() == format_double(value)
        assert (out[stop:] == ord("?")).all()


@given(st.lists(st.binary(max_size=40) | st.binary(min_size=200, max_size=210), min_size=1, max_size=60))
def test_equal_texts_have_one_number(texts):
    texts = texts + texts[::-2]
    data = np.frombuffer(b"".join(texts) + b"#", dtype=np.uint8)
    stops = np.cumsum([len(text) for text in texts], dtype=np.int64)
    spans = np.stack([stops - [len(text) for text in texts], stops], axis=1)
    ids, firsts = np.empty(len(texts), dtype=np.int64), np.empty(len(texts), dtype=np.int64)
    count = same_texts(data, spans, np.full(512, -1, dtype=np.int64), ids, firsts)
    order = list(dict.fromkeys(texts))
    assert count == len(order)
    assert [order[i] for i in ids.tolist()] == texts
    assert [texts[i] for i in firsts[:count].tolist()] == order
