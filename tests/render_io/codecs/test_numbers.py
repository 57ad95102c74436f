"""The number grammar: Java's own answers, and properties over all doubles."""

from __future__ import annotations

import math
import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from render_io.codecs._numbers import format_double, is_single, parse_double, parse_int, parse_single
from tests.shared import golden_cases

DOUBLES = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True)


def bits(value: float, code: str) -> str:
    """Return the bits as the golden file has them: hexadecimal, without leading zeros."""
    return struct.pack(f">{code}", value).hex().lstrip("0") or "0"


def outcome(parse, text):
    try:
        return parse(text)
    except ValueError:
        return None


def same(first: float, second: float) -> bool:
    return struct.pack("d", first) == struct.pack("d", second)


@pytest.mark.parametrize("case", golden_cases("JavaNumbers", kind="numbers"))
def test_numbers_as_java(case):
    for row in case["rows"]:
        double, single = outcome(parse_double, row["s"]), outcome(parse_single, row["s"])
        assert (None if double is None else bits(double, "d")) == row["double_bits"], row
        assert (None if single is None else bits(single, "f")) == row["float_bits"], row
        assert outcome(parse_int, row["s"]) == row["int"], row
        if double is not None:
            written = format_double(double)
            assert same(parse_double(written), double), row
            # OpenJDK 17 prints one digit too many now and then; later ones do not.
            assert len(written) <= len(row["double_toString"]), row


REFUSED = [
    "", " ", "nan", "NAN", "inf", "INF", "infinity", "Infinityf", "NaNd", "1_000", "1,5", "1e", "1e+", ".", "+", "e5",
    "--1", "+-1", "1 2", "1e5.5", "0x10", "0x", "0xp1", "0x.p1", "0x1p", "0x1pf", "1L", "1dd", "1fd", "0b1", "١", "１",
    "1\u00a0", "\u00851", "1e１", "0x１p1", "1.5e3g", "1٫5", "∞", "0x1.8", "1p3",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("parse", [parse_double, parse_single])
def test_texts_that_java_refuses(text, parse):
    with pytest.raises(ValueError, match="not a number Java reads"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1d", 1.0),
        ("1.5e3f", 1500.0),
        ("0x1.8p-2D", 0.375),
        ("0X.8P0", 0.5),
        ("0x1.p3f", 8.0),
        ("-0x0p999999999999", -0.0),
        ("0x1p99999999999", math.inf),
        ("-0x1p1024", -math.inf),
        ("0x1p-99999999999", 0.0),
        ("0x1.fffffffffffff8p0", 2.0),
        ("1e99999999999", math.inf),
        ("0e99999999999", 0.0),
        ("\x00\t1\x1f\x1c ", 1.0),
        ("+.5", 0.5),
        ("-Infinity", -math.inf),
        ("007.50", 7.5),
    ],
)
def test_texts_that_java_takes(text, value):
    assert same(parse_double(text), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2147483647", 2**31 - 1),
        ("-2147483648", -(2**31)),
        ("+0", 0),
        ("-0", 0),
        ("0" * 5000 + "7", 7),
        ("٣٤", 34),
        ("１２", 12),
    ],
)
def test_integers_that_java_takes(text, value):
    assert parse_int(text) == value


@pytest.mark.parametrize(
    "text", ["", "+", "-", "5.0", " 5", "5 ", "1e3", "1_0", "2147483648", "-2147483649", "9" * 5000, "𝟕", "²", "--1"]
)
def test_integers_that_java_refuses(text):
    with pytest.raises(ValueError, match="not an integer Java reads"):
        parse_int(text)


@given(DOUBLES)
@example(5e-324)
@example(1e-323)
@example(1e23)
@example(-0.0)
@example(9999999.999999999)
@example(1e7)
@example(0.001)
@example(9.999999999999999e-4)
def test_written_doubles_read_back_to_the_same_bits(value):
    text = format_double(value)
    assert same(parse_double(text), value) or math.isnan(value)
    plain = value == 0 or 1e-3 <= abs(value) < 1e7
    if math.isfinite(value):
        assert ("E" in text) != plain
        mantissa = text.lstrip("-").partition("E")[0]
        whole, point, fraction = mantissa.partition(".")
        assert point
        assert whole
        assert fraction
        assert len(whole) == 1 or plain


def test_numpy_scalars_are_written_as_numbers():
    assert [format_double(kind(0.5)) for kind in (np.float64, np.float32)] == ["0.5", "0.5"]
    assert format_double(np.float64(1e16)) == "1.0E16"
    assert format_double(3) == "3.0"


def test_notation_of_java():
    values = [1e-5, 1e-4, 1.5e10, 1e7, 123456789.0, 0.001, 100.0, 5e-324, 1e-323, -1.25e-7, math.nan, -math.inf]
    assert [format_double(value) for value in values] == [
        "1.0E-5", "1.0E-4", "1.5E10", "1.0E7", "1.23456789E8", "0.001", "100.0", "4.9E-324", "9.9E-324", "-1.25E-7",
        "NaN", "-Infinity",
    ]  # fmt: skip


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["r", ".3e", ".17g", ".30f", ".40e"]))
def test_plain_numbers_as_python(value, form):
    text = repr(value) if form == "r" else format(value, form)
    assert same(parse_double(text), float(text))


@given(st.text(alphabet="0123456789.eE+-dfxXp_ naN\u0661\t", max_size=12))
def test_grammar_is_a_subset_of_python_and_java_suffixes(text):
    parsed = outcome(parse_double, text)
    if parsed is not None and "x" not in text.lower():
        trimmed = text.strip("\t ")
        assert same(parsed, float(trimmed.rstrip("dDfF") or trimmed)) or math.isnan(parsed)


@given(st.text(alphabet="0123456789+-.eE", max_size=10))
def test_on_plain_characters_the_grammar_is_that_of_python(text):
    """What the quick route of `Fields.numbers` rests on."""
    assert (outcome(parse_double, text) is None) == (outcome(float, text) is None)


@given(st.floats(min_value=0, max_value=3.4e38, allow_subnormal=True), st.booleans())
def test_singles_are_rounded_once(value, negative):
    """Texts around the middle of two floats, where rounding by way of a double goes wrong."""
    low = np.float32(value)
    high = np.nextafter(low, np.float32(np.inf))
    if not np.isfinite(high):
        return
    middle = (Fraction(float(low)) + Fraction(float(high))) / 2
    nudge = Fraction(1, 10**400)
    even = low if low.view(np.uint32) % 2 == 0 else high
    sign = -1 if negative else 1
    for exact, expected in ((middle - nudge, low), (middle, even), (middle + nudge, high)):
        assert parse_single(_decimal_text(sign * exact)) == sign * float(expected)


def _decimal_text(exact: Fraction) -> str:
    """Write a fraction whose denominator divides a power of ten as a decimal without loss."""
    digits = 420
    scaled = exact * 10**digits
    assert scaled.denominator == 1
    return f"{scaled.numerator}e-{digits}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.40282356779733661637539395458142568448e38", math.inf),
        ("3.40282356779733661637539395458142568447e38", float(np.finfo(np.float32).max)),
        ("3.4028235677973367e38", math.inf),
        ("-3.5e38", -math.inf),
        ("7.006492321624085e-46", 0.0),
        ("7.0064923216240862e-46", float(np.float32(1e-45))),
        ("0x1.000001p0", 1.0),
        ("0x1.0000010000000000001p0", float(np.nextafter(np.float32(1), np.float32(2)))),
        ("-0.0", -0.0),
    ],
)
def test_singles_at_the_ends(text, value):
    assert same(parse_single(text), value)


@given(DOUBLES)
def test_is_single_tells_what_survives(value):
    text = format_double(value)
    survives = math.isnan(value) or same(parse_single(text), value)
    assert is_single(value) == survives
