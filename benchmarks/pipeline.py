"""The main job from file to file, beside the loop that a user of renderapi writes today."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import samples
from benchmarks.harness import OURS, TILES, Case, Contender, Effort, Goal, faster
from benchmarks.peers import RENDERAPI, module
from benchmarks.sections import is_real, section
from render_io.reestimate import Options, reestimate
from render_io.stores import open_sink, open_source
from transforms.approximation import sampling_grid

GROUP = "pipeline"
_CORNERS = np.array([[0.0, 0.0], [2560.0, 0.0], [2560.0, 2160.0], [0.0, 2160.0]])

_JOBS = 10
"""Jobs of ours in a call: a single one is done before memory and caches, which the peer had for seconds, are ours."""


def renderapi_loop(source: Path, sink: Path, order: int | None) -> None:
    """Re-estimate every tile with renderapi: tile by tile, affine, or a polynomial where an order is given."""
    theirs = module(RENDERAPI)
    leaf = theirs.transform
    tiles = [theirs.tilespec.TileSpec(json=spec) for spec in json.loads(source.read_text())]
    for tile in tiles:
        src = sampling_grid(10, tile.width, tile.height)
        dst = leaf.estimate_dstpts(tile.tforms, src)
        if order is None:
            model = leaf.AffineModel()
            model.estimate(src, dst, return_params=False)
        else:
            # Its own class insists on residuals below 1e-3 px and fits a hundred times before it gives up.
            params = leaf.Polynomial2DTransform.fit(src, dst, order=order)
            model = leaf.Polynomial2DTransform(params=params)
        tile.tforms = [model]
    with sink.open("w") as stream:
        theirs.utils.renderdump(tiles, stream)


def ours(source: Path, sink: Path, options: Options) -> None:
    """Do the same, residuals, boxes and untouched members on top."""
    with open_sink(str(sink), overwrite=True) as target:
        summary = reestimate(open_source(str(source)), target, options)
    assert not summary.faults


def renderapi_loops(source: Path, sink: Path, order: int | None) -> None:
    """Do so for a file, or for every file of a folder."""
    if source.is_file():
        renderapi_loop(source, sink, order)
        return
    sink.mkdir(exist_ok=True)
    for path in sorted(source.iterdir()):
        renderapi_loop(path, sink / path.name, order)


def _corners(path: Path) -> samples.Array:
    """Where the corners of each tile are after the job."""
    from render_io import specs

    tiles = json.loads((path if path.is_file() else min(path.iterdir())).read_text())
    return np.stack([specs.to_transform(tile["transforms"]).apply(_CORNERS) for tile in tiles[:50]])


def _case(work: str, source: Path, count: int, options: Options, *goals: Goal) -> Case:
    new, other = (source.with_name(f"{name}-{source.name}") for name in ("new", "other"))
    order = options.order if options.model == "polynomial" else None
    ours(source, new, options)
    contenders = {OURS: Contender(lambda: [ours(source, new, options) for _ in range(_JOBS)])}
    if module(RENDERAPI) is not None:
        renderapi_loops(source, other, order)
        # Its lens has 32-bit coefficients, its polynomial fit minimises something else.
        np.testing.assert_allclose(_corners(other), _corners(new), atol=5e-3 if order is None else 5.0)
        contenders[RENDERAPI] = Contender(lambda: renderapi_loops(source, other, order))
    return Case(work, TILES, count, contenders, goals, counts={OURS: _JOBS * count})


def _write(path: Path, tiles: list[Any]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(tiles, indent=1))
    return path


def cases(effort: Effort) -> Iterator[Case]:
    """Affine and polynomial; the real section, where it is at hand, alone, four times in a file, and as four files.

    A job costs the same few milliseconds whatever its size, which is much beside a single section.
    """
    tiles: list[Any] = section(effort.size(4_908))
    what = "real section" if is_real() else "made-up section"
    goal, affine = faster(100.0, RENDERAPI), Options("affine")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = _write(folder / "source.json", tiles)
        yield _case(f"{what}, JSON to JSON, affine", source, len(tiles), affine, goal)
        parts = [tiles[k : k + -(-len(tiles) // 4)] for k in range(0, len(tiles), -(-len(tiles) // 4))]
        for k, part in enumerate(parts):
            _write(folder / "stack" / f"{k}.json", part)
        yield _case(f"{what}, four files to four files, affine", folder / "stack", len(tiles), affine, goal)
        alone = _write(folder / "alone.json", parts[0])
        yield _case(f"{what} alone, JSON to JSON, affine", alone, len(parts[0]), affine, goal)
        options = Options("polynomial", order=3)
        yield _case(f"{what}, JSON to JSON, polynomial order 3", source, len(tiles), options)
