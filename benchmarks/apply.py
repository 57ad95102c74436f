"""Points through a transform, one thread, into an array that is there already."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks import samples
from benchmarks.harness import BEST, COPY, JAVA, NS_PER_POINT, OURS, Case, Contender, Effort, Goal, faster, within
from benchmarks.peers import NUMPY, OPENCV, RENDERAPI, SCIPY, SKIMAGE, exact, module, wire
from transforms import Polynomial, ThinPlateSpline, TransformList
from transforms.base import Transform

GROUP = "apply"
LENS_ALONE = "lens alone"

Peers = dict[str, Contender]


def _case(
    work: str,
    transform: Transform,
    points: samples.Array,
    *goals: Goal,
    java: float | None = None,
    peers: Peers | None = None,
) -> Case:
    """Ours and the copy, and peers; Java's time in ns."""
    out, copied = np.empty_like(points), np.empty_like(points)
    contenders = {
        OURS: Contender(lambda: transform.apply(points, out=out)),
        COPY: Contender(lambda: np.copyto(copied, points)),
    }
    contenders |= peers or {}
    recorded = {} if java is None else {JAVA: java * 1e-9}
    return Case(f"{work}, {len(points):,} points", NS_PER_POINT, len(points), contenders, goals, recorded)


def _renderapi(transform: Transform, points: samples.Array, tolerance: float = 1e-6) -> Peers:
    if module(RENDERAPI) is None:
        return {}
    theirs = wire(transform) if isinstance(transform, ThinPlateSpline) else exact(transform)
    return {RENDERAPI: Contender(lambda: theirs.tform(points), tolerance)}


def _affine(points: samples.Array, *goals: Goal) -> Case:
    affine, cv2 = samples.AFFINE, module(OPENCV)
    matrix = affine.matrix[:2].copy()
    turn, offset = np.ascontiguousarray(matrix[:, :2].T), matrix[:, 2].copy()
    peers: Peers = {NUMPY: Contender(lambda: points @ turn + offset, 1e-6)} | _renderapi(affine, points)
    if cv2 is not None:
        out = np.empty((len(points), 1, 2))
        source = points[:, None, :]
        peers[OPENCV] = Contender(lambda: cv2.transform(source, matrix, out)[:, 0], 1e-6)
    return _case("affine", affine, points, *goals, java=4.0, peers=peers)


def _fresh(points: samples.Array) -> Case:
    """Into a new array, as most callers have it: the time is that of fetching memory."""
    contenders = {
        OURS: Contender(lambda: samples.AFFINE.apply(points)),
        COPY: Contender(points.copy),
    }
    return Case(f"affine, {len(points):,} points, new array", NS_PER_POINT, len(points), contenders)


def _polynomial(order: int, points: samples.Array, java: float | None, *goals: Goal) -> Case:
    transform: Polynomial = samples.polynomial(order)
    peers = _renderapi(transform, points)
    x, y = points.T
    # polyval2d wants the coefficient of x^i y^j at [i, j].
    square, place = np.zeros((2, order + 1, order + 1)), 0
    for degree in range(order + 1):
        for power in range(degree + 1):
            square[:, degree - power, power] = transform.coefficients[:, place]
            place += 1
    value = np.polynomial.polynomial.polyval2d
    peers[NUMPY] = Contender(lambda: np.stack([value(x, y, square[0]), value(x, y, square[1])], axis=1), 1e-6)
    skimage = module(SKIMAGE)
    if skimage is not None:
        theirs = skimage.PolynomialTransform(transform.coefficients.copy())
        peers[SKIMAGE] = Contender(lambda: theirs(points), 1e-6)
    return _case(f"polynomial order {order}", transform, points, *goals, java=java, peers=peers)


def _lens(points: samples.Array) -> Iterator[Case]:
    lens = samples.lens()
    both = TransformList([lens, samples.AFFINE])
    out = np.empty_like(points)
    peers: Peers = {}
    listed: Peers = {LENS_ALONE: Contender(lambda: lens.apply(points, out=out))}
    if module(RENDERAPI) is not None:
        theirs, estimate = wire(lens), module(RENDERAPI).transform.estimate_dstpts
        members = [theirs, exact(samples.AFFINE)]
        # Its coefficients have 32 bits: results are off by 1e-4 px.
        peers[RENDERAPI] = Contender(lambda: theirs.tform(points), 5e-3)
        listed[RENDERAPI] = Contender(lambda: estimate(members, points), 5e-3)
    goals = faster(400.0, RENDERAPI), faster(100.0, JAVA)
    yield _case("lens dimension 5", lens, points, *goals, java=388.0, peers=peers)
    yield _case("list of lens and affine", both, points, within(1.3, LENS_ALONE), java=395.0, peers=listed)


def _spline(landmarks: int, points: samples.Array, java: float) -> Case:
    from scipy.interpolate import RBFInterpolator

    transform = samples.spline(landmarks)
    src = transform.landmarks
    theirs = RBFInterpolator(src, transform.apply(src), kernel="thin_plate_spline")
    peers = _renderapi(transform, points, 1e-5) | {SCIPY: Contender(lambda: theirs(points), 1e-5)}
    goals = faster(10.0, RENDERAPI), faster(10.0, JAVA), faster(10.0, BEST)
    return _case(f"thin plate spline, {landmarks:,} landmarks", transform, points, *goals, java=java, peers=peers)


def _homography(points: samples.Array) -> Case:
    transform, matrix = samples.HOMOGRAPHY, samples.HOMOGRAPHY.matrix.copy()
    peers: Peers = {}
    if module(OPENCV) is not None:
        source, out = points[:, None, :], np.empty((len(points), 1, 2))
        project = module(OPENCV).perspectiveTransform
        peers[OPENCV] = Contender(lambda: project(source, matrix, out)[:, 0], 1e-6)
    if module(SKIMAGE) is not None:
        theirs = module(SKIMAGE).ProjectiveTransform(matrix)
        peers[SKIMAGE] = Contender(lambda: theirs(points), 1e-6)
    return _case("homography", transform, points, faster(3.0, JAVA), java=6.0, peers=peers)


def cases(effort: Effort) -> Iterator[Case]:
    """Every family."""
    few, many = samples.points(effort.size(10_000)), samples.points(effort.many)
    yield _affine(few)
    yield _affine(many, within(1.7, COPY), faster(2.0, OPENCV))
    yield _fresh(many)
    yield _polynomial(2, many, 15.0)
    yield _polynomial(5, few, 33.0)
    yield _polynomial(5, many, 33.0, faster(100.0, RENDERAPI), faster(10.0, JAVA))
    yield from _lens(many)
    yield _spline(100, few, 1_250.0)
    yield _spline(1_000 if effort.many > 10_000 else 40, few, 12_400.0)
    yield _homography(many)
    yield _case("moving least squares, 20 points", samples.moving_least_squares(), few, faster(3.0, JAVA), java=416.0)
    yield _case("B-spline", samples.b_spline(), few, faster(3.0, JAVA), java=80.0)
    yield _case("warp field", samples.warp_field(), few, faster(3.0, JAVA), java=302.0)
