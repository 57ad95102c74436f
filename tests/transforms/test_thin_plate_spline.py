"""Thin plate spline: against Java, against 40 digits, and the defects of its predecessor by their numbers."""

from __future__ import annotations

import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import transforms
from render_io import codecs
from tests.golden_vectors import assert_agrees, points_of, tolerance_of
from tests.reference.thin_plate_spline import exact_fit, exact_map
from tests.shared import golden_cases
from transforms import ThinPlateSpline
from transforms._jit import JIT_DISABLED

CLASS = "mpicbg.trakem2.transform.ThinPlateSplineTransform"


def landmarks_of(seed: int, count: int, size: float = 4000.0, offset: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.0, size, (count, 2)) + offset


def bent(points: np.ndarray, scale: float = 1.0, degrees: float = 0.0, bend: float = 15.0) -> np.ndarray:
    """Scaled, rotated, moved, and gently bent: no fold."""
    angle = np.radians(degrees)
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    wave = bend * scale * np.column_stack([np.sin(points[:, 1] / 600.0), np.cos(points[:, 0] / 700.0)])
    return points @ matrix.T + [1e5, -3e4] + wave


# ---------------------------------------------------------------- Java


@pytest.mark.parametrize("case", golden_cases("FitThinPlateSpline"))
def test_golden_fit(case: dict[str, Any]) -> None:
    p, q, points = points_of(case["p"]), points_of(case["q"]), points_of(case["points"])
    affine = case.get("computeAffine", True)
    if "ill-conditioned" in case["tags"]:  # Java's weights are NaN
        with pytest.raises(transforms.IllDefinedPointsError):
            ThinPlateSpline.from_estimate(p, q, affine=affine)
        return
    fitted = ThinPlateSpline.from_estimate(p, q, affine=affine)
    java = codecs.decode(CLASS, case["dataString"])
    tolerance = tolerance_of(case.get("tol", [1e-9] * len(points)), len(points))
    assert_agrees(fitted.apply(points), points_of(case["forward"]), tolerance)
    assert_agrees(fitted.apply(points), java.apply(points), tolerance)
    assert (fitted.affine is None) == (java.affine is None)
    if "forward_exact" in case:
        assert_agrees(fitted.apply(points), points_of(case["forward_exact"]), np.full((len(points), 1), 1e-9))


# ---------------------------------------------------------------- 40 digits


@pytest.mark.parametrize("offset", [0.0, 1e7])
@pytest.mark.parametrize("count", [1, 7, 8, 23])
def test_map_against_extended_precision(count: int, offset: float) -> None:
    rng = np.random.default_rng(count)
    places = landmarks_of(1, count, offset=offset)
    weights = rng.normal(0.0, 1e-6, (count, 2))
    affine = np.array([[1e-3, -2e-3, 5.0], [4e-3, 1e-3, -7.0]])
    points = np.concatenate([landmarks_of(2, 6, 6000.0, offset - 1000.0), places[:3], places[:2] + 1e-3])
    for block in (None, affine):
        spline = ThinPlateSpline(places, weights, block)
        wanted = exact_map(places, weights.T, block, points)
        terms = np.hypot(*(points[:, None] - places).T) ** 2
        size = np.abs(wanted) + 12.0 * np.abs(weights).max() * terms.sum(axis=0)[:, None]
        assert (np.abs(spline.apply(points) - wanted) <= 1e-15 * size).all()


def test_side_conditions_buy_digits() -> None:
    """Where weights sum to nothing the unit of distance drops out, and with it most of the rounding of large terms."""
    src = landmarks_of(3, 30, 200_000.0)
    dst = src + np.random.default_rng(4).normal(0.0, 100.0, src.shape)
    spline = ThinPlateSpline.from_estimate(src, dst)
    points = landmarks_of(5, 12, 200_000.0)
    assert spline.affine is not None
    wanted = exact_map(spline.landmarks, spline.weights.T, spline.affine, points)
    r = np.hypot(*(points[:, None] - src).T).T
    plain = points + (r * r * np.log(r)) @ spline.weights + points @ spline.affine[:, :2].T + spline.affine[:, 2]
    error = np.abs(spline.apply(points) - wanted)
    assert error.max() <= 5e-10
    assert error.mean() < 0.3 * np.abs(plain - wanted).mean()


@pytest.mark.parametrize(
    ("size", "offset", "noise", "affine", "smoothing"),
    [
        (4000.0, 0.0, 5.0, True, 0.0),
        (4000.0, 1e6, 5.0, True, 0.0),
        (4000.0, 1e7, 5.0, True, 0.0),
        (200_000.0, 0.0, 20.0, True, 0.0),
        (1.0, 0.0, 1e-3, True, 0.0),
        (4000.0, 0.0, 5.0, False, 0.0),
        (4000.0, 0.0, 5.0, True, 1e5),
        (4000.0, 0.0, 5.0, False, 1e7),
    ],
)
def test_fit_against_extended_precision(
    size: float, offset: float, noise: float, affine: bool, smoothing: float
) -> None:
    src = landmarks_of(6, 20, size, offset)
    dst = src + np.random.default_rng(7).normal(0.0, noise, src.shape)
    fitted = ThinPlateSpline.from_estimate(src, dst, affine=affine, regularization=smoothing)
    points = np.concatenate([landmarks_of(8, 8, size, offset), src[:3]])
    wanted = exact_map(src, *exact_fit(src, dst, affine, smoothing), points)
    assert np.abs(fitted.apply(points) - wanted).max() <= max(1e-9, 2.0 * np.spacing(np.abs(wanted).max()))


def test_side_conditions_hold() -> None:
    src = landmarks_of(9, 60, offset=1e5)
    fitted = ThinPlateSpline.from_estimate(src, bent(src))
    centred = src - src.mean(axis=0)
    size = np.abs(fitted.weights).sum()
    assert np.abs(fitted.weights.sum(axis=0)).max() <= 1e-15 * size
    assert np.abs(centred.T @ fitted.weights).max() <= 1e-15 * size * np.abs(centred).max()


# ---------------------------------------------------------------- properties


def test_one_point_many_points_same_bits() -> None:
    src = landmarks_of(10, 37)
    spline = ThinPlateSpline.from_estimate(src, bent(src))
    points = landmarks_of(11, 30)
    together = spline.apply(points)
    for i, point in enumerate(points):
        assert spline.apply(point[None]).tobytes() == together[i].tobytes()
    assert spline.apply(points[::-1])[::-1].tobytes() == together.tobytes()
    assert (spline | transforms.Translation([0.0, 0.0])).apply(points).tobytes() == together.tobytes()


def test_jacobian_against_the_formula() -> None:
    src = landmarks_of(12, 21)
    spline = ThinPlateSpline.from_estimate(src, bent(src, 2.0, 30.0))
    assert spline.affine is not None
    points = landmarks_of(13, 9)
    d = points[:, None] - src
    slope = np.log((d**2).sum(axis=2)) + 1.0
    wanted = np.eye(2) + spline.affine[:, :2] + np.einsum("nl,nlj,li->nij", slope, d, spline.weights)
    np.testing.assert_allclose(spline.jacobian(points), wanted, rtol=0, atol=1e-11)


def test_landmarks_have_no_influence_within_a_hair() -> None:
    """Java's cut-off: r <= 1e-8."""
    spline = ThinPlateSpline([[0.0, 0.0]], [[1e20, 0.0]])
    near, far = spline.apply([[0.9e-8, 0.0], [1.1e-8, 0.0]])
    assert near[0] == 0.9e-8
    assert far[0] == pytest.approx(1e20 * 1.1e-8**2 * np.log(1.1e-8), rel=1e-12)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(4, 30), offset=st.sampled_from([0.0, 1e5, -1e7]))
def test_interpolates_its_landmarks(seed: int, count: int, offset: float) -> None:
    src = landmarks_of(seed, count, offset=offset)
    dst = src + np.random.default_rng(seed + 1).normal(0.0, 3.0, src.shape)
    fitted = ThinPlateSpline.from_estimate(src, dst)
    assert fitted.residuals(src, dst).max() <= max(1e-9, 4.0 * np.spacing(np.abs(dst).max()))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(3, 30), smoothing=st.sampled_from([0.0, 1.0, 1e6]))
def test_reproduces_affine_maps(seed: int, count: int, smoothing: float) -> None:
    rng = np.random.default_rng(seed)
    affine = transforms.Affine(np.column_stack([rng.normal(0.0, 1.0, (2, 2)), rng.normal(0.0, 1e4, 2)]))
    src = landmarks_of(seed, count)
    fitted = ThinPlateSpline.from_estimate(src, affine.apply(src), regularization=smoothing)
    points = landmarks_of(seed + 1, 5)
    np.testing.assert_allclose(fitted.apply(points), affine.apply(points), rtol=0, atol=1e-7)


def test_regularization_trades_fit_for_smoothness() -> None:
    src = landmarks_of(14, 25)
    dst = src + np.random.default_rng(15).normal(0.0, 5.0, src.shape)
    misfits, weights = [], []
    for smoothing in (0.0, 1e4, 1e6, 1e8, 1e14):
        fitted = ThinPlateSpline.from_estimate(src, dst, regularization=smoothing)
        misfits.append(np.linalg.norm(fitted.residuals(src, dst)))
        weights.append(np.abs(fitted.weights).sum())
    assert misfits == sorted(misfits)
    assert weights == sorted(weights, reverse=True)
    limit = transforms.Affine.from_estimate(src, dst)
    np.testing.assert_allclose(fitted.apply(src), limit.apply(src), rtol=0, atol=1e-5)


def test_regularization_may_meet_a_landmark_twice() -> None:
    src = np.concatenate([landmarks_of(16, 9), landmarks_of(16, 9)[:2]])
    dst = src + np.random.default_rng(17).normal(0.0, 1.0, src.shape)
    assert np.isfinite(ThinPlateSpline.from_estimate(src, dst, regularization=10.0).apply(src)).all()


# ---------------------------------------------------------------- few and bad landmarks


def test_one_and_two_landmarks_give_the_least_affine_part() -> None:
    """The rule behind Java's pseudo-inverse, for landmarks that are not at the origin."""
    for count in (1, 2):
        src = np.array([[100.0, 200.0], [300.0, -50.0]])[:count]
        dst = src + [[5.0, 6.0], [4.0, 8.0]][:count]
        fitted = ThinPlateSpline.from_estimate(src, dst)
        assert fitted.affine is not None
        design = np.column_stack([src, np.ones(count)])
        np.testing.assert_allclose(fitted.affine, (np.linalg.pinv(design) @ (dst - src)).T, rtol=0, atol=1e-14)
        np.testing.assert_allclose(fitted.apply(src), dst, rtol=0, atol=1e-12)
        assert not fitted.weights.any()


def test_refusals() -> None:
    good = landmarks_of(18, 6)
    with pytest.raises(transforms.NotEnoughPointsError):
        ThinPlateSpline.from_estimate([], [])
    line = np.column_stack([np.arange(6.0), np.arange(6.0) / 3.0 + 1.0])
    for offset in (0.0, 1e5):
        for count in (3, 6):
            with pytest.raises(transforms.IllDefinedPointsError, match="line"):
                ThinPlateSpline.from_estimate((line + offset)[:count], good[:count])
    upright = np.column_stack([np.full(6, 3.3), good[:, 1]])
    for places in (upright, upright[:, ::-1], upright + [[1e-13 * (i % 2), 0.0] for i in range(6)]):
        with pytest.raises(transforms.IllDefinedPointsError, match="line"):
            ThinPlateSpline.from_estimate(places, good)
    for near in (1e-9, 1e-8):  # a single number is left of the system: its size must be compared with its rounding
        with pytest.raises(transforms.IllDefinedPointsError):
            ThinPlateSpline.from_estimate([*good[:3], good[1] + [near, 0.0]], good[:4])
    broken = good.copy()
    broken[4, 1] = np.nan
    for src, dst in ((broken, good), (good, broken)):
        with pytest.raises(transforms.IllDefinedPointsError, match="finite") as caught:
            ThinPlateSpline.from_estimate(src, dst)
        assert caught.value.indices == (4,)
    with pytest.raises(transforms.IllDefinedPointsError):
        ThinPlateSpline.from_estimate([[1.0, 2.0]], [[3.0, 4.0]], affine=False)
    for value in (-1.0, np.nan, np.inf, "1"):
        with pytest.raises(transforms.PointsError, match="regularization"):
            ThinPlateSpline.from_estimate(good, good, regularization=value)  # type: ignore[arg-type]
    with pytest.raises(transforms.PointsError):
        ThinPlateSpline.from_estimate(good, good[:5])
    for arguments in (([[1.0]], [[1.0]]), (good, good[:5]), (good, good, np.eye(2)), (good, good, np.zeros(6))):
        with pytest.raises(transforms.PointsError):
            ThinPlateSpline(*arguments)


def test_extreme_parameters_are_kept_and_stay_themselves() -> None:
    for places, weights in (
        ([[1e200, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]),
        ([[np.inf, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]),
        ([[0.0, 0.0], [0.0, 1.0]], [[np.nan, 1.0], [1.0, 1.0]]),
        ([[0.0, 0.0], [0.0, 1.0]], [[5e-324, -0.0], [1e308, -1e308]]),
    ):
        spline = ThinPlateSpline(places, weights)
        assert spline.landmarks.tobytes() == np.array(places).tobytes()
        assert spline.weights.tobytes() == np.array(weights).tobytes()
        assert pickle.loads(pickle.dumps(spline)) == spline
        assert spline.apply([[3.0, 4.0]]).shape == (1, 2)
    assert ThinPlateSpline([[0.0, 0.0]], [[0.0, 0.0]]) != ThinPlateSpline([[0.0, 0.0]], [[0.0, -0.0]])
    assert ThinPlateSpline([[0.0, 0.0]], [[0.0, 0.0]]) != ThinPlateSpline([[0.0, 0.0]], [[0.0, 0.0]], np.zeros((2, 3)))


# ---------------------------------------------------------------- inverse


@pytest.mark.parametrize("count", [25, 100])
@pytest.mark.parametrize(
    ("scale", "degrees"),
    [
        (0.3, 0.0),
        (1.9, 0.0),
        (2.1, 0.0),
        (3.0, 0.0),
        (1.0, 70.0),
        (1.0, 120.0),
        (3.0, 120.0),
        (1.0, 180.0),
        (0.1, 250.0),
    ],
)
def test_d15_d15b_inverse_converges_for_any_scale_and_rotation(count: int, scale: float, degrees: float) -> None:
    src = landmarks_of(19, count)
    spline = ThinPlateSpline.from_estimate(src, bent(src, scale, degrees))
    points = np.concatenate([landmarks_of(20, 20 if JIT_DISABLED else 200), src])
    mapped = spline.apply(points)
    assert (np.linalg.det(spline.jacobian(points)) > 0.0).all()
    back = spline.apply_inverse(mapped)
    assert np.abs(back - points).max() <= 1e-9 * np.abs(mapped).max() / min(1.0, scale)
    np.testing.assert_allclose(spline.inverse().apply(mapped), back, rtol=0, atol=1e-6)


def test_inverse_is_as_good_as_rounding_allows_and_the_same_for_one_point_and_many() -> None:
    src = landmarks_of(31, 40)
    spline = ThinPlateSpline.from_estimate(src, bent(src))
    places = np.concatenate([landmarks_of(32, 40), src[:3]])
    mapped = spline.apply(places)
    back = spline.apply_inverse(mapped)
    assert np.abs(spline.apply(back) - mapped).max() <= 1e-10  # of coordinates up to 1e5
    np.testing.assert_allclose(back, places, rtol=0, atol=1e-9)
    for i in (0, 7, 41):
        assert spline.apply_inverse(mapped[i : i + 1]).tobytes() == back[i].tobytes()
    loose = spline.apply_inverse(mapped, tolerance=1e-3)
    assert np.abs(spline.apply(loose) - mapped).max() <= 1e-3 * np.hypot(*mapped.T).max()


def test_inverse_where_the_spline_folds_is_a_true_preimage_or_an_error() -> None:
    src = landmarks_of(21, 20, 100.0)
    spline = ThinPlateSpline.from_estimate(src, src + np.random.default_rng(22).normal(0.0, 60.0, src.shape))
    points = landmarks_of(23, 10 if JIT_DISABLED else 50, 100.0)
    assert (np.linalg.det(spline.jacobian(points)) < 0.0).any()
    mapped = spline.apply(points)
    back = spline.apply_inverse(mapped, on_error="nan")
    solved = ~np.isnan(back).any(axis=1)
    assert solved.sum() > len(points) // 2
    assert np.abs(spline.apply(back[solved]) - mapped[solved]).max() <= 1e-9 * np.abs(mapped).max()


# ---------------------------------------------------------------- defects of the predecessor


@pytest.mark.skipif(JIT_DISABLED, reason="plain Python allocates as it likes")
def test_d16_memory_does_not_grow_with_points_times_landmarks() -> None:
    src = landmarks_of(24, 500)
    spline = ThinPlateSpline(src, np.full(src.shape, 1e-9))
    points = landmarks_of(25, 20_000)
    spline.apply(points[:1])
    tracemalloc.start()
    spline.apply(points)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * points.nbytes


def test_d17_x_and_y_decouple() -> None:
    src = landmarks_of(26, 40)
    dst = bent(src)
    other = np.column_stack([dst[:, 0], dst[::-1, 1]])
    first, second = ThinPlateSpline.from_estimate(src, dst), ThinPlateSpline.from_estimate(src, other)
    np.testing.assert_array_equal(first.weights[:, 0], second.weights[:, 0])
    assert first.affine is not None
    assert second.affine is not None
    np.testing.assert_array_equal(first.affine[0], second.affine[0])


def test_d18_duplicate_landmarks_are_an_estimation_error_that_names_them() -> None:
    src = landmarks_of(27, 8)
    src[5], src[7] = src[2], src[0]
    for affine in (True, False):
        with pytest.raises(transforms.EstimationError, match="distinct") as caught:
            ThinPlateSpline.from_estimate(src, src + 1.0, affine=affine)
        assert isinstance(caught.value, transforms.IllDefinedPointsError)
        assert caught.value.indices == (5, 7)
    with pytest.raises(transforms.IllDefinedPointsError):
        ThinPlateSpline.from_estimate(src[[2, 5]], src[[2, 5]])
    near = landmarks_of(28, 8)
    near[5] = near[2] + [1e-9, 0.0]
    with pytest.raises(transforms.IllDefinedPointsError):
        ThinPlateSpline.from_estimate(near, near + 1.0)


def test_d19_no_landmarks_are_the_identity_and_return_a_new_array() -> None:
    points = landmarks_of(29, 5)
    for spline in (ThinPlateSpline.identity(), ThinPlateSpline(np.empty((0, 2)), np.empty((0, 2)), np.zeros((2, 3)))):
        mapped = spline.apply(points)
        assert mapped is not points
        assert not np.shares_memory(mapped, points)
        np.testing.assert_array_equal(mapped, points)
        np.testing.assert_allclose(spline.apply_inverse(points), points, rtol=0, atol=1e-9)
    moved = ThinPlateSpline(np.empty((0, 2)), np.empty((0, 2)), [[0.0, 0.0, 5.0], [0.0, 0.0, 6.0]])
    np.testing.assert_array_equal(moved.apply([[1.0, 2.0]]), [[6.0, 8.0]])


def test_d42_far_from_the_origin_it_still_interpolates() -> None:
    src = landmarks_of(30, 40, offset=1e7)
    dst = src + np.random.default_rng(31).normal(0.0, 5.0, src.shape)
    assert ThinPlateSpline.from_estimate(src, dst).residuals(src, dst).max() <= 4e-9  # two units in the last place


def test_d43_arrays_are_copied_in() -> None:
    src = landmarks_of(32, 10)
    weights, affine = np.full((10, 2), 1e-6), np.zeros((2, 3))
    points = landmarks_of(33, 4)
    spline, fitted = ThinPlateSpline(src, weights, affine), ThinPlateSpline.from_estimate(src, bent(src))
    before, fit_before = spline.apply(points), fitted.apply(points)
    src[:], weights[:], affine[:] = 0.0, 1.0, 1.0
    np.testing.assert_array_equal(spline.apply(points), before)
    np.testing.assert_array_equal(fitted.apply(points), fit_before)
    assert not spline.landmarks.flags.writeable
    assert not spline.weights.flags.writeable


def test_d56_no_affine_float32_and_fortran_input() -> None:
    src = landmarks_of(34, 12).astype(np.float32)
    dst = np.asfortranarray(src + np.float32(2.0))
    for affine in (True, False):
        fitted = ThinPlateSpline.from_estimate(src, dst, affine=affine)
        assert (fitted.affine is None) is not affine
        np.testing.assert_allclose(fitted.apply(np.asfortranarray(src)), dst, rtol=0, atol=1e-9)
