"""List specs: flattening, labels, the parts that matter for matching, and the last transform.

All functions take specs as JSON has them and return new ones; nothing that is passed in is changed. References have to
be resolved first (`render_io.specs.resolve`): an unresolved one has neither labels nor members.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from render_io._spec_json import (
    Spec,
    kind_of,
    labels_of,
    member_path,
    members_of,
    sane_depth,
    weight_of,
    with_branches,
    with_labels,
)
from render_io.errors import SpecError

__all__ = [
    "LENS_LABEL",
    "MATCH_LABEL",
    "canonical",
    "exclude_after_last_labels",
    "exclude_first_and_all_after_labels",
    "flatten",
    "has_label",
    "last_transform",
    "list_of",
    "post_match",
]

LENS_LABEL: Final = "lens"
"""By convention on lens corrections."""
MATCH_LABEL: Final = "match"
"""By convention on the last transform used when tiles are rendered for point matching."""


def list_of(specs: Collection[Spec]) -> Spec:
    """Make a list spec.

    Parameters
    ----------
    specs : collection of dict
        Members in order of application.

    Returns
    -------
    dict
        A list spec that shares them.
    """
    return {"type": "list", "specList": list(specs)}


@sane_depth
def flatten(spec: Spec) -> Spec:
    """Splice nested lists into one.

    Parameters
    ----------
    spec : dict
        Any transform spec without references.

    Returns
    -------
    dict
        A list spec of leaves and interpolated specs. The labels of a list go to every element it contributes; an
        interpolated spec stays one element whose a and b are each flattened (to the one element, or to a list).

    Raises
    ------
    SpecError
        An unresolved reference or a malformed spec; the path names the place.
    """
    return list_of(_elements(spec))


def _elements(spec: Spec) -> list[Spec]:
    kind = kind_of(spec)
    if kind == "leaf":
        return [spec]
    if kind == "interpolated":
        return [with_branches(spec, _flat_branch)]
    if kind == "ref":
        raise _unresolved(spec)
    labels = labels_of(spec)
    elements: list[Spec] = []
    for index, member in enumerate(members_of(spec)):
        try:
            elements += _elements(member)
        except SpecError as error:
            raise error.at(path=member_path(index)) from error
    return [with_labels(element, labels) for element in elements] if labels else elements


def _flat_branch(branch: Spec) -> Spec:
    elements = _elements(branch)
    return elements[0] if len(elements) == 1 else list_of(elements)


def _unresolved(spec: Spec) -> SpecError:
    return SpecError(f"expected resolved references, got one to {spec.get('refId')!r}", path="refId")


@sane_depth
def has_label(spec: Spec, label: str) -> bool:
    """Tell whether a spec carries a label.

    Parameters
    ----------
    spec : dict
        Any transform spec without references.
    label : str
        The label.

    Returns
    -------
    bool
        For a list, whether it or any member has it; an interpolated spec speaks only for itself.

    Raises
    ------
    SpecError
        An unresolved reference or a malformed spec.
    """
    kind = kind_of(spec)
    if kind == "ref":
        raise _unresolved(spec)
    if label in labels_of(spec):
        return True
    return kind == "list" and any(has_label(member, label) for member in members_of(spec))


@sane_depth
def post_match(spec: Spec) -> Spec:
    """Return the part of a list that comes after rendering for point matching.

    Parameters
    ----------
    spec : dict
        Any transform spec without references.

    Returns
    -------
    dict
        From the last element labelled ``match`` on, that one included; without such a label, the last element only.

    Raises
    ------
    SpecError
        An unresolved reference or a malformed spec.
    """
    elements = _elements(spec)
    last = _last_with(elements, {MATCH_LABEL})
    return list_of(elements[-1:] if last is None else elements[last:])


@sane_depth
def exclude_after_last_labels(spec: Spec, labels: Collection[str]) -> Spec:
    """Cut a list after the last element that has one of the labels.

    Parameters
    ----------
    spec : dict
        Any transform spec without references.
    labels : collection of str
        The labels.

    Returns
    -------
    dict
        The flattened list up to and including that element; all of it when no element has one.

    Raises
    ------
    SpecError
        An unresolved reference or a malformed spec.
    """
    elements = _elements(spec)
    last = _last_with(elements, labels)
    return list_of(elements if last is None else elements[: last + 1])


@sane_depth
def exclude_first_and_all_after_labels(spec: Spec, labels: Collection[str]) -> Spec:
    """Cut a list before the first element that has one of the labels.

    Parameters
    ----------
    spec : dict
        Any transform spec without references.
    labels : collection of str
        The labels.

    Returns
    -------
    dict
        The flattened list up to that element, which is left out; all of it when no element has one.

    Raises
    ------
    SpecError
        An unresolved reference or a malformed spec.
    """
    elements = _elements(spec)
    first = next(iter(_with_labels(elements, labels)), len(elements))
    return list_of(elements[:first])


def _with_labels(elements: list[Spec], labels: Collection[str]) -> list[int]:
    return [i for i, element in enumerate(elements) if not set(labels).isdisjoint(labels_of(element))]


def _last_with(elements: list[Spec], labels: Collection[str]) -> int | None:
    found = _with_labels(elements, labels)
    return found[-1] if found else None


def last_transform(spec: Spec) -> Spec | None:
    """Return the last member of a tile's list, as it stands.

    Parameters
    ----------
    spec : dict
        A list spec. It is not flattened: the last member may be a list, a reference or an interpolated spec.

    Returns
    -------
    dict or None
        None for an empty list.

    Raises
    ------
    SpecError
        Not a list spec.
    """
    if kind_of(spec) != "list":
        raise SpecError(f"expected a list spec, got one of type {spec.get('type')!r}")
    members = members_of(spec)
    return members[-1] if members else None


@sane_depth
def canonical(spec: Spec) -> Spec:
    """Return a spec as the service stores and answers it.

    Parameters
    ----------
    spec : dict
        Any transform spec.

    Returns
    -------
    dict
        Only the members its type has, the type spelled out, lambda a double, numbers in texts made texts; of
        ``metaData`` only the labels.

    Raises
    ------
    SpecError
        A malformed spec; the path names the place.
    """
    kind = kind_of(spec)
    kept: Spec = {"type": kind}
    if spec.get("id") is not None:
        kept["id"] = spec["id"]
    meta = spec.get("metaData")
    if isinstance(meta, dict):
        kept["metaData"] = {"labels": labels_of(spec)} if meta.get("labels") is not None else {}
    return {**kept, **_CANONICAL[kind](spec)}


def _canonical_leaf(spec: Spec) -> Spec:
    return {name: _as_text(spec[name]) for name in ("className", "dataString") if spec.get(name) is not None}


def _canonical_list(spec: Spec) -> Spec:
    members = []
    for index, member in enumerate(members_of(spec)):
        try:
            members.append(None if member is None else canonical(member))
        except SpecError as error:
            raise error.at(path=member_path(index)) from error
    return {"specList": members}


def _canonical_reference(spec: Spec) -> Spec:
    return {"refId": _as_text(spec["refId"])} if spec.get("refId") is not None else {}


def _canonical_interpolated(spec: Spec) -> Spec:
    present: dict[str, Any] = {name: canonical(spec[name]) for name in ("a", "b") if spec.get(name) is not None}
    return {**present, "lambda": weight_of(spec)} if spec.get("lambda") is not None else present


_CANONICAL: Final = {
    "leaf": _canonical_leaf,
    "list": _canonical_list,
    "ref": _canonical_reference,
    "interpolated": _canonical_interpolated,
}


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
