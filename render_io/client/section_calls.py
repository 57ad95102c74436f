"""Clients that work on whole sections: drawing them, and applying one transform to all their tiles."""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from render_io.client import argv
from render_io.client.utils import client_connected, run_client
from render_io.render import Port, Render
from render_io.stack import make_stack_params

__all__ = ["renderSectionClient", "transformSectionClient"]

_PACKAGE = "org.janelia.render.client"


@client_connected()
def renderSectionClient(
    stack: str,
    rootDirectory: str,
    zs: Iterable[float] | float,
    scale: float | None = None,
    maxIntensity: int | None = None,
    minIntensity: int | None = None,
    bounds: Mapping[str, float] | Sequence[float] | None = None,
    format: str | None = None,
    channel: str | None = None,
    customOutputFolder: str | None = None,
    customSubFolder: str | None = None,
    padFileNamesWithZeros: bool | None = None,
    resolutionUnit: str | None = None,
    doFilter: bool | None = None,
    fillWithNoise: bool | None = None,
    convertToGray: bool | None = None,
    subprocess_mode: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Draw sections into files.

    Parameters
    ----------
    stack : str
        Name of the stack.
    rootDirectory : str
        Folder of the pictures.
    zs : iterable of float
        Sections.
    scale : float, optional
        Picture pixels per world pixel.
    maxIntensity, minIntensity : int, optional
        Window in place of the tiles' own.
    bounds : mapping or sequence, optional
        minX, maxX, minY, maxY of the picture; fractions are rounded outwards.
    format : str, optional
        png, jpg, tif, ...
    channel : str, optional
        A channel, or ``A__0.7__B__0.3``.
    customOutputFolder, customSubFolder : str, optional
        In place of the folders made of project, stack and scale.
    padFileNamesWithZeros : bool, optional
        Name files by five digits.
    resolutionUnit : str, optional
        Write the stack's resolution into TIFF files.
    doFilter, fillWithNoise : bool, optional
        How it is drawn; on unless false.
    convertToGray : bool, optional
        The client has no such option any more: png, jpg and bmp are gray always.
    subprocess_mode : optional
        How the client is run.
    host, port, owner, project : optional
        Connection.
    client_script, memGB : optional
        How the client is run.
    render : optional
        Connection.
    **kwargs
        Keywords of the process.

    Raises
    ------
    ClientScriptError
        Bad bounds, or the client failed.
    """
    if convertToGray is not None:
        warnings.warn("the client has no convertToGray any more, it is left out", DeprecationWarning, stacklevel=3)
    options = argv.valued(
        rootDirectory=rootDirectory,
        scale=scale,
        format=format.lower() if format is not None else None,
        doFilter=doFilter,
        minIntensity=minIntensity,
        maxIntensity=maxIntensity,
        fillWithNoise=fillWithNoise,
        customOutputFolder=customOutputFolder,
        channels=channel,
        customSubFolder=customSubFolder,
        resolutionUnit=resolutionUnit,
        bounds=None if bounds is None else argv.bounds_text(bounds),
    )
    options += argv.switch(padFileNamesWithZeros=padFileNamesWithZeros)
    where = make_stack_params(host, port, owner, project, stack)
    arguments = [*where, *options, *argv.positional(zs, "z")]
    run_client(f"{_PACKAGE}.RenderSectionClient", arguments, client_script, memGB, subprocess_mode, kwargs)


@client_connected(extra=("transformApplicationMethod",))
def transformSectionClient(
    stack: str,
    transformId: str,
    transformClass: str,
    transformData: str,
    zValues: Iterable[float] | float,
    targetProject: str | None = None,
    targetStack: str | None = None,
    replaceLast: bool | None = None,
    subprocess_mode: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Apply one shared transform to all tiles of some sections.

    Parameters
    ----------
    stack : str
        Source.
    transformId : str
        Id of the shared transform.
    transformClass, transformData : str
        Java class and dataString, with blanks or commas.
    zValues : iterable of float
        Sections.
    targetProject, targetStack : str, optional
        The source by default.
    replaceLast : bool, optional
        Replace the last transform of each tile in place of appending to them.
    subprocess_mode : optional
        How the client is run.
    host, port, owner, project : optional
        Connection.
    client_script, memGB : optional
        How the client is run.
    render : optional
        Connection.
    **kwargs
        ``transformApplicationMethod``: APPEND, INSERT_AS_FIRST, INSERT_BEFORE_LAST, REPLACE_LAST or
        PRE_CONCATENATE_LAST; keywords of the process.

    Raises
    ------
    ClientScriptError
        The client failed.
    """
    options = argv.valued(
        targetProject=targetProject,
        targetStack=targetStack,
        transformId=transformId,
        transformClass=transformClass,
        transformData=",".join(str(transformData).split()),
        transformApplicationMethod=kwargs.get("transformApplicationMethod")
        or ("REPLACE_LAST" if replaceLast else None),
    )
    where = make_stack_params(host, port, owner, project, stack)
    arguments = [*where, *options, *argv.positional(zValues, "z")]
    run_client(f"{_PACKAGE}.TransformSectionClient", arguments, client_script, memGB, subprocess_mode, kwargs)
