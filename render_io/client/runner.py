"""Runs a client job: by the Java client's script when there is one, in-process otherwise; the log says which.

Both get the same arguments, those of the Java class. The in-process clients are `render_io.native.run_client`::

    run_client(class_name, arguments, *, stdout, stderr, session=None) -> int    # exit code as Java's
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shlex
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import IO, Any

from render_io.client import argv
from render_io.errors import ClientScriptError
from render_io.render import check_script

__all__ = ["POPEN_KEYWORDS", "ClientFailedError", "find_in_process", "run", "run_command"]

_log = logging.getLogger(__name__)
_LINES_KEPT = 200
_GRACE = 5.0
_MODES = (None, "call", "check_call", "check_output")

POPEN_KEYWORDS = frozenset(
    {"bufsize", "close_fds", "creationflags", "cwd", "env", "preexec_fn", "startupinfo", "timeout", "umask", "user"}
)
"""Keywords that reach the process of a client, and ``timeout`` in seconds."""


class ClientFailedError(ClientScriptError):
    """A client ended with an error, or did not end in time.

    Parameters
    ----------
    message : str
        What happened.
    command : sequence of str
        Command line; class and arguments when there was no process.
    returncode : int, optional
        Exit code, None when it was stopped for want of time.
    output, stderr : str
        Its last lines on standard output and standard error.

    Attributes
    ----------
    command, returncode, output, stderr
        As given.
    """

    def __init__(
        self, message: str, command: Sequence[str], returncode: int | None = None, output: str = "", stderr: str = ""
    ) -> None:
        super().__init__(message)
        self.command, self.returncode, self.output, self.stderr = list(command), returncode, output, stderr

    def __reduce__(self) -> tuple[type[ClientFailedError], tuple[Any, ...]]:
        return type(self), (str(self), self.command, self.returncode, self.output, self.stderr)


def run(
    class_name: str,
    arguments: Iterable[Any],
    *,
    client_script: str | None = None,
    memGB: str | None = None,
    subprocess_mode: str | None = None,
    session: Any = None,
    **popen: Any,
) -> int | bytes:
    """Do the job of a Java client.

    Parameters
    ----------
    class_name : str
        Java class.
    arguments : iterable
        Its arguments.
    client_script : str, optional
        Path of ``run_ws_client.sh``; without it the job is done in-process.
    memGB : str, optional
        Heap of the Java virtual machine.
    subprocess_mode : str, optional
        ``check_output`` returns what the client wrote; the exit code is looked at in every mode.
    session : requests.Session, optional
        For requests made in-process.
    **popen
        `POPEN_KEYWORDS`.

    Returns
    -------
    int or bytes
        Zero; standard output with ``check_output``.

    Raises
    ------
    ClientFailedError
        A non-zero exit code or a timeout; carries the last lines of output.
    ClientScriptError
        The script can't be run, an argument is None, or the mode is unknown.
    """
    _check_mode(subprocess_mode)
    words = [argv.text_of(argument) for argument in arguments]
    if client_script is None:
        code, output, errors = _run_in_process(class_name, words, session)
        shown = [class_name, *words]
    else:
        shown = argv.command(check_script(client_script), memGB, class_name, words)
        _warn_of_blanks(words)
        _log.info("%s: Java client %s with heap %s", class_name, client_script, shown[1])
        code, output, errors = run_command(shown, keep_all=subprocess_mode == "check_output", **popen)
    if code != 0:
        raise failure(f"{class_name.rpartition('.')[2]} ended with exit code {code}", shown, code, output, errors)
    return output.encode() if subprocess_mode == "check_output" else 0


def _check_mode(mode: str | None) -> None:
    if mode not in _MODES:
        raise ClientScriptError(f"subprocess_mode {mode!r} is not one of {[m for m in _MODES if m]}")


def _warn_of_blanks(words: Sequence[str]) -> None:
    for word in words:
        if not word or any(character.isspace() for character in word):
            _log.warning("argument %r: the Java client's own script splits arguments at blanks", word)


def failure(message: str, command: Sequence[str], code: int | None, output: str, errors: str) -> ClientFailedError:
    """Error of a client, its last words in the message.

    Parameters
    ----------
    message : str
        What happened.
    command : sequence of str
        Command line.
    code : int, optional
        Exit code.
    output, errors : str
        What it wrote.

    Returns
    -------
    ClientFailedError
        To be raised.
    """
    tails = ["\n".join(text.splitlines()[-_LINES_KEPT:]) for text in (output, errors)]
    lines = [line for tail in tails for line in tail.splitlines()[-12:]]
    shown = "\n".join(["", "command: " + " ".join(shlex.quote(word) for word in command)[:2000], *lines])
    return ClientFailedError(message + shown, command, code, *tails)


def find_in_process() -> Callable[..., int] | None:
    """Get the in-process clients, None when there are none; ClientScriptError when what they need is not installed."""
    try:
        found: Callable[..., int] = import_module("render_io.native").run_client
    except ModuleNotFoundError as error:
        if error.name == "render_io.native":
            return None
        raise ClientScriptError(f"without a client script, {error.name} is needed, which is not installed") from error
    return found


def _run_in_process(class_name: str, words: Sequence[str], session: Any) -> tuple[int, str, str]:
    client = find_in_process()
    if client is None:
        raise ClientScriptError(f"no client script is configured, and {class_name} can't be done without Java here")
    _log.info("%s: in-process, without Java", class_name)
    output, errors = io.StringIO(), io.StringIO()
    code = client(class_name, list(words), stdout=output, stderr=errors, session=session)
    for line in errors.getvalue().splitlines():
        _log.warning("%s: %s", class_name, line)
    return code, output.getvalue(), errors.getvalue()


def run_command(
    command: Sequence[str], timeout: float | None = None, keep_all: bool = True, **popen: Any
) -> tuple[int, str, str]:
    """Run a command without a shell, in a process group of its own, and collect what it writes.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    timeout : float, optional
        Seconds, after which it is stopped together with all it started.
    keep_all : bool
        Return all output; else its last lines, which is all that an error needs of the log of a long run.
    **popen
        As for `subprocess.Popen`.

    Returns
    -------
    tuple of (int, str, str)
        Exit code, standard output, standard error.

    Raises
    ------
    ClientFailedError
        The time was up.
    ClientScriptError
        The program can't be started.
    """
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if not os.access(command[0], os.X_OK) and os.sep in command[0]:
        raise ClientScriptError(f"can't run {command[0]}: it is not executable")
    try:
        process = subprocess.Popen(list(command), start_new_session=True, **(pipes | popen))
    except (OSError, ValueError) as error:
        raise ClientScriptError(f"can't run {command[0]}: {error}") from error
    most = None if keep_all else _LINES_KEPT
    output, errors = _Collector(process.stdout, most), _Collector(process.stderr, most)
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        _stop(process)
        text = f"{command[0]} was stopped after {timeout} s"
        raise failure(text, command, None, output.text(), errors.text()) from None
    except BaseException:
        _stop(process)
        raise
    return code, output.text(), errors.text()


class _Collector:
    """Reads a pipe to its end beside the process, so that neither of them waits for the other."""

    def __init__(self, pipe: IO[bytes] | None, most: int | None) -> None:
        self.lines: deque[bytes] = deque(maxlen=most)
        self.thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self.thread.start()

    def _read(self, pipe: IO[bytes] | None) -> None:
        if pipe is not None:
            with pipe:
                for line in pipe:
                    self.lines.append(line)
                    _log.debug("%s", line.decode("utf-8", "replace").rstrip())

    def text(self) -> str:
        self.thread.join(_GRACE)
        return b"".join(list(self.lines)).decode("utf-8", "replace")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and all it started: the script's Java would outlive the script."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            continue
        break
