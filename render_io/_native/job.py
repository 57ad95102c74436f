"""One run of a client: its options, where it writes, and what went wrong that Java would not tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TextIO

from render_io._native.command_line import CommandLine
from render_io.errors import ClientScriptError

__all__ = ["Client", "Job", "JobError"]

_SHOWN = 20


class JobError(ClientScriptError):
    """A client's job can't be done."""


@dataclass
class Job:
    """One run of a client.

    Attributes
    ----------
    options : dict
        Options by name, defaults included.
    arguments : list
        Positional arguments.
    stdout, stderr : file
        Log, and what went wrong without changing Java's exit code.
    session : requests.Session, optional
        For all requests.
    hidden : int
        How many faults were written to `stderr`.
    """

    options: dict[str, Any]
    arguments: list[Any]
    stdout: TextIO
    stderr: TextIO
    session: Any = None
    hidden: int = 0
    _repeated: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """Value of an option."""
        return self.options[name]

    def log(self, message: str) -> None:
        """Write a line of the log."""
        print(message, file=self.stdout)

    def hide(self, message: str, kind: str = "") -> None:
        """Tell of something that the Java client passes over in silence.

        Parameters
        ----------
        message : str
            What happened.
        kind : str, optional
            Of many messages of one kind the first ones are written, the rest counted.
        """
        self.hidden += 1
        count = self._repeated[kind] = self._repeated.get(kind, 0) + 1
        if not kind or count <= _SHOWN:
            print(f"warning: {message}", file=self.stderr)

    def close(self) -> None:
        """Write how many messages were left out."""
        for kind, count in self._repeated.items():
            if kind and count > _SHOWN:
                print(f"warning: {count - _SHOWN} more {kind}", file=self.stderr)


class Client(NamedTuple):
    """A client: what it takes and what it does."""

    command_line: CommandLine
    run: Callable[[Job], None]
