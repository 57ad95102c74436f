"""`render-io import` into a stack of the service and into files; other commands on stacks of a service."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from render_io.cli import app
from tests.render_io.native.stage import leaf, tile, written

pytestmark = [pytest.mark.jit_only, pytest.mark.usefixtures("quick_retries")]
NESTED = {
    "inner": leaf("1 0 0 1 1000 0", id="inner"),
    "outer": {"type": "list", "id": "outer", "specList": [{"type": "ref", "refId": "inner"}, leaf("1 0 0 1 0 500")]},
    "alias": {"type": "ref", "id": "alias", "refId": "outer"},
}


def run(*words):
    return command("import", *words)


def command(*words, points=None):
    return CliRunner().invoke(app, list(map(str, words)), input=None if points is None else json.dumps(points))


def address(stage, stack):
    return stage.base.replace("http://", "render://").removesuffix("/render-ws/v1") + f"/{stage.owner}/p/{stack}"


def test_import_into_a_service(stage, tmp_path):
    tiles = [
        tile(f"t{z}_{i}", 90 * i, 0, float(z), minX=-1.0, extra={"kept": "in files"}) for z in (1, 2) for i in range(3)
    ]
    source = written(tmp_path / "a.json", tiles)
    answer = run(source, address(stage, "s"))
    assert answer.exit_code == 0, answer.output
    assert "6 tiles imported" in answer.stdout
    assert stage.state() == "COMPLETE"
    assert stage.get("tile", "t2_1")["minX"] == 90.0
    assert run(source, address(stage, "s")).exit_code == 2
    assert run(source, address(stage, "s"), "--overwrite").exit_code == 0
    assert run(address(stage, "s"), address(stage, "t")).exit_code == 0
    assert stage.ids("t") == stage.ids()


def test_references_inside_shared_transforms_are_followed(stage, tmp_path):
    by_alias = tile("a", 0, 0, transforms={"type": "list", "specList": [{"type": "ref", "refId": "alias"}]})
    source = written(tmp_path / "a.json", {"transformIdToSpecMap": NESTED, "tileIdToSpecMap": {"a": by_alias}})
    answer = run(source, address(stage, "s"))
    assert answer.exit_code == 0, answer.output
    found = stage.get("tile", "a")
    assert [found["minX"], found["minY"]] == [1000.0, 500.0]
    assert found["transforms"]["specList"] == [{"type": "ref", "refId": "alias"}]


def test_bad_tiles_are_left_out_and_listed(stage, tmp_path):
    bad = [
        tile("text", 0, 0, transforms={"type": "list", "specList": [leaf("1 2 3")]}),
        tile("reference", 0, 0, transforms={"type": "list", "specList": [{"type": "ref", "refId": "gone"}]}),
        {k: v for k, v in tile("size", 0, 0).items() if k != "width"},
        {k: v for k, v in tile("id", 0, 0).items() if k != "tileId"},
    ]
    source = written(tmp_path / "a.json", [tile("a", 0, 0), *bad, tile("b", 5, 6)])
    answer = run(source, address(stage, "s"))
    assert answer.exit_code == 1
    assert "2 tiles imported, 4 bad ones left out" in answer.stdout
    assert len(answer.stderr.splitlines()) == 4
    assert stage.ids() == ["a", "b"]
    answer = run(source, tmp_path / "b.json")
    assert answer.exit_code == 1
    kept = json.loads((tmp_path / "b.json").read_text())
    assert [(spec["tileId"], spec["minX"]) for spec in kept] == [("a", 0.0), ("b", 5.0)]


def test_a_stack_is_not_imported_into_itself(tmp_path):
    source = written(tmp_path / "a.json", [tile("a", 0, 0)])
    assert run(source, source).exit_code == 2
    assert run(tmp_path / "none.json", tmp_path / "b.json").exit_code == 2


def test_other_commands_take_stacks_of_a_service(stage, tmp_path):
    bent = leaf("0 1 0 .001 0 0 0 0 1 0 0 0", "mpicbg.trakem2.transform.PolynomialTransform2D")
    stage.fill([tile("a", 0, 0), tile("b", 0, 0, 2.0, transforms={"type": "list", "specList": [bent]})])
    where = address(stage, "s")
    assert command("validate", where).exit_code == 0
    assert command("bounds", where, tmp_path / "boxes.json").exit_code == 0
    assert command("bounds", tmp_path / "boxes.json", address(stage, "t")).exit_code == 0
    assert stage.get("tile", "b", stack="t") == stage.get("tile", "b")
    points = [{"tileId": "a", "local": [3, 4]}, {"tileId": "b", "local": [10, 20]}]
    there = command("map", where, "--to", "world", points=points)
    assert there.exit_code == 0
    assert json.loads(there.stdout)[1]["world"] == pytest.approx([10.1, 20.0, 2.0])
    back = command("map", where, "--to", "local", points=[{"world": [10.1, 20.0, 2.0]}])
    assert json.loads(back.stdout)[0][0]["local"] == pytest.approx([10.0, 20.0, 2.0], abs=0.5)
    assert command("validate", address(stage, "none")).exit_code == 2
