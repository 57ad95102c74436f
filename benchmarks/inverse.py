"""Points back through a transform, one thread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks import samples
from benchmarks.harness import NS_PER_POINT, OURS, Case, Contender, Effort, Goal, at_most, faster
from benchmarks.peers import NUMPY, RENDERAPI, exact, module, wire
from transforms import TransformList
from transforms.base import Transform

GROUP = "inverse"


def _case(work: str, transform: Transform, points: samples.Array, *goals: Goal) -> Case:
    world = transform.apply(points)
    contenders = {OURS: Contender(lambda: transform.apply_inverse(world))}
    return Case(f"{work}, {len(points):,} points", NS_PER_POINT, len(points), contenders, goals)


def _affine(points: samples.Array) -> Case:
    world = samples.AFFINE.apply(points)
    back = np.linalg.inv(samples.AFFINE.matrix)
    contenders = {
        OURS: Contender(lambda: samples.AFFINE.apply_inverse(world)),
        NUMPY: Contender(lambda: world @ back[:2, :2].T + back[:2, 2], 1e-6),
    }
    if module(RENDERAPI) is not None:
        theirs = exact(samples.AFFINE)
        contenders[RENDERAPI] = Contender(lambda: theirs.inverse_tform(world), 1e-6)
    return Case(f"affine, {len(points):,} points", NS_PER_POINT, len(points), contenders)


def _spline(landmarks: int, points: samples.Array, fewer: int) -> Case:
    transform = samples.spline(landmarks)
    world = transform.apply(points)
    contenders = {OURS: Contender(lambda: transform.apply_inverse(world))}
    counts = {}
    if module(RENDERAPI) is not None:
        theirs, some = wire(transform), world[:fewer].copy()
        # It stops at steps of 1e-4 px.
        contenders[RENDERAPI] = Contender(lambda: theirs.inverse_tform(some), 1e-2)
        counts[RENDERAPI] = len(some)
    work = f"thin plate spline, {landmarks:,} landmarks, {len(points):,} points"
    return Case(work, NS_PER_POINT, len(points), contenders, [faster(10.0, RENDERAPI)], counts=counts)


def cases(effort: Effort) -> Iterator[Case]:
    """Closed forms and Newton."""
    points, goal = samples.points(effort.size(10_000)), at_most(150e-9)
    yield _affine(points)
    yield _case("polynomial order 2", samples.polynomial(2), points, goal)
    yield _case("polynomial order 5", samples.polynomial(5), points, goal)
    yield _case("lens dimension 5", samples.lens(), points, goal)
    yield _case("list of lens and affine", TransformList([samples.lens(), samples.AFFINE]), points, goal)
    yield _spline(100, points, len(points))
    large = 1_000 if effort.many > 10_000 else 40
    yield _spline(large, points[: max(12, len(points) // 5)], effort.size(500))
