"""JSON text <-> values, exactly: what is read is written back bit for bit, and what JSON can't say is refused.

`orjson` does the work. It reads integers beyond 64 bit as floats and writes NaN as null, so both are watched for here
and handled by the standard library, slower and exact.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

import orjson

from render_io.errors import SpecError

__all__ = ["dumps", "loads", "refuse_non_finite"]

_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")
_NINETEEN_DIGITS = b"0" * 19
_LONG_INTEGER = re.compile(rb"(?:^|[:,\[\s])-?\d{19}")


def loads(text: bytes) -> Any:
    """Read one JSON document.

    Parameters
    ----------
    text : bytes
        UTF-8 without byte order mark.

    Returns
    -------
    object
        Integers of any size as int, other numbers as the nearest float.

    Raises
    ------
    SpecError
        Malformed, truncated or too deeply nested text, NaN and infinities, with line, column and byte of the fault.
    """
    try:
        value = orjson.loads(text)
        return json.loads(text) if _has_long_integer(text) else value
    except orjson.JSONDecodeError as error:
        raise SpecError(_decode_fault(text, error)) from None
    except RecursionError:
        raise SpecError("JSON is nested too deeply") from None


def _has_long_integer(text: bytes) -> bool:
    # A cheap screen first: translating and searching run at memory speed, the expression does not.
    return _NINETEEN_DIGITS in text.translate(_AS_ZERO) and _LONG_INTEGER.search(text) is not None


def _decode_fault(text: bytes, error: orjson.JSONDecodeError) -> str:
    if error.pos >= len(text.rstrip()):
        kind = "JSON is truncated" if text.strip() else "JSON is empty"
    elif re.match(r"-?(NaN|Infinity|inf)", error.doc[error.pos : error.pos + 9], re.IGNORECASE):
        kind = "NaN and infinities are not JSON"
    else:
        kind = "malformed JSON"
    return f"{kind}: {error.msg} at line {error.lineno} column {error.colno} (character {error.pos})"


def dumps(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """Write one value as compact JSON.

    Parameters
    ----------
    value : object
        Dicts with str keys, lists, tuples, str, int, float, bool and None.
    default : callable, optional
        Turns other objects into these.

    Returns
    -------
    bytes
        UTF-8; floats as the shortest decimal that reads back as the same bits.

    Raises
    ------
    SpecError
        NaN, infinities (with their JSON path) and objects that JSON can't hold.
    """
    try:
        text = orjson.dumps(value, default=default)
    except TypeError:
        return _dumps_slowly(value, default)
    if b"null" in text:
        refuse_non_finite(value)
    return text


def _dumps_slowly(value: Any, default: Callable[[Any], Any] | None) -> bytes:
    # Big integers, deep nesting and lone surrogates, which orjson refuses.
    try:
        return json.dumps(value, default=default or _refuse, allow_nan=False, separators=(",", ":")).encode("ascii")
    except RecursionError:
        raise SpecError("the value is nested too deeply to be written") from None
    except (TypeError, ValueError) as error:
        refuse_non_finite(value)
        raise SpecError(f"can't be written as JSON: {error}") from error


def _refuse(value: object) -> NoReturn:
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def refuse_non_finite(value: Any) -> None:
    """Raise when a float inside is NaN or infinite.

    Parameters
    ----------
    value : object
        A JSON value of any depth.

    Raises
    ------
    SpecError
        With the JSON path of the first such number.
    """
    pending: list[tuple[str, Any]] = [("", value)]
    while pending:
        path, item = pending.pop()
        if isinstance(item, float) and not math.isfinite(item):
            raise SpecError(f"expected a finite number, got {item!r}", path=path or None)
        if isinstance(item, dict):
            pending.extend((f"{path}.{key}" if path else str(key), member) for key, member in item.items())
        elif isinstance(item, (list, tuple)):
            pending.extend((f"{path}[{index}]", member) for index, member in enumerate(item))
