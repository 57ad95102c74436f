"""Splitting dataStrings as Java's String.split does, and the errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io.codecs._numbers import format_double, parse_double
from render_io.codecs._text import blank_fields, comma_fields, join, plain_numbers, white_fields
from render_io.errors import SpecError


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("1 2", ["1", "2"]),
        ("1  \t\n\v\f\r2 \n", ["1", "2"]),
        (" 1 2", ["", "1", "2"]),
        ("", [""]),
        ("   ", []),
        ("1\u00a02", ["1\u00a02"]),
        ("1\x1c2", ["1\x1c2"]),
        ("1\u00852", ["1\u00852"]),
        ("1\u30002", ["1\u30002"]),
        ("a b ", ["a", "b"]),
    ],
)
def test_white_space_of_java(text, fields):
    assert list(white_fields(text, "numbers").fields) == fields


@pytest.mark.parametrize(
    ("text", "fields"),
    [("1 2   ", ["1", "2"]), ("1  2", ["1", "", "2"]), (" 1", ["", "1"]), ("1\t2", ["1\t2"]), ("", [""]), ("  ", [])],
)
def test_single_blanks(text, fields):
    assert list(blank_fields(text, "numbers").fields) == fields


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("1,2 , 3, ", ["1", "2", "3"]),
        (",1", ["", "1"]),
        (" 1", ["", "1"]),
        ("1\t2", ["1\t2"]),
        ("", [""]),
        (",, ", []),
    ],
)
def test_commas_and_blanks(text, fields):
    assert list(comma_fields(text, "numbers").fields) == fields


def test_errors_name_the_field_and_quote_eighty_characters():
    text = "1 x " + "2 " * 100
    with pytest.raises(SpecError, match=r"field 1 is 'x' instead of a number") as caught:
        white_fields(text, "many numbers").numbers()
    assert repr(text[:80]) + "..." in str(caught.value)
    assert "expected many numbers" in str(caught.value)
    with pytest.raises(SpecError, match="got 2 instead of 3 fields in '1 2'"):
        white_fields("1 2", "three numbers").require(3)
    with pytest.raises(SpecError, match="got only 1 fields"):
        white_fields("1", "three numbers").number(1)
    with pytest.raises(SpecError, match=r"field 0 is '1\.0' instead of an integer"):
        white_fields("1.0", "an integer").integer(0)


def test_plain_texts_take_the_quick_parser_to_the_same_answer():
    assert white_fields("1 2.5 -.5e-3 1.", "").numbers() == [1.0, 2.5, -0.5e-3, 1.0]
    assert white_fields("1 2.5 -.5e-3 1.d", "").numbers() == [1.0, 2.5, -0.5e-3, 1.0]
    for wrong in ("1 e5", "1 .", "1 +-2", "1 1e", "1 2-3"):
        with pytest.raises(SpecError, match="field 1"):
            white_fields(wrong, "numbers").numbers()


def test_join_writes_numbers_of_java():
    assert join([1.0, 1e-5, -0.0]) == "1.0 1.0E-5 -0.0"
    assert join([1.0, 2.0], ",") == "1.0,2.0"


@given(st.lists(st.floats() | st.sampled_from([1e7, 1e-3, -1e-3, 5e-324, 0.1 + 0.2, 123456789.0]), max_size=5))
def test_join_writes_each_number_as_java_does(numbers):
    assert join(numbers) == " ".join(map(format_double, numbers))
    assert join(map(np.float64, numbers)) == join(numbers)


PARTS = [
    "1",
    "-0",
    "-0.0",
    "+1",
    "1e5",
    "1E-5",
    ".5",
    "1.",
    "1d",
    "0x1p3",
    "NaN",
    "nan",
    "inf",
    "1_0",
    "1e999",
    "\u0663",
]
PARTS += [
    "01",
    "null",
    "true",
    "[1]",
    '"1"',
    "12345678901234567890123",
    "9007199254740993",
    "0.1",
    "1,2",
    "",
    "\t1",
    "1\x1c",
]


@given(
    st.lists(st.sampled_from(PARTS) | st.floats().map(repr), max_size=4),
    st.sampled_from([" ", "  ", "\t", " \n", ", "]),
)
def test_the_quick_way_reads_what_the_grammar_reads(parts, separator):
    text = separator.join(parts)
    quick = plain_numbers(text, len(parts))
    if quick is not None:
        fields = white_fields(text, "numbers")
        fields.require(len(parts))
        assert list(map(repr, quick)) == list(map(repr, fields.numbers(parse=parse_double)))
    assert plain_numbers(text, len(parts) + 1) is None


def test_ordinary_texts_go_the_quick_way():
    assert plain_numbers("1.0 -0.5 0 1e5 2.5E-7 -3", 6) == [1.0, -0.5, 0.0, 1e5, 2.5e-7, -3.0]
    assert plain_numbers("1.0 -0.5", 3) is None
