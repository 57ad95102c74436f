"""Bad tiles, bad files, bad places: told exactly, with everything else done and nothing lost."""

from __future__ import annotations

import errno
import json
import os

import pytest
from typer.testing import CliRunner

from render_io._stores import files as _files
from render_io.cli import app
from render_io.errors import RenderError, SpecError, StoreError
from render_io.reestimate import Options, reestimate, reestimate_section
from render_io.stores import Section, open_sink, open_source
from tests.render_io import stacks

runner = CliRunner()


def run(*arguments):
    return runner.invoke(app, ["reestimate", *map(str, arguments)])


def spoil(tile, place, **members):
    tile["transforms"]["specList"][place] |= members


def without(tile, name):
    del tile[name]


POISONS = {
    "NaN": (lambda t: spoil(t, 1, dataString="NaN 0 0 1 0 0"), "transforms.specList[1].dataString"),
    "infinity": (lambda t: spoil(t, 1, dataString="1 0 0 1 Infinity 0"), "transforms.specList[1].dataString"),
    "line": (lambda t: spoil(t, 1, dataString="1 2 2 4 5000 70000"), "transforms"),
    "point": (lambda t: spoil(t, 1, dataString="0 0 0 0 50000 70000"), "transforms"),
    "text": (lambda t: spoil(t, 1, dataString="1 0 0 1 zero 0"), "transforms.specList[1].dataString"),
    "short text": (lambda t: spoil(t, 1, dataString="1 0 0 1 0"), "transforms.specList[1].dataString"),
    "class": (lambda t: spoil(t, 0, className="no.such.Class"), "transforms.specList[0].className"),
    "3-d": (
        lambda t: spoil(t, 0, className="mpicbg.trakem2.transform.TranslationModel3D", dataString="1 2 3"),
        "transforms.specList[0].className",
    ),
    "no text": (lambda t: without(t["transforms"]["specList"][0], "dataString"), "transforms.specList[0].dataString"),
    "reference": (
        lambda t: t["transforms"]["specList"].append({"type": "ref", "refId": "nowhere"}),
        "transforms.specList[2].refId",
    ),
    "cycle": (
        lambda t: t["transforms"]["specList"].append({"type": "ref", "refId": "loop"}),
        "transforms.specList[2].refId(loop).refId",
    ),
    "null": (lambda t: t["transforms"]["specList"].append(None), "transforms.specList[2]"),
    "members": (lambda t: t["transforms"].update(specList={}), "transforms.specList"),
    "list": (lambda t: t.update(transforms=[]), "transforms"),
    "type": (lambda t: t["transforms"].update(type="leaf"), "transforms.type"),
    "no width": (lambda t: without(t, "width"), "width"),
    "negative height": (lambda t: t.update(height=-1), "height"),
    "text for width": (lambda t: t.update(width="640"), "width"),
    "huge": (lambda t: t.update(width=1e300), "width"),
    "cell": (lambda t: t.update(meshCellSize=0), "meshCellSize"),
}


@pytest.mark.parametrize("model", ["affine", "translation", "polynomial"])
@pytest.mark.parametrize("replace", ["all", "last"])
def test_every_poison_is_told_with_its_place(model, replace):
    tiles = stacks.make_section(1.0, 3 * len(POISONS))
    expected = {}
    for i, (spoiled, path) in enumerate(POISONS.values()):
        spoiled(tiles[3 * i + 1])
        expected[f"z1.t{3 * i + 1}"] = path
    before = json.loads(json.dumps(tiles))
    section = Section(1.0, tiles, {"loop": {"type": "ref", "refId": "loop"}})
    changed, result = reestimate_section(section, Options(model, replace=replace, samples=6))
    # With what comes before it out of the way, some poisons show up elsewhere in the list.
    assert {fault.tile_id: fault.path for fault in result.faults} == expected
    assert [section.tilespecs[i]["tileId"] for i in result.bad] == list(expected)
    assert tiles == before
    for old, new in zip(tiles, changed.tilespecs, strict=True):
        assert (old == new) == (old["tileId"] in expected)


@pytest.mark.parametrize("count", [3, 50])  # Few tiles are objects, many are text.
@pytest.mark.parametrize("tile_id", [5, "", None, ...], ids=repr)
def test_tiles_without_id_are_told_by_their_place(tmp_path, count, tile_id):
    tiles = stacks.make_section(1.0, count)
    tiles[1]["tileId"] = tile_id
    if tile_id is ...:
        del tiles[1]["tileId"]
    (tmp_path / "a.json").write_text(json.dumps(tiles))
    answer = run(tmp_path / "a.json", tmp_path / "b.json", "--model", "affine")
    assert answer.exit_code == 1
    assert "bad tile without id: a.json[1].tileId: expected text" in answer.stderr
    after = stacks.read_json(tmp_path / "b.json")
    assert [old == new for old, new in zip(tiles, after, strict=True)] == [index == 1 for index in range(count)]
    spoil(tiles[1], 1, dataString="1 2")
    (tmp_path / "a.json").write_text(json.dumps(tiles))
    validated = runner.invoke(app, ["validate", str(tmp_path / "a.json")])
    assert "section z1: a.json[1].tileId: expected text" in validated.stdout
    assert "section z1: a.json[1].transforms.specList[1].dataString: " in validated.stdout


@pytest.mark.parametrize("count", [4, 50])  # Few tiles are objects, many are text.
@pytest.mark.parametrize("sink", ["b", "b.json"])
@pytest.mark.parametrize("options", [[], ["--skip-bad"]], ids=["kept", "skipped"])
@pytest.mark.parametrize("tile_id", [5, None, "z1.t0", "z1.t1"], ids=repr)
def test_to_go_on_with_bad_tiles_changes_nothing(tmp_path, count, sink, options, tile_id):
    tiles = stacks.make_section(1.0, count)
    tiles[1]["tileId"] = tile_id
    spoil(tiles[2], 1, dataString="NaN 0 0 1 0 0")
    (tmp_path / "a.json").write_text(json.dumps(tiles))
    arguments = tmp_path / "a.json", tmp_path / sink, "--model", "affine", *options
    first, written = run(*arguments), (tmp_path / sink).rglob("*.json") if sink == "b" else [tmp_path / sink]
    before = {path: path.read_bytes() for path in written}
    second = run(*arguments, "--resume")
    assert (first.exit_code, second.exit_code) == (1, 1)
    told = [[line for line in answer.stderr.splitlines() if line.startswith("bad ")] for answer in (first, second)]
    assert told[0] == told[1]
    assert len(before) == 1
    assert before == {path: path.read_bytes() for path in before}


def test_the_text_of_a_number_that_is_not_finite_is_told():
    inner = {"className": "mpicbg.trakem2.transform.AffineModel2D", "dataString": "1e400 0 0 1 0 0"}
    tiles = stacks.make_section(1.0, 2)
    tiles[1]["transforms"]["specList"].append({"type": "list", "specList": [inner]})
    _, result = reestimate_section(Section(1.0, tiles), Options())
    assert str(result.faults[0]).startswith(
        "tile z1.t1, transforms.specList[2].specList[0].dataString: expected finite numbers, got '1e400 0 0 1 0 0'"
    )


def test_what_a_singular_map_is():
    tiles = stacks.make_section(1.0, 4)
    spoil(tiles[0], 1, dataString="1e-3 0 0 1e-3 50000 70000")  # small, but with an area
    spoil(tiles[1], 1, dataString="-1 0 0 1 50000 70000")  # mirrored
    spoil(tiles[2], 1, dataString="1e-12 0 0 1e-12 50000 70000")  # smaller than what its coordinates can tell
    _, result = reestimate_section(Section(1.0, tiles), Options())
    assert result.bad == (2,)
    assert "singular" in str(result.faults[0])


def test_one_in_a_thousand(tmp_path):
    """The job finishes, reports exactly those, and exits 1; the bad ones stay as they were."""
    source, sink = tmp_path / "a", tmp_path / "b"
    stacks.write_stack(source, 4, 500)
    poisoned = {}
    for z, kind in enumerate(["NaN", "line", "text", "reference"]):
        tiles = stacks.read_json(source / f"s{z}.json")
        bad = tiles[(z * 137 + 5) % 500]
        POISONS[kind][0](bad)
        poisoned[bad["tileId"]] = bad
        (source / f"s{z}.json").write_text(json.dumps(tiles))
    answer = run(source, sink, "--model", "affine", "--samples", 4, "--report", tmp_path / "report")
    assert answer.exit_code == 1
    told = [line for line in answer.stderr.splitlines() if line.startswith("bad ")]
    assert len(told) == 4
    assert all(tile_id in line for tile_id, line in zip(poisoned, told, strict=True))
    after = {tile["tileId"]: tile for z in range(4) for tile in stacks.read_json(sink / f"s{z}.json")}
    assert len(after) == 2000
    for tile_id, tile in after.items():
        assert (tile == poisoned[tile_id]) if tile_id in poisoned else len(tile["transforms"]["specList"]) == 1
    rows = stacks.table(tmp_path / "report")
    assert [row["tileId"] for row in rows if row["status"] == "bad"] == list(poisoned)
    report = stacks.read_json(tmp_path / "report" / "report.json")
    assert [fault["tileId"] for fault in report["faults"]] == list(poisoned)
    assert (report["tiles"], report["bad"]) == (2000, 4)


def test_skip_bad_leaves_them_out(tmp_path):
    tiles = stacks.make_section(1.0, 5)
    POISONS["text"][0](tiles[2])
    (tmp_path / "a.json").write_text(json.dumps(tiles))
    answer = run(tmp_path / "a.json", tmp_path / "b.json", "--model", "affine", "--skip-bad")
    assert answer.exit_code == 1
    assert "z1.t2" in answer.stderr
    assert [tile["tileId"] for tile in stacks.read_json(tmp_path / "b.json")] == ["z1.t0", "z1.t1", "z1.t3", "z1.t4"]


def test_no_tile_that_can_be_estimated(tmp_path):
    tiles = stacks.make_section(1.0, 3)
    for tile in tiles:
        del tile["width"]
    (tmp_path / "a.json").write_text(json.dumps(tiles))
    answer = run(tmp_path / "a.json", tmp_path / "b.json", "--model", "affine")
    assert answer.exit_code == 1
    assert "nan" not in answer.stdout
    assert json.loads((tmp_path / "b.json").read_text()) == tiles


def test_residuals_above_the_limit(tmp_path):
    tiles = stacks.make_section(1.0, 3)
    spoil(tiles[0], 0, dataString="0 1 0 1e-4 0 0 0 0 1 0 0 1e-4")
    (tmp_path / "a.json").write_text(json.dumps(tiles))
    answer = run(tmp_path / "a.json", tmp_path / "b.json", "--model", "affine", "--max-residual", "2.0")
    assert answer.exit_code == 1
    assert "at most 2.0 px" in answer.stderr
    assert stacks.read_json(tmp_path / "b.json")[0] == tiles[0]
    assert stacks.read_json(tmp_path / "b.json")[1] != tiles[1]


# -- Places ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path):
    return stacks.write_stack(tmp_path / "source", 3, 4)


def test_sink_that_exists(tmp_path, source):
    (tmp_path / "b.json").write_text("[]")
    answer = run(source, tmp_path / "b.json", "--model", "affine")
    assert answer.exit_code == 2
    assert "--overwrite" in answer.stderr
    assert (tmp_path / "b.json").read_text() == "[]"
    assert run(source, tmp_path / "b.json", "--model", "affine", "--overwrite").exit_code == 0
    assert len(stacks.read_json(tmp_path / "b.json")) == 12


def test_sink_that_is_the_source(source):
    before = stacks.content(source)
    answer = run(source, source, "--model", "affine", "--overwrite")
    assert answer.exit_code == 2
    assert stacks.content(source) == before


@pytest.mark.parametrize(
    "arguments",
    [["--model", "spline"], [], ["--model", "affine", "--samples", "0"], ["--model", "affine", "--order", "x"],
     ["--model", "polynomial", "--order", "5", "--samples", "4"], ["--model", "polynomial", "--order", "10"],
     ["--model", "affine", "--max-residual", "-1"],
     ["--model", "affine", "--resume", "--overwrite"], ["--model", "affine", "--workers", "0"],
     ["--model", "affine", "--workers", "2", "--scheduler", "tcp://localhost:1"]],
)  # fmt: skip
def test_bad_arguments(tmp_path, source, arguments):
    assert run(source, tmp_path / "b", *arguments).exit_code == 2
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("text", ["", "{", '[{"tileId": "a"', "[1]", '{"other": 1}', '[{"tileId": "a", "z": NaN}]'])
def test_unreadable_source(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    answer = run(tmp_path / "a.json", tmp_path / "b.json", "--model", "affine")
    assert answer.exit_code == 2
    assert "a.json" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "--resume" not in answer.stderr  # Nothing has been done that a second run could go on from.
    assert not (tmp_path / "b.json").exists()


def test_a_z_beyond_every_double_is_told_and_kept(tmp_path):
    tiles = stacks.make_section(1.0, 3)
    tiles[1]["z"] = 10**400
    (tmp_path / "a.json").write_text(json.dumps(tiles))
    answer = CliRunner().invoke(app, ["validate", str(tmp_path / "a.json")])
    assert answer.exit_code == 1
    assert "z1.t1, z: expected a finite number" in answer.stdout
    assert run(tmp_path / "a.json", tmp_path / "b.json", "--model", "affine").exit_code == 0
    assert [tile["z"] for tile in json.loads((tmp_path / "b.json").read_text())] == [1.0, 10**400, 1.0]


def test_no_source(tmp_path):
    assert run(tmp_path / "none.json", tmp_path / "b.json", "--model", "affine").exit_code == 2


def test_an_unreadable_part_does_not_keep_the_others(tmp_path, source):
    good = (source / "s1.json").read_text()
    (source / "s1.json").write_text(good[:-30])
    answer = run(source, tmp_path / "b", "--model", "affine")
    assert answer.exit_code == 2
    assert "s1.json" in answer.stderr
    assert "--resume" in answer.stderr
    assert sorted(stacks.content(tmp_path / "b")) == ["s0.json", "s2.json"]
    (source / "s1.json").write_text(good)
    assert run(source, tmp_path / "b", "--model", "affine", "--resume").exit_code == 0
    assert sorted(stacks.content(tmp_path / "b")) == ["s0.json", "s1.json", "s2.json"]


def test_an_unreadable_part_leaves_a_file_sink_alone(tmp_path, source):
    (source / "s1.json").write_text("[")
    assert run(source, tmp_path / "b.json", "--model", "affine").exit_code == 2
    assert not (tmp_path / "b.json").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_sink(tmp_path, source):
    place = tmp_path / "locked"
    place.mkdir(mode=0o500)
    for sink in ("b", "b.json"):
        answer = run(source, place / sink, "--model", "affine")
        assert answer.exit_code == 2
        assert "permission denied" in answer.stderr


def test_sink_below_a_file(tmp_path, source):
    (tmp_path / "file").write_text("")
    assert run(source, tmp_path / "file" / "b.json", "--model", "affine").exit_code == 2


@pytest.mark.parametrize("sink", ["b", "b.json"])
def test_full_disk(tmp_path, source, sink, monkeypatch):
    """The third write finds no space: what is written is whole, the rest can be done later."""
    fsync, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) > (2 if sink == "b" else 0):
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(_files.os, "fsync", full)
        answer = run(source, tmp_path / sink, "--model", "affine")
    assert answer.exit_code == 2
    assert "disk is full" in answer.stderr
    written = stacks.content(tmp_path / "b") if sink == "b" else {}
    assert all(len(json.loads(text)) == 4 for text in written.values())
    assert not list(tmp_path.rglob("*.tmp"))
    assert run(source, tmp_path / sink, "--model", "affine", "--resume").exit_code == 0
    clean = tmp_path / f"clean-{sink}"
    assert run(source, clean, "--model", "affine").exit_code == 0
    if sink == "b":
        assert stacks.content(tmp_path / "b") == stacks.content(clean)
    else:
        assert (tmp_path / "b.json").read_bytes() == clean.read_bytes()


def test_report_that_can_not_be_written(tmp_path, source):
    (tmp_path / "report").write_text("a file")
    answer = run(source, tmp_path / "b", "--model", "affine", "--report", tmp_path / "report")
    assert answer.exit_code == 2
    assert not stacks.content(tmp_path / "b")


def test_errors_in_python(tmp_path, source):
    (source / "s1.json").write_text("[")
    with open_sink(tmp_path / "b") as sink, pytest.raises(StoreError, match=r"s1\.json"):
        reestimate(open_source(source), sink, Options())
    assert issubclass(StoreError, RenderError)
    assert not issubclass(StoreError, SpecError)
