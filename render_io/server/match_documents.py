"""Documents of point matches: from the body of a request to rows, and several collections into one answer."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, cast

import msgspec

from render_io.server.answers import BadRequest, BrokenStream, Failure
from render_io.server.jackson import Int32
from render_io.server.match_store import PairKey, PairRow, ordered
from render_io.server.spec_model import Document

__all__ = ["Matches", "Pair", "merge", "pair_rows"]


class Matches(Document):
    """Points of p and of q, dimension by dimension, and weights; layouts are not checked, as the service does not."""

    p: list[list[float] | None] | None = None
    q: list[list[float] | None] | None = None
    w: list[float] | None = None


class ConsensusSet(Document):
    """Which of several consensus sets of one pair of pictures this is."""

    index: Int32 | None = None
    originalPId: str | None = None
    originalQId: str | None = None


class Pair(Document):
    """All matches between two tiles."""

    pGroupId: str | None = None
    pId: str | None = None
    qGroupId: str | None = None
    qId: str | None = None
    consensusSetData: ConsensusSet | None = None
    matches: Matches | None = None
    matchCount: Int32 | None = None


def pair_rows(pairs: Iterable[Pair | None]) -> list[PairRow]:
    """Turn pairs into rows: p and q in order, the number of matches counted.

    Parameters
    ----------
    pairs : iterable of Pair or None
        As they came.

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


def _row(pair: Pair | None) -> PairRow:
    if pair is None:
        raise Failure
    if pair.pGroupId is None or pair.qGroupId is None or pair.pId is None or pair.qId is None:
        raise BadRequest("CanvasMatches are missing required pGroupId, qGroupId, pId, and/or qId values")
    flip, key = ordered(pair.pGroupId, pair.pId, pair.qGroupId, pair.qId)
    matches, count = _points(pair.matches, flip)
    whole = Pair(key.p_group, key.p_id, key.q_group, key.q_id, pair.consensusSetData, matches, count)
    document = None if matches is None else msgspec.json.encode(whole)
    whole.matches = None
    return PairRow(*key, whole.consensusSetData is not None, msgspec.json.encode(whole), document)


def _points(sent: Matches | None, flip: bool) -> tuple[Matches | None, int]:
    """Return the points of a pair, exchanged if need be, and their number."""
    if sent is None:
        return None, 0
    if sent.w is None:
        raise Failure
    p, q = (sent.q, sent.p) if flip else (sent.p, sent.q)
    return Matches(_rows(p), _rows(q), _numbers(sent.w)), len(sent.w)


def _rows(rows: list[list[float] | None] | None) -> list[list[float] | None] | None:
    return None if rows is None else [None if row is None else _numbers(row) for row in rows]


def _numbers(row: Sequence[float | None]) -> list[float]:
    """Return the numbers of a row, a missing one as 0: Java's numbers cannot be missing."""
    if None in row:
        return [0.0 if number is None else number for number in row]
    return cast("list[float]", row)


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
    first, *others = map(msgspec.json.decode, documents)
    for other in others:
        try:
            first["matches"] = _appended(first.get("matches"), other["matches"])
        except (KeyError, IndexError, TypeError):
            raise BrokenStream("the points of a pair in several collections cannot be joined") from None
    first["matchCount"] = len(first["matches"]["w"])
    return msgspec.json.encode(first)


def _appended(matches: dict[str, Any] | None, more: dict[str, Any]) -> dict[str, Any]:
    """Join dimension by dimension; what the second has beyond the first is dropped."""
    if matches is None:
        return more
    joined = {name: [row + more[name][i] for i, row in enumerate(matches[name])] for name in ("p", "q")}
    return joined | {"w": matches["w"] + more["w"]}
