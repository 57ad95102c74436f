"""Polynomials: maps, derivatives, inverses. Fits have a file of their own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import transforms
from tests.golden_vectors import points_of
from tests.reference.polynomial import exact_jacobian, exact_map, exponents
from tests.shared import golden_cases
from transforms import Affine, Homography, Polynomial, Rigid, Translation
from transforms._kernels import polynomial as kernels

EPS = np.finfo(np.float64).eps
TILE = 4096.0


def term_count(order: int) -> int:
    return (order + 1) * (order + 2) // 2


def bent(order: int, seed: int = 0, amplitude: float = 20.0, offset: tuple[float, float] = (0.0, 0.0)) -> Polynomial:
    """A polynomial that moves the points of a tile by some pixels beside an affine map."""
    rng = np.random.default_rng(seed)
    powers = np.array(exponents(order)).sum(axis=1)
    coefficients = rng.uniform(-1.0, 1.0, (2, len(powers))) * amplitude / TILE**powers
    coefficients[:, 0] += offset
    coefficients[0, 1:2] += 1.0
    coefficients[1, 2:3] += 1.0
    return Polynomial(coefficients)


def tile_points(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.0, TILE, (count, 2))


# ---------------------------------------------------------------- values


@pytest.mark.parametrize("count", [0, 2, 4, 5, 7, 8, 9, 14])
def test_incomplete_orders_are_refused(count: int) -> None:
    """D22: eight coefficients make no polynomial (Java's text with surplus numbers is the codec's business)."""
    with pytest.raises(transforms.PointsError, match="1, 3, 6, 10"):
        Polynomial(np.ones((2, count)))


@pytest.mark.parametrize("wrong", [np.ones(6), np.ones((3, 6)), np.ones((2, 3, 1)), [["a", "b", "c"]] * 2])
def test_wrong_coefficients_are_refused(wrong: object) -> None:
    with pytest.raises(transforms.PointsError, match="coefficients"):
        Polynomial(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", range(12))
def test_order(order: int) -> None:
    polynomial = Polynomial(np.zeros((2, term_count(order))))
    assert polynomial.order == order
    assert polynomial.coefficients.shape == (2, term_count(order))
    assert not polynomial.coefficients.flags.writeable


def test_coefficients_are_copied() -> None:
    """D43: later writes to the caller's array change nothing."""
    given = np.arange(6.0).reshape(2, 3)
    polynomial = Polynomial(given)
    given[:] = 7.0
    assert polynomial == Polynomial(np.arange(6.0).reshape(2, 3))


def test_from_affine() -> None:
    points = tile_points(20)
    for affine in (Translation([3.0, -4.0]), Rigid(0.3, [1e5, 2.0]), Affine([[1.1, 0.2, 5.0], [-0.1, 0.9, 7.0]])):
        for order in (1, 3):
            same = Polynomial.from_affine(affine, order)
            assert same.order == order
            np.testing.assert_allclose(same.apply(points), affine.apply(points), rtol=4 * EPS, atol=1e-11)
    matrix = [[1.1, 0.2, 5.0], [-0.1, 0.9, 7.0]]
    assert Polynomial.from_affine(matrix) == Polynomial.from_affine(Affine(matrix))


@pytest.mark.parametrize("other", [Homography.identity(), bent(2), np.ones((2, 2))])
def test_from_affine_refuses_others(other: object) -> None:
    with pytest.raises(transforms.PointsError):
        Polynomial.from_affine(other)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", [1, 2, 7])
def test_identity(order: int) -> None:
    points = tile_points(9)
    assert Polynomial.identity(order).order == order
    np.testing.assert_array_equal(Polynomial.identity(order).apply(points), points)


def test_constant_has_no_identity() -> None:
    with pytest.raises(transforms.PointsError):
        Polynomial.identity(0)


def test_of_order_keeps_the_map_and_refuses_to_drop_terms() -> None:
    """D52: a lower order is refused, not silently another map."""
    polynomial = bent(3)
    points = tile_points(40)
    for order in (3, 4, 6, 7, 9):
        raised = polynomial.of_order(order)
        assert raised.order == order
        np.testing.assert_array_equal(raised.apply(points), polynomial.apply(points))
    with pytest.raises(transforms.PointsError, match="at least 3"):
        polynomial.of_order(2)


# ---------------------------------------------------------------- maps


@pytest.mark.parametrize("order", range(10))
def test_map_is_exact_to_rounding(order: int) -> None:
    polynomial = bent(order, seed=order, offset=(3e5, -7e4))
    points = tile_points(19, seed=order)
    wanted, size = exact_map(polynomial.coefficients, points)
    assert (np.abs(polynomial.apply(points) - wanted) <= (order + 2) * EPS * size).all()


@pytest.mark.parametrize("order", range(10))
def test_every_path_gives_the_same_bits(order: int) -> None:
    """One point, many points, in place, inside a list, and any place in the array."""
    polynomial = bent(order, seed=order)
    points = tile_points(1100 if order == 5 else 37)
    wanted = polynomial.apply(points)
    single = np.concatenate([polynomial.apply(points[i : i + 1]) for i in range(0, len(points), 5)])
    np.testing.assert_array_equal(single, wanted[::5])
    np.testing.assert_array_equal(polynomial.apply(points[3:]), wanted[3:])
    np.testing.assert_array_equal((polynomial | Translation([0.0, 0.0])).apply(points), wanted)
    inside = points.copy()
    assert polynomial.apply(inside, out=inside) is inside
    np.testing.assert_array_equal(inside, wanted)


@pytest.mark.parametrize("order", range(9))
def test_rows_with_nan_stay_alone(order: int) -> None:
    points = tile_points(30)
    points[4, 0] = points[17, 1] = np.nan
    mapped = bent(order).apply(points)
    assert np.isnan(mapped[[4, 17]]).all()
    assert np.isfinite(np.delete(mapped, [4, 17], axis=0)).all()
    assert np.isnan(bent(order).jacobian(points)[4]).any() or order == 1


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.uint8, np.float32])
def test_integers_do_not_overflow(kind: type) -> None:
    """D23: integer points give float64 results, with no wrap-around of powers."""
    points = np.array([[100, 200], [3, 250], [0, 0]], dtype=kind)
    polynomial = bent(5)
    mapped = polynomial.apply(points)
    assert mapped.dtype == np.float64
    np.testing.assert_array_equal(mapped, polynomial.apply(points.astype(np.float64)))


@pytest.mark.parametrize("order", range(8))
def test_jacobian(order: int) -> None:
    polynomial = bent(order, seed=order, amplitude=500.0)
    points = tile_points(11)
    wanted = exact_jacobian(polynomial.coefficients, points)
    np.testing.assert_allclose(polynomial.jacobian(points), wanted, rtol=0, atol=50 * EPS * (1 + order) ** 3)


@pytest.mark.parametrize("case", golden_cases("PolynomialTransform2D", kind="transform"))
def test_java_order_gives_java_bits(case: dict) -> None:
    """Tile geometry relies on the very roundings of the original."""
    numbers = [float(text) for text in case["dataString"].split()]
    order = 0
    while (order + 2) * (order + 3) // 2 <= len(numbers) // 2:
        order += 1
    count = term_count(order)
    points = points_of(case["points"])
    mapped = np.empty_like(points)
    packed = kernels.pack(np.array([numbers[:count], numbers[count : 2 * count]]), order)
    kernels.polynomial_in_order(packed, points, mapped)
    np.testing.assert_array_equal(mapped, points_of(case["forward"]))


@pytest.mark.parametrize("order", range(7))
def test_basis(order: int) -> None:
    points = tile_points(12)
    basis = Polynomial.basis(points, order)
    naive = np.array([[x**a * y**b for a, b in exponents(order)] for x, y in points])
    np.testing.assert_allclose(basis, naive, rtol=1e-14)
    polynomial = bent(order)
    np.testing.assert_allclose(basis @ polynomial.coefficients.T, polynomial.apply(points), rtol=1e-13, atol=1e-9)


def test_basis_takes_no_points() -> None:
    assert Polynomial.basis([], 2).shape == (0, 6)
    with pytest.raises(transforms.PointsError):
        Polynomial.basis(np.ones((3, 3)), 2)


# ---------------------------------------------------------------- inverse


@pytest.mark.parametrize("order", range(2, 8))
@pytest.mark.parametrize("offset", [(0.0, 0.0), (3e5, -1e6)])
def test_round_trip_on_a_tile(order: int, offset: tuple[float, float]) -> None:
    """D14: a polynomial has an inverse."""
    polynomial = bent(order, seed=order, amplitude=30.0, offset=offset)
    points = tile_points(60)
    back = polynomial.apply_inverse(polynomial.apply(points))
    np.testing.assert_allclose(back, points, rtol=0, atol=1e-9 * max(1.0, *np.abs(offset)))
    again = polynomial.inverse().apply(polynomial.apply(points))
    np.testing.assert_array_equal(again, back)


@pytest.mark.parametrize("angle", [0.0, 1.0, 2.5, -3.0])
def test_round_trip_under_rotation_and_mirror(angle: float) -> None:
    points = tile_points(40)
    for mirror in (1.0, -1.0):
        turned = Rigid(angle, [1e5, 5e4]) | Affine([[mirror, 0, 0], [0, 1, 0]])
        target = turned.apply(bent(3).apply(points))
        polynomial = Polynomial.from_estimate(points, target, order=3)
        np.testing.assert_allclose(polynomial.apply_inverse(target), points, rtol=0, atol=1e-5 * 1e-2)


def test_order_one_is_inverted_in_closed_form() -> None:
    polynomial = Polynomial([[5.0, 1e-12, 0.0], [7.0, 0.0, 1e12]])
    inverse = polynomial.inverse()
    assert isinstance(inverse, Polynomial)
    points = tile_points(8)
    np.testing.assert_allclose(polynomial.apply_inverse(points), inverse.apply(points), rtol=1e-12)
    with pytest.raises(transforms.NonInvertibleError):
        Polynomial([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0]]).inverse()


def test_constants_have_no_inverse() -> None:
    constant = Polynomial([[5.0], [6.0]])
    with pytest.raises(transforms.NonInvertibleError):
        constant.inverse()
    with pytest.raises(transforms.NonInvertibleError):
        constant.apply_inverse([[5.0, 6.0]])


def test_points_without_pre_image_are_named() -> None:
    """x' = x + 1e-3 x^2 never falls below -250."""
    polynomial = Polynomial([[0, 1, 0, 1e-3, 0, 0], [0, 0, 1, 0, 0, 0]])
    targets = np.array([[10.0, 1.0], [-251.0, 2.0], [0.0, 0.0], [-1e6, 5.0]])
    with pytest.raises(transforms.NonInvertibleError) as caught:
        polynomial.apply_inverse(targets)
    assert caught.value.indices == (1, 3)
    found = polynomial.apply_inverse(targets, on_error="nan")
    assert np.isnan(found[[1, 3]]).all()
    np.testing.assert_allclose(polynomial.apply(found[[0, 2]]), targets[[0, 2]], atol=1e-9)


def test_singular_linear_part_does_not_stop_the_search() -> None:
    """x' = x^3 + x^2 y^2... has no linear part at the origin; what is found is a true pre-image."""
    polynomial = Polynomial([[0, 0, 0, 1, 0, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0, 0, 0, 1]])
    targets = np.array([[4.0, 2.0], [9.0, 30.0]])
    found = polynomial.apply_inverse(targets)
    np.testing.assert_allclose(polynomial.apply(found), targets, rtol=1e-9)


@given(
    order=st.integers(2, 5),
    seed=st.integers(0, 2**32 - 1),
    amplitude=st.floats(0.0, 60.0),
    x=st.floats(-1e7, 1e7),
    y=st.floats(-1e7, 1e7),
)
def test_inverse_of_apply_is_identity(order: int, seed: int, amplitude: float, x: float, y: float) -> None:
    polynomial = bent(order, seed, amplitude, (x, y))
    points = tile_points(10, seed)
    back = polynomial.apply_inverse(polynomial.apply(points))
    assert np.abs(back - points).max() <= 2e-9 * max(1.0, abs(x), abs(y))


@pytest.mark.parametrize("order", [2, 3, 5, 7])
def test_pre_images_are_the_same_in_any_company(order: int) -> None:
    """Eight targets at a time or one alone, beside targets that have no pre-image or are NaN: the same bits."""
    polynomial = bent(order, seed=order, amplitude=60.0, offset=(2e5, 1e5))
    targets = polynomial.apply(tile_points(45))
    wanted = polynomial.apply_inverse(targets)
    single = np.concatenate([polynomial.apply_inverse(targets[i : i + 1]) for i in range(0, 45, 4)])
    np.testing.assert_array_equal(single, wanted[::4])
    np.testing.assert_array_equal(polynomial.apply_inverse(targets[5:]), wanted[5:])
    targets[3], targets[11, 0] = np.nan, np.inf
    mixed = polynomial.apply_inverse(targets, on_error="nan")
    assert np.isnan(mixed[[3, 11]]).all()
    rest = np.delete(np.arange(45), [3, 11])
    np.testing.assert_array_equal(mixed[rest], wanted[rest])


def test_pre_images_that_need_shortened_steps() -> None:
    """Targets beyond a fold of the linear start: whole Newton steps fail there, and the damped solver takes over."""
    polynomial = Polynomial([[0, 1, 0, 2e-4, 0, 0], [0, 0, 1, 0, 0, 2e-4]])
    points = np.stack(np.meshgrid(np.linspace(-2400.0, 9000.0, 12), np.linspace(-2400.0, 9000.0, 12)), -1).reshape(
        -1, 2
    )
    targets = polynomial.apply(points)
    found = polynomial.apply_inverse(targets)
    np.testing.assert_allclose(found, points, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(found[::7], np.concatenate([polynomial.apply_inverse(t[None]) for t in targets[::7]]))
