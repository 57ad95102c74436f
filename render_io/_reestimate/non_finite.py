"""Why a map has no finite value: the text in a tile's transforms whose numbers are not finite.

Java reads NaN and infinities, so the codecs do; it is only when a map is used that they become a fault, and whoever has
to mend the stack wants to know which text it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from render_io._spec_json import describe, member_path
from render_io._stores.section import Json
from render_io.codecs._numbers import parse_double
from render_io.errors import SpecError

__all__ = ["blamed"]


def blamed(fault: SpecError, tile: Json) -> SpecError:
    """Return the error with the text that is to blame in place of its consequence.

    Parameters
    ----------
    fault : SpecError
        What can't be done with the tile.
    tile : dict
        The tile spec.

    Returns
    -------
    SpecError
        The same error when no text of the tile has a number that is not finite; shared transforms are not looked into.
    """
    for path, text in _texts(tile.get("transforms"), "transforms"):
        if any(not math.isfinite(number) for number in _numbers(text)):
            message = f"expected finite numbers, got {describe(text)} ({fault.reason})"
            return SpecError(message, fault.tile_id, f"{path}.dataString")
    return fault


def _texts(spec: Any, path: str) -> Iterator[tuple[str, str]]:
    """Path and text of every leaf of a spec."""
    if not isinstance(spec, dict):
        return
    if isinstance(text := spec.get("dataString"), str):
        yield path, text
    members = spec.get("specList")
    for index, member in enumerate(members if isinstance(members, list) else ()):
        yield from _texts(member, f"{path}.{member_path(index)}")
    for name in ("a", "b"):
        yield from _texts(spec.get(name), f"{path}.{name}")


def _numbers(text: str) -> Iterator[float]:
    for field in text.split():
        try:
            yield parse_double(field)
        except ValueError:  # A name, or packed numbers.
            continue
