"""Resolved tiles of a render service; `render_io.resolvedtiles` offers these functions as its own."""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from render_io import http
from render_io._requests.access import connected
from render_io._requests.layers import resolved_layer
from render_io._requests.uploads import put_resolved_tiles
from render_io._requests.urls import stack_url
from render_io.errors import RenderError
from render_io.render import Port, Render
from render_io.resolvedtiles import ResolvedTiles

__all__ = ["get_resolved_tiles_from_z", "put_tilespecs"]


@connected()
def put_tilespecs(
    stack: str,
    resolved_tiles: ResolvedTiles | None = None,
    deriveData: bool | None = True,
    tilespecs: Iterable[Any] | None = None,
    shared_transforms: Iterable[Any] | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Save tiles and the shared transforms they refer to; many are sent in several requests, with progress.

    Parameters
    ----------
    stack : str
        Name of the stack; when COMPLETE it is re-opened, and the log says so.
    resolved_tiles : ResolvedTiles, optional
        Both together.
    deriveData : bool, optional
        Let the service derive the boxes; with False they are saved as they are, and each tile must have one. None
        leaves the choice to the service (it does not derive).
    tilespecs : iterable of TileSpec, optional
        In place of `resolved_tiles`.
    shared_transforms : iterable of transforms, optional
        With ids; beside `tilespecs`.
    host, port, owner, project, session, render : optional
        Connection.
    **kwargs
        Further members of a connection, not used.

    Returns
    -------
    requests.Response
        The last answer.

    Raises
    ------
    RenderError
        Neither tiles nor resolved tiles are given.
    SpecError
        A tile or a transform without id, or a reference to a transform that is not given.
    RequestError
        The service refused some, or gave no answer; tells how many tiles had been saved before.
    """
    if resolved_tiles is None:
        if tilespecs is None:
            raise RenderError("put_tilespecs() needs tilespecs or resolved_tiles")
        resolved_tiles = ResolvedTiles(list(tilespecs), list(shared_transforms or ()))
    tiles: Iterable[Any] = resolved_tiles.tilespecs
    if any(tile.tileId is None for tile in tiles):  # its key in the document may be its id
        tiles = resolved_tiles.to_dict()["tileIdToSpecMap"].values()
    transforms = resolved_tiles._transform_map()  # as `to_dict` has them, without a copy of every tile
    address = stack_url(host, port, owner, project, stack)
    return put_resolved_tiles(session, address, tiles, transforms, derive=deriveData)


@connected()
def get_resolved_tiles_from_z(
    stack: str,
    z: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> ResolvedTiles:
    """Tiles of one z, references kept, and the shared transforms they name, both in the order of their ids."""
    document = resolved_layer(session, stack_url(host, port, owner, project, stack), z)
    return ResolvedTiles(json=document)
