"""`render-io map`, `bounds` and `validate`."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from render_io import specs
from render_io.cli import app
from tests.render_io import naive, stacks
from tests.render_io.test_reestimate_faults import POISONS
from transforms import bounding_box

BOX = ("minX", "minY", "maxX", "maxY")


def run(*arguments, points=None):
    return CliRunner().invoke(app, list(map(str, arguments)), input=None if points is None else json.dumps(points))


@pytest.fixture
def stack(tmp_path):
    source = stacks.write_stack(tmp_path / "raw", 3, 10)
    assert run("bounds", source, tmp_path / "boxed").exit_code == 0
    return tmp_path / "boxed"


def tiles_of(stack):
    return {tile["tileId"]: tile for path in sorted(stack.glob("*.json")) for tile in stacks.read_json(path)}


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_bounds_are_those_of_the_service(tmp_path, stack):
    before = tiles_of(tmp_path / "raw")
    for name, tile in tiles_of(stack).items():
        transform = specs.to_transform(tile["transforms"])
        assert tuple(tile[side] for side in BOX) == bounding_box(transform, 640, 480)
        assert {k: v for k, v in tile.items() if k not in BOX} == {
            k: v for k, v in before[name].items() if k not in BOX
        }


def test_bounds_of_bad_tiles_and_many_meshes(tmp_path):
    tiles = stacks.make_section(1.0, 12)
    for tile, cell in zip(tiles, [16, 32, 64, None] * 3, strict=True):
        tile["meshCellSize"] = cell
    POISONS["NaN"][0](tiles[3])
    POISONS["reference"][0](tiles[7])
    (tmp_path / "a.json").write_text(json.dumps(tiles))
    answer = run("bounds", tmp_path / "a.json", tmp_path / "b.json")
    assert answer.exit_code == 1
    told = [line.split(",")[0] for line in answer.stderr.splitlines() if line.startswith("bad")]
    assert told == ["bad tile z1.t3", "bad tile z1.t7"]
    for i, tile in enumerate(stacks.read_json(tmp_path / "b.json")):
        if i in (3, 7):
            assert tile == tiles[i]
        else:
            transform = specs.to_transform(tile["transforms"])
            assert tuple(tile[n] for n in BOX) == bounding_box(transform, 640, 480, tile["meshCellSize"] or 64)


# -- map ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["mesh", "exact"])
def test_there_and_back(stack, method):
    tiles = tiles_of(stack)
    random = np.random.default_rng(0)
    local = [{"tileId": name, "local": random.uniform([5, 5], [630, 470]).tolist()} for name in tiles for _ in range(2)]
    there = run("map", stack, "--to", "world", points=local)
    assert there.exit_code == 0, there.stderr
    world = json.loads(there.stdout)
    for point, answer in zip(local, world, strict=True):
        expected = naive.apply(tiles[point["tileId"]]["transforms"]["specList"], np.array([point["local"]]))[0]
        np.testing.assert_allclose(answer["world"][:2], expected, rtol=1e-12)
        assert answer["world"][2] == tiles[point["tileId"]]["z"]
    back = run("map", stack, "--to", "local", "--method", method, points=world)
    assert back.exit_code == 0, back.stdout
    for point, answer in zip(local, json.loads(back.stdout), strict=True):
        tolerance = 1e-8 if method == "exact" else 0.5
        np.testing.assert_allclose(answer["local"][:2], point["local"], atol=tolerance)


def test_points_without_tile_are_looked_for_in_boxes(tmp_path):
    tiles = stacks.make_section(1.0, 3)
    for i, tile in enumerate(tiles):
        tile["transforms"]["specList"] = [stacks.leaf(stacks.AFFINE, [1, 0, 0, 1, 500 * i, 0])]
    tiles[2]["z"] = 2.0
    (tmp_path / "raw.json").write_text(json.dumps(tiles))
    run("bounds", tmp_path / "raw.json", tmp_path / "a.json")
    points = [{"world": [550, 100]}, {"world": [1100.0, 100, 2]}, {"world": [1100, 100], "z": 1.0}, {"world": [-5, 0]}]
    answer = run("map", tmp_path / "a.json", "--to", "local", points=points)
    assert answer.exit_code == 1
    both, one, other, none = json.loads(answer.stdout)
    assert [a["tileId"] for a in both] == ["z1.t0", "z1.t1"]
    np.testing.assert_allclose([a["local"] for a in both], [[550, 100, 1], [50, 100, 1]], atol=1e-9)
    assert [a["tileId"] for a in one] == ["z1.t2"]
    assert [a["tileId"] for a in other] == ["z1.t1"]
    assert none == []


def test_what_can_not_be_mapped_is_told(tmp_path):
    tiles = stacks.make_section(1.0, 3)
    POISONS["text"][0](tiles[0])
    tiles[1]["transforms"]["specList"][1] = stacks.leaf(stacks.AFFINE, [1, 0, 0, -1, 0, 0])
    (tmp_path / "a.json").write_text(json.dumps(tiles))
    asked = [{"tileId": name, "local": [1, 2]} for name in ("z1.t0", "z1.t2", "nowhere")]
    answer = run("map", tmp_path / "a.json", "--to", "world", points=asked)
    assert answer.exit_code == 1
    bad, good, missing = json.loads(answer.stdout)
    assert "dataString" in bad["error"]
    assert "world" in good
    assert missing == {"tileId": "nowhere", "error": "there is no such tile"}
    asked = [{"tileId": "z1.t1", "world": [100, -100]}]
    assert "error" in json.loads(run("map", tmp_path / "a.json", "--to", "local", points=asked).stdout)[0]
    exact = json.loads(run("map", tmp_path / "a.json", "--to", "local", "--method", "exact", points=asked).stdout)[0]
    assert "local" in exact


@pytest.mark.parametrize(
    "points", [{}, [1], [{}], [{"local": [1]}], [{"local": [1, "2"], "tileId": "a"}], [{"local": [1, 2]}]]
)
def test_points_that_are_none(stack, points):
    assert run("map", stack, "--to", "world", points=points).exit_code == 2


def test_help_shows_what_stands_in_brackets():
    text = " ".join(run("map", "--help").stdout.split())
    assert '{"tileId": "a", "local": [x, y]} becomes {"tileId": "a", "world": [x, y, z]}' in text


# -- validate ----------------------------------------------------------------------------------------------------------


def test_a_sound_stack_is_valid(stack):
    answer = run("validate", stack)
    assert answer.exit_code == 0
    assert answer.stdout == ""
    assert "30 tiles in 3 sections, 0 faulty" in answer.stderr


@pytest.mark.parametrize("kind", sorted(set(POISONS) - {"line", "point", "huge", "3-d"}))
def test_validate_tells_the_place(tmp_path, kind):
    tiles = stacks.make_section(1.0, 3)
    poison, path = POISONS[kind]
    poison(tiles[1])
    document = {
        "transformIdToSpecMap": {"loop": {"type": "ref", "refId": "loop"}},
        "tileIdToSpecMap": {tile["tileId"]: tile for tile in tiles},
    }
    (tmp_path / "a.json").write_text(json.dumps(document))
    answer = run("validate", tmp_path / "a.json")
    assert answer.exit_code == 1
    lines = answer.stdout.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"section z1: tile z1.t1, {path}")


def test_validate_finds_ids_that_are_there_twice(tmp_path):
    (tmp_path / "stack").mkdir()
    for z in (1, 2):
        tiles = stacks.make_section(1.0, 1)
        tiles[0]["z"] = z
        (tmp_path / "stack" / f"s{z}.json").write_text(json.dumps(tiles))
    answer = run("validate", tmp_path / "stack")
    assert answer.exit_code == 1
    assert answer.stdout.count("section s1") == answer.stdout.count("section s2") == 1


def test_validate_compares_ids_with_their_keys(tmp_path):
    tiles = stacks.make_section(1.0, 2)
    document = {"transformIdToSpecMap": {}, "tileIdToSpecMap": {"z1.t0": tiles[0], "other": tiles[1]}}
    (tmp_path / "a.json").write_text(json.dumps(document))
    answer = run("validate", tmp_path / "a.json")
    assert answer.exit_code == 1
    assert answer.stdout == "section z1: tile z1.t1, tileId: expected the id it is found under, 'other'\n"


def test_validate_of_something_unreadable(tmp_path):
    (tmp_path / "a.json").write_text("{")
    assert run("validate", tmp_path / "a.json").exit_code == 2
