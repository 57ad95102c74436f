"""Lanes and the functions on them: each lane as one float, logarithm and exponential against extended precision."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from transforms._jit import JIT_DISABLED, kernel
from transforms._kernels import lanes
from transforms._kernels.lanes import (
    any_lane,
    fma,
    gather,
    like,
    load,
    put,
    select,
    shift,
    split,
    sqrt,
    store,
    take,
    total,
)
from transforms._kernels.log import exponential, log_scaled, power


@kernel
def arithmetic(x: Any, y: Any) -> Any:
    a, b = fma(x, y, 1.5) - y / x, sqrt(x * x + 2.0)
    exponent, mantissa = split(x, 2.0)
    c = select((x < y) | (x <= 1.0), a * exponent, shift(mantissa, exponent + 1.0))
    d = select((x > 0.5) & (y == y), c, like(x, -1.0))
    return a + b + c + d + lanes.to_float32(a) + power(x, 0.7) + log_scaled(y, 3.0) + exponential(x)


@kernel
def over_lanes(x: Any, y: Any, out: Any) -> None:
    for i in range(0, x.shape[0], lanes.WIDTH):
        store(out, i, arithmetic(load(x, i), load(y, i)))


@kernel
def one_by_one(x: Any, y: Any, out: Any) -> None:
    for i in range(x.shape[0]):
        out[i] = arithmetic(x[i], y[i])


@kernel
def kept(x: Any, places: Any, room: Any, out: Any) -> Any:
    for i in range(3):
        put(room, i, load(x, 0) * float(i))
    store(out, 0, take(room, 2, load(x, 0)) + gather(x, load(places, 0)))
    put(room, 1, x[3])
    return take(room, 1, x[0]), total(load(x, 0)), any_lane(load(x, 0) < 0.0), any_lane(x[0] < 0.0)


def test_a_lane_gets_the_bits_of_a_float() -> None:
    rng = np.random.default_rng(0)
    x, y = np.exp(rng.normal(0.0, 3.0, 64)), np.exp(rng.normal(0.0, 3.0, 64))
    wide, narrow = np.empty(64), np.empty(64)
    over_lanes(x, y, wide)
    one_by_one(x, y, narrow)
    assert np.isfinite(wide).all()
    assert wide.tobytes() == narrow.tobytes()


def test_fused_multiply_add_rounds_once() -> None:
    if JIT_DISABLED:
        pytest.skip("plain Python has no fused multiply-add before 3.13")

    @kernel
    def square_error(x: Any, out: Any) -> None:
        v = load(x, 0)
        store(out, 0, fma(v, v, -1.0 * (v * v)))

    x, out = np.full(8, 1.0 + 2.0**-30), np.empty(8)
    square_error(x, out)
    assert (out == 2.0**-60).all()


def test_memory_access() -> None:
    x, out, room = np.arange(1.0, 17.0), np.empty(8), np.empty(24)
    places = np.array([15.0, 0.0, 3.0, 3.0, 7.0, 1.0, 2.0, 9.0])
    third, summed, below, first_below = kept(x, places, room, out)
    np.testing.assert_array_equal(out, 2.0 * x[:8] + x[places.astype(int)])
    assert (third, summed, below, first_below) == (4.0, 36.0, False, False)
    x[5] = -1.0
    assert kept(x, places, room, out)[2:] == (True, False)


def test_points_come_and_go_as_columns() -> None:
    @kernel
    def swap(points: Any, out: Any) -> None:
        x, y = lanes.load_points(points, 1)
        lanes.store_points(out, 1, y, x)

    points, out = np.arange(20.0).reshape(10, 2), np.zeros((10, 2))
    swap(points, out)
    np.testing.assert_array_equal(out[1:9], points[1:9, ::-1])
    assert not out[[0, 9]].any()


def ulps(actual: Any, wanted: Any) -> float:
    return float(
        max(
            abs(mpmath.mpf(float(a)) - w) / float(np.spacing(abs(float(w))))
            for a, w in zip(actual, wanted, strict=True)
        )
    )


def test_logarithm_within_two_ulp() -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [
            np.exp(rng.uniform(-600, 600, 200)),
            rng.uniform(0.5, 2.0, 200),
            1.0 + rng.normal(0.0, 1e-6, 100),
            [1.0, 0.5**0.5, 2.0**0.5],
        ]
    )
    with mpmath.workdps(40):
        wanted = [mpmath.log(mpmath.mpf(float(v))) for v in x]
        assert log_scaled(1.0, 0.0) == 0.0
        kept = [i for i, w in enumerate(wanted) if w != 0]
        assert ulps([log_scaled(float(x[i]), 0.0) for i in kept], [wanted[i] for i in kept]) <= 2.0
        scaled = [log_scaled(float(v), 40.0) for v in x[:200]]
        offset = 40 * mpmath.log(2)
        pairs = [(float(s), w - offset) for s, w in zip(scaled, wanted, strict=False)]
        assert max(abs(mpmath.mpf(s) - w) / max(1, abs(w)) for s, w in pairs) <= 3e-16


def test_exponential_and_power() -> None:
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.uniform(-690, 690, 200), rng.uniform(-1, 1, 200), [0.0, 1.0, -1.0]])
    with mpmath.workdps(40):
        assert ulps([exponential(float(v)) for v in x], [mpmath.exp(mpmath.mpf(float(v))) for v in x]) <= 2.0
        base = np.exp(rng.uniform(-30, 30, 100))
        for exponent in (0.3, 1.7, 3.0, -1.2):
            wanted = [mpmath.mpf(float(v)) ** mpmath.mpf(exponent) for v in base]
            error = [abs(power(float(v), exponent) / w - 1) for v, w in zip(base, wanted, strict=True)]
            assert max(error) <= 4e-16 * (1.0 + 30.0 * abs(exponent))
    assert exponential(1e9) == exponential(700.0)
    assert np.isnan(exponential(float("nan")))
