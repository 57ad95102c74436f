"""ImportTileZValuesClient: new z values for tiles.

Source: org.janelia.render.client.ImportTileZValuesClient.
"""

from __future__ import annotations

from render_io._native.command_line import CommandLine, text
from render_io._native.files import read_text
from render_io._native.job import Client, Job, JobError
from render_io._native.options import RENDER_WEB, STACK
from render_io._native.service import Stack, tell_unknown
from render_io._requests.urls import number
from render_io.codecs._numbers import parse_double

__all__ = ["CLIENT"]


def run(job: Job) -> None:
    """Set z, one request per value."""
    stack = Stack.source(job)
    stack.open()
    by_z = _read(job, job["dataFile"])
    tell_unknown(stack, [tile_id for ids in by_z.values() for tile_id in ids])
    for z, tile_ids in by_z.items():
        stack.put("z", number(z), "tileIds", body=tile_ids)
        job.log(f"{len(tile_ids)} tiles of {stack} have z {z}")


def _read(job: Job, path: str) -> dict[float, list[str]]:
    """Read lines ``z tileId``, more words are not looked at."""
    found: dict[float, list[str]] = {}
    for place, line in enumerate(read_text(path).splitlines(), 1):
        words = line.split()
        if len(words) < 2:
            if words:
                job.hide(f"{path}: line {place} is skipped, expected a z value and a tile id", "lines are skipped")
            continue
        try:
            z = parse_double(words[0])
        except ValueError:
            raise JobError(
                f"Failed to parse z value from line {place} in {path}.  Invalid value is '{words[0]}'."
            ) from None
        found.setdefault(z, []).append(words[1])
    if not found:
        raise JobError(f"No tile information found in {path}.")
    return found


CLIENT = Client(
    CommandLine((*RENDER_WEB, STACK, text("dataFile", "Lines with a z value and a tile id each", required=True))), run
)
