"""ImportTransformChangesClient: new transforms for some tiles, into a stack of those tiles.

Source: org.janelia.render.client.ImportTransformChangesClient.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from render_io._native.command_line import CommandLine, text, word
from render_io._native.files import read_list
from render_io._native.job import Client, Job, JobError
from render_io._native.options import RENDER_WEB, STACK, VALIDATOR
from render_io._native.service import Stack
from render_io._native.tile_collection import TileCollection, as_json
from render_io._native.validators import validator_of
from render_io.errors import SpecError
from render_io.server.spec_model import Document, TransformSpec, tidy_transform
from render_io.spec_edits import append, preconcatenate_last, replace_last

__all__ = ["CLIENT", "concatenated"]

Json = dict[str, Any]


class Change(Document):
    """A tile and what becomes of its transforms."""

    tileId: str | None = None
    transform: TransformSpec | None = None


def run(job: Job) -> None:
    """Compute the layers one by one, then save them."""
    validator, source = validator_of(job), Stack.source(job)
    metadata = source.metadata()
    target = Stack(job, job["targetOwner"] or source.owner, job["targetProject"] or source.project, job["targetStack"])
    target.derive_from(source, metadata)
    changed: list[tuple[float, TileCollection]] = []
    pending = _changes(job["transformFile"])
    while pending:
        z = source.tile(next(iter(pending))).get("z")
        if z is None:
            raise JobError(f"tile {next(iter(pending))} has no z value")
        tiles = source.resolved_tiles(z)
        here = {tile_id: spec for tile_id, spec in pending.items() if tile_id in tiles.tiles}
        if next(iter(pending)) not in here:
            raise JobError(f"tile {next(iter(pending))} is not among the tiles of z {z}")
        _change(tiles, here, job["changeMode"])
        tiles.drop_invalid(validator, job)
        changed.append((z, tiles))
        pending = {tile_id: spec for tile_id, spec in pending.items() if tile_id not in here}
    for z, tiles in changed:
        target.save(tiles, z)


def _changes(path: str) -> dict[str, Json]:
    """Read the file: new transform specs by tile id."""
    found: dict[str, Json] = {}
    for change in read_list(path, Change):
        if change.tileId is None or change.transform is None:
            raise JobError(f"{path}: expected a tileId and a transform in every entry")
        if change.tileId in found:
            raise JobError(f"Tile ID {change.tileId} is listed more than once in {path}")
        tidy_transform(change.transform)
        found[change.tileId] = as_json(change.transform)
    if not found:
        raise JobError(f"No transform information found in {path}.")
    return found


def _change(tiles: TileCollection, changes: dict[str, Json], mode: str) -> None:
    """Keep the listed tiles only, with their changes and new boxes."""
    # What other tiles of the layer use stays for now: a change may refer to it.
    tiles.tiles = {tile_id: tiles.tiles[tile_id] for tile_id in changes}
    edit = _edit(mode, tiles.shared_json())
    for tile_id, spec in changes.items():
        tiles.change(tile_id, partial(edit, spec=spec))
    tiles.derive_boxes()
    tiles.drop_unused()


def _edit(mode: str, shared: dict[str, Json]) -> Callable[..., Json]:
    if mode == "CONCATENATE_TO_LAST":
        return partial(concatenated, shared=shared, role="concatenated")
    if mode == "REPLACE_ALL":
        return lambda transforms, spec: {**transforms, "specList": [spec]}
    return append if mode == "APPEND" else replace_last


def concatenated(transforms: Json, spec: Json, shared: dict[str, Json], role: str) -> Json:
    """Return a list whose last transform is followed by an affine one, both made into one.

    Parameters
    ----------
    transforms : dict
        A list spec.
    spec : dict
        The new transform.
    shared : dict of str to dict
        Targets of references.
    role : str
        What the new transform is called, for the message.

    Returns
    -------
    dict
        The new list spec.

    Raises
    ------
    JobError
        One of the two is not affine.
    """
    try:
        return preconcatenate_last(transforms, spec, shared, java_precision=True)
    except SpecError as error:
        which = "last" if (error.path or "").startswith("specList") else role
        raise JobError(f"{which} transform must implement mpicbg.models.Affine2D: {error}") from None


MODES = ("APPEND", "REPLACE_LAST", "CONCATENATE_TO_LAST", "REPLACE_ALL")
CLIENT = Client(
    CommandLine(
        (
            *RENDER_WEB,
            STACK,
            *VALIDATOR,
            text("targetOwner", "Owner of the target stack (default: that of the source)"),
            text("targetProject", "Project of the target stack (default: that of the source)"),
            text("targetStack", "Stack that receives the tiles", required=True),
            text("transformFile", "File with the new transforms (.json or .json.gz)", required=True),
            word("changeMode", MODES, default="REPLACE_LAST"),
        )
    ),
    run,
)
