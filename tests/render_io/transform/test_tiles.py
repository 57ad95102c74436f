"""Transforms of real tile specs: read, left alone, changed, applied."""

from __future__ import annotations

import json

import numpy as np
import pytest

from render_io import specs
from render_io.tilespec import TileSpec, dumps, loads
from render_io.transform import (
    AffineModel,
    InterpolatedTransform,
    TransformList,
    estimate_dstpts,
    estimate_transformsum,
    load_transform_json,
)
from tests.render_io.documents import exactly, read, shared_documents
from tests.shared import SHARED, requires_shared

CORNERS = np.array([[0.0, 0.0], [2560.0, 0.0], [2560.0, 2160.0], [0.0, 2160.0], [1234.5, 678.9]])


def documents():
    """The tile specs of each shared file, at most 60, and the shared transforms of renderapi's tests."""
    for path in shared_documents():
        found = read(path)
        tiles = [spec for spec in (found if isinstance(found, list) else [found]) if "tileId" in spec]
        if tiles:
            yield path.name, tiles[:60]


def shared_transforms():
    assert SHARED is not None
    found = read(SHARED / "data" / "renderapi-transform_references.json")
    return found if isinstance(found, list) else [found]


@requires_shared
def test_tiles_looked_at_are_written_as_they_were_read():
    count = 0
    for _, tiles in documents():
        for tile, again in zip(tiles, loads(json.dumps(tiles).encode()), strict=True):
            for transform in again.tforms:
                assert transform == load_transform_json(transform.to_dict())
                count += 1
            assert exactly(json.loads(dumps([again]))) == exactly([tile])
    assert count > 100


@requires_shared
def test_points_through_tiles_are_those_of_their_specs():
    shared, count = shared_transforms(), 0
    wire = [load_transform_json(spec) for spec in shared]
    for _, tiles in documents():
        for tile in tiles:
            expected = specs.to_transform(tile["transforms"], shared).apply(CORNERS)
            found = estimate_dstpts(TileSpec(json=tile).tforms, CORNERS, wire)
            np.testing.assert_array_equal(found, expected)
            np.testing.assert_array_equal(estimate_dstpts([tile["transforms"]], CORNERS, shared), expected)
            count += 1
    assert count > 60


@requires_shared
def test_a_section_is_summed_to_one_polynomial_per_tile():
    side = np.stack(np.meshgrid(np.linspace(0, 2560, 12), np.linspace(0, 2160, 12)), -1).reshape(-1, 2)
    [tiles] = [found for name, found in documents() if name.startswith("section")]
    for tile in tiles[:5]:
        spec = TileSpec(json=tile)
        for order, largest in ((2, 5.0), (5, 1e-6)):
            found = estimate_transformsum(spec.tforms, side, order)
            residuals = np.linalg.norm(found.tform(side) - estimate_dstpts(spec.tforms, side), axis=1)
            assert residuals.max() < largest
        affine = estimate_transformsum(spec.tforms[1:])
        assert type(affine) is AffineModel
        np.testing.assert_allclose(affine.tform(CORNERS), estimate_dstpts(spec.tforms[1:], CORNERS), rtol=1e-13)


@requires_shared
def test_one_changed_transform_leaves_the_others_as_they_were():
    [tiles] = [found for name, found in documents() if name.startswith("section")]
    spec = TileSpec(json=tiles[0])
    spec.tforms[2].B0 += 0.5
    spec.tforms.append(InterpolatedTransform(AffineModel(), TransformList([AffineModel(B1=2)]), 0.5))
    written = spec.to_dict()
    before, after = tiles[0]["transforms"]["specList"], written["transforms"]["specList"]
    assert exactly(after[:2]) == exactly(before[:2])
    assert len(after) == 4
    assert exactly({**written, "transforms": None}) == exactly({**tiles[0], "transforms": None})
    moved = estimate_dstpts(TileSpec(json=written).tforms, CORNERS)
    np.testing.assert_allclose(moved, estimate_dstpts(TileSpec(json=tiles[0]).tforms, CORNERS) + [0.5, 1], atol=1e-9)


@pytest.mark.parametrize("ring", [0, 2])
def test_outline_of_a_tile_with_a_bent_transform(ring):
    spec = TileSpec(tileId="t", width=100, height=50, tforms=[AffineModel(B0=5), [AffineModel(2, 0, 0, 2)]])
    outline = spec.bbox_transformed(ndiv_inner=ring)
    assert outline[0].tolist() == [10, 0]
    assert outline.max(axis=0).tolist() == [210, 100]
