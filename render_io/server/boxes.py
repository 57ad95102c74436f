"""Boxes of tiles, derived as the service does it (`transforms.mesh` has the rule)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from render_io.server import compiled
from render_io.server.answers import Failure
from render_io.server.spec_model import TileSpec, TransformSpec
from render_io.server.transform_store import children
from transforms.compose import TransformList
from transforms.errors import PointsError
from transforms.mesh import java_box

__all__ = ["derive"]


def derive(tiles: Sequence[TileSpec], shared: Mapping[str, TransformSpec]) -> None:
    """Put the derived box into every tile.

    Parameters
    ----------
    tiles : sequence of TileSpec
        Tidy, their references in `shared`.
    shared : mapping of str to TransformSpec
        Targets of references.

    Raises
    ------
    Failure
        For a tile without size, or with a mesh that is out of bounds.
    BadRequest
        For transforms that can't be made.
    """
    for tile in tiles:
        transforms = tile.transforms
        assert isinstance(transforms, TransformSpec)
        leaves = _resolved(transforms, shared)
        if tile.width is None or tile.height is None:
            raise Failure("width and height must be set to create a bounding box")
        box = _box(compiled.shared.flat(leaves), tile)
        tile.minX, tile.minY, tile.maxX, tile.maxY = box


def _box(transform: TransformList, tile: TileSpec) -> tuple[float, float, float, float]:
    size = float(tile.width or 0.0), float(tile.height or 0.0)
    try:
        box, _ = java_box(transform, *size, float(tile.meshCellSize or 0.0))
    except PointsError as error:
        raise Failure(str(error)) from None
    return box


def _resolved(spec: TransformSpec, shared: Mapping[str, TransformSpec]) -> list[TransformSpec]:
    """Return the members of a list with references replaced, one level deep; lists inside become part of it."""
    out = list[TransformSpec]()
    for child in children(spec):
        target = shared[child.refId] if child.type == "ref" and child.refId is not None else child
        if target.type == "list":
            out += _resolved(target, shared)
        elif target.type == "interpolated":
            out.append(_interpolated(target, shared))
        else:
            out.append(target)
    return out


def _interpolated(spec: TransformSpec, shared: Mapping[str, TransformSpec]) -> TransformSpec:
    """Return an interpolated spec whose parts have no references."""
    whole = [TransformSpec(type="list", specList=list(_resolved(_listed(part), shared))) for part in children(spec)]
    return TransformSpec(type="interpolated", a=whole[0], b=whole[1], lambda_=spec.lambda_)


def _listed(spec: TransformSpec) -> TransformSpec:
    return TransformSpec(type="list", specList=[spec])
