"""Documents of point matches: from the body of a request to rows, and several collections into one answer."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import orjson

from render_io.server.answers import BadRequest, BrokenStream, Failure, MalformedBody
from render_io.server.match_scalars import as_double, as_integer, as_object, as_text, as_written
from render_io.server.match_store import PairKey, PairRow, ordered
from render_io.server.routing import first_json

__all__ = ["merge", "pair_rows", "read_pairs"]

_IDS = ("pGroupId", "pId", "qGroupId", "qId")
_ROWS = ("p", "q")
_NO_IDS = "CanvasMatches are missing required pGroupId, qGroupId, pId, and/or qId values"


def read_pairs(body: bytes) -> list[dict[str, Any] | None] | None:
    """Read the body of a save: known members only, every value of the type the service gives it.

    Parameters
    ----------
    body : bytes
        JSON text, a list of pairs.

    Returns
    -------
    list of dict or None
        Pairs with ids as text and points as doubles (words for those that are not finite); None without a body.

    Raises
    ------
    MalformedBody
        When the text is no JSON or a value has the wrong type.
    """
    value = first_json(body)
    if value is None:
        return None
    if not isinstance(value, list):
        raise MalformedBody("list of matches expected")
    if any(isinstance(pair, dict) and any(type(pair.get(name)) is float for name in _IDS) for pair in value):
        value = as_written(body)
    return [_pair(as_object(pair, f"[{i}]"), f"[{i}]") for i, pair in enumerate(value)]


def _pair(sent: dict[str, Any] | None, where: str) -> dict[str, Any] | None:
    if sent is None:
        return None
    pair: dict[str, Any] = {name: as_text(sent.get(name), f"{where}.{name}") for name in _IDS}
    consensus = as_object(sent.get("consensusSetData"), f"{where}.consensusSetData")
    if consensus is not None:
        pair["consensusSetData"] = _consensus(consensus, where)
    matches = as_object(sent.get("matches"), f"{where}.matches")
    if matches is not None:
        pair["matches"] = _matches(matches, where)
    as_integer(sent.get("matchCount"), f"{where}.matchCount")
    return pair


def _consensus(sent: dict[str, Any], where: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "index": as_integer(sent.get("index"), f"{where}.consensusSetData.index"),
        "originalPId": as_text(sent.get("originalPId"), f"{where}.consensusSetData.originalPId"),
        "originalQId": as_text(sent.get("originalQId"), f"{where}.consensusSetData.originalQId"),
    }
    return {name: value for name, value in values.items() if value is not None}


def _matches(sent: dict[str, Any], where: str) -> dict[str, Any]:
    matches: dict[str, Any] = {}
    for name in _ROWS:
        rows = sent.get(name)
        if rows is not None:
            if not isinstance(rows, list):
                raise MalformedBody(f"{where}.matches.{name}: list of rows expected")
            matches[name] = [None if row is None else _doubles(row, f"{where}.matches.{name}") for row in rows]
    if sent.get("w") is not None:
        matches["w"] = _doubles(sent["w"], f"{where}.matches.w")
    return matches


def _doubles(row: Any, where: str) -> list[Any]:
    """Return the row as doubles; one that has nothing else already is returned as it is."""
    if not isinstance(row, list):
        raise MalformedBody(f"{where}: list of numbers expected")
    if set(map(type, row)) == {float} and math.isfinite(sum(row)):
        return row
    return [_written(as_double(value, where)) for value in row]


def _written(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def pair_rows(pairs: Iterable[dict[str, Any] | None]) -> list[PairRow]:
    """Turn pairs into rows: p and q in order, the number of matches counted.

    Parameters
    ----------
    pairs : iterable of dict or None
        As `read_pairs` gives them.

    Returns
    -------
    list of PairRow
        One per pair, in the same order.

    Raises
    ------
    BadRequest
        When an id is missing.
    Failure
        With an empty text: a pair is null or its matches have no weights.
    """
    return [_row(pair) for pair in pairs]


def _row(pair: dict[str, Any] | None) -> PairRow:
    if pair is None:
        raise Failure
    if any(pair[name] is None for name in _IDS):
        raise BadRequest(_NO_IDS)
    flip, key = ordered(*(pair[name] for name in _IDS))
    head: dict[str, Any] = {"pGroupId": key.p_group, "pId": key.p_id, "qGroupId": key.q_group, "qId": key.q_id}
    consensus = "consensusSetData" in pair
    if consensus:
        head["consensusSetData"] = pair["consensusSetData"]
    matches = pair.get("matches")
    if matches is None:
        return PairRow(*key, consensus, orjson.dumps(head | {"matchCount": 0}), None)
    if "w" not in matches:
        raise Failure
    names = {"p": "q", "q": "p"} if flip else {"p": "p", "q": "q"}
    points = {name: matches[source] for name, source in names.items() if source in matches}
    count = {"matchCount": len(matches["w"])}
    whole = head | {"matches": points | {"w": matches["w"]}} | count
    return PairRow(*key, consensus, orjson.dumps(head | count), orjson.dumps(whole))


# ---------------------------------------------------------------- several collections as one


def merge(collections: Iterable[Iterator[tuple[PairKey, bytes]]]) -> Iterator[bytes]:
    """Merge the sorted pairs of several collections; the points of a pair that several have are joined.

    Parameters
    ----------
    collections : iterable of iterators of (PairKey, bytes)
        Sorted by key; their order is that of the joined points.

    Yields
    ------
    bytes
        JSON text of one pair.

    Raises
    ------
    BrokenStream
        When the points of a pair cannot be joined.
    """
    merged = heapq.merge(*collections, key=lambda pair: pair[0])
    for _, same in groupby(merged, key=lambda pair: pair[0]):
        documents = [document for _, document in same]
        yield documents[0] if len(documents) == 1 else _joined(documents)


def _joined(documents: list[bytes]) -> bytes:
    first, *others = map(orjson.loads, documents)
    for other in others:
        try:
            first["matches"] = _appended(first.get("matches"), other["matches"])
        except (KeyError, IndexError, TypeError):
            raise BrokenStream("the points of a pair in several collections cannot be joined") from None
    count = len(first["matches"]["w"])
    del first["matchCount"]
    return orjson.dumps(first | {"matchCount": count})


def _appended(matches: dict[str, Any] | None, more: dict[str, Any]) -> dict[str, Any]:
    """Join dimension by dimension; what the second has beyond the first is dropped."""
    if matches is None:
        return more
    joined: dict[str, Any] = {
        name: [row + more[name][i] for i, row in enumerate(matches[name])] for name in _ROWS
    }
    return joined | {"w": matches["w"] + more["w"]}
