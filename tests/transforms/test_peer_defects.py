"""Defects of other packages in this field that the maths must not have, by the tags of the list of peer defects.

Those of texts, wire objects and services are tested with `render_io`; those of single families (D06-D11, D14-D19, D26,
D42, D43, D56, D58) also beside their family.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from transforms import (
    Affine,
    EstimationError,
    Homography,
    IllDefinedPointsError,
    Interpolated,
    LensCorrection,
    NonInvertibleError,
    NotEnoughPointsError,
    PointsError,
    Polynomial,
    Rigid,
    Similarity,
    ThinPlateSpline,
    TransformList,
    Translation,
    estimate_dstpts,
    estimate_transformsum,
)
from transforms._jit import JIT_DISABLED

RNG = np.random.default_rng(2424)
POINTS = RNG.uniform(0.0, 2048.0, (60, 2))
AFFINE = Affine([[0.9, 0.2, 50.0], [-0.1, 1.1, 7.0]])
SIZE = {"width": 2048, "height": 2048}


def a_lens() -> LensCorrection:
    bent = POINTS + 20.0 * (POINTS / 2048.0) ** 3
    return LensCorrection.from_estimate(POINTS, bent, dimension=3, **SIZE)


def rms(residuals: Any) -> float:
    return float(np.sqrt(np.mean(np.square(residuals))))


def test_D02_rigid_and_similarity_matrices_are_rotations() -> None:
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    np.testing.assert_allclose(Rigid(0.3, [5, 6]).matrix[:2, :2], turn, rtol=1e-15)
    np.testing.assert_allclose(Similarity(2.0, 0.3, [5, 6]).matrix[:2, :2], 2.0 * turn, rtol=1e-15)
    assert Rigid(0.0, [5, 6]).matrix[1, 1] == 1.0


@pytest.mark.parametrize("model", [Rigid, Similarity])
@pytest.mark.parametrize("mirrored", [False, True])
def test_D05_D05b_D05c_D49_the_best_rotation_for_any_layout(model: Any, mirrored: bool) -> None:
    """No angle, with its own best offset and scale, does better than the fit; also for mirrored and collinear data."""
    line = np.column_stack([np.arange(9.0), 2.0 * np.arange(9.0)])
    for trial, src in enumerate([*RNG.uniform(-1.0, 1.0, (20, 6, 2)), line]):
        mirror = np.diag([1.0, -1.0 if mirrored else 1.0])
        dst = Rigid(0.3 * trial, [3.0, 4.0]).apply(src @ mirror) + RNG.normal(0.0, 0.05, src.shape)
        fit = model.from_estimate(src, dst)
        assert np.linalg.det(fit.matrix[:2, :2]) >= 0.0
        best = np.sum(fit.residuals(src, dst) ** 2)
        a, b = src - src.mean(axis=0), dst - dst.mean(axis=0)
        for angle in np.linspace(-np.pi, np.pi, 181):
            c, s = np.cos(angle), np.sin(angle)
            turned = a @ np.array([[c, -s], [s, c]]).T
            scale = 1.0 if model is Rigid else max(0.0, float(np.sum(turned * b) / np.sum(turned**2)))
            assert best <= np.sum((scale * turned - b) ** 2) * (1.0 + 1e-9) + 1e-12


@pytest.mark.skipif(JIT_DISABLED, reason="plain Python is slow")
def test_D06_D17_fits_store_nothing_of_the_size_of_the_points() -> None:
    src = RNG.uniform(0.0, 1000.0, (200_000, 2))
    Polynomial.from_estimate(src[:100], src[:100], order=3)
    tracemalloc.start()
    fitted = Polynomial.from_estimate(src, src, order=3)  # the renderapi matrix of N x N would need 320 GB
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < src.nbytes // 8
    assert fitted.residuals(src, src).max() < 1e-9


@pytest.mark.parametrize("order", range(1, 7))
def test_D07_D08_exact_and_noisy_data_in_pixels(order: int) -> None:
    src = RNG.uniform(0.0, 4096.0, (100, 2))
    unit = src / 4096.0
    terms = np.column_stack([unit[:, 0] ** (d - j) * unit[:, 1] ** j for d in range(order + 1) for j in range(d + 1)])
    dst = src + terms @ RNG.uniform(-30.0, 30.0, (terms.shape[1], 2))
    assert Polynomial.from_estimate(src, dst, order=order).residuals(src, dst).max() < 1e-6
    noisy = dst + RNG.normal(0.0, 5.0, dst.shape)
    assert rms(Polynomial.from_estimate(src, noisy, order=order).residuals(src, noisy)) < 10.0


def test_D12_D12b_D12c_sums_of_nested_lists() -> None:
    lens = a_lens()
    bent = Polynomial.from_estimate(POINTS, lens.apply(POINTS), order=2)
    wanted = estimate_dstpts([bent, AFFINE], POINTS)
    nested: Any
    for nested in ([bent, AFFINE], [[bent], [[AFFINE]]], [TransformList([bent, TransformList([AFFINE])])]):
        total = estimate_transformsum(nested, POINTS, order=2)
        assert isinstance(total, Polynomial)
        assert np.abs(total.apply(POINTS) - wanted).max() < 1e-8
    for order in range(1, 6):
        total = estimate_transformsum([lens, AFFINE], POINTS, order=order)
        assert isinstance(total, Polynomial)
        assert total.order == order
    assert isinstance(estimate_transformsum([Translation([1, 2]), Rigid(0.2, [3, 4])], POINTS), Affine)


def test_D13_composed_transforms_map_points() -> None:
    blend = Interpolated(a_lens(), AFFINE, 0.25)
    wanted = 0.75 * a_lens().apply(POINTS) + 0.25 * AFFINE.apply(POINTS)
    np.testing.assert_allclose(estimate_dstpts([blend], POINTS), wanted, rtol=1e-14)
    assert TransformList([blend]).apply(POINTS).tobytes() == blend.apply(POINTS).tobytes()


@pytest.mark.parametrize("transform", [a_lens(), Polynomial.from_affine(AFFINE, order=3)], ids=["lens", "polynomial"])
def test_D14_polynomials_and_lenses_have_inverses(transform: Any) -> None:
    assert np.abs(transform.apply_inverse(transform.apply(POINTS)) - POINTS).max() < 1e-8


def test_D18_D21_degenerate_points_are_an_estimation_error() -> None:
    line = np.column_stack([np.arange(12.0), 3.0 * np.arange(12.0) + 1.0])
    models: list[tuple[Any, int]]
    models = [(Translation, 1), (Rigid, 2), (Similarity, 2), (Affine, 3), (Homography, 4), (Polynomial, 6)]
    for far in (0.0, 1e7):
        for model in (Affine, Homography, Polynomial, ThinPlateSpline):
            with pytest.raises(IllDefinedPointsError):
                model.from_estimate(line + far, line)
    for kind, needed in models:
        for count in range(needed):
            with pytest.raises(NotEnoughPointsError, match=f"at least {needed}"):
                kind.from_estimate(POINTS[:count], POINTS[:count])
    with pytest.raises(EstimationError):
        ThinPlateSpline.from_estimate(np.ones((5, 2)), POINTS[:5])


@pytest.mark.parametrize("model", [Translation, Rigid, Similarity, Affine, Homography, Polynomial, ThinPlateSpline])
def test_D20_D54_points_that_are_not_finite_are_named(model: Any, capfd: pytest.CaptureFixture[str]) -> None:
    for bad in (np.nan, np.inf):
        spoilt = POINTS.copy()
        spoilt[4, 1] = bad
        for src, dst in ((spoilt, POINTS), (POINTS, spoilt)):
            with pytest.raises(IllDefinedPointsError) as error:
                model.from_estimate(src, dst)
            assert error.value.indices == (4,)
    assert capfd.readouterr() == ("", "")  # LAPACK complains on standard output


@pytest.mark.parametrize("transform", [AFFINE, Polynomial.from_affine(AFFINE), a_lens(), Translation([1, 2])])
def test_D22_points_have_two_coordinates(transform: Any) -> None:
    with pytest.raises(PointsError, match=r"\(N, 2\)"):
        transform.apply(np.zeros((4, 3)))
    if hasattr(transform, "from_estimate"):
        options = SIZE if isinstance(transform, LensCorrection) else {}
        with pytest.raises(PointsError):
            type(transform).from_estimate(POINTS[:4], POINTS[:7], **options)
    with pytest.raises(PointsError):
        Polynomial(np.zeros((2, 8)))


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.int64, np.uint8, np.float32])
def test_D23_whole_numbers_are_points(kind: Any) -> None:
    whole = np.array([[0, 0], [200, 100], [17, 255]]).astype(kind)
    spline = ThinPlateSpline.from_estimate(POINTS[:9], AFFINE.apply(POINTS[:9]))
    bent = Polynomial([[0.5, 1.0, 0.0, 1e3, 0.0, 0.0], [0.5, 0.0, 1.0, 0.0, 0.0, 1e3]])
    for transform in (a_lens(), bent, spline, AFFINE):
        assert transform.apply(whole).tobytes() == transform.apply(whole.astype(np.float64)).tobytes()
        inverse = transform.apply_inverse(whole, on_error="nan")
        np.testing.assert_array_equal(inverse, transform.apply_inverse(whole.astype(np.float64), on_error="nan"))


def test_D27_equality_is_of_values() -> None:
    assert Affine([[1.0, 0.0, 1e-7], [0.0, 1.0, 0.0]]) != Affine.identity()
    assert Affine.identity() != Translation.identity()
    assert Affine.identity() != str(Affine.identity())
    first, second = (TransformList([Interpolated(a_lens(), AFFINE, 0.5)]) for _ in range(2))
    assert first == second
    assert len({first, second}) == 1


def test_D31_D32_objects_cross_threads_and_processes() -> None:
    chain = TransformList([a_lens(), AFFINE])
    assert pickle.loads(pickle.dumps(chain)) == chain
    wanted = chain.apply(POINTS).tobytes()
    with ThreadPoolExecutor(4) as pool:
        assert {mapped.tobytes() for mapped in pool.map(chain.apply, [POINTS] * 16)} == {wanted}


def test_D33_D43_the_caller_keeps_what_is_his() -> None:
    members: list[Any] = [AFFINE]
    chain = TransformList(members)
    members.append(AFFINE)
    assert len(chain) == 1
    coefficients = np.zeros((2, 3))
    polynomial = Polynomial(coefficients)
    coefficients[:] = 5.0
    assert not polynomial.coefficients.any()
    assert Polynomial.identity().coefficients.dtype == np.float64


def test_D37_no_transforms_return_other_points() -> None:
    mapped = estimate_dstpts([], POINTS)
    assert mapped is not POINTS
    assert not np.may_share_memory(mapped, POINTS)
    np.testing.assert_array_equal(mapped, POINTS)
    nothing: Any = None
    with pytest.raises(PointsError):
        estimate_dstpts([AFFINE], nothing)


def test_D38_parts_of_singular_and_mirrored_matrices() -> None:
    zero = Affine(np.zeros((2, 3)))
    assert zero.shear == 0.0
    assert zero.scale == (0.0, 0.0)
    assert np.isfinite(zero.rotation)
    mirrored = Affine([[1, 0, 0], [0, -1, 0]])
    assert mirrored.scale == (1.0, -1.0)
    assert mirrored.rotation == 0.0


def test_D39_singular_matrices_are_told() -> None:
    singular: Any
    for singular in (Affine([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0]]), Similarity(0, 0, [1, 2]), Homography(np.ones((3, 3)))):
        with pytest.raises(NonInvertibleError):
            singular.inverse()
        with pytest.raises(NonInvertibleError):
            singular.apply_inverse(POINTS)
    assert isinstance(Rigid(0.3, [1, 2]).inverse(), Rigid)
    assert isinstance(Similarity(2.0, 0.3, [1, 2]).inverse(), Similarity)


@pytest.mark.parametrize("far", [0.0, 1e5, 1e8])
def test_D41_D47_fits_are_centred(far: float) -> None:
    dst = AFFINE.apply(POINTS)
    fit = Affine.from_estimate(POINTS + far, dst + far)
    assert fit.residuals(POINTS + far, dst + far).max() < 1e-6 * max(1.0, far / 1e8)
    assert np.abs(fit.matrix[:2, :2] - AFFINE.matrix[:2, :2]).max() < 1e-10


def test_D46_the_import_is_light() -> None:
    text = (
        "import sys, numba; before = set(sys.modules); import transforms;"
        "new = {m.partition('.')[0] for m in set(sys.modules) - before};"
        "print(sorted(new & {'requests', 'PIL', 'scipy', 'orjson', 'hypothesis', 'matplotlib', 'render_io'}))"
    )
    answer = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_D50_least_squares_of_the_residuals() -> None:
    dst = POINTS + RNG.normal(0.0, 5.0, POINTS.shape)
    x, y = (POINTS / 2048.0).T
    design = np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])
    best = np.linalg.lstsq(design, dst, rcond=None)[0]
    wanted = rms(np.hypot(*(design @ best - dst).T))
    fitted = Polynomial.from_estimate(POINTS, dst, order=2)
    assert rms(fitted.residuals(POINTS, dst)) == pytest.approx(wanted, rel=1e-9)


def test_D55_any_sequence_is_a_list() -> None:
    assert TransformList((AFFINE, AFFINE)) == TransformList([AFFINE, AFFINE])
    nested = estimate_dstpts((AFFINE, (AFFINE, [AFFINE])), POINTS)
    assert nested.tobytes() == TransformList([AFFINE] * 3).apply(POINTS).tobytes()
