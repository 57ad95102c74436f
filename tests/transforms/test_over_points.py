"""The shared loop over points: few or many, wherever they stand, in place or past the caches, the bits are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from transforms import Affine, Homography, Polynomial, Transform, TransformList, Translation
from transforms._jit import JIT_DISABLED, kernel
from transforms._kernels import pairs
from transforms._kernels.over_points import STREAMED

RNG = np.random.default_rng(11)
LINEAR = [
    Translation([3.25, -0.7]),
    Affine([[1.1, 0.2, 3.0], [-0.3, 0.9, 7.0]]),
    Homography([[1.1, 0.2, 3.0], [-0.3, 0.9, 7.0], [1e-6, 2e-6, 1.0]]),
]
BENT = [
    Polynomial(RNG.normal(0.0, 1e-3 ** np.arange(order + 1).repeat(np.arange(1, order + 2)), (2, count)))
    for order, count in ((0, 1), (1, 3), (2, 6), (3, 10), (4, 15), (5, 21), (6, 28), (7, 36))
]


def at(place: int, points: Any) -> Any:
    """A copy of points that begins so many numbers behind a line of memory."""
    room = np.empty(points.size + 16)
    first = -room.ctypes.data // 8 % 8 + place
    copy = room[first : first + points.size].reshape(points.shape)
    copy[:] = points
    return copy


@pytest.mark.parametrize("transform", [*LINEAR, *BENT], ids=str)
@pytest.mark.parametrize("count", [1, 3, 4, 5, 7, 8, 9, 15, 16, 21])
def test_few_points_at_any_address(transform: Transform, count: int) -> None:
    points = RNG.uniform(0.0, 5000.0, (count, 2))
    points[count // 2, 1] = np.nan
    wanted = np.concatenate([transform.apply(row[None]) for row in points])
    for place in range(8):
        given = at(place, points)
        assert transform.apply(given).tobytes() == wanted.tobytes()
        assert transform.apply(points, out=at(place, points)).tobytes() == wanted.tobytes()
        assert transform.apply(given, out=given).tobytes() == wanted.tobytes()


@pytest.mark.skipif(JIT_DISABLED, reason="nothing goes past the caches with the JIT off")
@pytest.mark.parametrize("transform", [*LINEAR, BENT[2], BENT[7]], ids=str)
def test_many_points_go_past_the_caches(transform: Transform) -> None:
    points = RNG.uniform(0.0, 5000.0, (STREAMED + 13, 2))
    wanted = np.concatenate([transform.apply(part) for part in np.array_split(points, 5)]).tobytes()
    for place in (0, 1, 2, 6):
        room = at(place, points)
        room[:] = 0.0
        assert transform.apply(points, out=room).tobytes() == wanted
    assert transform.apply(points, out=points).tobytes() == wanted


def test_lists_take_many_points_in_pieces() -> None:
    points = RNG.uniform(0.0, 5000.0, (2 * 16384 + 5, 2))
    both = TransformList([BENT[2], LINEAR[1]])
    wanted = LINEAR[1].apply(BENT[2].apply(points)).tobytes()
    assert both.apply(points).tobytes() == wanted
    assert both.apply(points, out=points).tobytes() == wanted


def test_pairs_of_coordinates() -> None:
    @kernel
    def swap(points: Any, out: Any) -> None:
        x, y = pairs.load(points, 1)
        pairs.store(out, 1, x * pairs.alternate(0.0, 1.0) + y * pairs.alternate(1.0, 0.0))

    points, out = np.arange(12.0).reshape(6, 2), np.zeros((6, 2))
    swap(points, out)
    np.testing.assert_array_equal(out[1:5], points[1:5, ::-1])
    assert not out[[0, 5]].any()
