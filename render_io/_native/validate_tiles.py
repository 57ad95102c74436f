"""ValidateTilesClient: look for tiles that a validator refuses, and remove them if so asked.

Source: org.janelia.render.client.ValidateTilesClient.
"""

from __future__ import annotations

from render_io._native.command_line import CommandLine, Positional, as_number, switch
from render_io._native.job import Client, Job
from render_io._native.options import RENDER_WEB, STACK, VALIDATOR
from render_io._native.service import Stack
from render_io._native.validators import Validator, validator_of
from render_io._requests.urls import number

__all__ = ["CLIENT"]


def run(job: Job) -> None:
    """Look at one layer after the other."""
    validator, stack = validator_of(job), Stack.source(job)
    for z in job.arguments:
        _validate(job, stack, z, validator)
    if job["removeInvalidTiles"] and job["completeStackAfterRemoval"]:
        stack.complete()


def _validate(job: Job, stack: Stack, z: float, validator: Validator | None) -> None:
    tiles = stack.resolved_tiles(z)
    refused = {} if validator is None else tiles.invalid(validator)
    for tile_id, reason in refused.items():
        job.hide(f"tile {tile_id} of z {z} is not valid: {reason}", "tiles are not valid")
    job.log(f"z {z}: {len(refused)} of {len(tiles.tiles)} tiles are not valid")
    if refused and job["removeInvalidTiles"]:
        tiles.retain(tiles.tiles.keys() - refused.keys())
        stack.open()
        stack.delete("z", number(z))
        stack.save(tiles, z)


CLIENT = Client(
    CommandLine(
        (
            *RENDER_WEB,
            STACK,
            *VALIDATOR,
            switch("removeInvalidTiles", "Remove tiles that are not valid from the stack"),
            switch("completeStackAfterRemoval", "Complete the stack afterwards"),
        ),
        Positional("Z values", as_number),
    ),
    run,
)
