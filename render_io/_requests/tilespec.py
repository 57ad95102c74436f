"""Tile specs of a render service; `render_io.tilespec` offers these functions as its own.

What is asked for by tile, box or z comes flattened and resolved: shared transforms stand in each tile. The raw form,
with references, is that of `get_tile_spec_raw` and of `render_io.resolvedtiles`.
"""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from render_io import http
from render_io._requests.access import connected
from render_io._requests.layers import tile_specs_of_layer
from render_io._requests.progress import track
from render_io._requests.urls import commas, escape, number, stack_url, whole
from render_io.errors import RequestError
from render_io.render import Port, Render
from render_io.tilespec import TileSpec

__all__ = [
    "get_tile_spec",
    "get_tile_spec_or_none",
    "get_tile_spec_raw",
    "get_tile_spec_renderparameters",
    "get_tile_specs_from_box",
    "get_tile_specs_from_minmax_box",
    "get_tile_specs_from_stack",
    "get_tile_specs_from_z",
    "iter_tile_specs_from_stack",
]


@connected()
def get_tile_spec_renderparameters(
    stack: str,
    tile: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Render parameters of one tile; RequestError when there is none."""
    address = stack_url(host, port, owner, project, stack, "tile", escape(tile, "tile"), "render-parameters")
    parameters: dict[str, Any] = http.get_json(session, address)
    return parameters


@connected()
def get_tile_spec(
    stack: str,
    tile: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> TileSpec:
    """Get one tile, flattened and resolved.

    RequestError when there is none (`get_tile_spec_or_none` returns None then), or when it can't be read.
    """
    parameters = get_tile_spec_renderparameters(stack, tile, host, port, owner, project, session)
    specs = parameters.get("tileSpecs") or []
    if len(specs) != 1:
        raise RequestError(f"expected one tile spec for tile {tile}, got {len(specs)}", 200)
    return TileSpec(json=specs[0])


@connected()
def get_tile_spec_or_none(
    stack: str,
    tile: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> TileSpec | None:
    """As `get_tile_spec`, None when the service says that there is no such tile; other failures raise all the same."""
    try:
        return get_tile_spec(stack, tile, host, port, owner, project, session)
    except RequestError as error:
        if error.status == 404:
            return None
        raise


@connected()
def get_tile_spec_raw(
    stack: str,
    tile: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> TileSpec:
    """Get one tile as it is stored, references kept; RequestError when there is none."""
    address = stack_url(host, port, owner, project, stack, "tile", escape(tile, "tile"))
    return TileSpec(json=http.get_json(session, address))


@connected()
def get_tile_specs_from_minmax_box(
    stack: str,
    z: float,
    xmin: float,
    xmax: float,
    ymin: float,
    ymax: float,
    scale: float = 1.0,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[TileSpec]:
    """Tiles whose boxes touch a box; mind the order xmin, xmax, ymin, ymax."""
    box = (xmin, ymin, math.ceil(float(xmax) - float(xmin)), math.ceil(float(ymax) - float(ymin)), scale)
    return get_tile_specs_from_box(stack, z, *box, host, port, owner, project, session)


@connected()
def get_tile_specs_from_box(
    stack: str,
    z: float,
    x: float,
    y: float,
    width: int,
    height: int,
    scale: float = 1.0,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[TileSpec]:
    """Tiles whose boxes touch a box, borders included.

    Width and height are whole numbers for the service; fractions are rounded up, so that no tile is missed.
    """
    size = (whole(width, "width"), whole(height, "height"))
    box = commas(number(x, "x"), number(y, "y"), *size, number(scale, "scale"))
    address = stack_url(host, port, owner, project, stack, "z", number(z, "z"), "box", box, "render-parameters")
    parameters = http.get_json(session, address, stream=True)
    return [TileSpec(json=spec) for spec in parameters.get("tileSpecs") or ()]


@connected()
def get_tile_specs_from_z(
    stack: str,
    z: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[TileSpec]:
    """All tiles of one z, however many; RequestError when the stack or the z does not exist."""
    return tile_specs_of_layer(session, stack_url(host, port, owner, project, stack), z)


@connected()
def get_tile_specs_from_stack(
    stack: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[TileSpec]:
    """All tiles of a stack, in memory at once; `iter_tile_specs_from_stack` gives them z by z."""
    layers = iter_tile_specs_from_stack(stack, host, port, owner, project, session)
    return [tile for layer in layers for tile in layer]


@connected()
def iter_tile_specs_from_stack(
    stack: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> Iterator[list[TileSpec]]:
    """All tiles of a stack, the list of one z after the other, with progress."""
    address = stack_url(host, port, owner, project, stack)
    zs = http.get_json(session, f"{address}/zValues")
    for z in track(zs, f"reading {stack}", len(zs)):
        yield tile_specs_of_layer(session, address, z)
