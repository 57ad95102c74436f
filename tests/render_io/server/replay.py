"""Replays a recorded conversation with a service and says where the answers differ.

The format of the conversations is told in their README. Only what a step's own rule leaves out is left out: member
order never counts, list order does, and so does the form of a number (3 is not 3.0).
"""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

UNBOUND = {"database", "framework"}
"""Marks of steps whose answers are the database's or the web framework's own."""
PATH_SAFE = "/:,@%+-._~!$&'()*;="


class Word(str):
    """NaN or Infinity where JSON allows no such word."""


def parsed(text: str) -> Any:
    return json.loads(text, parse_constant=Word)


def filled(value: Any, names: dict[str, Any]) -> Any:
    """The value with ${name} replaced by what was captured."""
    if isinstance(value, dict):
        return {filled(k, names): filled(v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(v, names) for v in value]
    if not isinstance(value, str):
        return value
    alone = re.fullmatch(r"\$\{(\w+)\}", value)
    if alone and alone[1] in names:
        return names[alone[1]]
    return re.sub(r"\$\{(\w+)\}", lambda m: str(names.get(m[1], m[0])), value)


# ---------------------------------------------------------------- values


def unescaped(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


@dataclass
class Rule:
    """What of a JSON answer counts."""

    ignore: list[list[str]] = field(default_factory=list)
    unordered: list[list[str]] = field(default_factory=list)
    tolerance: float = 0.0
    number_form: bool = True

    @classmethod
    def of(cls, compare: dict[str, Any]) -> Rule:
        return cls(
            [unescaped(p) for p in compare.get("ignore", [])],
            [unescaped(p) for p in compare.get("unordered", [])],
            compare.get("tolerance", 0.0),
            compare.get("number_form", True),
        )

    def ignores(self, place: list[str]) -> bool:
        return any(fits(pointer, place) for pointer in self.ignore)


def fits(pointer: list[str], place: list[str]) -> bool:
    return len(pointer) == len(place) and all(p in ("*", q) for p, q in zip(pointer, place, strict=True))


def differences(want: Any, got: Any, rule: Rule, place: list[str]) -> Iterator[str]:
    if rule.ignores(place):
        return
    where = "/" + "/".join(place)
    if is_number(want) and is_number(got):
        if rule.number_form and type(want) is not type(got):
            yield f"{where}: {want!r} is wanted in that form, not {got!r}"
        elif not (want == got or abs(want - got) <= rule.tolerance * max(1.0, abs(want))):
            yield f"{where}: {want!r} is wanted, not {got!r}"
    elif type(want) is not type(got):
        yield f"{where}: {want!r} is wanted, not {got!r}"
    elif isinstance(want, dict):
        yield from object_differences(want, got, rule, place)
    elif isinstance(want, list):
        yield from list_differences(want, got, rule, place)
    elif want != got:
        yield f"{where}: {want!r} is wanted, not {got!r}"


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def object_differences(want: dict[str, Any], got: dict[str, Any], rule: Rule, place: list[str]) -> Iterator[str]:
    for key in want.keys() | got.keys():
        inner = [*place, key]
        if rule.ignores(inner):
            continue
        if key not in got or key not in want:
            yield f"/{'/'.join(inner)}: {'missing' if key in want else 'not wanted'}"
        else:
            yield from differences(want[key], got[key], rule, inner)


def list_differences(want: list[Any], got: list[Any], rule: Rule, place: list[str]) -> Iterator[str]:
    if len(want) != len(got):
        yield f"/{'/'.join(place)}: {len(want)} elements are wanted, not {len(got)}"
        return
    if any(fits(pointer, place) for pointer in rule.unordered):
        want, got = (sorted(v, key=lambda x: sort_key(x, rule, [*place, "*"])) for v in (want, got))
    for i, (a, b) in enumerate(zip(want, got, strict=True)):
        yield from differences(a, b, rule, [*place, str(i)])


def sort_key(value: Any, rule: Rule, place: list[str]) -> str:
    """A text that sorts elements alike when only ignored members differ."""

    def kept(value: Any, place: list[str]) -> Any:
        if rule.ignores(place):
            return None
        if isinstance(value, dict):
            return {k: kept(v, [*place, k]) for k, v in value.items()}
        return [kept(v, [*place, str(i)]) for i, v in enumerate(value)] if isinstance(value, list) else value

    return json.dumps(kept(value, place), sort_keys=True)


# ---------------------------------------------------------------- answers


@dataclass
class Received:
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


TEXT_MODES = {
    "exact": lambda want, got: want == got,
    "contains": lambda want, got: want in got,
    "regex": lambda want, got: re.fullmatch(want, got, re.S) is not None,
    "nonempty": lambda want, got: got != "",
    "any": lambda want, got: True,
}


def answer_differences(want: dict[str, Any], compare: dict[str, Any], got: Received) -> Iterator[str]:
    if want["status"] != got.status:
        yield f"status {want['status']} is wanted, not {got.status}: {got.text[:200]}"
        return
    yield from header_differences(want, compare, got)
    if "json" in want:
        try:
            value = parsed(got.text)
        except ValueError as error:
            yield f"no JSON ({error}): {got.text[:200]}"
            return
        yield from differences(want["json"], value, Rule.of(compare), [])
    elif "text" in want:
        if not TEXT_MODES[compare.get("text", "exact")](want["text"], got.text):
            yield f"text {want['text']!r} is wanted, not {got.text!r}"
    elif "base64" in want and compare.get("bytes", "exact") == "exact" and base64.b64decode(want["base64"]) != got.body:
        yield "other bytes are wanted"


def header_differences(want: dict[str, Any], compare: dict[str, Any], got: Received) -> Iterator[str]:
    kinds = [want.get("contentType") or None, got.headers.get("content-type") or None]
    mode = compare.get("content_type", "exact")
    if mode == "media":
        kinds = [kind and kind.split(";")[0].strip() for kind in kinds]
    if mode != "any" and kinds[0] != kinds[1]:
        yield f"Content-Type {kinds[0]!r} is wanted, not {kinds[1]!r}"
    for name, value in want.get("headers", {}).items():
        came = got.headers.get(name.lower())
        wrong = came is None if compare.get("headers", {}).get(name) == "present" else came != value
        if wrong:
            yield f"header {name}: {value!r} is wanted, not {came!r}"


# ---------------------------------------------------------------- conversations


class Client:
    """One connection that sends what it is told and nothing else."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._connection = http.client.HTTPConnection(str(parts.hostname), parts.port or 80, timeout=60)
        self._root = parts.path

    def send(self, request: dict[str, Any]) -> Received:
        target = self._root + quote(request["path"], safe=PATH_SAFE)
        if request.get("query"):
            target += "?" + "&".join(f"{quote(str(k), safe='')}={quote(str(v), safe='')}" for k, v in request["query"])
        headers, body = {"Accept": "*/*"}, None
        if "json" in request:
            body = json.dumps(request["json"]).encode()
            headers["Content-Type"] = "application/json"
        elif "text" in request:
            body = request["text"].encode()
        headers |= request.get("headers", {})
        if body is None and request["method"] in ("PUT", "POST"):
            headers["Content-Length"] = "0"
        self._connection.request(request["method"], target, body, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        return Received(answer.status, {k.lower(): v for k, v in answer.getheaders()}, data)

    def close(self) -> None:
        self._connection.close()


def captured(source: str, got: Received) -> Any:
    if source == "text":
        return got.text
    if source.startswith("header:"):
        return got.headers[source.removeprefix("header:").lower()]
    value = parsed(got.text)
    for part in unescaped(source):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def replay(conversation: dict[str, Any], base_url: str, data: str) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Each step with its differences."""
    names: dict[str, Any] = {"data": data}
    client = Client(base_url)
    try:
        for step in conversation["steps"]:
            got = client.send(filled(step["request"], names))
            want, compare = filled(step["response"], names), filled(step.get("compare", {}), names)
            wrong = list(answer_differences(want, compare, got))
            for name, source in step.get("capture", {}).items():
                try:
                    names[name] = captured(source, got)
                except (KeyError, IndexError, ValueError, TypeError):
                    wrong.append(f"nothing to capture at {source}")
            yield step, wrong
    finally:
        client.close()
