"""The ArgbRenderer, which draws tile specs or render parameters into a file; Render is the older name of its class."""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from render_io.client import argv
from render_io.client.utils import client_connected, run_client
from render_io.render import Render

__all__ = ["renderClient", "rendererClient"]

_CLIENT = "org.janelia.alignment.Render"


@client_connected()
def renderClient(
    tile_spec_url: str | None = None,
    height: int | None = None,
    width: int | None = None,
    in_fn: str | None = None,
    out_fn: str | None = None,
    x: float | None = None,
    y: float | None = None,
    res: float | None = None,
    subprocess_mode: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Draw tile specs into a file.

    Parameters
    ----------
    tile_spec_url : str, optional
        Path or address of a JSON list of tile specs.
    height, width : int, optional
        Size of the picture at scale 1.
    in_fn : str, optional
        Picture to draw on.
    out_fn : str
        File to write; its suffix is the format.
    x, y : float, optional
        Upper left corner in world pixels.
    res : float, optional
        Mesh cell size.
    subprocess_mode, client_script, memGB, render : optional
        How the client is run.
    **kwargs
        Keywords of the process.

    Raises
    ------
    ClientScriptError
        The client failed.
    """
    files = {"tile_spec_url": tile_spec_url, "in": in_fn, "out": out_fn}
    arguments = argv.valued(**files, height=height, width=width, x=x, y=y, res=res)
    run_client(_CLIENT, arguments, client_script, memGB, subprocess_mode, kwargs)


@client_connected()
def rendererClient(
    tile_spec_url: str | None = None,
    meshCellSize: float | None = None,
    minMeshCellSize: float | None = None,
    in_fn: str | None = None,
    out_fn: str | None = None,
    x: float | None = None,
    y: float | None = None,
    width: int | None = None,
    height: int | None = None,
    scale: float | None = None,
    area_offset: bool | None = None,
    minIntensity: float | None = None,
    maxIntensity: float | None = None,
    gray: bool | None = None,
    quality: float | None = None,
    threads: int | None = None,
    skip_interpolation: bool | None = None,
    binary_mask: bool | None = None,
    exclude_mask: bool | None = None,
    parameters_url: str | None = None,
    do_filter: bool | None = None,
    background_color: int | None = None,
    fill_with_noise: bool | None = None,
    channels: str | Sequence[str] | None = None,
    subprocess_mode: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Draw tile specs or render parameters into a file.

    Parameters
    ----------
    tile_spec_url : str, optional
        Path or address of a JSON list of tile specs, or of render parameters.
    meshCellSize, minMeshCellSize : float, optional
        Cells of the mesh.
    in_fn : str, optional
        Picture to draw on.
    out_fn : str
        File to write; its suffix is the format.
    x, y, width, height, scale : float, optional
        What is drawn, in world pixels.
    area_offset : bool, optional
        Switches: present when true.
    minIntensity, maxIntensity : float, optional
        Window in place of the tiles' own.
    gray : bool, optional
        Switches: present when true.
    quality : float, optional
        Of JPEG files.
    threads : int, optional
        Of the client.
    skip_interpolation, binary_mask, exclude_mask : bool, optional
        Switches: present when true.
    parameters_url : str, optional
        Path or address of a JSON list of tile specs, or of render parameters.
    do_filter : bool, optional
        Switches: present when true.
    background_color : int, optional
        RGB.
    fill_with_noise : bool, optional
        Switches: present when true.
    channels : str, optional
        A channel, or ``A__0.7__B__0.3``.
    subprocess_mode, client_script, memGB, render : optional
        How the client is run.
    **kwargs
        Keywords of the process.

    Raises
    ------
    ClientScriptError
        The client failed.
    """
    files = {"tile_spec_url": tile_spec_url, "in": in_fn, "out": out_fn, "parameters_url": parameters_url}
    arguments = argv.valued(
        **files,
        meshCellSize=meshCellSize,
        minMeshCellSize=minMeshCellSize,
        x=x,
        y=y,
        width=width,
        height=height,
        scale=scale,
        minIntensity=minIntensity,
        maxIntensity=maxIntensity,
        quality=quality,
        threads=threads,
        background_color=background_color,
        channels=channels if channels is None or isinstance(channels, str) else "__".join(channels),
    )
    arguments += argv.switch(
        area_offset=area_offset,
        gray=gray,
        skip_interpolation=skip_interpolation,
        binary_mask=binary_mask,
        exclude_mask=exclude_mask,
        do_filter=do_filter,
        fill_with_noise=fill_with_noise,
    )
    run_client(_CLIENT, arguments, client_script, memGB, subprocess_mode, kwargs)
