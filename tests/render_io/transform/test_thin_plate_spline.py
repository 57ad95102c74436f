"""Thin-plate splines on the wire."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render_io.errors import ConversionError, EstimationError
from render_io.transform import ThinPlateSplineTransform, load_transform_json
from transforms import ThinPlateSpline, testing


def scattered(count=60, seed=0, bend=8.0):
    rng = np.random.default_rng(seed)
    src = rng.uniform(0, 2000, (count, 2))
    smooth = np.column_stack([np.sin(src[:, 1] / 400), np.cos(src[:, 0] / 500)])
    return src, src * 1.1 + bend * smooth + [100, -50]


def spline_of(*points, **options):
    spline = ThinPlateSplineTransform()
    assert spline.estimate(*points, **options) is None
    return spline


@given(testing.transforms_of(ThinPlateSpline), st.floats(-1, 1))
def test_parameters_are_coordinate_major_and_may_be_written(maths, value):
    spline = load_transform_json({**ThinPlateSplineTransform().to_dict()})
    spline._adopt(maths)
    assert (spline.ndims, spline.nLm) == (2, len(maths.landmarks))
    np.testing.assert_array_equal(spline.srcPts, maths.landmarks.T)
    np.testing.assert_array_equal(spline.dMtxDat, maths.weights.T)
    np.testing.assert_array_equal(np.column_stack([spline.aMtx, spline.bVec]), maths.affine)
    spline.dMtxDat[1, 0] = value
    spline.aMtx[0, 1] = value
    again = load_transform_json(spline.to_dict())
    assert again == spline
    assert again.transform.weights[0, 1] == value == again.transform.affine[0, 1]


@given(testing.transforms_of(ThinPlateSpline), testing.point_sets(1, farthest=0))
def test_maps_are_those_of_the_maths(maths, points):
    spline = ThinPlateSplineTransform()
    spline._adopt(maths)
    np.testing.assert_array_equal(spline.tform(points), maths.apply(points))
    np.testing.assert_array_equal(spline.apply(points), maths.apply(points))
    linear = points + points @ spline.aMtx.T + spline.bVec
    testing.assert_points_close(linear + spline.computeDeformationContribution(points), spline.tform(points), 1e-9)


def test_made_of_nothing_it_is_the_identity():
    spline = ThinPlateSplineTransform(labels=["l"])
    assert (spline.nLm, spline.aMtx, spline.bVec) == (0, None, None)
    assert spline.tform([[1, 2]]).tolist() == spline.inverse_tform([[1, 2]]).tolist() == [[1, 2]]
    assert load_transform_json(spline.to_dict()) == spline
    for reduce in (spline.adaptive_mesh_estimate, lambda: spline.scale_coordinates(2)):
        with pytest.raises(EstimationError, match="expected a spline with landmarks"):
            reduce()


@pytest.mark.parametrize("affine", [True, False])
def test_estimate_goes_through_the_points(affine):
    src, dst = scattered()
    spline = spline_of(src, dst, computeAffine=affine)
    assert (spline.aMtx is None) is (spline.bVec is None) is (not affine)
    testing.assert_points_close(spline.tform(src), dst, 1e-9)
    testing.assert_points_close(spline.inverse_tform(dst), src, 1e-6)
    again = load_transform_json(spline.to_dict())
    np.testing.assert_array_equal(again.tform(src), spline.tform(src))
    weights, linear, offset = ThinPlateSplineTransform.fit(src, dst, affine)
    np.testing.assert_array_equal(weights, spline.dMtxDat)
    np.testing.assert_array_equal(linear, spline.aMtx)
    np.testing.assert_array_equal(offset, spline.bVec)
    before = spline.dataString
    spline.estimate(src, dst + 1, affine)
    spline.estimate(src, dst, affine)
    assert spline.dataString == before


def test_one_part_of_the_affine_block_is_enough():
    spline = ThinPlateSplineTransform()
    spline.bVec = [1, 2]
    assert spline.tform([[1, 1]]).tolist() == [[2, 3]]
    spline.aMtx, spline.bVec = np.eye(2), None
    assert spline.tform([[1, 1]]).tolist() == [[2, 2]]
    spline.aMtx = [1, 2, 3, 4]
    assert spline.aMtx.tolist() == [[1, 2], [3, 4]]
    spline.aMtx = np.eye(3)
    with pytest.raises(ConversionError, match="aMtx"):
        spline.tform([[1, 1]])


def test_points_that_can_not_be_fitted():
    src, dst = scattered()
    for first, second in ((src, dst[:3]), (src[:0], dst[:0]), (src * np.nan, dst), (src * [1, 0], dst)):
        with pytest.raises(EstimationError):
            ThinPlateSplineTransform.fit(first, second)


def test_a_point_without_pre_image_is_told():
    spline = spline_of(*scattered())
    spline.dMtxDat = -5 * np.sign(spline.dMtxDat)
    with pytest.raises(EstimationError) as caught:
        spline.inverse_tform([[np.inf, 0.0], [1e6, 1e6]])
    assert 0 in caught.value.indices
    with pytest.raises(EstimationError):
        spline_of(*scattered(bend=60)).inverse_tform(scattered(bend=60)[1], max_iters=1)
    with pytest.raises(ConversionError, match="points"):
        spline.gradient_descent([1, 2])


def test_src_array_runs_along_y_first():
    points = ThinPlateSplineTransform.src_array(0, 10, 2, 30, 3, 2)
    assert points.tolist() == [[0, 10], [0, 30], [1, 10], [1, 30], [2, 10], [2, 30]]


@settings(max_examples=10)
@given(st.sampled_from([0.05, 0.2, 1.0]), st.integers(1, 20), st.integers(0, 1000))
def test_adaptive_mesh_is_within_its_tolerance(tol, nworst, seed):
    src, dst = scattered(80, seed)
    spline = spline_of(src, dst)
    sparse = spline.adaptive_mesh_estimate(starting_grid=4, tol=tol, nworst=nworst, max_iter=200)
    assert np.linalg.norm(sparse.tform(src) - dst, axis=1).max() <= tol
    assert 16 <= sparse.nLm <= 16 + len(src)


def test_mesh_refine_of_points_and_limits():
    src, dst = scattered()
    start = ThinPlateSplineTransform.src_array(0, 0, 2000, 2000, 2, 2)
    refined = ThinPlateSplineTransform.mesh_refine(start, src, dst, tol=0.5)
    assert np.linalg.norm(refined.tform(src) - dst, axis=1).max() <= 0.5
    plain = ThinPlateSplineTransform.mesh_refine(start, src, dst, computeAffine=False, tol=0.5)
    assert plain.aMtx is None
    for limits in ({"max_iter": 0}, {"max_iter": 3, "niter": 3}, {"max_iter": 3, "niter": 5}, {"nworst": 0}):
        with pytest.raises(EstimationError, match="expected"):
            ThinPlateSplineTransform.mesh_refine(start, src, dst, tol=1e-3, **limits)


def test_landmarks_are_never_added_twice():
    src, dst = scattered(20)
    exact = ThinPlateSplineTransform.mesh_refine(src[:8], src, dst, tol=0.0, nworst=5)
    assert sorted(exact.srcPts.T.tolist()) == sorted(src.tolist())


@pytest.mark.parametrize("factor", [0.01, 4.0])
def test_scaled_coordinates(factor):
    src, dst = scattered()
    spline = spline_of(src, dst)
    scaled = spline.scale_coordinates(factor)
    assert scaled.nLm == 400
    both = spline.scale_coordinates(factor, ngrid=5, preserve_srcPts=True)
    assert both.nLm == 25 + len(src)
    testing.assert_points_close(both.tform(src * factor), dst * factor, 1e-9)
    assert np.abs(scaled.tform(src * factor) / factor - dst).max() < 0.5
    corners = spline_of(*(np.vstack([p, [[0, 0], [2000, 2000]]]) for p in (src, dst)))
    assert corners.scale_coordinates(1, 5, True).nLm == 25 + len(src)
    assert spline_of(src, dst, computeAffine=False).scale_coordinates(factor, 5).aMtx is None
