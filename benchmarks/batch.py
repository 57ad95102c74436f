"""Many tiles at once, in memory, one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import samples
from benchmarks.harness import JAVA, OURS, TILES, Case, Contender, Effort, Goal, at_most, faster
from benchmarks.peers import NUMPY, RENDERAPI, exact, module, wire
from transforms import (
    Affine,
    AffineArray,
    LensCorrection,
    Polynomial,
    TransformBatch,
    TransformList,
    fit_batch,
    set_thread_count,
    thread_count,
)
from transforms.approximation import sampling_grid
from transforms.base import Transform
from transforms.columns import PolynomialColumn

GROUP = "batch"
_LOOPED = 50
"""Tiles given to peers that go tile by tile."""
_THREADS = "one thread"


def _affines(count: int) -> AffineArray:
    rng = np.random.default_rng(12)
    matrices = np.tile(np.eye(2, 3), (count, 1, 1)) + rng.normal(0.0, 1e-2, (count, 2, 3))
    matrices[:, :, 2] = rng.uniform(0.0, 1e5, (count, 2))
    return AffineArray(matrices)


def _polynomials(count: int) -> PolynomialColumn:
    rng = np.random.default_rng(13)
    size = np.array([1.0, 1e-3, 1e-3, 1e-8, 1e-8, 1e-8])
    coefficients = rng.normal(0.0, 1.0, (count, 2, 6)) * size
    coefficients[:, 0, 1] += 1.0
    coefficients[:, 1, 2] += 1.0
    return PolynomialColumn(coefficients)


def _on(threads: int, work: Callable[[], Any]) -> Callable[[], Any]:
    """Run with so many threads and set back."""

    def run() -> Any:
        set_thread_count(threads)
        try:
            return work()
        finally:
            set_thread_count(None)

    return run


def _renderapi_loop(lists: list[list[Any]], grid: samples.Array) -> Callable[[], samples.Array]:
    transform = module(RENDERAPI).transform

    def loop() -> samples.Array:
        fitted = []
        for members in lists:
            model = transform.AffineModel()
            model.estimate(grid, transform.estimate_dstpts(members, grid), return_params=False)
            fitted.append(model.M[:2])
        return np.stack(fitted)

    return loop


def _refit(work: str, columns: list[Any], count: int, model: type[Transform], goal: Goal | None = None) -> Case:
    batch = TransformBatch.from_columns(columns)

    def ours() -> samples.Array:
        return batch.reestimate(model, order=2, width=samples.SIZE, height=samples.SIZE).params

    contenders = {OURS: Contender(_on(1, ours))}
    counts = {}
    if module(RENDERAPI) is not None and model is Affine:
        grid, some = sampling_grid(10, samples.SIZE, samples.SIZE), min(_LOOPED, count)
        lists = [[_theirs(column, i) for column in columns] for i in range(some)]
        contenders[RENDERAPI] = Contender(_renderapi_loop(lists, grid), 1e-2)
        counts[RENDERAPI] = some
    return Case(f"{work}, {count:,} tiles", TILES, count, contenders, [goal] if goal else (), counts=counts)


def _theirs(column: Any, member: int) -> Any:
    if isinstance(column, LensCorrection):
        return wire(column)
    if isinstance(column, AffineArray):
        return exact(column[member])
    return exact(Polynomial(column._coefficients[member]))


def _affine_by_numpy(count: int) -> Case:
    """Affines alone: numpy can do all at once, with the operator of the shared grid factored once."""
    affines = _affines(count)
    grid = sampling_grid(10, samples.SIZE, samples.SIZE)
    design = np.column_stack([grid, np.ones(len(grid))])
    operator = np.linalg.pinv(design)
    batch = TransformBatch.from_columns([affines])

    def theirs() -> samples.Array:
        images = np.einsum("nk,tik->tin", design, affines.params)
        fitted = np.einsum("kn,tin->tik", operator, images)
        distances = np.hypot(*np.moveaxis(images - np.einsum("nk,tik->tin", design, fitted), 1, 0))
        assert distances.max() < 1.0
        return fitted

    def ours() -> samples.Array:
        return batch.reestimate(Affine, width=samples.SIZE, height=samples.SIZE).params

    contenders = {OURS: Contender(_on(1, ours)), NUMPY: Contender(theirs, 1e-6)}
    return Case(f"affine -> affine, {count:,} tiles", TILES, count, contenders)


def _threads(columns: list[Any], count: int) -> Case:
    """Wall clock, all threads beside one."""
    batch = TransformBatch.from_columns(columns)

    def ours() -> samples.Array:
        return batch.reestimate(Affine, width=samples.SIZE, height=samples.SIZE).params

    every = thread_count()
    contenders = {OURS: Contender(_on(every, ours)), _THREADS: Contender(_on(1, ours), 0.0)}
    work = f"lens + affine -> affine, {count:,} tiles, {every} threads (wall clock)"
    return Case(work, TILES, count, contenders, clock=time.perf_counter_ns)


def _ragged(count: int) -> Case:
    """Point matches of 100 points per member."""
    src = samples.points(100 * count)
    dst = src + np.random.default_rng(14).normal(0.0, 1.0, src.shape)
    offsets = np.arange(0, len(src) + 1, 100)

    def loop() -> samples.Array:
        pairs = ((src[lo : lo + 100], dst[lo : lo + 100]) for lo in range(0, 100 * min(_LOOPED, count), 100))
        one = np.ones(100)
        return np.stack([np.linalg.lstsq(np.column_stack([p, one]), q, rcond=None)[0].T for p, q in pairs])

    contenders = {
        OURS: Contender(_on(1, lambda: fit_batch(Affine, src, dst, offsets).params)),
        NUMPY: Contender(loop, 1e-6),
    }
    work = f"fits of 100 points each, affine, {count:,} tiles"
    return Case(work, TILES, count, contenders, [faster(20.0, NUMPY)], counts={NUMPY: min(_LOOPED, count)})


def _box(work: str, columns: list[Any], java: float) -> Case:
    batch = TransformBatch.from_columns(columns)
    contenders = {OURS: Contender(_on(1, lambda: batch.bounding_boxes(2048.0, 2048.0)))}
    goals = [faster(20.0, JAVA)]
    return Case(f"boxes, {work}", TILES, len(batch), contenders, goals, {JAVA: java})


def _compile(count: int) -> Case:
    """Transform objects to flat arrays."""
    lens = samples.lens()
    lists = [TransformList([lens, affine]) for affine in _affines(count)]
    contenders = {OURS: Contender(lambda: len(TransformBatch.from_lists(lists)))}
    return Case(f"lists of lens and affine compiled, {count:,} tiles", TILES, count, contenders)


def cases(effort: Effort) -> Iterator[Case]:
    """Re-estimation, fits, boxes."""
    count = effort.size(40_000)
    lens, affines, polynomials = samples.lens(), _affines(count), _polynomials(count)
    yield _affine_by_numpy(count)
    yield _refit("lens + affine -> affine", [lens, affines], count, Affine, at_most(1.0 / 2e6))
    columns = [lens, affines, polynomials]
    yield _refit("lens + affine + order 2 -> affine", columns, count, Affine, at_most(1.0 / 1e6))
    yield _refit("lens + affine -> polynomial order 2", [lens, affines], count, Polynomial)
    yield _threads([lens, affines], count)
    yield _ragged(count // 4)
    some = affines[: max(12, count // 8)]
    yield _box("affine", [some], 44e-6)
    yield _box("lens + affine", [lens, some], 148e-6)
    yield _compile(count // 4)
