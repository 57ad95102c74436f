"""How a request reaches its function: path templates, path and query values, bodies.

Values follow the rules of the Java service: a path or query value that cannot be parsed is an empty 404, a missing
body is None, the first of repeated options counts, ``true`` in any letter case is true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from render_io.codecs._numbers import parse_double
from render_io.server.answers import Answer, MalformedBody, unparsable
from render_io.server.database import Database

__all__ = [
    "BASE",
    "PROJECT",
    "STACK",
    "Call",
    "Operation",
    "RouteIndex",
    "ServiceRouter",
    "first_json",
    "integer_in",
    "number_in",
    "parse_double",
]

BASE = "/render-ws/v1"
PROJECT = "/owner/{owner}/project/{project}"
STACK = PROJECT + "/stack/{stack}"

_JAVA_INTEGER = re.compile(r"[+-]?[0-9]+")


class Call:
    """One request, seen by its function.

    Attributes
    ----------
    state : Any
        ``app.state``: database, options, caches.
    path : mapping of str to str
        The values of the template, decoded.
    target : str
        Path and query as they were sent.
    headers : mapping of str to str
        Names in lower case.
    body : bytes
        As sent.
    """

    __slots__ = ("_query", "body", "headers", "path", "query_text", "state", "target")

    def __init__(
        self, state: Any, path: Mapping[str, str], target: str, query: bytes, headers: Mapping[str, str], body: bytes
    ) -> None:
        self.state = state
        self.path = path
        self.target = target
        self.query_text = query
        self.headers = headers
        self.body = body
        self._query: list[tuple[str, str]] | None = None

    @property
    def database(self) -> Database:
        """The service's database."""
        database: Database = self.state.database
        return database

    @property
    def host(self) -> str:
        """The Host header."""
        return self.headers.get("host", "localhost")

    # ---------------------------------------------------------------- path

    def double(self, name: str) -> float:
        """Return a path value as a double, an empty 404 when it is none."""
        return number_in(self.path[name])

    def doubles(self, name: str, count: int) -> list[float]:
        """Return a comma-separated path value as exactly `count` doubles."""
        parts = self.path[name].split(",")
        if len(parts) != count:
            raise unparsable()
        return [number_in(part) for part in parts]

    def integer(self, name: str) -> int:
        """Return a path value as a 32-bit integer."""
        return integer_in(self.path[name])

    # ---------------------------------------------------------------- query

    @property
    def query(self) -> list[tuple[str, str]]:
        """All options in order."""
        if self._query is None:
            text = self.query_text.decode("latin-1")
            self._query = parse_qsl(text, keep_blank_values=True, encoding="utf-8") if text else []
        return self._query

    def option(self, name: str) -> str | None:
        """Return the first value of an option, None without it."""
        return next((value for key, value in self.query if key == name), None) if self.query_text else None

    def options(self, name: str) -> list[str]:
        """Return all values of an option."""
        return [value for key, value in self.query if key == name]

    def option_doubles(self, name: str) -> list[float]:
        """Return all values of an option as doubles; an empty 404 for anything else."""
        return [number_in(text) for text in self.options(name)]

    def option_double(self, name: str) -> float | None:
        """Return an option as a double; an empty 404 for anything else."""
        text = self.option(name)
        return None if text is None else number_in(text)

    def option_integer(self, name: str) -> int | None:
        """Return an option as a 32-bit integer; an empty 404 for anything else."""
        text = self.option(name)
        return None if text is None else integer_in(text)

    def option_flag(self, name: str) -> bool | None:
        """Return an option as a boolean: only ``true``, in any letter case, is true."""
        text = self.option(name)
        return None if text is None else text.lower() == "true"

    # ---------------------------------------------------------------- body

    def json(self) -> Any:
        """Return the first JSON value of the body, None for an empty, blank or null one.

        Raises
        ------
        MalformedBody
            When there is no JSON.
        """
        return first_json(self.body)

    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode("utf-8", "replace")

    # ---------------------------------------------------------------- common answers

    def created(self) -> Answer:
        """Answer 201 with the address that was asked."""
        return Answer(201, headers={"Location": f"http://{self.host}{self.target}"})


def first_json(body: bytes) -> Any:
    """Read the first JSON value of a body; what follows it is ignored."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    if not body or body.isspace():
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return _first_of_many(body, str(error))


def _first_of_many(body: bytes, reason: str) -> Any:
    """Read the first value of a text that is not JSON as a whole."""
    try:
        text = body.decode("utf-8")
        start = len(text) - len(text.lstrip(" \t\r\n"))
        value, _ = json.JSONDecoder(parse_constant=_no_constant).raw_decode(text, start)
    except (ValueError, RecursionError):
        raise MalformedBody(f"JSON expected: {reason}") from None
    return value


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def number_in(text: str) -> float:
    """Return a path or query value as a double; an empty 404 for anything else."""
    try:
        return parse_double(text)
    except ValueError:
        raise unparsable() from None


def integer_in(text: str) -> int:
    """Return a path or query value as a 32-bit integer; an empty 404 for anything else."""
    value = int(text) if _JAVA_INTEGER.fullmatch(text) else None
    if value is None or not -(2**31) <= value < 2**31:
        raise unparsable()
    return value


@dataclass(frozen=True)
class Operation:
    """A function, its path and what it speaks.

    Attributes
    ----------
    method, path : str
        HTTP method and template below the base.
    function : callable
        From a `Call` to an `Answer`; raises `ServiceError`.
    produces : str or None
        Media type that the client must accept, None when it does not matter.
    consumes : str or None
        Media type that the body must have; None takes anything.
    quick : bool
        Takes well under a millisecond and is answered without a change of thread.
    """

    method: str
    path: str
    function: Callable[[Call], Answer]
    produces: str | None
    consumes: str | None
    quick: bool


class ServiceRouter:
    """The operations of one module: functions from a `Call` to an `Answer`."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def answers(
        self,
        method: str,
        path: str,
        *,
        produces: str | None = "application/json",
        consumes: str | None = None,
        quick: bool = False,
    ) -> Callable[[Callable[[Call], Answer]], Callable[[Call], Answer]]:
        """Register a function for a method and a path template.

        Parameters
        ----------
        method : str
            ``GET``, ``PUT``, ``POST`` or ``DELETE``.
        path : str
            Template below the base; ``{name}`` is a whole segment or part of one (``{format}-image``).
        produces : str or None
            Media type of the answer: a client that does not accept it gets an empty 406.
        consumes : str or None
            Media type that a body must have, else an empty 415; None takes any.
        quick : bool
            Answered on the event loop: only for what reads a row or two.

        Returns
        -------
        callable
            Decorator that leaves the function as it is.
        """

        def register(function: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
            self.operations.append(Operation(method, path, function, produces, consumes, quick))
            return function

        return register


class _Node:
    """One level of the tree of path segments."""

    __slots__ = ("literals", "operations", "patterns", "wild")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.patterns: list[tuple[re.Pattern[str], _Node]] = []
        self.wild: _Node | None = None
        self.operations: dict[str, tuple[Operation, tuple[str, ...]]] = {}


class RouteIndex:
    """Finds the operation of a path by walking its segments, literal ones first.

    One step per segment instead of one regular expression per template: with some 150 templates this is what a
    query for a single tile would spend most of its time on.
    """

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, operation: Operation) -> None:
        """Put an operation into the tree; a later one of the same path and method is an error."""
        node, names = self._root, list[str]()
        for segment in operation.path.strip("/").split("/"):
            found = re.findall(r"\{(\w+)\}", segment)
            names += found
            node = self._child(node, segment, found)
        if operation.method in node.operations:
            raise ValueError(f"{operation.method} {operation.path} is served twice")
        node.operations[operation.method] = (operation, tuple(names))

    def find(self, segments: list[str]) -> tuple[dict[str, tuple[Operation, tuple[str, ...]]], list[str]] | None:
        """Return the operations of a path by method, and its values; None when the path is unknown."""
        return next(self._walk(self._root, segments, 0, []), None)

    def _walk(
        self, node: _Node, segments: list[str], at: int, values: list[str]
    ) -> Iterator[tuple[dict[str, tuple[Operation, tuple[str, ...]]], list[str]]]:
        if at == len(segments):
            if node.operations:
                yield node.operations, values
            return
        segment = segments[at]
        child = node.literals.get(segment)
        if child is not None:
            yield from self._walk(child, segments, at + 1, values)
        for pattern, below in node.patterns:
            if match := pattern.fullmatch(segment):
                yield from self._walk(below, segments, at + 1, [*values, *match.groups()])
        if node.wild is not None:
            yield from self._walk(node.wild, segments, at + 1, [*values, segment])

    @staticmethod
    def _child(node: _Node, segment: str, names: list[str]) -> _Node:
        if not names:
            return node.literals.setdefault(segment, _Node())
        if segment == "{" + names[0] + "}":
            node.wild = node.wild or _Node()
            return node.wild
        text = "".join("(.+?)" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", segment))
        for pattern, below in node.patterns:
            if pattern.pattern == text:
                return below
        node.patterns.append((re.compile(text, re.S), _Node()))
        return node.patterns[-1][1]
