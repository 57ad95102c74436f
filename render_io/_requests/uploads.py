"""Resolved tiles on their way to the service, in requests of bounded size.

A body must hold every shared transform that its tiles refer to: the service does not look into the stack for them. So
each request carries those its tiles name, and the first one all that were given, used or not.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from render_io import _json, http
from render_io._requests.progress import track
from render_io._requests.states import reopening
from render_io._requests.urls import join
from render_io.errors import RequestError, SpecError
from render_io.tilespec import TileSpec
from render_io.utils import json_value

__all__ = ["put_resolved_tiles", "references"]

Json = dict[str, Any]

_TILES_PER_REQUEST = 10_000
_BYTES_PER_REQUEST = 32 << 20


@dataclass
class _Batch:
    tiles: dict[bytes, bytes]
    transforms: set[str]
    size: int = 0

    def is_full(self) -> bool:
        return len(self.tiles) >= _TILES_PER_REQUEST or self.size >= _BYTES_PER_REQUEST


def put_resolved_tiles(
    session: Any,
    stack_address: str,
    tiles: Iterable[Json | TileSpec],
    transforms: Mapping[str, Json],
    *,
    derive: bool | None,
    z: str | None = None,
) -> http.Response:
    """Save tiles and shared transforms.

    Parameters
    ----------
    session : requests.Session
        Connection to use.
    stack_address : str
        Address of the stack; when COMPLETE it is re-opened.
    tiles : iterable of dict or TileSpec
        Tile specs; of two with one id the last one counts.
    transforms : mapping of str to dict
        Shared transform specs by id.
    derive : bool, optional
        Whether the service derives the boxes; None leaves that to it.
    z : str, optional
        The z that all tiles must have, as it stands in a path.

    Returns
    -------
    requests.Response
        The last answer.

    Raises
    ------
    SpecError
        A tile without id, a reference to a transform that was not given, or something JSON can't hold: found before
        anything is sent.
    RequestError
        Refused, or not answered; tells how many tiles had been saved before. The stack is LOADING then.
    """
    address = join(stack_address, *(() if z is None else ("z", z)), "resolvedTiles")
    query = None if derive is None else {"deriveData": "true" if derive else "false"}
    batches = list(_batches(tiles, transforms))
    batches[0].transforms = set(transforms)
    response, saved = None, 0
    total = sum(len(batch.tiles) for batch in batches)
    for batch in track(batches, "saving tiles", len(batches)):
        body = _body(batch, transforms)
        try:
            put = functools.partial(http.put_text, session, address, body, query)
            response = reopening(session, stack_address, put)
        except RequestError as error:
            if len(batches) == 1:
                raise
            text = f"{error}; {saved} of {total} tiles are saved"
            raise RequestError(text, error.status, error.url, error.body) from None
        saved += len(batch.tiles)
    assert response is not None  # there is always one batch, be it empty
    return response


def _batches(tiles: Iterable[Json | TileSpec], transforms: Mapping[str, Json]) -> Iterator[_Batch]:
    distinct = {_tile_id(tile, index): tile for index, tile in enumerate(tiles)}
    batch = _Batch({}, set())
    for tile_id, tile in distinct.items():
        if batch.is_full():
            yield batch
            batch = _Batch({}, set())
        text = tile.to_json() if isinstance(tile, TileSpec) else _json.dumps(tile, json_value)
        batch.tiles[_json.dumps(tile_id)] = text
        batch.size += len(text)
        # Else there is no need to look at every transform of every tile; names may be escaped.
        if b'"refId"' in text or b"\\u" in text:
            batch.transforms |= references(_json.loads(text), transforms)
    yield batch


def _tile_id(tile: Json | TileSpec, index: int) -> str:
    tile_id = tile.tileId if isinstance(tile, TileSpec) else tile.get("tileId")
    if not isinstance(tile_id, str):
        raise SpecError(f"expected a tile id, got {tile_id!r}", path=f"[{index}]")
    return tile_id


def references(tile: Json, transforms: Mapping[str, Json]) -> set[str]:
    """Ids of the shared transforms that a tile needs, those that these need included.

    Parameters
    ----------
    tile : dict
        Tile spec.
    transforms : mapping of str to dict
        Shared transform specs by id.

    Returns
    -------
    set of str
        Empty for a tile without references.

    Raises
    ------
    SpecError
        One of them is not among those given.
    """
    found: set[str] = set()
    pending = [tile.get("transforms")]
    while pending:
        spec = pending.pop()
        if not isinstance(spec, Mapping):
            continue
        pending += [*(spec.get("specList") or ()), spec.get("a"), spec.get("b")]
        name = spec.get("refId") if spec.get("type") == "ref" else None
        if name is not None and name not in found:
            if name not in transforms:
                raise SpecError(f"reference to transform {name!r}, which is not among those given", tile.get("tileId"))
            found.add(name)
            pending.append(transforms[name])
    return found


def _body(batch: _Batch, transforms: Mapping[str, Json]) -> bytes:
    shared = {name: spec for name, spec in transforms.items() if name in batch.transforms}
    tiles = b",".join(b"%b:%b" % item for item in batch.tiles.items())
    return b'{"transformIdToSpecMap":%b,"tileIdToSpecMap":{%b}}' % (_json.dumps(shared, json_value), tiles)
