"""Gzip in and out is the same content whichever library does it."""

from __future__ import annotations

import gzip
import io

import pytest

from render_io._stores import packed as _packed


@pytest.fixture(params=[True, False])
def libraries(request, monkeypatch):
    if request.param and not _packed.HAS_ISAL:
        pytest.skip("isal is not installed")
    monkeypatch.setattr(_packed, "HAS_ISAL", request.param)


def packed(content):
    raw = io.BytesIO()
    with _packed.packed_writer(raw) as stream:
        stream.write(content)
    return raw.getvalue()


@pytest.mark.parametrize("content", [b"", b"[]", b"0.125 " * 100_000])
def test_what_is_packed_is_read_by_both(libraries, content):
    data = packed(content)
    assert gzip.decompress(data) == content
    assert _packed.packed_reader(io.BytesIO(data)).read() == content
    assert packed(content) == data


def test_members_one_after_the_other_are_read(libraries):
    assert _packed.packed_reader(io.BytesIO(packed(b"ab") + gzip.compress(b"c"))).read() == b"abc"


@pytest.mark.parametrize("cut", [1, 9, 30, 200])
def test_truncated(libraries, cut):
    with pytest.raises(EOFError):
        _packed.packed_reader(io.BytesIO(packed(bytes(i * i % 251 for i in range(3000)))[:-cut])).read()


@pytest.mark.parametrize("data", [b"nope", b"[1, 2]" * 100])
def test_not_packed(libraries, data):
    with pytest.raises(gzip.BadGzipFile):
        _packed.packed_reader(io.BytesIO(data)).read()


def test_damaged(libraries):
    data = bytearray(packed(bytes(range(256)) * 50))
    for place in (40, 60, 80):
        data[place] ^= 0xFF
    with pytest.raises((*_packed.DAMAGED, gzip.BadGzipFile, EOFError)):
        _packed.packed_reader(io.BytesIO(bytes(data))).read()
