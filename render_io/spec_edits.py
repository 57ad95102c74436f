"""Changes to a tile's list of transforms, named as the Java clients name them.

Each takes the list spec as JSON has it and returns a new one; id, labels and unknown members of the list are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from render_io import codecs
from render_io._spec_json import References, Spec, describe, kind_of, member_path, members_of
from render_io.codecs.names import AFFINE
from render_io.errors import SpecError
from render_io.specs import to_transform
from transforms.affine import Affine
from transforms.linear import Rigid, Similarity, Translation

__all__ = ["EDITS", "append", "insert_before_last", "insert_first", "preconcatenate_last", "replace_last"]


def append(transforms: Spec, spec: Spec) -> Spec:
    """Add a transform behind the last one.

    Parameters
    ----------
    transforms : dict
        A list spec.
    spec : dict
        The transform to add.

    Returns
    -------
    dict
        The new list spec.

    Raises
    ------
    SpecError
        `transforms` is no list spec.
    """
    return _with(transforms, [*_members(transforms), spec])


def insert_first(transforms: Spec, spec: Spec) -> Spec:
    """Add a transform before the first one.

    Parameters
    ----------
    transforms : dict
        A list spec.
    spec : dict
        The transform to add.

    Returns
    -------
    dict
        The new list spec.

    Raises
    ------
    SpecError
        `transforms` is no list spec.
    """
    return _with(transforms, [spec, *_members(transforms)])


def insert_before_last(transforms: Spec, spec: Spec) -> Spec:
    """Add a transform before the last one.

    Parameters
    ----------
    transforms : dict
        A list spec; into an empty one the transform is simply put.
    spec : dict
        The transform to add.

    Returns
    -------
    dict
        The new list spec.

    Raises
    ------
    SpecError
        `transforms` is no list spec.
    """
    members = _members(transforms)
    return _with(transforms, [*members[:-1], spec, *members[-1:]])


def replace_last(transforms: Spec, spec: Spec) -> Spec:
    """Put a transform in the place of the last one.

    Parameters
    ----------
    transforms : dict
        A list spec; into an empty one the transform is simply put.
    spec : dict
        The transform to put there.

    Returns
    -------
    dict
        The new list spec.

    Raises
    ------
    SpecError
        `transforms` is no list spec.
    """
    return _with(transforms, [*_members(transforms)[:-1], spec])


def preconcatenate_last(
    transforms: Spec, spec: Spec, references: References | None = None, *, java_precision: bool = False
) -> Spec:
    """Replace the last transform by the product new * last, which applies the last one first.

    Parameters
    ----------
    transforms : dict
        A list spec.
    spec : dict
        The new transform.
    references : mapping or sequence of dict, optional
        Shared specs, for references in either.
    java_precision : bool, optional
        As in `codecs.decode`: the Java clients read 32-bit floats where the classes do.

    Returns
    -------
    dict
        The new list spec; its last member is a leaf of the affine class, without id and labels.

    Raises
    ------
    SpecError
        The list is empty, or one of the two is not an affine, translation, rigid or similarity transform.
    """
    members = _members(transforms)
    if not members:
        raise SpecError("expected a last transform, got an empty list", path="specList")
    try:
        last = _affine_numbers(members[-1], references, java_precision)
    except SpecError as error:
        raise error.at(path=member_path(len(members) - 1)) from error
    new = _affine_numbers(spec, references, java_precision)
    leaf = {"type": "leaf", "className": AFFINE, "dataString": codecs.encode(_product(new, last))[1]}
    return _with(transforms, [*members[:-1], leaf])


EDITS: Final[Mapping[str, Callable[[Spec, Spec], Spec]]] = MappingProxyType(
    {
        "APPEND": append,
        "INSERT_AS_FIRST": insert_first,
        "INSERT_BEFORE_LAST": insert_before_last,
        "REPLACE_LAST": replace_last,
        "PRE_CONCATENATE_LAST": preconcatenate_last,
    }
)
"""By the words of the Java clients' ``--transformApplicationMethod``."""


def _members(transforms: Spec) -> list[Spec]:
    if kind_of(transforms) != "list":
        raise SpecError(f"expected a list spec, got one of type {describe(transforms.get('type'))}")
    return members_of(transforms)


def _with(transforms: Spec, members: list[Spec]) -> Spec:
    return {**transforms, "specList": members}


def _affine_numbers(spec: Spec, references: References | None, java_precision: bool) -> list[list[float]]:
    transform = to_transform(spec, references, java_precision=java_precision)
    if not isinstance(transform, (Affine, Translation, Rigid, Similarity)):
        raise SpecError(f"expected an affine, translation, rigid or similarity transform, got {describe(spec)}")
    rows: list[list[float]] = transform.matrix[:2].tolist()
    return rows


def _product(second: list[list[float]], first: list[list[float]]) -> Affine:
    """Multiply in Java's order of operations, so that the bits are those the Java clients would store."""
    (a00, a01, a02), (a10, a11, a12) = first
    return Affine([[b0 * a00 + b1 * a10, b0 * a01 + b1 * a11, b0 * a02 + b1 * a12 + b2] for b0, b1, b2 in second])
