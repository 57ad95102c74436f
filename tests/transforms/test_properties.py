"""Laws that hold for transforms and fits whatever the numbers are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import (
    Affine,
    EstimationError,
    Homography,
    Interpolated,
    LensCorrection,
    Polynomial,
    Rigid,
    Similarity,
    ThinPlateSpline,
    TransformBatch,
    TransformList,
    Translation,
    fit_batch,
    simplify,
)
from transforms.testing import (
    TILE,
    affines,
    any_transforms,
    assert_points_close,
    lens_corrections,
    point_sets,
    polynomials,
    transforms_of,
)

LINEAR = [Translation, Rigid, Similarity, Affine, Homography]
LEAST_SQUARES = [*LINEAR, Polynomial]
POINTS = np.random.default_rng(11).uniform(0.05 * TILE, 0.95 * TILE, (30, 2))
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=15)


def noisy_pairs(seed: int, count: int = 24) -> tuple[Any, Any]:
    """A similarity with a little perspective and noise: no model fits exactly, none badly."""
    rng = np.random.default_rng(seed)
    src = rng.uniform(0.0, TILE, (count, 2))
    angle = rng.uniform(-np.pi, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return src, src @ turn.T + rng.uniform(-1e4, 1e4, 2) + rng.normal(0.0, 3.0, src.shape)


def cost(mapped: Any, dst: Any, weights: Any) -> float:
    return float(np.sum(weights[:, None] * (mapped - dst) ** 2))


# ---------------------------------------------------------------- composition


@FEW
@given(st.lists(any_transforms(), min_size=3, max_size=3))
def test_composition_is_associative(members: list[Any]) -> None:
    a, b, c = members
    left, right = ((a | b) | c), (a | (b | c))
    assert left == right
    assert hash(left) == hash(right)
    with np.errstate(all="ignore"):
        nested = TransformList([TransformList([a, b]), TransformList([c])])
    assert nested.flattened() == left


@FEW
@given(st.lists(st.one_of(affines(4.0), polynomials(1, 3), lens_corrections()), max_size=5))
def test_a_list_is_its_members_one_after_the_other(members: list[Any]) -> None:
    current = POINTS
    for member in members:
        current = member.apply(current)
    assert TransformList(members).apply(POINTS).tobytes() == current.tobytes()


@FEW
@given(st.lists(st.one_of([transforms_of(kind) for kind in LINEAR]), min_size=1, max_size=5))
def test_simplified_runs_of_linear_transforms_are_one_matrix(members: list[Any]) -> None:
    whole = TransformList(members)
    merged = simplify(whole)
    assert len(merged) == 1
    only: Any = merged[0]
    denominators = POINTS @ only.matrix[2, :2] + only.matrix[2, 2]
    near = np.abs(denominators).min() < 1e-3 * np.abs(denominators).max()
    if not near:  # beside its horizon a homography magnifies rounding without bound
        stages, current = [1.0], POINTS
        for member in members:
            current = member.apply(current)
            stages.append(float(np.abs(current).max()))
        if np.isfinite(stages).all():
            stretch = max(1.0, float(np.abs(whole.jacobian(POINTS)).max()))
            assert np.abs(merged.apply(POINTS) - current).max() <= 1e-9 * max(stages) * stretch * 1e3


@FEW
@given(polynomials(2, 4), affines(4.0), st.floats(-2.0, 3.0))
def test_endpoints_of_an_interpolation(a: Any, b: Any, weight: float) -> None:
    first, second = a.apply(POINTS), b.apply(POINTS)
    assert Interpolated(a, b, 0.0).apply(POINTS).tobytes() == first.tobytes()
    assert_points_close(Interpolated(a, b, 1.0).apply(POINTS), second, 1e-15 * max(1.0, np.abs(first).max()))
    wanted = (1.0 - weight) * first + weight * second
    size = max(np.abs(first).max(), np.abs(second).max())
    assert np.abs(Interpolated(a, b, weight).apply(POINTS) - wanted).max() <= 1e-14 * size


@FEW
@given(any_transforms())
def test_inverse_of_apply(transform: Any) -> None:
    mapped = transform.apply(POINTS)
    found = transform.apply_inverse(mapped, on_error="nan")
    solved = np.isfinite(found).all(axis=1)
    again = transform.apply(found[solved])
    size = np.maximum(1.0, np.hypot(*mapped[solved].T))
    assert (np.hypot(*(again - mapped[solved]).T) <= 1.01e-9 * size).all()


@FEW
@given(any_transforms())
def test_a_jacobian_does_not_hang_on_its_neighbours(transform: Any) -> None:
    together = transform.jacobian(POINTS)
    for i in (0, 7, 8, 23, 29):
        assert transform.jacobian(POINTS[i : i + 1]).tobytes() == together[i].tobytes()


@FEW
@given(st.lists(any_transforms(), min_size=1, max_size=4))
def test_a_batch_is_a_loop(members: list[Any]) -> None:
    batch = TransformBatch.from_lists(members)
    mapped = batch.apply(POINTS)
    back = batch.apply_inverse(mapped)
    for i, member in enumerate(members):
        assert mapped[i].tobytes() == member.apply(POINTS).tobytes()
        np.testing.assert_array_equal(back[i], member.apply_inverse(mapped[i], on_error="nan"))


# ---------------------------------------------------------------- fits


@pytest.mark.parametrize("model", LINEAR, ids=lambda m: m.__name__)
@FEW
@given(data=st.data())
def test_a_generated_linear_transform_is_recovered(model: Any, data: st.DataObject) -> None:
    wanted = data.draw(transforms_of(model))
    src = data.draw(point_sets(12, 30, farthest=0.0))
    dst = wanted.apply(src)
    found = model.from_estimate(src, dst)
    assert np.abs(found.apply(src) - dst).max() <= 1e-9 * max(1.0, float(np.abs(dst).max()))


@FEW
@given(lens_corrections())
def test_a_generated_lens_correction_is_recovered(wanted: LensCorrection) -> None:
    src = np.random.default_rng(4).uniform(0.0, TILE, (60, 2))
    size = {"width": int(TILE), "height": int(TILE)}
    found = LensCorrection.from_estimate(src, wanted.apply(src), dimension=wanted.dimension, **size)
    assert_points_close(found.apply(POINTS), wanted.apply(POINTS), 1e-11)


@FEW
@given(transforms_of(ThinPlateSpline))
def test_a_generated_spline_is_recovered(wanted: ThinPlateSpline) -> None:
    src = np.asarray(wanted.landmarks)
    found = ThinPlateSpline.from_estimate(src, wanted.apply(src))
    assert_points_close(found.apply(POINTS), wanted.apply(POINTS), 1e-9)


@pytest.mark.parametrize("model", LEAST_SQUARES, ids=lambda m: m.__name__)
@FEW
@given(seed=SEEDS)
def test_the_residual_of_a_fit_is_a_minimum(model: Any, seed: int) -> None:
    src, dst = noisy_pairs(seed)
    weights = np.random.default_rng(seed).uniform(0.1, 2.0, len(src))
    found = model.from_estimate(src, dst, weights)
    best = cost(found.apply(src), dst, weights)
    centre = found.apply(src).mean(axis=0)
    nudges: list[Any] = [Translation([1e-3, 0.0]), Translation([0.0, -1e-3])]
    if model is not Translation:
        nudges += [Rigid(1e-6, [0.0, 0.0]), Rigid(-1e-6, [0.0, 0.0])]
    if model not in (Translation, Rigid):
        nudges += [Similarity(1.0 - 1e-6, 0.0, [0.0, 0.0]), Similarity(1.0 + 1e-6, 0.0, [0.0, 0.0])]
    for nudge in nudges:
        nearby = found | Translation(-centre) | nudge | Translation(centre)
        assert cost(nearby.apply(src), dst, weights) >= best * (1.0 - 1e-9)


@pytest.mark.parametrize("model", LEAST_SQUARES, ids=lambda m: m.__name__)
@FEW
@given(seed=SEEDS)
def test_a_weight_of_k_is_a_point_k_times(model: Any, seed: int) -> None:
    src, dst = noisy_pairs(seed)
    times = np.random.default_rng(seed).integers(0, 4, len(src))
    times[:8] = 1  # enough of them for every model
    weighted = model.from_estimate(src, dst, times)
    repeated = model.from_estimate(np.repeat(src, times, axis=0), np.repeat(dst, times, axis=0))
    assert_points_close(weighted.apply(src), repeated.apply(src), 1e-9)


@pytest.mark.parametrize("model", [Translation, Rigid, Similarity, Affine], ids=lambda m: m.__name__)
@FEW
@given(seed=SEEDS, angle=st.floats(-3.0, 3.0), far=st.sampled_from([0.0, 1e5, 1e7]))
def test_rigid_motions_commute_with_fits(model: Any, seed: int, angle: float, far: float) -> None:
    """Rotate and shift both point sets: the fit of the moved is the moved fit."""
    src, dst = noisy_pairs(seed)
    turn = 0.0 if model is Translation else angle  # a shift commutes with shifts only
    motion = Rigid(turn, [far, -0.5 * far])
    moved = model.from_estimate(motion.apply(src), motion.apply(dst))
    wanted = motion.apply(model.from_estimate(src, dst).apply(src))
    assert_points_close(moved.apply(motion.apply(src)), wanted, 1e-12)


@FEW
@given(seed=SEEDS, noise=st.sampled_from([10.0, 1e3, TILE]), count=st.integers(4, 40))
def test_a_homography_fits_at_least_as_well_as_an_affine_map(seed: int, noise: float, count: int) -> None:
    """Noise of the size of the image misleads linear equations, and whole steps towards the minimum."""
    rng = np.random.default_rng(seed)
    src = rng.uniform(0.0, TILE, (count, 2))
    dst, weights = src + rng.normal(0.0, noise, src.shape), rng.uniform(0.1, 1.0, count)
    affine, homography = (model.from_estimate(src, dst, weights).apply(src) for model in (Affine, Homography))
    assert cost(homography, dst, weights) <= cost(affine, dst, weights) * (1.0 + 1e-9)


@pytest.mark.parametrize("model", [Translation, Rigid, Similarity, Affine, Polynomial], ids=lambda m: m.__name__)
@FEW
@given(seed=SEEDS, sizes=st.lists(st.integers(0, 12), max_size=6))
def test_a_ragged_batch_of_fits_is_a_loop(model: Any, seed: int, sizes: list[int]) -> None:
    src, dst = noisy_pairs(seed, sum(sizes) + 1)
    weights = np.random.default_rng(seed).uniform(0.0, 2.0, len(src))
    offsets = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    estimate = fit_batch(model, src, dst, offsets, weights)
    assert len(estimate) == len(sizes)
    for i in range(len(sizes)):
        part = slice(offsets[i], offsets[i + 1])
        if estimate.status[i]:
            with pytest.raises(EstimationError):
                model.from_estimate(src[part], dst[part], weights[part])
            assert np.isnan(estimate.params[i]).all()
        else:
            assert estimate[i] == model.from_estimate(src[part], dst[part], weights[part])
