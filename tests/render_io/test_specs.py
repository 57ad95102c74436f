"""Transform specs: building, references, paths of errors, and the way back."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io import codecs, specs
from render_io.codecs import names
from render_io.errors import ConversionError, SpecError
from tests.shared import golden_cases
from transforms import Affine, Interpolated, TransformList, Translation

AFFINE = {"type": "leaf", "className": names.AFFINE, "dataString": "1 0 0 1 5 6"}
POINTS = np.array([[0.0, 0.0], [100.0, 200.0], [-7.5, 3.25]])


def leaf(tx: float, **more):
    return {"type": "leaf", "className": names.AFFINE, "dataString": f"1 0 0 1 {tx} 0", **more}


def as_sets(value):
    """Labels are sets: compare them without order."""
    if isinstance(value, dict):
        return {k: frozenset(v) if k == "labels" else as_sets(v) for k, v in value.items()}
    return [as_sets(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", golden_cases("TransformSpecs", kind="spec"))
def test_specs_as_java(case):
    spec, references = case["spec"], case.get("refs", [])
    before = copy.deepcopy((spec, references))
    if "isFullyResolved" not in case:
        with pytest.raises(SpecError):
            specs.is_fully_resolved(specs.resolve_once(spec, references, inside_targets=True))
        with pytest.raises(SpecError):
            specs.to_transform(spec, references)
        return
    resolved = specs.resolve_once(spec, references, inside_targets=True)
    assert specs.is_fully_resolved(resolved) == case["isFullyResolved"]
    assert sorted(specs.unresolved_ids(resolved)) == sorted(case.get("unresolvedIds", []))
    if "error" in case:
        with pytest.raises(SpecError):
            specs.validate(resolved)
    else:
        specs.validate(resolved)
        assert specs.instance_class(resolved) == case["instanceClass"]
        assert as_sets(specs.canonical(specs.flatten(resolved))) == as_sets(case["flattened"])
        points, expected = np.array(case["points"]), np.array(case["forward"])
        for candidate in (spec, resolved, specs.flatten(resolved), specs.resolve(spec, references)):
            mapped = specs.to_transform(candidate, references, java_precision=True).apply(points)
            np.testing.assert_allclose(mapped, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    assert (spec, references) == before


def test_references_to_references_are_followed():
    shared = [{"type": "ref", "id": "alias", "refId": "a"}, {**AFFINE, "id": "a"}]
    assert specs.to_transform({"type": "ref", "refId": "alias"}, shared) == Affine([[1, 0, 5], [0, 1, 6]])
    assert specs.resolve({"type": "ref", "refId": "alias"}, shared) == {**AFFINE, "id": "a"}
    by_id = {spec["id"]: spec for spec in shared}
    assert specs.to_transform({"type": "ref", "refId": "alias"}, by_id) == Affine([[1, 0, 5], [0, 1, 6]])


def test_D37_cyclic_references_are_refused():
    shared = [
        {"type": "ref", "id": "a", "refId": "b"},
        {"type": "list", "id": "b", "specList": [AFFINE, {"type": "ref", "refId": "a"}]},
    ]
    for act in (specs.to_transform, specs.resolve):
        with pytest.raises(SpecError, match="a -> b -> a") as caught:
            act({"type": "list", "specList": [{"type": "ref", "refId": "a"}]}, shared)
        assert caught.value.path == "specList[0].refId(a).refId(b).specList[1].refId"
    with pytest.raises(SpecError, match="b -> b"):
        specs.resolve_once(
            {"type": "ref", "refId": "b"},
            [{"type": "list", "id": "b", "specList": [{"type": "ref", "refId": "b"}]}],
            inside_targets=True,
        )


def test_the_same_reference_twice_is_no_cycle():
    twice = {"type": "list", "specList": [{"type": "ref", "refId": "a"}] * 2}
    built = specs.to_transform(twice, [{**AFFINE, "id": "a"}])
    assert isinstance(built, TransformList)
    assert built.transforms[0] is built.transforms[1]


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        ({"type": "list", "specList": [AFFINE, {"type": "ref", "refId": "nope"}]}, "specList[1].refId", "'nope'"),
        ({"type": "list", "specList": [AFFINE, None]}, "specList[1]", "got null"),
        ({"type": "list", "specList": None}, "specList", "got null"),
        ({"type": "list", "specList": {"0": AFFINE}}, "specList", "expected an array"),
        ({"type": "interpolated", "a": AFFINE, "b": AFFINE}, "lambda", "expected a number, got null"),
        ({"type": "interpolated", "a": AFFINE, "b": AFFINE, "lambda": True}, "lambda", "got True"),
        ({"type": "interpolated", "a": AFFINE, "b": AFFINE, "lambda": "x"}, "lambda", "got 'x'"),
        ({"type": "interpolated", "b": AFFINE, "lambda": 0.5}, "a", "got none"),
        ({"type": "interpolated", "a": AFFINE, "b": {"type": "ref"}, "lambda": 0.5}, "b.refId", "got null"),
        ({"dataString": "1 0 0 1 0 0"}, "className", "className"),
        ({"className": names.AFFINE}, "dataString", "got null"),
        ({"className": names.AFFINE, "dataString": ["1"]}, "dataString", r"got \['1'\]"),
        ({"type": "bogus"}, "className", "'bogus' counts as leaf"),
        ({"className": names.AFFINE, "dataString": "1 0 0 1 5"}, "dataString", "got 5 instead of 6 fields"),
        ([AFFINE], None, "expected a transform spec"),
        (None, None, "got null"),
    ],
)
def test_errors_name_the_json_path(spec, path, message):
    with pytest.raises(SpecError, match=message) as caught:
        specs.to_transform(spec)
    assert caught.value.path == path


def test_errors_inside_references_name_the_reference():
    shared = {"lens1": {"type": "leaf", "className": names.LENS, "dataString": "1 3"}}
    with pytest.raises(SpecError) as caught:
        specs.to_transform({"type": "list", "specList": [{"type": "ref", "refId": "lens1"}]}, shared)
    assert caught.value.path == "specList[0].refId(lens1).dataString"


def test_D35_D36_an_unknown_class_keeps_its_text_and_raises_when_applied():
    spec = {"type": "leaf", "className": "no.such.Model", "dataString": "whatever 1 2"}
    opaque = specs.to_transform({"type": "list", "specList": [spec, AFFINE]})
    with pytest.raises(SpecError, match=r"no\.such\.Model"):
        opaque.apply(POINTS)
    with pytest.raises(SpecError, match=r"no\.such\.Model"):
        opaque.apply_inverse(POINTS)
    with pytest.raises(SpecError, match=r"no\.such\.Model"):
        opaque.jacobian(POINTS)
    assert specs.from_transform(opaque)["specList"][0] == spec
    with pytest.raises(SpecError) as caught:
        specs.validate({"type": "list", "specList": [spec]})
    assert caught.value.path == "specList[0].className"


def test_numbers_for_texts_are_taken_as_the_service_does():
    spec = {"className": names.POLYNOMIAL, "dataString": 5.5}
    with pytest.raises(SpecError, match=r"'5\.5'"):
        specs.to_transform(spec)


def test_nesting_without_end_is_refused():
    spec = AFFINE
    for _ in range(20_000):
        spec = {"type": "list", "specList": [spec]}
    for act in (specs.to_transform, specs.validate, specs.flatten, specs.is_fully_resolved, specs.canonical):
        with pytest.raises(SpecError, match="nested too deeply"):
            act(spec)
    with pytest.raises(SpecError, match="nested too deeply"):
        specs.resolve(spec, {})


def test_shared_leaves_are_decoded_once_with_a_cache():
    cache: specs.Cache = {}
    tiles = [{"type": "list", "specList": [AFFINE, leaf(i)]} for i in range(3)]
    built = [specs.to_transform(tile, cache=cache) for tile in tiles]
    assert len(cache) == 4
    assert all(t.transforms[0] is built[0].transforms[0] for t in built)


def test_references_must_be_specs():
    with pytest.raises(SpecError) as caught:
        specs.to_transform(AFFINE, [AFFINE, "lens1"])
    assert caught.value.path == "[1]"
    with pytest.raises(SpecError, match="by id or as a sequence"):
        specs.to_transform(AFFINE, "lens1")


def test_D12_interpolated_and_lists_go_both_ways():
    transform = TransformList(
        [
            Affine([[1, 0, 0.1], [0, 1, 1e-7]]),
            Interpolated(Translation([0.5, 2]), TransformList([Affine.identity()]), 0.25),
            TransformList([]),
        ]
    )
    spec = specs.from_transform(transform, spec_id="t1", labels=["a", "b", "a"])
    assert (spec["type"], spec["id"], spec["metaData"]) == ("list", "t1", {"labels": ["a", "b"]})
    assert specs.to_transform(spec) == transform
    with pytest.raises(ConversionError):
        specs.from_transform(transform.transforms[1].inverse())


@given(st.floats())
def test_any_weight_survives(weight):
    transform = Interpolated(Translation([0, 0]), Translation([1, 1]), weight)
    again = specs.to_transform(specs.from_transform(transform))
    assert again == transform or np.isnan(weight)


def test_a_class_can_be_asked_for():
    exact = Translation([0.1, 0.2])
    assert specs.from_transform(exact, names.TRANSLATION)["dataString"] == "0.1 0.2"
    assert specs.from_transform(exact)["className"] == names.AFFINE
    assert codecs.encode(Translation([0.5, 2]))[0] == names.TRANSLATION
