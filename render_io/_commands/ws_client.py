"""`render-io ws-client`: jobs of the Java clients, without Java."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["ws_client"]


def ws_client(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLASS ARGS...", help="Java class name, then that client's own command line."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail when something goes wrong that Java would not tell.")
    ] = False,
    install: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a run_ws_client.sh that does all this, for pipelines.")
    ] = None,
) -> None:
    """Do the job of a Java client: the same command line, requests' effect, files and exit status, without Java.

    Exit status: 0 done; 1 any failure.
    """
    from render_io import native
    from render_io.errors import RenderError

    if install is not None:
        try:
            typer.echo(native.install(install))
        except RenderError as error:
            typer.echo(f"render-io: {error}", err=True)
            raise typer.Exit(1) from error
        raise typer.Exit(0)
    if not command:
        typer.echo("usage: render-io ws-client [--strict] CLASS ARGS..., or --install DIR; classes:", err=True)
        typer.echo("\n".join(native.CLIENTS), err=True)
        raise typer.Exit(1)
    raise typer.Exit(native.run_client(command[0], command[1:], strict=strict))
