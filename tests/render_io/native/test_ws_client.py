"""`render-io ws-client` and the script that it installs, as processes; `render_io.client` without Java."""

from __future__ import annotations

import json
import logging
import os
import subprocess

import pytest
from typer.testing import CliRunner

from render_io import client, native
from render_io.cli import app
from render_io.client import ClientFailedError
from render_io.coordinate import world_to_local_coordinates_clientside
from render_io.render import Render
from render_io.tilespec import TileSpec
from tests.render_io.native.stage import PACKAGE, tile, written

pytestmark = [pytest.mark.jit_only, pytest.mark.usefixtures("quick_retries")]
IMPORT = PACKAGE + "ImportJsonClient"


def run(*words, **options):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=120, check=False, **options)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def script(tmp_path):
    answer = CliRunner().invoke(app, ["ws-client", "--install", str(tmp_path / "scripts")])
    assert answer.exit_code == 0
    assert answer.stdout.strip() == str(tmp_path / "scripts" / "run_ws_client.sh")
    return tmp_path / "scripts" / "run_ws_client.sh"


# ---------------------------------------------------------------- the script


def test_script_is_called_as_that_of_java(stage, script, tmp_path):
    stage.fill([tile("a", 0, 0)])
    blanks = tmp_path / "two words * 'quoted'.json"
    written(blanks, [tile("b", 10, 20)])
    code, output, errors = run(script, "512M", IMPORT, *stage.where, "--stack", "s", blanks, cwd=tmp_path)
    assert (code, errors) == (0, "")
    assert "run: exit, processing completed in" in output
    assert stage.ids() == ["a", "b"]


def test_script_fails_as_that_of_java(script, tmp_path):
    assert run(script, "1G") == (1, f"USAGE: {script} <memory> <main class> [arguments]\n", "")
    code, output, errors = run(script, "1G", PACKAGE + "StackClient", "--help")
    assert (code, errors) == (1, "")
    assert "--action" in output
    answer = CliRunner().invoke(app, ["ws-client", PACKAGE + "NoSuchClient", "--strict"])
    assert answer.exit_code == 1
    assert "Could not find or load main class" in answer.stdout


def test_script_does_not_import_from_where_it_is_called(script, tmp_path):
    (tmp_path / "render_io.py").write_text("raise SystemExit(77)")
    assert run(script, "1G", PACKAGE + "StackClient", cwd=tmp_path)[0] == 1


def test_strict_is_for_ours_and_for_pipelines(stage, script, tmp_path):
    stage.fill([tile("a", 0, 0)])
    none = written(tmp_path / "none.json", [])
    words = [IMPORT, *stage.where, "--stack", "s", none]
    code, _, errors = run(script, "1G", *words)
    assert code == 0
    assert errors == f"warning: {none} holds no tile specs\n"
    assert run(script, "1G", *words, "--strict")[0] == 1
    assert CliRunner().invoke(app, ["ws-client", *map(str, words)]).exit_code == 0
    assert CliRunner().invoke(app, ["ws-client", "--strict", *map(str, words)]).exit_code == 1


def test_installing_again_and_where_it_can_not_be(script, tmp_path):
    assert native.install(script.parent) == script
    assert os.access(script, os.X_OK)
    assert [path.name for path in script.parent.iterdir()] == ["run_ws_client.sh"]
    answer = CliRunner().invoke(app, ["ws-client", "--install", str(script / "below")])
    assert answer.exit_code == 1
    assert "not a directory" in answer.stderr


def test_without_a_class():
    answer = CliRunner().invoke(app, ["ws-client"])
    assert answer.exit_code == 1
    assert all(name in answer.stderr for name in native.CLIENTS)


# ---------------------------------------------------------------- functions of render_io.client


@pytest.fixture
def render(stage):
    parts = stage.base.removeprefix("http://").split("/")[0].split(":")
    stage.fill([tile("a", 0, 0)])
    return Render(parts[0], int(parts[1]), stage.owner, "p")


def test_functions_say_in_the_log_that_there_is_no_java(stage, render, tmp_path, caplog):
    caplog.set_level(logging.INFO, "render_io")
    file = written(tmp_path / "t.json", [tile("b", 10, 20)])
    client.import_single_json_file("s", str(file), render=render)
    assert stage.ids() == ["a", "b"]
    assert f"{IMPORT}: in-process, without Java" in caplog.text


def test_functions_tell_what_java_hides(render, tmp_path, caplog):
    caplog.set_level(logging.WARNING, "render_io")
    client.import_single_json_file("s", str(written(tmp_path / "t.json", [])), render=render)
    assert "holds no tile specs" in caplog.text


def test_functions_raise_what_the_client_said(render, tmp_path):
    with pytest.raises(ClientFailedError, match=r"can't read .*none\.json") as raised:
        client.import_single_json_file("s", str(tmp_path / "none.json"), render=render)
    assert raised.value.returncode == 1


def test_functions_that_read_files_back(stage, render):
    client.import_tilespecs(
        "s", [TileSpec(json=tile(name, x, 0)) for name, x in (("b", 90), ("c", 180))], render=render
    )
    pairs = client.tilePairClient("s", 1, 1, render=render, zNeighborDistance=0)
    assert [(pair["p"]["id"], pair["q"]["id"]) for pair in pairs["neighborPairs"]] == [("a", "b"), ("b", "c")]
    mapped = world_to_local_coordinates_clientside("s", [{"world": [150, 50]}], 1, render=render)
    assert [place["tileId"] for place in mapped[0]] == ["b"]
    client.transformSectionClient(
        "s", "X", "mpicbg.trakem2.transform.AffineModel2D", "1 0 0 1 5 6", [1.0], targetStack="t", render=render
    )
    assert json.loads(json.dumps(stage.get("tile", "c", stack="t")))["minX"] == 185.0
