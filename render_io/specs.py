"""Transform specs: from JSON to transforms and back.

A spec is a JSON object of type leaf (the default), list, ref or interpolated. Building gives an immutable transform;
ids, labels and unknown members stay in the JSON. What works on the JSON itself is re-exported from its own modules:
references (`render_io.spec_references`) and lists with labels (`render_io.spec_lists`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from render_io import codecs
from render_io._spec_json import (
    References,
    Spec,
    branches,
    kind_of,
    labels_of,
    leaf_text,
    member_path,
    members_of,
    reference_of,
    references_by_id,
    sane_depth,
    weight_of,
    with_labels,
)
from render_io.codecs.names import BUILT_INTERPOLATED, BUILT_LIST
from render_io.errors import SpecError
from render_io.spec_lists import (
    canonical,
    exclude_after_last_labels,
    exclude_first_and_all_after_labels,
    flatten,
    has_label,
    last_transform,
    post_match,
)
from render_io.spec_references import follow, is_fully_resolved, resolve, resolve_once, unresolved_ids
from transforms.base import Transform
from transforms.compose import Interpolated, TransformList

__all__ = [
    "Cache",
    "References",
    "Spec",
    "canonical",
    "exclude_after_last_labels",
    "exclude_first_and_all_after_labels",
    "flatten",
    "from_transform",
    "has_label",
    "instance_class",
    "is_fully_resolved",
    "kind_of",
    "labels_of",
    "last_transform",
    "post_match",
    "references_by_id",
    "resolve",
    "resolve_once",
    "to_transform",
    "unresolved_ids",
    "validate",
]

Cache = MutableMapping[tuple[str, str], Transform]
"""Transforms by class name and text. One cache serves one precision only."""


@sane_depth
def to_transform(
    spec: Spec,
    references: References | None = None,
    *,
    java_precision: bool = False,
    cache: Cache | None = None,
) -> Transform:
    """Build the transform of a spec.

    Parameters
    ----------
    spec : dict
        A leaf, list, ref or interpolated spec.
    references : mapping or sequence of dict, optional
        Shared specs, by id or as a sequence (which is searched anew by every call: for many specs make a mapping once,
        with `references_by_id`). References to references are followed.
    java_precision : bool, optional
        As in `codecs.decode`.
    cache : mutable mapping, optional
        Leaves decoded before, by class name and text: many tiles share one lens correction, and then share the object.

    Returns
    -------
    Transform
        A list spec gives a `TransformList`, an interpolated one an `Interpolated`; an unknown class an
        `OpaqueTransform`, which raises SpecError when applied.

    Raises
    ------
    SpecError
        A malformed spec, a text that Java refuses, a reference that dangles or leads back to itself; the path names
        the place, as in ``specList[0].refId(lens1).dataString``.
    """
    return _Builder(references_by_id(references), java_precision, cache, known_classes=False).build(spec, ())


@sane_depth
def validate(spec: Spec, references: References | None = None) -> None:
    """Check that a spec can be built: what `to_transform` does, and no class that is unknown.

    Parameters
    ----------
    spec : dict
        Any transform spec.
    references : mapping or sequence of dict, optional
        Shared specs, by id or as a sequence.

    Raises
    ------
    SpecError
        What `to_transform` raises for, and a class without codec.
    """
    _Builder(references_by_id(references), java_precision=False, cache=None, known_classes=True).build(spec, ())


class _Builder:
    """Builds transforms against one set of references."""

    __slots__ = ("_cache", "_java_precision", "_known_classes", "_shared")

    def __init__(
        self, shared: Mapping[str, Spec], java_precision: bool, cache: Cache | None, *, known_classes: bool
    ) -> None:
        self._shared = shared
        self._java_precision = java_precision
        self._cache: Cache = {} if cache is None else cache
        self._known_classes = known_classes

    def build(self, spec: Spec, trail: tuple[str, ...]) -> Transform:
        kind = kind_of(spec)
        if kind == "leaf":
            return self._leaf(spec)
        if kind == "list":
            members = enumerate(members_of(spec))
            return TransformList([self._child(member, member_path(index), trail) for index, member in members])
        if kind == "interpolated":
            first, second = branches(spec)
            weight = weight_of(spec)
            return Interpolated(self._child(first, "a", trail), self._child(second, "b", trail), weight)
        reference = reference_of(spec)
        target = follow(reference, self._shared, trail)
        return self._child(target, f"refId({reference})", (*trail, reference))

    def _child(self, spec: Spec, path: str, trail: tuple[str, ...]) -> Transform:
        try:
            return self.build(spec, trail)
        except SpecError as error:
            raise error.at(path=path) from error

    def _leaf(self, spec: Spec) -> Transform:
        class_name, text = leaf_text(spec, "className"), leaf_text(spec, "dataString")
        known = self._cache.get((class_name, text))
        if known is not None:
            return known
        if self._known_classes and class_name not in codecs.CODECS:
            raise SpecError(f"expected the name of a transform class, got {class_name!r}", path="className")
        try:
            transform = codecs.decode(class_name, text, java_precision=self._java_precision)
        except SpecError as error:
            raise error.at(path="dataString") from error
        self._cache[class_name, text] = transform
        return transform


def from_transform(
    transform: Transform, class_name: str | None = None, *, spec_id: str | None = None, labels: Iterable[str] = ()
) -> Spec:
    """Write a transform as a spec.

    Parameters
    ----------
    transform : Transform
        Leaves, lists and interpolated transforms.
    class_name : str, optional
        For a leaf, the Java class to write it as; see `codecs.encode`.
    spec_id : str, optional
        Id of the spec.
    labels : iterable of str, optional
        Its labels.

    Returns
    -------
    dict
        A spec whose `to_transform` has the same numbers, bit for bit.

    Raises
    ------
    ConversionError
        The transform, or a member, has no text form.
    """
    spec: Spec = {"type": "leaf"}
    if spec_id is not None:
        spec["id"] = spec_id
    added = list(labels)
    if added:
        spec = with_labels(spec, added)
    return {**spec, **_content(transform, class_name)}


def _content(transform: Transform, class_name: str | None) -> Spec:
    if isinstance(transform, TransformList):
        return {"type": "list", "specList": [from_transform(member) for member in transform.transforms]}
    if isinstance(transform, Interpolated):
        weight = transform.weight
        a, b = from_transform(transform.a), from_transform(transform.b)
        # JSON has no NaN; the service takes a text for a number.
        written: Any = weight if math.isfinite(weight) else codecs.format_double(weight)
        return {"type": "interpolated", "a": a, "b": b, "lambda": written}
    name, text = codecs.encode(transform, class_name)
    return {"type": "leaf", "className": name, "dataString": text}


def instance_class(spec: Spec) -> str:
    """Return the Java class that the service builds for a spec.

    Parameters
    ----------
    spec : dict
        Any transform spec without references.

    Returns
    -------
    str
        For a leaf its own class name.

    Raises
    ------
    SpecError
        The spec can't be built.
    """
    validate(spec)
    kind = kind_of(spec)
    if kind == "leaf":
        return leaf_text(spec, "className")
    return BUILT_LIST if kind == "list" else BUILT_INTERPOLATED
