"""`render-io reestimate`: the main job."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from render_io._commands.options import (
    CompressOption,
    OverwriteOption,
    SinkArgument,
    SourceArgument,
    announce_compilation,
    refuse_same,
)

if TYPE_CHECKING:
    from render_io.reestimate import Executor, Options, SectionResult, Summary
    from render_io.stores import Sink, Source

__all__ = ["reestimate"]


class Model(StrEnum):
    """Models on the command line."""

    AFFINE = "affine"
    RIGID = "rigid"
    SIMILARITY = "similarity"
    TRANSLATION = "translation"
    POLYNOMIAL = "polynomial"


class Replaced(StrEnum):
    """What of a list is replaced."""

    ALL = "all"
    LAST = "last"
    AFTER_LENS = "after-lens"


def reestimate(
    source: SourceArgument,
    sink: SinkArgument,
    model: Annotated[Model, typer.Option(help="What replaces the transforms of a tile.")],
    order: Annotated[int, typer.Option(min=0, max=12, help="Order of the polynomials.")] = 2,
    replace: Annotated[
        Replaced, typer.Option(help="The whole list, its last transform, or all that comes after the lens correction.")
    ] = Replaced.ALL,
    samples: Annotated[int, typer.Option(min=1, max=1000, help="N of the N x N grid of samples on each tile.")] = 10,
    max_residual: Annotated[
        float | None, typer.Option(min=0.0, metavar="PX", help="Tiles missed by more than this are bad.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Worker processes; with 1, threads of this process that use all cores.")
    ] = 1,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Work on the Dask cluster of this scheduler.")
    ] = None,
    overwrite: OverwriteOption = False,
    compress: CompressOption = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a job that was killed.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write residual maps, tables and index.html here.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave bad tiles out; else they keep their transforms.")
    ] = False,
) -> None:
    """Put one transform in place of each tile's transforms.

    Tiles that can't be re-estimated (malformed text, a missing reference or width, NaN, a singular map, or a residual
    above --max-residual) are listed with what is wrong; the rest go on. They keep their transforms in SINK, or are left
    out with --skip-bad. All other members of the tiles are untouched, but for boxes, which are derived anew where there
    are some.

    Exit status: 0 done; 1 done, and some tiles are bad; 2 bad arguments, unreadable SOURCE or unwritable SINK.
    """
    from render_io.reestimate import Options
    from render_io.stores import open_sink

    if scheduler is not None and workers != 1:
        raise typer.BadParameter("expected one of --workers and --scheduler, got both")
    if overwrite and resume:
        raise typer.BadParameter("expected one of --overwrite and --resume, got both")
    try:
        options = Options(
            model.value, order, replace.value, samples, max_residual, skip_bad=skip_bad, locate=report is not None
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    announce_compilation()
    store = partial(open_sink, sink, overwrite=overwrite, resume=resume, compress=compress)
    summary = _run(source, sink, store, options, _executor(workers, scheduler), report)
    raise typer.Exit(1 if summary.bad else 0)


def _executor(workers: int, scheduler: str | None) -> AbstractContextManager[Executor]:
    from render_io.reestimate import connected, local_executor

    return local_executor(workers) if scheduler is None else connected(scheduler)


def _run(
    source_text: str,
    sink_text: str,
    store: Callable[[], Sink],
    options: Options,
    executor: AbstractContextManager[Executor],
    folder: Path | None,
) -> Summary:
    from render_io.report import ReportWriter
    from render_io.stores import open_source

    source = open_source(source_text)
    refuse_same(source_text, sink_text)
    with ExitStack() as stack:
        sink = stack.enter_context(store())
        report = None if folder is None else stack.enter_context(ReportWriter(folder))
        summary = _shown(source, sink, options, stack.enter_context(executor), report)
        if report is not None:
            report.finish(summary, {"source": source_text, "sink": sink_text}, options)
    _print(summary, options, report.page if report is not None else None)
    return summary


def _shown(
    source: Source, sink: Sink, options: Options, executor: Executor, report: Callable[[SectionResult], object] | None
) -> Summary:
    """Run the job under a progress bar."""
    from render_io.reestimate import reestimate as run

    with _bar(source.parts()) as advance:

        def progress(result: SectionResult) -> None:
            if report is not None:
                report(result)
            advance(result)

        return run(source, sink, options, executor=executor, progress=progress)


@contextmanager
def _bar(parts: list[str]) -> Iterator[Callable[[SectionResult], None]]:
    """A bar on standard error; it counts parts when there are many, else only sections and tiles."""
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("sections"), progress.BarColumn(), progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[tiles]:,} tiles"), progress.TextColumn("{task.fields[rate]:,.0f} tiles/s"),
        progress.TimeElapsedColumn(), progress.TextColumn("left"), progress.TimeRemainingColumn(),
    )  # fmt: skip
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=len(parts) if len(parts) > 1 else None, tiles=0, rate=0.0)
        place = {part: count for count, part in enumerate(parts, 1)}
        sections = tiles = 0

        def advance(result: SectionResult) -> None:
            nonlocal sections, tiles
            sections, tiles = sections + 1, tiles + len(result.tile_ids)
            elapsed = bar.tasks[0].elapsed or 0.0
            done = place.get(result.part, sections) if len(parts) > 1 else sections
            bar.update(task, completed=done, tiles=tiles, rate=tiles / elapsed if elapsed else 0.0)

        yield advance


def _print(summary: Summary, options: Options, page: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    what = f"{options.model} of order {options.order}" if options.model == "polynomial" else options.model
    table = Table("", what, title="re-estimated", show_header=True, title_justify="left")
    for name, value in _lines(summary):
        table.add_row(name, value)
    console.print(table)
    if summary.worst:
        worst = Table("largest residual, px", "rms, px", "tile", "section", title="worst tiles", title_justify="left")
        for row in summary.worst[:5]:
            worst.add_row(f"{row.max_residual:.6g}", f"{row.rms:.6g}", str(row.tile_id), row.section)
        console.print(worst)
    if page is not None:
        console.print(f"report: {page}", soft_wrap=True, highlight=False)
    _print_faults(summary)


def _lines(summary: Summary) -> Iterator[tuple[str, str]]:
    yield "sections", f"{len(summary.sections):,}"
    yield "tiles", f"{summary.tiles:,}"
    yield "bad tiles", f"{summary.bad:,}"
    if summary.resumed:
        yield "tiles already there", f"{summary.resumed:,}"
    for name, value in (("rms of residuals", summary.rms), ("largest residual", summary.max_residual)):
        yield name, f"{value:.6g} px" if math.isfinite(value) else "none"
    yield "time", f"{summary.seconds:.2f} s"
    yield "rate", f"{summary.rate:,.0f} tiles/s"


def _print_faults(summary: Summary) -> None:
    """Every bad tile with its place, on standard error."""
    for fault in summary.faults:
        typer.echo(f"bad {fault}" if fault.tile_id is not None else f"bad tile without id: {fault}", err=True)
    if summary.bad > len(summary.faults):
        typer.echo(f"... and {summary.bad - len(summary.faults)} more bad tiles", err=True)
