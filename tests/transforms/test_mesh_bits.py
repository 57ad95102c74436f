"""The mesh inverse repeats Java's roundings: what clients compare are the very digits."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from render_io import specs
from tests.golden_vectors import points_of
from tests.shared import golden_cases
from transforms import Affine, TransformBatch
from transforms._kernels.java_order import affine_in_order
from transforms._kernels.mesh import box_of_points
from transforms.mesh import TileMesh, border_of, java_apply, java_apply_each, mesh_inverse
from transforms.testing import any_transforms

CASES = [case for case in golden_cases("TileLocalCoordinates") if "ThinPlateSpline" not in json.dumps(case.values[0])]
"""All but splines, whose logarithms are not Java's to the last bit."""


@pytest.mark.jit_only
@pytest.mark.parametrize("case", CASES)
def test_every_digit_of_the_mesh_inverse_is_javas(case):
    tile = case["tile"]
    transform = specs.to_transform(tile["transforms"], case.get("refs"), java_precision=True)
    found = mesh_inverse(
        transform, tile.get("width", 1.0), tile.get("height", 1.0), case["world"], case["meshCellSize"], on_error="nan"
    )
    held = [not isinstance(local, dict) for local in case["worldToLocal"]]
    wanted = points_of([local for local in case["worldToLocal"] if not isinstance(local, dict)])
    np.testing.assert_array_equal(found[held], wanted)


def test_the_weight_of_the_vertices_changes_roundings_only():
    transform = specs.to_transform(
        {
            "type": "leaf",
            "className": "mpicbg.trakem2.transform.AffineModel2D",
            "dataString": "1.01 0.02 -0.03 0.98 1e5 7",
        }
    )
    mesh = TileMesh.of(transform, 1000.0, 900.0)
    points = transform.apply(np.random.default_rng(1).uniform(1, 890, (200, 2)))
    weighted, _ = mesh.invert(points)
    plain, _ = TileMesh(mesh.local, mesh.world, mesh.triangles).invert(points)
    assert not np.array_equal(weighted, plain)
    assert np.allclose(weighted, plain, rtol=0, atol=1e-8)


@settings(max_examples=30)
@given(st.lists(any_transforms(), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_points_of_many_tiles_at_once_are_those_of_each(transforms, seed):
    rng = np.random.default_rng(seed)
    points, members = rng.uniform(0.0, 2000.0, (8, 2)), rng.integers(len(transforms), size=8)
    together = java_apply_each(transforms, members, points)
    alone = [java_apply(transforms[m], points[i : i + 1])[0] for i, m in enumerate(members)]
    np.testing.assert_array_equal(together, alone)


def test_points_of_no_tile():
    assert java_apply_each([], np.empty(0, dtype=np.int64), np.empty((0, 2))).shape == (0, 2)


@given(
    st.lists(st.lists(st.floats(), min_size=6, max_size=6), min_size=1, max_size=4),
    st.floats(1.0, 1e4) | st.integers(1, 500),
    st.floats(1.0, 1e4) | st.integers(1, 500),
    st.floats(8.0, 200.0),
)
@example([[1e308, 1e308, 0.0, 1.0, -1e308, 0.0], [0.0, -0.0, 5.5, 0.0, 0.0, -5.5]], 640, 480, 64.0)
@example([[1.1e-16, 1.0, 1e7, -0.3, 1e-17, 0.5]], 2560, 2160, 64.0)
def test_the_ends_of_the_edges_tell_the_box_of_an_affine(matrices, width, height, cell):
    maps = np.array(matrices).reshape(-1, 2, 3)
    boxes = TransformBatch.from_lists([[Affine(matrix)] for matrix in maps]).bounding_boxes(width, height, cell)
    border = border_of(float(width), float(height), cell)
    for matrix, box in zip(maps, boxes, strict=True):
        mapped, whole = np.empty(border.shape), np.empty(4)
        affine_in_order(matrix.ravel(), border, mapped)
        if not box_of_points(mapped, False, whole):
            whole[:] = np.nan
        np.testing.assert_array_equal(box, whole)
