"""Regression tests of the numbered traps of renderapi in maps, fits and inverses."""

from __future__ import annotations

import numpy as np
import pytest

import transforms
from render_io.errors import ConversionError, EstimationError, RenderError, SpecError
from render_io.transform import (
    AffineModel,
    NonLinearCoordinateTransform,
    Polynomial2DTransform,
    RigidModel,
    SimilarityModel,
    ThinPlateSplineTransform,
    TranslationModel,
    calc_first_order_properties,
    load_transform_json,
)
from tests.render_io.transform.samples import FAMILY, LENS_TEXT, SQUARE, all_kinds, grid, leaf
from transforms import testing
from transforms.testing import assert_points_close

# -- Points of every type ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint8, np.float32])
def test_D23_points_of_any_type_give_float64(dtype):
    spline = ThinPlateSplineTransform()
    spline.estimate(SQUARE, SQUARE * 1.01 + [[0.5, 0.25]])
    points = np.array([[10, 20], [200, 250]], dtype=dtype)
    cubic = np.full((2, 10), 1e-4)
    for model in (
        NonLinearCoordinateTransform(LENS_TEXT),
        Polynomial2DTransform(params=cubic),
        spline,
        AffineModel(1.5),
    ):
        found = model.tform(points)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, model.tform(points.astype(np.float64)))
    np.testing.assert_allclose(NonLinearCoordinateTransform(LENS_TEXT).tform(np.array([[1, 2]])), [[2.5, 3.75]])
    assert_points_close(spline.inverse_tform(points.astype(dtype)), spline.inverse_tform(points.astype(float)))


def test_D22_points_of_other_shapes_are_refused():
    for model in all_kinds():
        for points in (np.zeros((4, 3)), np.zeros(2), np.zeros((2, 2, 2))):
            with pytest.raises(ConversionError, match="x first"):
                model.tform(points)
            with pytest.raises(ConversionError, match="x first"):
                model.inverse_tform(points)
    for kind in (*FAMILY, Polynomial2DTransform, NonLinearCoordinateTransform, ThinPlateSplineTransform):
        with pytest.raises(EstimationError):
            kind().estimate(np.zeros((4, 2)), np.zeros((7, 2)))
        with pytest.raises(EstimationError):
            kind().estimate(np.zeros((4, 2)), np.zeros((4, 3)))


# -- Fits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [RigidModel, SimilarityModel])
def test_D05b_D05c_mirrored_and_symmetric_layouts_give_the_best_proper_rotation(kind):
    angle = 0.1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(kind.fit(SQUARE, SQUARE @ turn.T)[:2, :2], turn, atol=1e-12)
    mirrored = SQUARE * [-1, 1] + [5, 6]
    found = kind.fit(SQUARE, mirrored)
    assert np.linalg.det(found) > 0
    if kind is RigidModel:
        np.testing.assert_allclose(found, [[1, 0, -95], [0, 1, 6], [0, 0, 1]], atol=1e-9)
    else:
        assert found[0, 0] == pytest.approx(0.0347, abs=1e-4)


def test_D21_too_few_and_degenerate_points_are_errors():
    line = np.column_stack([np.arange(5.0), 2 * np.arange(5.0)])
    for points in (line, SQUARE[:2], SQUARE[:0]):
        with pytest.raises(EstimationError):
            AffineModel().estimate(points, points)
    with pytest.raises(EstimationError):
        TranslationModel().estimate(SQUARE[:0], SQUARE[:0])
    for kind in (RigidModel, SimilarityModel):
        with pytest.raises(EstimationError):
            kind().estimate(np.ones((4, 2)), SQUARE[:4])


def test_D18_duplicate_landmarks_are_an_estimation_error_of_both_packages():
    with pytest.raises(EstimationError) as caught:
        ThinPlateSplineTransform().estimate(SQUARE[[0, 1, 2, 2]], SQUARE[:4])
    assert isinstance(caught.value, RenderError)
    assert isinstance(caught.value, transforms.EstimationError)


def test_D20_NaN_is_an_error_of_every_fit_and_text(capfd):
    bad = SQUARE.copy()
    bad[3, 1] = np.nan
    for kind in (*FAMILY, Polynomial2DTransform, NonLinearCoordinateTransform, ThinPlateSplineTransform):
        with pytest.raises(EstimationError):
            kind().estimate(SQUARE, bad)
        with pytest.raises(EstimationError):
            kind().estimate(bad, SQUARE)
    with pytest.raises(SpecError):
        load_transform_json(leaf(AffineModel, "nan 0 0 1 0 0"))
    assert capfd.readouterr() == ("", "")


def test_D41_affine_fits_far_from_the_origin():
    src = SQUARE + 1e8
    fitted = AffineModel()
    fitted.estimate(src, src + [1, 2])
    assert np.abs(fitted.tform(src) - src - [1, 2]).max() < 1e-6


def test_T45_D06_D07_D09_noisy_polynomials_are_fitted_at_once_from_the_least_points():
    rng = np.random.default_rng(0)
    src = rng.uniform(0, 2000, (6, 2))
    model = Polynomial2DTransform(src=src, dst=src + rng.normal(0, 5, src.shape), order=2)
    assert model.order == 2
    many = rng.uniform(0, 2000, (20000, 2))
    noise = rng.normal(0, 5, many.shape)
    model.estimate(many, many + noise)
    residuals = model.tform(many) - many - noise
    basis = transforms.Polynomial.basis(many / 2000, 2)
    best = basis @ np.linalg.lstsq(basis, many + noise, rcond=None)[0] - many - noise
    assert np.sqrt((residuals**2).mean()) == pytest.approx(np.sqrt((best**2).mean()), rel=1e-9)
    with pytest.raises(EstimationError, match="at least 6 points"):
        Polynomial2DTransform(src=src[:5], dst=src[:5], order=2)


@pytest.mark.parametrize("order", [4, 5, 6])
def test_D08_D50_D57_exact_polynomials_of_high_order_are_recovered_in_pixels(order):
    src = grid(12, 4096.0)
    wanted = testing._bent(np.random.default_rng(order), order, transforms.Affine.identity(), 0.02)
    model = Polynomial2DTransform(src=src, dst=wanted.apply(src), order=order)
    assert np.abs(model.tform(src) - wanted.apply(src)).max() < 1e-6


def test_T46_the_worst_landmarks_are_added_first():
    src = np.vstack([grid(4, 300.0)[1:], [[150.0, 160.0], [140.0, 50.0]]])
    dst = src.copy()
    dst[-2] += 40  # the one that is far off
    dst[-1] += 2
    start = ThinPlateSplineTransform.src_array(-10, -10, 310, 310, 2, 2)
    old = ThinPlateSplineTransform()
    old.estimate(src, dst)
    first = ThinPlateSplineTransform()
    first.estimate(start, old.tform(start))
    worst = src[np.argmax(np.linalg.norm(first.tform(src) - dst, axis=1))]
    refined = ThinPlateSplineTransform.mesh_refine(start, src, dst, old, tol=1.0, nworst=1, max_iter=100)
    assert refined.srcPts[:, 4].tolist() == worst.tolist()


# -- Inverses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.3, 1.9, 2.1])
@pytest.mark.parametrize("degrees", [0, 70, 120])
def test_D15_D15b_splines_are_inverted_at_any_scale_and_rotation(scale, degrees):
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    src = grid(5, 1000.0)
    spline = ThinPlateSplineTransform()
    spline.estimate(src, src @ turn.T + np.random.default_rng(0).normal(0, 2, src.shape))
    inside = np.random.default_rng(1).uniform(0, 1000, (50, 2))
    assert_points_close(spline.inverse_tform(spline.tform(inside)), inside, 1e-8)


def test_D14_polynomials_and_lenses_have_an_inverse():
    points = np.array([[10.0, 20.0], [1000.0, 500.0]])
    bent = Polynomial2DTransform(params=[[0, 1, 0, 1e-5, 0, 0], [0, 0, 1, 0, 0, 1e-5]])
    assert_points_close(bent.inverse_tform(bent.tform(points)), points)
    lens = NonLinearCoordinateTransform(LENS_TEXT)
    assert_points_close(lens.inverse_tform(lens.tform(points)), points)


def test_D39_singular_maps_are_a_typed_error_and_nothing_is_dropped():
    for use in (lambda model: model.invert(), lambda model: model.inverse_tform(SQUARE)):
        with pytest.raises(ConversionError, match="singular") as caught:
            use(AffineModel(1, 2, 2, 4))
        assert isinstance(caught.value, transforms.NonInvertibleError)
    model = RigidModel(json=leaf(RigidModel, "0.1 5 6") | {"id": "i", "metaData": {"labels": ["l"]}})
    model.force_shear = "y"
    for made in (model.invert(), model.concatenate(model)):
        assert (type(made), made.className, made.labels, made.force_shear) == (
            RigidModel,
            RigidModel.className,
            ["l"],
            "y",
        )
        assert made.transformId is None  # it names another map
    assert pytest.approx(1e12) == AffineModel(1e-12, 0, 0, 1e12).invert().M00
    mixed = model.concatenate(AffineModel(2))
    assert (type(mixed), mixed.labels) == (AffineModel, ["l"])


def test_D38_properties_of_zero_and_mirrored_maps():
    assert calc_first_order_properties(np.zeros((2, 2))) == (0, 0, 0, 0, 0)
    assert calc_first_order_properties(np.diag([1, -1])) == (1, -1, 0, 0, 0)
    assert calc_first_order_properties(np.diag([-1, 1]), "y") == (-1, 1, 0, 0, 0)
    for force_shear in "xy":
        assert calc_first_order_properties(np.diag([-1, -1]), force_shear)[:4] == pytest.approx((1, 1, 0, 0))
    with pytest.raises(ConversionError, match="force_shear as 'x' or 'y', got 'z'") as caught:
        calc_first_order_properties(np.eye(2), "z")
    assert isinstance(caught.value, ValueError)
