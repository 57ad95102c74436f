"""Arguments that several subcommands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

__all__ = ["CompressOption", "OverwriteOption", "SinkArgument", "SourceArgument", "announce_compilation", "refuse_same"]

SourceArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A .json or .json.gz file, a directory of them, or render://host:port/owner/project/stack.",
    ),
]
SinkArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="SINK", help="Where the new stack goes; the same kinds as SOURCE.")
]
OverwriteOption: TypeAlias = Annotated[bool, typer.Option("--overwrite", help="Replace SINK when it exists.")]
CompressOption: TypeAlias = Annotated[
    bool, typer.Option("--compress", help="Write .json.gz files where SINK is a directory; the name of a file tells.")
]


def refuse_same(source: str, sink: str) -> None:
    """Refuse to read and write one place: a job that is killed would leave a mixture that nothing can tell apart.

    Parameters
    ----------
    source, sink : str
        As given.

    Raises
    ------
    BadParameter
        They are the same.
    """
    same = source == sink if "://" in source else Path(source).resolve() == Path(sink).resolve()
    if same:
        raise typer.BadParameter(f"expected another place for the new stack than that of the old one, {source}")


def announce_compilation() -> None:
    """Say on standard error that the first run on a machine compiles, lest a silent minute look like a hang."""
    import transforms

    if not transforms.is_warm():
        typer.echo("compiling kernels: up to a minute, once per machine and version", err=True)
