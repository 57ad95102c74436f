"""ImportJsonClient: tile specs from files into a stack.

Source: org.janelia.render.client.ImportJsonClient.
"""

from __future__ import annotations

from render_io._native.command_line import CommandLine, Positional, as_text, text
from render_io._native.files import read_list
from render_io._native.job import Client, Job
from render_io._native.options import RENDER_WEB, STACK, VALIDATOR
from render_io._native.service import Stack
from render_io._native.tile_collection import TileCollection, derive_boxes
from render_io._native.validators import Validator, validator_of
from render_io.server.spec_model import TileSpec, TransformSpec

__all__ = ["CLIENT"]


def run(job: Job) -> None:
    """Import one file after the other; what is saved before one that is broken stays saved."""
    validator, stack = validator_of(job), Stack.source(job)
    stack.open()
    path = job["transformFile"]
    shared: list[TransformSpec] = [] if path is None else read_list(path, TransformSpec)
    for tile_file in job.arguments:
        _import(job, stack, tile_file, shared, validator)


def _import(job: Job, stack: Stack, path: str, shared: list[TransformSpec], validator: Validator | None) -> None:
    specs: list[TileSpec] = read_list(path, TileSpec)
    if not specs:
        job.hide(f"{path} holds no tile specs")
        return
    tiles = TileCollection(specs, shared)
    if len(tiles.tiles) < len(specs):
        job.hide(f"{path}: {len(specs) - len(tiles.tiles)} tile specs are replaced by later ones of the same tileId")
    derive_boxes(specs, tiles.shared)  # of the replaced ones, too: one of them that is bad fails the file
    tiles.drop_invalid(validator, job)
    stack.save(tiles)


CLIENT = Client(
    CommandLine(
        (*RENDER_WEB, STACK, *VALIDATOR, text("transformFile", "Shared transform specs (.json or .json.gz)")),
        Positional("list of tile spec files (.json or .json.gz)", as_text),
    ),
    run,
)
