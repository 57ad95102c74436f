"""One function per Java client: the command line, the run, and what comes back.

Those of pairs, sections, matches and pictures have files of their own. Each runs the Java client's script when the
connection has one, and does the same job in-process otherwise.
"""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from render_io.client import argv
from render_io.client.coordinates import COORDINATE_CLIENT, coordinate_arguments, read_answer
from render_io.client.match_calls import get_canvas_url_template, pointMatchClient
from render_io.client.pair_calls import tilePairClient
from render_io.client.params import ArgumentParameters
from render_io.client.picture_calls import renderClient, rendererClient
from render_io.client.section_calls import renderSectionClient, transformSectionClient
from render_io.client.utils import client_connected, run_client
from render_io.errors import ClientScriptError
from render_io.render import Port, Render
from render_io.stack import make_stack_params, set_stack_state

__all__ = [
    "call_run_ws_client",
    "coordinateClient",
    "get_canvas_url_template",
    "get_param",
    "importJsonClient",
    "importTransformChangesClient",
    "pointMatchClient",
    "renderClient",
    "renderSectionClient",
    "rendererClient",
    "tilePairClient",
    "transformSectionClient",
]

_PACKAGE = "org.janelia.render.client"
_CHANGE_MODES = ("APPEND", "REPLACE_LAST", "CONCATENATE_TO_LAST", "REPLACE_ALL")


def get_param(var: Any, flag: str) -> list[Any]:
    """``[flag, var]``, nothing when `var` is None."""
    return ArgumentParameters.get_cmd_opt(var, flag)


@client_connected()
def call_run_ws_client(
    className: str,
    add_args: Iterable[Any] | None = None,
    renderclient: Render | None = None,
    memGB: str | None = None,
    client_script: str | None = None,
    **kwargs: Any,
) -> int | bytes:
    """Run any Java client.

    Parameters
    ----------
    className : str
        Java class.
    add_args : iterable, optional
        Its arguments.
    renderclient : Render, optional
        Connection whose script and heap are used, and session when the job is done in-process.
    memGB, client_script : str, optional
        In place of those of the connection.
    **kwargs
        ``subprocess_mode``, ``timeout`` and other keywords of the process.

    Returns
    -------
    int or bytes
        Zero, or what the client wrote with ``subprocess_mode="check_output"``.

    Raises
    ------
    ClientScriptError
        The client failed, whatever the mode; carries exit code and output.
    TypeError
        `renderclient` is not a Render.
    """
    if renderclient is not None:
        if not isinstance(renderclient, Render):
            raise TypeError(f"renderclient must be a Render, got {type(renderclient).__name__}")
        kwargs = renderclient.make_kwargs() | {name: value for name, value in kwargs.items() if value is not None}
    return run_client(className, add_args or (), client_script, memGB, None, kwargs)


@client_connected()
def importJsonClient(
    stack: str,
    tileFiles: Iterable[str] | str | None = None,
    transformFile: str | None = None,
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
    """Import files of tile specs, boxes derived anew; the stack is not completed.

    Parameters
    ----------
    stack : str
        Re-opened when it is COMPLETE.
    tileFiles : iterable of str
        JSON arrays of tile specs, ``.json`` or ``.json.gz``.
    transformFile : str, optional
        JSON array of the shared transforms they refer to.
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
        No files, or the client failed; files before the one that failed are saved then.
    """
    if not tileFiles:
        raise ClientScriptError("importJsonClient needs at least one file of tile specs")
    arguments = import_arguments((host, port, owner, project, stack), tileFiles, transformFile)
    run_client(f"{_PACKAGE}.ImportJsonClient", arguments, client_script, memGB, subprocess_mode, kwargs)


def import_arguments(
    where: tuple[Any, Any, Any, Any, Any],
    tile_files: Iterable[str] | str,
    transform_file: str | None,
    validator: tuple[str, str] | None = None,
) -> list[str]:
    """Arguments of the ImportJsonClient."""
    options = argv.valued(transformFile=transform_file)
    if validator is not None:
        options += argv.valued(validatorClass=validator[0], validatorData=validator[1] or None)
    return [*make_stack_params(*where), *options, *argv.positional(tile_files, "tile file")]


@client_connected()
def importTransformChangesClient(
    stack: str,
    targetStack: str,
    transformFile: str,
    targetOwner: str | None = None,
    targetProject: str | None = None,
    changeMode: str | None = None,
    close_stack: bool = True,
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
    """Copy tiles with changed transforms into a target stack.

    Parameters
    ----------
    stack : str
        Source; nothing happens to it.
    targetStack : str
        Made when it does not exist.
    transformFile : str
        JSON list of ``{"tileId", "transform"}``, tiles of one z together.
    targetOwner, targetProject : str, optional
        As of the source.
    changeMode : str, optional
        APPEND, REPLACE_LAST (the default), CONCATENATE_TO_LAST or REPLACE_ALL.
    close_stack : bool
        Set the TARGET stack COMPLETE afterwards.
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
        Unknown mode, or the client failed; the target is not completed then.
    """
    mode = changeMode or "REPLACE_LAST"
    if mode not in _CHANGE_MODES:
        raise ClientScriptError(f"changeMode {changeMode!r} is not one of {_CHANGE_MODES}")
    options = argv.valued(
        targetOwner=targetOwner,
        targetProject=targetProject,
        targetStack=targetStack,
        transformFile=transformFile,
        changeMode=mode,
    )
    arguments = [*make_stack_params(host, port, owner, project, stack), *options]
    run_client(f"{_PACKAGE}.ImportTransformChangesClient", arguments, client_script, memGB, subprocess_mode, kwargs)
    if close_stack:
        where: Any = (host, port, targetOwner or owner, targetProject or project, kwargs.get("session"))
        set_stack_state(targetStack, "COMPLETE", *where)


@client_connected()
def coordinateClient(
    stack: str,
    z: float | None,
    fromJson: str | None = None,
    toJson: str | None = None,
    localToWorld: bool | None = None,
    numberOfThreads: int | None = None,
    subprocess_mode: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> Any:
    """Map the points of a file, and return what was written to `toJson`.

    Parameters
    ----------
    stack : str
        Name of the stack.
    z : float or None
        Section; None when the points say it themselves.
    fromJson, toJson : str
        Files. World to local: a list of points in, a list of lists out; local to world: a list of lists in, a list out.
    localToWorld : bool, optional
        Direction; world to local unless true.
    numberOfThreads : int, optional
        Of the client.
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

    Returns
    -------
    list
        What the client wrote.

    Raises
    ------
    ClientScriptError
        A file is missing, or the client failed.
    """
    if fromJson is None or toJson is None:
        raise ClientScriptError("coordinateClient needs fromJson and toJson")
    where = (host, port, owner, project, stack)
    arguments = coordinate_arguments(where, z, fromJson, toJson, localToWorld, numberOfThreads)
    run_client(COORDINATE_CLIENT, arguments, client_script, memGB, subprocess_mode, kwargs)
    return read_answer(toJson)
