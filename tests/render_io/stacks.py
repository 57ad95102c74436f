"""Small stacks for the tests of the main job."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

AFFINE = "mpicbg.trakem2.transform.AffineModel2D"
POLYNOMIAL = "mpicbg.trakem2.transform.PolynomialTransform2D"
LENS = "mpicbg.trakem2.transform.NonLinearCoordinateTransform"


def text(values: Any) -> str:
    return " ".join(repr(float(value)) for value in np.ravel(values))


def leaf(class_name: str, values: Any, **members: Any) -> dict[str, Any]:
    return {"type": "leaf", "className": class_name, "dataString": text(values), **members}


def affine(random: np.random.Generator, **members: Any) -> dict[str, Any]:
    matrix = np.eye(2) + random.normal(0, 0.02, (2, 2))
    return leaf(AFFINE, [*matrix.T.ravel(), *random.uniform(0, 1e5, 2)], **members)


def bent(random: np.random.Generator, **members: Any) -> dict[str, Any]:
    second = random.normal(0, 1e-6, (2, 3))
    return leaf(POLYNOMIAL, [0, 1, 0, *second[0], 0, 0, 1, *second[1]], **members)


def make_tile(random: np.random.Generator, name: str, z: float, **members: Any) -> dict[str, Any]:
    """A tile with every kind of member: known, unknown, whole numbers."""
    tile = {
        "tileId": name,
        "layout": {"sectionId": f"{z}", "imageRow": 3, "custom": [1, None]},
        "z": z,
        "width": 640.0,
        "height": 480.0,
        "minX": 0.0,
        "minY": 0.0,
        "maxX": 1.0,
        "maxY": 1.0,
        "unknown": {"a": 2**70, "b": 1.0},
        "transforms": {"type": "list", "specList": [bent(random), affine(random)], "kept": True},
        "meshCellSize": 64.0,
    }
    return tile | members


def make_section(z: float, count: int, seed: int = 0) -> list[dict[str, Any]]:
    random = np.random.default_rng([seed, int(z)])
    return [make_tile(random, f"z{z:g}.t{i}", z) for i in range(count)]


def write_stack(folder: Path, sections: int, tiles: int) -> Path:
    folder.mkdir()
    for z in range(sections):
        (folder / f"s{z}.json").write_text(json.dumps(make_section(float(z), tiles)))
    return folder


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())


def content(folder: Path) -> dict[str, bytes]:
    """Every visible file of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".")}


def table(report: Path) -> list[dict[str, str]]:
    """Rows of a report's table of tiles."""
    with (report / "tiles.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))
