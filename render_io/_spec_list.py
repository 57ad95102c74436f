"""Lists of specs in a document, as objects: those left alone are written as they were read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from render_io import _json
from render_io.errors import SpecError

__all__ = ["SpecObjects", "load_transform", "put_specs", "spec_of", "written"]


class SpecObjects:
    """Objects made of specs, and the specs they were made of.

    A spec is written back as it was read as long as its object still says what it said when it was made, whichever way
    it may be changed; so no rounding, no reordering and no lost member comes from merely looking.

    Parameters
    ----------
    specs : iterable
        JSON values.
    load : callable
        Makes the object of a spec, which it must not keep or change.
    place : str
        JSON path of the list, for errors.
    """

    def __init__(self, specs: Iterable[Any] = (), load: Callable[[Any], Any] = _json.copied, place: str = "") -> None:
        self.items: list[Any] = []
        self._read: list[tuple[Any, Any, Any]] = []
        for index, spec in enumerate(specs):
            try:
                item = load(spec)
            except SpecError as error:
                raise error.at(path=f"{place}[{index}]") from error
            self.add(item, spec)

    def add(self, item: Any, spec: Any) -> None:
        """Append an object that was made of a spec.

        Parameters
        ----------
        item : object
            The object.
        spec : object
            What is written as long as the object does not change.
        """
        self.items.append(item)
        self._read.append((item, spec, written(item)))

    def remember(self, other: SpecObjects) -> None:
        """Know the specs of another list's objects too.

        Parameters
        ----------
        other : SpecObjects
            List from which objects were taken.
        """
        self._read.extend(other._read)

    def document(self) -> list[Any]:
        """Return the list as JSON values, which may be shared with what was read."""
        read = {id(item): (spec, snapshot) for item, spec, snapshot in self._read}
        return [self._spec(item, *read.get(id(item), (None, None))) for item in self.items]

    @staticmethod
    def _spec(item: Any, spec: Any, snapshot: Any) -> Any:
        now = written(item)
        return spec if spec is not None and now == snapshot else now


def written(item: Any) -> Any:
    """Return a spec of an object.

    Parameters
    ----------
    item : object
        Something with `to_dict`, a list of such things (which becomes a list spec), or a spec itself.

    Returns
    -------
    object
        A JSON value.
    """
    if isinstance(item, (list, tuple)):
        return {"type": "list", "specList": [written(member) for member in item]}
    return item.to_dict() if hasattr(item, "to_dict") else _json.copied(item)


def spec_of(item: Any) -> Any:
    """Return a spec of an object: the one that it was read from, as long as the object says what that says.

    Parameters
    ----------
    item : object
        As for `written`; also the text of a spec.

    Returns
    -------
    object
        A JSON value or the text of one, which may be shared.
    """
    if type(item) is _json.Raw:
        return item
    source = getattr(item, "_read_from", None)
    if source is None:
        return written(item)
    spec, read = item._document(), item._members
    # Leaves have texts; among the weights of interpolations 0.0 and -0.0 are equal, and not the same.
    return source if spec == read and (item._kind == "leaf" or repr(spec) == repr(read)) else spec


def put_specs(document: dict[str, Any], name: str, specs: list[Any]) -> None:
    """Put a list into its list spec, which keeps its other members; an empty one makes no spec where there was none."""
    outer = document.get(name)
    kept = outer if isinstance(outer, dict) else {"type": "list"}
    if specs or "specList" in kept:
        document[name] = kept | {"specList": specs}


def load_transform(spec: Any) -> Any:
    """Make a wire object of a transform spec.

    Parameters
    ----------
    spec : object
        The spec; taken over, not copied.

    Returns
    -------
    object
        From `render_io.transform`.

    Raises
    ------
    SpecError
        The spec is malformed.
    """
    return _loader()(spec)


@cache
def _loader() -> Callable[[Any], Any]:
    # Imported here: tile specs whose transforms nobody looks at need no numerical library.
    from render_io.transform.transform import transform_of

    return transform_of
