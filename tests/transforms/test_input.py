"""What points, weights and parameters may look like, and what errors say of those that do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transforms import (
    Affine,
    Homography,
    IllDefinedPointsError,
    NotEnoughPointsError,
    PointsError,
    Polynomial,
    Rigid,
    Similarity,
    Translation,
    ransac,
)

AFFINE = Affine([[1.1, 0.2, 3.0], [-0.1, 0.9, 5.0]])
POINTS = np.random.default_rng(9).uniform(0.0, 100.0, (6, 2))


def test_masked_points_are_unknown() -> None:
    mask = np.zeros((6, 2), dtype=bool)
    mask[2, 0] = True
    mapped = AFFINE.apply(np.ma.masked_array(POINTS, mask))
    assert np.isnan(mapped[2]).all()
    np.testing.assert_array_equal(np.delete(mapped, 2, axis=0), AFFINE.apply(np.delete(POINTS, 2, axis=0)))
    whole = np.ma.masked_array(np.arange(12).reshape(6, 2), mask)
    assert np.isnan(AFFINE.apply(whole)).any(axis=1).tolist() == [False, False, True, False, False, False]
    with pytest.raises(IllDefinedPointsError) as error:
        Affine.from_estimate(np.ma.masked_array(POINTS, mask), POINTS)
    assert error.value.indices == (2,)
    with pytest.raises(PointsError, match="finite weights"):
        Affine.from_estimate(POINTS, POINTS, np.ma.masked_array(np.ones(6), mask[:, 0]))


@pytest.mark.parametrize("kind", [">f8", "<f4", ">i4", "u8", np.longdouble, np.float16])
def test_number_types(kind: Any) -> None:
    given = POINTS.round().astype(kind)
    assert AFFINE.apply(given).tobytes() == AFFINE.apply(POINTS.round()).tobytes()


def test_long_doubles_out_of_range_are_infinite() -> None:
    huge = np.full((1, 2), np.finfo(np.longdouble).max)
    if np.isfinite(huge.astype(object)[0, 0]) and np.finfo(np.longdouble).maxexp > 1024:
        assert not np.isfinite(Translation([0.0, 0.0]).apply(huge)).any()


@pytest.mark.parametrize(
    "bad",
    [
        np.ones((2, 2), dtype=bool),
        np.ones((2, 2), dtype=object),
        np.ones((2, 2), dtype="M8[s]"),
        [[1.0, 2.0], [3.0]],
        np.zeros((0, 3)),
        np.zeros((2, 0)),
        "points",
        7.0,
        {1.0, 2.0},
    ],
    ids=str,
)
def test_what_is_no_point_set(bad: Any) -> None:
    with pytest.raises(PointsError, match=r"expected points as \(N, 2\) numbers"):
        AFFINE.apply(bad)


@pytest.mark.parametrize("step", [-1, 1])
def test_overlapping_output(step: int) -> None:
    wanted = AFFINE.apply(POINTS)
    room = np.empty((7, 2))
    first, second = (room[:6], room[1:]) if step > 0 else (room[1:], room[:6])
    first[:] = POINTS
    AFFINE.apply(first, out=second)
    assert second.tobytes() == wanted.tobytes()
    reversed_ = POINTS.copy()
    assert AFFINE.apply(reversed_[::-1], out=reversed_)[::-1].tobytes() == wanted.tobytes()


def test_arrays_at_odd_addresses() -> None:
    odd = np.zeros(8 * POINTS.size + 1, dtype=np.uint8)[1:].view(np.float64).reshape(POINTS.shape)
    odd[:] = POINTS
    assert not odd.flags.aligned
    assert AFFINE.apply(odd).tobytes() == AFFINE.apply(POINTS).tobytes()
    with pytest.raises(PointsError, match="aligned"):
        AFFINE.apply(POINTS, out=odd)


def test_output_in_a_mapped_file(tmp_path: Path) -> None:
    out = np.memmap(tmp_path / "out", dtype=np.float64, mode="w+", shape=(6, 2))
    assert AFFINE.apply(POINTS, out=out) is out
    np.testing.assert_array_equal(out, AFFINE.apply(POINTS))


@pytest.mark.parametrize(
    "bad", [np.ones(6), [[1, 2], [3]], None, np.ones((2, 2)), [["1"] * 3] * 2, np.ones((2, 3)) * 1j]
)
def test_what_is_no_matrix(bad: Any) -> None:
    with pytest.raises(PointsError, match="matrix"):
        Affine(bad)


def test_messages_name_model_and_numbers() -> None:
    with pytest.raises(NotEnoughPointsError, match="at least 3 points for an affine fit, got 2"):
        Affine.from_estimate(POINTS[:2], POINTS[:2])
    with pytest.raises(NotEnoughPointsError, match="at least 1 point for a translation fit, got 0"):
        Translation.from_estimate([], [])
    with pytest.raises(PointsError, match=r"got -1\.0 at 5") as error:
        Rigid.from_estimate(POINTS, POINTS, [1, 1, 1, 1, 1, -1])
    assert error.value.indices == (5,)
    with pytest.raises(PointsError, match="order as a whole number"):
        ransac(Polynomial, POINTS, POINTS, max_error=1.0, order="x")


@pytest.mark.parametrize("size", [1e-100, 1e-12, 1.0, 1e7, 1e100])
def test_homographies_fit_at_any_scale(size: float) -> None:
    """The last entry may be small beside the others and still carry the scale of the matrix."""
    src = np.random.default_rng(1).uniform(0.0, 1.0, (20, 2)) * size
    wanted = Homography([[0.9, 0.1, 0.2 * size], [-0.2, 1.1, 0.1 * size], [0.05 / size, 0.02 / size, 1.0]])
    found = Homography.from_estimate(src, wanted.apply(src))
    assert np.abs(found.apply(src) - wanted.apply(src)).max() <= 1e-12 * size


@pytest.mark.parametrize("model", [Translation, Rigid, Similarity, Affine, Homography])
def test_arrays_of_a_value_can_not_be_written(model: Any) -> None:
    fitted = model.from_estimate(POINTS, POINTS + 1.0)
    arrays = [getattr(fitted, name) for name in ("matrix", "offset", "params", "parameters") if hasattr(fitted, name)]
    before = fitted.apply(POINTS)
    for array in arrays:
        if array.flags.writeable:  # a copy
            array[...] = 7.0
        else:
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 7.0
    assert fitted.apply(POINTS).tobytes() == before.tobytes()


def test_equality_is_of_bits() -> None:
    assert Translation([0.0, 1.0]) != Translation([-0.0, 1.0])
    assert Translation([np.nan, 1.0]) == Translation([np.nan, 1.0])
    assert hash(Translation([np.nan, 1.0])) == hash(Translation([np.nan, 1.0]))
    assert Affine(np.eye(3)) != Homography(np.eye(3))
    assert Rigid(0.0, [0, 0]) != Rigid(-0.0, [0, 0])


def test_parameters_are_copied_in() -> None:
    given = np.array([[1.0, 0.0, 5.0], [0.0, 1.0, 6.0]])
    affine = Affine(given)
    given[:] = 0.0
    assert affine == Affine([[1, 0, 5], [0, 1, 6]])
    view = np.ones((4, 3))
    other = Affine(view[:2])
    view[:] = 9.0
    assert other.params.max() == 1.0
