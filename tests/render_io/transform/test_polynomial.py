"""Polynomials on the wire."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io.errors import ConversionError, EstimationError
from render_io.transform import AffineModel, Polynomial2DTransform, RigidModel, TransformList, load_transform_json
from tests.render_io.transform.samples import grid
from transforms import Polynomial, testing


def noisy(seed=0):
    src = grid()
    return src, src + np.random.default_rng(seed).normal(0, 5, src.shape)


def test_sources_in_their_order():
    params = np.array([[1, 2, 3], [4, 5, 6]])
    text = "1 2 3 4 5 6"
    assert Polynomial2DTransform().params.tolist() == [[0, 1, 0], [0, 0, 1]]
    assert Polynomial2DTransform(identity=True, params=params, order=3).params.tolist() == [[0, 1, 0], [0, 0, 1]]
    assert Polynomial2DTransform(params=params) == Polynomial2DTransform(dataString=text)
    assert Polynomial2DTransform(dataString=text, identity=True).dataString == text
    fitted = Polynomial2DTransform(src=grid(), dst=grid() * 2, order=1)
    np.testing.assert_allclose(fitted.params, [[0, 2, 0], [0, 0, 2]], atol=1e-12)
    spec = {"className": Polynomial2DTransform.className, "dataString": text, "id": "i"}
    assert Polynomial2DTransform(json=spec, identity=True).to_dict() == spec


def test_parameters_are_copied_and_may_be_written():
    params = np.array([[1, 2, 3], [4, 5, 6]])
    model = Polynomial2DTransform(params=params, labels=["l"], transformId="i")
    model.params[0, 0] = 0.5
    assert params[0, 0] == 1
    assert model.params.dtype == np.float64
    assert model.dataString == "0.5 2.0 3.0 4.0 5.0 6.0"
    assert model.tform([[1, 1]]).tolist() == [[5.5, 15]]
    model.params = np.zeros((3, 2)).T
    assert model.params.flags.c_contiguous
    assert model.order == 1


@given(testing.polynomials(), st.integers(0, 1), st.floats(-1e7, 1e7))
def test_parameters_written_in_place_round_trip(maths, row, value):
    model = Polynomial2DTransform(params=maths.coefficients)
    model.params[row, -1] = value
    again = load_transform_json(model.to_dict())
    assert again == model
    np.testing.assert_array_equal(again.params, model.params)


@given(testing.polynomials(), testing.point_sets(1, farthest=0))
def test_maps_are_those_of_the_maths(maths, points):
    model = Polynomial2DTransform(params=maths.coefficients)
    assert model.transform == maths
    np.testing.assert_array_equal(model.tform(points), maths.apply(points))
    testing.assert_points_close(model.inverse_tform(model.tform(points)), points, 1e-6)


def test_order_and_coefficients():
    model = Polynomial2DTransform(params=np.ones((2, 10)))
    assert (model.order, model.coefficients(), model.coefficients(1), model.is_affine) == (3, 20, 6, False)
    assert Polynomial2DTransform(params=[[5], [6]]).order == 0


def test_asorder_keeps_the_map_and_what_belongs_to_it():
    model = Polynomial2DTransform(params=[[1, 2, 3], [4, 5, 6]], labels=["l"], transformId="i", force_shear="y")
    raised = model.asorder(3)
    assert (raised.order, raised.labels, raised.transformId, raised.force_shear) == (3, ["l"], "i", "y")
    points = grid()
    np.testing.assert_allclose(raised.tform(points), model.tform(points))
    with pytest.raises(ConversionError, match="at least 3"):
        raised.asorder(2)
    raised.labels.append("m")
    assert model.labels == ["l"]


def test_from_affine():
    affine = RigidModel(B0=5, B1=6, labels=["l"], transformId="i")
    model = Polynomial2DTransform.fromAffine(affine)
    assert model.params.tolist() == [[5, 1, 0], [6, 0, 1]]
    assert (model.labels, model.transformId) == (["l"], "i")
    with pytest.raises(ConversionError, match="expected an AffineModel, got Polynomial2DTransform"):
        Polynomial2DTransform.fromAffine(model)


def test_properties_are_those_of_the_linear_part():
    affine = AffineModel(1, 2, 3, 4, 5, 6)
    model = Polynomial2DTransform.fromAffine(affine).asorder(2)
    assert model.calc_properties() == affine.calc_properties()
    assert (model.scale, model.shear, model.rotation) == (affine.scale, affine.shear, affine.rotation)
    assert model.translation == (5, 6)
    assert model.calc_properties("y") == affine.calc_properties("y")
    assert Polynomial2DTransform(params=[[5], [6]]).scale == (0, 0)


def test_fit_and_estimate():
    src, dst = noisy()
    params = Polynomial2DTransform.fit(src, dst, 3)
    np.testing.assert_array_equal(params, Polynomial.from_estimate(src, dst, order=3).coefficients)
    assert params.shape == (2, 10)
    model = Polynomial2DTransform(transformId="i")
    assert model.estimate(src, dst, order=3) is model.params
    np.testing.assert_array_equal(model.params, params)
    assert model.estimate(src, dst, return_params=False) is None
    assert model.order == 2
    model.estimate(src, dst, 3)
    np.testing.assert_array_equal(model.params, params)
    weights = np.arange(len(src))
    model.estimate(src, dst, weights=weights)
    np.testing.assert_array_equal(model.params, Polynomial.from_estimate(src, dst, weights, order=2).coefficients)


def test_residuals_are_held_against_what_is_asked_for():
    src, dst = noisy()
    Polynomial2DTransform(src=src, dst=dst, order=2, test_coords=True, max_tries=1)
    with pytest.raises(EstimationError, match=r"atol=0\.001 and rtol=0\.0, got more at \d+ of 36 points") as caught:
        Polynomial2DTransform(src=src, dst=dst, atol=1e-3)
    assert len(caught.value.indices) > 10
    Polynomial2DTransform(src=src, dst=dst, atol=1e-3, test_coords=False)
    Polynomial2DTransform(src=src, dst=src * 2, atol=1e-3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'max_trys'"):
        Polynomial2DTransform(src=src, dst=dst, max_trys=3)


@pytest.mark.parametrize("params", [np.zeros((2, 4)), np.zeros((3, 3)), np.zeros((2, 0))])
def test_other_shapes_are_refused(params):
    with pytest.raises(ConversionError, match="coefficients"):
        Polynomial2DTransform(params=params)


def test_it_can_be_a_member_of_a_list():
    model = Polynomial2DTransform(params=[[1, 2, 3], [4, 5, 6]])
    assert TransformList([model, model]).tform([[1, 1]]).tolist() == model.tform(model.tform([[1, 1]])).tolist()
