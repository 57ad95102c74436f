"""Lists, blends and references, and points through them."""

from __future__ import annotations

import numpy as np
import pytest

import transforms
from render_io.errors import ConversionError, EstimationError, RenderError, SpecError
from render_io.transform import (
    AffineModel,
    InterpolatedTransform,
    NonLinearCoordinateTransform,
    Polynomial2DTransform,
    ReferenceTransform,
    RigidModel,
    ThinPlateSplineTransform,
    Transform,
    TransformList,
    TranslationModel,
    estimate_dstpts,
    estimate_transformsum,
)
from tests.render_io.transform.samples import grid
from transforms import testing

SHIFT = AffineModel(B0=10, B1=20)
DOUBLE = AffineModel(2, 0, 0, 2, transformId="double")
BENT = Polynomial2DTransform(params=[[0, 1, 0, 1e-4, 0, 0], [0, 0, 1, 0, 0, 1e-4]], transformId="bent")
OFFSET = np.array([10.0, 20.0])
POINTS = np.array([[1.0, 2.0], [30.0, 40.0]])


# -- Objects -----------------------------------------------------------------------------------------------------------


def test_a_list_applies_its_members_in_order():
    listed = TransformList([SHIFT, [DOUBLE, {"type": "list", "specList": [SHIFT.to_dict()]}]], labels=["l"])
    np.testing.assert_array_equal(listed.tform(POINTS), (POINTS + OFFSET) * 2 + OFFSET)
    np.testing.assert_allclose(listed.inverse_tform(listed.tform(POINTS)), POINTS)
    assert isinstance(listed.transform, transforms.TransformList)
    assert listed.to_dict() == {
        "type": "list",
        "specList": [SHIFT.to_dict(), TransformList([DOUBLE, TransformList([SHIFT])]).to_dict()],
        "metaData": {"labels": ["l"]},
    }
    assert listed == TransformList([SHIFT, TransformList([DOUBLE, [SHIFT]])])
    assert listed != TransformList([SHIFT, DOUBLE, SHIFT])
    listed.tforms.append(BENT)
    np.testing.assert_array_equal(listed.tform(POINTS), BENT.tform(listed.tforms[0].tform(POINTS) * 2 + OFFSET))


def test_a_list_of_nothing_is_the_identity_on_a_new_array():
    found = TransformList().tform(POINTS)
    np.testing.assert_array_equal(found, POINTS)
    assert found is not POINTS
    empty = TransformList(transformId="x")
    assert empty.from_dict(None) == [] == empty.tforms
    assert empty.transformId is None
    assert empty.to_dict() == {"type": "list"}
    loaded = TransformList()
    assert loaded.from_dict({"specList": [SHIFT.to_dict()]}) is loaded.tforms


@pytest.mark.parametrize("wrong", ["abc", 5, {"type": "list"}, SHIFT])
def test_what_is_no_list_is_refused(wrong):
    with pytest.raises(RenderError, match="expected transforms as a list"):
        TransformList(wrong)


def test_a_blend():
    blend = InterpolatedTransform(SHIFT, DOUBLE, 0.25, transformId="i", labels=["l"])
    expected = 0.75 * (POINTS + OFFSET) + 0.25 * (POINTS * 2)
    np.testing.assert_allclose(blend.tform(POINTS), expected, rtol=1e-15)
    np.testing.assert_allclose(blend.inverse_tform(expected), POINTS)
    assert dict(blend) == blend.to_dict()
    assert list(blend.to_dict()) == ["type", "a", "b", "lambda", "id", "metaData"]
    assert blend == InterpolatedTransform(SHIFT, DOUBLE, np.float64(0.25))
    assert blend != InterpolatedTransform(SHIFT, DOUBLE, 0.5)
    blend.a.M[0, 2] = 10  # no change
    blend.lambda_ = 0
    np.testing.assert_array_equal(blend.tform(POINTS), SHIFT.tform(POINTS))
    nested = InterpolatedTransform([SHIFT, DOUBLE], blend, 0.5)
    np.testing.assert_allclose(nested.tform(POINTS), (POINTS + OFFSET) * 1.5)
    with pytest.raises(SpecError, match="a: expected a transform, got none"):
        InterpolatedTransform(None, SHIFT, 0.5).to_dict()
    with pytest.raises(SpecError, match="lambda: expected a number"):
        InterpolatedTransform(SHIFT, SHIFT).tform(POINTS)


@pytest.mark.parametrize(("text", "weight"), [("0.25", 0.25), ("NaN", np.nan), (1, 1)])
def test_a_weight_is_kept_as_it_came(text, weight):
    spec = InterpolatedTransform(SHIFT, DOUBLE, 0.5).to_dict() | {"lambda": text}
    blend = InterpolatedTransform(json=spec)
    np.testing.assert_equal(blend.lambda_, weight)
    assert blend.to_dict() == spec
    blend.lambda_ = np.inf
    assert blend.to_dict()["lambda"] == "Infinity"


def test_a_reference():
    reference = ReferenceTransform("double")
    assert reference.to_dict() == dict(reference) == {"type": "ref", "refId": "double"}
    assert reference == ReferenceTransform(json={"type": "ref", "refId": "double"})
    assert reference != ReferenceTransform("other")
    assert reference != DOUBLE
    assert (reference.transformId, repr(reference)) == (None, "ReferenceTransform('double')")
    for use in (reference.tform, reference.inverse_tform, TransformList([reference]).tform):
        with pytest.raises(RenderError, match="expected reference_tforms to follow a reference to 'double'"):
            use(POINTS)


# -- Points through lists ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shared",
    [[BENT, DOUBLE], (DOUBLE, ReferenceTransform("x")), {"double": DOUBLE}, [DOUBLE.to_dict()], iter([DOUBLE])],
    ids=["list", "tuple", "mapping", "specs", "iterator"],
)
def test_references_are_followed(shared):
    members = [SHIFT, [ReferenceTransform("double")], TransformList([ReferenceTransform("double")])]
    found = estimate_dstpts(members, POINTS, shared)
    np.testing.assert_array_equal(found, (POINTS + OFFSET) * 4)


def test_references_are_followed_to_references_and_in_branches():
    shared = [DOUBLE, TransformList([ReferenceTransform("double"), SHIFT], transformId="list"),
              ReferenceTransform("list", transformId="ref")]  # fmt: skip
    expected = POINTS * 2 + OFFSET
    np.testing.assert_array_equal(estimate_dstpts([ReferenceTransform("ref")], POINTS, shared), expected)
    blend = InterpolatedTransform(SHIFT, ReferenceTransform("ref"), 1.0)
    np.testing.assert_array_equal(estimate_dstpts([blend], POINTS, shared), expected)
    assert estimate_transformsum([blend, ReferenceTransform("ref")], POINTS, 0, shared).order == 0
    product = estimate_transformsum([ReferenceTransform("ref")], reference_tforms=shared)
    assert product == AffineModel(2, 0, 0, 2, 10, 20)


def test_references_that_can_not_be_followed():
    shared = [TransformList([ReferenceTransform("b")], transformId="a"), ReferenceTransform("a", transformId="b")]
    for references, match in (
        (None, "expected reference_tforms"),
        ([DOUBLE], "expected the id of one of 1 shared transform specs, got 'a'"),
        (shared, "without a cycle, got a -> b -> a"),
    ):
        for members in ([ReferenceTransform("a")], [InterpolatedTransform(SHIFT, [ReferenceTransform("a")], 0.5)]):
            with pytest.raises(RenderError, match=match):
                estimate_dstpts(members, POINTS, references)
            with pytest.raises(RenderError, match=match):
                estimate_transformsum(members, POINTS, reference_tforms=references)


@pytest.mark.parametrize("members", [[], (), TransformList(), SHIFT.transform.identity(), [[]]])
def test_points_come_back_in_an_array_of_their_own(members):
    found = estimate_dstpts(members, POINTS)
    np.testing.assert_array_equal(found, POINTS)
    assert not np.shares_memory(found, POINTS)
    integers = estimate_dstpts(members, [[1, 2]])
    assert integers.dtype == np.float64


def test_anything_with_a_tform_is_a_transform():
    class Mirror:
        def tform(self, points):
            return -points

    class Slow(AffineModel):
        def tform(self, points):
            return super().tform(points) + 1

    members = [Mirror(), Slow(), SHIFT.transform, SHIFT.to_dict()]
    np.testing.assert_array_equal(estimate_dstpts(members, POINTS), -POINTS + 1 + [20, 40])
    np.testing.assert_array_equal(estimate_dstpts(Slow(), POINTS), POINTS + 1)


def test_what_is_none_is_told():
    with pytest.raises(RenderError, match=r"\[1\]: expected a transform, got int"):
        estimate_dstpts([SHIFT, 5], POINTS)
    for wrong in ("abc", 5):
        with pytest.raises(RenderError, match="expected a list of transforms"):
            estimate_dstpts(wrong, POINTS)
    with pytest.raises(SpecError, match=r"known map of the plane, got 'a\.B'"):
        estimate_dstpts([Transform("a.B", "1 2")], POINTS)
    for points in (None, POINTS[:, :1], "ab"):
        with pytest.raises(ConversionError, match="expected src as"):
            estimate_dstpts([SHIFT], points)


# -- One transform in place of several ---------------------------------------------------------------------------------


def test_the_sum_of_affine_maps_is_their_exact_product():
    turn = RigidModel(json={"className": RigidModel.className, "dataString": "0.1 10 20"})
    move = TranslationModel(json={"className": TranslationModel.className, "dataString": "5 6"})
    members = [move, [turn, TransformList([DOUBLE])]]
    found = estimate_transformsum(members)
    assert type(found) is AffineModel
    np.testing.assert_allclose(found.M, DOUBLE.M @ turn.M @ move.M, rtol=1e-15)
    assert found == estimate_transformsum(members, POINTS, order=5)
    assert estimate_transformsum([]) == AffineModel()


@pytest.mark.parametrize("order", [2, 3, 5])
def test_the_sum_of_others_is_the_best_polynomial(order):
    src = grid(10)
    found = estimate_transformsum([BENT, [SHIFT, TransformList([DOUBLE])]], src, order)
    assert type(found) is Polynomial2DTransform
    assert found.order == order
    testing.assert_points_close(found.tform(src), (BENT.tform(src) + OFFSET) * 2, 1e-9)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 6])
def test_a_lens_and_an_affine_map_are_summed_at_every_order_D12c(order):
    src = grid(10)
    lens = NonLinearCoordinateTransform()
    lens.estimate(src, src + 2e-6 * src**2)
    found = estimate_transformsum([lens, SHIFT], src, order)
    residuals = np.linalg.norm(found.tform(src) - SHIFT.tform(lens.tform(src)), axis=1)
    assert residuals.max() < (5 if order == 1 else 1e-6)


def test_a_spline_is_summed_by_least_squares():
    src = grid(10)
    dst = src + 10 * np.sin(src / 500)
    spline = ThinPlateSplineTransform()
    spline.estimate(src, dst)
    found = estimate_transformsum([spline, SHIFT], src, 3)
    expected = transforms.Polynomial.from_estimate(src, spline.tform(src) + OFFSET, order=3)
    np.testing.assert_array_equal(found.params, expected.coefficients)


def test_sums_that_can_not_be_fitted():
    with pytest.raises(EstimationError, match="expected src, since not all transforms are affine"):
        estimate_transformsum([BENT])
    with pytest.raises(EstimationError, match="at least 6 points"):
        estimate_transformsum([BENT], POINTS)
    with pytest.raises(SpecError, match="known map of the plane"):
        estimate_transformsum([Transform("a.B", "1 2")], POINTS)
    with pytest.raises(RenderError, match="expected a transform, got int"):
        estimate_transformsum([5], POINTS)
