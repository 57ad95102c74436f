"""Objects that are views of a JSON object: the document is the one place where their members live.

So nothing that was read can be lost: an attribute that is set changes its member and no other, and unknown members,
their order, and the difference between 1 and 1.0 stay as they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Self, overload

from render_io import _json
from render_io.errors import SpecError

__all__ = ["JsonObject", "Member", "as_object", "part", "put", "refuse_unknown"]


class Member:
    """Attribute that reads and writes one member of the document.

    Reading an absent member gives None; setting None removes it.

    Parameters
    ----------
    name : str
        Name in JSON.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: JsonObject, owner: type) -> Any: ...
    def __get__(self, instance: JsonObject | None, owner: type) -> Any:
        return self if instance is None else instance._get(self.name)

    def __set__(self, instance: JsonObject, value: Any) -> None:
        if value is None:
            instance._members.pop(self.name, None)
        else:
            instance._members[self.name] = value


class JsonObject:
    """Base of the objects that stand for a JSON object."""

    _members: dict[str, Any]

    def _get(self, name: str) -> Any:
        """Return a member, None where there is none; one that was left as text is read now."""
        value = self._members.get(name)
        if type(value) is _json.Raw:
            try:
                value = self._members[name] = _json.loads(value)
            except SpecError as error:
                raise error.at(path=name) from error
        return value

    def to_dict(self) -> dict[str, Any]:
        """Return the object as JSON values, every member kept.

        Returns
        -------
        dict
            The caller's own: changing it changes nothing here.
        """
        for name in self._members:
            self._get(name)
        document: dict[str, Any] = _json.copied(self._document())
        return document

    def from_dict(self, d: Mapping[str, Any]) -> None:
        """Take all members from a JSON object, forgetting those of before.

        Parameters
        ----------
        d : dict
            Copied, not kept.

        Raises
        ------
        SpecError
            It is no object.
        """
        self._members = _json.copied(as_object(d, type(self).__name__))

    def _document(self) -> dict[str, Any]:
        """Return what is to be written; it may share values with this object."""
        return self._members

    def __repr__(self) -> str:
        shown = ", ".join(f"{key}={value!r}" for key, value in self.to_dict().items() if not isinstance(value, dict))
        return f"{type(self).__name__}({shown})"


def as_object(value: Any, what: str, tile_id: str | None = None) -> dict[str, Any]:
    """Return a JSON object as it is.

    Parameters
    ----------
    value : object
        What was found.
    what : str
        JSON path or name to report.
    tile_id : str, optional
        Tile to report.

    Returns
    -------
    dict
        The value.

    Raises
    ------
    SpecError
        It is something else.
    """
    if not isinstance(value, Mapping):
        raise SpecError(f"expected an object, got {type(value).__name__}", tile_id, what)
    return value if isinstance(value, dict) else dict(value)


def part(value: Any, name: str, tile_id: str | None = None) -> dict[str, Any]:
    """Return a member that is an object, an empty one where it is absent or null.

    Parameters
    ----------
    value : object
        The member.
    name : str
        Its name, to report.
    tile_id : str, optional
        Tile to report.

    Returns
    -------
    dict
        The member itself, not a copy.

    Raises
    ------
    SpecError
        It is something else.
    """
    return {} if value is None else as_object(value, name, tile_id)


def put(document: dict[str, Any], name: str, value: Any) -> None:
    """Set a member that is not to appear out of nothing.

    Parameters
    ----------
    document : dict
        Changed in place.
    name : str
        Member to set.
    value : object
        An empty value is left out where there was none, or null.
    """
    if value or document.get(name) is not None:
        document[name] = value


def refuse_unknown(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Raise for keywords that would have no effect.

    Parameters
    ----------
    given, known : iterable of str
        Keywords passed and keywords there are.
    what : str
        Function or class to name.

    Raises
    ------
    TypeError
        With the nearest known keyword.
    """
    names = list(known)
    for keyword in given:
        if keyword not in names:
            near = get_close_matches(keyword, names, 1, 0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"{what} got an unexpected keyword argument {keyword!r}{hint}")
