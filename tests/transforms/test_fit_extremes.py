"""Fits and inverses where sums overflow, weights are extreme, or rounding hides that points determine nothing."""

from __future__ import annotations

import numpy as np
import pytest

from transforms import (
    Affine,
    Homography,
    IllDefinedPointsError,
    Polynomial,
    Rigid,
    Similarity,
    ThinPlateSpline,
    TransformList,
    Translation,
    fit_batch,
)
from transforms.linear import LinearTransform


@pytest.mark.parametrize("seed", range(6))
def test_three_places_far_from_the_origin_determine_no_homography(seed: int) -> None:
    """The centre is known to its rounding only, which is much beside such extents."""
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(3, 2)) * 0.05 + [-1.4e7, -1.5e7]
    src = places[[0, 1, 0, 1, 2, 1, 0, 2]]
    with pytest.raises(IllDefinedPointsError):
        Homography.from_estimate(src, src + [3.0, 4.0])


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e-80, 1e80, 1e160, 1e300])
def test_size_of_the_weights_changes_no_homography(size: float) -> None:
    rng = np.random.default_rng(5)
    src, weights = rng.uniform(0.0, 1000.0, (15, 2)), rng.uniform(0.1, 1.0, 15)
    dst = Homography([[1.1, 0.1, 5.0], [-0.1, 0.9, 7.0], [1e-4, 2e-4, 1.0]]).apply(src) + rng.normal(size=(15, 2))
    expected = Homography.from_estimate(src, dst, weights).matrix
    found = Homography.from_estimate(src, dst, weights * size).matrix
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("model", [Translation, Rigid, Similarity, Affine])
def test_overflowing_sums_are_an_error_not_a_fit(model: type[LinearTransform]) -> None:
    rng = np.random.default_rng(2)
    src = rng.normal(size=(9, 2))
    weights = np.full(9, 1e300)
    with pytest.raises(IllDefinedPointsError) as caught:
        model.from_estimate(src * 1e300, src[::-1] * 1e300, weights)
    assert not caught.value.indices
    fitted = fit_batch(model, src * 1e300, src[::-1] * 1e300, [0, 9], weights)
    assert fitted.status.all()
    assert np.isnan(fitted.params).all()


@pytest.mark.parametrize("gap", [1e-3, 1e-5, 1e-7])
@pytest.mark.parametrize("seed", range(4))
def test_splines_go_through_landmarks_that_lie_close_together(seed: int, gap: float) -> None:
    """Weights are large then, and what rounding leaves of their sum must not grow with the unit of length."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0.0, 1.0, (19, 2))
    places[:3] = places[0] + rng.normal(size=(3, 2)) * gap
    size = 1.6e6
    src = size * places
    dst = src + 0.01 * size * rng.normal(size=src.shape)
    spline = ThinPlateSpline.from_estimate(src, dst)
    largest = size * float(np.abs(spline.weights).max())
    assert np.abs(spline.apply(src) - dst).max() < 20.0 * 2.2e-16 * size * largest + 1e-8


@pytest.mark.parametrize("size", [1e-150, 1e-160, 1e-200])
def test_splines_without_bending_have_no_weights_at_any_scale(size: float) -> None:
    """The power of the unit that scales the weights overflows, and infinity times zero is no weight."""
    src = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]) * size
    spline = ThinPlateSpline.from_estimate(src, src[[1, 2, 0]])
    assert not spline.weights.any()
    np.testing.assert_allclose(spline.apply(src), src[[1, 2, 0]], rtol=1e-9, atol=1e-12 * size)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 1.0])
def test_splines_whose_weights_overflow_are_an_error(affine: bool, smoothing: float) -> None:
    src = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.3, 0.4]]) * 1e-100
    with pytest.raises(IllDefinedPointsError):
        ThinPlateSpline.from_estimate(src, src[::-1] * 1e250, affine=affine, regularization=smoothing * 1e-200)


def test_targets_beyond_all_lengths_have_no_preimage() -> None:
    """Their length overflows, so any residual would pass as small."""
    rng = np.random.default_rng(3)
    src = rng.uniform(0.0, 100.0, (9, 2))
    spline = ThinPlateSpline.from_estimate(src, src + rng.normal(size=(9, 2)))
    bent = Polynomial([[0.0, 1.0, 0.0, 1e-3, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0, 1e-3]])
    targets = np.array([[1e200, 1e200], [50.0, 50.0]])
    for transform in (spline, bent, TransformList([spline, bent])):
        for initial in (None, np.zeros((2, 2))):
            found = transform.apply_inverse(targets, initial=initial, on_error="nan")
            assert np.isnan(found[0]).all()
            np.testing.assert_allclose(transform.apply(found[1:]), targets[1:], rtol=1e-9)
