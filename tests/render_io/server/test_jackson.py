"""Bodies are read with the liberties that Java's JSON library takes, and no others."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io.server.answers import MalformedBody
from render_io.server.jackson import Date, Int32, as_float, finite_or_word, read_body, read_converted


class Inner(msgspec.Struct, omit_defaults=True):
    words: list[str] | None = None


class Model(msgspec.Struct, omit_defaults=True):
    number: float | None = None
    whole: Int32 | None = None
    text: str | None = None
    flag: bool | None = None
    date: Date | None = None
    inner: Inner | None = None
    named: dict[str, float] | None = None


def read(text):
    return read_body(text.encode(), Model)


@pytest.mark.parametrize("text", ["", "  ", "\n", "null", " null "])
def test_no_body(text):
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1.0), ('"4.5"', 4.5), ('" 2e1 "', 20.0), ('"1d"', 1.0), ('"0x1p3"', 8.0), ('""', None), ('"null"', None),
     ("1e400", "Infinity"), ('"NaN"', "NaN"), ('"-INF"', "-Infinity"), ("null", None), ("1" * 400, "Infinity")],
)  # fmt: skip
def test_doubles(text, number):
    assert read(f'{{"number": {text}}}').number == number


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("3", 3),
        ("3.0", 3),
        ("2.75", 2),
        ("-2.75", -2),
        ('"5"', 5),
        ('" +7 "', 7),
        ('""', None),
        ("2147483647", 2**31 - 1),
    ],
)
def test_integers(text, whole):
    assert read(f'{{"whole": {text}}}').whole == whole


@pytest.mark.parametrize(("text", "word"), [("7", "7"), ("true", "true"), ("1.5", "1.5"), ('""', ""), ("null", None)])
def test_texts(text, word):
    assert read(f'{{"text": {text}}}').text == word


@pytest.mark.parametrize(
    "text",
    ['{"number": true}', '{"number": []}', '{"number": "four"}', '{"number": NaN}', '{"whole": "1.5"}',
     '{"whole": 2147483648}', '{"whole": false}', '{"text": {}}', '{"text": ["a"]}', '{"flag": "yes"}', '{"inner": []}',
     '{"inner": "x"}', '{"named": []}', '{"inner": {"words": {}}}', "[]", '"x"', "5", "{", '{"number": 1,}', "{'a': 1}",
     '{"date": "2026-01-01"}', '{"date": "2026-01-01T00:00:00Z"}', '{"date": "2026-01-01T00:00:00.000+02:00"}'],
)  # fmt: skip
def test_what_java_refuses(text):
    with pytest.raises(MalformedBody):
        read_converted(text.encode(), Model)


@pytest.mark.parametrize(
    ("text", "date"),
    [("2026-02-03T04:05:06.007Z", "2026-02-03T04:05:06.007Z"), ("2026-02-03T04:05:06.7Z", "2026-02-03T04:05:06.007Z"),
     ("2026-02-03T04:05:06.123456Z", "2026-02-03T04:07:09.456Z"),
     ("2026-02-30T00:00:00.0Z", "2026-03-02T00:00:00.000Z"),
     ("2026-13-01T25:61:00.0Z", "2027-01-02T02:01:00.000Z")],
)  # fmt: skip
def test_dates(text, date):
    assert read_converted(f'{{"date": "{text}"}}'.encode(), Model).date == date


def test_a_date_may_be_a_number_of_milliseconds():
    assert read_converted(b'{"date": 1700000000000}', Model).date == "2023-11-14T22:13:20.000Z"


def test_the_first_value_counts_and_so_does_the_last_of_two_members():
    assert read('{"number": 1, "number": 2} {"number": 3}').number == 2.0


def test_unknown_members_are_dropped():
    assert msgspec.to_builtins(read('{"number": 1, "other": {"a": [1]}, "inner": {"x": 1}}')) == {
        "number": 1.0,
        "inner": {},
    }


@given(st.floats())
def test_a_double_is_written_and_read_back(value):
    written = finite_or_word(value)
    back = as_float(written)
    assert back == value or (math.isnan(back) and math.isnan(value))


MEMBERS = ["number", "whole", "text", "flag", "inner", "words", "named"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
)


@given(json_values)
def test_any_json_is_read_or_refused(value):
    try:
        body = msgspec.json.encode(value)
    except UnicodeEncodeError:
        return
    try:
        model = read_body(body, Model)
    except MalformedBody:
        return
    assert model is None or isinstance(model, Model)
