"""`render-io demo`: the whole life of a stack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from render_io._commands.options import announce_compilation

__all__ = ["demo"]


def demo(
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where pages, tables and pictures go.")] = Path(
        "demo-output"
    ),
    sections: Annotated[int, typer.Option(min=1, help="Sections of the simulated acquisition.")] = 3,
    rows: Annotated[int, typer.Option(min=1, help="Rows of tiles.")] = 4,
    columns: Annotated[int, typer.Option(min=2, help="Columns of tiles.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same acquisition.")] = 0,
) -> None:
    """Show the whole life of a stack on the embedded service, and how close it comes to the known truth."""
    from rich.console import Console
    from rich.table import Table

    from render_io.demo import demo as run

    announce_compilation()
    console = Console()
    for step in run(output, sections=sections, rows=rows, columns=columns, seed=seed):
        table = Table(*step.header, title=step.title, title_justify="left")
        for row in step.rows:
            table.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in row))
        console.print(table)
        console.print(step.text, end="\n\n", style="dim")
    console.print(f"report: {output / 'index.html'}", soft_wrap=True, highlight=False)
