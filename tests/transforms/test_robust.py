"""RANSAC, reweighted fits and approximations: what they find, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from transforms import (
    Affine,
    EstimationError,
    Homography,
    IllDefinedPointsError,
    LensCorrection,
    PointsError,
    Polynomial,
    ThinPlateSpline,
    approximate,
    estimate_robust,
    ransac,
)

RNG = np.random.default_rng(77)
SRC = RNG.uniform(0.0, 2048.0, (60, 2))
TRUTH = Affine([[0.9, 0.1, 3.0], [-0.1, 1.1, 4.0]])
DST = TRUTH.apply(SRC) + RNG.normal(0.0, 0.3, SRC.shape)
DST[:15] += RNG.uniform(50.0, 200.0, (15, 2))
GOOD = np.arange(60) >= 15


@pytest.mark.parametrize("model", [Affine, Homography, Polynomial])
def test_ransac_finds_the_inliers_and_fits_them(model: Any) -> None:
    found, inliers = ransac(model, SRC, DST, max_error=2.0, iterations=300)
    np.testing.assert_array_equal(inliers, GOOD)
    wanted = model.from_estimate(SRC[GOOD], DST[GOOD])
    assert np.abs(found.apply(SRC) - wanted.apply(SRC)).max() < 1e-9
    again, _ = ransac(model, SRC, DST, max_error=2.0, iterations=300)
    assert again == found


@pytest.mark.parametrize("loss", ["cauchy", "tukey"])
def test_doubted_points_do_not_pull(loss: Any) -> None:
    fit = estimate_robust(Affine, SRC, DST, loss=loss)
    assert np.abs(fit.transform.apply(SRC) - TRUTH.apply(SRC)).max() < 1.0
    assert fit.weights[~GOOD].max() < 0.05
    assert 0.1 < fit.scale < 0.7


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_error": -1.0},
        {"max_error": np.nan},
        {"max_error": "x"},
        {"min_inlier_ratio": 2.0},
        {"iterations": 0},
        {"iterations": 1.5},
        {"seed": "x"},
        {"seed": -1},
        {"min_inliers": -1},
        {"max_trust": -1.0},
        {"max_trust": np.nan},
    ],
    ids=str,
)
def test_arguments_of_ransac(wrong: dict[str, Any]) -> None:
    with pytest.raises(PointsError, match=next(iter(wrong))):
        ransac(Affine, SRC, DST, **{"max_error": 2.0, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [{"loss": "x"}, {"loss": []}, {"scale": -1.0}, {"scale": np.nan}, {"tolerance": -1.0}, {"tolerance": "x"}],
    ids=str,
)
def test_arguments_of_robust_fits(wrong: dict[str, Any]) -> None:
    with pytest.raises(PointsError, match=next(iter(wrong))):
        estimate_robust(Affine, SRC, DST, **wrong)


def test_models_that_do_not_fit_in() -> None:
    with pytest.raises(PointsError, match="takes weights, got ThinPlateSpline"):
        estimate_robust(ThinPlateSpline, SRC, DST)
    with pytest.raises(PointsError, match="linear class or Polynomial"):
        ransac(LensCorrection, SRC, DST, max_error=1.0)
    nothing: Any = int
    for call in (ransac, estimate_robust):
        with pytest.raises(PointsError, match="from_estimate"):
            call(nothing, SRC, DST, max_error=1.0)


def test_points_that_are_not_finite_are_no_outliers() -> None:
    spoilt = SRC.copy()
    spoilt[3, 1] = np.nan
    for call in (ransac, estimate_robust):
        options: dict[str, Any] = {"max_error": 1.0} if call is ransac else {}
        with pytest.raises(IllDefinedPointsError) as error:
            call(Affine, spoilt, DST, **options)
        assert error.value.indices == (3,)


def test_too_few_inliers() -> None:
    with pytest.raises(EstimationError, match="at least 50 of 60"):
        ransac(Affine, SRC, DST, max_error=2.0, min_inliers=50, iterations=100)


def test_the_order_of_an_approximation_is_the_lowest_that_does() -> None:
    bent = Polynomial.from_estimate(SRC, SRC + 20.0 * (SRC / 2048.0) ** 3, order=3)
    size: dict[str, Any] = {"width": 2048.0, "height": 2048.0}
    found = approximate(bent, Polynomial, max_error=1e-3, order=1, **size)
    assert isinstance(found.transform, Polynomial)
    assert found.transform.order == 3
    assert found.max_residual <= 1e-3
    with pytest.raises(EstimationError, match="order 4 to 9"):
        approximate(bent, Polynomial, max_error=1e-30, order=4, **size)
    for wrong in (-1.0, np.nan, "x"):
        bound: Any = wrong
        with pytest.raises(PointsError, match="max_error"):
            approximate(bent, Polynomial, max_error=bound, **size)
    other: Any = 3
    with pytest.raises(PointsError, match="Transform to approximate"):
        approximate(other, Affine, **size)
    with pytest.raises(PointsError, match="order"):
        approximate(bent, Polynomial, order=other + 0.5, max_error=1.0, **size)
