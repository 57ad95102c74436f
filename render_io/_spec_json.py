"""The shape of transform specs in JSON: what kind one is, what it holds, and errors that name the place.

A spec is a dict as it came from JSON; unknown members are never touched. A missing or unknown ``type`` means leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeAlias, TypeVar

from render_io.codecs._numbers import parse_double
from render_io.errors import SpecError

__all__ = [
    "Kind",
    "References",
    "Spec",
    "branches",
    "kind_of",
    "labels_of",
    "leaf_text",
    "member_path",
    "members_of",
    "reference_of",
    "references_by_id",
    "sane_depth",
    "weight_of",
    "with_branches",
    "with_labels",
    "with_members",
]

Spec: TypeAlias = dict[str, Any]
"""One transform spec, as JSON has it."""

References: TypeAlias = Mapping[str, Spec] | Sequence[Spec]
"""Shared transform specs, by id or one after the other."""

Kind: TypeAlias = Literal["leaf", "list", "ref", "interpolated"]
_KINDS: dict[Any, Kind] = {"list": "list", "ref": "ref", "interpolated": "interpolated"}


_P = ParamSpec("_P")
_R = TypeVar("_R")


def sane_depth(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a SpecError of nesting that exhausts the stack: the depth is the sender's choice."""

    @wraps(function)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except RecursionError:
            raise SpecError("expected a spec of sane depth, got lists or interpolations nested too deeply") from None

    return guarded


def kind_of(spec: Any) -> Kind:
    """Return what kind of spec this is; SpecError when it is no JSON object."""
    if not isinstance(spec, dict):
        raise SpecError(f"expected a transform spec (an object), got {describe(spec)}")
    kind = spec.get("type")
    return _KINDS.get(kind, "leaf") if isinstance(kind, str) else "leaf"


def describe(value: Any) -> str:
    """Name a JSON value in a few words, for messages."""
    if value is None:
        return "null"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def member_path(index: int) -> str:
    """JSON path of a member of a list spec."""
    return f"specList[{index}]"


def members_of(spec: Spec) -> list[Any]:
    """Return the members of a list spec; a missing ``specList`` is an empty one."""
    members = spec.get("specList", [])
    if not isinstance(members, list):
        raise SpecError(f"expected an array of specs, got {describe(members)}", path="specList")
    return members


def branches(spec: Spec) -> tuple[Any, Any]:
    """Return a and b of an interpolated spec."""
    for name in ("a", "b"):
        if spec.get(name) is None:
            raise SpecError("expected a transform spec, got none", path=name)
    return spec["a"], spec["b"]


def weight_of(spec: Spec) -> float:
    """Return lambda of an interpolated spec: a number, or a text that Java reads as one."""
    weight = spec.get("lambda")
    if isinstance(weight, (int, float)) and not isinstance(weight, bool):
        return float(weight)
    try:
        if isinstance(weight, str):
            return parse_double(weight)
    except ValueError:
        pass
    raise SpecError(f"expected a number, got {describe(weight)}", path="lambda")


def reference_of(spec: Spec) -> str:
    """Return the id a ref spec refers to."""
    reference = spec.get("refId")
    if not isinstance(reference, str):
        raise SpecError(f"expected the id of a transform spec, got {describe(reference)}", path="refId")
    return reference


def references_by_id(references: References | None) -> Mapping[str, Spec]:
    """Return shared specs by their ids; the last one of equal ids counts."""
    if references is None:
        return {}
    if isinstance(references, Mapping):
        return references
    given: Any = references
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise SpecError(f"expected shared transform specs by id or as a sequence, got {describe(given)}")
    for index, spec in enumerate(references):
        if not isinstance(spec, dict):
            raise SpecError(f"expected a transform spec (an object), got {describe(spec)}", path=f"[{index}]")
    return {spec["id"]: spec for spec in references if isinstance(spec.get("id"), str)}


def leaf_text(spec: Spec, name: str) -> str:
    """Return className or dataString of a leaf spec."""
    value = spec.get(name)
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)  # the service, too, takes a number for its text
    kind = "" if spec.get("type", "leaf") == "leaf" else f" (type {describe(spec['type'])} counts as leaf)"
    raise SpecError(f"expected the {name} of a leaf as a text, got {describe(value)}{kind}", path=name)


def labels_of(spec: Spec) -> list[str]:
    """Return a spec's own labels, each once, in their order."""
    meta = spec.get("metaData")
    labels = meta.get("labels") if isinstance(meta, dict) else None
    if labels is None:
        return []
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise SpecError(f"expected an array of texts, got {describe(labels)}", path="metaData.labels")
    return list(dict.fromkeys(labels))


def with_labels(spec: Spec, labels: Iterable[str]) -> Spec:
    """Return the spec with labels added behind its own; the rest of it is shared."""
    meta = spec.get("metaData")
    known = meta if isinstance(meta, dict) else {}
    return {**spec, "metaData": {**known, "labels": list(dict.fromkeys([*labels_of(spec), *labels]))}}


def with_members(spec: Spec, change: Callable[[Any], Any]) -> Spec:
    """Return a list spec with each member changed; errors name the member."""
    members = []
    for index, member in enumerate(members_of(spec)):
        try:
            members.append(change(member))
        except SpecError as error:
            raise error.at(path=member_path(index)) from error
    return {**spec, "specList": members}


def with_branches(spec: Spec, change: Callable[[Any], Any]) -> Spec:
    """Return an interpolated spec with a and b changed; errors name the branch."""
    changed = dict(spec)
    for name, branch in zip("ab", branches(spec), strict=True):
        try:
            changed[name] = change(branch)
        except SpecError as error:
            raise error.at(path=name) from error
    return changed
