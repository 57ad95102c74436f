"""Whole flows over real HTTP on the embedded service, as pipelines have them."""

from __future__ import annotations

import numpy as np
import pytest

from render_io import client, coordinate, pointmatch, render, resolvedtiles, stack, tilespec
from render_io.client.params import MatchDerivationParameters
from render_io.errors import ClientScriptError, RenderError, RequestError
from render_io.layout import Layout
from render_io.render import Render
from render_io.resolvedtiles import ResolvedTiles
from render_io.tilespec import TileSpec
from render_io.transform import AffineModel, ReferenceTransform


@pytest.fixture
def connection(embedded, request):
    name = "Flow" + "".join(c for c in request.node.name if c.isalnum())
    return Render(embedded.host, embedded.port, name, "p")


def raw_tiles(lens):
    return [
        TileSpec(
            tileId=f"t{z}_{column}",
            z=float(z),
            width=100,
            height=80,
            imageUrl="file:/images/x.png",
            layout=Layout(sectionId=f"{z}.0", imageRow=0, imageCol=column, stageX=90.0 * column, stageY=0.0),
            tforms=[ReferenceTransform(refId=lens.transformId), AffineModel(B0=90.0 * column, B1=5.0 * z)],
        )
        for z in (1, 2)
        for column in range(3)
    ]


def test_a_montage_is_solved(connection):
    r = connection
    lens = AffineModel(M00=1.01, B0=0.25, transformId="lens", labels=["lens"])
    stack.create_stack("raw", stackResolutionX=4, stackResolutionY=4, stackResolutionZ=np.float64(35), render=r)
    r.run(resolvedtiles.put_tilespecs, "raw", tilespecs=raw_tiles(lens), shared_transforms=[lens])
    r.run(stack.set_stack_state, "raw", "COMPLETE")
    matches = [
        {
            **{"pGroupId": "1.0", "qGroupId": "1.0", "pId": f"t1_{i}", "qId": f"t1_{i + 1}"},
            "matches": {"p": np.array([[95.0, 96.0], [1, 2]]), "q": np.array([[5.0, 6.0], [1, 2]]), "w": np.ones(2)},
        }
        for i in range(2)
    ]
    pointmatch.import_matches("montage", matches, render=r)
    assert r.DEFAULT_OWNER in pointmatch.get_matchcollection_owners(render=r)

    resolved = resolvedtiles.get_resolved_tiles_from_z("raw", 1, render=r)
    found = pointmatch.get_matches_within_group("montage", stack.get_sectionId_for_z("raw", 1, render=r), render=r)
    assert len(found) == 2
    assert {pair["matchCount"] for pair in found} == {2}
    for tile in resolved.tilespecs:
        shift = AffineModel(B0=7.0)
        tile.tforms = [tile.tforms[0], shift.concatenate(tile.tforms[1])]
    stack.create_stack("solved", render=r)
    resolvedtiles.put_tilespecs(
        "solved", resolved_tiles=ResolvedTiles(resolved.tilespecs, resolved.transforms), render=r
    )
    stack.set_stack_state("solved", "COMPLETE", render=r)

    before = tilespec.get_tile_specs_from_z("raw", 1, render=r)
    after = tilespec.get_tile_specs_from_z("solved", 1, render=r)
    assert [b.minX - a.minX for a, b in zip(before, after, strict=True)] == [7.0] * 3
    assert stack.get_stack_bounds("solved", render=r)["minX"] == stack.get_stack_bounds("raw", render=r)["minX"] + 7
    assert tilespec.get_tile_spec_raw("solved", "t1_1", render=r).tforms[0].refId == "lens"
    assert render.get_stacks_by_owner_project(render=r) == ["solved", "raw"]
    assert render.get_projects_by_owner(render=r) == ["p"]
    assert {m["stackId"]["stack"] for m in render.get_stack_metadata_by_owner(render=r)} == {"raw", "solved"}


def test_points_go_to_the_world_and_back(connection):
    r = connection
    lens = AffineModel(M00=1.01, B0=0.25, transformId="lens")
    stack.create_stack("s", render=r)
    resolvedtiles.put_tilespecs("s", tilespecs=raw_tiles(lens), shared_transforms=[lens], render=r)
    points = np.array([[10.0, 10.0], [30.5, 40.25]])
    world = coordinate.local_to_world_coordinates_array("s", points, "t1_1", 1, render=r)
    np.testing.assert_allclose(world, points * [1.01, 1] + [90.25, 5], atol=1e-9)
    batch = coordinate.package_point_match_data_into_json(world, "t1_1", "world")
    answer = coordinate.world_to_local_coordinates_batch("s", batch, 1, render=r)
    back = coordinate.unpackage_world_to_local_point_match_from_json(answer, "t1_1")
    np.testing.assert_allclose(back, points, atol=1e-9)
    entries = coordinate.package_point_match_data_into_json(points.astype(np.float32), "t1_1")
    answer = coordinate.local_to_world_coordinates_batch("s", entries, 1, render=r)
    np.testing.assert_allclose(coordinate.unpackage_local_to_world_point_match_from_json(answer), world, atol=1e-9)
    (x, y) = world[0]
    assert coordinate.world_to_local_coordinates("s", 1, x, y, render=r)[-1]["tileId"] == "t1_1"
    assert coordinate.local_to_world_coordinates("s", "t1_1", 10, 10, render=r)["world"][:2] == pytest.approx([x, y])
    assert coordinate.package_point_match_data_into_json([], "t") == []
    with pytest.raises(RenderError, match=r"shape \(N, 2\)"):
        coordinate.package_point_match_data_into_json([1.0, 2.0], "t")


def test_a_section_id_that_is_not_there(connection):
    stack.create_stack("s", render=connection)
    with pytest.raises(RenderError, match="no tiles with a sectionId"):
        stack.get_sectionId_for_z("s", 1, render=connection)
    with pytest.raises(RequestError):
        stack.get_section_z_value("s", "1.0", render=connection)


def test_which_stack_a_client_is_told():
    options = ["--baseDataUrl", "http://h:8/render-ws/v1", "--owner", "o", "--project", "p", "--stack", "s"]
    assert stack.make_stack_params("http://h", 8, "o", "p", "s") == options
    with pytest.raises(RenderError, match="project is missing"):
        stack.make_stack_params("h", 8, "o", None, "s")


def test_client_names_that_are_left(script, tmp_path):
    r = script.render()
    where = ("http://h", 1, "o", "p", str(script.path))
    mapped = coordinate.map_coordinates_clientside("s", [{"world": [101, 2]}], 1, *where, memGB="2G")
    assert mapped[0][0]["local"][:2] == [1.0, 2]
    points = [[{"tileId": "t", "visible": True, "local": [1.0, 2.0]}]]
    assert coordinate.local_to_world_coordinates_clientside("s", points, 1, render=r)[0]["world"][0] == 101.0
    with pytest.raises(ClientScriptError):
        coordinate.local_to_world_coordinates_clientside("s", {"an": "object"}, 1, render=r)
    out = tmp_path / "out.png"
    client.materialize_renderparameters_image({"width": 3}, str(out), render=r)
    assert out.read_bytes().startswith(b"\x89PNG")
    source = tmp_path / "tiles.json"
    source.write_text("[]")
    client.renderClient(
        tile_spec_url=str(source), out_fn=str(tmp_path / "b.png"), width=5, height=4, x=-1.5, y=2, res=32, render=r
    )
    options, rest = script.calls()[-1].options()
    assert (options["x"], options["res"], options["width"], rest) == (-1.5, 32.0, 5, [])
    assert MatchDerivationParameters(matchRod=0.5, matchFilter="NONE").to_java_args() == [
        *("--matchRod", "0.5", "--matchFilter", "NONE")
    ]


def test_files_of_a_mapping_can_be_kept(script, temporary, caplog):
    where = ("http://h", 1, "o", "p", str(script.path))
    with caplog.at_level("INFO", logger="render_io"):
        coordinate.map_coordinates_clientside(
            "s", [{"world": [1, 2]}], 1, *where, store_injson=True, store_outjson=True
        )
    kept = list(temporary.rglob("*.json"))
    assert len(kept) == 2
    assert all(str(path) in caplog.text for path in kept)
