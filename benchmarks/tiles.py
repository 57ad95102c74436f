"""Tile specs: from JSON to objects and back, every member kept, in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.harness import OURS, TILES, Case, Contender, Effort, faster
from benchmarks.peers import RENDERAPI, module
from benchmarks.sections import section
from render_io import tilespec

GROUP = "tiles"

Change = Callable[[Any], object]


def _nothing(_tile: Any) -> None:
    """Leave it as it is."""


def _shift(tile: Any) -> None:
    """Change one number of each tile."""
    tile.z = tile.z + 1.0


def _edit(tile: Any) -> None:
    """Change the last transform, as an alignment does."""
    tile.tforms[-1].M[0, 2] += 10.0


def _look_and_edit(tile: Any) -> None:
    """Take all transforms as objects, then change the last one."""
    transforms = list(tile.tforms)
    transforms[-1].M[0, 2] += 10.0


def _ours(text: bytes, change: Change) -> bytes:
    tiles = tilespec.loads(text)
    for tile in tiles:
        change(tile)
    return tilespec.dumps(tiles)


def _theirs(text: bytes, change: Change) -> str:
    tiles = [module(RENDERAPI).tilespec.TileSpec(json=spec) for spec in json.loads(text)]
    for tile in tiles:
        change(tile)
    answer: str = module(RENDERAPI).utils.renderdumps(tiles)
    return answer


def _case(work: str, specs: list[Any], text: bytes, change: Change) -> Case:
    returned = json.loads(_ours(text, change))
    for before, after in zip(specs, returned, strict=True):
        assert list(before) == list(after), "a member was lost"
    contenders = {OURS: Contender(lambda: _ours(text, change))}
    if module(RENDERAPI) is not None:
        contenders[RENDERAPI] = Contender(lambda: _theirs(text, change))
    return Case(f"tile specs, {work}", TILES, len(specs), contenders, [faster(15.0, RENDERAPI)])


def cases(effort: Effort) -> Iterator[Case]:
    """The same tiles, more and more of which is looked at."""
    specs = section(effort.size(2_454))
    text = json.dumps(specs).encode()
    yield _case("read and written", specs, text, _nothing)
    yield _case("z of each changed", specs, text, _shift)
    yield _case("last affine of each changed", specs, text, _edit)
    yield _case("all transforms of each looked at, last affine changed", specs, text, _look_and_edit)
