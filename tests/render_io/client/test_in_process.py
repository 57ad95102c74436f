"""The functions of `render_io.client` without Java, on the embedded service."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest

from render_io import client, coordinate, pointmatch, stack, tilespec
from render_io.client.pools import WithMultiprocessingPool, WithThreadPool
from render_io.errors import ClientScriptError
from render_io.layout import Layout
from render_io.render import Render
from render_io.tilespec import TileSpec
from render_io.transform import AffineModel, ReferenceTransform

LENS = AffineModel(B0=5.0, B1=6.0, transformId="L")


def tiles(zs=(1, 2), columns=3):
    return [
        TileSpec(
            tileId=f"t{z}_{column}",
            z=float(z),
            width=100,
            height=80,
            layout=Layout(sectionId=f"{z}.0", imageRow=0, imageCol=column),
            tforms=[ReferenceTransform(refId="L"), AffineModel(B0=90.0 * column)],
        )
        for z in zs
        for column in range(columns)
    ]


@pytest.fixture
def connection(embedded, request, monkeypatch):
    for name in ("RENDER_CLIENT_SCRIPT", "RENDER_CLIENT_SCRIPTS"):
        monkeypatch.delenv(name, raising=False)
    name = "Native" + "".join(c for c in request.node.name if c.isalnum())
    r = Render(embedded.host, embedded.port, name, "p")
    stack.create_stack("s", render=r)
    return r


@pytest.mark.parametrize("pool", [WithThreadPool, WithMultiprocessingPool])
def test_tiles_are_imported_by_several_workers(connection, pool, caplog):
    with caplog.at_level(logging.INFO, logger="render_io"):
        client.import_tilespecs("s", tiles()[:1], [LENS], render=connection)
    assert "in-process, without Java" in caplog.text
    client.import_tilespecs_parallel("s", tiles(), [LENS], mpPool=pool, max_tilespecs_per_group=2, render=connection)
    assert stack.get_full_stack_metadata("s", render=connection)["state"] == "COMPLETE"
    found = tilespec.get_tile_specs_from_stack("s", render=connection)
    assert [tile.tileId for tile in found] == [tile.tileId for tile in tiles()]
    assert found[1].bbox == (95.0, 6.0, 195.0, 86.0)
    assert isinstance(tilespec.get_tile_spec_raw("s", "t1_0", render=connection).tforms[0], ReferenceTransform)


def test_files_are_imported_and_a_bad_one_leaves_the_stack_loading(connection, tmp_path):
    paths = []
    for index, tile in enumerate(tiles()):
        paths.append(str(tmp_path / f"{index}.json"))
        (tmp_path / f"{index}.json").write_text(json.dumps([tile.to_dict()]))
    shared = tmp_path / "shared.json"
    shared.write_text(json.dumps([LENS.to_dict()]))
    client.import_jsonfiles_parallel("s", paths, transformFile=str(shared), mpPool=WithThreadPool, render=connection)
    assert len(stack.get_stack_tileIds("s", render=connection)) == 6
    (tmp_path / "1.json").write_text('[{"tileId": "broken"')
    with pytest.raises(ClientScriptError, match="exit code 1"):
        client.import_jsonfiles("s", paths, str(shared), render=connection)
    assert stack.get_full_stack_metadata("s", render=connection)["state"] == "LOADING"


def test_transforms_are_changed_in_another_stack(connection, tmp_path):
    client.import_tilespecs("s", tiles(), [LENS], render=connection)
    changes = tmp_path / "changes.json"
    new = [{"tileId": f"t1_{i}", "transform": AffineModel(B0=1000.0 * i).to_dict()} for i in range(3)]
    changes.write_text(json.dumps(new))
    client.importTransformChangesClient("s", "target", str(changes), render=connection)
    assert stack.get_full_stack_metadata("target", render=connection)["state"] == "COMPLETE"
    assert stack.get_full_stack_metadata("s", render=connection)["state"] == "LOADING"
    assert [t.minX for t in tilespec.get_tile_specs_from_z("target", 1, render=connection)] == [5.0, 1005.0, 2005.0]
    affine = "mpicbg.trakem2.transform.AffineModel2D"
    client.transformSectionClient("s", "M", affine, "1 0 0 1 0 50", [2], targetStack="moved", render=connection)
    moved = tilespec.get_tile_specs_from_z("moved", 2, render=connection)
    assert [tile.minY for tile in moved] == [56.0] * 3


def test_points_are_mapped(connection, tmp_path):
    client.import_tilespecs("s", tiles(), [LENS], render=connection)
    points = np.array([[1.5, 2.5], [40.0, 50.25]])
    how = {"doClientSide": True, "render": connection}
    world = coordinate.local_to_world_coordinates_array("s", points, "t1_1", 1, **how)
    np.testing.assert_allclose(world, points + [95.0, 6.0])
    inside = np.array([[150.0, 20.0], [160.0, 70.0]])
    np.testing.assert_allclose(
        coordinate.world_to_local_coordinates_array("s", inside, "t1_1", 1, **how), inside - [95.0, 6.0], atol=1e-9
    )
    batch = [{"world": point.tolist()} for point in inside]
    by_service = coordinate.world_to_local_coordinates_batch("s", batch, 1, render=connection)
    by_client = coordinate.world_to_local_coordinates_batch("s", batch, 1, execute_local=True, render=connection)
    assert [[e["tileId"] for e in entries] for entries in by_client] == [
        [e["tileId"] for e in entries] for entries in by_service
    ]


def test_pairs_are_found(connection, tmp_path):
    client.import_tilespecs("s", tiles(), [LENS], render=connection)
    stack.set_stack_state("s", "COMPLETE", render=connection)
    data = client.tilePairClient("s", 1, 2, xyNeighborFactor=0.6, zNeighborDistance=0, render=connection)
    assert [(pair["p"]["id"], pair["q"]["id"]) for pair in data["neighborPairs"]] == [
        *(("t1_0", "t1_1"), ("t1_1", "t1_2"), ("t2_0", "t2_1"), ("t2_1", "t2_2"))
    ]
    out = tmp_path / "pairs.json.gz"
    data, files = client.tilePairClient(
        "s", 1, 2, str(out), maxPairsPerFile=2, zNeighborDistance=0, return_jsonfiles=True, render=connection
    )
    assert len(files) == -(-len(data["neighborPairs"]) // 2)
    none = client.tilePairClient("s", 1, 2, minx=9e6, maxx=9e6 + 1, miny=0, maxy=1, render=connection)
    assert none["neighborPairs"] == []


def test_matches_of_the_pairs_are_saved(connection):
    pair = {"pGroupId": "1.0", "pId": "t1_0", "qGroupId": "1.0", "qId": "t1_1"}
    points = {"p": [[95.0], [10.0]], "q": [[5.0], [10.0]], "w": [1.0]}
    pointmatch.import_matches("found", [pair | {"matches": points}], render=connection)
    assert pointmatch.get_matches_within_group("found", "1.0", render=connection)[0]["matches"] == points
