"""The scan of a section's text takes what JSON is, and only that."""

from __future__ import annotations

import json
import re

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io._reestimate import scan as _scan
from render_io._reestimate.json_scan import value_end
from render_io._reestimate.tile_shape import MOST_PARTS
from tests.render_io import stacks

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(-1e300, 1e300) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def end(text):
    return int(value_end(np.frombuffer(text, dtype=np.uint8), 0))


def is_json(text):
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


@given(VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_values_end_where_they_end(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    stop = end(text + b" , 1")
    # Surrogates written as escapes, numbers of hundreds of digits, and those near the largest are left to others.
    assert stop in (len(text), -1)
    if stop < 0:
        assert b"\\ud" in text or any(len(word) > 300 for word in text.split()) or re.search(rb"e\+3\d\d", text)


@given(VALUES, st.data())
def test_malformed_text_is_refused(value, data):
    text = bytearray(json.dumps(value).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from(
                [b"", b'"', b"\\", b",", b"{", b"]", b"1", b"e", b"-", b".", b"\n", b"\x01", b"u", b"0", b" "]
            )
        )
        if not text:
            return
    stop = end(bytes(text))
    if stop == len(text):
        assert is_json(bytes(text))


@pytest.mark.parametrize(
    "text",
    [b"", b"tru", b"nul", b"01", b"-", b"1.", b".5", b"1e", b"+1", b'"', b'"\n"', b'"\\x"', b'"\\u12g4"', b'"\\ud800"',
     b"[1 2]", b"[1,]", b"[,1]", b'{"a"}', b'{"a":}', b'{"a":1,}', b'{a:1}', b"{1:1}", b"[1}", b'{"a":1]', b"[",
     b"[" * 100 + b"]" * 100, b"1" * 400, b"1e999", b"Infinity"],
)  # fmt: skip
def test_no_values(text):
    assert end(text) == -1


def scanned(text):
    return _scan.scan(np.frombuffer(text.encode(), dtype=np.uint8))


def test_everything_is_found():
    tiles = stacks.make_section(3.0, 1100)  # More than are read at a time.
    text = json.dumps(tiles, indent=1)
    found = scanned(text)
    assert not found.tiles[:, _scan.ODD].any()
    for tile, row in zip(tiles, found.tiles.tolist(), strict=True):
        assert json.loads(text[row[_scan.TILE] : row[_scan.TILE + 1]]) == tile
        assert json.loads(text[row[_scan.ID] : row[_scan.ID + 1]]) == tile["tileId"]
        assert json.loads(text[row[_scan.BOX + 6] : row[_scan.BOX + 7]]) == tile["maxY"]
        specs = tile["transforms"]["specList"]
        assert json.loads(text[row[_scan.LIST] : row[_scan.LIST + 1]]) == specs
        first = row[_scan.FIRST]
        leaves = found.leaves[first : first + row[_scan.LEAVES]].tolist()
        assert [(text[a:b], text[c:d]) for a, b, c, d in leaves] == [(s["className"], s["dataString"]) for s in specs]


ODD = {
    "two lists": '{"transforms": {"specList": [], "specList": []}}',
    "two ids": '{"tileId": "a", "tileId": "b", "transforms": {"specList": []}}',
    "no list": '{"transforms": {}}',
    "no transforms": '{"tileId": "a"}',
    "another type": '{"transforms": {"type": "leaf", "specList": []}}',
    "a reference": '{"transforms": {"specList": [{"type": "ref", "refId": "a"}]}}',
    "no dataString": '{"transforms": {"specList": [{"className": "a"}]}}',
    "an escape in a dataString": '{"transforms": {"specList": [{"className": "a", "dataString": "1\\n2"}]}}',
    "an escape in a name": '{"\\u007a": 1, "transforms": {"specList": []}}',
    "a number for a class": '{"transforms": {"specList": [{"className": 1, "dataString": "1"}]}}',
    "no object": '{"transforms": {"specList": [1]}}',
}


@pytest.mark.parametrize("tile", ODD.values(), ids=ODD)
def test_what_is_odd(tile):
    found = scanned(f'[{{"transforms": {{"specList": []}}}}, {tile}]')
    assert found.tiles[:, _scan.ODD].tolist() == [0, 1]


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", "[{}", "[{},]", "[{}] x", "[{} {}]", '[{"a" 1}]', "[{}],"])
def test_no_sections(text):
    assert scanned(text) is None


def from_scratch(text):
    """What a scan finds that takes no tile as a model for others."""
    array = np.frombuffer(text, dtype=np.uint8)
    rows, spans = np.full((64, 25), -1), np.empty((512, 4), dtype=np.int64)
    model, parts = np.array([0, 0, 0, 0, -1000]), np.empty((MOST_PARTS, 4), dtype=np.int64)
    at = _scan.open_array(array)
    at, count, used = _scan.scan_tiles(array, at, rows, 0, spans, 0, model, parts)
    return (rows[:count].tolist(), spans[:used].tolist()) if at == 0 and count else None


def by_models(text):
    found = _scan.scan(np.frombuffer(text, dtype=np.uint8))
    return None if found is None else (found.tiles.tolist(), found.leaves.tolist())


PIECES = [
    b"", b'"', b"\\", b",", b"{", b"]", b"1", b"e5", b"-", b".", b"\n", b"\x01", b"\\u0041", b"0", b" ", b"null",
    b'"a"',
]  # fmt: skip
PLACES = [
    b"z", b"width", b"-", b'"leaf"', b'"list"', b"1e5", b'"b"', b'"a1"', b"true", b"null", b"[", b"]}", b"2", b'": ',
]  # fmt: skip


@given(st.data(), st.sampled_from([None, 1]))
def test_tiles_that_are_like_others_are_read_as_from_scratch(data, indent):
    leaves = [{"type": "leaf", "className": "a", "dataString": "1 2"}, {"className": "b", "dataString": "1 -0.5"}]
    listed = {"specList": leaves, "type": "list", "more": [True, None, 1e5, "b"]}
    tiles = [
        {"tileId": f"a{10**k}", "z": 1.0, "minX": k, "width": 5, "transforms": listed, "b": f"b{k}"} for k in range(9)
    ]
    text = json.dumps(tiles, indent=indent).encode()
    assert by_models(text) == from_scratch(text)
    # Some of the later tiles are changed: mostly where something is, as others places would never be hit.
    changed = bytearray(text)
    for _ in range(data.draw(st.integers(1, 2))):
        near = data.draw(st.sampled_from(PLACES))
        begin = data.draw(st.integers(len(text) // 9, len(text) - 1))
        place = max(changed.find(near, begin), begin)
        place += data.draw(st.integers(0, len(near)))
        changed[place : place + data.draw(st.integers(0, 3))] = data.draw(st.sampled_from(PIECES))
    assert by_models(bytes(changed)) == from_scratch(bytes(changed))


def test_models_change_with_the_tiles():
    one, other = {"tileId": "a", "transforms": {"specList": []}}, {"transforms": {"specList": []}, "tileId": 5, "z": 1}
    tiles = [{"transforms": None}, *[one] * 20, *[other] * 20, *[one, other] * 20]
    text = json.dumps(tiles).encode()
    array = np.frombuffer(text, dtype=np.uint8)
    rows, spans = np.full((100, 25), -1), np.empty((9, 4), dtype=np.int64)
    model, parts = np.array([0, 0, 0, 0, -1000]), np.empty((MOST_PARTS, 4), dtype=np.int64)
    at, count, _ = _scan.scan_tiles(array, _scan.open_array(array), rows, 0, spans, 0, model, parts)
    assert (at, count) == (0, len(tiles))
    assert by_models(text) == (rows[:count].tolist(), [])


def test_tiles_with_many_values_are_no_models():
    tiles = [{"tileId": "a", "values": [*range(2 * MOST_PARTS)], "transforms": {"specList": []}} for _ in range(20)]
    text = json.dumps(tiles).encode()
    assert by_models(text) == from_scratch(text)
