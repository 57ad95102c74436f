"""JSON bodies read the way the Java service reads them.

A body of the right types is decoded straight into its model. Anything else goes through `convert`, which knows the
liberties that Java's JSON library takes: text that is a number serves as number, numbers and booleans serve as text,
an empty text as number is null, a fraction for an integer is cut. What even that refuses is a `MalformedBody`.

Doubles that are not finite are kept as their words (``"NaN"``), which is how the service writes them; `finite_or_word`
and `as_float` go from one form to the other.
"""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from render_io.server.answers import MalformedBody
from render_io.server.routing import first_json, parse_double

__all__ = [
    "Date",
    "Int32",
    "as_float",
    "convert",
    "finite_or_word",
    "format_date",
    "read_body",
    "read_converted",
]

Int32 = typing.Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
_DATE_MARK = "java.util.Date"
Date = typing.Annotated[str, _DATE_MARK]
_TEXTUAL_NULLS = frozenset({"", "null"})
_INFINITIES = {"INF": "Infinity", "-INF": "-Infinity"}
_DATE = re.compile(r"\s*(-?\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.(\d+)Z.*", re.S)


@cache
def _decoder(model: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(model, strict=True)


def read_body(body: bytes, model: Any) -> Any:
    """Read a body into a model.

    Parameters
    ----------
    body : bytes
        As sent.
    model : type
        A `msgspec.Struct`, or a list or dict of such.

    Returns
    -------
    object or None
        None for an empty, blank or null body.

    Raises
    ------
    MalformedBody
        When it is no JSON, or its values can't be converted.
    """
    if not body:
        return None
    try:
        return _decoder(model).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return read_converted(body, model)


def read_converted(body: bytes, model: Any) -> Any:
    """Read a body with all of Java's liberties; models with dates always need this."""
    value = first_json(body)
    return None if value is None else convert(value, model, "$")


def convert(value: Any, model: Any, where: str) -> Any:
    """Convert a plain JSON value into a model with Java's liberties.

    Parameters
    ----------
    value : Any
        Dicts, lists and scalars.
    model : type
        Struct, ``float``, ``int``, ``str``, ``bool``, `Date`, lists, dicts and optionals of these.
    where : str
        JSON path for the error text.

    Returns
    -------
    object
        The converted value; None stays None everywhere.

    Raises
    ------
    MalformedBody
        When a value does not fit.
    """
    return None if value is None else _converter(model)(value, where)


@cache
def _converter(model: Any) -> Callable[[Any, str], Any]:
    """Return the function that converts into a model."""
    origin, inner = typing.get_origin(model), typing.get_args(model)
    if origin is typing.Annotated:
        return _to_date if _DATE_MARK in inner[1:] else _converter(inner[0])
    if origin in (typing.Union, types.UnionType):
        return _converter(next(a for a in inner if a is not type(None)))
    if origin is list:
        return lambda value, where: _list(value, inner[0], where)
    if origin is dict:
        return lambda value, where: _dict(value, inner[1], where)
    if isinstance(model, type) and issubclass(model, msgspec.Struct):
        return lambda value, where: _struct(value, model, where)
    return _SCALARS[model]


def finite_or_word(value: float) -> float | str:
    """Return a finite number as it is, another as the word that stands for it in JSON."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def as_float(value: Any) -> float:
    """Return a double of a model as a number, words included; None is NaN."""
    return math.nan if value is None else float(value)


def format_date(moment: datetime) -> str:
    """Write a date as the service does: milliseconds and a literal Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _refuse(value: Any, wanted: str, where: str) -> MalformedBody:
    kind = {dict: "an object", list: "a list", bool: "a boolean", str: f"text {value!r}"}.get(type(value), repr(value))
    return MalformedBody(f"Cannot deserialize value of type `{wanted}` from {kind} at {where}")


def _list(value: Any, inner: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _refuse(value, "list", where)
    return [convert(v, inner, f"{where}[{i}]") for i, v in enumerate(value)]


def _dict(value: Any, inner: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refuse(value, "map", where)
    return {k: convert(v, inner, f"{where}.{k}") for k, v in value.items()}


@cache
def _members(model: Any) -> tuple[tuple[str, str, Any], ...]:
    hints = typing.get_type_hints(model, include_extras=True)
    return tuple((f.name, f.encode_name, hints[f.name]) for f in msgspec.structs.fields(model))


def _struct(value: Any, model: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _refuse(value, model.__name__, where)
    members = {name: convert(value[key], kind, f"{where}.{key}") for name, key, kind in _members(model) if key in value}
    return model(**members)


def _to_float(value: Any, where: str) -> float | str | None:
    if isinstance(value, (bool, dict, list)):
        raise _refuse(value, "double", where)
    if isinstance(value, str):
        text = value.strip()
        if text in _TEXTUAL_NULLS:
            return None
        try:
            return finite_or_word(parse_double(_INFINITIES.get(text, text)))
        except ValueError:
            raise _refuse(value, "double", where) from None
    try:
        return finite_or_word(float(value))
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"


def _to_int(value: Any, where: str) -> int | None:
    if isinstance(value, str):
        if value.strip() in _TEXTUAL_NULLS:
            return None
        if not re.fullmatch(r"[+-]?\d{1,10}", value.strip()):
            raise _refuse(value, "int", where)
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _refuse(value, "int", where)
    if not -(2**31) <= int(value) < 2**31:
        raise _refuse(value, "int", where)
    return int(value)


def _to_text(value: Any, where: str) -> str:
    if isinstance(value, (dict, list)):
        raise _refuse(value, "String", where)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _to_bool(value: Any, where: str) -> bool | None:
    if isinstance(value, str):
        word = value.strip()
        if word in _TEXTUAL_NULLS:
            return None
        if word not in ("true", "false", "True", "False", "TRUE", "FALSE"):
            raise _refuse(value, "boolean", where)
        return word.lower() == "true"
    if isinstance(value, (dict, list, float)):
        raise _refuse(value, "boolean", where)
    return bool(value)


def _to_date(value: Any, where: str) -> str | None:
    """Return a date in the service's form; the digits after the point are a number of milliseconds."""
    if isinstance(value, str) and not value.strip():
        return None
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return format_date(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value))
        match = _DATE.fullmatch(value)
        if match is None:
            raise ValueError(value)
        year, month, day, hour, minute, second, millis = map(int, match.groups())
        start = datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC)
        return format_date(start + timedelta(day - 1, second, milliseconds=millis, minutes=minute, hours=hour))
    except (TypeError, ValueError, OverflowError):
        raise _refuse(value, "java.util.Date", where) from None


_SCALARS: dict[Any, Callable[[Any, str], Any]] = {
    float: _to_float,
    int: _to_int,
    str: _to_text,
    bool: _to_bool,
    Any: lambda value, _: value,
}
