"""How clients are run: which way is taken, command lines, time limits, what is left of a failure."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import time

import numpy as np
import pytest

from render_io import client, resolvedtiles, stack, tilespec
from render_io.client import ClientFailedError, SiftPointMatchOptions, argv, runner
from render_io.client.params import ArgumentParameters, FeatureExtractionParameters
from render_io.client.pools import WithMultiprocessingPool, WithThreadPool
from render_io.client.utils import renderclientaccess, run_subprocess_mode
from render_io.errors import ClientScriptError
from render_io.external.processpools.pool_pathos import PathosWithPool
from render_io.render import Render
from render_io.tilespec import TileSpec
from tests.render_io.client import standin

pytestmark = pytest.mark.usefixtures("quick_retries")
VALIDATE = "org.janelia.render.client.ValidateTilesClient"
STACK = ["--baseDataUrl", "u", "--owner", "o", "--project", "p", "--stack", "s"]
REFERENCE = {"type": "list", "specList": [{"type": "ref", "refId": "L"}]}
LENS = {"type": "leaf", "id": "L", "className": "mpicbg.trakem2.transform.AffineModel2D", "dataString": "1 0 0 1 5 6"}


def tiles(count):
    return [
        TileSpec(json={"tileId": f"t{i:02d}", "z": 1.0, "width": 9, "height": 9, "transforms": REFERENCE})
        for i in range(count)
    ]


class Shared:
    """A shared transform, as far as an import needs one."""

    def to_dict(self):
        return dict(LENS)


def boom(_):
    raise RuntimeError("boom")


def die(_):
    os._exit(1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((True, "true"), (np.bool_(False), "false"), (1, "1"), (np.int32(7), "7")),
        *((0.1, "0.1"), (np.float64(1e-9), "1e-09"), ("x", "x")),
    ],
)
def test_values_on_a_command_line(value, text):
    assert argv.text_of(value) == text


def test_command_lines():
    assert argv.valued(a=1, b=None, c=[1.0, 2], d=[]) == ["--a", "1", "--c", "1.0", "2"]
    assert argv.switch(a=True, b=False, c=None, d="true", e=np.bool_(True)) == ["--a", "--d", "--e"]
    assert argv.positional([1, 2.5], "z") == ["1", "2.5"]
    assert argv.positional("file", "f") == ["file"]
    assert argv.command("/s", "8", "C", ["x", 1]) == ["/s", "8G", "C", "x", "1"]
    assert argv.command("/s", None, "C", []) == ["/s", "1G", "C"]
    assert argv.bounds_text({"minX": 0.5, "maxX": 9.2, "minY": -0.5, "maxY": 4}) == "0,10,-1,4"
    assert argv.bounds_text((0, 9, 1, 4)) == "0,9,1,4"
    assert argv.split_by_length([("aa", "bb"), ("cc", "dd")], longest=6) == [["aa", "bb"], ["cc", "dd"]]
    assert argv.split_by_length([]) == [[]]


def test_command_lines_that_make_no_sense():
    for bad in (
        lambda: argv.text_of(None, "z"),
        lambda: argv.valued(x=float("nan")),
        lambda: argv.switch(x="yes"),
        lambda: argv.bounds_text({"minX": 0, "maxX": 1, "minY": 0}),
        lambda: argv.bounds_text((5, 1, 0, 1)),
        lambda: ArgumentParameters.sanitize_cmd(["a", None]),
    ):
        with pytest.raises(ClientScriptError):
            bad()


def test_options_as_objects():
    options = SiftPointMatchOptions(
        renderScale=0.5, SIFTsteps=3, matchRod=0.92, matchFilter="NONE", fillWithNoise=False
    )
    parsed, _ = standin.CLIENTS["org.janelia.render.client.PointMatchClient"].parse(
        ["--baseDataUrl", "u", "--owner", "o", "--collection", "c", *options.to_java_args(), "url"]
    )
    assert parsed["fillWithNoise"] is False
    assert (parsed["renderScale"], parsed["SIFTsteps"], parsed["matchFilter"]) == (0.5, 3, "NONE")
    assert FeatureExtractionParameters(SIFTfdSize=4).to_java_args() == ["--SIFTfdSize", "4"]
    assert ArgumentParameters.get_cmd_opt(1, "--x") == ["--x", 1]
    assert ArgumentParameters.get_cmd_opt(1) == [1]
    assert ArgumentParameters.get_flag_cmd(True, "--x") == ["--x"]
    assert ArgumentParameters.get_flag_cmd(False, "--x") == []


def test_the_script_is_run_without_a_shell(script, tmp_path):
    victim = tmp_path / "victim"
    how = {"renderclient": script.render(memGB="3G"), "subprocess_mode": "check_output"}
    output = client.call_run_ws_client(VALIDATE, [*STACK, "1.0"], **how)
    assert b"processing completed" in output
    assert script.calls()[0] == ("3G", VALIDATE, [*STACK, "1.0"])
    with pytest.raises(ClientFailedError):
        client.call_run_ws_client(VALIDATE, [*STACK, f"$(touch {victim})"], renderclient=script.render())
    assert not victim.exists()
    assert client.call_run_ws_client(VALIDATE, [*STACK, "1"], client_script=str(script.path), memGB="512M") == 0
    assert script.calls()[-1].memory == "512M"


def test_arguments_that_the_script_would_split_are_told(script, caplog):
    with pytest.raises(ClientFailedError), caplog.at_level(logging.WARNING):
        client.call_run_ws_client(VALIDATE, [*STACK, "a b"], renderclient=script.render())
    assert "splits arguments at blanks" in caplog.text


def test_the_parser_of_the_stand_in_is_as_strict_as_the_real_one(script):
    for words, text in (
        ([*STACK], "Main parameters are required"),
        ([*STACK[2:], "1"], r"required: \[--baseDataUrl\]"),
        ([*STACK, "--stack", "t", "1"], "Can only specify option --stack once"),
        ([*STACK, "--removeInvalidTiles", "true", "1"], "could not convert string to float"),
        ([*STACK, "1", "--validatorData"], "Expected a value after parameter --validatorData"),
    ):
        with pytest.raises(ClientFailedError, match=text) as caught:
            client.call_run_ws_client(VALIDATE, words, renderclient=script.render())
        assert caught.value.returncode == 1
    with pytest.raises(ClientFailedError, match="Could not find or load main class nobody"):
        client.call_run_ws_client("nobody", [], renderclient=script.render())


def test_a_run_that_takes_too_long_is_stopped_with_all_it_started(script, monkeypatch):
    monkeypatch.setenv("STANDIN_SLEEP", "60")
    script.path.write_text(script.path.read_text().replace("exec ", ""))  # the shell stays, as with the real script
    begin = time.monotonic()
    with pytest.raises(ClientFailedError, match="stopped after 1") as caught:
        client.call_run_ws_client(VALIDATE, [*STACK, "1"], renderclient=script.render(), timeout=1.0)
    assert time.monotonic() - begin < 30
    assert caught.value.returncode is None
    assert "Running:" in caught.value.output
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(script.path) not in listing
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.output, copy.command) == (caught.value.output, caught.value.command)


def test_scripts_that_cannot_be_run(script, tmp_path):
    for path, text in ((tmp_path / "none.sh", "not a file"), (tmp_path / "plain.sh", "not executable")):
        if "plain" in path.name:
            path.write_text("")
        with pytest.raises(ClientScriptError, match=text):
            client.call_run_ws_client(VALIDATE, [], client_script=str(path))
    broken = tmp_path / "run_ws_client.sh.broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    with pytest.raises(ClientScriptError, match="can't run"):
        client.call_run_ws_client(VALIDATE, [], client_script=str(broken))
    with pytest.raises(ClientScriptError, match="subprocess_mode"):
        client.call_run_ws_client(VALIDATE, [], renderclient=script.render(), subprocess_mode="Popen")
    with pytest.raises(TypeError, match="must be a Render"):
        client.call_run_ws_client(VALIDATE, [], renderclient="me")


def test_the_log_says_which_way_was_taken(script, monkeypatch, caplog):
    given = {}

    def done(name, words, *, stdout, stderr, session):
        given[name] = words, session
        print("all done", file=stdout)
        print("two tiles dropped", file=stderr)
        return 0

    monkeypatch.setattr(runner, "find_in_process", lambda: done)
    with caplog.at_level(logging.INFO, logger="render_io"):
        client.call_run_ws_client(VALIDATE, [*STACK, 1.0], renderclient=script.render())
        assert f"Java client {script.path}" in caplog.text
        caplog.clear()
        r = Render("h", 1, "o", "p")
        assert (
            client.call_run_ws_client(VALIDATE, [*STACK, 1.0], renderclient=r, subprocess_mode="check_output")
            == b"all done\n"
        )
    assert "in-process, without Java" in caplog.text
    assert "two tiles dropped" in caplog.text
    assert given[VALIDATE] == ([*STACK, "1.0"], r.session)
    monkeypatch.setattr(runner, "find_in_process", lambda: lambda *_, stdout, **__: print("bad", file=stdout) or 1)
    with pytest.raises(ClientFailedError, match="bad"):
        client.call_run_ws_client(VALIDATE, STACK, renderclient=r)
    monkeypatch.setattr(runner, "find_in_process", lambda: None)
    with pytest.raises(ClientScriptError, match="can't be done without Java here"):
        client.call_run_ws_client(VALIDATE, STACK)


def test_what_the_in_process_clients_lack_is_named(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(f"No module named {lacking!r}", name=lacking)

    monkeypatch.setattr(runner, "import_module", absent)
    lacking = "render_io.native"
    assert runner.find_in_process() is None
    lacking = "uvicorn"
    with pytest.raises(ClientScriptError, match="uvicorn is needed"):
        client.call_run_ws_client(VALIDATE, STACK)


def test_modes_of_subprocess():
    assert run_subprocess_mode(["false"], "call") == 1
    assert run_subprocess_mode(["true"]) == 0
    assert run_subprocess_mode(["echo", 1], "check_output") == b"1\n"
    with pytest.raises(subprocess.CalledProcessError):
        run_subprocess_mode(["false"], "check_call")
    with pytest.raises(ClientScriptError):
        run_subprocess_mode(["true"], "other")


def test_a_decorated_function_needs_no_script(script):
    @renderclientaccess
    def ask(stack, host=None, client_script=None, memGB=None, render=None, **kwargs):
        return stack, host, client_script, memGB

    assert ask("s", render=Render("h")) == ("s", "h", None, None)
    assert ask("s", render=script.render()) == ("s", "http://127.0.0.1", str(script.path), "1G")


@pytest.mark.parametrize("pool", [WithThreadPool, WithMultiprocessingPool, PathosWithPool])
def test_pools_end_with_their_block(pool):
    with pool(2) as workers:
        assert workers.map(pow, [2, 3], [3, 2]) == [8, 9]
        assert workers.starmap(pow, [(2, 3)]) == [8]
        with pytest.raises(ValueError, match="different lengths"):
            workers.map(pow, [1], [1, 2])
    with pytest.raises(RuntimeError, match="boom"), pool(2) as workers:
        workers.map(boom, [1, 2])
    with pytest.raises(ValueError, match="not running"):
        workers.map(abs, [1])


def test_a_worker_that_dies_is_an_error_and_not_a_wait():
    with pytest.raises(RuntimeError, match="worker process died"), WithMultiprocessingPool(2) as workers:
        workers.map(die, [1, 2])


@pytest.mark.parametrize("pool", [WithThreadPool, WithMultiprocessingPool])
def test_imports_by_the_script_into_a_service(embedded, script, temporary, pool):
    owner = f"client{pool.__name__}"
    r = script.render(embedded.host, embedded.port, owner=owner)
    stack.create_stack("s", render=r)
    client.import_tilespecs("s", tiles(3), [Shared()], render=r)
    assert stack.get_stack_tileIds("s", render=r) == ["t00", "t01", "t02"]
    client.import_tilespecs_parallel("s", tiles(7), [Shared()], mpPool=pool, max_tilespecs_per_group=3, render=r)
    assert stack.get_full_stack_metadata("s", render=r)["state"] == "COMPLETE"
    assert len(stack.get_stack_tileIds("s", render=r)) == 7
    assert {tile.bbox for tile in tilespec.get_tile_specs_from_z("s", 1, render=r)} == {(5.0, 6.0, 14.0, 15.0)}
    client.import_tilespecs_parallel("s", tiles(9), [Shared()], mpPool=pool, poolsize=1, close_stack=False, render=r)
    assert stack.get_full_stack_metadata("s", render=r)["state"] == "LOADING"
    assert list(temporary.iterdir()) == []
    client.import_tilespecs("s", [], render=r)
    names = {call.class_name.rpartition(".")[2] for call in script.calls()}
    assert names == {"ImportJsonClient"}


def test_files_are_imported_by_the_script(embedded, script, tmp_path):
    from render_io import _json

    paths = []
    for index, tile in enumerate(tiles(4)):
        paths.append(str(tmp_path / f"{index}.json"))
        (tmp_path / f"{index}.json").write_bytes(_json.dumps([tile.to_dict()]))
    shared = tmp_path / "shared.json"
    shared.write_bytes(_json.dumps([LENS]))
    r = script.render(embedded.host, embedded.port, owner="clientFiles")
    where = {"client_scripts": str(tmp_path), "transformFile": str(shared)}
    plain = Render(host=embedded.host, port=embedded.port, owner="clientFiles", project="p")
    for name, work in (
        ("one", lambda: client.import_single_json_file("one", paths[0], str(shared), render=r)),
        ("serial", lambda: client.import_jsonfiles("serial", paths, str(shared), render=r)),
        ("validated", lambda: client.import_jsonfiles_validate_client("validated", paths, str(shared), render=r)),
        (
            "parallel",
            lambda: client.import_jsonfiles_parallel("parallel", paths, mpPool=WithThreadPool, render=plain, **where),
        ),
    ):
        stack.create_stack(name, render=r)
        work()
        assert len(stack.get_stack_tileIds(name, render=r)) == (1 if name == "one" else 4)
        assert stack.get_full_stack_metadata(name, render=r)["state"] == ("LOADING" if name == "one" else "COMPLETE")
    options, _ = next(call for call in script.calls() if "--validatorClass" in call.words).options()
    assert options["validatorClass"].endswith("TemTileSpecValidator")
    assert options["validatorData"] == "minCoordinate:-500,maxCoordinate:100000,minSize:500,maxSize:10000"
    with pytest.raises(ClientScriptError, match="at least one file"):
        client.importJsonClient("one", [], render=r)
    with pytest.raises(ClientFailedError, match="transform ids"):
        client.import_jsonfiles("serial", paths, render=r)
    assert stack.get_full_stack_metadata("serial", render=r)["state"] == "LOADING"


def test_coordinates_pictures_and_points(embedded, script, tmp_path):
    r = script.render(embedded.host, embedded.port, owner="clientPoints")
    source, target = tmp_path / "in.json", tmp_path / "out.json"
    source.write_text('[{"world": [150, 2]}]')
    assert (
        client.coordinateClient("s", 1.5, str(source), str(target), numberOfThreads=2, render=r)[0][0]["local"][0]
        == 50.0
    )
    assert script.calls()[-1].options()[0]["z"] == 1.5
    with pytest.raises(ClientScriptError, match="fromJson"):
        client.coordinateClient("s", 1, render=r)
    tile = TileSpec(tileId="t", z=1, width=7, height=5)
    assert client.render_tilespec(
        TileSpec(tileId="t", z=1, width=7, height=5, minX=2, minY=3, maxX=9, maxY=8), render=r
    ).shape == (5, 7)
    assert client.render_renderparameters({"width": 6}, image_ext="png", render=r).shape == (4, 6)
    assert os.path.basename(script.calls()[-1].options()[0]["out"]).endswith(".png")  # noqa: PTH119
    with pytest.raises(ClientScriptError, match="out_fn"):
        client.materialize_tilespec_image(tile, width=1, height=1, x=0, y=0, render=r)
    stack.create_stack("s", render=r)
    document = {"transformIdToSpecMap": {"L": LENS}, "tileIdToSpecMap": {t.tileId: t.to_dict() for t in tiles(1)}}
    resolvedtiles.put_tilespecs("s", resolvedtiles.ResolvedTiles(json=document), render=r)
    world = client.local_to_world_array("s", [[0, 0], [1.5, 2]], "t00", render=r)
    np.testing.assert_array_equal(world, [[5, 6], [6.5, 8]])
    (found,) = client.world_to_local_array("s", [[6.5, 8, 1]], render=r)
    assert found[0]["local"][:2] == pytest.approx([1.5, 2.0], abs=1e-12)
