"""Point matches as values: copying, swapping, joining, and the check of their shapes before they are saved."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from render_io.errors import SpecError

__all__ = ["checked_matches", "concatenated", "copy_match_explicit", "swap_matchpair"]

Match = dict[str, Any]

_log = logging.getLogger(__name__)
_IDS = ("pGroupId", "pId", "qGroupId", "qId")


def _own(values: Any) -> Any:
    """Copy of a list or array, its rows included."""
    if hasattr(values, "dtype"):
        return values.copy()
    return [_own(row) if _is_row(row) else row for row in values] if _is_row(values) else values


def _is_row(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (hasattr(value, "dtype") and getattr(value, "ndim", 0) > 0)


def copy_match_explicit(match: Mapping[str, Any]) -> Match:
    """Copy of a match that shares no list, array or dict with it; ``matches`` may be missing, as in match counts."""
    return {
        key: {name: _own(values) for name, values in value.items()} if isinstance(value, Mapping) else value
        for key, value in match.items()
    }


def swap_matchpair(match: Mapping[str, Any], copy: bool = True) -> Match:
    """Exchange p and q of a match.

    Parameters
    ----------
    match : dict
        A pair; ``matches`` may be missing.
    copy : bool
        Share no list with `match`.

    Returns
    -------
    dict
        The exchanged pair, the original ids in ``consensusSetData`` exchanged too.
    """
    source = copy_match_explicit(match) if copy else dict(match)
    swapped = source | {
        "pId": source["qId"],
        "pGroupId": source["qGroupId"],
        "qId": source["pId"],
        "qGroupId": source["pGroupId"],
    }
    points = source.get("matches")
    if points is not None:
        swapped["matches"] = points | {"p": points["q"], "q": points["p"]}
    consensus = source.get("consensusSetData")
    if consensus is not None:
        exchanged = {"originalPId": "originalQId", "originalQId": "originalPId"}
        swapped["consensusSetData"] = {exchanged.get(name, name): value for name, value in consensus.items()}
    return swapped


def checked_matches(data: Iterable[Mapping[str, Any]]) -> list[Match]:
    """Check matches and bring their points into the service's form.

    Parameters
    ----------
    data : iterable of dict
        Matches.

    Returns
    -------
    list of dict
        The same, p and q as two rows; nothing is copied that need not be turned.

    Raises
    ------
    SpecError
        Ids are missing, or p, q and w do not belong together; names the pair and its index.
    """
    if isinstance(data, Mapping):
        raise SpecError("expected a list of matches, got one match")
    return [_checked(match, index) for index, match in enumerate(data)]


def _checked(match: Mapping[str, Any], index: int) -> Match:
    if not isinstance(match, Mapping):
        raise SpecError(f"expected a match, got {type(match).__name__}", path=f"[{index}]")
    missing = [name for name in _IDS if match.get(name) is None]
    if missing:
        raise SpecError(f"match without {', '.join(missing)}", path=f"[{index}]")
    points = match.get("matches")
    if points is None:
        return dict(match)
    pair = f"{match['pId']} - {match['qId']}"
    return dict(match) | {"matches": _checked_points(points, f"[{index}].matches", pair)}


def _checked_points(points: Mapping[str, Any], path: str, pair: str) -> dict[str, Any]:
    for name in ("p", "q", "w"):
        if not _is_row(points.get(name)):
            raise SpecError(f"pair {pair}: {name} must be a list, got {type(points.get(name)).__name__}", path=path)
    count = len(points["w"])
    turned = [_is_turned(points[side], count) for side in ("p", "q")]
    if turned == [True, True]:
        _log.warning("%s: pair %s has %d x 2 points; saved as 2 x %d, the service's form", path, pair, count, count)
        return dict(points) | {
            side: [list(column) for column in zip(*points[side], strict=True)] or [[], []] for side in "pq"
        }
    for side in ("p", "q"):
        lengths = [len(row) if _is_row(row) else None for row in points[side]]
        if lengths != [count, count]:
            raise SpecError(
                f"pair {pair}: expected two rows of {count} numbers, one per weight, got {len(lengths)} rows"
                f" of lengths {sorted({str(length) for length in lengths})}",
                path=f"{path}.{side}",
            )
    return dict(points)


def _is_turned(side: Any, count: int) -> bool:
    """N x 2 where 2 x N is due; with two points the two can't be told apart, and the service's form is assumed."""
    return len(side) == count != 2 and all(_is_row(point) and len(point) == 2 for point in side)


def concatenated(stored: Match, match: Match) -> Match:
    """Points of a stored pair and of a new one, in one pair.

    Parameters
    ----------
    stored, match : dict
        The same two tiles, in either order.

    Returns
    -------
    dict
        `stored` with the points of `match` after its own.
    """
    if (stored["pGroupId"], stored["pId"]) != (match["pGroupId"], match["pId"]):
        match = swap_matchpair(match)
    old, new = stored.get("matches"), match.get("matches")
    if not old or not new:
        return stored | {"matches": old or new} if old or new else stored
    sides = {side: [[*a, *b] for a, b in zip(old[side], new[side], strict=True)] for side in "pq"}
    return stored | {"matches": sides | {"w": [*old["w"], *new["w"]]}}
