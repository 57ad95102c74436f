"""JSON text <-> values, exactly: what is read is written back bit for bit, and what JSON can't say is refused.

`msgspec` reads and writes: it keeps integers of any size and can leave parts of a document as text. It would write NaN
as null, which is watched for here. `orjson` says where malformed text goes wrong.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import msgspec
import orjson

from render_io.errors import SpecError

__all__ = [
    "Raw", "copied", "decoded", "dumps", "is_number", "loads", "refuse_non_finite", "split_array", "split_object",
]  # fmt: skip

T = TypeVar("T")

Raw = msgspec.Raw
"""A value left as its text; `loads` reads it, `dumps` writes it as it is."""

_ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_LARGEST = int(sys.float_info.max)
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def loads(text: bytes | Raw) -> Any:
    """Read one JSON document.

    Parameters
    ----------
    text : bytes or Raw
        UTF-8 without byte order mark.

    Returns
    -------
    object
        Integers of any size as int, other numbers as the nearest float.

    Raises
    ------
    SpecError
        Malformed, truncated or too deeply nested text, NaN and infinities, with line, column and character of the
        fault.
    """
    return decoded(_ANY.decode, text)


def split_array(text: bytes) -> list[Raw]:
    """Cut the text of an array into the texts of its elements, many times faster than reading them.

    Parameters
    ----------
    text : bytes
        A JSON array.

    Returns
    -------
    list of Raw
        Each element as it is written; they share the memory of `text`.

    Raises
    ------
    SpecError
        Malformed text, as in `loads`, or no array.
    """
    return decoded(_ELEMENTS.decode, text)


def split_object(text: bytes | Raw) -> dict[str, Raw]:
    """Read an object, but leave the values of its members as text.

    Parameters
    ----------
    text : bytes or Raw
        A JSON object.

    Returns
    -------
    dict
        Members in their order.

    Raises
    ------
    SpecError
        Malformed text, as in `loads`, or no object.
    """
    return decoded(_MEMBERS.decode, text)


def decoded(decode: Callable[[Any], T], text: bytes | Raw) -> T:
    """Read text with a decoder of one's own, with the errors of `loads`.

    Parameters
    ----------
    decode : callable
        `decode` of a ``msgspec.json.Decoder``.
    text : bytes or Raw
        The text.

    Returns
    -------
    object
        What the decoder makes of it.

    Raises
    ------
    SpecError
        Malformed text, as in `loads`, or another type than the decoder expects.
    """
    try:
        return decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SpecError(_fault(bytes(text), error)) from None
    except RecursionError:
        raise SpecError("JSON is nested too deeply") from None


def _fault(text: bytes, error: Exception) -> str:
    try:
        text.decode()
    except UnicodeDecodeError as wrong:
        return f"JSON is not UTF-8: byte 0x{text[wrong.start]:02x} at byte {wrong.start}"
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as located:
        if not text.strip():
            kind = "JSON is empty"
        elif "end of data" in located.msg:
            kind = "JSON is truncated"
        elif re.match(r"-?(NaN|inf)", located.doc[located.pos : located.pos + 4], re.IGNORECASE):
            kind = "NaN and infinities are not JSON"
        else:
            kind = "malformed JSON"
        return f"{kind}: {located.msg} at line {located.lineno} column {located.colno} (character {located.pos})"
    return f"malformed JSON: {error}"


def is_number(value: Any) -> bool:
    """Tell whether a value is a number of JSON that a double can hold.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    bool
        False for NaN, infinities, true and false, and integers beyond the largest double.
    """
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST


def dumps(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """Write one value as compact JSON.

    Parameters
    ----------
    value : object
        Dicts with str keys, lists, tuples, str, int, float, bool, None and `Raw`.
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
        text = msgspec.json.encode(value, enc_hook=default)
    except (TypeError, ValueError, RecursionError):
        return _dumps_slowly(value, default)
    if text.rfind(b"null") >= 0:  # From the end it is three times as fast as `in`.
        refuse_non_finite(value)
    return text


def _dumps_slowly(value: Any, default: Callable[[Any], Any] | None) -> bytes:
    # Lone surrogates, which have no UTF-8; and what can't be written in either way, for its message.
    def hook(item: Any) -> Any:
        return loads(item) if type(item) is Raw else (default or _refuse)(item)

    try:
        return json.dumps(value, default=hook, allow_nan=False, separators=(",", ":")).encode("ascii")
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


def copied(value: Any) -> Any:
    """Copy a JSON value.

    Parameters
    ----------
    value : object
        Dicts and lists of any depth; what was left as text in them is read, everything else is taken as it is.

    Returns
    -------
    object
        Shares no dict and no list with `value`.

    Raises
    ------
    SpecError
        It is nested too deeply, or a text is at fault.
    """
    try:
        return _copied(value)
    except RecursionError:
        raise SpecError("JSON is nested too deeply") from None


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) if isinstance(item, _COMPOSED) else item for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) if isinstance(item, _COMPOSED) else item for item in value]
    return loads(value) if type(value) is Raw else value


_COMPOSED = (dict, list, Raw)
