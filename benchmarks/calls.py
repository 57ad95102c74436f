"""What a call on few points costs, warm: checks, dispatch, the result array."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import samples
from benchmarks.harness import COPY, MICROSECONDS, OURS, Case, Contender, Effort, at_most
from benchmarks.peers import OPENCV, RENDERAPI, exact, module, wire
from transforms import Affine, Homography, Polynomial, Rigid, Similarity, TransformList, Translation

GROUP = "calls"
AFFINE_S, OTHER_S = 1.5e-6, 3e-6


def _case(work: str, call: Callable[[], Any], limit: float, **peers: Contender) -> Case:
    return Case(work, MICROSECONDS, 1, {OURS: Contender(call)} | peers, [at_most(limit)])


def _apply(count: int) -> Iterator[Case]:
    points = samples.points(count)
    affine, cv2 = samples.AFFINE, module(OPENCV)
    peers = {COPY: Contender(points.copy)}
    if cv2 is not None:
        matrix, source = affine.matrix[:2].copy(), points[:, None, :].copy()
        peers[OPENCV] = Contender(lambda: cv2.transform(source, matrix)[:, 0], 1e-6)
    if module(RENDERAPI) is not None:
        theirs = exact(affine)
        peers[RENDERAPI] = Contender(lambda: theirs.tform(points), 1e-6)
    yield _case(f"affine, {count} points", lambda: affine.apply(points), AFFINE_S, **peers)
    lens, polynomial = samples.lens(), samples.polynomial(2)
    others = {
        "homography": samples.HOMOGRAPHY,
        "polynomial order 2": polynomial,
        "polynomial order 5": samples.polynomial(5),
        "lens dimension 5": lens,
        "list of lens and affine": TransformList([lens, affine]),
        "list of polynomial and affine": TransformList([polynomial, affine]),
    }
    if count <= 10:  # with more points it is the arithmetic that counts
        others |= {
            "thin plate spline, 20 landmarks": samples.spline(20),
            "moving least squares, 20 points": samples.moving_least_squares(),
            "B-spline": samples.b_spline(),
            "warp field": samples.warp_field(),
        }
    for name, transform in others.items():
        peers = {}
        if module(RENDERAPI) is not None and name == "lens dimension 5":
            theirs = wire(transform)
            peers[RENDERAPI] = Contender(lambda theirs=theirs: theirs.tform(points), 5e-3)
        yield _case(f"{name}, {count} points", lambda t=transform: t.apply(points), OTHER_S, **peers)


def _rest() -> Iterator[Case]:
    points = samples.points(10)
    affine = samples.AFFINE
    world, matrix = affine.apply(points), affine.matrix[:2].copy()
    yield _case("inverse of an affine, 10 points", lambda: affine.apply_inverse(world), OTHER_S)
    yield _case("Jacobian of an affine, 10 points", lambda: affine.jacobian(points), OTHER_S)
    yield _case("Affine(matrix)", lambda: Affine(matrix), OTHER_S)
    for model in (Translation, Rigid, Similarity, Affine, Homography, Polynomial):
        yield Case(
            f"fit of {model.__name__}, 10 points",
            MICROSECONDS,
            1,
            {OURS: Contender(lambda m=model: m.from_estimate(points, world))},
        )


def cases(effort: Effort) -> Iterator[Case]:
    """10 and 100 points; sizes are small as they are."""
    yield from _apply(10)
    yield from _apply(100)
    yield from _rest()
