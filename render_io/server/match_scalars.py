"""Scalars of a JSON body as the Java service takes them: numbers written as text, texts written as numbers.

The rules are those of its JSON library, not of its own code, and hold in every body.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from render_io.server.answers import MalformedBody
from render_io.server.routing import parse_double

__all__ = ["as_double", "as_integer", "as_object", "as_text", "as_written"]

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "INF": math.inf, "-Infinity": -math.inf, "-INF": -math.inf}
_INTEGER = re.compile(r"[+-]?\d+")


class _Written(float):
    """A number that remembers how it was written, because as a text it keeps that form."""

    text: str

    def __new__(cls, text: str) -> _Written:
        number = super().__new__(cls, text)
        number.text = text
        return number


def as_written(body: bytes) -> Any:
    """Read the first JSON value of a body that has been read before, with numbers that remember their text."""
    text = body.decode("utf-8", "replace").lstrip(" \t\r\n\ufeff")
    return json.JSONDecoder(parse_float=_Written).raw_decode(text)[0]


def as_text(value: Any, what: str) -> str | None:
    """Take a text; numbers and booleans become their text, null stays.

    Raises
    ------
    MalformedBody
        For a list or an object.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return value.text if isinstance(value, _Written) else repr(value)
    raise MalformedBody(f"{what}: text expected, {_kind(value)} found")


def as_double(value: Any, what: str) -> float:
    """Take a double; text is read, null and an empty text are 0.

    Raises
    ------
    MalformedBody
        For a boolean, a list, an object, or text that is no number.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str):
        return _read(value.strip(), what)
    if value is None:
        return 0.0
    raise MalformedBody(f"{what}: number expected, {_kind(value)} found")


def _read(text: str, what: str) -> float:
    if text in ("", "null"):
        return 0.0
    if text in _WORDS:
        return _WORDS[text]
    try:
        return parse_double(text)
    except ValueError:
        raise MalformedBody(f"{what}: number expected, text {text!r} found") from None


def as_integer(value: Any, what: str) -> int | None:
    """Take a 32-bit integer; a fraction is cut, text is read, null and an empty text are None.

    Raises
    ------
    MalformedBody
        For a boolean, a list, an object, a number beyond 32 bits, or text that is no integer.
    """
    if isinstance(value, str):
        text = value.strip()
        if text in ("", "null"):
            return None
        number = int(text) if _INTEGER.fullmatch(text) else None
    elif isinstance(value, bool) or not isinstance(value, (int, float, type(None))):
        number = None
    elif value is None:
        return None
    else:
        number = int(value) if abs(value) < 2**63 else None
    if number is None or not -(2**31) <= number < 2**31:
        raise MalformedBody(f"{what}: integer of 32 bits expected, {value!r:.60} found")
    return number


def as_object(value: Any, what: str) -> dict[str, Any] | None:
    """Take an object or null.

    Raises
    ------
    MalformedBody
        For anything else.
    """
    if value is None or isinstance(value, dict):
        return value
    raise MalformedBody(f"{what}: object expected, {_kind(value)} found")


def _kind(value: Any) -> str:
    return {bool: "boolean", str: "text", list: "list", dict: "object", type(None): "null"}.get(type(value), "number")
