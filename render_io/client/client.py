"""Importing tiles: from files and from objects, by one client or by several at once.

The stack is set LOADING first and COMPLETE at the end, when that is asked for and everything before it went well: an
import that broke off leaves a LOADING stack, never one that looks complete.
"""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from render_io._requests.progress import track
from render_io._requests.resolvedtiles import put_tilespecs
from render_io._requests.uploads import references
from render_io.client.client_calls import import_arguments, importJsonClient
from render_io.client.pools import WithPool, worker_count
from render_io.client.utils import client_connected, run_client, temporary_json
from render_io.errors import RenderError
from render_io.render import Port, Render
from render_io.stack import set_stack_state

__all__ = [
    "import_jsonfiles",
    "import_jsonfiles_and_transforms_parallel_by_z",
    "import_jsonfiles_parallel",
    "import_jsonfiles_validate_client",
    "import_single_json_file",
    "import_tilespecs",
    "import_tilespecs_parallel",
]

_IMPORT_CLIENT = "org.janelia.render.client.ImportJsonClient"
_TILES_PER_FILE = 10_000
_VALIDATOR = (
    "org.janelia.alignment.spec.validator.TemTileSpecValidator",
    "minCoordinate:-500,maxCoordinate:100000,minSize:500,maxSize:10000",
)


def _connection(host: Any, port: Any, owner: Any, project: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"host": host, "port": port, "owner": owner, "project": project, "session": kwargs.get("session")}


@client_connected()
def import_single_json_file(
    stack: str,
    jsonfile: str,
    transformFile: str | None = None,
    subprocess_mode: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Import one file of tile specs; the stack's state is left to the caller. ClientScriptError when it fails."""
    how: dict[str, Any] = {"subprocess_mode": subprocess_mode, "client_script": client_script, "memGB": memGB}
    where = {"host": host, "port": port, "owner": owner, "project": project}
    importJsonClient(stack, [jsonfile], transformFile, **(kwargs | where | how))


@client_connected(extra=("use_rest",))
def import_jsonfiles_and_transforms_parallel_by_z(
    stack: str,
    jsonfiles: Sequence[str],
    transformfiles: Sequence[str],
    poolsize: int = 20,
    mpPool: Callable[..., Any] = WithPool,
    client_scripts: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    close_stack: bool = True,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Import files of tile specs, each with its own file of shared transforms.

    Parameters
    ----------
    stack : str
        Name of the stack.
    jsonfiles, transformfiles : sequence of str
        Files that belong together, one by one.
    poolsize : int
        Most files at once; never more than there are processors.
    mpPool : class
        Pool to use.
    client_scripts : str, optional
        Folder of the Java client's scripts; without them the work is done in-process.
    host, port, owner, project : optional
        Connection.
    close_stack : bool
        Set the stack COMPLETE when all went well.
    render : optional
        Connection.
    **kwargs
        ``client_script``, ``memGB``, ``subprocess_mode`` and keywords of the process.

    Raises
    ------
    RenderError
        The lists differ in length, a file could not be imported, or the service refused a state.
    """
    jsonfiles, transformfiles = list(jsonfiles), list(transformfiles)
    if len(jsonfiles) != len(transformfiles):
        raise RenderError(f"{len(jsonfiles)} files of tiles, but {len(transformfiles)} files of transforms")
    where = _connection(host, port, owner, project, kwargs)
    job = partial(import_single_json_file, stack, **_for_workers(kwargs, client_scripts, where))
    with _loading(stack, where, close_stack), mpPool(worker_count(poolsize, len(jsonfiles))) as pool:
        pool.map(partial(_import_pair, job), list(zip(jsonfiles, transformfiles, strict=True)))


def _import_pair(job: Callable[..., None], pair: tuple[Any, Any]) -> None:
    job(*pair)


def _for_workers(kwargs: dict[str, Any], client_scripts: str | None, where: dict[str, Any]) -> dict[str, Any]:
    how = {name: value for name, value in kwargs.items() if name != "use_rest"}
    return how | where | {"client_scripts": client_scripts or kwargs.get("client_scripts")}


class _loading:
    """A block in which a stack is LOADING; completed at its end, unless an error passes through."""

    def __init__(self, stack: str, where: dict[str, Any], close: bool) -> None:
        self.stack, self.where, self.close = stack, where, close

    def __enter__(self) -> None:
        set_stack_state(self.stack, "LOADING", **self.where)

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if error is None and self.close:
            set_stack_state(self.stack, "COMPLETE", **self.where)


@client_connected(extra=("use_rest",))
def import_jsonfiles_parallel(
    stack: str,
    jsonfiles: Sequence[str],
    poolsize: int = 20,
    transformFile: str | None = None,
    mpPool: Callable[..., Any] = WithPool,
    client_scripts: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    close_stack: bool = True,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Import files of tile specs that share one file of transforms.

    Parameters
    ----------
    stack : str
        Name of the stack.
    jsonfiles : sequence of str
        Files of tile specs.
    poolsize : int
        Most files at once; never more than there are processors.
    transformFile : str, optional
        Shared transforms.
    mpPool : class
        Pool to use.
    client_scripts : str, optional
        Folder of the Java client's scripts; without them the work is done in-process.
    host, port, owner, project : optional
        Connection.
    close_stack : bool
        Set the stack COMPLETE when all went well.
    render : optional
        Connection.
    **kwargs
        ``client_script``, ``memGB``, ``subprocess_mode`` and keywords of the process.

    Raises
    ------
    RenderError
        A file could not be imported, or the service refused a state.
    """
    jsonfiles = list(jsonfiles)
    where = _connection(host, port, owner, project, kwargs)
    how = _for_workers(kwargs, client_scripts, where) | {"transformFile": transformFile}
    with _loading(stack, where, close_stack), mpPool(worker_count(poolsize, len(jsonfiles))) as pool:
        pool.map(partial(import_single_json_file, stack, **how), jsonfiles)


@client_connected(extra=("use_rest",))
def import_jsonfiles(
    stack: str,
    jsonfiles: Sequence[str],
    transformFile: str | None = None,
    subprocess_mode: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    close_stack: bool = True,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Import files of tile specs by one client, one after the other; RenderError when one fails."""
    where = _connection(host, port, owner, project, kwargs)
    how: Any = {"subprocess_mode": subprocess_mode, "client_script": client_script, "memGB": memGB}
    how = {name: value for name, value in kwargs.items() if name != "use_rest"} | where | how
    with _loading(stack, where, close_stack):
        importJsonClient(stack, jsonfiles, transformFile, **how)


@client_connected(extra=("use_rest",))
def import_jsonfiles_validate_client(
    stack: str,
    jsonfiles: Sequence[str],
    transformFile: str | None = None,
    client_script: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    close_stack: bool = True,
    mem: int = 6,
    validator: str | tuple[str, str] | None = None,
    subprocess_mode: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Import files of tile specs, those tiles left out that a validator rejects; the client's log tells which.

    Parameters
    ----------
    stack : str
        Name of the stack.
    jsonfiles : sequence of str
        Files of tile specs.
    transformFile : str, optional
        Shared transforms.
    client_script : optional
        How the client is run.
    host, port, owner, project : optional
        Connection.
    close_stack : bool
        Set the stack COMPLETE when all went well.
    mem : int
        Heap in gigabytes, unless `memGB` or the connection says another.
    validator : str or tuple of (str, str), optional
        Java class of another validator, and its data; by default the one for transmission electron microscopes, with
        wide bounds.
    subprocess_mode, memGB : optional
        How the client is run.
    render : optional
        Connection.
    **kwargs
        Keywords of the process.

    Raises
    ------
    RenderError
        A file could not be imported, all its tiles were rejected, or the service refused a state.
    """
    chosen = _VALIDATOR if validator is None else (validator, "") if isinstance(validator, str) else validator
    where = _connection(host, port, owner, project, kwargs)
    arguments = import_arguments((host, port, owner, project, stack), jsonfiles, transformFile, chosen)
    with _loading(stack, where, close_stack):
        run_client(_IMPORT_CLIENT, arguments, client_script, memGB or f"{mem}G", subprocess_mode, kwargs)


@client_connected()
def import_tilespecs(
    stack: str,
    tilespecs: Sequence[Any],
    sharedTransforms: Sequence[Any] | None = None,
    use_rest: bool = False,
    deriveData: bool = True,
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
    """Import tile specs; the stack is re-opened when it is COMPLETE, and not completed.

    Parameters
    ----------
    stack : str
        Name of the stack.
    tilespecs : sequence of TileSpec
        Tiles.
    sharedTransforms : sequence of transforms, optional
        With ids: those that the tiles refer to.
    use_rest : bool
        Send them to the service as they are, without a client.
    deriveData : bool
        With `use_rest`: let the service derive the boxes. Clients always do.
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
    RenderError
        Something was refused; tiles before it are saved then.
    """
    tilespecs = list(tilespecs)
    if not tilespecs:
        return
    where = _connection(host, port, owner, project, kwargs)
    shared = list(sharedTransforms or ())
    if use_rest:
        put_tilespecs(stack, tilespecs=tilespecs, shared_transforms=shared, deriveData=deriveData, **where)
        return
    how: Any = {"subprocess_mode": subprocess_mode, "client_script": client_script, "memGB": memGB}
    parts = _with_transforms(_parts(tilespecs, _TILES_PER_FILE), shared)
    for part, needed in track(parts, "importing tiles", len(parts)):
        with temporary_json(part, needed or None) as (tiles, transforms):
            importJsonClient(stack, [tiles], transforms if needed else None, **(kwargs | where | how))


def _parts(tilespecs: list[Any], size: int) -> list[list[Any]]:
    return [tilespecs[start : start + size] for start in range(0, len(tilespecs), size)]


def _with_transforms(groups: list[list[Any]], shared: list[Any]) -> list[tuple[list[Any], list[Any]]]:
    """Groups of tiles with the shared transforms they refer to; the first one with all, used or not."""
    if not shared:
        return [(group, []) for group in groups]
    specs = [_spec(item) for item in shared]
    by_id = {str(spec.get("id")): spec for spec in specs}
    needed: list[set[str]] = [set().union(*(references(_spec(tile), by_id) for tile in group)) for group in groups]
    chosen = [[spec for name, spec in by_id.items() if name in names] for names in needed]
    return list(zip(groups, [specs, *chosen[1:]], strict=True)) if groups else []


def _spec(item: Any) -> dict[str, Any]:
    spec: dict[str, Any] = item if isinstance(item, dict) else item.to_dict()
    return spec


@client_connected()
def import_tilespecs_parallel(
    stack: str,
    tilespecs: Sequence[Any],
    sharedTransforms: Sequence[Any] | None = None,
    subprocess_mode: str | None = None,
    poolsize: int = 20,
    mpPool: Callable[..., Any] = WithPool,
    close_stack: bool = True,
    max_tilespecs_per_group: int | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Import tile specs by several clients at once.

    Parameters
    ----------
    stack : str
        Name of the stack.
    tilespecs : sequence of TileSpec
        Tiles.
    sharedTransforms : sequence of transforms, optional
        With ids: those that the tiles refer to.
    subprocess_mode : optional
        How the clients are run.
    poolsize : int
        Most clients at once; never more than there are processors.
    mpPool : class
        Pool to use.
    close_stack : bool
        Set the stack COMPLETE when all went well.
    max_tilespecs_per_group : int, optional
        Most tiles of one client's run.
    host, port, owner, project : optional
        Connection.
    client_script, memGB : optional
        How the clients are run.
    render : optional
        Connection.
    **kwargs
        Keywords of the process.

    Raises
    ------
    RenderError
        Something was refused; the stack stays LOADING then.
    """
    tilespecs = list(tilespecs)
    where = _connection(host, port, owner, project, kwargs)
    how: Any = {"subprocess_mode": subprocess_mode, "client_script": client_script, "memGB": memGB}
    workers = worker_count(poolsize, len(tilespecs))
    groups = _groups(tilespecs, workers, max_tilespecs_per_group)
    job = partial(import_tilespecs, stack, **(kwargs | where | how))
    jobs = _with_transforms(groups, list(sharedTransforms or ()))
    with _loading(stack, where, close_stack), mpPool(min(workers, max(1, len(groups)))) as pool:
        pool.map(partial(_import_pair, job), jobs)


def _groups(tilespecs: list[Any], workers: int, most: int | None) -> list[list[Any]]:
    """Cut tiles into runs of neighbours, one for each worker at least, none longer than allowed."""
    if not tilespecs:
        return []
    count = workers if not most else max(workers, math.ceil(len(tilespecs) / most))
    return _parts(tilespecs, math.ceil(len(tilespecs) / count))
