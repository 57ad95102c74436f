"""`render-io serve`: the embedded service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from render_io.errors import RenderError

__all__ = ["serve"]


def serve(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the database; made when absent.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8080,
) -> None:
    """Run the embedded service until it is interrupted.

    It knows no users: whoever reaches it may read and change everything, so it listens on this machine only unless told
    otherwise.
    """
    try:
        from render_io.server.embedded import serve as run
    except ModuleNotFoundError as error:
        raise RenderError(f"expected the embedded service: install render-transforms[server] ({error})") from error
    run(data, host, port, started=lambda url: typer.echo(f"serving {url} from {data}; Ctrl-C ends it", err=True))
