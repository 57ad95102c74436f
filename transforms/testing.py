"""Hypothesis strategies and assertions for suites that test with transforms; needs `hypothesis`.

The domain is what the package promises: coordinates up to 1e7 px, matrices with bounded condition, bent maps that do
not fold on their region.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from transforms._types import FloatArray, Points
from transforms.affine import Affine
from transforms.b_spline import CubicBSpline
from transforms.base import Transform
from transforms.compose import Interpolated, Inverse, TransformList
from transforms.homography import Homography
from transforms.lens import LensCorrection
from transforms.linear import Rigid, Similarity, Translation
from transforms.moving_least_squares import MovingLeastSquares
from transforms.offsets import ExponentialFunctionOffset, ExponentialRecoveryOffset, SEMDistortion
from transforms.polynomial import Polynomial
from transforms.thin_plate_spline import ThinPlateSpline
from transforms.warp_field import AffineWarpField

__all__ = [
    "STRATEGIES",
    "TILE",
    "affines",
    "any_transforms",
    "assert_points_close",
    "lens_corrections",
    "point_sets",
    "polynomials",
    "transforms_of",
]

TILE = 2048.0
"""Side in pixels of the tile on which the bent transforms of these strategies are invertible."""

FARTHEST = 1e7
"""Largest coordinate drawn, in pixels."""


def assert_points_close(actual: npt.ArrayLike, desired: npt.ArrayLike, tol_px: float = 1e-9) -> None:
    """Assert that points agree within a tolerance in pixels, scaled to the size of the coordinates.

    Parameters
    ----------
    actual, desired : array_like
        (N, 2) each, in pixels. NaN must be matched by NaN.
    tol_px : float, optional
        Largest distance per coordinate at coordinates up to 1 px; beyond, it grows with the largest coordinate.

    Raises
    ------
    AssertionError
        Naming the first row that is too far off.
    """
    a, b = np.asarray(actual, dtype=np.float64), np.asarray(desired, dtype=np.float64)
    assert a.shape == b.shape, f"expected shape {b.shape}, got {a.shape}"
    scale = max(1.0, float(np.abs(b[np.isfinite(b)]).max(initial=0.0)))
    with np.errstate(invalid="ignore"):
        good = (np.abs(a - b) <= tol_px * scale) | (a == b) | (np.isnan(a) & np.isnan(b))
    rows = np.flatnonzero(~good.reshape(len(good), -1).all(axis=1))
    assert rows.size == 0, f"row {rows[0]}: expected {b[rows[0]]} within {tol_px * scale} px, got {a[rows[0]]}"


def _numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False, allow_subnormal=False)


def _generators() -> st.SearchStrategy[np.random.Generator]:
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def point_sets(
    minimum: int = 0, maximum: int = 40, side: float = TILE, farthest: float = FARTHEST
) -> st.SearchStrategy[Points]:
    """Point sets that spread over a square somewhere in the plane.

    Parameters
    ----------
    minimum, maximum : int, optional
        Bounds of the number of points.
    side : float, optional
        Side of the square in pixels.
    farthest : float, optional
        Largest coordinate of its corner; 0 keeps it at the origin.

    Returns
    -------
    SearchStrategy
        Of (N, 2) float64 arrays.
    """

    def build(rng: np.random.Generator, count: int, x: float, y: float) -> Points:
        return np.asarray(rng.uniform(0.0, side, (count, 2)) + np.array([x, y]))

    corner = _numbers(-farthest, farthest)
    return st.builds(build, _generators(), st.integers(minimum, maximum), corner, corner)


def _offsets(farthest: float = FARTHEST) -> st.SearchStrategy[FloatArray]:
    return st.tuples(_numbers(-farthest, farthest), _numbers(-farthest, farthest)).map(np.array)


_ANGLES = _numbers(-math.pi, math.pi)
_SCALES = _numbers(-3.0, 3.0).map(math.exp)


def affines(condition: float = 20.0) -> st.SearchStrategy[Affine]:
    """Affine maps, mirrored ones included.

    Parameters
    ----------
    condition : float, optional
        Largest ratio of the two stretches.

    Returns
    -------
    SearchStrategy
        Of `Affine`.
    """

    def build(first: float, second: float, scale: float, ratio: float, mirror: bool, offset: FloatArray) -> Affine:
        def turn(angle: float) -> FloatArray:
            c, s = math.cos(angle), math.sin(angle)
            return np.array([[c, -s], [s, c]])

        stretches = np.diag([scale, scale / ratio * (-1.0 if mirror else 1.0)])
        return Affine(np.column_stack([turn(first) @ stretches @ turn(second), offset]))

    return st.builds(build, _ANGLES, _ANGLES, _SCALES, _numbers(1.0, condition), st.booleans(), _offsets())


def _homographies() -> st.SearchStrategy[Homography]:
    def build(affine: Affine, gx: float, gy: float, size: float) -> Homography:
        projective = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [gx, gy, 1.0]])
        matrix = np.eye(3)
        matrix[:2] = affine.params
        return Homography(size * (matrix @ projective))

    slope = _numbers(-0.2 / TILE, 0.2 / TILE)
    return st.builds(build, affines(), slope, slope, _SCALES)


def _bent(rng: np.random.Generator, order: int, affine: Affine, bend: float) -> Polynomial:
    """An affine map after a distortion of the tile at the origin that does not fold."""
    terms = np.zeros((2, max(3, (order + 1) * (order + 2) // 2)))
    terms[0, 1] = terms[1, 2] = 1.0
    k = 3
    for degree in range(2, order + 1):
        for _ in range(degree + 1):
            terms[:, k] = rng.uniform(-1.0, 1.0, 2) * bend * TILE ** (1 - degree) / (degree**2 * (degree + 1))
            k += 1
    bent = affine.params[:, :2] @ terms
    bent[:, 0] += affine.offset
    return Polynomial(bent)


def polynomials(lowest: int = 1, highest: int = 6, bend: float = 0.02) -> st.SearchStrategy[Polynomial]:
    """Polynomials near an affine map that do not fold on the tile at the origin.

    Parameters
    ----------
    lowest, highest : int, optional
        Bounds of the order, at least 1.
    bend : float, optional
        Size of the terms above the first order, relative to the side of the tile.

    Returns
    -------
    SearchStrategy
        Of `Polynomial`.
    """
    return st.builds(_bent, _generators(), st.integers(lowest, highest), affines(4.0), st.just(bend))


def lens_corrections(bend: float = 0.02) -> st.SearchStrategy[LensCorrection]:
    """Lens corrections of a tile, up to dimension 5.

    Parameters
    ----------
    bend : float, optional
        Size of the distortion, relative to the side of the tile.

    Returns
    -------
    SearchStrategy
        Of `LensCorrection`.
    """

    def build(rng: np.random.Generator, dimension: int) -> LensCorrection:
        side = np.linspace(0.0, TILE, dimension + 4)
        src = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
        unit = src / TILE
        terms = np.stack(
            [unit[:, 0] ** i * unit[:, 1] ** j for i in range(dimension + 1) for j in range(dimension + 1 - i)], 1
        )
        shift = terms @ rng.uniform(-1.0, 1.0, (terms.shape[1], 2)) * bend * TILE / terms.shape[1] / max(dimension, 1)
        return LensCorrection.from_estimate(src, src + shift, dimension=dimension, width=int(TILE), height=int(TILE))

    return st.builds(build, _generators(), st.integers(1, 5))


def _landmarks(rng: np.random.Generator, count: int) -> tuple[Points, Points]:
    """Landmarks of a jittered grid, and where a smooth map with a little noise takes them."""
    side = math.isqrt(count - 1) + 1
    cells = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)[:count]
    src = (cells + rng.uniform(0.2, 0.8, cells.shape)) * TILE / side
    angle = rng.uniform(-math.pi, math.pi)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    noise = rng.uniform(-1.0, 1.0, src.shape) * 0.02 * TILE / side
    return src, src @ turn.T * math.exp(rng.uniform(-1.0, 1.0)) + rng.uniform(-1e5, 1e5, 2) + noise


def _splines() -> st.SearchStrategy[ThinPlateSpline]:
    def build(rng: np.random.Generator, count: int) -> ThinPlateSpline:
        return ThinPlateSpline.from_estimate(*_landmarks(rng, count))

    return st.builds(build, _generators(), st.integers(4, 30))


def _moving() -> st.SearchStrategy[MovingLeastSquares]:
    def build(rng: np.random.Generator, count: int, model: Any, alpha: float) -> MovingLeastSquares:
        src, _ = _landmarks(rng, count)
        # Only shifts and a little noise: every model can follow these without folding between its control points.
        dst = src + rng.uniform(-1e5, 1e5, 2) + rng.uniform(-1.0, 1.0, src.shape) * 0.002 * TILE
        return MovingLeastSquares(src, dst, rng.uniform(0.5, 2.0, count), model, alpha)

    models = st.sampled_from([Translation, Rigid, Similarity, Affine])
    return st.builds(build, _generators(), st.integers(4, 16), models, st.sampled_from([0.5, 1.0, 1.5, 2.0]))


def _b_splines() -> st.SearchStrategy[CubicBSpline]:
    def build(rng: np.random.Generator, intervals: int) -> CubicBSpline:
        n = intervals + 3
        place = (np.arange(n) - 1.0) * (TILE - 1.0) / intervals
        grid = np.stack(np.meshgrid(place, place))
        return CubicBSpline(grid + rng.uniform(-0.05, 0.05, grid.shape) * TILE / intervals, int(TILE), int(TILE))

    return st.builds(build, _generators(), st.integers(1, 6))


def _warp_fields() -> st.SearchStrategy[AffineWarpField]:
    def build(rng: np.random.Generator, rows: int, columns: int, nearest: bool) -> AffineWarpField:
        field = rng.uniform(-0.01, 0.01, (6, rows, columns))
        field[[0, 3]] += 1.0
        field[4:] *= 100.0
        return AffineWarpField(field, rng.uniform(-5, 5, 2), TILE, TILE, "nearest" if nearest else "linear")

    return st.builds(build, _generators(), st.integers(1, 4), st.integers(1, 4), st.booleans())


_DIMENSIONS = st.integers(0, 1)
_AMPLITUDES = _numbers(-20.0, 20.0)
_RATES = _numbers(1e-4, 1e-2)


def _interpolated() -> st.SearchStrategy[Interpolated]:
    def build(polynomial: Polynomial, weight: float) -> Interpolated:
        return Interpolated(polynomial, TransformList([_linear_part(polynomial)]), weight)

    return st.builds(build, polynomials(2, 4), _numbers(0.0, 1.0))


def _linear_part(polynomial: Polynomial) -> Affine:
    return Affine(polynomial.coefficients[:, [1, 2, 0]])


def _inverses() -> st.SearchStrategy[Inverse]:
    """Near the identity, so that the tile itself has pre-images."""
    return st.builds(_bent, _generators(), st.integers(2, 4), st.just(Affine.identity()), st.just(0.02)).map(Inverse)


STRATEGIES: dict[type[Transform], Callable[[], st.SearchStrategy[Any]]] = {
    Translation: lambda: st.builds(Translation, _offsets()),
    Rigid: lambda: st.builds(Rigid, _ANGLES, _offsets()),
    Similarity: lambda: st.builds(Similarity, _SCALES, _ANGLES, _offsets()),
    Affine: affines,
    Homography: _homographies,
    Polynomial: polynomials,
    LensCorrection: lens_corrections,
    ThinPlateSpline: _splines,
    MovingLeastSquares: _moving,
    CubicBSpline: _b_splines,
    AffineWarpField: _warp_fields,
    SEMDistortion: lambda: st.builds(
        SEMDistortion, _AMPLITUDES, _numbers(100.0, 1e4), _AMPLITUDES, _numbers(100.0, 1e4), _DIMENSIONS
    ),
    ExponentialFunctionOffset: lambda: st.builds(
        ExponentialFunctionOffset, _AMPLITUDES, _RATES, _AMPLITUDES, _DIMENSIONS
    ),
    ExponentialRecoveryOffset: lambda: st.builds(
        ExponentialRecoveryOffset, _AMPLITUDES, _RATES, _AMPLITUDES, _DIMENSIONS
    ),
    Interpolated: _interpolated,
    Inverse: _inverses,
    TransformList: lambda: st.lists(st.one_of(affines(4.0), polynomials(1, 3)), max_size=1).map(TransformList),
}
"""One strategy per class; `transforms_of` draws from it."""


def transforms_of(kind: type[Transform]) -> st.SearchStrategy[Any]:
    """Transforms of one class, invertible on the tile [0, TILE] x [0, TILE] (save for fields of nearest cells).

    Parameters
    ----------
    kind : type
        A key of `STRATEGIES`.

    Returns
    -------
    SearchStrategy
        Of that class.

    Raises
    ------
    KeyError
        There is no strategy for the class.
    """
    return STRATEGIES[kind]()


def any_transforms() -> st.SearchStrategy[Transform]:
    """Transforms of any class.

    Returns
    -------
    SearchStrategy
        Of `Transform`.
    """
    return st.sampled_from(list(STRATEGIES)).flatmap(transforms_of)
