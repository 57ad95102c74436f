"""Neurons as .swc files through two stacks.

Lines are ``id type x y z radius parent`` in physical units; comments are kept, and so is what is not separated by
blanks.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from render_io._native.files import read_text, write_lines
from render_io._native.job import Job, JobError
from render_io._native.service import Stack
from render_io._stores.files import make_writable_folder
from render_io.codecs._numbers import format_double, parse_double
from render_io.server.spec_model import Coordinate

if TYPE_CHECKING:
    from render_io._native.coordinate import PointMapper

__all__ = ["map_directory"]

FAILED = "-999"
FAILED_FILE = "failed_mappings.txt"


class Resolution(NamedTuple):
    """Physical units per pixel and layer."""

    x: float
    y: float
    z: float


class Line(NamedTuple):
    """A line of a file with a point in it."""

    place: int
    words: list[str]


def map_directory(job: Job, mapper: PointMapper, source: Stack, target: Stack | None) -> None:
    """Map all .swc files of a directory.

    Parameters
    ----------
    job : Job
        Names the directories.
    mapper : PointMapper
        Without a layer.
    source, target : Stack
        With resolutions.

    Raises
    ------
    JobError
        An option, a directory or a resolution is missing.
    """
    if target is None or job["toSwcDirectory"] is None:
        raise JobError("--fromSwcDirectory needs --toStack and --toSwcDirectory")
    folder = Path(job["fromSwcDirectory"])
    if not folder.is_dir():
        raise JobError(f"--fromSwcDirectory {folder} must be readable")
    scales = _resolution(source), _resolution(target)
    to_folder = Path(job["toSwcDirectory"])
    make_writable_folder(to_folder)
    failed: list[str] = []
    for path in sorted(path for path in folder.iterdir() if path.name.endswith(".swc") and path.is_file()):
        failed += _map_file(path, to_folder / path.name, mapper, (source, target), scales)
    if failed:
        write_lines(to_folder / FAILED_FILE, failed)
        job.hide(f"{len(failed)} points can't be mapped, see {to_folder / FAILED_FILE}")


def _resolution(stack: Stack) -> Resolution:
    version: dict[str, Any] = stack.metadata().get("currentVersion") or {}
    values = [version.get(f"stackResolution{axis}") for axis in "XYZ"]
    if None in values:
        raise JobError(f"{stack} has no resolution")
    return Resolution(*(float(value) for value in values if value is not None))


def _map_file(
    path: Path, to_path: Path, mapper: PointMapper, stacks: tuple[Stack, Stack], scales: tuple[Resolution, Resolution]
) -> list[str]:
    """Map one file; return what has to be said of the points that failed."""
    from render_io._native.coordinate import round_trip

    texts = read_text(str(path)).splitlines()
    lines = [line for place, text in enumerate(texts) if (line := _point_line(place, text)) is not None]
    points = [_pixels(line, scales[0]) for line in lines]
    mapped = round_trip(mapper, stacks[1], mapper.world_to_local(stacks[0], points)) if points else []
    failed: list[str] = []
    for line, entry in zip(lines, mapped, strict=True):
        if "error" in entry:
            failed.append(f"{path}: {texts[line.place]}")
        texts[line.place] = " ".join([*line.words[:2], *_written(entry, scales[1]), *line.words[5:]])
    write_lines(to_path, texts)
    return failed


def _point_line(place: int, text: str) -> Line | None:
    """Return a line's words when it has a point; blanks separate them, nothing else."""
    words = text.split(" ")
    if text.startswith("#") or len([word for word in words if word]) < 7:
        return None
    return Line(place, [word for word in words if word])


def _pixels(line: Line, scale: Resolution) -> Coordinate:
    try:
        x, y, z = (parse_double(word) / unit for word, unit in zip(line.words[2:5], scale, strict=True))
    except ValueError:
        raise JobError(f"line {line.place + 1}: expected x, y and z, got {' '.join(line.words[2:5])}") from None
    return Coordinate(world=[x, y, float(math.floor(z + 0.5))])


def _written(entry: dict[str, Any], scale: Resolution) -> list[str]:
    """Return x, y and z of a mapped point in physical units."""
    if "error" in entry:
        return [FAILED] * 3
    values = zip(entry["world"], scale, strict=False)
    return [format_double(float(value) * unit) for value, unit in values]
