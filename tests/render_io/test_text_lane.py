"""Sections worked on as text come out as they do the ordinary way: the same values, the same order of members."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

from render_io._reestimate import text_lane
from render_io._reestimate.text_lane import TextSection, reestimate_text, text_section
from render_io._stores.section import Section
from render_io.reestimate import Options, reestimate_section
from render_io.stores import open_sink, open_source
from tests.render_io import stacks
from tests.render_io.documents import exactly
from tests.render_io.test_reestimate_faults import POISONS
from tests.shared import SHARED, requires_shared
from transforms import _jit


def both(path, options):
    """Tiles and results of both ways."""
    source = open_source(path)
    (part,) = source.parts()
    text = text_section(source, part, options)
    assert isinstance(text, TextSection)
    (ordinary,) = source.read(part)
    assert (text.z, text.name, text.part, text.keys) == (ordinary.z, ordinary.name, ordinary.part, ordinary.keys)
    assert text.tile_ids == ordinary.tile_ids
    changed, result = reestimate_text(text, options)
    expected, told = reestimate_section(ordinary, options)
    assert changed.keys == expected.keys
    return [json.loads(bytes(tile)) for tile in changed.tilespecs], result, expected.tilespecs, told


def agree(path, options):
    ours, result, theirs, told = both(path, options)
    assert exactly(ours) == exactly(theirs)
    np.testing.assert_array_equal(result.rms, told.rms)
    np.testing.assert_array_equal(result.max_residual, told.max_residual)
    np.testing.assert_array_equal(result.boxes, told.boxes)
    assert [str(fault) for fault in result.faults] == [str(fault) for fault in told.faults]
    assert result.bad == told.bad
    return ours, result


def odd_section():
    """A section with everything that is out of the ordinary, among enough that is not."""
    tiles = stacks.make_section(1.0, 100 + len(POISONS))
    for tile, (poison, _) in zip(tiles[100:], POISONS.values(), strict=True):
        poison(tile)
    random = np.random.default_rng(1)
    for tile in tiles[20:]:
        if isinstance(tile["transforms"], dict):
            del tile["transforms"]["kept"]
    tiles[0]["transforms"]["specList"].append(stacks.leaf("mpicbg.trakem2.transform.RigidModel2D", [0.1, 5, 6]))
    tiles[1]["transforms"] = {"specList": tiles[1]["transforms"]["specList"]}
    tiles[2]["transforms"] = {"specList": tiles[2]["transforms"]["specList"], "type": "list"}
    tiles[3]["transforms"]["specList"][0]["type"] = "unknown kind"
    tiles[4]["transforms"]["specList"] = [{"type": "list", "specList": [stacks.affine(random)]}]
    tiles[5]["meshCellSize"] = 32
    tiles[6] |= {"minX": 5, "maxY": -7, "größe": "ü", 'a"b\n': [1.0, 1]}
    for name in ("minX", "minY", "maxX", "maxY"):
        tiles[7][name] = None
        del tiles[8][name]
    del tiles[9]["minY"]
    del tiles[10]["tileId"]
    tiles[11]["tileId"] = 5
    del tiles[12]["transforms"]
    tiles[13]["transforms"]["specList"] = []
    tiles[14]["width"] = True
    tiles[15]["width"] = 1
    tiles[16]["transforms"]["specList"][1]["dataString"] = " ".join(["1e0", "0", "0", "+1", "5", "6.5"])
    tiles[17]["transforms"]["specList"][1] |= {"id": "x", "metaData": {"labels": ["lens"]}}
    return tiles


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("change", [{}, {"skip_bad": True}, {"locate": True}, {"max_residual": 0.05}])
@pytest.mark.parametrize("model", ["affine", "polynomial", "rigid"])
def test_odd_sections(tmp_path, indent, change, model):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(odd_section(), indent=indent, ensure_ascii=indent is None), encoding="utf-8")
    agree(path, Options(model, samples=5, **change))


def test_plain_sections_in_both_orders_of_a_list(tmp_path):
    tiles = stacks.make_section(7.0, 80)
    for tile in tiles:
        del tile["transforms"]["kept"]
    for tile in tiles[40:]:
        tile["transforms"] = dict(reversed(tile["transforms"].items()))
    (tmp_path / "a.json").write_text(json.dumps(tiles, indent=1))
    ours, result = agree(tmp_path / "a.json", Options("polynomial", order=3))
    assert not result.bad
    assert list(ours[0]["transforms"]) != list(ours[-1]["transforms"])


@requires_shared
@pytest.mark.jit_only
def test_the_real_section():
    ours, _ = agree(SHARED / "data" / "section-2119-aligned.json.gz", Options())
    assert len(ours) == 1227


@pytest.mark.parametrize(
    "text",
    ["", "[", "{}", "[]", "[1]", '[{"z": 1}]', json.dumps(stacks.make_section(1.0, 20)),
     json.dumps(stacks.make_section(1.0, 40) + stacks.make_section(2.0, 1)),
     json.dumps([{**tile, "z": "1"} for tile in stacks.make_section(1.0, 40)]),
     json.dumps([{"z": 1, "tileId": "a"}] * 40).replace('"a"', '"\udcff"', 1)],
)  # fmt: skip
def test_documents_out_of_the_ordinary_are_left_alone(tmp_path, text):
    (tmp_path / "a.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    assert text_section(open_source(tmp_path / "a.json"), "a.json", Options()) is None


def test_only_whole_lists_are_replaced_as_text(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(stacks.make_section(1.0, 40)))
    for replace in ("last", "after-lens"):
        assert text_section(open_source(tmp_path / "a.json"), "a.json", Options(replace=replace)) is None


def test_text_travels(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(stacks.make_section(1.0, 40)))
    section = text_section(open_source(tmp_path / "a.json"), "a.json", Options())
    again = pickle.loads(pickle.dumps(section))
    tiles = [reestimate_text(each, Options())[0].tilespecs for each in (section, again)]
    assert [bytes(tile) for tile in tiles[0]] == [bytes(tile) for tile in tiles[1]]
    with open_sink(tmp_path / "b") as sink:
        sink.write(reestimate_text(again, Options())[0])
    with open_sink(tmp_path / "b", resume=True) as sink:
        assert sink.has(section)


def test_faults_keep_nothing_alive(tmp_path):
    """A fault in every section of a long stack must not hold the sections that it was found in."""
    tiles = odd_section()
    (tmp_path / "a.json").write_text(json.dumps(tiles))
    (text,) = [text_section(open_source(tmp_path / "a.json"), "a.json", Options())]
    for told in (reestimate_text(text, Options())[1], reestimate_section(Section(1.0, tiles), Options())[1]):
        assert len(told.faults) >= len(POISONS) - 2
        assert {(fault.__traceback__, fault.__cause__, fault.__context__) for fault in told.faults} == {(None,) * 3}


@pytest.mark.jit_only
def test_warmup_compiles_the_kernels_of_texts():
    assert text_lane._warm in _jit._WARMUPS
    code = (
        "from render_io._reestimate import number_scan, scan, splice, text_lane\n"
        "text_lane._warm()\n"
        "kernels = scan.scan_tiles, scan.is_ascii, splice.write_tiles, splice.gather, number_scan.parse_rows\n"
        "assert all(kernel.signatures for kernel in (*kernels, number_scan.same_texts))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
