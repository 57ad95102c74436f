"""Boxes of tiles, derived as the service does it (`transforms.mesh` has the rule).

Most batches are a layer of tiles of one structure: a shared lens correction, then affine models. Those are computed
together, without an object per tile. Whatever is not of that kind, or goes wrong there, is done tile by tile, in
order, so that the error is that of the first bad tile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from render_io.codecs import names
from render_io.codecs._bulk import decode_many
from render_io.errors import SpecError
from render_io.server import compiled
from render_io.server.answers import Failure
from render_io.server.compiled import Compiler
from render_io.server.spec_model import TileSpec, TransformSpec
from render_io.server.transform_store import children
from transforms.affine_array import AffineArray
from transforms.base import Transform
from transforms.batch import TransformBatch
from transforms.errors import TransformError
from transforms.mesh import java_box

__all__ = ["derive"]

MANY = 16
_COLUMNS = frozenset({names.AFFINE, names.TRANSLATION, names.RIGID, names.SIMILARITY})


def derive(
    tiles: Sequence[TileSpec], shared: Mapping[str, TransformSpec], compiler: Compiler = compiled.shared
) -> None:
    """Put the derived box into every tile.

    Parameters
    ----------
    tiles : sequence of TileSpec
        Tidy, their references in `shared`.
    shared : mapping of str to TransformSpec
        Targets of references.
    compiler : Compiler
        Makes the transforms.

    Raises
    ------
    Failure
        For a tile without size, or with a mesh that is out of bounds.
    BadRequest
        For transforms that can't be made.
    """
    flat = [_resolved(_list(tile), shared) for tile in tiles]
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for i, (tile, leaves) in enumerate(zip(tiles, flat, strict=True)):
        alike[tile.meshCellSize, *map(_column_key, leaves)].append(i)
    single = list[int]()
    for members in alike.values():
        if len(members) < MANY or not _derive_together(
            [tiles[i] for i in members], [flat[i] for i in members], compiler
        ):
            single += members
    for i in sorted(single):
        _derive_one(tiles[i], flat[i], compiler)


def _column_key(leaf: TransformSpec) -> object:
    """Return what must be equal for leaves to stand in one column: the class of affine ones, all of others."""
    if leaf.type != "leaf":
        return id(leaf)
    return leaf.className if leaf.className in _COLUMNS else (leaf.className, leaf.dataString)


def _derive_one(tile: TileSpec, leaves: Sequence[TransformSpec], compiler: Compiler) -> None:
    if tile.width is None or tile.height is None:
        raise Failure("width and height must be set to create a bounding box")
    transform = compiler.flat(leaves)
    try:
        box, _ = java_box(transform, float(tile.width), float(tile.height), float(tile.meshCellSize or 0.0))
    except TransformError as error:
        raise Failure(str(error)) from None
    tile.minX, tile.minY, tile.maxX, tile.maxY = box


def _derive_together(tiles: Sequence[TileSpec], flat: Sequence[Sequence[TransformSpec]], compiler: Compiler) -> bool:
    """Derive the boxes of tiles of one structure; False, with nothing done, when one of them needs a closer look."""
    sizes = [(tile.width, tile.height) for tile in tiles if type(tile.width) is float and type(tile.height) is float]
    cell = tiles[0].meshCellSize
    if len(sizes) != len(tiles) or type(cell) is not float:
        return False
    try:
        columns = [_column([leaves[j] for leaves in flat], compiler) for j in range(len(flat[0]))]
        if not any(isinstance(column, AffineArray) for column in columns):
            return False
        width, height = np.array(sizes, dtype=np.float64).T
        boxes = TransformBatch.from_columns(columns).bounding_boxes(width, height, cell)
    except (SpecError, TransformError):
        return False
    if not np.isfinite(boxes).all():
        return False
    for tile, box in zip(tiles, boxes.tolist(), strict=True):
        tile.minX, tile.minY, tile.maxX, tile.maxY = box
    return True


def _column(leaves: Sequence[TransformSpec], compiler: Compiler) -> Transform | AffineArray:
    first = leaves[0]
    if first.type != "leaf" or first.className not in _COLUMNS:
        return compiler.spec(first)
    texts = [leaf.dataString for leaf in leaves if leaf.dataString is not None]
    if len(texts) != len(leaves):
        raise SpecError("a leaf has no dataString")
    return AffineArray(decode_many(first.className, texts, java_precision=compiler.java_precision))


def _list(tile: TileSpec) -> TransformSpec:
    assert isinstance(tile.transforms, TransformSpec)
    return tile.transforms


def _resolved(spec: TransformSpec, shared: Mapping[str, TransformSpec]) -> list[TransformSpec]:
    """Return the members of a list with references replaced; lists inside become part of it."""
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
    parts = [TransformSpec(type="list", specList=list(_resolved(_listed(part), shared))) for part in children(spec)]
    return TransformSpec(type="interpolated", a=parts[0], b=parts[1], lambda_=spec.lambda_)


def _listed(spec: TransformSpec) -> TransformSpec:
    return TransformSpec(type="list", specList=[spec])
