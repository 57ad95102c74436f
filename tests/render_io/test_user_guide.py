"""The user guide of renderapi 1.0.1 runs on the embedded service: with the Java client's script, and without Java."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import render_io
from render_io import render, stack, tilespec
from tests.shared import requires_shared, shared_files

ROOT = Path(render_io.__file__).parents[1]
SCRIPT = ROOT / "docs" / "examples" / "user_guide.py"

REPAIRED = {
    "'host':'localhost',": "'host':HOST,",
    "'port':8080,": "'port':PORT,",
    r"'client_scripts':'\usr\local\render\render-ws-java-client\src\scripts'": "'client_scripts':CLIENT_SCRIPTS,",
    "sections = 500": "sections = SECTIONS",
    "tileSize = '%d_%d_%d'%(section,r,c)": "tileId = '%d_%d_%d'%(section,r,c)",
    "ts = TileSpec(tileId=,": "ts = TileSpec(tileId=tileId,",
    "matches_out=renderapi.pointmatch.get_matches_from_tile_to_tile('mycollection'": (
        "matches_out=renderapi.pointmatch.get_matches_from_tile_to_tile('mycollection',"
    ),
}
"""Lines of the guide that hold an address or a slip, and ours."""


def lines_of_the_guide():
    """Code of the guide's chapters; not the commands of a shell, nor the output that is shown after ``>>``."""
    [path] = shared_files("seed/*.txt")
    chapter = path.read_text().split("\nGetting Started\n")[1].split("\nInstallation\n")[0]
    blocks = [block.split("\n>>")[0] for block in re.findall(r"```\n(.*?)```", chapter, re.DOTALL)]
    lines = [line.strip() for block in blocks if not block.startswith("$") for line in block.splitlines()]
    return [line for line in lines if line]


@requires_shared
def test_the_script_has_every_line_of_the_guide_in_its_order():
    ours = iter([line.strip() for line in SCRIPT.read_text().splitlines()])
    wanted = [REPAIRED.get(line, line) for line in lines_of_the_guide()]
    assert len(wanted) > 90
    assert REPAIRED.keys() <= set(lines_of_the_guide())
    assert [line for line in wanted if line not in ours] == []


@pytest.mark.jit_only
@pytest.mark.usefixtures("warm_kernels")
@pytest.mark.parametrize("java", [True, False], ids=["java", "no-java"])
def test_the_user_guide_runs(script, tmp_path, monkeypatch, java):
    from render_io.server import EmbeddedService

    for name in ("RENDER_CLIENT_SCRIPTS", "RENDER_CLIENT_SCRIPT"):
        monkeypatch.delenv(name, raising=False)
    with EmbeddedService(tmp_path / "data") as service:  # the guide's owner is fixed: a service of its own
        where = [service.host, str(service.port), "2", *([str(script.path.parent)] if java else [])]
        command = [sys.executable, "-W", "error", str(SCRIPT), *where]
        environment = {"cwd": tmp_path, "env": os.environ | {"PYTHONPATH": str(ROOT)}}
        done = subprocess.run(command, **environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        r = render.Render(service.host, service.port, "myowner", "myproject")
        assert stack.get_full_stack_metadata("mystack", render=r)["stats"]["tileCount"] == 200 * 2 + 2
        assert stack.get_full_stack_metadata("mystack", render=r)["state"] == "COMPLETE"
        assert stack.get_z_values_for_stack("mystack", render=r) == [0.0, 1.0]
        first = tilespec.get_tile_spec("mystack", "000000000000", render=r)
        assert first.bbox == (33.0, 100.0, 2081.0, 2148.0)
        assert first.layout.scopeId == "myscope"
        assert tilespec.get_tile_spec("mystack", "1_9_19", render=r).minX == int(19 * 2048 * 0.8)
    (pair,) = ast.literal_eval(done.stdout)
    rows = [[0, 1000, 1000, 0], [0, 1000, 0, 1000]]
    assert (pair["pId"], pair["qId"], pair["matches"]) == ("0_0_0", "1_0_0", {"p": rows, "q": rows, "w": [1] * 4})
    assert {call.memory for call in script.calls()} == ({"2G"} if java else set())
