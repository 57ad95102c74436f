"""Coordinates mapped by the CoordinateClient, from values to values."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

from render_io import _json
from render_io._stores.files import read_bytes
from render_io.client import argv
from render_io.client.utils import run_client, temporary_json
from render_io.errors import ClientScriptError, RenderError
from render_io.stack import make_stack_params

__all__ = ["COORDINATE_CLIENT", "map_by_client", "read_answer"]

COORDINATE_CLIENT = "org.janelia.render.client.CoordinateClient"

_log = logging.getLogger(__name__)


def map_by_client(
    points: Any,
    z: Any,
    where: tuple[Any, Any, Any, Any, Any],
    local_to_world: bool,
    keep: tuple[bool, bool],
    *,
    client_script: str | None,
    memGB: str | None,
    threads: int,
) -> Any:
    """Map points with the CoordinateClient.

    Parameters
    ----------
    points : list
        Its input.
    z : float
        Section.
    where : tuple
        host, port, owner, project, stack.
    local_to_world : bool
        Direction.
    keep : tuple of (bool, bool)
        Whether the files it read and wrote outlive the call; the log says where they are.
    client_script, memGB : optional
        As of `render_io.client.runner.run`.
    threads : int
        Of the client.

    Returns
    -------
    list
        Its output.

    Raises
    ------
    ClientScriptError
        It failed, or wrote nothing that can be read.
    """
    with temporary_json(points, None) as (source, target):
        arguments = coordinate_arguments(where, z, source, target, local_to_world, threads)
        run_client(COORDINATE_CLIENT, arguments, client_script, memGB)
        answer = read_answer(target)
        for path, wanted in zip((source, target), keep, strict=True):
            if wanted:
                _keep(path)
    return answer


def coordinate_arguments(
    where: tuple[Any, Any, Any, Any, Any],
    z: Any,
    source: Any,
    target: Any,
    local_to_world: Any = None,
    threads: Any = None,
) -> list[str]:
    """Arguments of the CoordinateClient."""
    options = argv.valued(z=z, fromJson=source, toJson=target, numberOfThreads=threads)
    return [*make_stack_params(*where), *options, *argv.switch(localToWorld=local_to_world)]


def _keep(path: str) -> None:
    kept = Path(tempfile.mkdtemp(prefix="render-io-kept-")) / Path(path).name
    shutil.copy(path, kept)
    _log.info("kept %s", kept)


def read_answer(path: str | Path) -> Any:
    """JSON value in a file that a client wrote; ClientScriptError when there is none."""
    try:
        return _json.loads(read_bytes(Path(path)))
    except RenderError as error:
        raise ClientScriptError(f"the client ended well, but its output can't be read: {error}") from error
