"""Documents for the tests of tile specs and stores: strategies, small samples, and exact comparison."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from render_io.stores import open_sink, open_source
from tests.shared import shared_files

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
"""Any JSON value, integers beyond 64 bit included."""

leaves = st.fixed_dictionaries(
    {"className": st.just("mpicbg.trakem2.transform.AffineModel2D"), "dataString": st.just("1.0 0.0 0.0 1.0 5.5 -7")},
    optional={"type": st.just("leaf"), "id": st.text(max_size=3), "extra": values},
)
levels = st.dictionaries(
    st.sampled_from(["0", "1", "2", "10", "004"]),
    st.fixed_dictionaries({}, optional={"imageUrl": st.text(), "maskUrl": st.text(), "imageSliceNumber": numbers}),
)


def tiles(**fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Tile specs with any members, known and unknown, in any order."""
    known = {
        "z": st.sampled_from([0, 1, 1.5, -3.0, 2**60]),
        "width": numbers,
        "minX": numbers,
        "frameId": values,
        "labels": st.lists(st.text(max_size=3), max_size=2),
        "layout": st.dictionaries(st.sampled_from(["sectionId", "temca", "stageX", "other"]), values, max_size=3),
        "mipmapLevels": levels,
        "channels": st.lists(st.fixed_dictionaries({"name": st.text(max_size=3)}, optional={"mipmapLevels": levels})),
        "transforms": st.fixed_dictionaries(
            {"type": st.just("list"), "specList": st.lists(leaves, max_size=2)}, optional={"id": st.text(max_size=2)}
        ),
        "inputfilters": values,
    }
    required = fixed or {"tileId": st.text(max_size=4)}
    named = st.fixed_dictionaries(required, optional={name: how for name, how in known.items() if name not in required})
    unknown = st.dictionaries(st.text(max_size=6).filter(lambda key: key not in {*known, *fixed, "tileId"}), values)
    merged = st.builds(lambda a, b: {**a, **b}, named, unknown)
    return merged.flatmap(lambda tile: st.permutations(list(tile.items())).map(dict))


def exactly(value: Any) -> str:
    """Text by which two JSON values are compared: members in order, 1 and 1.0 apart, -0.0 and 0.0 apart."""
    return json.dumps(value)


def tile(tile_id: str, z: Any = 1, **members: Any) -> dict[str, Any]:
    """A small sound tile spec."""
    leaf = {"className": "mpicbg.trakem2.transform.AffineModel2D", "dataString": "1.0 0.0 0.0 1.0 10.0 20.0"}
    return {
        "tileId": tile_id,
        "z": z,
        "width": 100,
        "height": 80.0,
        "mipmapLevels": {"0": {"imageUrl": f"file:/{tile_id}.png"}},
        "transforms": {"type": "list", "specList": [leaf]},
    } | members


def read(path: Path) -> Any:
    """Parse a file with nothing of ours."""
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)


def copy_stack(source: Path, sink: Path, **options: bool) -> None:
    """Copy all sections that the sink does not have."""
    with open_sink(sink, **options) as target:
        for section in open_source(source):
            if not target.has(section):
                target.write(section)
        target.finish()


def put(path: Path, value: Any) -> Path:
    """Write a file with nothing of ours."""
    path.write_text(json.dumps(value))
    return path


def shared_documents() -> list[Path]:
    """All JSON files of the shared data."""
    return shared_files("data/*.json") + shared_files("data/*.json.gz")
