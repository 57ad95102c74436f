"""What a montage solver does with a service: tiles and matches down, a global solve, solved transforms up and compared.

The solver is the worked example of the documentation, the calls are those of renderapi.
"""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from render_io import client, coordinate, pointmatch, resolvedtiles, stack, tilespec
from render_io.layout import Layout
from render_io.render import Render
from render_io.resolvedtiles import ResolvedTiles
from render_io.tilespec import TileSpec
from render_io.transform import AffineModel, Polynomial2DTransform, ReferenceTransform
from tests.shared import SHARED, requires_shared
from tests.test_montage_solver import example
from transforms import Affine, Polynomial, TransformList

__all__ = ["example"]

pytestmark = pytest.mark.jit_only

WIDTH, HEIGHT = 1000, 800
LENS = Polynomial([[0.5, 1.001, 2e-4, 1e-6, 0, -2e-6], [-0.25, 1e-4, 0.999, 0, 2e-6, 1e-6]])
"""A distortion of up to two pixels at the corners of a tile."""


@pytest.fixture
def connection(embedded, request):
    return Render(embedded.host, embedded.port, "".join(c for c in request.node.name if c.isalnum()), "montage")


def simulated():
    """A stage of 3 x 3 tiles that is a few pixels wrong, and matches of where the tiles truly lie, without noise."""
    rng = np.random.default_rng(11)
    truth, tiles = {}, []
    for row, column in itertools.product(range(3), range(3)):
        x, y = 0.85 * WIDTH * column, 0.85 * HEIGHT * row
        linear = np.eye(2) + rng.uniform(-2e-3, 2e-3, (2, 2))
        truth[f"t{row}{column}"] = TransformList(
            [LENS, Affine(np.column_stack([linear, np.add([x, y], rng.uniform(-9, 9, 2))]))]
        )
        layout = Layout(sectionId="7.0", imageRow=row, imageCol=column, stageX=x, stageY=y)
        forms = [ReferenceTransform(refId="lens"), AffineModel(B0=x, B1=y)]
        tiles.append(TileSpec(f"t{row}{column}", z=7.0, width=WIDTH, height=HEIGHT, layout=layout, tforms=forms))
    return tiles, [Polynomial2DTransform(params=LENS.coefficients, transformId="lens")], matches_of(truth, rng)


def matches_of(truth, rng):
    """Twenty points in the overlap of each two neighbours, as each of them sees them."""
    pairs = []
    for p, q in itertools.combinations(truth, 2):
        right, down = int(q[2]) - int(p[2]), int(q[1]) - int(p[1])
        if (right, down) not in ((1, 0), (0, 1)):
            continue
        seen = rng.uniform([860 * right, 690 * down], [WIDTH, HEIGHT], (20, 2))
        other = truth[q].apply_inverse(truth[p].apply(seen))
        points = {"p": seen.T.tolist(), "q": other.T.tolist(), "w": [1.0] * 20}
        pairs.append({"pGroupId": "7.0", "pId": p, "qGroupId": "7.0", "qId": q, "matches": points})
    return pairs


def real():
    """Nine tiles of a real montage, each with its own lens correction, and their matches."""
    assert SHARED is not None
    tiles = json.loads((SHARED / "data" / "montage_raw_tilespecs.json").read_text())
    pairs = json.loads((SHARED / "data" / "montage_pointmatches.json").read_text())
    return [TileSpec(json=tile) for tile in tiles], [], pairs


def distances(r, name, z, pairs):
    """How far apart a stack puts the points of each match, asked of the service."""
    found = []
    for pair in pairs:
        places = [
            coordinate.local_to_world_coordinates_array(
                name, np.transpose(pair["matches"][side]), pair[f"{side}Id"], z, render=r
            )
            for side in "pq"
        ]
        found.append(np.hypot(*np.subtract(*places).T))
    return np.concatenate(found)


def root_mean_square(values):
    return np.sqrt(np.mean(np.square(values)))


def wire(transform):
    """The solver's transform as an object of a tile."""
    if isinstance(transform, Affine):
        (m00, m01, b0), (m10, m11, b1) = transform.matrix[:2]
        return AffineModel(m00, m01, m10, m11, b0, b1)
    return Polynomial2DTransform(params=transform.coefficients)


def downloaded(example, r, z):
    """Lens and stage of every tile of a section, and its matches."""
    stage = {
        tile.tileId: example.Tile(tile.tforms[0].transform, tile.tforms[1].transform)
        for tile in tilespec.get_tile_specs_from_z("raw", z, render=r)
    }
    section = stack.get_sectionId_for_z("raw", z, render=r)
    pairs = pointmatch.get_matches_within_group("montage", section, render=r)
    matches = []
    for pair in pairs:
        p, q, w = (np.transpose(pair["matches"][name]) for name in "pqw")
        matches.append(example.Match(pair["pId"], pair["qId"], p, q, w))
    return stage, pairs, matches


def upload(solved, r, z):
    """Save the tiles of a section, which share what they shared, with the last transform replaced."""
    found = resolvedtiles.get_resolved_tiles_from_z("raw", z, render=r)
    for tile in found.tilespecs:
        tile.tforms = [tile.tforms[0], wire(solved[tile.tileId])]
    stack.create_stack("solved", render=r)
    resolvedtiles.put_tilespecs("solved", ResolvedTiles(found.tilespecs, found.transforms), render=r)
    stack.set_stack_state("solved", "COMPLETE", render=r)


@pytest.mark.usefixtures("warm_kernels")
@pytest.mark.parametrize("model", ["affine", "polynomial"])
@pytest.mark.parametrize(
    ("montage", "pull", "share"),
    [
        pytest.param(simulated, 1e-9, 1e-5, id="simulated"),
        pytest.param(real, 1e-4, 0.02, id="real", marks=requires_shared),
    ],
)
def test_a_montage_is_solved_through_the_service(connection, example, montage, pull, share, model):
    """`pull` towards the stage; `share` of the distances that remains: matches without noise leave next to nothing."""
    r = connection
    tiles, shared, given = montage()
    z = tiles[0].z
    stack.create_stack("raw", render=r)
    client.import_tilespecs("raw", tiles, sharedTransforms=shared or None, render=r)
    stack.set_stack_state("raw", "COMPLETE", render=r)
    pointmatch.import_matches("montage", given, render=r)

    stage, pairs, matches = downloaded(example, r, z)
    assert len(stage) == 9
    assert len(pairs) == len(given) == 12
    solved = example.solve(stage, matches, example.MODELS[model], pull)
    upload(solved, r, z)

    before, after = (distances(r, name, z, pairs) for name in ("raw", "solved"))
    np.testing.assert_allclose(after, example.residuals(stage, matches, solved), rtol=0, atol=1e-6)
    assert root_mean_square(after) < share * root_mean_square(before)
    # Nothing was lost on the way: numbers bit for bit, shared transforms, layout, and the raw stack as it was.
    for old in tilespec.get_tile_specs_from_z("raw", z, render=r):
        new = tilespec.get_tile_spec("solved", old.tileId, render=r)
        assert new.tforms[1].transform == solved[old.tileId]
        assert new.tforms[0].to_dict() == old.tforms[0].to_dict()
        assert new.layout.to_dict() == old.layout.to_dict()
        assert old.tforms[1].transform == stage[old.tileId].stage
        unresolved = tilespec.get_tile_spec_raw("solved", old.tileId, render=r).tforms[0]
        assert isinstance(unresolved, ReferenceTransform) == bool(shared)
    assert stack.get_full_stack_metadata("solved", render=r)["stats"]["tileCount"] == 9
    assert stack.get_full_stack_metadata("raw", render=r)["state"] == "COMPLETE"
