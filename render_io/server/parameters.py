"""Endpoints of render parameters: everything a client needs to draw a tile, a box or a layer by itself."""

from __future__ import annotations

import math
import sqlite3
from typing import Any

import msgspec
import orjson

from render_io.server import boxes, stack_store, tile_store
from render_io.server.answers import Answer, BrokenStream, Failure, ServiceError
from render_io.server.names import StackId
from render_io.server.normalize import Normalization
from render_io.server.render_options import RenderOptions, Window, render_parameters
from render_io.server.routing import STACK, Call, ServiceRouter
from render_io.server.spec_model import TileSpec, TransformSpec
from render_io.server.tile_store import Condition, TileRow
from render_io.server.tiles import no_tiles, resolved_documents
from render_io.server.transform_store import Resolver, list_spec

__all__ = ["router"]

NEIGHBOR_FACTOR = 0.3
TILE = STACK + "/tile/{tileId}"
DVID = "/dvid/imagetile/raw/xy/{width}_{height}/{x}_{y}_{z}/render-parameters"
BOX = "/z/{z}/box/{x},{y},{width},{height},{scale}/render-parameters"
_RAW_TILE = {"mipmapLevels": {}, "transforms": {"type": "list", "specList": []}, "meshCellSize": 64.0}
_nested = msgspec.json.Decoder(TransformSpec)
_tile = msgspec.json.Decoder(TileSpec)

router = ServiceRouter()


def _int(value: float) -> int:
    """Cast to a 32-bit integer as Java does: toward zero, kept within the limits, not-a-number is 0."""
    if math.isnan(value):
        return 0
    return int(max(-(2.0**31), min(2.0**31 - 1, value)))


def _extent(size: float | None) -> int:
    """Return a tile's width or height in whole pixels, -1 when it has none."""
    return -1 if size is None else _int(size)


# ---------------------------------------------------------------- one tile


@router.answers("GET", TILE + "/render-parameters")
def tile_parameters(call: Call) -> Answer:
    """One tile at its place, or with some of its transforms left out."""
    options = RenderOptions.of(call)
    normalization = Normalization.of(call, false_is_absent=call.state.options.ignore_exclude_false)
    x, y, width, height = (call.option_integer(name) for name in ("x", "y", "width", "height"))
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id)
        row = tile_store.require_by_id(db, stack.key, stack_id, call.path["tileId"])
        flat = Resolver(db, stack.key).flat(row.transforms, row.tile_id)
    kept = normalization.kept(_nested.decode(row.transforms), flat)
    box = _derived_box(call, row, kept) if normalization.changes_transforms else _stored_box(row)
    left, top = (0.0, 0.0) if normalization.for_matching else box[:2]
    window = Window(
        left + (x or 0),
        top + (y or 0),
        _int(box[2] - box[0]) if width is None else width,
        _int(box[3] - box[1]) if height is None else height,
    )
    head = _with_box(row.head, box) if normalization.changes_transforms else row.head
    return render_parameters(window, options, stack, [_document(head, kept)])


def _stored_box(row: TileRow) -> tuple[float, float, float, float]:
    box = (row.min_x, row.min_y, row.max_x, row.max_y)
    if None in box:
        raise Failure
    return tuple(map(float, box))  # type: ignore[arg-type, return-value]


def _derived_box(call: Call, row: TileRow, flat: list[TransformSpec]) -> tuple[float, float, float, float]:
    """Return the box that a tile would have with these transforms."""
    tile: TileSpec = _tile.decode(row.head + "}")
    tile.transforms = list_spec(flat)
    boxes.derive([tile], {}, call.state.compiler)
    return float(tile.minX), float(tile.minY), float(tile.maxX), float(tile.maxY)  # type: ignore[arg-type]


def _with_box(head: str, box: tuple[float, float, float, float]) -> str:
    """Put another box into a tile spec."""
    members: dict[str, Any] = orjson.loads(head + "}")
    members |= dict(zip(("minX", "minY", "maxX", "maxY"), box, strict=True))
    return orjson.dumps(members).decode()[:-1]


def _document(head: str, flat: list[TransformSpec]) -> str:
    return tile_store.document(head, msgspec.json.encode(list_spec(flat)).decode())


# ---------------------------------------------------------------- source, mask, neighbors


def _raw_parameters(call: Call, url: str) -> Answer:
    """Answer for the first picture of a tile or for its mask, without any transform; the stack is not asked."""
    options, scale = RenderOptions.of(call), call.double("scale")
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        key = stack_store.find_key(db, stack_id)
        row = tile_store.require_by_id(db, key, stack_id, call.path["tileId"])
    level, files = _first_level(orjson.loads(row.head + "}"))
    picture = {} if files.get(url) is None else {"imageUrl": files[url]}
    channel = {"minIntensity": 0.0, "maxIntensity": 255.0, "mipmapLevels": {level: picture}}
    spec = orjson.dumps(_RAW_TILE | {"channels": [channel]}).decode()
    window = Window(0.0, 0.0, _extent(row.width), _extent(row.height), scale)
    try:
        return render_parameters(window, options, None, [spec], skip_interpolation=True)
    except ServiceError as error:  # the real service fails outside of its error handling here
        raise BrokenStream(error.text) from None


def _first_level(tile: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the lowest mipmap level of a tile's first channel."""
    channels = tile.get("channels") or [tile]
    levels: dict[str, dict[str, Any]] = channels[0].get("mipmapLevels") or {}
    if not levels:
        raise BrokenStream("the tile does not have any mipmap levels")
    level = min(levels, key=int)
    return level, levels[level]


@router.answers("GET", TILE + "/source/scale/{scale}/render-parameters")
def source_parameters(call: Call) -> Answer:
    """The picture of a tile as it was taken."""
    return _raw_parameters(call, "imageUrl")


@router.answers("GET", TILE + "/mask/scale/{scale}/render-parameters")
def mask_parameters(call: Call) -> Answer:
    """The mask of a tile."""
    return _raw_parameters(call, "maskUrl")


@router.answers("GET", TILE + "/withNeighbors/render-parameters")
def neighbor_parameters(call: Call) -> Answer:
    """A tile and what lies around it."""
    options = RenderOptions.of(call)
    factors = [call.option_double(name) for name in ("widthFactor", "heightFactor")]
    fx, fy = (NEIGHBOR_FACTOR if factor is None else factor for factor in factors)
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        key = stack_store.find_key(db, stack_id)
        row = tile_store.require_by_id(db, key, stack_id, call.path["tileId"])
        box, width, height = _stored_box(row), _extent(row.width), _extent(row.height)
        if row.z is None:
            raise Failure
        window = Window(
            box[0] - width * fx, box[1] - height * fy, width + _int(2 * (width * fx)), height + _int(2 * (height * fy))
        )
        return _box_parameters(call, db, stack_id, window, row.z, options)


# ---------------------------------------------------------------- boxes and layers


def _box_parameters(
    call: Call, db: sqlite3.Connection, stack_id: StackId, window: Window, z: float, options: RenderOptions
) -> Answer:
    stack = stack_store.require(db, stack_id, with_data=True)
    touching = Condition().add("z = ?", z).add("group_id = ?", call.path.get("groupId"))
    touching.box(window.x, window.y, window.x + window.width, window.y + window.height)
    rows = tile_store.select(db, stack.key, touching, call.state.options.max_tiles)
    return render_parameters(window, options, stack, resolved_documents(db, stack.key, rows))


@router.answers("GET", STACK + BOX)
@router.answers("GET", STACK + DVID)
@router.answers("GET", STACK + "/group/{groupId}" + BOX)
@router.answers("GET", STACK + "/group/{groupId}" + DVID)
def box_parameters(call: Call) -> Answer:
    """All tiles that touch a box, or those of one group."""
    options, z = RenderOptions.of(call), call.double("z")
    scale = call.double("scale") if "scale" in call.path else 1.0
    window = Window(call.double("x"), call.double("y"), call.integer("width"), call.integer("height"), scale)
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        return _box_parameters(call, db, stack_id, window, z, options)


@router.answers("GET", STACK + "/z/{z}/render-parameters")
def layer_parameters(call: Call) -> Answer:
    """All tiles of a layer."""
    options, z = RenderOptions.of(call), call.double("z")
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id, with_data=True)
        box = tile_store.bounds(db, stack.key, z)
        if box is None:
            raise no_tiles(stack, z)
        window = Window(box[0], box[1], _int(box[2] - box[0]), _int(box[3] - box[1]))
        rows = tile_store.in_layer(db, stack.key, z, call.state.options.max_tiles)
        return render_parameters(window, options, stack, resolved_documents(db, stack.key, rows))
