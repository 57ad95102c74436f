"""TransformSectionClient: one shared transform for all tiles of some layers.

Source: org.janelia.render.client.TransformSectionClient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from render_io._native.command_line import CommandLine, Positional, as_number, switch, text, whole, word
from render_io._native.import_transform_changes import concatenated
from render_io._native.job import Client, Job, JobError
from render_io._native.options import LAYER_BOUNDS, RENDER_WEB, STACK, VALIDATOR, Bounds, layer_bounds
from render_io._native.service import Stack
from render_io._native.tile_collection import TileCollection, as_json
from render_io._native.validators import Validator, validator_of
from render_io.codecs._numbers import format_double
from render_io.codecs.names import AFFINE, TRANSLATION
from render_io.server import compiled
from render_io.server.spec_model import TransformSpec
from render_io.spec_edits import EDITS

__all__ = ["CLIENT"]

Json = dict[str, Any]
PRE_CONCATENATE = "PRE_CONCATENATE_LAST"


def run(job: Job) -> None:
    """Transform and save one layer after the other."""
    validator, bounds = validator_of(job), layer_bounds(job.options)
    source = Stack.source(job)
    layers = _layers(job, source)
    target = Stack(job, source.owner, job["targetProject"] or source.project, job["targetStack"] or source.name)
    target.derive_from(source, source.metadata())
    for z, spec in layers:
        _transform(job, source, target, z, spec, bounds, validator)
    if job["completeTargetStack"]:
        target.complete()


def _layers(job: Job, source: Stack) -> Iterable[tuple[float, TransformSpec]]:
    """Return the layers with the new transform of each; what has to be asked for is asked before there is a target."""
    pair = [job[name] for name in ("fromTileId", "toTileId")]
    if None not in pair:
        return [_onto(*(source.tile(tile_id) for tile_id in pair))]
    if pair != [None, None]:
        job.hide("only one of --fromTileId and --toTileId is given: it is ignored")
    if job["layerMinimumXAndYBound"] is not None:
        return _to_corner(job, source.get("sectionData"))
    spec = _leaf(job["transformId"], job["transformClass"], job["transformData"].replace(",", " "))
    return [(z, spec) for z in job.arguments]


def _to_corner(job: Job, sections: list[Json]) -> Iterator[tuple[float, TransformSpec]]:
    """Yield layers with the move of each to the common corner."""
    for z in job.arguments:
        boxes = [section for section in sections if section.get("z") == z]
        if not boxes:
            raise JobError(f"stack {job['stack']} has no section data for z {format_double(z)}")
        corner = [job["layerMinimumXAndYBound"] - min(box[name] for box in boxes) for name in ("minX", "minY")]
        shift = " ".join(format_double(value) for value in corner)
        yield z, _leaf(f"{job['transformId']}_{format_double(z)}", AFFINE, f"1.0 0.0 0.0 1.0 {shift}")


def _onto(moved: Json, fixed: Json) -> tuple[float, TransformSpec]:
    """Return the layer of a tile, and the translation of its corner to that of another tile."""
    for tile in (moved, fixed):
        if any(tile.get(name) is None for name in ("z", "minX", "minY")):
            raise JobError(f"tile {tile.get('tileId')} has no z or no box")
    z, other = format_double(moved["z"]), format_double(fixed["z"])
    if z == other:
        raise JobError(f"Both source and target tiles cannot be in the same layer ({z}).")
    shift = " ".join(format_double(fixed[name] - moved[name]) for name in ("minX", "minY"))
    return moved["z"], _leaf(f"MOVE_{z}_TO_{other}", TRANSLATION, shift)


def _leaf(transform_id: str, class_name: str, data: str) -> TransformSpec:
    return TransformSpec(type="leaf", id=transform_id, className=class_name, dataString=data)


def _transform(
    job: Job,
    source: Stack,
    target: Stack,
    z: float,
    spec: TransformSpec,
    bounds: Bounds | None,
    validator: Validator | None,
) -> None:
    tiles = source.resolved_tiles(z)
    if bounds is not None:
        tiles.retain([tile_id for tile_id, tile in tiles.tiles.items() if bounds.touches(_box(tile))])
        if not tiles.tiles:
            job.hide(f"no tile of z {format_double(z)} touches the bounds: nothing is saved for it")
            return
    edit = _edit(job["transformApplicationMethod"], tiles, spec)
    for tile_id in tiles.tiles:
        tiles.change(tile_id, edit)
    tiles.derive_boxes()
    tiles.drop_invalid(validator, job)
    target.save(tiles, z)


def _box(tile: Any) -> Json:
    box = {name: getattr(tile, name) for name in ("minX", "minY", "maxX", "maxY")}
    if None in box.values():
        raise JobError(f"tile {tile.tileId} has no box")
    return box


def _edit(method: str, tiles: TileCollection, spec: TransformSpec) -> Callable[[Json], Json]:
    """Return what becomes of a tile's transforms; shares the new one unless it goes into each tile's last."""
    compiled.shared.leaf(spec)
    if method == PRE_CONCATENATE:
        return partial(concatenated, spec=as_json(spec), shared=tiles.shared_json(), role="pre-concatenated")
    tiles.share(spec)
    edit, reference = EDITS[method], {"type": "ref", "refId": spec.id}
    return lambda transforms: edit(transforms, reference)


CLIENT = Client(
    CommandLine(
        (
            *RENDER_WEB,
            STACK,
            *VALIDATOR,
            *LAYER_BOUNDS,
            text("targetProject", "Project of the target stack (default: that of the source)"),
            text("targetStack", "Stack that receives the tiles (default: the source)"),
            text("transformId", "Id of the new transform", required=True),
            text("transformClass", "Class of the new transform", required=True),
            text("transformData", "Its dataString, with commas for blanks", required=True),
            word("transformApplicationMethod", tuple(EDITS), default="APPEND"),
            whole("layerMinimumXAndYBound", "Move each layer so that its box starts here; class and data are ignored"),
            text("fromTileId", "Tile of the layer that is moved; class, data and z are ignored"),
            text("toTileId", "Tile onto which it is moved"),
            switch("completeTargetStack", "Complete the target stack afterwards"),
        ),
        Positional("Z values", as_number),
    ),
    run,
)
