"""Lists, labels and the parts that matter for matching."""

from __future__ import annotations

import copy

import pytest

from render_io import specs
from render_io.errors import SpecError
from tests.render_io.test_specs import AFFINE, as_sets, leaf
from tests.shared import golden_cases


@pytest.mark.parametrize("case", golden_cases("ListOps", kind="listops"))
def test_list_operations_as_java(case):
    spec, args = case["spec"], case["args"]
    before = copy.deepcopy(spec)
    filtered = spec
    if "excludeAfterLastLabels" in args:
        filtered = specs.exclude_after_last_labels(filtered, args["excludeAfterLastLabels"])
    if "excludeFirstAndAllAfterLabels" in args:
        filtered = specs.exclude_first_and_all_after_labels(filtered, args["excludeFirstAndAllAfterLabels"])
    assert as_sets(specs.flatten(filtered)) == as_sets(case["filtered"])
    assert as_sets(specs.post_match(spec)) == as_sets(case["postMatch"])
    assert as_sets(specs.last_transform(spec)) == as_sets(case["last"])
    assert specs.has_label(spec, "montage") == case["hasLabel_montage"]
    assert spec == before


def test_labels_of_a_list_go_to_what_it_contributes():
    inner = {"type": "list", "metaData": {"labels": ["inner"], "note": 1}, "specList": [leaf(1, extra="kept")]}
    blend = {"type": "interpolated", "id": "i", "a": {"type": "list", "specList": []}, "b": inner, "lambda": 0.5}
    outer = {"type": "list", "id": "o", "metaData": {"labels": ["outer"]}, "specList": [inner, leaf(2), blend]}
    first, second, third = specs.flatten(outer)["specList"]
    assert first["metaData"]["labels"] == ["inner", "outer"]
    assert first["extra"] == "kept"
    assert second["metaData"]["labels"] == ["outer"]
    assert third["metaData"]["labels"] == ["outer"]
    assert third["id"] == "i"
    assert third["a"] == {"type": "list", "specList": []}
    assert third["b"]["metaData"]["labels"] == ["inner"]
    assert "metaData" not in inner["specList"][0]


def test_an_interpolated_spec_speaks_only_for_itself():
    inside = leaf(1, metaData={"labels": ["lens"]})
    blend = {"type": "interpolated", "a": inside, "b": AFFINE, "lambda": 0.5}
    assert specs.has_label(inside, "lens")
    assert not specs.has_label(blend, "lens")
    assert specs.has_label({"type": "list", "specList": [AFFINE, inside]}, "lens")


def test_unresolved_references_have_neither_labels_nor_members():
    spec = {"type": "list", "specList": [AFFINE, {"type": "ref", "refId": "x"}]}
    for act in (specs.flatten, specs.post_match, lambda s: specs.has_label(s, "lens")):
        with pytest.raises(SpecError, match="'x'"):
            act(spec)
    assert specs.last_transform(spec) == {"type": "ref", "refId": "x"}


def test_last_transform_needs_a_list():
    assert specs.last_transform({"type": "list"}) is None
    with pytest.raises(SpecError, match="expected a list spec"):
        specs.last_transform(AFFINE)


def test_malformed_labels_are_refused():
    with pytest.raises(SpecError) as caught:
        specs.flatten({"type": "list", "metaData": {"labels": "lens"}, "specList": [AFFINE]})
    assert caught.value.path == "metaData.labels"


def test_canonical_form_is_that_of_the_service():
    spec = {
        "type": "list",
        "id": "l",
        "stray": 1,
        "specList": [
            {"className": "c", "dataString": 5, "foo": 1, "metaData": {"labels": [], "other": 2}},
            {"type": "interpolated", "a": AFFINE, "lambda": "0.25", "lambda_": 3},
            {"type": "ref", "refId": "r", "className": "dropped"},
            None,
        ],
    }
    assert specs.canonical(spec) == {
        "type": "list",
        "id": "l",
        "specList": [
            {"type": "leaf", "metaData": {"labels": []}, "className": "c", "dataString": "5"},
            {"type": "interpolated", "a": AFFINE, "lambda": 0.25},
            {"type": "ref", "refId": "r"},
            None,
        ],
    }
