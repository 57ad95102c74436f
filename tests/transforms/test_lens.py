"""Lens correction: the map against its formula, inverses, fits against Java and against many digits."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import transforms
from tests.golden_vectors import assert_agrees, points_of, tolerance_of
from tests.reference.polynomial import lens_map, ridge_map
from tests.shared import golden_cases
from tests.transforms.test_polynomial import bent, term_count, tile_points
from transforms import Affine, LensCorrection, Polynomial, Rigid, Similarity, Translation, estimate_distortion
from transforms._kernels import lens as kernels

SIZE = {"width": 4096, "height": 4096}
EPS = np.finfo(np.float64).eps


def fitted(dimension: int, seed: int = 0, amplitude: float = 20.0) -> LensCorrection:
    points = tile_points(4 * term_count(dimension) + 4, seed)
    return LensCorrection.from_estimate(
        points, bent(dimension, seed, amplitude).apply(points), dimension=dimension, **SIZE
    )


def numbers(dimension: int, length: int | None = None, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers as a fit of a tile would have them."""
    count = length or term_count(dimension)
    rng = np.random.default_rng(seed)
    powers = [d for d in range(1, dimension + 1) for _ in range(d + 1)] + [0] * (count - term_count(dimension) + 1)
    mean = 2000.0 ** np.array(powers, dtype=float)
    return rng.normal(0.0, 20.0, (count, 2)), mean, 0.4 * mean


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"beta": np.ones((5, 2))}, "at least 6"),
        ({"beta": np.ones((2, 6))}, "beta"),
        ({"norm_mean": np.ones(5)}, "norm_mean"),
        ({"norm_var": np.ones(7)}, "norm_var"),
        ({"dimension": -1}, "dimension"),
        ({"dimension": 2.0}, "dimension"),
        ({"width": 10.5}, "width"),
        ({"height": "10"}, "height"),
    ],
)
def test_wrong_numbers_are_refused(change: dict[str, Any], word: str) -> None:
    """D25: a length too small for the dimension is refused when made, not when applied."""
    given = {
        "dimension": 2,
        "beta": np.ones((6, 2)),
        "norm_mean": np.ones(6),
        "norm_var": np.ones(6),
        "width": 1,
        "height": 1,
    }
    with pytest.raises(transforms.PointsError, match=word):
        LensCorrection(**{**given, **change})


def test_numbers_of_the_wire_are_kept() -> None:
    """D10, D11: coefficients stay 64-bit, width and height stay in their places."""
    beta, mean, sd = numbers(2)
    beta[3, 1] = 711.4721917133976
    lens = LensCorrection(2, beta, mean, sd, 2560, 2160)
    assert (lens.dimension, lens.width, lens.height) == (2, 2560, 2160)
    np.testing.assert_array_equal(lens.beta, beta)
    np.testing.assert_array_equal(lens.norm_mean, mean)
    np.testing.assert_array_equal(lens.norm_var, sd)
    assert lens.beta.dtype == np.float64
    assert not lens.beta.flags.writeable
    beta[0] = 0.0
    assert lens != LensCorrection(2, beta, mean, sd, 2560, 2160)
    assert lens != LensCorrection(2, lens.beta, mean, sd, 2160, 2560)


def test_identity() -> None:
    points = tile_points(7)
    np.testing.assert_array_equal(LensCorrection.identity(**SIZE).apply(points), points)


# ---------------------------------------------------------------- maps


@pytest.mark.parametrize("dimension", range(8))
@pytest.mark.parametrize("surplus", [0, 3])
def test_map_is_exact_to_rounding(dimension: int, surplus: int) -> None:
    """The polynomial into which the formula is folded loses nothing against it, surplus features included."""
    beta, mean, sd = numbers(dimension, term_count(dimension) + surplus, dimension)
    lens = LensCorrection(dimension, beta, mean, sd, **SIZE)
    points = tile_points(13)
    wanted = lens_map(dimension, beta, mean, sd, points)
    powers = np.array([[x**a * y**b for a, b in exponents_without_constant(dimension)] for x, y in points])
    count = powers.shape[1]
    size = 100.0 * np.abs(beta[-1]) + np.abs(beta[:-1] * (mean / sd)[:-1, None]).sum(axis=0)
    size = size + (powers / sd[:count]) @ np.abs(beta[:count])
    assert (np.abs(lens.apply(points) - wanted) <= (dimension + 2) * EPS * size).all()


def exponents_without_constant(dimension: int) -> list[tuple[int, int]]:
    return [(d - b, b) for d in range(1, dimension + 1) for b in range(d + 1)]


def test_formula_is_followed_where_it_has_no_polynomial() -> None:
    """A feature with an infinite deviation counts for nothing, one with a zero deviation takes all to infinity."""
    beta, mean, sd = (np.array(a) for a in (fitted(3).beta, fitted(3).norm_mean, fitted(3).norm_var))
    points = tile_points(9)
    wide = sd.copy()
    wide[4] = np.inf
    lens = LensCorrection(3, beta, mean, wide, **SIZE)
    without = beta.copy()
    without[4] = 0.0  # the mean of a feature with infinite deviation counts for nothing, too
    same = LensCorrection(3, without, mean, sd, **SIZE)
    np.testing.assert_allclose(lens.apply(points), same.apply(points), rtol=1e-12)
    np.testing.assert_allclose(lens.jacobian(points), same.jacobian(points), rtol=1e-12)
    np.testing.assert_allclose(lens.apply_inverse(lens.apply(points)), points, atol=1e-8)
    with pytest.raises(transforms.PointsError, match="not finite"):
        lens.to_polynomial()
    flat = sd.copy()
    flat[0] = 0.0
    assert not np.isfinite(LensCorrection(3, beta, mean, flat, **SIZE).apply(points)).any()


@pytest.mark.parametrize("dimension", range(6))
def test_folded_and_formula_agree(dimension: int) -> None:
    lens = fitted(dimension)
    points = tile_points(40)
    plain = np.empty_like(points)
    kernels.lens_in_order(lens._packed, points, plain)
    np.testing.assert_allclose(lens.apply(points), plain, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(lens.to_polynomial().apply(points), lens.apply(points))


def test_integer_points() -> None:
    """D23: integers are not truncated results."""
    lens = LensCorrection(1, [[3, 1.5], [0.25, 0.25], [1.5, 0.005]], [0.005, 0, 0], [1, 1, 1], 100, 100)
    whole = np.array([[1, 2], [40, 7]], dtype=np.int32)
    assert lens.apply(whole).dtype == np.float64
    np.testing.assert_array_equal(lens.apply(whole), lens.apply(whole.astype(float)))
    assert lens.apply([[1, 2]])[0, 0] == pytest.approx(153.485)


@pytest.mark.parametrize("dimension", range(4))
def test_rows_with_nan_stay_alone(dimension: int) -> None:
    points = tile_points(20)
    points[3, 1] = np.nan
    mapped = fitted(dimension).apply(points)
    assert np.isnan(mapped[3]).all()
    assert np.isfinite(np.delete(mapped, 3, axis=0)).all()


def test_list_with_an_affine_is_the_sequence() -> None:
    lens, affine = fitted(5), Affine([[1.01, 0.02, 1e5], [-0.01, 0.99, 2e5]])
    points = tile_points(1300)
    np.testing.assert_array_equal((lens | affine).apply(points), affine.apply(lens.apply(points)))
    target = (lens | affine).apply(points)
    np.testing.assert_allclose((lens | affine).apply_inverse(target), points, atol=1e-7)


# ---------------------------------------------------------------- inverse


@pytest.mark.parametrize("dimension", range(1, 7))
@pytest.mark.parametrize("amplitude", [20.0, 200.0])
def test_round_trip_on_the_tile(dimension: int, amplitude: float) -> None:
    """D14: a lens correction has an inverse."""
    lens = fitted(dimension, dimension, amplitude)
    points = np.concatenate([tile_points(60), [[0.0, 0.0], [4096.0, 0.0], [0.0, 4096.0], [4096.0, 4096.0]]])
    assert (np.linalg.det(lens.jacobian(points)) > 0).all()
    np.testing.assert_allclose(lens.apply_inverse(lens.apply(points)), points, rtol=0, atol=1e-8)


def test_round_trip_without_a_size() -> None:
    points = tile_points(40) + np.array([5e4, 0.0])
    lens = LensCorrection.from_estimate(points, points + 1e-6 * (points - 5e4) ** 2, dimension=2, width=0, height=0)
    np.testing.assert_allclose(lens.apply_inverse(lens.apply(points)), points, rtol=0, atol=1e-5)


def test_constants_have_no_inverse() -> None:
    constant = LensCorrection(0, [[1.5, 2.5]], [0.0], [1.0], 10, 10)
    np.testing.assert_array_equal(constant.apply([[3.0, 4.0]]), [[150.0, 250.0]])
    with pytest.raises(transforms.NonInvertibleError):
        constant.inverse()
    with pytest.raises(transforms.NonInvertibleError):
        constant.apply_inverse([[150.0, 250.0]])


# ---------------------------------------------------------------- fits


MODELS = {"affine": Affine, "rigid": Rigid, "similarity": Similarity, "translation": Translation}
TOO_FEW = "mpicbg.models.NotEnoughDataPointsException"


def java_fit(case: dict[str, Any]) -> transforms.Transform:
    p, q = points_of(case["p"]), points_of(case["q"])
    w = None if case["w"] is None else np.array([float(v) for v in case["w"]])
    wanted = {
        "dimension": case["order"],
        "width": case.get("width", 0),
        "height": case.get("height", 0),
        "regularization": float(case["lambda"]),
    }
    if case["model"] == "estimateDistortion":
        columns = np.array([[float(v) for v in row] for row in case["params"]]).reshape(-1, 3, 2)
        return estimate_distortion(p, q, columns.transpose(0, 2, 1), **wanted)
    if case["model"] == "nonlinear":
        return LensCorrection.from_estimate(p, q, w, **wanted)
    first = MODELS[case["a"]].from_estimate(p, q, w)  # PolynomialModel2D: unweighted on top of a weighted affine model
    wanted["regularization"] = float(np.float32(case["lambda"]))
    return first | LensCorrection.from_estimate(first.apply(p), q, **wanted)


@pytest.mark.parametrize("case", golden_cases("FitNonLinear"))
def test_against_java(case: dict[str, Any]) -> None:
    if case.get("exception") == TOO_FEW:  # PolynomialModel2D counts points even where a ridge would do with fewer
        assert len(case["p"]) < case["minNumMatches"]
        with pytest.raises(transforms.NotEnoughPointsError):
            java_fit({**case, "lambda": 0.0})
        return
    points, theirs = points_of(case["points"]), points_of(case["forward"])
    if not np.isfinite(theirs).all() or "ill-conditioned" in case["tags"]:
        with pytest.raises(transforms.EstimationError):  # Java answers NaN, or what rounding makes of a singular matrix
            java_fit(case)
        return
    mapped = java_fit(case).apply(points)
    if "tol" in case:
        assert_agrees(mapped, theirs, tolerance_of(case["tol"], len(points)))
        exact = points_of(case["forward_exact"])
        scale = np.maximum(np.abs(exact).max(axis=1, keepdims=True), 2048.0)
        assert_agrees(mapped, exact, 1e-11 * scale)
    else:
        assert_agrees(mapped, theirs, 1e-9 * np.maximum(np.abs(theirs).max(axis=1, keepdims=True), 2048.0))


@pytest.mark.parametrize("dimension", [1, 3, 5])
@pytest.mark.parametrize("regularization", [1e-9, 0.01, 100.0])
def test_ridge_against_many_digits(dimension: int, regularization: float) -> None:
    rng = np.random.default_rng(dimension)
    src = tile_points(60, seed=dimension)
    dst = src + rng.normal(0.0, 5.0, src.shape)
    lens = LensCorrection.from_estimate(src, dst, dimension=dimension, regularization=regularization, **SIZE)
    wanted = ridge_map(src, dst, dimension, lens.norm_mean, lens.norm_var, 2.0 * regularization, src[:10])
    assert np.abs(lens.apply(src[:10]) - wanted).max() <= 1e-12 * np.abs(wanted).max()


@pytest.mark.parametrize("dimension", range(6))
def test_without_a_ridge_it_is_the_polynomial_fit(dimension: int) -> None:
    rng = np.random.default_rng(dimension)
    src = tile_points(80)
    dst, weights = src + rng.normal(0.0, 5.0, src.shape), rng.uniform(0.0, 2.0, 80)
    lens = LensCorrection.from_estimate(src, dst, weights, dimension=dimension, **SIZE)
    polynomial = Polynomial.from_estimate(src, dst, weights, order=dimension)
    assert np.abs(lens.apply(src) - polynomial.apply(src)).max() <= 1e-13 * 4096


@pytest.mark.parametrize("count", [50, 128, 300])
def test_features_are_standardised_with_n_less_one(count: int) -> None:
    src = tile_points(count)
    lens = LensCorrection.from_estimate(src, src, dimension=3, **SIZE)
    with mpmath.workdps(40):
        for i, (a, b) in enumerate(exponents_without_constant(3)):
            raw = [mpmath.mpf(x) ** a * mpmath.mpf(y) ** b for x, y in src.tolist()]
            mean = mpmath.fsum(raw) / count
            sd = mpmath.sqrt(mpmath.fsum((r - mean) ** 2 for r in raw) / (count - 1))
            assert lens.norm_mean[i] == pytest.approx(float(mean), rel=1e-14)
            assert lens.norm_var[i] == pytest.approx(float(sd), rel=1e-13)
    assert (lens.norm_mean[-1], lens.norm_var[-1]) == (100.0, 0.0)


def test_from_scratch_with_a_constant_coordinate() -> None:
    """D26: estimated from points alone; a constant coordinate is a typed error, not a division by zero."""
    src = tile_points(40)
    src[:, 0] = 17.0
    for regularization in (0.0, 0.1):
        with pytest.raises(transforms.IllDefinedPointsError):
            LensCorrection.from_estimate(src, src, dimension=2, regularization=regularization, **SIZE)


def test_points_without_weight_do_not_count() -> None:
    src = tile_points(60)
    dst = bent(2).apply(src)
    weights = np.ones(60)
    weights[40:] = 0.0
    for regularization in (0.0, 0.1):
        options = {"dimension": 2, "regularization": regularization, **SIZE}
        kept = LensCorrection.from_estimate(src[:40], dst[:40], np.ones(40), **options)
        assert LensCorrection.from_estimate(src, dst + (weights == 0.0)[:, None], weights, **options) == kept
    dst[50] = np.nan
    with pytest.raises(transforms.IllDefinedPointsError) as caught:
        LensCorrection.from_estimate(src, dst, weights, **options)
    assert caught.value.indices == (50,)


@pytest.mark.parametrize("regularization", [-1.0, np.nan, np.inf, "much"])
def test_wrong_regularization(regularization: Any) -> None:
    with pytest.raises(transforms.PointsError, match="regularization"):
        LensCorrection.from_estimate(tile_points(60), tile_points(60), regularization=regularization, **SIZE)


def test_distortion_makes_overlapping_images_agree() -> None:
    """Shifted images of one distorting camera: the correction undoes the distortion up to an affine map."""
    rng = np.random.default_rng(3)
    camera = bent(3, amplitude=30.0)
    shifts = np.array([[500.0, 0.0], [0.0, 500.0], [-400.0, 300.0]])
    truth = rng.uniform(600.0, 3400.0, (900, 2))
    shift = shifts[np.arange(900) % 3]
    seen, again = camera.apply(truth), camera.apply(truth - shift)
    affines = np.concatenate([np.broadcast_to(np.eye(2), (900, 2, 2)), -shift[:, :, None]], axis=2)
    lens = estimate_distortion(seen, again, affines, dimension=3, regularization=1e-3, **SIZE)
    raw = np.hypot(*(seen - again - shift).T)
    left = np.hypot(*(lens.apply(seen) - lens.apply(again) - shift).T)
    assert raw.max() > 5.0
    assert np.sqrt(np.mean(left**2)) < 0.1 * np.sqrt(np.mean(raw**2))


def test_distortion_refuses_bad_input() -> None:
    points = tile_points(30)
    maps = np.broadcast_to(np.eye(2, 3), (30, 2, 3))
    with pytest.raises(transforms.PointsError, match="per pair"):
        estimate_distortion(points, points, maps[:5], **SIZE)
    with pytest.raises(transforms.NotEnoughPointsError):
        estimate_distortion(points[:1], points[:1], maps[:1], **SIZE)
    with pytest.raises(transforms.IllDefinedPointsError):
        estimate_distortion(points * [0.0, 1.0], points, maps, **SIZE)
    broken = points.copy()
    broken[3] = np.nan
    with pytest.raises(transforms.IllDefinedPointsError) as caught:
        estimate_distortion(points, broken, maps, **SIZE)
    assert caught.value.indices == (3,)


@given(dimension=st.integers(1, 5), seed=st.integers(0, 2**32 - 1), amplitude=st.floats(0.0, 100.0))
def test_a_generated_correction_is_recovered_and_inverted(dimension: int, seed: int, amplitude: float) -> None:
    points = tile_points(3 * term_count(dimension) + 2, seed)
    target = bent(dimension, seed, amplitude).apply(points)
    lens = LensCorrection.from_estimate(points, target, dimension=dimension, **SIZE)
    assert lens.residuals(points, target).max() <= 1e-8
    np.testing.assert_allclose(lens.apply_inverse(lens.apply(points)), points, rtol=0, atol=1e-8)


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 6])
def test_the_pre_image_inside_the_tile_is_the_one(seed: int) -> None:
    """Strongly bent lenses have pre-images outside the tile, too; a tile that does not fold gets its own back."""
    rng = np.random.default_rng(seed)
    side = np.linspace(0.0, 4096.0, 21)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    bend = Polynomial.basis(grid / 2048.0 - 1.0, 5) @ rng.normal(size=(21, 2))
    target = grid + bend * (700.0 / np.abs(bend).max())
    lens = LensCorrection.from_estimate(grid, target, dimension=5, **SIZE)
    assert (np.linalg.det(lens.jacobian(grid)) > 0.0).all()  # seeds whose lenses do not fold the tile
    stretch = np.linalg.svd(lens.jacobian(grid))[1][:, 1]
    gap = np.abs(lens.apply_inverse(lens.apply(grid)) - grid).max(axis=1)
    assert (gap <= 1e-9 * 4096.0 / np.minimum(stretch, 1.0)).all()
