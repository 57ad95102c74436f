"""The report folder of a re-estimation: tables, residual maps, and one page that shows it all without a network.

``index.html`` has everything inside, pictures included; ``tiles.csv`` has a row for each tile, ``sections.csv`` for
each section; ``report.json`` the totals, sections, worst tiles and faults; ``maps/`` and ``histogram.png`` pictures.
"""

from __future__ import annotations

import csv
import dataclasses
import heapq
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from render_io import _json
from render_io._reestimate.section_fit import Options
from render_io._reestimate.section_result import SectionResult
from render_io._reestimate.summary import SectionRow, Summary
from render_io._report.page import page_chunks
from render_io._report.plots import histogram_png, residual_map_png
from render_io._stores.files import make_writable_folder, replace_file, store_errors
from render_io.errors import SpecError

__all__ = ["ReportWriter"]

_TILE_COLUMNS = (
    "section",
    "z",
    "tileId",
    "status",
    "rms_px",
    "max_residual_px",
    "minX",
    "minY",
    "maxX",
    "maxY",
    "fault",
)
_SHOWN_MAPS = 60


class ReportWriter:
    """Writes a report while the sections come; call it with each, and `finish` at the end.

    Parameters
    ----------
    folder : Path
        Made when absent; files of an earlier report are replaced.

    Attributes
    ----------
    page : Path
        The page to open.

    Raises
    ------
    StoreError
        The folder can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self.page = folder / "index.html"
        self._folder = folder
        self._maps: list[tuple[float, int, str]] = []
        make_writable_folder(folder / "maps")
        self._rows: IO[str] | None = None
        self._count = 0

    def __enter__(self) -> Self:
        with store_errors(self._folder, "write"):
            self._rows = (self._folder / "tiles.csv").open("w", newline="", encoding="utf-8")
            csv.writer(self._rows).writerow(_TILE_COLUMNS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._rows is not None:
            self._rows.close()

    def __call__(self, result: SectionResult) -> None:
        """Take in a section.

        Parameters
        ----------
        result : SectionResult
            Its rows go to the table and its map is drawn; then it is forgotten.

        Raises
        ------
        StoreError
            They can't be written.
        """
        assert self._rows is not None, "the report is open"
        with store_errors(self._folder / "tiles.csv", "write"):
            csv.writer(self._rows).writerows(_tile_rows(result))
        name = f"{self._count:05d}-{_file_name(result.name)}.png"
        self._count += 1
        replace_file(self._folder / "maps" / name, [residual_map_png(result)])
        measured = result.max_residual[np.isfinite(result.max_residual)]
        # The page shows the worst sections; bad tiles are worse than any residual.
        rank = math.inf if result.bad else float(measured.max(initial=0.0))
        self._maps = heapq.nlargest(_SHOWN_MAPS, [*self._maps, (rank, -self._count, name)])

    def finish(self, summary: Summary, places: Mapping[str, str], options: Options) -> None:
        """Write the rest.

        Parameters
        ----------
        summary : Summary
            Totals.
        places : mapping
            Names of source and sink.
        options : Options
            What was estimated.

        Raises
        ------
        StoreError
            It can't be written.
        """
        assert self._rows is not None, "the report is open"
        with store_errors(self._folder / "tiles.csv", "write"):
            self._rows.flush()
        histogram = histogram_png(summary)
        replace_file(self._folder / "histogram.png", [histogram])
        replace_file(self._folder / "sections.csv", _section_lines(summary.sections))
        job = {**places, **dataclasses.asdict(options)}
        replace_file(self._folder / "report.json", [_json.dumps(_report(summary, job)), b"\n"])
        shown = [self._folder / "maps" / name for _, _, name in sorted(self._maps, key=lambda item: item[2])]
        replace_file(self.page, page_chunks(summary, job, histogram, shown))


def _tile_rows(result: SectionResult) -> Iterator[list[Any]]:
    faults: dict[int, SpecError] = dict(zip(result.bad, result.faults, strict=True))
    columns = (result.tile_ids, result.rms.tolist(), result.max_residual.tolist(), result.boxes.tolist())
    for index, (tile_id, rms, worst, box) in enumerate(zip(*columns, strict=True)):
        fault = faults.get(index)
        status = "ok" if fault is None else "bad"
        message = "" if fault is None else f"{fault.path}: {fault.reason}" if fault.path else fault.reason
        numbers = [_cell(value) for value in (rms, worst, *box)]
        yield [result.name, result.z, tile_id, status, *numbers, message]


def _cell(value: float) -> float | str:
    """Numbers in full, nothing where there is none."""
    return value if math.isfinite(value) else ""


def _file_name(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._+-") else "_" for c in name)[:100]


def _section_lines(rows: list[SectionRow]) -> Iterator[bytes]:
    yield (",".join(("section", "z", "tiles", "bad", "rms_px", "max_residual_px")) + "\r\n").encode()
    for row in rows:
        name = '"' + row.name.replace('"', '""') + '"'
        numbers = (row.z if row.z is not None else "", row.tiles, row.bad, _cell(row.rms), _cell(row.max_residual))
        yield (",".join([name, *map(str, numbers)]) + "\r\n").encode()


def _report(summary: Summary, job: Mapping[str, Any]) -> dict[str, Any]:
    """Totals and tables as JSON values; null where there is no number."""
    sections = [
        {
            "name": row.name, "z": row.z, "tiles": row.tiles, "bad": row.bad, "rms": _number(row.rms),
            "maxResidual": _number(row.max_residual),
        }
        for row in summary.sections
    ]  # fmt: skip
    worst = [
        {"tileId": row.tile_id, "section": row.section, "rms": row.rms, "maxResidual": row.max_residual}
        for row in summary.worst
    ]
    faults = [{"tileId": f.tile_id, "path": f.path, "message": f.reason} for f in summary.faults]
    return {
        "job": dict(job),
        "sectionCount": len(sections),
        "tiles": summary.tiles,
        "bad": summary.bad,
        "rms": _number(summary.rms),
        "maxResidual": _number(summary.max_residual),
        "seconds": summary.seconds,
        "tilesPerSecond": _number(summary.rate),
        "sections": sections,
        "worstTiles": worst,
        "faults": faults,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
