"""JSON text <-> values: exact, and refusing what JSON is not."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io import _json
from render_io.errors import SpecError
from tests.render_io.documents import exactly, values


@given(values)
def test_what_is_written_is_read_back_exactly(value):
    assert exactly(_json.loads(_json.dumps(value))) == exactly(value)


@given(values)
def test_reads_as_the_standard_library_does(value):
    assert exactly(_json.loads(json.dumps(value).encode())) == exactly(value)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([".17g", ".25g", ".40e", "r"]))
def test_every_spelling_of_a_float_is_the_nearest_double(value, form):
    text = repr(value) if form == "r" else format(value, form)
    assert math.copysign(1, _json.loads(text.encode())) == math.copysign(1, float(json.loads(text)))
    assert _json.loads(text.encode()) == json.loads(text)


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 10**40])
def test_integers_of_any_size_survive(number):
    text = str(number).encode()
    assert _json.loads(b"[" + text + b"]") == [number]
    assert _json.dumps([number, 1.5]) == b"[" + text + b",1.5]"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b'[{"a": 1', "truncated.*line 1 column 9"),
        (b'{"a":\n  NaN}', "NaN and infinities.*line 2 column 3"),
        (b"[-Infinity]", "NaN and infinities.*column 3"),
        (b"[1e999]", "infinity.*column 2"),
        (b'{"a" 1}', "malformed.*column 6"),
        (b"[1] 2", "malformed.*column 5"),
        (b"[1,]", "malformed.*column 3"),
        (b"[01]", "malformed"),
        (b'["\xff"]', "not UTF-8: byte 0xff at byte 2"),
        ('["é"]'.encode("utf-16"), "not UTF-8: byte 0xff at byte 0"),
        (b'["\\ud800"]', "surrogate"),
        (b"\xef\xbb\xbf[]", "byte order mark"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="deep-array"),
        pytest.param(b'{"a":' * 5_000, "nested too deeply", id="deep-object"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(text, told):
    with pytest.raises(SpecError, match=told):
        _json.loads(text)


@pytest.mark.parametrize(
    ("value", "answer"),
    [(0, True), (-1.5, True), (10**308, True), (10**309, False), (-(10**400), False), (math.nan, False)]
    + [(math.inf, False), (True, False), (None, False), ("1", False), ([1], False)],
)
def test_what_a_number_is(value, answer):
    assert _json.is_number(value) is answer


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_D30_nan_is_not_written(number):
    with pytest.raises(SpecError, match=r"a\[1\]\.b.*finite"):
        _json.dumps({"a": [1.0, {"b": number}], "c": None})
    with pytest.raises(SpecError, match="finite"):
        _json.dumps([2**80, number])


def test_null_in_the_value_is_no_nan():
    assert _json.dumps({"a": None, "b": "null"}) == b'{"a":null,"b":"null"}'


def test_values_deeper_than_the_writer_allows_raise_no_recursion_error():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for work in (_json.dumps, _json.copied):
        with pytest.raises(SpecError, match="deeply"):
            work(deep)
    shallow: object = 1
    for _ in range(400):
        shallow = [shallow]
    assert _json.loads(_json.dumps(shallow)) == shallow


def test_objects_are_refused_unless_told_how():
    with pytest.raises(SpecError, match="object"):
        _json.dumps({"a": object()})
    assert _json.dumps({"a": object()}, default=lambda _: 7) == b'{"a":7}'


@given(st.lists(values, max_size=4))
def test_an_array_is_cut_into_the_texts_of_its_elements(items):
    text = json.dumps(items, indent=1).encode()
    assert exactly([_json.loads(bytes(element)) for element in _json.split_array(text)]) == exactly(items)


@given(st.dictionaries(st.text(max_size=4), values, max_size=4))
def test_an_object_is_cut_into_its_members(document):
    members = _json.split_object(json.dumps(document, indent=1).encode())
    assert exactly({name: _json.loads(text) for name, text in members.items()}) == exactly(document)
    assert exactly(json.loads(_json.dumps(members))) == exactly(document)


@pytest.mark.parametrize("text", [b"{}", b"[1,[NaN]", b"[[1,]]", b"[" * 100_000])
def test_cutting_refuses_what_is_no_array(text):
    with pytest.raises(SpecError):
        _json.split_array(text)
    with pytest.raises(SpecError):
        _json.split_object(text.replace(b"{}", b"[]"))


def test_what_has_no_utf8_is_escaped():
    assert json.loads(_json.dumps({"a": "\ud800", "b": 2**70})) == {"a": "\ud800", "b": 2**70}


@given(values)
def test_a_copy_is_equal_and_shares_nothing(value):
    copy = _json.copied(value)
    assert exactly(copy) == exactly(value)
    if isinstance(copy, dict):
        copy["new"] = 1
    elif isinstance(copy, list):
        copy.append(1)
    assert not isinstance(value, (dict, list)) or exactly(copy) != exactly(value)
