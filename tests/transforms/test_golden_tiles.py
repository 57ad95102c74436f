"""Stored boxes, mesh boxes and mesh inverses of tiles, point by point as the service gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import transforms
from render_io import specs
from tests.golden_vectors import assert_agrees, points_of
from tests.shared import golden_cases
from transforms.batch import TransformBatch
from transforms.mesh import TileMesh, java_box


def tile_transform(case: dict[str, Any]) -> transforms.Transform:
    return specs.to_transform(case["tile"]["transforms"], case["refs"], java_precision=True)


@pytest.mark.parametrize("case", golden_cases("TileBounds"))
def test_boxes(case: dict[str, Any]) -> None:
    transform = tile_transform(case)
    width, height = case["tile"]["width"], case["tile"]["height"]
    wanted = points_of(case["localToWorld"])
    finite = np.abs(wanted[np.isfinite(wanted)])
    tolerance = np.full((len(wanted), 1), 1e-12 * max(1.0, float(finite.max(initial=0.0))))
    assert_agrees(transform.apply(points_of(case["local"])), wanted, tolerance)
    for bounds in case["bounds"]:
        cell = bounds["meshCellSize"]
        box, good = java_box(transform, width, height, cell)
        assert list(box) == bounds["default"]
        batch = TransformBatch.from_lists([transform]).bounding_boxes(width, height, cell)[0]
        if good:
            assert transforms.bounding_box(transform, width, height, cell) == box
            assert batch.tolist() == list(box)
        else:
            assert np.isnan(batch).all()
            with pytest.raises(transforms.TransformError, match="not finite"):
                transforms.bounding_box(transform, width, height, cell)
        mesh = TileMesh.of(transform, width, height, cell)
        assert list(mesh.box()) == bounds["mesh"]
        assert (len(mesh.local), len(mesh.triangles)) == (bounds["meshVertexCount"], bounds["meshTriangleCount"])
        with np.errstate(invalid="ignore"):
            extent = [*np.nanmin(mesh.world, axis=0), *np.nanmax(mesh.world, axis=0)] if good else None
        if extent is not None:
            np.testing.assert_allclose(extent, bounds["meshVertexExtent"], rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("case", golden_cases("TileLocalCoordinates"))
def test_mesh_inverse(case: dict[str, Any]) -> None:
    transform, world = tile_transform(case), points_of(case["world"])
    size = case["tile"].get("width", 1.0), case["tile"].get("height", 1.0)
    refused = np.array([isinstance(row, dict) for row in case["worldToLocal"]])
    local = transforms.mesh_inverse(transform, *size, world, case["meshCellSize"], on_error="nan")
    assert np.isnan(local).all(axis=1).tolist() == refused.tolist()
    wanted = points_of([row for row in case["worldToLocal"] if not isinstance(row, dict)])
    assert_agrees(local[~refused], wanted, np.full((len(wanted), 1), 1e-8))
    if refused.any():
        with pytest.raises(transforms.NonInvertibleError) as caught:
            transforms.mesh_inverse(transform, *size, world, case["meshCellSize"])
        assert caught.value.indices == tuple(np.flatnonzero(refused))


@pytest.mark.parametrize("case", golden_cases("TileLocalCoordinates"))
def test_true_inverse_is_the_better_one(case: dict[str, Any]) -> None:
    """`apply_inverse` gives back where a point really came from, also in mirrored tiles and the last row of pixels."""
    transform = tile_transform(case)
    known = [row for row in case["true_local"] if row is not None]
    world = points_of(case["world"])[: len(known)]
    local = points_of(known)
    try:
        found = transform.apply_inverse(world)
    except transforms.NonInvertibleError:
        assert np.isnan(transform.apply_inverse(world, on_error="nan")).any()
        return
    np.testing.assert_allclose(transform.apply(found), world, rtol=1e-9, atol=1e-9)
    determinants = np.linalg.det(transform.jacobian(local))
    if (np.abs(determinants) > 1e-3).all():
        np.testing.assert_allclose(found, local, rtol=0, atol=1e-6)
