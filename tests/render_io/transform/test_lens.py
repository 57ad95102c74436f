"""Lens corrections on the wire."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io import codecs
from render_io.errors import ConversionError, EstimationError
from render_io.transform import LensCorrection, NonLinearCoordinateTransform, load_transform_json
from tests.render_io.transform.samples import grid
from transforms import LensCorrection as MathsLens
from transforms import testing

TEXT = "1 3 1.5 0.25 0.25 1.5 0.005 0.005 0 0 0 1 1 1 100 200 "


def bent():
    src = grid(8)
    return src, src + 1e-5 * src**2 + [3, 4]


def test_members_of_a_text():
    lens = NonLinearCoordinateTransform(dataString=TEXT, labels=["lens"], transformId="i")
    assert (lens.dimension, lens.length, lens.width, lens.height) == (1, 3, 100, 200)
    assert lens.beta.tolist() == [[1.5, 0.25], [0.25, 1.5], [0.005, 0.005]]
    assert (lens.normMean.tolist(), lens.normVar.tolist()) == ([0, 0, 0], [1, 1, 1])
    assert lens.dataString == TEXT
    np.testing.assert_allclose(lens.tform([[1, 2]]), [[2.5, 3.75]])


@given(testing.lens_corrections(), st.floats(-1e3, 1e3), st.integers(0, 2**31 - 1))
def test_numbers_written_in_place_round_trip(maths, value, width):
    lens = LensCorrection(dataString=codecs.encode(maths)[1])
    assert lens.transform == maths
    lens.beta[0, 1] = value
    lens.normMean[1] = value
    lens.width = np.int64(width)
    again = load_transform_json(lens.to_dict())
    assert again == lens
    np.testing.assert_array_equal(again.beta, lens.beta)
    assert (again.width, again.className) == (width, LensCorrection.className)


@given(testing.lens_corrections(), testing.point_sets(1, farthest=0))
def test_maps_are_those_of_the_maths(maths, points):
    lens = LensCorrection(dataString=codecs.encode(maths)[1])
    np.testing.assert_array_equal(lens.tform(points), maths.apply(points))
    testing.assert_points_close(lens.inverse_tform(lens.tform(points)), points, 1e-6)
    features = lens.kernelExpand(points)
    assert features.shape == (len(points), lens.length)
    testing.assert_points_close(features @ lens.beta, lens.tform(points), 1e-9)


def test_features_with_other_norms():
    lens = NonLinearCoordinateTransform(dataString=TEXT)
    assert lens.kernelExpand([[3, 4]], normMean=[1, 2, 0], normVar=[2, 4, 0]).tolist() == [[1, 0.5, 100]]
    with pytest.raises(ConversionError, match="points"):
        lens.kernelExpand([1, 2])


def test_made_of_nothing_it_is_an_identity_that_can_be_estimated():
    lens = NonLinearCoordinateTransform()
    points = grid()
    np.testing.assert_allclose(lens.tform(points), points)
    src, dst = bent()
    text = lens.estimate(src, dst, width=2048, height=1024)
    assert text == lens.dataString
    assert (lens.dimension, lens.length, lens.width, lens.height) == (5, 21, 2048, 1024)
    testing.assert_points_close(lens.tform(src), dst, 1e-9)
    assert load_transform_json(lens.to_dict()) == lens
    assert lens.estimate(src, dst, ndim=2, return_params=False) is None
    assert (lens.dimension, lens.length) == (2, 6)


def test_the_dimension_may_be_set_by_hand_before():
    lens = NonLinearCoordinateTransform()
    lens.dimension, lens.length, lens.width, lens.height = 2, 6, 100, 200
    assert "NonLinear" in repr(lens)
    src, dst = bent()
    beta, mean, deviation = lens.fit(src, dst)
    fitted = MathsLens.from_estimate(src, dst, dimension=2, width=100, height=200)
    np.testing.assert_array_equal(beta, fitted.beta)
    np.testing.assert_array_equal(mean, fitted.norm_mean)
    np.testing.assert_array_equal(deviation, fitted.norm_var)
    lens.estimate(src, dst)
    assert lens.transform == fitted


def test_numbers_that_do_not_fit_together_are_refused_when_used():
    lens = NonLinearCoordinateTransform(dataString=TEXT)
    lens.dimension = 3
    assert repr(lens).startswith("<NonLinearCoordinateTransform: expected at least 10 rows of beta")
    with pytest.raises(ConversionError, match="at least 10 rows"):
        lens.tform([[1, 2]])
    with pytest.raises(ConversionError, match="at least 10 rows"):
        lens.to_dict()


def test_points_that_can_not_be_fitted():
    lens = NonLinearCoordinateTransform(dataString=TEXT)
    src, dst = bent()
    for first, second in ((src, dst[:3]), (src[:2], dst[:2]), (src * [0, 1], dst), (src * np.nan, dst)):
        with pytest.raises(EstimationError):
            lens.estimate(first, second)
    assert lens.dataString == TEXT
    with pytest.raises(TypeError, match="unexpected keyword argument 'lenght'"):
        lens.estimate(src, dst, lenght=3)
