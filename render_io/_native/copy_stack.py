"""CopyStackClient: layers of one stack into another one.

Source: org.janelia.render.client.CopyStackClient.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from render_io._native.command_line import CommandLine, number, numbers, switch, text, texts
from render_io._native.job import Client, Job
from render_io._native.options import RENDER_WEB
from render_io._native.service import Stack
from render_io._requests.urls import number as in_path
from render_io.codecs._numbers import format_double
from render_io.codecs.names import AFFINE
from render_io.server.spec_model import TransformSpec
from render_io.spec_edits import append

__all__ = ["CLIENT"]

MARGIN = 10.0
"""Pixels that Java leaves between the origin and a stack that it moves there."""


def run(job: Job) -> None:
    """Copy one layer after the other."""
    source = Stack.source(job, "fromStack")
    metadata = source.metadata()
    target = Stack(job, job["toOwner"] or source.owner, job["toProject"] or source.project, job["toStack"])
    move = _move_to_origin(source) if job["moveToOrigin"] else None
    target.derive_from(source, metadata)
    for z in source.z_values() if job["z"] is None else job["z"]:
        _copy(job, source, target, z, move)
    if job["completeToStackAfterCopy"]:
        target.complete()


def _move_to_origin(source: Stack) -> TransformSpec:
    """Return the shared transform that puts the corner of the stack's box near 0."""
    bounds: dict[str, Any] = source.get("bounds")
    shift = " ".join(format_double(MARGIN - bounds[name]) for name in ("minX", "minY"))
    moment = datetime.now()
    name = f"MOVE_STACK_{moment:%Y%m%d_%H%M%S}_{moment.microsecond // 1000:03d}"
    return TransformSpec(type="leaf", id=name, className=AFFINE, dataString=f"1 0 0 1 {shift}")


def _copy(job: Job, source: Stack, target: Stack, z: float, move: TransformSpec | None) -> None:
    tiles = source.resolved_tiles(z)
    excluded = set(job["excludedTileIds"] or ()) & tiles.tiles.keys()
    if excluded:
        tiles.retain(tiles.tiles.keys() - excluded)
        job.log(f"left out {len(excluded)} tiles of z {z}")
    if move is not None:
        tiles.share(move)
        for tile_id in tiles.tiles:
            tiles.change(tile_id, partial(append, spec={"type": "ref", "refId": move.id}))
        tiles.derive_boxes()
    new_z = z + (job["addToZ"] or 0.0)
    for tile in tiles.tiles.values():
        tile.z = new_z
    if not job["keepExisting"]:
        target.delete("z", in_path(new_z))
    target.save(tiles, new_z)


CLIENT = Client(
    CommandLine(
        (
            *RENDER_WEB,
            text("fromStack", "Stack that is copied", required=True),
            text("toOwner", "Owner of the copy (default: the same)"),
            text("toProject", "Project of the copy (default: the same)"),
            text("toStack", "Name of the copy", required=True),
            numbers("z", "Layers to be copied (default: all)"),
            switch("moveToOrigin", "Move all tiles so that the box of the stack starts near 0"),
            number("addToZ", "Number that is added to every z"),
            texts("excludedTileIds", "Tiles that are left out"),
            switch("keepExisting", "Keep tiles that the layers of the copy have already"),
            switch("completeToStackAfterCopy", "Complete the copy afterwards"),
        )
    ),
    run,
)
