"""Options that several clients share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from render_io._native.command_line import number, text
from render_io._native.job import JobError
from render_io.codecs._numbers import format_double

__all__ = ["LAYER_BOUNDS", "MATCH_WEB", "RENDER_WEB", "STACK", "VALIDATOR", "Z_RANGE", "Bounds", "layer_bounds"]

_SERVICE = (
    text("baseDataUrl", "Base web service URL for data (e.g. http://host[:port]/render-ws/v1)", required=True),
    text("owner", "Owner of the data", required=True),
)
RENDER_WEB = (*_SERVICE, text("project", "Project of the stack", required=True))
MATCH_WEB = (*_SERVICE, text("collection", "Match collection", required=True))
STACK = text("stack", "Name of the stack", required=True)
VALIDATOR = (
    text("validatorClass", "Name of the validator class; without it nothing is validated"),
    text("validatorData", "Parameters of the validator, such as minCoordinate:0,maxCoordinate:400000"),
)
LAYER_BOUNDS = tuple(number(name, "Limit of the tiles in world pixels") for name in ("minX", "maxX", "minY", "maxY"))
Z_RANGE = (number("minZ", "Least z"), number("maxZ", "Largest z"))


class Bounds(NamedTuple):
    """A box in world pixels; what touches it from outside belongs to it."""

    min_x: float
    max_x: float
    min_y: float
    max_y: float

    def touches(self, box: Mapping[str, Any]) -> bool:
        """Return whether a tile's box, by its JSON names, has a point in common with this one."""
        across: bool = box["minX"] <= self.max_x and box["maxX"] >= self.min_x
        along: bool = box["minY"] <= self.max_y and box["maxY"] >= self.min_y
        return across and along


def layer_bounds(options: Mapping[str, Any]) -> Bounds | None:
    """Return the box of `LAYER_BOUNDS`.

    Parameters
    ----------
    options : mapping
        Options of a client.

    Returns
    -------
    Bounds or None
        None when it has no limits.

    Raises
    ------
    JobError
        Some limits are given and others not, or a minimum is above its maximum.
    """
    names = ("minX", "maxX", "minY", "maxY")
    given = [options[name] for name in names]
    if all(value is None for value in given):
        return None
    if any(value is None for value in given):
        shown = ", ".join(f"{name} ({_shown(options[name])})" for name in names)
        raise JobError(f"since one or more of {shown} is specified, all must be specified")
    for low, high in (names[:2], names[2:]):
        if options[low] > options[high]:
            raise JobError(f"{low} ({_shown(options[low])}) is greater than {high} ({_shown(options[high])})")
    return Bounds(*given)


def _shown(value: float | None) -> str:
    return "null" if value is None else format_double(value)
