"""Moving least squares: the formula's own value everywhere, against 60 digits, and what happens where there is none."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import transforms
from tests.reference.moving_least_squares import exact_jacobian, exact_map
from transforms import Affine, Homography, MovingLeastSquares, Rigid, Similarity, Translation
from transforms._jit import JIT_DISABLED
from transforms.moving_least_squares import _on_a_line

MODELS: dict[str, Any] = {"translation": Translation, "rigid": Rigid, "similarity": Similarity, "affine": Affine}
ALPHAS = [0.0, 0.5, 1.0, 1.3, 2.0, 6.0]


def control_points(seed: int, count: int = 12, size: float = 2000.0, offset: float = 0.0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    src = rng.uniform(0.0, size, (count, 2)) + offset
    dst = (src - offset) @ np.array([[0.9, 0.2], [-0.1, 1.1]]) + rng.normal(0.0, 0.01 * size, src.shape) - offset
    return src, dst, rng.uniform(0.3, 3.0, count)


def near_and_far(seed: int, src: Any) -> Any:
    """Points at all distances from control points, one ulp included, and anywhere else."""
    rng = np.random.default_rng(seed)
    low, high = src.min(axis=0), src.max(axis=0)
    size = float((high - low).max())
    distances = np.array([0.0, 1e-15, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0]) * size
    angles = rng.uniform(0.0, 2.0 * np.pi, len(distances))
    around = src[rng.integers(0, len(src), len(distances))] + distances[:, None] * np.column_stack(
        [np.cos(angles), np.sin(angles)]
    )
    beside = np.nextafter(src[:2], np.inf)
    return np.concatenate([around, beside, rng.uniform(low - size, high + size, (5, 2))])


def assert_exact(transform: MovingLeastSquares, points: Any) -> None:
    name = transform.model.__name__.lower()
    wanted = exact_map(transform.src, transform.dst, transform.weights, name, transform.alpha, points)
    scale = max(1.0, np.abs(wanted).max() / 1e6)
    worst = np.abs(transform.apply(points) - wanted).max()
    assert worst <= 1e-9 * scale, f"{worst} px for {name}, alpha {transform.alpha}"


# ---------------------------------------------------------------- values


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("name", MODELS)
def test_exact_everywhere(name: str, alpha: float) -> None:
    src, dst, weights = control_points(1)
    assert_exact(MovingLeastSquares(src, dst, weights, MODELS[name], alpha), near_and_far(2, src))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("offset", [1e5, 1e7])
def test_exact_far_from_the_origin(name: str, offset: float) -> None:
    src, dst, weights = control_points(3, offset=offset)
    assert_exact(MovingLeastSquares(src, dst, weights, MODELS[name], 2.0), near_and_far(4, src))


@pytest.mark.parametrize("flatness", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("degrees", [0.0, 33.0, 90.0])
def test_exact_for_control_points_almost_on_a_line(flatness: float, degrees: float) -> None:
    """Plain moments lose twice the digits of the condition number: 12 of them at 1e-6."""
    rng = np.random.default_rng(5)
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    flat = rng.uniform(-1000.0, 1000.0, (9, 2)) * [1.0, flatness]
    src = flat @ turn.T
    dst = src @ np.array([[1.1, 0.1], [-0.2, 0.9]]) + 50.0
    transform = MovingLeastSquares(src, dst, np.ones(9), Affine, 1.0)
    points = (rng.uniform(-1000.0, 1000.0, (8, 2)) * [1.0, flatness]) @ turn.T
    assert_exact(transform, points)


@pytest.mark.parametrize("alpha", [1.0, 2.0, 3.0])
def test_exact_between_two_control_points_that_almost_coincide(alpha: float) -> None:
    """There all others together weigh less than the rounding of the two."""
    src, dst, weights = control_points(22, 8)
    src[1] = src[0] + [3e-3, -1e-3]
    dst[1] = dst[0] + [2e-3, 1e-3]
    points = src[0] + np.linspace(-0.2, 1.2, 9)[:, None] * (src[1] - src[0])
    assert_exact(MovingLeastSquares(src, dst, weights, Affine, alpha), points)


def test_a_zero_weight_takes_a_control_point_out_except_on_it() -> None:
    src, dst, weights = control_points(6)
    weights[4] = 0.0
    points = near_and_far(7, np.delete(src, 4, axis=0))
    for alpha in (0.0, 1.0, 2.0):
        full = MovingLeastSquares(src, dst, weights, Affine, alpha)
        rest = MovingLeastSquares(np.delete(src, 4, 0), np.delete(dst, 4, 0), np.delete(weights, 4), Affine, alpha)
        np.testing.assert_allclose(full.apply(points), rest.apply(points), rtol=0, atol=1e-9)
        np.testing.assert_array_equal(full.apply(src[4:5]), dst[4:5])
        beside = src[4:5] + 1e-7
        np.testing.assert_allclose(full.apply(beside), rest.apply(beside), rtol=0, atol=1e-9)


def test_control_points_go_where_they_belong_the_first_of_equal_ones_decides() -> None:
    src, dst, weights = control_points(8)
    src[7] = src[2]
    for model in MODELS.values():
        for alpha in ALPHAS:
            mapped = MovingLeastSquares(src, dst, weights, model, alpha).apply(src)
            wanted = dst.copy()
            wanted[7] = dst[2]
            assert mapped.tobytes() == wanted.tobytes()


def test_weights_count_only_relative_to_each_other() -> None:
    src, dst, weights = control_points(9)
    points = near_and_far(10, src)
    for scale in (2.0**-300, 2.0**300):  # Java's sums under- and overflow
        first = MovingLeastSquares(src, dst, weights, Similarity, 2.0)
        second = MovingLeastSquares(src, dst, weights * scale, Similarity, 2.0)
        assert first.apply(points).tobytes() == second.apply(points).tobytes()


def test_one_point_many_points_same_bits() -> None:
    src, dst, weights = control_points(11, 20)
    points = near_and_far(12, src)
    for model in MODELS.values():
        for alpha in (1.0, 1.3):
            transform = MovingLeastSquares(src, dst, weights, model, alpha)
            together = transform.apply(points)
            for i in range(len(points)):
                assert transform.apply(points[i : i + 1]).tobytes() == together[i].tobytes()
            assert (transform | Translation([0.0, 0.0])).apply(points).tobytes() == together.tobytes()


# ---------------------------------------------------------------- where there is no fit


def test_too_few_control_points_leave_points_alone_except_on_them() -> None:
    points = np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 2.0]])
    for model, count in ((Affine, 1), (Affine, 2), (Rigid, 1), (Similarity, 1)):
        src = np.array([[1.0, 2.0], [7.0, 8.0]])[:count]
        transform = MovingLeastSquares(src, src + 5.0, np.ones(count), model, 1.0)
        np.testing.assert_array_equal(transform.apply(points), [[0.0, 0.0], [3.0, 4.0], [6.0, 7.0]])
        np.testing.assert_array_equal(transform.jacobian(points), np.broadcast_to(np.eye(2), (3, 2, 2)))
        np.testing.assert_allclose(transform.apply_inverse([[0.5, 0.25]]), [[0.5, 0.25]])
    single = MovingLeastSquares([[1.0, 2.0]], [[4.0, 6.0]], [1.0], Translation, 1.0)
    np.testing.assert_allclose(single.apply(points), points + np.array([3.0, 4.0]), rtol=0, atol=1e-15)


@pytest.mark.parametrize("size", [5e-324, 1e-300, 1e300, 1.7e308])
def test_a_line_is_told_at_any_size(size: float) -> None:
    """Where a line is only noticed, not fitted: control points of the largest and the smallest doubles."""
    line, bent = ((0.0, 0.0), (1.0, 1.0), (1.0, 1.0)), ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    answers = [_on_a_line(np.array(points) * size, np.ones(3)) for points in (line, bent, line[1:2] * 3)]
    assert answers == [True, False, True]


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_control_points_on_a_line_leave_points_alone(offset: float) -> None:
    """On a line to within the rounding of coordinates: Java notices only what is exact."""
    steps = np.arange(6.0)
    src = np.column_stack([10.0 * steps, 10.0 * steps / 3.0]) + offset
    transform = MovingLeastSquares(src, src * 2.0, np.ones(6), Affine, 1.0)
    points = np.array([[5.0, 7.0], [15.0, -3.0], [100.0, 100.0]]) + offset
    np.testing.assert_array_equal(transform.apply(points), points)
    np.testing.assert_array_equal(transform.apply(src), src * 2.0)
    beside = np.concatenate([src, [[50.0, -20.0]]])
    counted = MovingLeastSquares(beside, beside * 2.0, np.ones(7), Affine, 1.0)
    np.testing.assert_allclose(counted.apply(points), points * 2.0, rtol=1e-12)
    uncounted = MovingLeastSquares(beside, beside * 2.0, [1, 1, 1, 1, 1, 1, 0], Affine, 1.0)
    np.testing.assert_array_equal(uncounted.apply(points), points)


def test_fits_without_value_are_nan() -> None:
    src, dst, weights = control_points(13, 5)
    points = [[3.0, 4.0]]
    same = np.tile(src[:1], (5, 1))
    for model in (Rigid, Similarity):
        assert np.isnan(MovingLeastSquares(same, dst, weights, model, 1.0).apply(points)).all()
    for model in MODELS.values():
        nothing = MovingLeastSquares(src, dst, np.zeros(5), model, 1.0)
        assert np.isnan(nothing.apply(points)).all()
        np.testing.assert_array_equal(nothing.apply(src), dst)


def test_float_weights_are_another_transform() -> None:
    src, dst, weights = control_points(14, 15)
    exact = MovingLeastSquares(src, dst, weights, Affine, 2.0)
    rounded = MovingLeastSquares(src, dst, weights, Affine, 2.0, float_weights=True)
    assert exact != rounded
    assert pickle.loads(pickle.dumps(rounded)) == rounded
    points = near_and_far(15, src)[5:]
    squares = ((points[:, None] - src) ** 2).sum(axis=2)
    clear = squares.min(axis=1) > 1e-6  # closer, weights over distance overflow 32 bits, as they do in Java
    points, squares = points[clear], squares[clear]
    for point, square, mapped in zip(points, squares, rounded.apply(points), strict=True):
        single = (weights / (square * square)).astype(np.float32).astype(np.float64)
        wanted = Affine.from_estimate(src, dst, single).apply(point[None])[0]
        np.testing.assert_allclose(mapped, wanted, rtol=0, atol=1e-9)
    difference = np.abs(exact.apply(points) - rounded.apply(points)).max()
    assert 1e-8 < difference < 1e-1


# ---------------------------------------------------------------- derivative and inverse


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("name", MODELS)
def test_jacobian_against_extended_precision(name: str, alpha: float) -> None:
    src, dst, weights = control_points(16, 7)
    transform = MovingLeastSquares(src, dst, weights, MODELS[name], alpha)
    points = np.concatenate([np.random.default_rng(17).uniform(-500.0, 2500.0, (3, 2)), src[:1] + 1e-3])
    for point, ours in zip(points, transform.jacobian(points), strict=True):
        wanted = exact_jacobian(src, dst, weights, name, alpha, point)
        np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-10 * max(1.0, np.abs(wanted).max()))


def test_jacobian_on_a_control_point_is_its_limit() -> None:
    src, dst, weights = control_points(18, 9)
    for model in MODELS.values():
        for alpha in (1.0, 1.3, 2.0):
            transform = MovingLeastSquares(src, dst, weights, model, alpha)
            np.testing.assert_allclose(transform.jacobian(src), transform.jacobian(src + 1e-8), rtol=0, atol=1e-7)


@settings(max_examples=20)
@given(
    seed=st.integers(0, 1000),
    name=st.sampled_from(sorted(MODELS)),
    alpha=st.sampled_from([0.5, 1.0, 1.3, 2.0]),
    degrees=st.sampled_from([0.0, 70.0, 120.0, 180.0]),
    scale=st.sampled_from([0.3, 1.0, 3.0]),
)
def test_inverse(seed: int, name: str, alpha: float, degrees: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    src = np.stack(np.meshgrid(np.linspace(0, 2000, 5), np.linspace(0, 2000, 5)), -1).reshape(-1, 2)
    src += rng.normal(0.0, 30.0, src.shape)
    angle = np.radians(degrees)
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    dst = src @ matrix.T + rng.normal(0.0, 3.0 * scale, src.shape) + [1e4, 2e4]
    transform = MovingLeastSquares.from_estimate(src, dst, model=MODELS[name], alpha=alpha)
    points = rng.uniform(0.0, 2000.0, (5 if JIT_DISABLED else 40, 2))
    mapped = transform.apply(points)
    back = transform.apply_inverse(mapped, on_error="nan")
    solved = ~np.isnan(back).any(axis=1)
    assert np.abs(transform.apply(back[solved]) - mapped[solved]).max(initial=0.0) <= 1e-9 * np.abs(mapped).max()
    side = np.linspace(0.0, 2000.0, 8 if JIT_DISABLED else 40)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    if (np.linalg.det(transform.jacobian(np.concatenate([grid, points]))) > 0.05 * scale**2).all():
        assert solved.all()
        assert np.abs(back - points).max() <= 1e-8 / scale


# ---------------------------------------------------------------- construction


def test_from_estimate_takes_the_control_points_as_given() -> None:
    src, dst, weights = control_points(19)
    fitted = MovingLeastSquares.from_estimate(src, dst, weights, model=Rigid, alpha=2.0)
    assert fitted == MovingLeastSquares(src, dst, weights, Rigid, 2.0)
    plain = MovingLeastSquares.from_estimate(src, dst)
    assert (plain.model, plain.alpha, plain.float_weights) == (Affine, 1.0, False)
    np.testing.assert_array_equal(plain.weights, np.ones(len(src)))
    np.testing.assert_array_equal(fitted.apply(src), dst)
    src[:] = 0.0
    assert fitted.src.any()


def test_from_estimate_refuses_what_does_not_determine_the_model() -> None:
    src, dst, _ = control_points(20, 6)
    for model, count in ((Translation, 0), (Rigid, 1), (Similarity, 1), (Affine, 2)):
        with pytest.raises(transforms.NotEnoughPointsError):
            MovingLeastSquares.from_estimate(src[:count], dst[:count], model=model)
    line = np.column_stack([np.arange(6.0), np.arange(6.0) / 3.0])
    with pytest.raises(transforms.IllDefinedPointsError):
        MovingLeastSquares.from_estimate(line, dst)
    with pytest.raises(transforms.IllDefinedPointsError):
        MovingLeastSquares.from_estimate(np.ones((6, 2)), dst, model=Rigid)
    with pytest.raises(transforms.IllDefinedPointsError):
        MovingLeastSquares.from_estimate(src, dst, np.zeros(6), model=Translation)
    broken = dst.copy()
    broken[2, 0] = np.inf
    for first, second in ((src, broken), (broken, dst)):
        with pytest.raises(transforms.IllDefinedPointsError) as caught:
            MovingLeastSquares.from_estimate(first, second)
        assert caught.value.indices == (2,)
    with pytest.raises(transforms.PointsError) as refused:
        MovingLeastSquares.from_estimate(src, dst, [1, 1, 1, -1, 1, 1])
    assert refused.value.indices == (3,)
    MovingLeastSquares.from_estimate(src, np.zeros((6, 2)))  # all to one place: a legitimate fit


def test_constructor_refusals() -> None:
    src, dst, weights = control_points(21, 4)
    for arguments in (
        (src, dst[:3], weights, Affine, 1.0),
        (src, dst, weights[:3], Affine, 1.0),
        (src, dst, weights, Homography, 1.0),
        (src, dst, weights, "affine", 1.0),
        (src, dst, weights, Affine(np.eye(3)), 1.0),
        (src, dst, weights, Affine, "1"),
        (np.empty((0, 2)), np.empty((0, 2)), [], Affine, 1.0),
    ):
        with pytest.raises(transforms.PointsError):
            MovingLeastSquares(*arguments)  # type: ignore[arg-type]
