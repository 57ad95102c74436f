"""The page of a report: one HTML file, pictures inside, nothing fetched."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from render_io._reestimate.summary import Summary
from render_io._stores.files import read_bytes

__all__ = ["image", "page_chunks", "page_frame", "table"]

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 64em; padding: 0 1em; color: #222; }
h1, h2 { font-weight: 600; } h2 { margin-top: 2em; }
table { border-collapse: collapse; margin: .5em 0; }
td, th { padding: .2em .8em; border-bottom: 1px solid #ddd; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
img { max-width: 100%; } figure { margin: 1em 0; } .bad { color: #b00; }
""".strip()
_ROWS_SHOWN = 1000


def page_frame(title: str, body: Iterable[str]) -> Iterator[bytes]:
    """Put parts of a body into a page.

    Parameters
    ----------
    title : str
        Plain text.
    body : iterable of str
        HTML.

    Yields
    ------
    bytes
        The page, part by part.
    """
    head = f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
    yield f"{head}<style>{_STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n".encode()
    for part in body:
        yield part.encode()
    yield b"</body></html>\n"


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write a table.

    Parameters
    ----------
    header : sequence of str
        Names of the columns; none for a table without.
    rows : iterable of sequence
        Numbers are set to the right, with six digits; None is left empty.

    Returns
    -------
    str
        HTML.
    """
    names = "".join(f"<th>{escape(name)}</th>" for name in header)
    lines = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    return f"<table>{f'<tr>{names}</tr>' if header else ''}\n{lines}</table>\n"


def image(png: bytes, caption: str) -> str:
    """Embed a picture.

    Parameters
    ----------
    png : bytes
        The file.
    caption : str
        Plain text, for those who can't see it too.

    Returns
    -------
    str
        HTML.
    """
    data = base64.b64encode(png).decode()
    text = escape(caption)
    return f'<figure><img alt="{text}" src="data:image/png;base64,{data}"><figcaption>{text}</figcaption></figure>\n'


def page_chunks(summary: Summary, job: Mapping[str, Any], histogram: bytes, maps: Sequence[Path]) -> Iterator[bytes]:
    """Write the page of a re-estimated stack.

    Parameters
    ----------
    summary : Summary
        What there is to tell.
    job : mapping
        Arguments of the job.
    histogram : bytes
        PNG.
    maps : sequence of Path
        PNG files of the sections to show; one at a time is in memory.

    Yields
    ------
    bytes
        The page, part by part.
    """
    return page_frame("Re-estimated stack", _body(summary, job, histogram, maps))


def _body(summary: Summary, job: Mapping[str, Any], histogram: bytes, maps: Sequence[Path]) -> Iterator[str]:
    yield table((), [(name, value) for name, value in job.items() if value is not None])
    yield "<h2>Residuals</h2>\n"
    totals: list[tuple[str, Any]] = [
        ("sections", len(summary.sections)), ("tiles", summary.tiles), ("bad tiles", summary.bad),
        ("rms of residuals, px", summary.rms), ("largest residual, px", summary.max_residual),
        ("time, s", round(summary.seconds, 2)), ("rate, tiles/s", round(summary.rate) if summary.seconds else None),
    ]  # fmt: skip
    yield table((), totals)
    yield image(histogram, "Tiles by their largest residual")
    if summary.faults:
        yield "<h2 class='bad'>Bad tiles</h2>\n"
        rows = [(f.tile_id, f.path, f.reason) for f in summary.faults[:_ROWS_SHOWN]]
        yield table(("tile", "where", "what"), rows)
        yield _rest(summary.bad - len(rows), "report.json and tiles.csv")
    yield "<h2>Worst tiles</h2>\n"
    worst = [(row.max_residual, row.rms, row.tile_id, row.section) for row in summary.worst]
    yield table(("largest residual, px", "rms, px", "tile", "section"), worst)
    yield "<h2>Sections</h2>\n"
    sections = [(r.name, r.z, r.tiles, r.bad, r.rms, r.max_residual) for r in summary.sections[:_ROWS_SHOWN]]
    yield table(("section", "z", "tiles", "bad", "rms, px", "largest residual, px"), sections)
    yield _rest(len(summary.sections) - len(sections), "sections.csv")
    yield "<h2>Residual maps</h2>\n"
    yield _rest(len(summary.sections) - len(maps), "maps/; these are the sections with the largest residuals")
    for path in maps:
        yield image(read_bytes(path), path.stem.partition("-")[2])


def _rest(count: int, where: str) -> str:
    return f"<p>{count:,} more in {escape(where)}.</p>\n" if count > 0 else ""


def _cell(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"<td>{escape(str(value)) if value is not None else ''}</td>"
    text = f"{value:,}" if isinstance(value, int) else f"{value:.6g}" if math.isfinite(value) else ""
    return f'<td class="number">{text}</td>'
