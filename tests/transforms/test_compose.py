"""Lists, interpolations and inverses, alone and in each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from transforms import (
    Affine,
    Homography,
    Interpolated,
    Inverse,
    NonInvertibleError,
    PointsError,
    Polynomial,
    TransformBatch,
    TransformList,
    Translation,
    simplify,
)

BENT = Polynomial([[3.0, 1.0, 0.02, 1e-5, 2e-5, -1e-5], [-2.0, 0.01, 1.1, 2e-5, -1e-5, 3e-5]])
OTHER = Polynomial([[1.0, 0.98, 0.0, -1e-5, 1e-5, 2e-5], [5.0, 0.02, 1.0, 1e-5, 2e-5, -2e-5]])
AFFINE = Affine([[0.9, 0.2, 50.0], [-0.1, 1.1, 7.0]])
POINTS = np.random.default_rng(8).uniform(0.0, 2000.0, (25, 2))

NESTED = {
    "inverse and linear": Interpolated(Inverse(BENT), Affine.identity(), 0.5),
    "two inverses": Interpolated(Inverse(BENT), Inverse(OTHER), 0.25),
    "in a list": TransformList([AFFINE, Interpolated(Inverse(BENT), Affine.identity(), 0.5), OTHER]),
    "interpolation in interpolation": Interpolated(Interpolated(Inverse(BENT), AFFINE, 0.3), OTHER, 0.5),
    "inverse of a list": Interpolated(Inverse(TransformList([AFFINE, BENT])), Inverse(OTHER), 0.5),
    "constant": Interpolated(Polynomial([[7.0], [8.0]]), AFFINE, 0.5),
    "polynomial far from its fold": Interpolated(BENT, AFFINE, 0.5),
    "extrapolation": Interpolated(Inverse(BENT), Inverse(OTHER), 1.3),
}


@pytest.mark.parametrize("name", NESTED)
def test_interpolations_between_inverses_are_inverted(name: str) -> None:
    transform = NESTED[name]
    mapped = transform.apply(POINTS)
    found = transform.apply_inverse(mapped)
    assert np.abs(found - POINTS).max() < 1e-8
    inverse = transform.inverse()
    assert inverse.apply(mapped).tobytes() == found.tobytes()
    assert np.abs(inverse.inverse().apply(POINTS) - mapped).max() < 1e-8
    identity = inverse.jacobian(mapped) @ transform.jacobian(POINTS)
    np.testing.assert_allclose(identity, np.broadcast_to(np.eye(2), identity.shape), atol=1e-9)
    batch = TransformBatch.from_lists([BENT, transform])
    assert batch.apply_inverse(np.stack([mapped, mapped]))[1].tobytes() == found.tobytes()


def test_a_third_storey_of_inverses_is_refused_not_guessed() -> None:
    second = Interpolated(Inverse(BENT), Affine.identity(), 0.5)
    third = Interpolated(Inverse(second), Affine.identity(), 0.5)
    mapped = third.apply(POINTS)
    assert np.isfinite(mapped).all()
    with pytest.raises(NonInvertibleError, match="at most 2 inverses"):
        third.apply_inverse(mapped)
    assert np.isnan(third.apply_inverse(mapped, on_error="nan")).all()
    _, status = TransformBatch.from_lists([third, BENT]).apply_inverse_with_status(BENT.apply(POINTS))
    assert status.tolist() == [5, 0]


@pytest.mark.parametrize("shift", [0.0, 1e5, 1e6])
def test_the_region_of_a_list_is_where_its_points_are(shift: float) -> None:
    """A distortion behind a shift has its region there too, or the solver would find a pre-image far away."""
    folding = Polynomial([[0.0, 1.0, 0.0, 2e-4, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]])
    transform = Interpolated(TransformList([Translation([-shift, 0.0]), folding]), Translation([-shift, 0.0]), 0.3)
    there = POINTS + [shift, 0.0]
    assert np.abs(transform.apply_inverse(transform.apply(there)) - there).max() < 1e-6


def test_points_on_the_image_of_infinity_have_no_preimage() -> None:
    homography = Homography([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    targets = [[5.0, 5.0], [1.0, 7.0]]  # nothing finite maps to x = 1
    with pytest.raises(NonInvertibleError) as error:
        homography.apply_inverse(targets)
    assert error.value.indices == (1,)
    assert np.isnan(homography.apply_inverse(targets, on_error="nan")).any(axis=1).tolist() == [False, True]
    shifted = homography | Translation([1.0, 1.0])
    with pytest.raises(NonInvertibleError):
        shifted.apply_inverse(np.add(targets, 1.0))


@pytest.mark.parametrize("tolerance", [np.nan, np.inf, -1.0, "small", None])
@pytest.mark.parametrize("transform", [AFFINE, BENT, TransformList([BENT])], ids=lambda t: type(t).__name__)
def test_tolerances_out_of_range(transform: Any, tolerance: Any) -> None:
    with pytest.raises(PointsError, match="tolerance"):
        transform.apply_inverse(POINTS, tolerance=tolerance)
    with pytest.raises(PointsError, match="tolerance"):
        TransformBatch.from_lists([transform]).apply_inverse(POINTS, tolerance=tolerance)


@pytest.mark.parametrize("limit", [-1, 1.5, "many", None])
def test_limits_out_of_range(limit: Any) -> None:
    with pytest.raises(PointsError, match="max_iterations"):
        BENT.apply_inverse(POINTS, max_iterations=limit)
    with pytest.raises(PointsError, match="max_iterations"):
        TransformBatch.from_lists([BENT]).apply_inverse(POINTS, max_iterations=limit)


def test_start_values_are_named_in_errors() -> None:
    for transform in (BENT, TransformList([BENT])):
        with pytest.raises(PointsError, match="as many initial as target points, got 2 and 25"):
            transform.apply_inverse(POINTS, initial=POINTS[:2])


def test_members_that_are_none() -> None:
    wrong: list[Any] = [None, 3, AFFINE]
    for bad in wrong:
        with pytest.raises(PointsError, match="iterable of Transforms"):
            TransformList(bad)
    with pytest.raises(PointsError, match="index 1") as error:
        TransformList([AFFINE, "x"])  # type: ignore[list-item]
    assert error.value.indices == (1,)
    with pytest.raises(PointsError, match="member 1") as error:
        TransformBatch.from_lists([AFFINE, "x"])
    assert error.value.indices == (1,)
    for bad in [*wrong, "x"]:
        with pytest.raises(PointsError, match="one entry per member"):
            TransformBatch.from_lists(bad)


def test_simplify_reaches_into_interpolations() -> None:
    inner = TransformList([AFFINE, Translation([1.0, 2.0]), BENT])
    whole = TransformList([TransformList([AFFINE]), AFFINE, Interpolated(inner, TransformList([AFFINE, AFFINE]), 0.3)])
    merged = simplify(whole)
    assert len(merged) == 2
    blend = merged[1]
    assert isinstance(blend, Interpolated)
    assert isinstance(blend.b, Affine)
    assert isinstance(blend.a, TransformList)
    assert len(blend.a) == 2
    assert np.abs(merged.apply(POINTS) - whole.apply(POINTS)).max() < 1e-8
