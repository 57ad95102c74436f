"""The main job: one transform in place of each tile's list, for a whole stack, section by section.

Use it like this::

    with open_sink("aligned/", overwrite=True) as sink:
        summary = reestimate(open_source("raw/"), sink, Options("polynomial", order=3))

Sections are read, computed and written at the same time, a bounded number of them; nothing else of the stack is in
memory. What is written depends on the source and the options only: not on the executor, on the number of its workers,
or on how often the job was killed and resumed.
"""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain, islice, starmap

from render_io._reestimate.executors import (
    THREADS,
    Executor,
    connected,
    local_executor,
    rare_collections,
    results,
    shared_cores,
)
from render_io._reestimate.section_fit import MODELS, Options, reestimate_section
from render_io._reestimate.section_result import SectionResult
from render_io._reestimate.summary import HISTOGRAM_EDGES, SectionRow, Summary, TileRow
from render_io._reestimate.text_lane import TextSection, reestimate_text, text_section
from render_io._reestimate.tile_lists import REPLACEMENTS
from render_io._stores.section import Section
from render_io.errors import StoreError
from render_io.stores import Sink, Source

__all__ = [
    "HISTOGRAM_EDGES",
    "MODELS",
    "REPLACEMENTS",
    "Executor",
    "Options",
    "SectionResult",
    "SectionRow",
    "Summary",
    "TileRow",
    "connected",
    "local_executor",
    "reestimate",
    "reestimate_section",
]


@dataclasses.dataclass(frozen=True)
class _Job:
    """What a worker needs: the stores pickle, the rest is small.

    The run makes the arguments of its tasks unlike those of any other run, so that no cluster answers from memory.
    """

    source: Source
    sink: Sink
    options: Options
    run: str


@dataclasses.dataclass(frozen=True)
class _Done:
    """Answer of a worker: results, a section that is left to write, and why the rest of the part is missing."""

    results: list[SectionResult]
    section: Section | None = None
    unread: StoreError | None = None


def reestimate(
    source: Source,
    sink: Sink,
    options: Options,
    *,
    executor: Executor | None = None,
    in_flight: int | None = None,
    progress: Callable[[SectionResult], object] | None = None,
) -> Summary:
    """Re-estimate a stack.

    Parameters
    ----------
    source : Source
        From `open_source`.
    sink : Sink
        From `open_sink`. Finished at the end, unless a part of the source could not be read.
    options : Options
        What to estimate.
    executor : Executor, optional
        Where sections are worked on: any executor of `concurrent.futures`, or a Dask client. Its workers read the
        source and write the sink themselves where the sink allows it. By default threads of this process.
    in_flight : int, optional
        Most sections in work at a time; by default enough to keep the workers busy.
    progress : callable, optional
        Called with each `SectionResult`, in this thread, as the sections are finished.

    Returns
    -------
    Summary
        Totals, worst tiles and faults.

    Raises
    ------
    StoreError
        The sink can't be written; or, after all else is done, parts of the source could not be read.
    RenderError
        A worker was lost with an executor that does not replace it.
    """
    started, summary, unread = time.perf_counter(), Summary(), []
    with ExitStack() as stack, rare_collections:
        if executor is None:
            executor = stack.enter_context(local_executor(1))
        for done in _work(source, sink, options, executor, in_flight or _default_in_flight(executor)):
            unread += [] if done.unread is None else [done.unread]
            if done.section is not None:
                sink.write(done.section)
            for result in done.results:
                summary.add(result)
                summary.seconds = time.perf_counter() - started
                if progress is not None:
                    progress(result)
    if unread:
        raise _incomplete(unread, bool(summary.sections))
    sink.finish()
    summary.seconds = time.perf_counter() - started
    return summary


def _default_in_flight(executor: Executor) -> int:
    """Twice as many as there are workers, where the executor tells."""
    ncores = getattr(executor, "ncores", None)
    workers = sum(ncores().values()) if callable(ncores) else getattr(executor, "_max_workers", THREADS)
    return max(2, 2 * workers) if workers > THREADS or callable(ncores) else THREADS + 1


def _work(source: Source, sink: Sink, options: Options, executor: Executor, in_flight: int) -> Iterator[_Done]:
    parts = source.parts()
    if sink.parallel and len(parts) > 1:
        job = _Job(source, sink, options, uuid.uuid4().hex)
        with shared_cores():
            yield from results(executor, _do_part, ((job, part) for part in parts), in_flight)
        return
    # The sink, or the only file, is here: sections go to the workers and come back.
    unread: list[StoreError] = []

    def tasks() -> Iterator[tuple[Options, Section, bool, str]]:
        for part in parts:
            try:
                for section in _sections(source, part, options):
                    yield options, section, sink.has(section), uuid.uuid4().hex
            except StoreError as error:
                unread.append(error)

    waiting = tasks()
    first = list(islice(waiting, 2))
    if len(first) < 2 and isinstance(executor, ThreadPoolExecutor):
        yield from starmap(_do_section, first)  # a thread would have nothing to run beside
    else:
        yield from results(executor, _do_section, chain(first, waiting), in_flight)
    yield from (_Done([], unread=error) for error in unread)


def _sections(source: Source, part: str, options: Options) -> Iterator[Section]:
    """Sections of a part: as text where that will do."""
    section = text_section(source, part, options)
    yield from source.read(part) if section is None else [section]


def _do_section(options: Options, section: Section, is_there: bool, run: str) -> _Done:
    """Work on one section, in whatever process."""
    del run
    if isinstance(section, TextSection):
        changed, result = reestimate_text(section, options)
    else:
        changed, result = reestimate_section(section, options)
    return _Done([dataclasses.replace(result, resumed=is_there)], None if is_there else changed)


def _do_part(job: _Job, part: str) -> _Done:
    """Read, work on and write all sections of one part, in whatever process."""
    with rare_collections:
        return _part_done(job, part)


def _part_done(job: _Job, part: str) -> _Done:
    answers: list[SectionResult] = []
    sections = _sections(job.source, part, job.options)
    while True:
        try:
            section = next(sections, None)
        except StoreError as error:
            return _Done(answers, unread=error)
        if section is None:
            return _Done(answers)
        done = _do_section(job.options, section, job.sink.has(section), job.run)
        answers += done.results
        if done.section is not None:
            job.sink.write(done.section)


def _incomplete(unread: list[StoreError], any_done: bool) -> StoreError:
    """One error for all parts that could not be read; the sink is not finished, so that nothing of it is removed."""
    more = f" (and {len(unread) - 1} more parts)" if len(unread) > 1 else ""
    advice = "; all else is done: mend it and run again with --resume" if any_done else ""
    return StoreError(f"{unread[0]}{more}{advice}", unread[0].store)
