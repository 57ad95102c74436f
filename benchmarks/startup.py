"""What a fresh process costs: imports, the first call, compilation on an empty cache, and peak memory.

Each measurement is a process of its own, which answers with numbers: processor time, and peak resident set. Byte code
is on disk, as after any first start of an installed package.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.harness import MEGABYTES, MILLISECONDS, OURS, Effort, Goal, Row, Sample, Unit, within
from benchmarks.peers import RENDERAPI, module
from benchmarks.sections import section

GROUP = "startup"
NUMBA = "numba"
_PAGE = 4096.0
NOT_COMPILING = "warm cache"

_CALL = """
from time import process_time
import numpy as np
from transforms import Affine
p = np.zeros((10, 2))
t = Affine(np.eye(2, 3))
start = process_time()
t.apply(p)
print(process_time() - start)
"""
_LIST = """
from time import process_time
import numpy as np
from transforms import Affine, LensCorrection, TransformBatch
lens = LensCorrection.identity()
start = process_time()
TransformBatch.from_lists([[lens, Affine(np.eye(2, 3))]]).apply(np.zeros((10, 2)))
print(process_time() - start)
"""
_WARMUP = """
from time import process_time
import transforms
start = process_time()
transforms.warmup()
print(process_time() - start)
"""
_IMPORT = "from time import process_time; start = process_time(); {what}; print(process_time() - start)"
_PEAK = """
# Not getrusage: it counts the parent's pages from before the start of this program.
print(next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
_SPLINE = """
import numpy as np
from transforms import ThinPlateSpline
rng = np.random.default_rng(1)
src = rng.uniform(0, 4096, ({landmarks}, 2))
t = ThinPlateSpline.from_estimate(src, src + rng.normal(0, 1, src.shape))
p = rng.uniform(0, 4096, ({points}, 2))
out = np.zeros_like(p)
{work}
"""
_RENDERAPI_SPLINE = """
from benchmarks.peers import wire
theirs = wire(t)
out = theirs.tform(p) if {run} else out
"""
_STACK = """
from render_io.reestimate import Options, reestimate
from render_io.stores import open_sink, open_source
with open_sink({sink!r}, overwrite=True) as sink:
    reestimate(open_source({source!r}), sink, Options("affine"))
"""


@cache
def _byte_code() -> tempfile.TemporaryDirectory[str]:
    """Folder for the byte code of our processes, lest an environment that writes none compiles all in each of them."""
    return tempfile.TemporaryDirectory()


def answer(code: str, **environment: str) -> float:
    """Run Python in a fresh process and return the number it prints last."""
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    given["PYTHONPYCACHEPREFIX"] = _byte_code().name
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=given | environment
    )
    if done.returncode:
        raise RuntimeError(f"the process failed:\n{done.stderr}")
    return float(done.stdout.split()[-1])


def _row(work: str, unit: Unit, values: dict[str, Callable[[], float]], rounds: int, *goals: Goal) -> Row:
    """Processes take turns too."""
    taken: dict[str, list[float]] = {name: [] for name in values}
    for _ in range(rounds):
        for name, value in values.items():
            taken[name].append(value())
    return Row(GROUP, work, unit, {name: Sample(tuple(v)) for name, v in taken.items()}, goals)


def _imports(rounds: int) -> Row:
    """Numba's time with 30 ms added is the limit; it is named for what it is.

    What counts is a class in hand: the package itself loads its names when they are used.
    """
    work = "from transforms import Affine"
    values: dict[str, Callable[[], float]] = {
        OURS: lambda: answer(_IMPORT.format(what=work)),
        f"{NUMBA} + 30 ms": lambda: answer(_IMPORT.format(what="import numba")) + 0.03,
        "names loaded later": lambda: answer(_IMPORT.format(what="import transforms")),
        "render_io": lambda: answer(_IMPORT.format(what="import render_io")),
    }
    if module(RENDERAPI) is not None:
        values[RENDERAPI] = lambda: answer(_IMPORT.format(what="import renderapi"))
    for value in values.values():
        value()  # writes byte code
    return _row(work, MILLISECONDS, values, rounds, within(1.0, f"{NUMBA} + 30 ms"))


def _cold(effort: Effort) -> Iterator[Row]:
    """Once is enough: it takes seconds and hardly varies."""
    with tempfile.TemporaryDirectory() as folder:
        answer(_CALL)
        yield _row("first call, warm cache", MILLISECONDS, {OURS: lambda: answer(_CALL)}, effort.rounds, Goal(0.4))
        answer(_LIST)
        yield _row(
            "first list of lens and affine, warm cache", MILLISECONDS, {OURS: lambda: answer(_LIST)}, effort.rounds
        )
        cold = answer(_CALL, NUMBA_CACHE_DIR=folder)
        yield _row("first call ever, empty cache", MILLISECONDS, {OURS: lambda: cold}, 1)
        listed = answer(_LIST, NUMBA_CACHE_DIR=folder)
        yield _row("first list of lens and affine ever, empty cache", MILLISECONDS, {OURS: lambda: listed}, 1)
        if effort.rounds > 2:
            everything = answer(_WARMUP, NUMBA_CACHE_DIR=folder)
            loaded = answer(_WARMUP, NUMBA_CACHE_DIR=folder)
            values: dict[str, Callable[[], float]] = {OURS: lambda: everything, NOT_COMPILING: lambda: loaded}
            yield _row("warmup() of everything, empty cache", MILLISECONDS, values, 1)


def _spline_memory(points: int, landmarks: int) -> Row:
    def used(work: str, idle: str) -> float:
        code = {"landmarks": landmarks, "points": points}
        with_work = answer(_SPLINE.format(**code, work=work) + _PEAK)
        # Peaks are counted in pages: less than one can't be told.
        return max(_PAGE, with_work - answer(_SPLINE.format(**code, work=idle) + _PEAK))

    warm = "t.apply(p[:10])"
    values: dict[str, Callable[[], float]] = {OURS: lambda: used(f"{warm}; t.apply(p, out=out)", warm)}
    if module(RENDERAPI) is not None and points * landmarks <= 2e7:
        run, idle = (_RENDERAPI_SPLINE.format(run=flag) for flag in (True, False))
        values[RENDERAPI] = lambda: used(run, idle)
    work = f"memory of a thin plate spline beside its points, {points:,} points x {landmarks:,} landmarks"
    return _row(work, MEGABYTES, values, 1)


def _stack_memory(sections: tuple[int, int], tiles: int) -> Iterator[Row]:
    """The whole process, over a folder of sections: it should not grow with their number."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        specs: list[dict[str, Any]] = section(tiles)
        for count in sections:
            source, sink = folder / f"source-{count}", folder / f"sink-{count}"
            source.mkdir()
            for z in range(count):
                text = json.dumps([{**spec, "z": float(z), "tileId": f"{spec['tileId']}.{z}"} for spec in specs])
                (source / f"z{z}.json").write_text(text)
            code = _STACK.format(source=str(source), sink=str(sink)) + _PEAK
            work = f"memory of a re-estimation, {count} sections of {len(specs):,} tiles"
            yield _row(work, MEGABYTES, {OURS: lambda code=code: answer(code)}, 1)


def rows(effort: Effort) -> Iterator[Row]:
    """Time, then memory."""
    full = effort.rounds > 2
    yield _imports(effort.rounds)
    yield from _cold(effort)
    if not Path("/proc/self/status").is_file():
        return  # no other system tells the peak of a process alone
    yield _spline_memory(100_000 if full else 1_000, 100)
    if full:
        yield _spline_memory(1_000_000, 100)
    yield from _stack_memory((10, 40) if full else (1, 3), 1_227 if full else 20)
