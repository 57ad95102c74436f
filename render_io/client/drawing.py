"""Tile specs and render parameters drawn by the client, into a file or an array."""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from render_io.client.picture_calls import renderClient, rendererClient
from render_io.client.utils import client_connected, temporary_json
from render_io.errors import ClientScriptError
from render_io.render import Render

__all__ = [
    "materialize_renderparameters_image",
    "materialize_tilespec_image",
    "render_renderparameters",
    "render_tilespec",
]

Picture = npt.NDArray[Any]


@client_connected()
def materialize_tilespec_image(
    tilespec: Any,
    out_fn: str | None = None,
    height: int | None = None,
    width: int | None = None,
    x: float | None = None,
    y: float | None = None,
    res: float = 32,
    subprocess_mode: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Draw one tile into a file.

    Parameters
    ----------
    tilespec : TileSpec
        Without references.
    out_fn : str
        File to write; its suffix is the format.
    height, width, x, y : float, optional
        What is drawn; by default the tile's box, or the outline of its corners when it has none.
    res : float
        Mesh cell size.
    subprocess_mode, client_script, memGB, render : optional
        How the client is run.
    **kwargs
        Keywords of the process.

    Raises
    ------
    ClientScriptError
        The client failed, or there is no file to write to.
    """
    out_fn = _needed(out_fn)
    left, top, right, bottom = _box(tilespec)
    frame: Any = {
        "height": math.ceil(bottom - top) if height is None else height,
        "width": math.ceil(right - left) if width is None else width,
        "x": left if x is None else x,
        "y": top if y is None else y,
    }
    how: Any = {"subprocess_mode": subprocess_mode, "client_script": client_script, "memGB": memGB}
    with temporary_json([tilespec]) as (path,):
        renderClient(tile_spec_url=path, out_fn=out_fn, res=res, **frame, **(kwargs | how))


def _box(tilespec: Any) -> tuple[float, float, float, float]:
    box = [getattr(tilespec, side, None) for side in ("minX", "minY", "maxX", "maxY")]
    if any(side is None for side in box):
        outline = tilespec.bbox_transformed(ndiv_inner=8)
        box = [*np.floor(outline.min(axis=0)).tolist(), *np.ceil(outline.max(axis=0)).tolist()]
    left, top, right, bottom = (float(side) for side in box if side is not None)
    return left, top, right, bottom


def _needed(out_fn: str | None) -> str:
    if out_fn is None:
        raise ClientScriptError("out_fn is missing: the client needs a file to write to")
    return out_fn


def render_tilespec(*args: Any, **kwargs: Any) -> Picture:
    """Draw one tile into an array; arguments as of `materialize_tilespec_image`, without `out_fn`."""
    with temporary_json(None, suffix=".tif") as (path,):
        materialize_tilespec_image(*args, **(kwargs | {"out_fn": path}))
        return _read(path)


@client_connected()
def materialize_renderparameters_image(
    obj: Any,
    out_fn: str | None = None,
    subprocess_mode: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Draw render parameters into a file, whose suffix is the format; ClientScriptError when the client fails."""
    how: Any = {"subprocess_mode": subprocess_mode, "client_script": client_script, "memGB": memGB}
    with temporary_json(obj) as (path,):
        rendererClient(parameters_url=path, out_fn=_needed(out_fn), **(kwargs | how))


def render_renderparameters(*args: Any, **kwargs: Any) -> Picture:
    """Draw render parameters into an array; ``image_ext`` is the format in between, ".png" by default.

    Other arguments as of `materialize_renderparameters_image`, without `out_fn`.
    """
    suffix = str(kwargs.pop("image_ext", ".png"))
    with temporary_json(None, suffix=suffix if suffix.startswith(".") else f".{suffix}") as (path,):
        materialize_renderparameters_image(*args, **(kwargs | {"out_fn": path}))
        return _read(path)


def _read(path: str) -> Picture:
    from PIL import Image

    try:
        with Image.open(Path(path)) as picture:
            pixels: Picture = np.array(picture)
    except OSError as error:
        raise ClientScriptError(f"the client ended well, but its picture can't be read: {error}") from error
    return pixels
