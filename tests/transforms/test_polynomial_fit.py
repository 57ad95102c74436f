"""Polynomial fits: exactness, conditioning, degenerate layouts, one kernel behind single, ragged and gridded fits."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import transforms
from tests.reference.polynomial import fitted_map
from tests.transforms.test_polynomial import TILE, bent, term_count, tile_points
from transforms import Polynomial
from transforms._kernels import double_double, rebase
from transforms._kernels.polynomial_fit import fit_polynomial
from transforms._kernels.polynomial_grid import fit_on_grid, prepare_grid

NO_WEIGHTS = np.empty(0)


def cost(polynomial: Polynomial, src: np.ndarray, dst: np.ndarray, weights: np.ndarray | None = None) -> float:
    squares = polynomial.residuals(src, dst) ** 2
    return float(np.sum(squares if weights is None else weights * squares))


# ---------------------------------------------------------------- exactness


@pytest.mark.parametrize("order", range(8))
def test_exact_data_of_a_tile_are_recovered(order: int) -> None:
    """D08, D58: in pixel units, where the peers are off by pixels from order 4 on."""
    polynomial = bent(order, seed=order)
    points = tile_points(3 * term_count(order) + 5)
    fitted = Polynomial.from_estimate(points, polynomial.apply(points), order=order)
    check = tile_points(50, seed=9)
    assert np.abs(fitted.apply(check) - polynomial.apply(check)).max() <= 1e-6 * 1e-3


@pytest.mark.parametrize("order", range(7))
@pytest.mark.parametrize("weighted", [False, True])
def test_against_many_digits(order: int, weighted: bool) -> None:
    rng = np.random.default_rng(order)
    src = tile_points(2 * term_count(order) + 20, seed=order)
    dst = src + rng.normal(0.0, 5.0, src.shape) + [3e5, -2e4]
    weights = rng.uniform(0.1, 3.0, len(src)) if weighted else None
    wanted = fitted_map(src, dst, order, src[:12], weights)
    fitted = Polynomial.from_estimate(src, dst, weights, order=order)
    assert np.abs(fitted.apply(src[:12]) - wanted).max() <= 1e-12 * np.abs(wanted).max()


@pytest.mark.parametrize(("order", "bound"), [(0, 1e-15), (1, 1e-14), (2, 1e-12)])
def test_far_from_the_origin(order: int, bound: float) -> None:
    """1e7 px away; higher orders lose digits to the powers of coordinates, see `Polynomial.from_estimate`."""
    rng = np.random.default_rng(order)
    src = tile_points(60) + np.array([1e7, -1e7])
    dst = src + rng.normal(0.0, 5.0, src.shape)
    wanted = fitted_map(src, dst, order, src[:12])
    fitted = Polynomial.from_estimate(src, dst, order=order)
    assert np.abs(fitted.apply(src[:12]) - wanted).max() <= bound * np.abs(wanted).max()


@pytest.mark.parametrize("order", [3, 5])
def test_unit_square(order: int) -> None:
    """D57: small coordinates are no worse."""
    rng = np.random.default_rng(3)
    src = rng.uniform(0.0, 1.0, (80, 2))
    dst = src + rng.normal(0.0, 0.01, src.shape)
    wanted = fitted_map(src, dst, order, src[:12])
    assert np.abs(Polynomial.from_estimate(src, dst, order=order).apply(src[:12]) - wanted).max() <= 1e-13


@pytest.mark.parametrize(("spread", "bound"), [(300.0, 1e-12), (30.0, 1e-9)])
def test_cluster_with_outliers(spread: float, bound: float) -> None:
    """Ill-conditioned layouts go through refinement or orthogonal transformations, still right where the points are."""
    rng = np.random.default_rng(4)
    src = rng.normal(0.0, spread, (70, 2)) + 2000.0
    src[:12] = rng.uniform(0.0, TILE, (12, 2))
    dst = src + rng.normal(0.0, 2.0, src.shape)
    wanted = fitted_map(src, dst, 3, src)
    fitted = Polynomial.from_estimate(src, dst, order=3)
    assert np.abs(fitted.apply(src) - wanted).max() <= bound * TILE


def test_least_squares_not_total_least_squares() -> None:
    """D50: with noise the residuals are those of ordinary least squares."""
    rng = np.random.default_rng(5)
    src = tile_points(200)
    dst = bent(2).apply(src) + rng.normal(0.0, 5.0, src.shape)
    fitted = Polynomial.from_estimate(src, dst, order=2)
    design = Polynomial.basis(src / TILE, 2)
    best = sum(np.linalg.lstsq(design, dst[:, column], rcond=None)[1][0] for column in range(2))
    assert cost(fitted, src, dst) == pytest.approx(best, rel=1e-12)
    assert np.sqrt(cost(fitted, src, dst) / len(src)) < 8.0


def test_large_residuals_do_not_raise() -> None:
    """D07: a fit is a fit, however far the data are from any polynomial."""
    src = tile_points(30)
    dst = np.random.default_rng(6).uniform(-1e4, 1e4, src.shape)
    assert np.isfinite(Polynomial.from_estimate(src, dst, order=2).coefficients).all()


@pytest.mark.jit_only
def test_memory_does_not_grow_with_the_points() -> None:
    """D06: no matrix of points by terms, let alone points by points (which 200 000 points would not survive)."""
    src = tile_points(200_000)
    dst = src + 1.0
    Polynomial.from_estimate(src[:100], dst[:100], order=5)
    tracemalloc.start()
    fitted = Polynomial.from_estimate(src, dst, order=5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20
    np.testing.assert_allclose(fitted.apply(src[:9]), dst[:9], atol=1e-8)


# ---------------------------------------------------------------- input


@pytest.mark.parametrize("order", range(5))
def test_fewest_points(order: int) -> None:
    """D09: as many points as terms are enough, one less is not."""
    count = term_count(order)
    points = tile_points(count)
    target = bent(order).apply(points)
    fitted = Polynomial.from_estimate(points, target, order=order)
    np.testing.assert_allclose(fitted.apply(points), target, atol=1e-8)
    with pytest.raises(transforms.NotEnoughPointsError, match=str(count)):
        Polynomial.from_estimate(points[1:], target[1:], order=order)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("order", [0, 2])
def test_points_that_are_not_finite_are_named(bad: float, order: int) -> None:
    """D20: NaN raises, with its place, instead of a hundred tries."""
    for target in (0, 1):
        pair = [tile_points(30), tile_points(30)]
        pair[target][7, 1] = bad
        with pytest.raises(transforms.IllDefinedPointsError) as caught:
            Polynomial.from_estimate(*pair, order=order)
        assert caught.value.indices == (7,)


def degenerate_layouts() -> dict[str, tuple[np.ndarray, int]]:
    t = np.linspace(0.0, 6.0, 40)
    line = np.stack([3.0 * t, 50.0 - 7.0 * t], axis=1)
    circle = np.stack([1000.0 + 300.0 * np.cos(t), 400.0 + 300.0 * np.sin(t)], axis=1)
    cubic = np.stack([t * 100.0, t**3], axis=1)
    return {
        "one place": (np.full((9, 2), 5.0), 1),
        "line": (line, 1),
        "line along x": (np.stack([t, np.full(40, 7.0)], axis=1), 2),
        "circle": (circle, 2),
        "hyperbola": (np.stack([t + 1.0, 1.0 / (t + 1.0)], axis=1), 2),
        "cubic curve": (cubic, 3),
        "three columns": (np.stack([np.repeat([0.0, 1.0, 2.0], 20), np.tile(np.arange(20.0), 3)], axis=1), 3),
        "repeated": (np.repeat(tile_points(9), 5, axis=0), 3),
    }


@pytest.mark.parametrize("name", degenerate_layouts())
@pytest.mark.parametrize("offset", [0.0, 1e7])
def test_degenerate_layouts_raise(name: str, offset: float) -> None:
    """Judged relative to the rounding of the coordinates, so that an offset hides nothing."""
    src, order = degenerate_layouts()[name]
    with pytest.raises(transforms.IllDefinedPointsError, match="order"):
        Polynomial.from_estimate(src + offset, src, order=order)
    if name != "one place" and "line" not in name:
        Polynomial.from_estimate(src, src, order=order - 1)


def test_points_without_weight_do_not_count() -> None:
    src = tile_points(40)
    dst = bent(2).apply(src)
    weights = np.ones(40)
    weights[6:] = 0.0
    dst[6:] += 1e6
    fitted = Polynomial.from_estimate(src, dst, weights, order=2)
    np.testing.assert_allclose(fitted.apply(src[:6]), dst[:6], atol=1e-7)
    for few in (5, 0):
        weights[few:] = 0.0
        with pytest.raises(transforms.IllDefinedPointsError):
            Polynomial.from_estimate(src, dst, weights, order=2)


def test_points_without_weight_do_not_stretch_the_box() -> None:
    """A wild point that does not count leaves no trace, not even in the last bit of the scale."""
    src, dst = tile_points(43), tile_points(43, seed=2)
    weights = np.linspace(0.5, 1.0, 43)
    wild = np.array([3, 17, 42])
    weights[wild] = 0.0
    calm = src.copy()
    calm[wild] = calm[0]
    src[wild] = [[1e9, -1e9], [-1e12, 5.0], [3.0, 1e8]]
    first = Polynomial.from_estimate(src, dst, weights, order=3)
    second = Polynomial.from_estimate(calm, dst, weights, order=3)
    np.testing.assert_array_equal(first.coefficients, second.coefficients)


def test_tiny_weights_are_weights() -> None:
    src = tile_points(40)
    dst = src + np.random.default_rng(7).normal(0.0, 1.0, src.shape)
    weights = np.random.default_rng(8).uniform(0.5, 2.0, 40)
    wanted = Polynomial.from_estimate(src, dst, weights, order=2).apply(src)
    for scale in (2.0**-900, 2.0**900):
        np.testing.assert_allclose(
            Polynomial.from_estimate(src, dst, weights * scale, order=2).apply(src), wanted, rtol=1e-13
        )


@pytest.mark.parametrize("wrong", [np.ones((30, 3)), np.ones(30), np.ones((29, 2))])
def test_wrong_shapes(wrong: np.ndarray) -> None:
    """D22: three columns are not cut to two."""
    with pytest.raises(transforms.PointsError):
        Polynomial.from_estimate(tile_points(30), wrong)
    with pytest.raises(transforms.PointsError):
        Polynomial.from_estimate(wrong, tile_points(30))


@pytest.mark.parametrize("order", [-1, 1.5, "2", 99])
def test_wrong_orders(order: object) -> None:
    with pytest.raises(transforms.PointsError, match="order"):
        Polynomial.from_estimate(tile_points(30), tile_points(30), order=order)  # type: ignore[arg-type]


def test_any_array_like_gives_the_same_fit() -> None:
    """D23: integer, float32, strided, read-only and Fortran input."""
    src = np.random.default_rng(9).integers(0, 4000, (40, 2))
    dst = src * 2 + 5
    wanted = Polynomial.from_estimate(src.astype(float), dst.astype(float), order=2)
    wide = np.zeros((40, 4))
    wide[:, ::2] = src
    read_only = src.astype(float)
    read_only.flags.writeable = False
    for form in (
        src.astype(np.int16),
        src.astype(np.float32),
        wide[:, ::2],
        read_only,
        np.asfortranarray(src),
        src.tolist(),
    ):
        assert Polynomial.from_estimate(form, dst, order=2) == wanted


# ---------------------------------------------------------------- one kernel for all


@pytest.mark.parametrize("order", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("side", [6, 10, 13])
def test_a_shared_grid_gives_the_bits_of_a_single_fit(order: int, side: int) -> None:
    line = np.linspace(0.0, TILE, side)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    targets = grid + np.random.default_rng(side).normal(0.0, 3.0, (3, len(grid), 2)) + [1e5, 3e5]
    refused, prepared = prepare_grid(order, grid)
    assert refused == 0
    scratch = np.empty((2, prepared[3].shape[1]))
    for target in targets:
        shared, single = np.empty((2, term_count(order))), np.empty((2, term_count(order)))
        assert fit_on_grid(order, prepared, target, scratch, shared) == 0
        assert fit_polynomial(order, grid, target, NO_WEIGHTS, 0, len(grid), single) == 0
        np.testing.assert_array_equal(shared, single)
    targets[0, 3, 1] = np.inf
    assert fit_on_grid(order, prepared, targets[0], scratch, shared) == 3


def test_grids_that_need_care_are_refused() -> None:
    line = np.linspace(0.0, TILE, 3)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    assert prepare_grid(2, grid)[0] == 0
    assert prepare_grid(3, grid)[0] == 1
    assert prepare_grid(2, np.repeat(grid[:1], 9, axis=0))[0] == 2


@pytest.mark.parametrize("weighted", [False, True])
def test_a_slice_gives_the_bits_of_its_own_points(weighted: bool) -> None:
    src, dst = tile_points(150), tile_points(150, seed=2)
    weights = np.linspace(0.1, 1.0, 150) if weighted else NO_WEIGHTS
    inside, alone = np.empty((2, 10)), np.empty((2, 10))
    assert fit_polynomial(3, src, dst, weights, 13, 150, inside) == 0
    assert fit_polynomial(3, src[13:].copy(), dst[13:].copy(), weights[13:].copy(), 0, 137, alone) == 0
    np.testing.assert_array_equal(inside, alone)


# ---------------------------------------------------------------- conversion


def test_conversion_to_pixels_is_rounded_once() -> None:
    """Chebyshev products on a box to powers of x and y, against fractions."""
    order = 4
    rng = np.random.default_rng(11)
    frame = np.array([2048.3, 1.0 / 2047.1, -1e6, 1.0 / 555.0])
    chebyshev = rng.normal(0.0, 10.0, term_count(order))
    high, low = chebyshev.copy(), np.zeros(term_count(order))
    rebase.to_pixels(order, frame, high, low, np.empty((2, order + 1)))

    def lines(centre: float, scale: float) -> list[list[Fraction]]:
        """Powers of T_0 .. T_order of the variable (x - centre) * scale."""
        t = [-Fraction(centre) * Fraction(scale), Fraction(scale)]
        found = [[Fraction(1)], t]
        for _ in range(2, order + 1):
            twice = [Fraction(0)] * (len(found[-1]) + 1)
            for i, c in enumerate(found[-1]):
                twice[i] += 2 * c * t[0]
                twice[i + 1] += 2 * c * t[1]
            for i, c in enumerate(found[-2]):
                twice[i] -= c
            found.append(twice)
        return found

    along_x, along_y = lines(frame[0], frame[1]), lines(frame[2], frame[3])
    wanted = [Fraction(0)] * term_count(order)
    for degree in range(order + 1):
        for b in range(degree + 1):
            share = Fraction(chebyshev[rebase.term(degree - b, b)])
            for i, p in enumerate(along_x[degree - b]):
                for j, q in enumerate(along_y[b]):
                    wanted[rebase.term(i, j)] += share * p * q
    for k, exact in enumerate(wanted):
        assert high[k] == float(exact), k
        assert abs(Fraction(high[k]) + Fraction(low[k]) - exact) <= abs(exact) * Fraction(1, 2**80)


@given(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100), st.floats(1e-20, 1e20))
def test_double_double(a: float, b: float, c: float) -> None:
    high, low = double_double.two_sum(a, b)
    assert Fraction(float(high)) + Fraction(float(low)) == Fraction(a) + Fraction(b)
    if a == 0.0 or b == 0.0 or abs(a * b) > 1e-200:
        high, low = double_double.two_product(a, b)
        assert Fraction(float(high)) + Fraction(float(low)) == Fraction(a) * Fraction(b)
        high, low = double_double.divide((float(high), float(low)), c)
        exact = Fraction(a) * Fraction(b) / Fraction(c)
        assert abs(Fraction(float(high)) + Fraction(float(low)) - exact) <= abs(exact) * Fraction(1, 2**95)


# ---------------------------------------------------------------- properties


@given(seed=st.integers(0, 2**32 - 1), order=st.integers(0, 4))
def test_residual_is_a_minimum(seed: int, order: int) -> None:
    rng = np.random.default_rng(seed)
    src = tile_points(2 * term_count(order) + 3, seed)
    dst = src + rng.normal(0.0, 5.0, src.shape)
    weights = rng.uniform(0.1, 2.0, len(src))
    fitted = Polynomial.from_estimate(src, dst, weights, order=order)
    least = cost(fitted, src, dst, weights)
    powers = np.array([1.0 / TILE ** (d) for d in range(order + 1) for _ in range(d + 1)])
    nearby = Polynomial(fitted.coefficients + rng.normal(0.0, 1e-3, (2, len(powers))) * powers)
    assert cost(nearby, src, dst, weights) >= least


@given(seed=st.integers(0, 2**32 - 1), order=st.integers(1, 3))
def test_whole_weights_are_repetitions(seed: int, order: int) -> None:
    rng = np.random.default_rng(seed)
    src = tile_points(2 * term_count(order) + 3, seed)
    dst = src + rng.normal(0.0, 5.0, src.shape)
    times = rng.integers(1, 4, len(src))
    weighted = Polynomial.from_estimate(src, dst, times, order=order)
    repeated = Polynomial.from_estimate(np.repeat(src, times, axis=0), np.repeat(dst, times, axis=0), order=order)
    np.testing.assert_allclose(weighted.apply(src), repeated.apply(src), rtol=0, atol=1e-8)


@given(seed=st.integers(0, 2**32 - 1), order=st.integers(1, 6), x=st.floats(-1e6, 1e6), y=st.floats(-1e6, 1e6))
def test_a_generated_polynomial_is_recovered(seed: int, order: int, x: float, y: float) -> None:
    polynomial = bent(order, seed, offset=(x, y))
    src = tile_points(3 * term_count(order), seed)
    fitted = Polynomial.from_estimate(src, polynomial.apply(src), order=order)
    assert fitted.residuals(src, polynomial.apply(src)).max() <= 1e-14 * max(abs(x), abs(y)) + 1e-9
