"""Image endpoints: found, checked as far as no pixels are needed, and then refused with 501.

Drawing is not offered yet. What the real service answers before it looks at a picture is answered all the same: bad
names, values that cannot be parsed, missing stacks, layers and tiles, boxes without pixels, and 304 for a picture that
the client has already.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable

from render_io.server import stack_store, tile_store
from render_io.server.answers import Answer, BadRequest, BrokenStream, ServiceError, bare_status
from render_io.server.names import StackId
from render_io.server.render_options import RenderOptions
from render_io.server.routing import STACK, Call, ServiceRouter
from render_io.server.stack_store import Stack
from render_io.server.tiles import no_tiles

__all__ = ["NotDrawn", "router"]

MEDIA = {
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "png16": "image/png",
    "tiff": "image/tiff",
    "tif": "image/tiff",
    "tiff16": "image/tiff",
    "raw": "application/octet-stream",
    "raw16": "application/octet-stream",
}
PLAIN = ("jpeg", "png", "tiff")
SIXTEEN = ("tiff16", "png16", "raw16")
BOX = "/z/{z}/box/{x},{y},{width},{height},{scale}"
DVID = "/dvid/imagetile/raw/xy/{width}_{height}/{x}_{y}_{z}"

router = ServiceRouter()
Check = Callable[[Call, sqlite3.Connection, Stack], None]


class NotDrawn(ServiceError):
    """501: needs pictures, which this service does not draw yet."""

    status = 501


def _not_drawn() -> NotDrawn:
    return NotDrawn("this service does not draw pictures yet; ask for the render-parameters and draw them elsewhere")


def _images(path: str, formats: Iterable[str], check: Check, *, suffix: str = "-image") -> None:
    """Register a picture of a stack in some formats."""
    for name in formats:
        router.answers("GET", STACK + path + name + suffix, produces=MEDIA[name])(_refusal(check, name))


def _refusal(check: Check, format_name: str) -> Callable[[Call], Answer]:
    def refuse(call: Call) -> Answer:
        options = RenderOptions.of(call)
        _parse_numbers(call)
        with call.database.read() as db:
            stack = stack_store.require(db, _stack_id(call))
            known = _already_known(call, stack)
            if known is not None:
                return known
            check(call, db, stack)
            options.check(stack)
        if "scale" in call.path:
            _check_pixels(call, options, format_name)
        raise _not_drawn()

    return refuse


def _stack_id(call: Call) -> StackId:
    try:
        return StackId.from_path(call.path)
    except BadRequest as error:  # the real service fails outside of its error handling here
        raise BrokenStream(error.text) from None


def _parse_numbers(call: Call) -> None:
    """Refuse path and query values that are no numbers, as the framework does before anything is looked up."""
    for name in call.path.keys() & {"z", "x", "y", "scale"}:
        call.double(name)
    for name in call.path.keys() & {"width", "height", "level", "row", "column"}:
        call.integer(name)
    for name in ("x", "y", "width", "height", "maxTileSpecsToRender", "maxOverviewWidthAndHeight"):
        call.option_integer(name)
    for name in ("widthFactor", "heightFactor"):
        call.option_double(name)


def _already_known(call: Call, stack: Stack) -> Answer | None:
    """Answer from the request's conditions: 304 for the tag that the client has, 412 for another one it insists on."""
    tag = f'"{stack.modified_ms}"'
    headers = {"ETag": tag, "Cache-Control": "no-transform, max-age=3600"}
    if "if-match" in call.headers and not _names_tag(call.headers["if-match"], tag):
        raise bare_status(412)
    if "if-none-match" in call.headers and _names_tag(call.headers["if-none-match"], tag):
        return Answer(304, headers=headers)
    return None


def _names_tag(header: str, tag: str) -> bool:
    return any(part.strip() in (tag, "*") for part in header.split(","))


def _check_pixels(call: Call, options: RenderOptions, format_name: str) -> None:
    """Refuse a box that has no pixels at its scale."""
    scale = call.double("scale") if options.scale is None else options.scale
    width, height = (math.trunc(call.integer(name) * scale) for name in ("width", "height"))
    if width <= 0 or height <= 0:
        sixteen = format_name in SIXTEEN
        raise BadRequest("w and h must be > 0" if sixteen else f"Width ({width}) and height ({height}) cannot be <= 0")


# ---------------------------------------------------------------- what must exist


def _nothing(call: Call, db: sqlite3.Connection, stack: Stack) -> None:
    """A box may be empty."""


def _tile(call: Call, db: sqlite3.Connection, stack: Stack) -> None:
    tile_store.require_by_id(db, stack.key, stack.id, call.path["tileId"])


def _layer(call: Call, db: sqlite3.Connection, stack: Stack) -> None:
    z = call.double("z")
    if tile_store.bounds(db, stack.key, z) is None:
        raise no_tiles(stack, z)


_images("/z/{z}/", PLAIN, _layer)
_images(BOX + "/", (*PLAIN, "raw", *SIXTEEN), _nothing)
_images("/group/{groupId}" + BOX + "/", PLAIN, _nothing)
_images("/tile/{tileId}/", (*PLAIN, "tiff16"), _tile)
_images("/tile/{tileId}/source/", PLAIN, _tile)
_images("/tile/{tileId}/mask/", PLAIN, _tile)
_images("/tile/{tileId}/withNeighbors/", ("jpeg",), _tile)
_images(DVID + "/", ("jpg", "png", "tif"), _nothing, suffix="")
_images("/group/{groupId}" + DVID + "/", ("jpg", "png", "tif"), _nothing, suffix="")
_images("/largeDataTileSource/{width}/{height}/{level}/{z}/{row}/{column}.", ("jpg", "png"), _nothing, suffix="")
_images("/largeDataTileSource/{width}/{height}/small/{z}.", ("jpg", "png"), _nothing, suffix="")


@router.answers("PUT", "/owner/{owner}/jpeg-image", produces=MEDIA["jpeg"], consumes="application/json")
@router.answers("PUT", "/owner/{owner}/png-image", produces=MEDIA["png"], consumes="application/json")
@router.answers("PUT", "/owner/{owner}/tiff-image", produces=MEDIA["tiff"], consumes="application/json")
def from_parameters(call: Call) -> Answer:
    """A picture from render parameters that are sent along; they must be JSON."""
    call.json()
    raise _not_drawn()
