"""Arguments that several subcommands share."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

__all__ = ["OverwriteOption", "SinkArgument", "SourceArgument"]

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
