"""Specs in, objects, specs out: nothing is lost, nothing is touched that was not changed."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render_io import codecs, specs
from render_io.errors import SpecError
from render_io.transform import (
    AffineModel,
    InterpolatedTransform,
    ReferenceTransform,
    Transform,
    TransformList,
    leaf,
    load_leaf_json,
    load_transform_json,
)
from render_io.transform.leaf.lens import SEED_NAME
from render_io.transform.leaf.utils import LEAF_CLASSES
from tests.render_io.documents import exactly
from tests.render_io.transform.strategies import CLASSES, any_specs, specs_of
from tests.shared import golden, golden_names
from transforms import Interpolated, LensCorrection
from transforms import TransformList as MathsList


def golden_leaves():
    for name in golden_names():
        for case in golden(name):
            if case["kind"] == "transform" and "className" in case:
                yield {"type": "leaf", "className": case["className"], "dataString": case["dataString"]}


@given(any_specs)
def test_any_spec_comes_back_exactly(spec):
    before = exactly(spec)
    loaded = load_transform_json(spec)
    assert exactly(loaded.to_dict()) == before == exactly(spec)
    assert exactly(load_transform_json(loaded.to_dict()).to_dict()) == before


@given(any_specs)
def test_copies_are_equal_and_independent(spec):
    loaded = load_transform_json(spec)
    for other in (copy.deepcopy(loaded), pickle.loads(pickle.dumps(loaded)), load_transform_json(spec)):
        assert other == loaded
        assert hash(other) == hash(loaded)
        assert exactly(other.to_dict()) == exactly(spec)
        assert type(other) is type(loaded)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_every_class_stands_for_its_transform(kind, data):
    spec = data.draw(specs_of(kind))
    loaded = load_transform_json(spec)
    known = {**spec, "className": "lenscorrection.NonLinearTransform"} if kind is LensCorrection else spec
    assert loaded.transform == specs.to_transform(known)
    assert loaded.transform is loaded.transform or kind in (Interpolated, MathsList)
    points = np.random.default_rng(0).uniform(0, 2000, (5, 2))
    np.testing.assert_array_equal(loaded.tform(points), loaded.transform.apply(points))


def test_every_golden_text_is_loaded_and_kept():
    count = 0
    for spec in golden_leaves():
        loaded = load_transform_json(spec)
        assert loaded.to_dict() == spec
        assert loaded.transform == codecs.decode(spec["className"], spec["dataString"])
        count += 1
    assert count > 100


def test_every_codec_of_the_plane_has_a_class():
    generic = {name for name in codecs.CODECS if name not in LEAF_CLASSES}
    assert {name.rpartition(".")[2] for name in generic} == {
        "AffineModel3D", "TranslationModel3D", "CoordinateTransformList", "InvertibleCoordinateTransformList",
    }  # fmt: skip
    for name, kind in LEAF_CLASSES.items():
        assert issubclass(kind, Transform)
        assert getattr(leaf, kind.__name__) is kind
        assert name in (kind.className, "lenscorrection.NonLinearTransformDeleteMe")


@given(specs_of(LensCorrection))
def test_members_beyond_the_labels_survive_a_change(spec):
    loaded = load_transform_json(spec)
    loaded.labels = ["new"]
    loaded.transformId = np.str_("n")
    written = loaded.to_dict()
    assert written["metaData"] == {**(spec.get("metaData") or {}), "labels": ["new"]}
    assert written["id"] == "n"
    untouched = {name: value for name, value in spec.items() if name not in ("id", "metaData")}
    assert {name: value for name, value in written.items() if name not in ("id", "metaData")} == untouched
    loaded.labels = loaded.transformId = None
    assert "id" not in loaded.to_dict()
    assert "labels" not in (loaded.to_dict().get("metaData") or {})


def test_a_new_object_is_written_as_the_seed_writes_it():
    model = AffineModel(1, 2, 3, 4, 5, 6, transformId="i", labels=["l"])
    assert exactly(model.to_dict()) == exactly(
        {
            "type": "leaf",
            "className": "mpicbg.trakem2.transform.AffineModel2D",
            "dataString": "1.0 3.0 2.0 4.0 5.0 6.0",
            "id": "i",
            "metaData": {"labels": ["l"]},
        }
    )
    assert "metaData" not in AffineModel().to_dict()
    assert "id" not in AffineModel().to_dict()


def test_a_changed_text_is_canonical_and_an_old_one_comes_back():
    spec = {"className": AffineModel.className, "dataString": "1 0  0 1 5.50 7", "more": [1]}
    model = load_transform_json(spec)
    assert model.dataString == "1 0  0 1 5.50 7"
    model.M[0, 2] += 5
    assert model.to_dict() == {**spec, "dataString": "1.0 0.0 0.0 1.0 10.5 7.0"}
    model.M[0, 2] = 5.5
    assert model.to_dict() == spec
    model.dataString = "1 0 0 1 1 1"
    assert model.B0 == 1.0
    assert model.to_dict() == {**spec, "dataString": "1 0 0 1 1 1"}


def test_numbers_in_place_of_texts_are_taken_and_kept():
    spec = {"className": "a.B", "dataString": 5}
    loaded = load_transform_json(spec)
    assert loaded.dataString == "5"
    assert exactly(loaded.to_dict()) == exactly(spec)


def test_written_specs_are_safe_json_after_numpy_scalars():
    model = AffineModel()
    model.M00 = np.float32(0.1)
    blend = InterpolatedTransform(model, AffineModel(), np.float32(0.25))
    listed = TransformList([blend, ReferenceTransform(np.str_("r"))], transformId=np.str_("t"), labels=[np.str_("l")])
    again = json.loads(json.dumps(listed.to_dict()))
    assert again == json.loads(listed.to_json())
    assert load_transform_json(again) == listed


REF = {"type": "ref", "refId": "a"}


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        (None, "expected a transform spec"),
        ([], "expected a transform spec"),
        ({"type": "liszt"}, "type: expected one of the types leaf, list, ref, interpolated, got 'liszt'"),
        ({"type": []}, "type: expected one of the types"),
        ({"className": AffineModel.className}, "dataString: expected the dataString of a leaf"),
        ({"dataString": "1 2"}, "className: expected the className of a leaf"),
        ({"className": AffineModel.className, "dataString": "1 0 0 1 5"}, "^dataString: .*six numbers"),
        ({"className": AffineModel.className, "dataString": "nan 0 0 1 5 6"}, "^dataString: "),
        ({"type": "ref"}, "refId: expected the id"),
        ({"type": "list", "specList": 5}, "specList: expected an array"),
        ({"type": "list", "specList": [REF, 5]}, r"specList\[1\]: expected a transform"),
        ({"type": "interpolated", "a": REF}, "b: expected a transform spec"),
        (
            {"type": "interpolated", "a": REF, "b": {"type": "list", "specList": [{}]}, "lambda": 1},
            r"b\.specList\[0\]\.className",
        ),
        (
            {"type": "interpolated", "a": REF, "b": REF, "lambda": None},
            "lambda: expected a number",
        ),
    ],
)
def test_malformed_specs_are_refused_with_their_place(spec, match):
    with pytest.raises(SpecError, match=match):
        load_transform_json(spec)


def test_specs_nested_without_end_are_refused():
    spec = {"type": "list", "specList": []}
    for _ in range(3000):
        spec = {"type": "list", "specList": [spec]}
    with pytest.raises(SpecError, match="deep"):
        load_transform_json(spec)


def test_the_default_type_is_for_specs_without_one():
    assert load_transform_json({"refId": "a"}, "ref") == ReferenceTransform("a")
    assert load_transform_json({"refId": "a"}, default_type="ref").to_dict() == {"refId": "a", "type": "ref"}
    assert load_transform_json({"type": "ref", "refId": "a"}, "list") == ReferenceTransform("a")
    with pytest.raises(SpecError, match="expected the type leaf, got 'ref'"):
        load_leaf_json({"type": "ref", "refId": "a"})


def test_a_leaf_of_another_class_is_refused():
    with pytest.raises(SpecError, match="expected AffineModel of class"):
        AffineModel(json={"className": "mpicbg.trakem2.transform.PolynomialTransform2D", "dataString": "1 2 3 4 5 6"})


def test_leaves_of_more_dimensions_keep_their_text():
    text = "affine 3 1 1 2 3 4 5 6 7"
    spec = {"className": "mpicbg.trakem2.transform.MovingLeastSquaresTransform", "dataString": text}
    loaded = load_transform_json(spec)
    assert type(loaded) is Transform
    assert loaded.to_dict() == spec
    with pytest.raises(SpecError, match="expected the class of a known map of the plane"):
        loaded.tform([[1, 2]])


def test_an_incomplete_leaf_is_not_written():
    with pytest.raises(SpecError, match="className: "):
        Transform(dataString="1").to_dict()
    with pytest.raises(SpecError, match="dataString: "):
        Transform("a.B").to_dict()


def test_a_name_that_java_does_not_know_is_kept_but_not_spread():
    lens = leaf.NonLinearTransform()
    assert lens.className == "mpicbg.trakem2.transform.NonLinearCoordinateTransform"
    spec = {**lens.to_dict(), "className": SEED_NAME}
    loaded = load_transform_json(spec)
    assert type(loaded) is leaf.NonLinearTransform
    loaded.width = 5
    assert loaded.to_dict()["className"] == SEED_NAME == leaf.NonLinearTransform.className
