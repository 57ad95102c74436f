"""The Java clients' jobs without Java: the same command lines, files, effects on the service and exit codes.

``render-io ws-client`` runs them from a shell, the functions of `render_io.client` where no Java script is configured.
What Java passes over in silence, such as tiles that a validator drops, is done as Java does it and told on standard
error; ``--strict`` makes it an error.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TextIO

from render_io._stores.files import make_writable_folder, replace_file, store_errors
from render_io.errors import ClientScriptError, RenderError
from transforms.errors import TransformError

if TYPE_CHECKING:
    from render_io._native.job import Client

__all__ = ["CLIENTS", "SCRIPT_NAME", "install", "run_client"]

_PACKAGE = "org.janelia.render.client."
CLIENTS: Final = MappingProxyType(
    {
        _PACKAGE + "CoordinateClient": "coordinate",
        _PACKAGE + "CopyStackClient": "copy_stack",
        _PACKAGE + "ImportJsonClient": "import_json",
        _PACKAGE + "ImportMatchClient": "import_match",
        _PACKAGE + "ImportTileZValuesClient": "tile_z",
        _PACKAGE + "ImportTransformChangesClient": "import_transform_changes",
        _PACKAGE + "StackClient": "stack",
        _PACKAGE + "TilePairClient": "tile_pair",
        _PACKAGE + "TileRemovalClient": "tile_removal",
        _PACKAGE + "TransformRemovalClient": "transform_removal",
        _PACKAGE + "TransformSectionClient": "transform_section",
        _PACKAGE + "ValidateTilesClient": "validate_tiles",
    }
)
"""Java class names, and the module of `render_io._native` that does the job."""

STRICT: Final = "--strict"
SCRIPT_NAME: Final = "run_ws_client.sh"


def run_client(
    class_name: str,
    arguments: Sequence[str],
    *,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    session: Any = None,
    strict: bool = False,
) -> int:
    """Do the job of a Java client.

    Parameters
    ----------
    class_name : str
        Java class, one of `CLIENTS`.
    arguments : sequence of str
        Its command line. ``--strict`` among them, which no Java client knows, is as `strict`.
    stdout : file, optional
        Takes the log, the usage and errors, as with Java; ``sys.stdout`` by default.
    stderr : file, optional
        Takes what Java would not tell; ``sys.stderr`` by default.
    session : requests.Session, optional
        For all requests.
    strict : bool
        Fail, after the job is done, when something went wrong that Java would not tell.

    Returns
    -------
    int
        0 done, 1 any failure.
    """
    from render_io._native.command_line import UsageError

    out, errors = stdout or sys.stdout, stderr or sys.stderr
    module = CLIENTS.get(class_name)
    if module is None:
        print(f"Error: Could not find or load main class {class_name}", file=out)
        print(f"Done without Java are: {', '.join(CLIENTS)}", file=out)
        return 1
    client: Client = import_module(f"render_io._native.{module}").CLIENT
    try:
        options, positional = client.command_line.parse(word for word in arguments if word != STRICT)
    except UsageError as error:
        print(f"\nERROR: failed to parse command line arguments\n\n{error}\n", file=out)
        options, positional = {"help": True}, []
    if options["help"]:
        print(client.command_line.usage(class_name), file=out)
        return 1
    hidden = _run(client, options, positional, out, errors, session)
    return 1 if hidden is None or (hidden and (strict or STRICT in arguments)) else 0


def _run(
    client: Client, options: dict[str, Any], positional: list[Any], out: TextIO, errors: TextIO, session: Any
) -> int | None:
    """Run a client; return how many hidden faults there were, None when it failed."""
    from render_io._native.job import Job
    from render_io.server.answers import ServiceError

    start = time.monotonic()
    job = Job(options, positional, out, errors, session)
    job.log(_shown(options, positional))
    failed = True
    try:
        client.run(job)
        failed = False
    except (RenderError, ServiceError, TransformError) as error:
        job.log(f"ERROR: {str(error) or type(error).__name__}")
    except Exception:
        job.log(f"ERROR: {traceback.format_exc()}")
    job.close()
    how = "processing failed after" if failed else "processing completed in"
    job.log(f"run: exit, {how} {time.monotonic() - start:.3f} s")
    return None if failed else job.hidden


def _shown(options: dict[str, Any], positional: list[Any]) -> str:
    """Return the parameters as they may be logged, without a password in an address."""
    from render_io import http

    given = {name: value for name, value in options.items() if value is not None}
    return f"parameters: {given | {'baseDataUrl': http.redact(given['baseDataUrl'])}} {positional}"


_SCRIPT = """\
#!/bin/sh
# run_ws_client.sh <memory> <class> [arguments]: jobs of the Java clients of render, done without Java.
if [ "$#" -lt 2 ]; then
  echo "USAGE: $0 <memory> <main class> [arguments]"
  exit 1
fi
shift
exec {command} ws-client "$@"
"""


def install(folder: str | os.PathLike[str]) -> Path:
    """Write a ``run_ws_client.sh`` that is called as that of the Java clients.

    Parameters
    ----------
    folder : path
        Where to; made when absent.

    Returns
    -------
    Path
        The script. It runs this Python, whatever the directory it is called from.

    Raises
    ------
    StoreError
        It can't be written.
    ClientScriptError
        This Python can't be named.
    """
    if not sys.executable:
        raise ClientScriptError("the path of this Python is not known")
    path = Path(folder) / SCRIPT_NAME
    make_writable_folder(path.parent)
    # -P: what lies in the directory from which it is called is not imported.
    replace_file(path, [_SCRIPT.format(command=f"{shlex.quote(sys.executable)} -P -m render_io.cli").encode()])
    with store_errors(path, "write"):
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return path
