"""Splitting dataStrings as Java's String.split does, and the errors."""

from __future__ import annotations

import pytest

from render_io.codecs._text import blank_fields, comma_fields, join, white_fields
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
