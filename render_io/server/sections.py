"""Endpoints of layers and sections: z values, section data, bounds, tile bounds, counts."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from typing import Any

from render_io.server import section_store, stack_store, tile_store
from render_io.server.answers import Answer, BadRequest, Missing, java_double, json_answer, text_answer, unparsable
from render_io.server.names import StackId
from render_io.server.routing import STACK, Call, ServiceRouter, integer_in, number_in, parse_double
from render_io.server.tile_store import Condition
from render_io.server.tiles import no_tiles

router = ServiceRouter()


def _range(call: Call) -> tuple[float | None, float | None]:
    return call.option_double("minZ"), call.option_double("maxZ")


def _z_values(call: Call, db: sqlite3.Connection) -> list[float]:
    """Return the distinct z of the path's stack; a stack that is missing is a 404 when there are none."""
    stack_id = StackId.from_path(call.path)
    values = tile_store.z_values(db, stack_store.find_key(db, stack_id), *_range(call))
    if not values:
        stack_store.require(db, stack_id)
    return values


@router.answers("GET", STACK + "/zValues")
def z_values(call: Call) -> Answer:
    """List the z of the tiles, ascending."""
    with call.database.read() as db:
        return json_answer(_z_values(call, db))


def _mergeable(values: list[float]) -> list[tuple[int, int]]:
    """Return pairs of indexes: a whole z and each greater one with the same whole part."""
    pairs, whole = [], -1
    for i, z in enumerate(values):
        if z == math.trunc(z):
            whole = i
        elif whole >= 0 and math.trunc(z) == values[whole]:
            pairs.append((whole, i))
    return pairs


@router.answers("GET", STACK + "/mergeableZValues")
def mergeable_z_values(call: Call) -> Answer:
    """List whole z values that have fractional ones beside them, and those."""
    with call.database.read() as db:
        values = _z_values(call, db)
    return json_answer([values[i] for i in sorted({i for pair in _mergeable(values) for i in pair})])


@router.answers("GET", STACK + "/mergeableData", produces="text/plain")
def mergeable_data(call: Call) -> Answer:
    """Write a line for each pair of z values that may be merged."""
    with call.database.read() as db:
        values = _z_values(call, db)
    lines = (f"{i} < {j} : {java_double(values[i])} < {java_double(values[j])}\n" for i, j in _mergeable(values))
    return text_answer("".join(lines))


# ---------------------------------------------------------------- section data


def _snapshot(call: Call) -> list[dict[str, Any]]:
    limits, stack_id = _range(call), StackId.from_path(call.path)
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id, with_data=True)
        if call.state.options.fresh_section_data:
            return section_store.current(db, stack, *limits)
        return section_store.snapshot(db, stack, *limits)


@router.answers("GET", STACK + "/sectionData")
def section_data(call: Call) -> Answer:
    """List the sections as of the last COMPLETE."""
    return json_answer(_snapshot(call))


@router.answers("GET", STACK + "/reorderedSectionData")
def reordered_section_data(call: Call) -> Answer:
    """List the sections whose id and z differ as whole numbers."""
    return json_answer([section for section in _snapshot(call) if _is_reordered(section)])


def _is_reordered(section: dict[str, Any]) -> bool:
    try:
        return bool(math.trunc(parse_double(section["sectionId"])) != math.trunc(section["z"]))
    except (KeyError, ValueError, OverflowError):
        z = java_double(section["z"]) if "z" in section else "null"
        raise BadRequest(
            "reordered sections cannot be determined because stack contains non-standard"
            f" sectionId ({section['sectionId']}) or z value ({z})"
        ) from None


@router.answers("GET", STACK + "/mergedZValues")
def merged_z_values(call: Call) -> Answer:
    """List the z that had more than one section at the last COMPLETE."""
    layers = Counter(section["z"] for section in _snapshot(call) if "z" in section)
    return json_answer(sorted(z for z, sections in layers.items() if sections > 1))


@router.answers("GET", STACK + "/z/{z}/sectionData")
def layer_section_data(call: Call) -> Answer:
    """List the sections of a layer as they are now."""
    z, stack_id = call.double("z"), StackId.from_path(call.path)
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id, with_data=True)
        return json_answer(section_store.of_layer(db, stack.key, z))


@router.answers("GET", STACK + "/section/{sectionId}/z", quick=True)
def section_z(call: Call) -> Answer:
    """Answer the z of a section's first tile."""
    stack_id, section = StackId.from_path(call.path), call.path["sectionId"]
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id, with_data=True)
        row = db.execute(
            "SELECT z FROM tile WHERE stack = ? AND section_id = ? ORDER BY key LIMIT 1", (stack.key, section)
        ).fetchone()
    if row is None:
        raise Missing(f"sectionId '{section}' does not exist in the stack with {stack_id}")
    return json_answer(row[0])


# ---------------------------------------------------------------- boxes

_BOX = ("minX", "minY", "maxX", "maxY")


@router.answers("GET", STACK + "/bounds", quick=True)
def stack_bounds(call: Call) -> Answer:
    """Answer the bounds that were stored at the last COMPLETE."""
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id)
    if stack.stats is None:
        raise BadRequest(
            f"Stats for stack with {stack_id} have not been stored.  If all data has been loaded for this stack,"
            " setting its state to COMPLETE will trigger derivation and storage of all the stack's stats."
        )
    return json_answer(stack.stats["stackBounds"])


@router.answers("GET", STACK + "/z/{z}/bounds")
def layer_bounds(call: Call) -> Answer:
    """Answer the bounds of a layer as they are now."""
    z, stack_id = call.double("z"), StackId.from_path(call.path)
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id, with_data=True)
        box = tile_store.bounds(db, stack.key, z)
    if box is None:
        raise no_tiles(stack, z)
    return json_answer(dict(zip(_BOX, box, strict=True)) | {"minZ": z, "maxZ": z})


def _tile_bounds(call: Call, where: str, value: object) -> Answer:
    stack_id = StackId.from_path(call.path)
    names = (*_BOX, "tileId", "sectionId", "z")
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id, with_data=True)
        rows = db.execute(
            "SELECT min_x, min_y, max_x, max_y, tile_id, section_id, z FROM tile"
            f" WHERE stack = ? AND {where} ORDER BY key",
            (stack.key, value),
        )
        return json_answer([{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in rows])


@router.answers("GET", STACK + "/z/{z}/tileBounds")
def layer_tile_bounds(call: Call) -> Answer:
    """List the boxes of a layer's tiles."""
    return _tile_bounds(call, "z = ?", call.double("z"))


@router.answers("GET", STACK + "/section/{sectionId}/tileBounds")
def section_tile_bounds(call: Call) -> Answer:
    """List the boxes of a section's tiles."""
    return _tile_bounds(call, "section_id = ?", call.path["sectionId"])


def _count(call: Call, z: float, x: float, y: float, width: int, height: int) -> Answer:
    stack_id = StackId.from_path(call.path)
    condition = Condition().add("z = ?", z).box(x, y, x + width, y + height)
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id, with_data=True)
        count = db.execute(
            f"SELECT count(*) FROM tile WHERE stack = ?{condition.sql}", (stack.key, *condition.values)
        ).fetchone()[0]
    return json_answer(count)


@router.answers("GET", STACK + "/z/{z}/box/{box}/tile-count")
def tile_count(call: Call) -> Answer:
    """Count the tiles whose boxes touch a box."""
    parts = call.path["box"].split(",")
    if len(parts) != 4:
        raise unparsable()
    z, x, y = call.double("z"), number_in(parts[0]), number_in(parts[1])
    return _count(call, z, x, y, integer_in(parts[2]), integer_in(parts[3]))


@router.answers("GET", STACK + "/dvid/imagetile/raw/xy/{size}/{place}/tile-count")
def dvid_tile_count(call: Call) -> Answer:
    """Count the tiles of a box in the words of DVID."""
    size, place = call.path["size"].split("_"), call.path["place"].split("_")
    if len(size) != 2 or len(place) != 3:
        raise unparsable()
    x, y, z = (number_in(part) for part in place)
    return _count(call, z, x, y, integer_in(size[0]), integer_in(size[1]))
