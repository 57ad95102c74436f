"""`render-io info`, and the frame of the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import transforms
from render_io._commands.info import Contents
from render_io.cli import app
from render_io.stores import open_source
from tests.render_io import stacks
from tests.shared import SHARED, requires_shared


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})


@requires_shared
def test_info_of_the_real_section():
    answer = run("info", SHARED / "data" / "section-2119-aligned.json.gz")
    assert answer.exit_code == 0
    for text in ("1,227", "2119", "NonLinearCoordinateTransform, AffineModel2D, AffineModel2D", "2560 x 2160", "19188"):
        assert text in answer.output


def test_info_counts_what_differs(tmp_path):
    tiles = stacks.make_section(3.0, 4)
    tiles[0]["width"] = 100
    del tiles[1]["width"], tiles[1]["minX"]
    tiles[2]["transforms"]["specList"] = [
        {"type": "ref", "refId": "a"}, {"type": "ref", "refId": "none"},
        {"type": "interpolated", "a": stacks.leaf("x.Y", []), "b": {"type": "list", "specList": []}, "lambda": 0.5},
    ]  # fmt: skip
    del tiles[3]["transforms"]
    document = {
        "transformIdToSpecMap": {"a": stacks.leaf(stacks.AFFINE, [1, 0, 0, 1, 0, 0])},
        "tileIdToSpecMap": {tile["tileId"]: tile for tile in tiles},
    }
    (tmp_path / "a.json").write_text(json.dumps(document))
    answer = run("info", tmp_path / "a.json")
    assert answer.exit_code == 0
    assert "render-io validate" in answer.stderr
    contents = Contents()
    for section in open_source(tmp_path / "a.json"):
        contents.add(section)
    assert contents.sizes == {"100 x 480": 1, "none x 480": 1, "640 x 480": 2}
    two = "PolynomialTransform2D, AffineModel2D"
    rare = "ref(AffineModel2D), ref(dangling), interpolated(Y, [empty])"
    assert contents.structures == {two: 2, rare: 1, "none": 1}
    assert (contents.tiles, contents.boxed, contents.faulty, contents.z) == (4, 3, 1, [3.0, 3.0])
    assert contents.box == [0, 0, 1, 1]


def test_info_of_nothing(tmp_path):
    answer = run("info", tmp_path / "none.json")
    assert answer.exit_code == 2
    assert "none.json" in answer.stderr


@pytest.mark.jit_only
def test_the_command_itself():
    done = subprocess.run(
        [sys.executable, "-m", "render_io.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == transforms.__version__


def test_the_command_line_offers_what_the_job_knows():
    from render_io._commands.reestimate import Model, Replaced
    from render_io.reestimate import MODELS, REPLACEMENTS

    assert list(Model) == list(MODELS)
    assert tuple(Replaced) == REPLACEMENTS
