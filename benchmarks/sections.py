"""A section of tiles as JSON: the real one where it is at hand, else one that is made up to be like it."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import samples

Json = dict[str, Any]
WIDTH, HEIGHT = 2560, 2160
_REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "section-2119-aligned.json.gz"
_AFFINE = "mpicbg.trakem2.transform.AffineModel2D"


@cache
def is_real() -> bool:
    """Whether there is a real section beside the clone."""
    return _REAL.is_file()


def section(count: int) -> list[Json]:
    """Tiles with a lens correction and two affines each: the real ones, again and again, or made-up ones."""
    if is_real():
        tiles: list[Json] = json.loads(gzip.decompress(_REAL.read_bytes()))
    else:
        tiles = [_made_up(i) for i in range(min(count, 1_227))]
    copies = -(-count // len(tiles))
    named = [{**tile, "tileId": f"{tile['tileId']}.{k}"} for k in range(copies) for tile in tiles]
    return named[:count]


@cache
def _lens_text() -> str:
    from render_io import codecs

    return codecs.encode(samples.lens())[1]


def _leaf(class_name: str, text: str) -> Json:
    return {"type": "leaf", "className": class_name, "dataString": text}


def _made_up(index: int) -> Json:
    rng = np.random.default_rng(index)
    a, b, c, d = (np.eye(2) + rng.normal(0.0, 1e-2, (2, 2))).T.ravel().tolist()
    x, y = 2_300.0 * (index % 35), 1_950.0 * (index // 35)
    lens = _leaf("mpicbg.trakem2.transform.NonLinearCoordinateTransform", _lens_text())
    shift = _leaf(_AFFINE, f"1.0 0.0 0.0 1.0 {rng.normal(0.0, 50.0)} {rng.normal(0.0, 50.0)}")
    return {
        "tileId": f"t{index:05d}",
        "z": 1.0,
        "minX": x,
        "minY": y,
        "maxX": x + WIDTH,
        "maxY": y + HEIGHT,
        "width": float(WIDTH),
        "height": float(HEIGHT),
        "minIntensity": 0.0,
        "maxIntensity": 255.0,
        "mipmapLevels": {"0": {"imageUrl": f"file:/data/{index}.tif", "maskUrl": "file:/data/mask.tif"}},
        "transforms": {"type": "list", "specList": [lens, _leaf(_AFFINE, f"{a} {b} {c} {d} {x} {y}"), shift]},
        "meshCellSize": 64.0,
    }
