"""Answers of the service and the errors that become answers.

The Java service maps the class of an exception to a status and writes its bare message; the classes here carry the
status themselves. Everything else that a function raises is an empty 500, like an exception without text.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

import orjson

from render_io.codecs._numbers import format_double as java_double

__all__ = [
    "Answer",
    "BadRequest",
    "Failure",
    "MalformedBody",
    "Missing",
    "ServiceError",
    "StateError",
    "bare_status",
    "dump",
    "java_double",
    "json_answer",
    "raw_json",
    "text_answer",
    "unparsable",
]

JSON = "application/json"
TEXT = "text/plain;charset=utf-8"
HTML = "text/html;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers of one answer; no content type means no such header."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


class ServiceError(Exception):
    """An error that the API defines: a status and a text.

    Parameters
    ----------
    text : str
        Body of the answer; empty for errors that Java throws without a message.
    """

    status = 500
    content_type: str | None = TEXT

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.text = text

    def answer(self) -> Answer:
        """Return the answer that tells the client."""
        kind = "text/plain" if self.content_type == TEXT and not self.text else self.content_type
        return Answer(self.status, self.text.encode("utf-8", "surrogatepass"), kind)


class BadRequest(ServiceError):
    """400: bad names, missing values, unknown classes, unresolved references, wrong state for a delete."""

    status = 400


class Missing(ServiceError):
    """404 with a text: stack, tile, transform or collection missing."""

    status = 404


class Failure(ServiceError):
    """500 with a text, or with an empty one: wrong state for a write, protection, points without inverse."""


class StateError(Failure):
    """A write that the state of the stack forbids: 500 as in Java, or 400 when the service is told so."""


class MalformedBody(ServiceError):
    """400 with a page: the body is no JSON, or its values have the wrong type."""

    status = 400
    content_type = HTML

    def __init__(self, text: str) -> None:
        super().__init__(html.escape(text))


class BrokenStream(ServiceError):
    """500 with a page of the web server: an answer that failed while it was streamed."""

    content_type = "text/html;charset=iso-8859-1"

    def __init__(self, text: str) -> None:
        super().__init__(f"<html><body><h2>HTTP ERROR 500</h2><p>{html.escape(text)}</p></body></html>")


class BareStatus(ServiceError):
    """A status of the web framework without any body: 404, 405, 406, 413, 415."""

    content_type = None

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


def bare_status(status: int) -> BareStatus:
    """Return the error of a status without body."""
    return BareStatus(status)


def unparsable() -> BareStatus:
    """Return the error of a path or query value that cannot be parsed: an empty 404."""
    return BareStatus(404)


def dump(value: Any) -> bytes:
    """Write a JSON value: doubles keep a fraction or exponent, integers none.

    Numbers that are not finite must have been replaced by their words (`"NaN"`) before.
    """
    return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME)


def json_answer(value: Any, status: int = 200) -> Answer:
    """Answer with a JSON value."""
    return Answer(status, dump(value), JSON)


def raw_json(body: bytes) -> Answer:
    """Answer with JSON that is written already."""
    return Answer(200, body, JSON)


def text_answer(text: str) -> Answer:
    """Answer with plain text."""
    return Answer(200, text.encode("utf-8", "surrogatepass"), TEXT)
