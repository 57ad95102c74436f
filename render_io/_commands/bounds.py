"""`render-io bounds`: boxes as the service derives them."""

from __future__ import annotations

from typing import Annotated

import typer

from render_io._commands.options import CompressOption, OverwriteOption, SinkArgument, SourceArgument

__all__ = ["bounds"]


def bounds(
    source: SourceArgument,
    sink: SinkArgument,
    overwrite: OverwriteOption = False,
    compress: CompressOption = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a job that was killed.")] = False,
) -> None:
    """Derive minX, minY, maxX and maxY of every tile as the service does.

    Tiles whose box can't be derived stay as they are and are listed.

    Exit status: 0 done; 1 done, and some tiles are bad; 2 bad arguments, unreadable SOURCE or unwritable SINK.
    """
    from render_io._boxes import derive_boxes
    from render_io._commands.options import announce_compilation, refuse_same
    from render_io.stores import open_sink, open_source

    stack = open_source(source)
    refuse_same(source, sink)
    announce_compilation()
    tiles = bad = 0
    with open_sink(sink, overwrite=overwrite, resume=resume, compress=compress) as target:
        for section in stack:
            derived, faults = derive_boxes(section)
            if not target.has(section):
                target.write(derived)
            tiles, bad = tiles + len(section.tilespecs), bad + len(faults)
            for fault in faults:
                typer.echo(f"bad {fault}", err=True)
        target.finish()
    typer.echo(f"{tiles:,} tiles, {bad:,} of them bad")
    raise typer.Exit(1 if bad else 0)
