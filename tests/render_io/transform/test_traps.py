"""Regression tests of the numbered traps of renderapi: list T of its surface, rows D of the peers' defects."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import numpy as np
import pytest

from render_io.errors import ConversionError, EstimationError, RenderError, SpecError
from render_io.transform import (
    AffineModel,
    InterpolatedTransform,
    LensCorrection,
    NonLinearCoordinateTransform,
    Polynomial2DTransform,
    ReferenceTransform,
    RigidModel,
    SimilarityModel,
    ThinPlateSplineTransform,
    Transform,
    TransformList,
    TranslationModel,
    estimate_dstpts,
    estimate_transformsum,
    load_transform_json,
)
from render_io.utils import RenderEncoder
from tests.render_io.transform.samples import FAMILY, LENS_TEXT, SQUARE, all_kinds, grid, leaf
from transforms.testing import assert_points_close

# -- Texts of the affine family ----------------------------------------------------------------------------------------


def test_T02_D02_rigid_and_similarity_texts_are_read_as_java_reads_them():
    rigid = load_transform_json(leaf(RigidModel, "0 5 6"))
    assert rigid.M.tolist() == [[1, 0, 5], [0, 1, 6], [0, 0, 1]]
    np.testing.assert_allclose(
        load_transform_json(leaf(RigidModel, "0.1 10 20")).tform([[100, 200]]), [[89.533733, 228.984175]], atol=1e-6
    )
    similarity = load_transform_json(leaf(SimilarityModel, "2 0 5 6"))
    assert similarity.M.tolist() == [[2, 0, 5], [0, 2, 6], [0, 0, 1]]
    np.testing.assert_allclose(
        load_transform_json(leaf(SimilarityModel, "0.99 0.1 10 20")).tform([[100, 200]]), [[89, 228]], atol=1e-12
    )
    assert load_transform_json(leaf(TranslationModel, "5 6")).M.tolist() == [[1, 0, 5], [0, 1, 6], [0, 0, 1]]


@pytest.mark.parametrize(
    ("kind", "text"), [(TranslationModel, "5 6"), (RigidModel, "0.3 5 6"), (SimilarityModel, "2 0.1 5 6")]
)
def test_T03_D03_constrained_models_write_their_own_text(kind, text):
    first = kind(json=leaf(kind, text))
    second = kind(json=first.to_dict())
    assert second.to_dict() == leaf(kind, text)
    second.B0 += 1
    third = kind(json=second.to_dict())
    assert len(third.dataString.split()) == len(text.split())
    assert third == second


def test_T04_D01_affine_texts_are_exact():
    for value in (1e-11, 1234567.123456789012, 1.2346e-8, -5e-324, 1e300, 0.1):
        model = AffineModel(M01=value, B0=value)
        assert load_transform_json(model.to_dict()).M.tolist() == model.M.tolist()


def test_D24_texts_with_blanks_and_of_other_lengths():
    assert load_transform_json(leaf(TranslationModel, "1   2 \n")).tform([[0, 0]]).tolist() == [[1, 2]]
    assert load_transform_json(leaf(RigidModel, "0  1 2 ")).tform([[0, 0]]).tolist() == [[1, 2]]
    for text in ("1", "1 2 3", "", "1 b", " 1 2"):  # Java refuses the leading blank, too
        with pytest.raises(SpecError, match=r"^dataString: .*two numbers tx ty"):
            TranslationModel(json=leaf(TranslationModel, text))
    with pytest.raises(SpecError, match="six numbers"):
        AffineModel(json=leaf(AffineModel, "1 0 0 1 5 6 7"))


def test_D28_polynomial_texts_are_exact():
    params = np.random.default_rng(0).normal(0, 1, (2, 21)) * 10.0 ** np.arange(-200, 220, 20)
    model = Polynomial2DTransform(params=params)
    assert load_transform_json(model.to_dict()).params.tolist() == params.tolist()


def test_D22_polynomials_of_surplus_numbers_are_read_as_java_reads_them():
    assert load_transform_json(leaf(Polynomial2DTransform, "1 2 3 4 5 6 7 8")).tform([[1, 2]]).tolist() == [[9, 21]]
    assert load_transform_json(leaf(Polynomial2DTransform, "1 2 3 4 5 6 7")).tform([[1, 2]]).tolist() == [[9, 21]]


# -- One source of truth -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FAMILY)
def test_T43_D04_D40_estimate_leaves_nothing_stale(kind):
    model = kind()
    model.estimate(SQUARE, SQUARE + [3, 4])
    assert pytest.approx((3, 4)) == (model.B0, model.B1)
    before = model.M.copy()
    model.load_M()
    np.testing.assert_array_equal(model.M, before)
    model.M00 = 5
    assert model.M[0, 0] == 5


def test_T44_objects_have_the_class_name_of_their_class():
    for kind in (
        *FAMILY,
        Polynomial2DTransform,
        NonLinearCoordinateTransform,
        LensCorrection,
        ThinPlateSplineTransform,
    ):
        assert kind().className == kind.className
        assert kind().to_dict()["className"] == kind.className
    assert LensCorrection(dataString=LENS_TEXT).className == "lenscorrection.NonLinearTransform"
    assert load_transform_json(RigidModel().to_dict()).className == RigidModel.className


def test_T42_D27_equality_is_exact_and_by_class():
    assert AffineModel(B0=1e-7) != AffineModel()
    assert AffineModel() != TranslationModel()
    assert AffineModel(B0=100000.01) != AffineModel(B0=100000)
    assert AffineModel() != str(AffineModel())
    assert hash(AffineModel(B0=1e-7)) != hash(AffineModel())
    assert TransformList([AffineModel()]) == TransformList([AffineModel()])
    assert TransformList([AffineModel()]) != TransformList([TranslationModel()])
    assert ReferenceTransform("a") == ReferenceTransform("a")
    assert InterpolatedTransform(AffineModel(), RigidModel(), 0) == InterpolatedTransform(
        AffineModel(), RigidModel(), 0
    )


def test_D43_parameters_are_copies_of_their_own():
    src, dst = SQUARE.copy(), SQUARE * 2
    spline = ThinPlateSplineTransform()
    spline.estimate(src, dst)
    src[:] = 0
    assert_points_close(spline.tform(SQUARE), SQUARE * 2)
    params = np.zeros((2, 3))
    model = Polynomial2DTransform(params=params)
    model.params[0, 0] = 1
    assert params[0, 0] == 0
    assert Polynomial2DTransform(identity=True).params.dtype == np.float64


def test_D33_lists_are_copied():
    members = [AffineModel()]
    listed = TransformList(members)
    members.append(AffineModel())
    assert len(listed.tforms) == 1


def test_D19_everything_that_can_be_made_of_nothing_is_whole():
    for made in all_kinds():
        assert (made.transformId, made.labels) == (None, None)
        again = load_transform_json(made.to_dict())
        points = np.array([[1.0, 2.0]])
        found = made.tform(points)
        np.testing.assert_allclose(found, points)
        assert not np.shares_memory(found, points)
        np.testing.assert_allclose(again.inverse_tform(points), points)
        assert repr(made)
    labelled = NonLinearCoordinateTransform(dataString=LENS_TEXT)
    assert labelled.to_dict() == leaf(NonLinearCoordinateTransform, LENS_TEXT)


def test_D31_D32_objects_can_be_shared_between_threads():
    from concurrent.futures import ThreadPoolExecutor

    model = Polynomial2DTransform(params=np.random.default_rng(0).normal(0, 1, (2, 10)))
    points = grid()
    wanted = model.tform(points)
    with ThreadPoolExecutor(4) as pool:
        assert all((found == wanted).all() for found in pool.map(model.tform, [points] * 40))


# -- Lens corrections --------------------------------------------------------------------------------------------------


def test_T10_D10_D11_lens_texts_keep_digits_and_the_order_of_width_and_height():
    text = LENS_TEXT.replace("1.5 0.25", "1103.117269905359 0.25", 1)
    lens = NonLinearCoordinateTransform(dataString=text)
    assert (lens.width, lens.height) == (100, 200)
    assert lens.beta[0, 0] == 1103.117269905359
    lens.beta[2, 0] = 7
    fields = lens.dataString.split()
    assert fields[-2:] == ["100", "200"]
    assert fields[2] == "1103.117269905359"
    assert load_transform_json(lens.to_dict()) == lens


def test_D25_lens_texts_of_other_lengths():
    with pytest.raises(SpecError, match="dataString"):
        load_transform_json(leaf(LensCorrection, "2 3 1.5 0.25 0.25 1.5 0.005 0.005 0 0 0 1 1 1 100 200 "))
    with pytest.raises(SpecError, match="dataString"):
        load_transform_json(leaf(LensCorrection, LENS_TEXT + "7"))


def test_D26_lens_corrections_are_estimated_from_nothing():
    lens = NonLinearCoordinateTransform()
    lens.estimate(SQUARE, SQUARE * 2, ndim=1)
    assert_points_close(lens.tform(SQUARE), SQUARE * 2)
    with pytest.raises(EstimationError):
        lens.estimate(SQUARE * [0, 1], SQUARE, ndim=1)


# -- Lists -------------------------------------------------------------------------------------------------------------


def test_T09_D12_nested_lists_count_in_a_sum():
    bent = Polynomial2DTransform(params=[[0, 1, 0, 1e-4, 0, 0], [0, 0, 1, 0, 0, 1e-4]], transformId="b")
    src = grid()
    for members in ([[bent]], [TransformList([bent])], [[[TransformList([TransformList([bent])])]]]):
        found = estimate_transformsum(members, src)
        assert isinstance(found, Polynomial2DTransform)
        assert_points_close(found.tform(src), bent.tform(src))
    found = estimate_transformsum([ReferenceTransform("b")], src, reference_tforms=[bent])
    assert_points_close(found.tform(src), bent.tform(src))


def test_D12b_a_translation_read_from_json_counts_as_affine():
    move = load_transform_json(leaf(TranslationModel, "5 6"))
    assert estimate_transformsum([move, move], SQUARE) == AffineModel(B0=10, B1=12)


def test_D13_lists_references_and_blends_map():
    shift = AffineModel(B0=10, transformId="s")
    blend = InterpolatedTransform(AffineModel(), shift, 0.5)
    assert blend.tform([[0, 0]]).tolist() == [[5, 0]]
    assert TransformList([blend, shift]).tform([[0, 0]]).tolist() == [[15, 0]]
    assert estimate_dstpts([blend, ReferenceTransform("s")], [[0, 0]], [shift]).tolist() == [[15, 0]]
    assert TransformList([blend, shift]).inverse_tform([[15, 0]]).tolist() == [[0, 0]]


def test_D37_cycles_empty_lists_and_no_points():
    loop = [ReferenceTransform("b", transformId="a"), ReferenceTransform("a", transformId="b")]
    with pytest.raises(RenderError, match="without a cycle"):
        estimate_dstpts([ReferenceTransform("a")], SQUARE, loop)
    found = estimate_dstpts([], SQUARE)
    assert found is not SQUARE
    assert not np.shares_memory(found, SQUARE)
    with pytest.raises(ConversionError, match="expected src"):
        estimate_dstpts([AffineModel()])


def test_D55_tuples_are_lists():
    members = (AffineModel(B0=1), (AffineModel(B0=2), [AffineModel(B0=3)]))
    assert TransformList(members).tform([[0, 0]]).tolist() == [[6, 0]]
    assert estimate_dstpts(members, [[0, 0]]).tolist() == [[6, 0]]
    assert load_transform_json(TransformList(members).to_dict()) == TransformList(members)


# -- JSON --------------------------------------------------------------------------------------------------------------


def test_T41_D36_a_missing_member_is_told_by_its_name():
    with pytest.raises(SpecError, match="dataString: expected the dataString") as caught:
        load_transform_json({"className": AffineModel.className})
    assert "Type" not in str(caught.value)
    with pytest.raises(SpecError, match=r"specList\[0\]\.className: "):
        load_transform_json({"type": "list", "specList": [{"type": "leaf", "dataString": "1"}]})


def test_meta_data_ids_and_unknown_members_of_every_kind_are_kept():
    inner = leaf(RigidModel, "0.1 5 6") | {"id": "i", "metaData": {"labels": ["l"], "more": {"a": 1}}, "unknown": [1]}
    extra = {"id": "x", "metaData": {"labels": ["m"], "note": None}, "unknown": 1.0}
    for spec in (
        inner,
        {"type": "list", "specList": [inner, inner], **extra},
        {"type": "ref", "refId": "r", **extra},
        {"type": "interpolated", "a": inner, "b": {"type": "list", "specList": [inner]}, "lambda": 0, **extra},
    ):
        loaded = load_transform_json(spec)
        assert json.dumps(loaded.to_dict()) == json.dumps(spec)
        assert loaded.labels == spec["metaData"]["labels"]
        assert loaded.transformId == spec["id"]


def test_D29_objects_and_numpy_values_are_encoded():
    listed = TransformList([AffineModel(np.float32(1.5)), ReferenceTransform("a")])
    assert json.loads(json.dumps({"t": listed}, cls=RenderEncoder)) == {"t": listed.to_dict()}


def test_D35_unknown_classes_fail_with_a_typed_error_when_they_are_applied():
    unknown = load_transform_json({"className": "a.b.C", "dataString": "whatever"})
    assert type(unknown) is Transform
    with pytest.raises(SpecError, match=r"'a\.b\.C' with 'whatever'"):
        unknown.tform(SQUARE)
    with pytest.raises(SpecError, match=r"'a\.b\.C' with 'whatever'"):
        estimate_dstpts([AffineModel(), unknown], SQUARE)


def test_D51_spline_texts_are_checked():
    text = ThinPlateSplineTransform().dataString
    for bad in ("ThinPlateSplineR2LogR 2", text.replace(" 2 ", " two "), "ThinPlateSplineR2LogR 3 0 null @", ""):
        with pytest.raises(SpecError, match=r"^dataString: "):
            load_transform_json(leaf(ThinPlateSplineTransform, bad))
    spline = ThinPlateSplineTransform()
    spline.estimate(SQUARE, SQUARE * 2)
    assert ThinPlateSplineTransform(spline.dataString) == spline
    for count in (" 1 ", " 4 ", " 6 "):
        with pytest.raises(SpecError):
            ThinPlateSplineTransform(dataString=spline.dataString.replace(" 5 ", count))


def test_D52_asorder_drops_nothing_and_force_polynomial_says_that_it_does_nothing():
    model = Polynomial2DTransform(identity=True, labels=["l"], transformId="i")
    assert (model.asorder(2).labels, model.asorder(2).transformId) == (["l"], "i")
    with pytest.warns(UserWarning, match="force_polynomial=False has no effect"):
        Polynomial2DTransform(identity=True, force_polynomial=False)


def test_D53_a_solver_reads_similarities_rightly():
    class Solver(AffineModel):
        def __init__(self, transform):
            super().__init__(json=transform.to_dict())

    solver = Solver(load_transform_json(leaf(SimilarityModel, "0.95 0.3 5 6")))
    assert solver.M.tolist() == [[0.95, -0.3, 5], [0.3, 0.95, 6], [0, 0, 1]]


def test_D56_splines_without_affine_part_and_of_other_arrays():
    src = np.asfortranarray(grid(4).astype(np.float32))
    spline = ThinPlateSplineTransform()
    spline.estimate(src, src * 1.25, computeAffine=False)
    assert_points_close(spline.tform(src), src * 1.25, 1e-8)


# -- The package -------------------------------------------------------------------------------------------------------


def test_T36_D45_D46_importing_has_no_side_effects():
    code = (
        "import logging, sys; before = list(logging.root.handlers); import render_io.transform;"
        "made = [h for l in logging.root.manager.loggerDict.values() for h in getattr(l, 'handlers', ())"
        " if type(h) is logging.StreamHandler];"
        "print(before == logging.root.handlers, made, 'requests' in sys.modules, 'PIL' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "True [] False False"
    assert run.stderr == ""
    assert not [name for name in logging.root.manager.loggerDict if name.startswith("render_io.transform")]


def test_names_are_where_renderapi_has_them():
    import render_io

    flat = render_io.transform
    for path in (
        "leaf.AffineModel",
        "leaf.affine_models.RigidModel",
        "leaf.common.calc_first_order_properties",
        "leaf.polynomial_models.LensCorrection",
        "leaf.thin_plate_spline.ThinPlateSplineTransform",
        "leaf.transform.Transform",
        "leaf.utils.load_leaf_json",
        "transform.TransformList",
        "transform.load_transform_json",
        "utils.estimate_dstpts",
        "utils.estimate_transformsum",
    ):
        found = flat
        for part in path.split("."):
            found = getattr(found, part)
        assert found is getattr(flat, path.rpartition(".")[2])
    for name in flat.__all__:
        assert getattr(flat, name).__doc__
