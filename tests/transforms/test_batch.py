"""Batches equal the single functions, whatever the number of threads; bad members do not spoil the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import transforms
from transforms import (
    Affine,
    AffineArray,
    Homography,
    Interpolated,
    Polynomial,
    Rigid,
    Similarity,
    TransformBatch,
    TransformList,
    Translation,
    approximate,
    bounding_box,
    fit_batch,
)
from transforms.batch import STATUS_TEXTS
from transforms.testing import TILE, any_transforms

quick = settings(max_examples=15, suppress_health_check=list(HealthCheck))


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Any:
    transforms.set_thread_count(request.param)
    yield request.param
    transforms.set_thread_count(None)


def members(rng: np.random.Generator, count: int) -> list[Any]:
    bent = Polynomial([[0.0, 1.0, 0.01, 1e-6, 0.0, 2e-6], [5.0, -0.01, 1.0, 0.0, 1e-6, 0.0]])
    made: list[Any] = []
    for i in range(count):
        affine = Affine(np.eye(2, 3) + rng.normal(size=(2, 3)) * 0.05 + [[0, 0, 1e4 * i], [0, 0, -1e3 * i]])
        rigid = Rigid(rng.uniform(-3, 3), rng.uniform(-1e5, 1e5, 2))
        made.append(
            [
                affine,
                [bent, affine],
                TransformList([bent, [affine, rigid][i % 2]]),
                Interpolated(affine, TransformList([bent, affine]), 0.3),
                [[bent], [[rigid, affine]]],
                [],
                Homography(np.eye(3) + rng.normal(size=(3, 3)) * 1e-6),
            ][i % 7]
        )
    return made


@quick
@given(drawn=st.lists(any_transforms(), min_size=1, max_size=5))
def test_every_class_in_one_batch(drawn: list[transforms.Transform]) -> None:
    batch = TransformBatch.from_lists([[t] for t in drawn])
    points = np.random.default_rng(0).uniform(0.2 * TILE, 0.8 * TILE, (13, 2))
    mapped = batch.apply(points)
    back = batch.apply_inverse(np.stack([t.apply(points) for t in drawn]))
    boxes = batch.bounding_boxes(TILE, TILE)
    for i, transform in enumerate(drawn):
        assert mapped[i].tobytes() == transform.apply(points).tobytes()
        assert back[i].tobytes() == transform.apply_inverse(transform.apply(points), on_error="nan").tobytes()
        try:
            assert tuple(boxes[i]) == bounding_box(transform, TILE, TILE)
        except transforms.TransformError:
            assert np.isnan(boxes[i]).all()


def test_lists_and_own_points(threads: int) -> None:
    rng = np.random.default_rng(1)
    lists = members(rng, 300)
    singles = [transforms.fit.as_transform(member) for member in lists]
    batch = TransformBatch.from_lists(lists)
    assert len(batch) == 300
    own = rng.uniform(0.0, TILE, (300, 11, 2))
    mapped = batch.apply(own)
    back, status = batch.apply_inverse_with_status(mapped)
    assert not status.any()
    boxes = batch.bounding_boxes(TILE, 0.5 * TILE, 32.0)
    for i, single in enumerate(singles):
        assert mapped[i].tobytes() == single.apply(own[i]).tobytes()
        assert back[i].tobytes() == single.apply_inverse(mapped[i]).tobytes()
        assert tuple(boxes[i]) == bounding_box(single, TILE, 0.5 * TILE, 32.0)


@pytest.mark.parametrize(
    ("model", "order"),
    [(Translation, 1), (Rigid, 1), (Similarity, 1), (Affine, 1), *[(Polynomial, o) for o in range(7)]],
)
def test_reestimate_equals_approximate(threads: int, model: Any, order: int) -> None:
    rng = np.random.default_rng(2)
    lists = members(rng, 42)
    widths, heights = rng.choice([1024.0, 2048.0], 42), rng.choice([1000.0, 1500.0, 2000.0], 42)
    estimate = TransformBatch.from_lists(lists).reestimate(model, order=order, width=widths, height=heights)
    assert len(estimate) == 42
    assert not estimate.status.any()
    columns = 3 if model is not Polynomial else (order + 1) * (order + 2) // 2
    assert estimate.params.shape == (42, 2, columns)
    for i, member in enumerate(lists):
        single = transforms.fit.as_transform(member)
        wanted = approximate(single, model, width=widths[i], height=heights[i], order=order)
        assert estimate[i] == wanted.transform
        assert estimate.rms[i] == pytest.approx(wanted.rms, rel=1e-9, abs=1e-9)
        assert estimate.max_residual[i] == pytest.approx(wanted.max_residual, rel=1e-9, abs=1e-9)


def test_poisoned_members_are_reported_and_the_rest_go_on(threads: int) -> None:
    rng = np.random.default_rng(3)
    good = Affine(np.eye(2, 3) + rng.normal(size=(2, 3)) * 0.01)
    lists: list[Any] = [good] * 200
    lists[7] = Affine([[np.nan, 0, 0], [0, 1, 0]])
    lists[19] = Affine([[1, 1, 0], [1, 1, 0]])
    lists[130] = [Homography([[1, 0, 0], [0, 1, 0], [2.0**-10, 0, -1.0]]), good]  # its horizon: x = 1024
    batch = TransformBatch.from_lists(lists)
    points = np.array([[0.0, 0.0], [1024.0, 5.0]])
    mapped, status = batch.apply_with_status(points)
    assert status.nonzero()[0].tolist() == [7, 130]
    assert [STATUS_TEXTS[int(status[i])] for i in (7, 130)] == ["not finite", "not finite"]
    _, status = batch.apply_inverse_with_status(mapped)
    assert set(status.nonzero()[0]) == {7, 19}
    estimate = batch.reestimate(Affine, width=2000, height=2000, samples=5)
    assert estimate.status.nonzero()[0].tolist() == [7]
    assert np.isnan(estimate.params[7]).all()
    assert np.isnan(estimate.rms[7])
    with pytest.raises(transforms.EstimationError, match="member 7") as caught:
        estimate[7]
    assert caught.value.indices == (7,)
    assert np.isfinite(estimate.params[[i for i in range(200) if i != 7]]).all()
    boxes = batch.bounding_boxes(100, 100)
    assert np.isnan(boxes[7]).all()
    assert np.isfinite(boxes[8]).all()


def test_what_is_shared_is_stored_once() -> None:
    bent = Polynomial(np.random.default_rng(5).normal(size=(2, 21)))
    lists = [[bent, Translation((float(i), 0.0))] for i in range(1000)]
    program = TransformBatch.from_lists(lists)._program
    assert program.params.size < 1000 * 2 + 2 * bent._packed.size


@pytest.mark.parametrize("model", [Translation, Rigid, Similarity, Affine, Polynomial])
def test_ragged_fits_equal_single_fits_bit_for_bit(threads: int, model: Any) -> None:
    rng = np.random.default_rng(6)
    counts = rng.integers(0, 40, 150)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    src = rng.uniform(0.0, 4096.0, (offsets[-1], 2)) + 1e6
    dst = src @ np.array([[1.01, 0.02], [-0.03, 0.99]]) + rng.normal(size=src.shape)
    weights = rng.uniform(0.0, 2.0, len(src))
    dst[offsets[3]] = np.nan
    src[offsets[9] : offsets[10]] = src[offsets[9]]
    for given_weights in (None, weights):
        estimate = fit_batch(model, src, dst, offsets, given_weights)
        for i in range(150):
            part = slice(offsets[i], offsets[i + 1])
            try:
                w = None if given_weights is None else given_weights[part]
                wanted = model.from_estimate(src[part], dst[part], w)
            except transforms.NotEnoughPointsError:
                assert STATUS_TEXTS[int(estimate.status[i])] == "not enough points"
            except transforms.IllDefinedPointsError:
                assert STATUS_TEXTS[int(estimate.status[i])] in ("ill-defined points", "not finite")
            else:
                assert estimate[i] == wanted
                distances = wanted.residuals(src[part], dst[part])
                assert estimate.max_residual[i] == pytest.approx(
                    distances.max(), rel=1e-12, abs=1e-9
                )  # a rigid keeps its angle
                assert estimate.rms[i] == pytest.approx(np.sqrt(np.mean(distances**2)), rel=1e-12, abs=1e-9)


def test_bad_input() -> None:
    batch = TransformBatch.from_lists([Affine.identity()] * 3)
    for bad in (np.zeros((2, 5, 2)), np.zeros((3, 5, 3)), np.zeros(4), "points"):
        with pytest.raises(transforms.PointsError):
            batch.apply(bad)
    with pytest.raises(transforms.PointsError):
        batch.reestimate(Homography, width=10, height=10)
    with pytest.raises(transforms.PointsError):
        batch.reestimate(Affine, width=[1, 2], height=10)
    with pytest.raises(transforms.PointsError):
        batch.bounding_boxes(10, np.nan)
    with pytest.raises(transforms.PointsError) as caught:
        fit_batch(Affine, np.zeros((4, 2)), np.zeros((4, 2)), [0, 3, 2])
    assert caught.value.indices == (1,)
    with pytest.raises(transforms.PointsError):
        fit_batch(Affine, np.zeros((4, 2)), np.zeros((4, 2)), [0, 5])
    with pytest.raises(transforms.PointsError):
        TransformBatch.from_lists([Affine.identity(), "affine"])


def test_empty_batches() -> None:
    batch = TransformBatch.from_lists([])
    assert batch.apply([[1.0, 2.0]]).shape == (0, 1, 2)
    assert batch.bounding_boxes(1, 1).shape == (0, 4)
    assert len(batch.reestimate(Affine, width=1, height=1)) == 0
    assert len(fit_batch(Affine, [], [], [0])) == 0
    one = TransformBatch.from_lists([Affine.identity()])
    assert one.apply([]).shape == (1, 0, 2)


def test_affine_array() -> None:
    rng = np.random.default_rng(8)
    singles = [Rigid(a, rng.uniform(-1e5, 1e5, 2)) for a in rng.uniform(-3, 3, 20)]
    array = AffineArray.from_transforms(singles)
    assert array.model is Rigid
    assert len(list(array)) == 20
    points = rng.uniform(0, 4096, (7, 2))
    assert array.apply(points)[3].tobytes() == singles[3].apply(points).tobytes()
    np.testing.assert_allclose(
        array.inverse().apply(array.apply(points)), np.broadcast_to(points, (20, 7, 2)), atol=1e-9
    )
    np.testing.assert_allclose((array | array)[4].matrix, (singles[4] | singles[4]).simplify()[0].matrix, rtol=1e-14)
    array.params[0] = 0.0
    assert array == AffineArray.from_transforms(singles)
    singular = AffineArray(np.concatenate([array.params, np.zeros((2, 2, 3))]))
    with pytest.raises(transforms.NonInvertibleError) as caught:
        singular.inverse()
    assert caught.value.indices == (20, 21)
    mixed = AffineArray.from_transforms([Affine.identity(), Translation((1.0, 2.0))])
    assert mixed.model is Affine
    with pytest.raises(transforms.PointsError):
        AffineArray.from_transforms([Homography.identity()])
