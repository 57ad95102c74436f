"""TransformRemovalClient: take transforms off the ends of the tiles' lists.

Source: org.janelia.render.client.TransformRemovalClient.
"""

from __future__ import annotations

from typing import Any

from render_io._native.command_line import CommandLine, numbers, switch, text, whole
from render_io._native.job import Client, Job
from render_io._native.options import RENDER_WEB, STACK, VALIDATOR
from render_io._native.service import Stack
from render_io._native.validators import validator_of

__all__ = ["CLIENT"]


def run(job: Job) -> None:
    """Change and save one layer after the other."""
    validator, source = validator_of(job), Stack.source(job)
    metadata = source.metadata()
    target = Stack(
        job,
        job["targetOwner"] or source.owner,
        job["targetProject"] or source.project,
        job["targetStack"] or source.name,
    )
    target.derive_from(source, metadata)
    for z in source.z_values() if job["z"] is None else job["z"]:
        tiles = source.resolved_tiles(z)
        for tile_id in tiles.tiles:
            tiles.change(tile_id, lambda transforms: _without_last(transforms, job["numberOfTransformsToRemove"]))
        tiles.derive_boxes()
        tiles.drop_unused()
        tiles.drop_invalid(validator, job)
        target.save(tiles, z)
    if job["completeTargetStack"]:
        target.complete()


def _without_last(transforms: dict[str, Any], count: int) -> dict[str, Any]:
    members = transforms.get("specList", [])
    return {**transforms, "specList": members[: max(0, len(members) - count)] if count > 0 else members}


CLIENT = Client(
    CommandLine(
        (
            *RENDER_WEB,
            STACK,
            *VALIDATOR,
            text("targetOwner", "Owner of the target stack (default: that of the source)"),
            text("targetProject", "Project of the target stack (default: that of the source)"),
            text("targetStack", "Stack that receives the tiles", required=True),
            whole("numberOfTransformsToRemove", "How many transforms go from the end of each tile's list", 1),
            numbers("z", "Layers (default: all)"),
            switch("completeTargetStack", "Complete the target stack afterwards"),
        )
    ),
    run,
)
