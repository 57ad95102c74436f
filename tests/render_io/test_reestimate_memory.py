"""Memory is that of the sections in flight, however many there are."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.render_io import stacks

PEAKS = """
import resource, sys
from render_io.reestimate import Options, reestimate
from render_io.stores import open_sink, open_source

def peak(source, sink):
    with open_sink(sink, overwrite=True) as target:
        summary = reestimate(open_source(source), target, Options("affine", samples=5))
    return summary.bad, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

peak(sys.argv[1], sys.argv[3])
print(*peak(sys.argv[1], sys.argv[3]), *peak(sys.argv[2], sys.argv[3]))
"""


@pytest.mark.jit_only
@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system's unit of memory is another")
@pytest.mark.parametrize("kind", ["text", "objects"])
def test_ten_times_the_sections_take_no_more_memory(tmp_path, kind):
    tiles = stacks.make_section(1.0, 1000)
    tiles[3]["transforms"]["specList"][1]["dataString"] = "1 0 0 none 0 0"
    text = json.dumps(tiles)
    if kind == "objects":  # Shared transforms are read the ordinary way.
        by_id = {tile["tileId"]: tile for tile in tiles}
        text = json.dumps({"transformIdToSpecMap": {}, "tileIdToSpecMap": by_id})
    for name, count in (("few", 3), ("many", 30)):
        (tmp_path / name).mkdir()
        for z in range(count):
            (tmp_path / name / f"{z}.json").write_text(text)
    folders = [str(tmp_path / name) for name in ("few", "many", "sink")]
    done = subprocess.run([sys.executable, "-c", PEAKS, *folders], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    bad_few, few, bad_many, many = map(int, done.stdout.split())
    assert (bad_few, bad_many) == (3, 30)
    # Kibibytes. The text alone of the 27 sections more is three times as much.
    assert len(text) * 27 > 3 * 6_500_000
    assert many - few < 6_500
    shutil.rmtree(tmp_path)
