"""What every class must offer: one that lacks a codec, a strategy, goldens or a row in the README fails here."""

from __future__ import annotations

import copy
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import transforms
from render_io import codecs
from tests.shared import golden, golden_names
from transforms import Interpolated, Inverse, Transform, TransformList
from transforms._jit import JIT_DISABLED
from transforms.testing import STRATEGIES, TILE, transforms_of

README = Path(__file__).parents[2] / "README.md"
COMPOSED = (Interpolated, Inverse, TransformList)
"""Written as JSON specs (Inverse: not at all), hence without a className of their own."""


def concrete_classes() -> list[type[Transform]]:
    """Every public class of the package, found by walking the tree of subclasses."""
    found: list[type[Transform]] = []
    queue: list[type[Transform]] = [Transform]
    while queue:
        current = queue.pop()
        queue += current.__subclasses__()
        public = current.__module__.startswith("transforms.") and not current.__name__.startswith("_")
        if public and current.__name__ not in ("Transform", "LeafTransform", "LinearTransform", "AffineFamily"):
            found.append(current)
    return sorted(found, key=lambda c: c.__name__)


CLASSES = concrete_classes()
LEAVES = [c for c in CLASSES if c not in COMPOSED]


def example_of(kind: type[Transform]) -> Transform:
    """One fixed example, drawn through the shipped strategy."""
    drawn: list[Transform] = []

    @settings(max_examples=1, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(transforms_of(kind))
    def draw(transform: Transform) -> None:
        drawn.append(transform)

    draw()
    return drawn[-1]


@pytest.fixture(params=CLASSES, ids=lambda c: c.__name__)
def kind(request: pytest.FixtureRequest) -> type[Transform]:
    chosen: type[Transform] = request.param
    return chosen


def test_every_class_is_exported_and_has_a_strategy(kind: type[Transform]) -> None:
    assert getattr(transforms, kind.__name__) is kind
    assert kind.__name__ in transforms.__all__
    assert kind in STRATEGIES


def test_every_class_stands_in_the_readme(kind: type[Transform]) -> None:
    assert f"`{kind.__name__}`" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda c: c.__name__)
def test_every_leaf_has_a_codec_and_goldens(leaf: type[Transform]) -> None:
    class_name, text = codecs.encode(example_of(leaf))
    assert type(codecs.decode(class_name, text)) is leaf or leaf.__name__ in ("Translation", "Rigid", "Similarity")
    stem = class_name.rpartition(".")[2]
    assert stem in golden_names()
    assert any(case["kind"] == "transform" for case in golden(stem))


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_values(kind: type[Transform], data: st.DataObject) -> None:
    transform = data.draw(transforms_of(kind))
    again = pickle.loads(pickle.dumps(transform))
    assert again == transform
    assert again is not transform
    assert hash(again) == hash(transform)
    assert copy.deepcopy(transform) is transform
    assert copy.copy(transform) is transform
    assert transform != "something else"
    assert type(transform).__name__ in repr(transform)
    with pytest.raises(AttributeError, match="immutable"):
        transform.anything = 1
    points = np.random.default_rng(0).uniform(0.0, TILE, (7, 2))
    assert again.apply(points).tobytes() == transform.apply(points).tobytes()


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_shapes_and_types(kind: type[Transform], data: st.DataObject) -> None:
    transform = data.draw(transforms_of(kind))
    assert transform.apply([]).shape == (0, 2)
    assert transform.apply(np.empty((0, 2))).shape == (0, 2)
    assert transform.jacobian(np.empty((0, 2))).shape == (0, 2, 2)
    whole = np.random.default_rng(1).integers(0, int(TILE), (9, 2))
    wanted = transform.apply(whole.astype(np.float64))
    for given_points in (
        whole,
        whole.astype(np.int16),
        whole.astype(np.float32),
        whole.tolist(),
        np.asfortranarray(whole),
    ):
        assert transform.apply(given_points).tobytes() == wanted.tobytes()
    floats = whole.astype(np.float64)
    locked = floats.copy()
    locked.flags.writeable = False
    assert transform.apply(locked).tobytes() == wanted.tobytes()
    assert transform.apply(np.repeat(floats, 2, axis=0)[::2]).tobytes() == wanted.tobytes()
    for i, row in enumerate(floats):  # one point, many points: the same bits
        assert transform.apply(row[None]).tobytes() == wanted[i].tobytes()
    out = np.empty((9, 2))
    assert transform.apply(floats, out=out) is out
    assert out.tobytes() == wanted.tobytes()
    assert transform.apply(floats, out=floats).tobytes() == wanted.tobytes()
    for bad in ([1.0, 2.0], np.zeros((3, 3)), [["a", "b"]], np.zeros((2, 2), dtype=complex), None):
        with pytest.raises(transforms.PointsError):
            transform.apply(bad)
    with pytest.raises(transforms.PointsError):
        transform.apply(whole, out=np.empty((8, 2)))


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nan_stays_in_its_row(kind: type[Transform], data: st.DataObject) -> None:
    transform = data.draw(transforms_of(kind))
    points = np.random.default_rng(2).uniform(0.0, TILE, (20, 2))
    wanted = transform.apply(points)
    dirty = points.copy()
    dirty[3], dirty[11, 0] = np.nan, np.nan
    mapped = transform.apply(dirty)
    assert np.isnan(mapped[3]).all()
    assert np.isnan(mapped[11]).any()
    clean = [i for i in range(20) if i not in (3, 11)]
    assert mapped[clean].tobytes() == wanted[clean].tobytes()


def example_points() -> Any:
    return np.random.default_rng(3).uniform(0.1 * TILE, 0.9 * TILE, (40, 2))


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_jacobian_is_the_derivative(kind: type[Transform], data: st.DataObject) -> None:
    transform = data.draw(transforms_of(kind))
    points, step = example_points(), 2.0**-7
    analytic = transform.jacobian(points)
    for axis in (0, 1):
        shift = np.zeros(2)
        shift[axis] = step
        fine = (transform.apply(points + shift) - transform.apply(points - shift)) / (2 * step)
        coarse = (transform.apply(points + 2 * shift) - transform.apply(points - 2 * shift)) / (4 * step)
        smooth = np.abs(fine - coarse).max(axis=1) < 1e-4  # cells, knots and control points have corners
        noise = 1e-14 * np.abs(transform.apply(points)).max() / step + 1e-5 * np.abs(analytic).max()
        assert smooth.sum() >= 20
        assert np.abs(fine - analytic[:, :, axis])[smooth].max() <= noise + 1e-4


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_round_trip(kind: type[Transform], data: st.DataObject) -> None:
    """Back within 1e-9 of the coordinate over the smallest stretch unless the map folds; always a true pre-image."""
    transform = data.draw(transforms_of(kind))
    points = example_points()
    mapped = transform.apply(points)
    found = transform.apply_inverse(mapped, on_error="nan")
    solved = ~np.isnan(found).any(axis=1)
    again = transform.apply(found[solved])
    size = np.maximum(1.0, np.hypot(*mapped[solved].T))
    assert (np.hypot(*(again - mapped[solved]).T) <= 1.01e-9 * size).all()
    side = np.linspace(0.0, TILE, 15)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    determinants = np.linalg.det(transform.jacobian(grid))
    discontinuous = getattr(transform, "interpolation", "linear") == "nearest"
    if (determinants > 0.0).all() and not discontinuous:
        assert solved.all()
        stretch = np.linalg.svd(transform.jacobian(points), compute_uv=False)[:, -1]
        distance = np.hypot(*(found - points).T)
        assert (distance <= 1e-9 * np.maximum(1.0, np.hypot(*mapped.T)) / np.minimum(stretch, 1.0)).all()
    inverse = transform.inverse()
    if solved.all():
        np.testing.assert_array_equal(inverse.inverse().apply(points).shape, points.shape)
        back = inverse.apply(mapped)
        assert (np.hypot(*(transform.apply(back) - mapped).T) <= 1.01e-9 * np.maximum(1.0, np.hypot(*mapped.T))).all()


def test_threads_share_one_object(kind: type[Transform]) -> None:
    transform = example_of(kind)
    points = np.random.default_rng(4).uniform(0.0, TILE, (2000 if not JIT_DISABLED else 50, 2))
    wanted = transform.apply(points).tobytes()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: transform.apply(points).tobytes(), range(32)))
    assert set(answers) == {wanted}


@pytest.mark.skipif(JIT_DISABLED, reason="plain Python allocates as it likes")
def test_memory_does_not_grow_with_points_times_landmarks(kind: type[Transform]) -> None:
    transform = example_of(kind)
    points = np.random.default_rng(5).uniform(0.0, TILE, (100_000, 2))
    out = np.empty_like(points)
    transform.apply(points[:10])
    tracemalloc.start()
    transform.apply(points, out=out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * points.nbytes  # Inverse keeps a copy of its targets and a status per point
