"""Layout files: the tiles of a stack as text, in two historical formats."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import orjson

from render_io.server import stack_store, tile_store
from render_io.server.answers import Answer, BrokenStream, java_double, text_answer, unparsable
from render_io.server.names import StackId
from render_io.server.routing import BASE, STACK, Call, ServiceRouter
from render_io.server.tile_store import Condition

router = ServiceRouter()
_NULL = "null"
_ORDER = {"KARSH": "z, min_y, min_x", "SCHEFFER": "z, tile_id"}
_BAD_URI = re.compile(r'[\s"<>\\^`{|}]|%(?![0-9a-fA-F]{2})')


@router.answers("GET", STACK + "/layoutFile", produces="text/plain")
def stack_layout(call: Call) -> Answer:
    """Write the tiles of a stack."""
    return _layout(call, None, None)


@router.answers("GET", STACK + "/z/{z}/layoutFile", produces="text/plain")
def layer_layout(call: Call) -> Answer:
    """Write the tiles of a layer."""
    z = call.double("z")
    return _layout(call, z, z)


@router.answers("GET", STACK + "/zRange/{range}/layoutFile", produces="text/plain")
def range_layout(call: Call) -> Answer:
    """Write the tiles of a range of layers."""
    return _layout(call, *call.doubles("range", 2))


def _layout(call: Call, min_z: float | None, max_z: float | None) -> Answer:
    layout_format = call.option("format") or "KARSH"
    if call.option("format") == "" or layout_format not in _ORDER:
        raise unparsable()
    stack_id = StackId.from_path(call.path)
    condition = Condition().layers(min_z, max_z)
    with call.database.read() as db:
        stack = stack_store.require(db, stack_id)
        rows = db.execute(
            f"SELECT head, transforms FROM tile WHERE stack = ?{condition.sql} ORDER BY {_ORDER[layout_format]}",
            (stack.key, *condition.values),
        ).fetchall()
    tiles = [orjson.loads(tile_store.document(*row)) for row in rows]
    if layout_format == "SCHEFFER":
        return text_answer(_header(stack) + "".join(map(_scheffer_line, tiles)))
    base = "".join(("http://", call.host, BASE, f"/owner/{stack_id.owner}/project/{stack_id.project}"))
    line = _karsh_line(f"{base}/stack/{stack_id.stack}/tile/")
    return text_answer("".join(map(line, tiles)))


def _header(stack: stack_store.Stack) -> str:
    bounds = (stack.stats or {}).get("stackBounds", {})
    values = [java_double(bounds[name]) for name in ("minX", "minY", "maxX", "maxY") if name in bounds]
    return f"BBOX {' '.join(values)}\n"


def _shown(value: Any) -> str:
    """Return a value as Java's string concatenation shows it."""
    if value is None:
        return _NULL
    return java_double(value) if isinstance(value, float) else str(value)


def _karsh_line(base: str) -> Callable[[dict[str, Any]], str]:
    def line(tile: dict[str, Any]) -> str:
        layout: dict[str, Any] = tile.get("layout", {})
        transform = _last_values(tile)
        if transform is None and "layout" in tile:
            transform = ["1.0", "0.0", _shown(layout.get("stageX")), "0.0", "1.0", _shown(layout.get("stageY"))]
        parts = [
            _shown(layout.get("sectionId")),
            _shown(tile.get("tileId")),
            *(transform or [_NULL]),
            *(_shown(layout.get(name)) for name in ("imageCol", "imageRow", "camera")),
            _path(tile),
            _shown(layout.get("temca")),
            _shown(layout.get("rotation")),
            _shown(tile.get("z")),
            f"{base}{_shown(tile.get('tileId'))}/render-parameters",
        ]
        return "\t".join(parts) + "\n"

    return line


def _scheffer_line(tile: dict[str, Any]) -> str:
    transform = " ".join(_last_values(tile) or [_NULL])
    size = " ".join(_NULL if tile.get(n) is None else str(int(tile[n])) for n in ("width", "height"))
    return f"TRANSFORM '{_path(tile)}' {transform} {size}\n"


def _last_values(tile: dict[str, Any]) -> list[str] | None:
    """Return the numbers of the last transform in the order of layout files, None when it has none to show."""
    specs = tile["transforms"].get("specList", [])
    if not specs or specs[-1]["type"] != "leaf":
        return None
    values = specs[-1].get("dataString", "").split()
    if len(values) == 6:
        return [values[i] for i in (0, 2, 4, 1, 3, 5)]
    return [str(len(values)), *values] if len(values) > 6 else None


def _path(tile: dict[str, Any]) -> str:
    """Return the image of the lowest mipmap level: a path for files, else the URL."""
    levels = tile.get("mipmapLevels") or {}
    url = next((image.get("imageUrl") for image in levels.values()), None)
    if url is None:
        return _NULL
    if _BAD_URI.search(url) or (urlsplit(url).scheme and not urlsplit(url).scheme.isascii()):
        raise BrokenStream(f"Illegal character in URI: {url}")
    return re.sub(r"^file:/+", "/", str(url))
