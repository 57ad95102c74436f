"""What lists, branches and transform lists may hold: objects, specs, and lists of them; and the maps they make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from render_io._spec_json import Spec, member_path
from render_io._spec_list import written
from render_io.errors import SpecError
from render_io.spec_references import follow
from render_io.transform._wire import WireObject
from transforms.base import Transform as MathsTransform
from transforms.compose import Interpolated, TransformList

__all__ = ["References", "as_object", "identity_of", "loaded", "maths_of", "steps", "written_members"]


def as_object(member: Any) -> Any:
    """Return an object of a member: specs are loaded, lists become list objects, objects are taken as they are."""
    if isinstance(member, (list, tuple)):
        from render_io.transform.lists import TransformList as WireList

        return WireList(member)
    return loaded(member) if isinstance(member, dict) else member


def loaded(spec: Any) -> WireObject:
    """Make the object of a spec inside another one."""
    from render_io.transform.transform import load_transform_json

    wire_object: WireObject = load_transform_json(spec)
    return wire_object


def identity_of(member: Any) -> Any:
    """Return what makes a member equal to another."""
    found = as_object(member)
    return found._identity() if isinstance(found, WireObject) else found


def written_members(members: Iterable[Any]) -> list[Spec]:
    """Return the specs of members; errors name the member."""
    specs = []
    for index, member in enumerate(members):
        try:
            specs.append(written(member))
        except SpecError as error:
            raise error.at(path=member_path(index)) from error
    return specs


class References:
    """Shared transforms by id, looked up as soon as one is asked for.

    Parameters
    ----------
    shared : mapping, iterable or None
        Shared transforms, by id or one after the other: objects, or specs.
    """

    def __init__(self, shared: Mapping[str, Any] | Iterable[Any] | None) -> None:
        self._shared = shared
        self._by_id: Mapping[str, Any] | None = None

    def follow(self, reference: Any, trail: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
        """Return what a reference names, and the trail that led there.

        SpecError when there is none, or it is being followed already.
        """
        if self._shared is None:
            raise SpecError(f"expected reference_tforms to follow a reference to {reference!r}, got none", path="refId")
        if self._by_id is None:
            shared = self._shared
            self._by_id = shared if isinstance(shared, Mapping) else {_id_of(found): found for found in shared}
        return as_object(follow(reference, self._by_id, trail)), (*trail, reference)


def _id_of(shared: Any) -> Any:
    return shared.get("id") if isinstance(shared, dict) else getattr(shared, "transformId", None)


def maths_of(member: Any, references: References, trail: tuple[str, ...] = ()) -> MathsTransform:
    """Return the immutable transform of anything that a transform list may hold."""
    if isinstance(member, MathsTransform):
        return member
    found = as_object(member)
    kind = _kind_of(found)
    if kind == "list":
        return TransformList([maths_of(inner, references, trail) for inner in found.tforms])
    if kind == "interpolated":
        first, second = (maths_of(branch, references, trail) for branch in (found.a, found.b))
        return Interpolated(first, second, found._weight())
    if kind == "ref":
        target, trail = references.follow(found.refId, trail)
        return maths_of(target, references, trail)
    transform = getattr(found, "transform", None)
    if not isinstance(transform, MathsTransform):
        raise SpecError(f"expected a transform, got {type(member).__name__}")
    return transform


def steps(members: Iterable[Any], references: References, trail: tuple[str, ...] = ()) -> Iterator[Any]:
    """Iterate over what is applied one after the other: objects with `tform`, and transforms; lists are spliced."""
    for index, member in enumerate(members):
        found = as_object(member)
        kind = _kind_of(found)
        if kind == "list":
            yield from steps(found.tforms, references, trail)
        elif kind == "ref":
            target, longer = references.follow(found.refId, trail)
            yield from steps([target], references, longer)
        elif kind == "interpolated" or not hasattr(found, "tform"):
            try:
                yield maths_of(found, references, trail)
            except SpecError as error:
                raise error.at(path=f"[{index}]") from error
        else:
            yield found


def _kind_of(found: Any) -> str | None:
    return found._kind if isinstance(found, WireObject) else None
