"""Least squares of every model; the best peer counts, and numpy's `lstsq` on the same scaled system is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import samples
from benchmarks.harness import BEST, MICROSECONDS, OURS, Case, Contender, Effort, faster
from benchmarks.peers import NUMPY, OPENCV, RENDERAPI, SCIPY, SKIMAGE, module
from transforms import Affine, Homography, LensCorrection, Polynomial, Rigid, Similarity, ThinPlateSpline, Translation

GROUP = "fit"
_MOST = 1_000
"""Points that peers get which need memory that grows with the square of their number."""

Peers = dict[str, Contender]


def _case(work: str, count: int, ours: Callable[[], Any], peers: Peers) -> Case:
    contenders = {OURS: Contender(ours, numbers=_parameters)} | peers
    return Case(f"{work}, {count:,} points", MICROSECONDS, 1, contenders, [faster(20.0, BEST)])


def _parameters(transform: Any) -> samples.Array:
    """What a peer's parameters are compared with."""
    if isinstance(transform, Translation):
        return transform.offset
    matrix: samples.Array = transform.matrix
    return matrix if isinstance(transform, Homography) else matrix[:2]


def _first_rows(transform: Any) -> samples.Array:
    """Give the first two rows of a transform of scikit-image."""
    rows: samples.Array = transform.params[:2]
    return rows


def _pairs(count: int) -> tuple[samples.Array, samples.Array]:
    src = samples.points(count, seed=3)
    noise = np.random.default_rng(4).normal(0.0, 0.5, src.shape)
    return src, samples.AFFINE.apply(samples.bent(src)) + noise


def _scaled(src: samples.Array) -> samples.Array:
    return (src - src.mean(axis=0)) / src.std(axis=0)


def _affine(count: int) -> Case:
    src, dst = _pairs(count)

    def lstsq() -> samples.Array:
        return np.linalg.lstsq(np.column_stack([src, np.ones(len(src))]), dst, rcond=None)[0].T

    peers = {NUMPY: Contender(lstsq, 1e-5)}
    if module(OPENCV) is not None:
        # Robust methods only: all points are inliers, so the last step is the fit of all.
        estimate = module(OPENCV).estimateAffine2D
        peers[OPENCV] = Contender(lambda: estimate(src, dst, ransacReprojThreshold=1e3)[0])
    if module(SKIMAGE) is not None and count <= _MOST:
        transform = module(SKIMAGE).AffineTransform
        # Total least squares: near our optimum, not at it.
        peers[SKIMAGE] = Contender(lambda: transform.from_estimate(src, dst), 0.1, _first_rows)
    if module(RENDERAPI) is not None:
        fit = module(RENDERAPI).transform.AffineModel.fit
        peers[RENDERAPI] = Contender(lambda: fit(src, dst), 1e-5, lambda six: six[[0, 1, 4, 2, 3, 5]].reshape(2, 3))
    return _case("affine", count, lambda: Affine.from_estimate(src, dst), peers)


def _rigid(count: int, model: type[Rigid] | type[Similarity]) -> Case:
    src, dst = _pairs(count)
    peers: Peers = {}
    name = "Euclidean" if model is Rigid else "Similarity"
    if module(SKIMAGE) is not None:
        theirs = getattr(module(SKIMAGE), f"{name}Transform")
        peers[SKIMAGE] = Contender(lambda: theirs.from_estimate(src, dst), 1e-5, _first_rows)
    if module(RENDERAPI) is not None:
        fit = getattr(module(RENDERAPI).transform, f"{model.__name__}Model").fit
        peers[RENDERAPI] = Contender(lambda: fit(src, dst)[:2], 1e-5)
    return _case(model.__name__.lower(), count, lambda: model.from_estimate(src, dst), peers)


def _translation(count: int) -> Case:
    src, dst = _pairs(count)
    peers = {NUMPY: Contender(lambda: dst.mean(axis=0) - src.mean(axis=0), 1e-6)}
    if module(RENDERAPI) is not None:
        fit = module(RENDERAPI).transform.TranslationModel.fit
        peers[RENDERAPI] = Contender(lambda: fit(src, dst)[:2, 2], 1e-6)
    return _case("translation", count, lambda: Translation.from_estimate(src, dst), peers)


def _homography(count: int) -> Case:
    src = samples.points(count, seed=5)
    dst = samples.HOMOGRAPHY.apply(src) + np.random.default_rng(6).normal(0.0, 0.5, src.shape)
    peers: Peers = {}
    if module(OPENCV) is not None:
        find = module(OPENCV).findHomography
        peers[OPENCV] = Contender(lambda: find(src, dst, 0)[0], 0.1)  # from points of 32 bits
    if module(SKIMAGE) is not None and count <= _MOST:
        theirs = module(SKIMAGE).ProjectiveTransform  # algebraic residuals: not the same optimum
        peers[SKIMAGE] = Contender(lambda: theirs.from_estimate(src, dst))
    return _case("homography", count, lambda: Homography.from_estimate(src, dst), peers)


def _monomials(xy: samples.Array, order: int) -> samples.Array:
    x, y = xy.T
    return np.column_stack([x ** (d - i) * y**i for d in range(order + 1) for i in range(d + 1)])


def _polynomial(order: int, count: int) -> Case:
    """Compared at the points: the coefficients are of different coordinates."""
    src, dst = _pairs(count)

    def lstsq() -> samples.Array:
        design = _monomials(_scaled(src), order)
        return design @ np.linalg.lstsq(design, dst, rcond=None)[0]

    fitted = Polynomial.from_estimate(src, dst, order=order).apply(src)
    np.testing.assert_allclose(lstsq(), fitted, atol=1e-6)
    peers = {NUMPY: Contender(lambda: np.linalg.lstsq(_monomials(_scaled(src), order), dst, rcond=None)[0])}
    if module(SKIMAGE) is not None and count <= _MOST:
        theirs = module(SKIMAGE).PolynomialTransform  # wrong in pixels from order 4 on
        peers[SKIMAGE] = Contender(lambda: theirs.from_estimate(src, dst, order=order))
    if module(RENDERAPI) is not None and (order + 1) * (order + 2) <= count <= _MOST:
        fit = module(RENDERAPI).transform.Polynomial2DTransform.fit  # likewise
        peers[RENDERAPI] = Contender(lambda: fit(src, dst, order=order))
    return _case(f"polynomial order {order}", count, lambda: Polynomial.from_estimate(src, dst, order=order), peers)


def _lens(count: int) -> Case:
    src, dst = _pairs(count)

    def lstsq() -> samples.Array:
        features = _monomials(src, 5)[:, 1:]
        features = (features - features.mean(axis=0)) / features.std(axis=0)
        return np.linalg.lstsq(np.column_stack([features, np.full(count, 100.0)]), dst, rcond=None)[0]

    size = int(samples.SIZE)

    def ours() -> LensCorrection:
        return LensCorrection.from_estimate(src, dst, dimension=5, width=size, height=size)

    return _case("lens dimension 5", count, ours, {NUMPY: Contender(lstsq)})


def _spline(count: int) -> Case:
    from scipy.interpolate import RBFInterpolator

    src = samples.points(count, seed=7)
    dst = samples.bent(src)
    peers = {SCIPY: Contender(lambda: RBFInterpolator(src, dst, kernel="thin_plate_spline"))}
    if module(RENDERAPI) is not None:
        fit = module(RENDERAPI).transform.ThinPlateSplineTransform.fit
        peers[RENDERAPI] = Contender(lambda: fit(src, dst))
    return _case("thin plate spline", count, lambda: ThinPlateSpline.from_estimate(src, dst), peers)


def cases(effort: Effort) -> Iterator[Case]:
    """Every model, 10 to 1e5 points."""
    some, more, most = effort.size(1_000, 40), effort.size(10_000, 50), effort.size(100_000, 60)
    for count in (10, 100, more, most):
        yield _affine(count)
    yield _translation(some)
    yield _rigid(some, Rigid)
    yield _rigid(some, Similarity)
    if some > 500:
        yield _homography(10)
        yield _homography(100)
    yield _homography(some)
    for order in (2, 5):
        for count in (some // 10 if some > 500 else 44, some, more, most):
            yield _polynomial(order, count)
    yield _lens(some)
    yield _lens(most)
    if some > 500:
        yield _spline(10)
    yield _spline(100)
    if some > 500:
        yield _spline(some)
