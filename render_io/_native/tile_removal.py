"""TileRemovalClient: delete tiles by id, outside of a box, or those that nobody sees.

Source: org.janelia.render.client.TileRemovalClient.
"""

from __future__ import annotations

from typing import Any

from render_io._native.command_line import CommandLine, Positional, as_text, number, switch, text
from render_io._native.files import read_list
from render_io._native.job import Client, Job, JobError
from render_io._native.obscured import obscured
from render_io._native.options import RENDER_WEB, STACK, Bounds
from render_io._native.service import Stack, tell_unknown
from render_io._requests.urls import escape

__all__ = ["CLIENT"]

_BOX = ("keepMinX", "keepMaxX", "keepMinY", "keepMaxY")
_KEEP = ("keepZ", *_BOX)


def run(job: Job) -> None:
    """Delete one tile after the other."""
    chosen = _sources(job)
    stack = Stack.source(job)
    stack.open()
    tile_ids = _ids(job, stack, chosen)
    for tile_id in tile_ids:
        stack.delete("tile", escape(tile_id, "tileId"))
    job.log(f"removed {len(tile_ids)} tiles from {stack}")
    if job["completeStackAfterRemoval"]:
        stack.complete()


def _sources(job: Job) -> str:
    """Return which of the ways to name tiles is used."""
    used = {
        "ids": bool(job.arguments),
        "file": job["tileIdJson"] is not None,
        "keep": any(job[name] is not None for name in _KEEP),
        "hidden": job["hiddenTilesWithZ"] is not None,
    }
    chosen = [name for name, is_used in used.items() if is_used]
    if len(chosen) != 1:
        raise JobError("expected exactly one of tile ids, --tileIdJson, --keepZ with a box, and --hiddenTilesWithZ")
    missing = [f"--{name}" for name in _KEEP if job[name] is None]
    if chosen == ["keep"] and missing:
        raise JobError(f"--keepZ and a whole box belong together, missing: {', '.join(missing)}")
    return chosen[0]


def _ids(job: Job, stack: Stack, chosen: str) -> list[str]:
    if chosen in ("ids", "file"):
        found = list(dict.fromkeys(job.arguments if chosen == "ids" else read_list(job["tileIdJson"], str)))
        tell_unknown(stack, found)
        return found
    z = job["keepZ" if chosen == "keep" else "hiddenTilesWithZ"]
    layer = [tile for tile in stack.tile_bounds(z) if _boxed(tile)]
    if not layer:
        job.hide(f"{stack} has no tiles of z {z}")
    if chosen == "keep":
        kept = Bounds(*(job[name] for name in _BOX))
        return [tile["tileId"] for tile in layer if not kept.touches(tile)]
    hidden = obscured(layer)
    return [tile["tileId"] for tile in layer if tile["tileId"] in hidden]


def _boxed(tile: dict[str, Any]) -> bool:
    return all(tile.get(name) is not None for name in ("tileId", "minX", "minY", "maxX", "maxY"))


CLIENT = Client(
    CommandLine(
        (
            *RENDER_WEB,
            STACK,
            text("tileIdJson", "JSON list of the ids of the tiles to be removed (.json or .json.gz)"),
            *(number(name, "Remove the tiles of this layer that are outside of the box") for name in _KEEP),
            number("hiddenTilesWithZ", "Remove the tiles of this layer that are hidden below others"),
            switch("completeStackAfterRemoval", "Complete the stack afterwards"),
        ),
        Positional("tile ids", as_text, required=False),
    ),
    run,
)
