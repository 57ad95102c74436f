"""`TileTransforms`: the transforms of a tile, each of which becomes an object when it is first looked at.

A tile has a lens correction of thousands of characters and a few small transforms after it, and who aligns tiles looks
at the small ones. So the list holds the specs as they were read, often as text, and in their place an object from the
first look on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, SupportsIndex, TypeAlias, TypeVar

import msgspec

from render_io import _json
from render_io._spec_list import load_transform, put_specs, spec_of
from render_io.errors import SpecError
from render_io.utils import json_value

__all__ = ["Text", "TileTransforms", "in_member", "in_tile", "put_transforms"]

_T = TypeVar("_T")
Text: TypeAlias = bytes | _json.Raw

_PATH = "transforms.specList"
_slot = list.__getitem__
_slots = list.__iter__


class TileTransforms(list[Any]):
    """Transforms in order of application: to its users a list of objects, of which it makes those that they touch.

    Adding, removing and replacing elements touches none; whatever else a list does with all of its elements, such as
    iteration, touches all. Code that looks into the memory of a list without asking it, such as orjson's or
    ``list.copy(transforms)``, finds specs: give it ``list(transforms)``.

    Parameters
    ----------
    specs : sequence
        Elements of ``specList``: JSON values, or each left as its text. Taken over, not copied.
    tile_id : str or Raw, optional
        For errors.

    Raises
    ------
    SpecError
        An element is malformed, with tile id and JSON path: when it is touched.
    """

    __slots__ = ("_read", "_tile_id")

    def __init__(self, specs: Sequence[Any], tile_id: Any = None) -> None:
        super().__init__(specs)
        self._read = specs
        self._tile_id = tile_id

    @classmethod
    def of_values(cls, specs: Sequence[Any], tile_id: str | None) -> TileTransforms:
        """Make the list of JSON values, which are looked over at once.

        Parameters
        ----------
        specs : sequence
            JSON values.
        tile_id : str, optional
            For errors.

        Returns
        -------
        TileTransforms
            With all touched that is no leaf with the members that leaves have.

        Raises
        ------
        SpecError
            One of these is malformed.
        """
        new = cls(specs, tile_id)
        for index, spec in enumerate(specs):
            if not _is_leaf(spec):
                new[index] = new._made(spec, index)
        return new

    def _touched(self, spec: Any) -> Any:
        """Return the object of an element that is still as it was read; one that a user put there is its own."""
        for index, read in enumerate(self._read):
            if read is spec:
                made = self._made(spec, index)
                for place, found in enumerate(_slots(self)):
                    if found is spec:
                        self[place] = made
                return made
        return spec

    def _made(self, spec: Any, index: int) -> Any:
        try:
            made = load_transform(_json.loads(spec) if type(spec) is _json.Raw else _json.copied(spec))
        except SpecError as error:
            raise error.at(self._tile_name(), f"{_PATH}[{index}]") from error
        made._read_from = spec
        return made

    def _tile_name(self) -> str | None:
        found = _json.loads(self._tile_id) if type(self._tile_id) is _json.Raw else self._tile_id
        return found if isinstance(found, str) else None

    def _touch(self) -> None:
        for spec in list(_slots(self)):
            if type(spec) is _json.Raw or type(spec) is dict:
                self._touched(spec)

    # -- As a list -----------------------------------------------------------------------------------------------------

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        """Return an element as an object, or a new list of such."""
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        found = _slot(self, index)
        return self._touched(found) if type(found) is _json.Raw or type(found) is dict else found

    def pop(self, index: SupportsIndex = -1) -> Any:
        """Remove an element and return it as an object."""
        found = self[index]
        super().pop(index)
        return found

    def __radd__(self, other: Any) -> list[Any]:
        """Return a new list with the elements behind those of another one."""
        return [*other, *self] if isinstance(other, list) else NotImplemented

    def __copy__(self) -> list[Any]:
        """Return a new list of the same objects."""
        return self.copy()

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        """Pickle and copy deeply what was not touched as it was read."""
        return _restored, (self._read, self._tile_id, list(_slots(self)))

    # -- As JSON -------------------------------------------------------------------------------------------------------

    def put_into(self, text: Text) -> Text | None:
        """Return the text that the list was read from with the elements that have changed since.

        Parameters
        ----------
        text : bytes or Raw
            Of the tile, or of its ``transforms``.

        Returns
        -------
        bytes, Raw or None
            None where that takes more than exchanging texts, each of which occurs once.
        """
        if len(self) != len(self._read):
            return None
        for place, read in enumerate(self._read):
            item = _slot(self, place)
            spec = item if item is read else _spec_at(place, item)
            if spec is not read:
                source: Any = getattr(item, "_read_from", None)
                if source is not read:
                    return None
                changed = _exchanged(bytes(text), bytes(read), _text_at(place, spec))
                if changed is None:
                    return None
                text = changed
        return text


def _spec_at(place: int, item: Any) -> Any:
    try:
        return spec_of(item)
    except SpecError as error:
        raise error.at(path=f"{_PATH}[{place}]") from error


def _text_at(place: int, spec: Any) -> bytes:
    try:
        return _json.dumps(spec, json_value)
    except SpecError as error:
        raise error.at(path=f"{_PATH}[{place}]") from error


def _exchanged(text: bytes, old: bytes, new: bytes) -> bytes | None:
    """Replace a part of a text; None where it occurs twice."""
    start = text.rfind(old)  # much faster than find with so many digits around
    end = start + len(old)
    return None if text.rfind(old, 0, end - 1) >= 0 else b"".join((text[:start], new, text[end:]))


def _touching(name: str) -> Callable[..., Any]:
    plain = getattr(list, name)

    @wraps(plain)
    def method(self: TileTransforms, *args: Any, **kwargs: Any) -> Any:
        self._touch()
        return plain(self, *args, **kwargs)

    return method


for _name in (
    *("__iter__", "__reversed__", "__contains__", "index", "count", "remove", "copy", "sort", "__repr__"),
    *("__add__", "__mul__", "__rmul__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"),
):
    setattr(TileTransforms, _name, _touching(_name))


def _restored(read: Sequence[Any], tile_id: Any, items: list[Any]) -> TileTransforms:
    new = TileTransforms.__new__(TileTransforms)
    new._read, new._tile_id = read, tile_id
    new.extend(items)
    return new


def _is_leaf(spec: Any) -> bool:
    if type(spec) is not dict or spec.get("type", "leaf") != "leaf":
        return False
    return isinstance(spec.get("className"), str) and isinstance(spec.get("dataString"), str)


class _Transforms(msgspec.Struct, gc=False):
    specList: tuple[_json.Raw, ...] = ()


class _Tile(msgspec.Struct, gc=False):
    tileId: _json.Raw = _json.Raw(b"null")
    transforms: _Transforms = msgspec.field(default_factory=_Transforms)


_TILE = msgspec.json.Decoder(_Tile)
_TRANSFORMS = msgspec.json.Decoder(_Transforms)


def in_tile(text: Text) -> TileTransforms | None:
    """Find the transforms in the text of a tile; None where they are not as usual."""
    found = _usual(_TILE, text)
    return None if found is None else TileTransforms(found.transforms.specList, found.tileId)


def in_member(text: Any, tile_id: Any) -> TileTransforms | None:
    """Find the transforms in the member of a tile; None where it is no text, or they are not as usual."""
    found = _usual(_TRANSFORMS, text) if type(text) is _json.Raw else None
    return None if found is None else TileTransforms(found.specList, tile_id)


def _usual(decoder: msgspec.json.Decoder[_T], text: Text) -> _T | None:
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def put_transforms(document: dict[str, Any], transforms: list[Any]) -> None:
    """Put transforms into their list spec, which may have been left as text."""
    outer = document.get("transforms")
    if type(outer) is _json.Raw:
        text = transforms.put_into(outer) if isinstance(transforms, TileTransforms) else None
        if text is not None:
            document["transforms"] = _json.Raw(text)
            return
        document["transforms"] = _json.split_object(outer) if bytes(outer).startswith(b"{") else _json.loads(outer)
    put_specs(document, "transforms", [_spec_at(place, item) for place, item in enumerate(_slots(transforms))])
