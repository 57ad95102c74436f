"""References between transform specs: following them all, or one pass as the service does.

`resolve` is what users want: every reference followed, also those inside targets and those to references. The service
does less, and what it leaves unresolved it refuses; `resolve_once` does as much as it, for its embedded twin.
"""

from __future__ import annotations

from collections.abc import Mapping

from render_io._spec_json import (
    References,
    Spec,
    branches,
    kind_of,
    members_of,
    reference_of,
    references_by_id,
    sane_depth,
    with_branches,
    with_members,
)
from render_io.errors import SpecError

__all__ = ["follow", "is_fully_resolved", "resolve", "resolve_once", "unresolved_ids"]


def follow(reference: str, shared: Mapping[str, Spec], trail: tuple[str, ...]) -> Spec:
    """Look up one reference.

    Parameters
    ----------
    reference : str
        Id wanted.
    shared : mapping
        Shared specs by id.
    trail : tuple of str
        Ids being followed at the moment, outermost first.

    Returns
    -------
    dict
        The spec of that id, which may be a reference itself.

    Raises
    ------
    SpecError
        There is none, or it is being followed already.
    """
    if reference in trail:
        cycle = " -> ".join((*trail[trail.index(reference) :], reference))
        raise SpecError(f"expected references without a cycle, got {cycle}", path="refId")
    try:
        return shared[reference]
    except KeyError:
        raise SpecError(
            f"expected the id of one of {len(shared)} shared transform specs, got {reference!r}", path="refId"
        ) from None


@sane_depth
def resolve(spec: Spec, references: References | None) -> Spec:
    """Replace all references by their targets.

    Parameters
    ----------
    spec : dict
        Any transform spec. It is not changed; what needs no change is shared with the answer.
    references : mapping or sequence of dict or None
        Shared specs, by id or as a sequence.

    Returns
    -------
    dict
        The spec without references.

    Raises
    ------
    SpecError
        A reference that dangles or leads back to itself, or a malformed spec; the path names the place.
    """
    return _resolved(spec, references_by_id(references), ())


def _resolved(spec: Spec, shared: Mapping[str, Spec], trail: tuple[str, ...]) -> Spec:
    kind = kind_of(spec)
    if kind == "list":
        return with_members(spec, lambda member: _resolved(member, shared, trail))
    if kind == "interpolated":
        return with_branches(spec, lambda branch: _resolved(branch, shared, trail))
    if kind == "leaf":
        return spec
    reference = reference_of(spec)
    target = follow(reference, shared, trail)
    try:
        return _resolved(target, shared, (*trail, reference))
    except SpecError as error:
        raise error.at(path=f"refId({reference})") from error


@sane_depth
def resolve_once(spec: Spec, references: References | None, *, inside_targets: bool = False) -> Spec:
    """Resolve references in one pass, as far as the service goes.

    Parameters
    ----------
    spec : dict
        Any transform spec. It is not changed.
    references : mapping or sequence of dict or None
        Shared specs, by id or as a sequence.
    inside_targets : bool, optional
        Resolve inside the targets, too: what the service does when it reads from its database. When it saves, and in
        its collections of resolved tiles, targets are taken as they stand.

    Returns
    -------
    dict
        The spec; references that dangle are kept, and a reference to a reference becomes one to the target of that.

    Raises
    ------
    SpecError
        A malformed spec, or (`inside_targets`) a target that holds itself.
    """
    return _resolved_once(spec, references_by_id(references), inside_targets, ())


def _resolved_once(spec: Spec, shared: Mapping[str, Spec], inside: bool, trail: tuple[str, ...]) -> Spec:
    kind = kind_of(spec)
    if kind == "list":
        return with_members(spec, lambda member: _resolved_once(member, shared, inside, trail))
    if kind == "interpolated":
        return with_branches(spec, lambda branch: _resolved_once(branch, shared, inside, trail))
    if kind == "leaf" or spec.get("refId") not in shared:
        return spec
    reference = reference_of(spec)
    target = follow(reference, shared, trail)
    if kind_of(target) == "ref":
        return {**spec, "refId": target.get("refId")}
    return _resolved_once(target, shared, inside, (*trail, reference)) if inside else target


@sane_depth
def unresolved_ids(spec: Spec) -> list[str]:
    """List the ids that a spec still refers to.

    Parameters
    ----------
    spec : dict
        Any transform spec.

    Returns
    -------
    list of str
        Each once, in the order of their first appearance. References without id are not among them.

    Raises
    ------
    SpecError
        A malformed spec, such as a null in a list.
    """
    return list(dict.fromkeys(i for i in _references_in(spec) if isinstance(i, str)))


@sane_depth
def is_fully_resolved(spec: Spec) -> bool:
    """Tell whether a spec holds no reference any more.

    Parameters
    ----------
    spec : dict
        Any transform spec.

    Returns
    -------
    bool
        False also for a reference without id.

    Raises
    ------
    SpecError
        A malformed spec, such as a null in a list.
    """
    return not _references_in(spec)


def _references_in(spec: Spec) -> list[object]:
    found: list[object] = []
    _collect(spec, found)
    return found


def _collect(spec: Spec, found: list[object]) -> None:
    kind = kind_of(spec)
    if kind == "ref":
        found.append(spec.get("refId"))
    children = members_of(spec) if kind == "list" else branches(spec) if kind == "interpolated" else ()
    for child in children:
        _collect(child, found)
