"""What the functions of `render_io.client` share: their connection, the script to run, files that vanish again."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from render_io import _json
from render_io._requests import access
from render_io.client import runner
from render_io.errors import ClientScriptError
from render_io.render import RenderClient
from render_io.utils import json_value

__all__ = ["client_connected", "renderclientaccess", "run_client", "run_subprocess_mode", "temporary_json"]

P = ParamSpec("P")
R = TypeVar("R")

_CARRIED = ("client_scripts", "client_script", "memGB", "session", "subprocess_mode")


def client_connected(*, extra: Iterable[str] = ()) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """As `connected`, for functions that run a client: their ``**kwargs`` may hold what its process takes."""
    return access.connected(extra=(*_CARRIED, *runner.POPEN_KEYWORDS, *extra))


def renderclientaccess(func: Callable[P, R]) -> Callable[P, R]:
    """Let a function take its connection arguments, ``client_script`` and ``memGB`` among them, from ``render=``.

    Parameters
    ----------
    func : callable
        With any of the parameters of a connection.

    Returns
    -------
    callable
        Of the same signature. No script is demanded: what needs one says so when it is run.
    """
    return access.connected(strict=False)(func)


def run_client(
    class_name: str,
    arguments: Iterable[Any],
    client_script: str | None,
    memGB: str | None = None,
    subprocess_mode: str | None = None,
    keywords: dict[str, Any] | None = None,
) -> int | bytes:
    """Run a client with what its function was given.

    Parameters
    ----------
    class_name : str
        Java class.
    arguments : iterable
        Its arguments.
    client_script, memGB, subprocess_mode : optional
        As of `render_io.client.runner.run`.
    keywords : dict, optional
        ``**kwargs`` of the function: session, ``client_scripts``, what the process takes.

    Returns
    -------
    int or bytes
        As of `run`; errors too.
    """
    given = dict(keywords or {})
    script = client_script or given.get("client_script")
    if script is None and given.get("client_scripts") is not None:
        script = RenderClient.clientscript_from_clientscripts(given["client_scripts"])
    process = {name: given[name] for name in runner.POPEN_KEYWORDS & set(given)}
    return runner.run(
        class_name,
        arguments,
        client_script=script,
        memGB=memGB or given.get("memGB"),
        subprocess_mode=subprocess_mode or given.get("subprocess_mode"),
        session=given.get("session"),
        **process,
    )


def run_subprocess_mode(args: Iterable[Any], subprocess_mode: str | None = None, **kwargs: Any) -> int | bytes:
    """Run a command line as `subprocess` does.

    Parameters
    ----------
    args : iterable
        Program and arguments.
    subprocess_mode : str, optional
        ``call`` returns the exit code, ``check_call`` (the default) zero, ``check_output`` what was written.
    **kwargs
        As for `subprocess.Popen`, and ``timeout``.

    Returns
    -------
    int or bytes
        By mode.

    Raises
    ------
    ClientScriptError
        Unknown mode.
    subprocess.CalledProcessError
        A non-zero exit code, except with ``call``.
    """
    functions: dict[str | None, Callable[..., int | bytes]] = {
        None: subprocess.check_call,
        "call": subprocess.call,
        "check_call": subprocess.check_call,
        "check_output": subprocess.check_output,
    }
    if subprocess_mode not in functions:
        raise ClientScriptError(f"subprocess_mode {subprocess_mode!r} is not one of {[m for m in functions if m]}")
    return functions[subprocess_mode]([str(argument) for argument in args], **kwargs)


@contextmanager
def temporary_json(*values: Any, suffix: str = ".json") -> Iterator[list[str]]:
    """Files that hold JSON values while a block runs.

    Parameters
    ----------
    *values : object
        One for each file; objects with `to_dict` are fine. None makes the name of a file that does not exist yet.
    suffix : str
        End of their names.

    Yields
    ------
    list of str
        Their paths, in a private folder that is removed afterwards whatever happens.
    """
    with tempfile.TemporaryDirectory(prefix="render-io-") as folder:
        paths = [Path(folder) / f"{index}{suffix}" for index, _ in enumerate(values)]
        for path, value in zip(paths, values, strict=True):
            if value is not None:
                path.write_bytes(_json.dumps(value, json_value))
        yield [str(path) for path in paths]
