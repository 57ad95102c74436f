"""Transform specs of every kind and class, with members that nobody knows."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from render_io import specs
from render_io.codecs import names
from render_io.transform.leaf.lens import SEED_NAME
from tests.render_io.documents import values
from transforms import Inverse, LensCorrection, MovingLeastSquares
from transforms import testing as maths

CLASSES = [kind for kind in maths.STRATEGIES if kind is not Inverse]
"""Classes of transforms that can be written."""

_OTHER_NAMES = {LensCorrection: [*names.LENS_ALIASES, SEED_NAME], MovingLeastSquares: [names.MLS2]}

KNOWN = {"type", "className", "dataString", "id", "metaData", "specList", "a", "b", "lambda", "refId"}
meta = st.fixed_dictionaries({}, optional={"labels": st.lists(st.text(max_size=3), max_size=3), "other": values})


def decorated(spec: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A spec with id, meta data and unknown members, all in any order."""
    known = st.fixed_dictionaries({}, optional={"id": st.text(max_size=4), "metaData": meta | st.none()})
    unknown = st.dictionaries(st.text(max_size=6).filter(lambda key: key not in KNOWN), values, max_size=2)
    merged = st.builds(lambda a, b: {**a, **spec, **b}, known, unknown)
    return merged.flatmap(lambda members: st.permutations(list(members.items())).map(dict))


def _renamed(spec: dict[str, Any], kind: type) -> st.SearchStrategy[dict[str, Any]]:
    others = [{**spec, "className": name} for name in _OTHER_NAMES.get(kind, [])]
    return st.sampled_from([spec, *others])


def _untyped(spec: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    bare = {name: value for name, value in spec.items() if name != "type"}
    return st.sampled_from([spec, bare]) if spec["type"] == "leaf" else st.just(spec)


def specs_of(kind: type) -> st.SearchStrategy[dict[str, Any]]:
    """Specs of the transforms of one class, under any of its names."""
    plain = maths.transforms_of(kind).map(specs.from_transform)
    named = plain.flatmap(lambda spec: _renamed(spec, kind)).flatmap(_untyped)
    return named.flatmap(decorated)


generic = st.fixed_dictionaries(
    {"className": st.sampled_from(["a.b.C", names.AFFINE_3D]), "dataString": st.text(max_size=8)}
).flatmap(decorated)
references = st.fixed_dictionaries({"type": st.just("ref"), "refId": st.text(max_size=4)}).flatmap(decorated)
leaves = st.sampled_from(CLASSES).flatmap(specs_of) | generic | references


def _composite(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    lists = st.fixed_dictionaries({"type": st.just("list"), "specList": st.lists(inner, max_size=3)})
    weights = st.floats(-2, 2) | st.integers(-1, 2) | st.sampled_from(["0.25", "NaN", "1d"])
    blends = st.fixed_dictionaries({"type": st.just("interpolated"), "a": inner, "b": inner, "lambda": weights})
    return (lists | blends | st.just({"type": "list"})).flatmap(decorated)


any_specs = st.recursive(leaves, _composite, max_leaves=4)
"""Specs of any kind, nested."""
