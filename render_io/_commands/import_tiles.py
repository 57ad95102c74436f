"""`render-io import`: tiles into a stack, without Java."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from render_io._commands.options import CompressOption, OverwriteOption, SinkArgument, SourceArgument
from render_io.errors import SpecError

if TYPE_CHECKING:
    from render_io.stores import Section

__all__ = ["import_tiles", "ready"]

Json = dict[str, Any]


def ready(section: Section) -> tuple[Section, list[SpecError]]:
    """Prepare a section for a service: boxes derived, shared transforms without references of their own.

    Parameters
    ----------
    section : Section
        It is not changed.

    Returns
    -------
    section : Section
        Without the tiles that a service could not take.
    faults : list of SpecError
        What is wrong with those.
    """
    from render_io._boxes import derive_boxes

    derived, faults = derive_boxes(section.with_transforms(_resolved(section.transforms)))
    pairs = zip(section.tilespecs, derived.tilespecs, strict=True)
    kept = [index for index, (before, after) in enumerate(pairs) if after is not before]
    return derived.with_tilespecs([derived.tilespecs[index] for index in kept], kept), faults


def _resolved(shared: dict[str, Json]) -> dict[str, Json]:
    """Replace references inside shared transforms, which the service refuses; what can't be is left as it is."""
    from render_io.specs import is_fully_resolved, resolve

    plain = dict(shared)
    for name, spec in shared.items():
        try:
            if not is_fully_resolved(spec):
                plain[name] = {**resolve(spec, shared), "id": name}
        except SpecError:  # told of every tile that needs it
            continue
    return plain


def import_tiles(
    source: SourceArgument,
    sink: SinkArgument,
    overwrite: OverwriteOption = False,
    compress: CompressOption = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a job that was killed.")] = False,
) -> None:
    """Resolve the transforms of all tiles, derive their boxes, and put them into SINK, which is then complete.

    Tiles whose transforms can't be made, or that have no size or id, are left out and listed.

    Exit status: 0 done; 1 done, and some tiles are bad; 2 bad arguments, unreadable SOURCE or unwritable SINK.
    """
    from render_io._commands.options import refuse_same
    from render_io.stores import open_sink, open_source

    stack = open_source(source)
    refuse_same(source, sink)
    tiles = bad = 0
    with open_sink(sink, overwrite=overwrite, resume=resume, compress=compress) as target:
        for section in stack:
            whole, faults = ready(section)
            if not target.has(whole):
                target.write(whole)
            left_out = len(section.tilespecs) - len(whole.tilespecs)
            tiles, bad = tiles + len(whole.tilespecs), bad + left_out
            for fault in faults:
                typer.echo(f"bad {fault}", err=True)
        target.finish()
    typer.echo(f"{tiles:,} tiles imported, {bad:,} bad ones left out")
    raise typer.Exit(1 if bad else 0)
