"""Layers with more tiles than the service gives in one answer, read in parts.

The service refuses queries that match more than 50,000 tiles. What it does not limit are the boxes of a layer, so these
tell how many tiles there are, which ones, and where to cut.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from render_io import http
from render_io._requests.progress import track
from render_io._requests.urls import join, number
from render_io.errors import RequestError, SpecError
from render_io.tilespec import TileSpec, loads

__all__ = ["resolved_layer", "tile_specs_of_layer"]

Json = dict[str, Any]

_log = logging.getLogger(__name__)
_IDS_PER_REQUEST = 10_000
_TILES_PER_REQUEST = 20_000
_SIDES = ("minX", "maxX", "minY", "maxY")


def tile_specs_of_layer(session: Any, stack_address: str, z: Any) -> list[TileSpec]:
    """Tile specs of one z, resolved and flattened, in the order of their ids.

    Parameters
    ----------
    session : requests.Session
        Connection to use.
    stack_address : str
        Address of the stack.
    z : float
        Section.

    Returns
    -------
    list of TileSpec
        All tiles, however many; each is read further when it is looked at.

    Raises
    ------
    RequestError
        There is no such stack or z, or a tile can't be resolved.
    """
    layer = join(stack_address, "z", number(z, "z"))
    tiles: list[TileSpec] = _unless_too_broad(
        lambda: _tiles(http.get_bytes(session, join(layer, "tile-specs"))[0], layer),
        lambda: _by_id(session, stack_address, layer),
    )
    return tiles


def _unless_too_broad(ask: Callable[[], Any], in_parts: Callable[[], Any]) -> Any:
    try:
        return ask()
    except RequestError as error:
        if error.status != 400 or "query too broad" not in (error.body or ""):
            raise
        _log.info("%s: read in parts", error.url)
    return in_parts()


def _tiles(text: bytes, layer: str) -> list[TileSpec]:
    try:
        return loads(text)
    except SpecError as error:
        shown = http.redact(layer)
        raise RequestError(f"GET {shown}: the answer is not JSON: {error}", 200, shown) from None


def _by_id(session: Any, stack_address: str, layer: str) -> list[TileSpec]:
    ids = sorted(box["tileId"] for box in http.get_json(session, join(layer, "tileBounds"), stream=True))
    starts = range(0, len(ids), _IDS_PER_REQUEST)
    tiles: list[TileSpec] = []
    for start in track(starts, "reading tiles", len(starts)):
        part = ids[start : start + _IDS_PER_REQUEST]
        tiles += _tiles(http.put_json(session, join(stack_address, "tile-specs-with-ids"), part).content, layer)
    _check_count(len(tiles), len(ids), layer)
    return tiles


def _check_count(got: int, expected: int, layer: str) -> None:
    if got != expected:
        shown = http.redact(layer)
        why = "the stack was changed meanwhile, or a tile has no box"
        raise RequestError(f"{shown}: expected {expected} tiles, got {got}: {why}", None, shown)


def resolved_layer(session: Any, stack_address: str, z: Any, max_bytes: int | None = None) -> Json:
    """Resolved tiles of one z: tile specs with references, and the shared transforms they name.

    Parameters
    ----------
    session : requests.Session
        Connection to use.
    stack_address : str
        Address of the stack.
    z : float
        Section.
    max_bytes : int, optional
        Largest answer taken.

    Returns
    -------
    dict
        ``transformIdToSpecMap`` and ``tileIdToSpecMap``, both in the order of their ids.

    Raises
    ------
    RequestError
        There is no such stack or z, or an answer is too big.
    """
    layer = join(stack_address, "z", number(z, "z"))
    whole: Json = _unless_too_broad(
        lambda: http.get_json(session, join(layer, "resolvedTiles"), stream=True, max_bytes=max_bytes),
        lambda: _by_box(session, stack_address, layer, z, max_bytes),
    )
    return whole | {name: dict(sorted((whole.get(name) or {}).items())) for name in _MAPS}


_MAPS = ("transformIdToSpecMap", "tileIdToSpecMap")


def _by_box(session: Any, stack_address: str, layer: str, z: Any, max_bytes: int | None) -> Json:
    boxes = http.get_json(session, join(layer, "tileBounds"), stream=True)
    whole: Json = {name: {} for name in _MAPS}
    areas = list(_areas([box for box in boxes if all(side in box for side in _SIDES)]))
    for area in track(areas, "reading tiles", len(areas)):
        query = {"minZ": z, "maxZ": z} | {side: repr(value) for side, value in zip(_SIDES, area, strict=True)}
        part = http.get_json(session, join(stack_address, "resolvedTiles"), params=query, max_bytes=max_bytes)
        for name in _MAPS:
            whole[name].update(part.get(name) or {})
    _check_count(len(whole[_MAPS[1]]), len(boxes), layer)
    return whole


def _areas(boxes: list[Json]) -> Iterator[tuple[float, float, float, float]]:
    """Areas that together hold all boxes, few enough of them each; halved by the median of their longer side."""
    area = (
        min(box["minX"] for box in boxes),
        max(box["maxX"] for box in boxes),
        min(box["minY"] for box in boxes),
        max(box["maxY"] for box in boxes),
    )
    along = "X" if area[1] - area[0] >= area[3] - area[2] else "Y"
    ordered = sorted(boxes, key=lambda box: box[f"min{along}"])
    half = len(ordered) // 2
    if len(boxes) <= _TILES_PER_REQUEST or ordered[0][f"min{along}"] == ordered[-1][f"min{along}"]:
        yield area
    else:
        yield from _areas(ordered[:half])
        yield from _areas(ordered[half:])
