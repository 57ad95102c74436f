"""What is wrong with one tile spec: members of the wrong type, missing sizes, malformed transform specs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from render_io._json import is_number
from render_io.errors import SpecError

__all__ = ["check_tile"]

_LOADERS = frozenset(
    {"IMAGEJ_DEFAULT", "IMAGEJ_TIFF_STACK", "H5_SLICE", "N5_SLICE", "IMAGEJ_COMPOSITE", "DYNAMIC_MASK"}
)

Found = Iterator[tuple[str, str]]
"""Faults as pairs of JSON path and message."""


def check_tile(spec: Any) -> list[SpecError]:
    """Look for faults that keep a tile from being placed or drawn.

    The text of the transforms is not parsed: `render_io.specs.to_transform` does that.

    Parameters
    ----------
    spec : object
        A tile spec as read from JSON.

    Returns
    -------
    list of SpecError
        One for each fault, with tile id and JSON path; empty for a sound tile. They are returned, not raised.
    """
    if not isinstance(spec, dict):
        return [SpecError(f"expected a tile spec, got {_shown(spec)}")]
    tile_id = spec.get("tileId")
    name = tile_id if isinstance(tile_id, str) and tile_id else None
    return [SpecError(message, name, path) for path, message in _faults(spec)]


def _faults(spec: dict[str, Any]) -> Found:
    yield from _required(spec, "tileId", "text", lambda value: isinstance(value, str) and value != "")
    for name in ("width", "height"):
        yield from _required(spec, name, "a number above 0", lambda value: is_number(value) and value > 0)
    yield from _members(spec, "", _TILE_RULES)
    yield from _box(spec)
    yield from _layout(spec.get("layout"))
    yield from _levels(spec.get("mipmapLevels"), "mipmapLevels")
    yield from _channels(spec.get("channels"))
    yield from _transforms(spec.get("transforms"))


def _required(spec: dict[str, Any], name: str, expected: str, sound: Callable[[Any], bool]) -> Found:
    if name not in spec:
        yield name, f"expected {expected}, found no such member"
    elif not sound(spec[name]):
        yield name, f"expected {expected}, got {_shown(spec[name])}"


def _is_integer(value: Any) -> bool:
    return is_number(value) and value == int(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_loader(value: Any) -> bool:
    return isinstance(value, str) and value in _LOADERS


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


Rule = tuple[str, Callable[[Any], bool]]
_NUMBER: Rule = ("a finite number", is_number)
_INTEGER: Rule = ("a whole number", _is_integer)
_TEXT: Rule = ("text", _is_text)
_OBJECT: Rule = ("an object", _is_object)
_LOADER: Rule = (f"one of {', '.join(sorted(_LOADERS))}", _is_loader)

_TILE_RULES: dict[str, Rule] = {
    "z": _NUMBER,
    "groupId": _TEXT,
    "minIntensity": _NUMBER,
    "maxIntensity": _NUMBER,
    "meshCellSize": ("a number above 0", lambda value: is_number(value) and value > 0),
    "labels": ("an array of texts", _is_texts),
    "mipmapPathBuilder": _OBJECT,
    "layout": _OBJECT,
    "mipmapLevels": _OBJECT,
    "channels": ("an array", lambda value: isinstance(value, list)),
    "transforms": _OBJECT,
} | dict.fromkeys(("minX", "minY", "maxX", "maxY"), _NUMBER)
_LAYOUT_RULES = (
    dict.fromkeys(("sectionId", "temca", "camera"), _TEXT)
    | dict.fromkeys(("imageRow", "imageCol"), _INTEGER)
    | dict.fromkeys(("stageX", "stageY", "rotation", "pixelsize", "distanceZ"), _NUMBER)
)
_LEVEL_RULES = (
    dict.fromkeys(("imageUrl", "maskUrl"), _TEXT)
    | dict.fromkeys(("imageLoaderType", "maskLoaderType"), _LOADER)
    | dict.fromkeys(("imageSliceNumber", "maskSliceNumber"), _INTEGER)
)
_CHANNEL_RULES = {"name": _TEXT, "minIntensity": _NUMBER, "maxIntensity": _NUMBER, "mipmapLevels": _OBJECT}


def _members(spec: dict[str, Any], path: str, rules: dict[str, Rule]) -> Found:
    """Check members that may be absent; null stands for absent, but not for an object that is looked into."""
    for name, (expected, sound) in rules.items():
        value = spec.get(name)
        explicit_null = name == "transforms" and name in spec and value is None
        if (value is not None and not sound(value)) or explicit_null:
            yield path + name, f"expected {expected}, got {_shown(value)}"


def _box(spec: dict[str, Any]) -> Found:
    names = ("minX", "minY", "maxX", "maxY")
    given = [name for name in names if spec.get(name) is not None]
    if given and len(given) < len(names):
        missing = ", ".join(name for name in names if name not in given)
        yield missing, f"expected a whole box, found only {', '.join(given)}"
    for low, high in (("minX", "maxX"), ("minY", "maxY")):
        least, most = spec.get(low), spec.get(high)
        if is_number(least) and is_number(most) and least > most:  # type: ignore[operator]
            yield low, f"expected at most {high} = {most}, got {least}"


def _layout(layout: Any) -> Found:
    if isinstance(layout, dict):
        yield from _members(layout, "layout.", _LAYOUT_RULES)


def _levels(levels: Any, path: str) -> Found:
    for key, level in levels.items() if isinstance(levels, dict) else ():
        place = f"{path}.{key}"
        if not _is_level(key):
            yield place, f"expected the number of a mipmap level, got {_shown(key)}"
        if isinstance(level, dict):
            yield from _members(level, f"{place}.", _LEVEL_RULES)
        elif level is not None:  # The service drops a level that is null.
            yield place, f"expected an object, got {_shown(level)}"


def _is_level(key: str) -> bool:
    digits = key[1:] if key[:1] in ("+", "-") else key
    return digits.isascii() and digits.isdigit() and len(digits) < 12


def _channels(channels: Any) -> Found:
    for index, channel in enumerate(channels) if isinstance(channels, list) else ():
        place = f"channels[{index}]"
        if not isinstance(channel, dict):
            yield place, f"expected an object, got {_shown(channel)}"
            continue
        yield from _members(channel, f"{place}.", _CHANNEL_RULES)
        yield from _levels(channel.get("mipmapLevels"), f"{place}.mipmapLevels")


def _transforms(transforms: Any) -> Found:
    if not isinstance(transforms, dict):
        return
    if transforms.get("type") != "list":
        yield "transforms.type", f"expected 'list', got {_shown(transforms.get('type'))}"
    pending: list[tuple[str, Any]] = [("transforms", transforms | {"type": "list"})]
    while pending:
        path, spec = pending.pop()
        if not isinstance(spec, dict):
            yield path, f"expected a transform spec, got {_shown(spec)}"
            continue
        faults, children = _spec(spec)
        yield from ((f"{path}.{name}", message) for name, message in faults)
        pending.extend((f"{path}.{name}", child) for name, child in reversed(children))


def _spec(spec: dict[str, Any]) -> tuple[list[tuple[str, str]], list[tuple[str, Any]]]:
    """Faults of one spec itself, and the specs inside it, each with its path from here."""
    kind = spec.get("type")
    if kind == "list":
        members = spec.get("specList", [])
        if not isinstance(members, list):
            return [("specList", f"expected an array of transform specs, got {_shown(members)}")], []
        return [], [(f"specList[{index}]", member) for index, member in enumerate(members)]
    if kind == "ref":
        return list(_required(spec, "refId", "the id of a shared transform", _is_text)), []
    if kind == "interpolated":
        faults = [fault for name in ("a", "b") for fault in _required(spec, name, "a transform spec", _is_object)]
        faults += _required(spec, "lambda", "a number", _is_weight)
        return faults, [(name, spec[name]) for name in ("a", "b") if isinstance(spec.get(name), dict)]
    faults = [fault for name in ("className", "dataString") for fault in _required(spec, name, "text", _is_text)]
    if faults and kind not in (None, "leaf"):  # As in Java, which takes any other type for a leaf.
        faults.insert(0, ("type", f"expected leaf, list, ref or interpolated, got {_shown(kind)}"))
    return faults, []


def _is_weight(value: Any) -> bool:
    if isinstance(value, str):  # Java takes numeric text too.
        try:
            return math.isfinite(float(value))
        except ValueError:
            return False
    return is_number(value)


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, (str, int, float)) else "null" if value is None else type(value).__name__
    return text if len(text) <= 80 else text[:77] + "..."
