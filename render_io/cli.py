"""`render-io`: the command line."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from render_io.errors import RenderError

__all__ = ["app", "main"]


class _Commands(TyperGroup):
    """Turns the project's errors into one line and exit status 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run a subcommand."""
        try:
            return super().invoke(ctx)
        except RenderError as error:
            typer.echo(f"render-io: {error}", err=True)
            raise typer.Exit(2) from error


app = typer.Typer(
    cls=_Commands,
    help="Stacks of tile specs: re-estimate their transforms, check them, map coordinates, serve them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # the default eats what stands in brackets, such as [x, y]
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from transforms import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Stacks of tile specs: re-estimate their transforms, check them, map coordinates, serve them."""


_SUBCOMMANDS = {
    "reestimate": "reestimate.reestimate",
    "info": "info.info",
    "validate": "validate.validate",
    "bounds": "bounds.bounds",
    "map": "map.map_points",
    "import": "import_tiles.import_tiles",
    "serve": "serve.serve",
    "demo": "demo.demo",
    "ws-client": "ws_client.ws_client",
}
"""Each subcommand, and its function in a module of `render_io._commands`."""

_SETTINGS = {"ws-client": {"allow_interspersed_args": False}}
"""What comes behind the class name belongs to the Java client's own command line."""

for _name, _place in _SUBCOMMANDS.items():
    _module, _, _function = _place.partition(".")
    _command = getattr(import_module(f"render_io._commands.{_module}"), _function)
    app.command(_name, context_settings=_SETTINGS.get(_name))(_command)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
