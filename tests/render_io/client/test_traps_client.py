"""The numbered traps of renderapi 2.4.2 that concern the Java client: one test for each."""

from __future__ import annotations

import functools
import inspect
import json
import os

import numpy as np
import pytest

from render_io import client, coordinate
from render_io.client import ClientFailedError, SiftPointMatchOptions, WithPool, runner
from render_io.client.pools import WithDummyMapPool, WithThreadPool, worker_count
from render_io.errors import ClientScriptError
from render_io.tilespec import TileSpec

pytestmark = pytest.mark.usefixtures("quick_retries")
TILES = [TileSpec(tileId=f"t{index}", z=1, width=10, height=10) for index in range(5)]


def add(a, b=0):
    return a + b


def test_T08_files_and_their_transforms_are_paired(service, script):
    service.always(b"", 201)
    paths = []
    for index in range(2):
        tiles, shared = script.path.with_name(f"{index}.json"), script.path.with_name(f"s{index}.json")
        tiles.write_text(json.dumps([{"tileId": f"t{index}", "transforms": {"type": "list", "specList": []}}]))
        shared.write_text(json.dumps([{"id": f"x{index}", "className": "c", "dataString": "d"}]))
        paths.append((str(tiles), str(shared)))
    tiles, shared = zip(*paths, strict=True)
    client.import_jsonfiles_and_transforms_parallel_by_z(
        "s", tiles, shared, poolsize=2, render=script.render(port=service.port)
    )
    given = {tuple(call.options()[1]): call.options()[0]["transformFile"] for call in script.calls()}
    assert given == {(a,): b for a, b in paths}
    assert [asked.parts[-1] for asked in service.asked if "state" in asked.parts] == ["LOADING", "COMPLETE"]
    with pytest.raises(Exception, match="1 files of transforms"):
        client.import_jsonfiles_and_transforms_parallel_by_z("s", tiles, shared[:1], render=script.render())


def test_T18_no_script_is_demanded_where_none_is_needed(service):
    service.always(b"", 201)
    client.import_tilespecs("s", TILES, use_rest=True, render=service.render())
    assert set(service.last.json["tileIdToSpecMap"]) == {f"t{index}" for index in range(5)}
    template = client.get_canvas_url_template("s", render=service.render())
    assert template.format("t") == (
        f"http://127.0.0.1:{service.port}/render-ws/v1/owner/o/project/p/stack/s/tile/t/render-parameters"
        "?filter=false&normalizeForMatching=true"
    )


@pytest.mark.parametrize("mode", ["call", "check_call", "check_output", None])
def test_T19_failures_are_seen_in_every_mode(service, script, monkeypatch, mode):
    service.always(b"", 201)
    monkeypatch.setenv("STANDIN_FAIL", "something broke")
    arguments = ["--baseDataUrl", "u", "--owner", "o", "--project", "p", "--stack", "s", "1.0"]
    name = "org.janelia.render.client.ValidateTilesClient"
    with pytest.raises(ClientFailedError, match="something broke") as caught:
        client.call_run_ws_client(name, arguments, renderclient=script.render(), subprocess_mode=mode)
    assert caught.value.returncode == 1
    assert "processing failed" in caught.value.output
    assert "a warning on standard error" in caught.value.stderr
    source = script.path.with_name("tiles.json")
    source.write_text("[]")
    with pytest.raises(ClientScriptError):
        client.import_jsonfiles("s", [str(source)], subprocess_mode=mode, render=script.render(port=service.port))
    assert [asked.parts[-1] for asked in service.asked] == ["LOADING"]


def test_T20_the_target_is_completed(service, script):
    service.always(b"", 201)
    changes = script.path.with_name("changes.json")
    changes.write_text("[]")
    client.importTransformChangesClient(
        "a", "b", str(changes), targetProject="q", render=script.render(port=service.port)
    )
    assert [asked.parts[-4:] for asked in service.asked] == [["stack", "b", "state", "COMPLETE"]]
    assert service.last.parts[3] == "q"


def test_T21_the_last_transform_is_replaced_by_default(script):
    changes = script.path.with_name("changes.json")
    changes.write_text("[]")
    for mode, expected in ((None, "REPLACE_LAST"), ("CONCATENATE_TO_LAST", "CONCATENATE_TO_LAST")):
        client.importTransformChangesClient(
            "a", "b", str(changes), changeMode=mode, close_stack=False, render=script.render()
        )
        assert script.calls()[-1].options()[0]["changeMode"] == expected
    with pytest.raises(ClientScriptError, match="changeMode 'OTHER'"):
        client.importTransformChangesClient("a", "b", "f", changeMode="OTHER", render=script.render())


def test_T22_switches_have_no_values(script, tmp_path):
    client.renderSectionClient(
        "s", "/root", [1, 2.5], padFileNamesWithZeros=True, doFilter=False, render=script.render()
    )
    options, zs = script.calls()[-1].options()
    assert (options["padFileNamesWithZeros"], options["doFilter"], zs) == (True, False, [1.0, 2.5])
    client.renderSectionClient("s", "/root", 3, padFileNamesWithZeros=False, render=script.render())
    assert "padFileNamesWithZeros" not in script.calls()[-1].options()[0]
    parameters = tmp_path / "parameters.json"
    parameters.write_text("{}")
    switches = (
        "area_offset",
        "gray",
        "skip_interpolation",
        "binary_mask",
        "exclude_mask",
        "do_filter",
        "fill_with_noise",
    )
    out = str(tmp_path / "out.png")
    client.rendererClient(
        parameters_url=str(parameters), out_fn=out, **dict.fromkeys(switches, True), render=script.render()
    )
    options, rest = script.calls()[-1].options()
    assert all(options[name] is True for name in switches)
    assert rest == []
    client.tilePairClient(
        "s", 1, 2, useRowColPositions=True, excludeCornerNeighbors=np.bool_(False), render=script.render()
    )
    options, _ = script.calls()[-1].options()
    assert (options["useRowColPositions"], options["excludeCornerNeighbors"]) == (True, False)


def test_T23_options_that_the_client_lost_are_mapped(script):
    client.transformSectionClient("s", "id", "cls", "1 0 0 1  5 6", [1], replaceLast=True, render=script.render())
    options, zs = script.calls()[-1].options()
    assert options["transformApplicationMethod"] == "REPLACE_LAST"
    assert (options["transformData"], zs) == ("1,0,0,1,5,6", [1.0])
    with pytest.warns(DeprecationWarning, match="convertToGray"):
        client.renderSectionClient("s", "/root", [1], convertToGray=True, render=script.render())
    assert "convertToGray" not in " ".join(script.calls()[-1].words)


def test_T24_masks_are_left_out_when_asked(service):
    template = client.get_canvas_url_template(
        "s", renderWithoutMask=True, excludeAllTransforms=True, render=service.render()
    )
    assert template.endswith("?filter=false&excludeMask=true&normalizeForMatching=true&excludeAllTransforms=true")
    labels = client.get_canvas_url_template("s", excludeTransformsAfterLast=["a b", "c"], render=service.render())
    assert labels.endswith("&excludeTransformsAfterLast=a+b&excludeTransformsAfterLast=c")


def test_T38_the_heap_of_the_connection_is_used(script):
    render = script.render(memGB="7G")
    assert coordinate.world_to_local_coordinates_clientside("s", [{"world": [1, 2]}], 1, render=render)[0][0]["local"]
    points = [[1.5, 2.5], [3.0, 4.0]]
    world = coordinate.local_to_world_coordinates_array("s", points, "t", 1, render=render, doClientSide=True)
    np.testing.assert_array_equal(world, [[101.5, 2.5], [103.0, 4.0]])
    back = coordinate.world_to_local_coordinates_array("s", world, "t", 1, render=render, doClientSide=True)
    np.testing.assert_array_equal(back, points)
    assert [call.memory for call in script.calls()] == ["7G"] * 3
    assert [call.options()[0].get("localToWorld") for call in script.calls()] == [None, True, None]


def test_T48_what_renderapi_1_had():
    assert client.get_param("x", "--flag") == ["--flag", "x"]
    assert client.get_param(None, "--flag") == []
    with WithPool(2) as pool:
        assert pool.map(add, [1, 2], [10, 20]) == [11, 22]
        assert pool.map(add, [1, 2]) == [1, 2]
        assert pool.map(add, [1, 2], 1) == [1, 2]
        assert pool.map(lambda x: x * 2, [1, 2]) == [2, 4]


@pytest.mark.parametrize("fails", [True, False])
def test_T49_no_temporary_file_stays(script, temporary, monkeypatch, service, fails):
    service.always(b"", 201)
    if fails:
        monkeypatch.setenv("STANDIN_FAIL", "broke")
    render = script.render(port=service.port)
    tile = TileSpec(tileId="t", z=1, width=4, height=4, minX=0, minY=0, maxX=4, maxY=4)
    for work in (
        lambda: client.import_tilespecs("s", [tile], render=render),
        lambda: client.render_tilespec(tile, render=render),
        lambda: client.render_renderparameters({"tileSpecs": []}, render=render),
        lambda: coordinate.world_to_local_coordinates_clientside("s", [{"world": [1, 2]}], 1, render=render),
        lambda: client.tilePairClient("s", 1, 2, render=render),
        lambda: client.tilePairClient("s", 1, 2, str(temporary / "kept.json"), delete_json=True, render=render),
    ):
        if fails:
            with pytest.raises(ClientScriptError):
                work()
        else:
            work()
        assert list(temporary.iterdir()) == []
    assert len(script.calls()) == 6


def test_T50_pairs_are_those_of_the_run(script, tmp_path, monkeypatch):
    folder = tmp_path / "pairs"
    folder.mkdir()
    for foreign in ("aXb_p001Xjson.bak", "a.b_p009.json", "a.b_p001.json.bak"):
        (folder / foreign).write_text("not of this run")
    monkeypatch.setenv("STANDIN_PAIRS", "5")
    monkeypatch.chdir(folder)
    how = {"render": script.render(), "maxPairsPerFile": 2, "return_jsonfiles": True}
    data, files = client.tilePairClient("s", 1, 2, "a.b.json", **how)
    assert [pair["p"]["id"] for pair in data["neighborPairs"]] == [f"a{index}" for index in range(5)]
    assert [os.path.basename(path) for path in files] == ["a.b_p000.json", "a.b_p001.json", "a.b_p002.json"]  # noqa: PTH119
    assert (folder / "a.b_p009.json").read_text() == "not of this run"
    assert client.tilePairClient("s", 1, 2, "c.json.gz", return_jsondata=False, **how)[0].endswith("c_p000.json.gz")
    monkeypatch.setenv("STANDIN_PAIRS", "0")
    data, files = client.tilePairClient("s", 1, 2, "none.json", basestack="b", **how)
    assert files == []
    assert data == {
        "renderParametersUrlTemplate": "{baseDataUrl}/owner/o/project/p/stack/b/tile/{id}/render-parameters",
        "neighborPairs": [],
    }


def test_T58_no_list_is_shared_between_calls():
    assert inspect.signature(client.call_run_ws_client).parameters["add_args"].default is None


def test_T62_options_nobody_knows_are_refused(script):
    with pytest.raises(TypeError, match="did you mean 'poolsize'"):
        client.import_tilespecs_parallel("s", TILES, pool_size=4, render=script.render())
    with pytest.raises(TypeError, match="matchMaxEpsilom"):
        SiftPointMatchOptions(matchMaxEpsilom=1)
    with pytest.raises(TypeError, match="nonsense"):
        client.importJsonClient("s", ["f"], nonsense=1, render=script.render())
    assert script.calls() == []


def test_T67_an_epsilon_is_always_sent(script):
    pairs = [("a/1", "b"), ("c", "d")]
    client.pointMatchClient(
        "s", "c", pairs, sift_options=SiftPointMatchOptions(renderScale=0.25), render=script.render()
    )
    options, urls = script.calls()[-1].options()
    assert (options["matchMaxEpsilon"], options["renderScale"], len(urls)) == (20.0, 0.25, 4)
    assert "/stack/s/tile/a%2F1/render-parameters?" in urls[0]
    client.pointMatchClient(
        "s", "c", pairs, stack2="r", matchMaxEpsilonFullScale=8, render=script.render(), filter=True
    )
    options, urls = script.calls()[-1].options()
    assert "matchMaxEpsilon" not in options
    assert "/stack/r/tile/b/" in urls[1]
    assert "filter=true" in urls[1]


def test_T69_no_more_workers_than_processors(service, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert [worker_count(20, jobs) for jobs in (0, 2, 50)] == [1, 2, 3]
    assert worker_count(1, 50) == 1
    started = []

    class Pool(WithThreadPool):
        def __init__(self, count):
            started.append(count)
            super().__init__(count)

    monkeypatch.setattr(runner, "find_in_process", lambda: lambda *_, **__: 0)
    service.always(b"", 201)
    client.import_tilespecs_parallel("s", TILES, mpPool=Pool, render=service.render())
    assert started == [3]


def test_dummy_pool():
    with WithDummyMapPool(3) as pool:
        assert pool.map(functools.partial(add, 1), [1, 2]) == [2, 3]
