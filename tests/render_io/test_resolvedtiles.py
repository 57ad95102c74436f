"""Resolved tiles: tiles and shared transforms under their ids."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io import resolvedtiles
from render_io.errors import SpecError
from render_io.resolvedtiles import ResolvedTiles, combine_resolvedtiles
from render_io.tilespec import TileSpec
from tests.render_io.documents import exactly, read, tile, tiles, values
from tests.shared import requires_shared, shared_files

AFFINE = "mpicbg.trakem2.transform.AffineModel2D"
LENS = {"type": "leaf", "className": AFFINE, "dataString": "1 0 0 1 5.50 7", "extra": [1, 1.0]}
DOCUMENT = {
    "note": {"free": 1},
    "tileIdToSpecMap": {"b": tile("b"), "a": tile("a", 2, frameId="f")},
    "transformIdToSpecMap": {"L": LENS, "M": LENS | {"id": "M"}},
}


@given(
    st.dictionaries(st.text(max_size=4), tiles(z=st.just(1)), max_size=3),
    st.dictionaries(st.text(max_size=4), st.dictionaries(st.text(max_size=2), values, max_size=2), max_size=2),
    st.dictionaries(st.text(max_size=4), values, max_size=2),
)
def test_any_resolved_tiles_come_back(specs, shared, others):
    for document in (
        others | {"tileIdToSpecMap": specs, "transformIdToSpecMap": shared},
        {"tileIdToSpecMap": specs} | others,
        others,
    ):
        shown = {k: v for k, v in document.items() if k not in ("tileIdToSpecMap", "transformIdToSpecMap") or v}
        resolved = ResolvedTiles(json=document)
        assert [spec.to_dict() for spec in resolved.tilespecs] == list(document.get("tileIdToSpecMap", {}).values())
        written = resolved.to_dict()
        assert exactly(written) == exactly(document)
        assert {k: v for k, v in written.items() if v or k in shown} == shown


def test_looking_changes_nothing_and_changes_are_written():
    resolved = ResolvedTiles(json=DOCUMENT)
    assert [transform.transformId for transform in resolved.transforms] == ["L", "M"]
    assert exactly(resolved.to_dict()) == exactly(DOCUMENT)
    resolved.tilespecs[0].z = 9
    resolved.transforms[1].M[0, 2] = 6.25
    written = resolved.to_dict()
    assert written["tileIdToSpecMap"]["b"]["z"] == 9
    assert written["transformIdToSpecMap"]["L"] == LENS
    assert "6.25" in written["transformIdToSpecMap"]["M"]["dataString"]
    resolved.transforms = []
    resolved.tilespecs = []
    assert resolved.to_dict() == {"note": {"free": 1}, "tileIdToSpecMap": {}, "transformIdToSpecMap": {}}


def test_T52_D33_the_document_given_is_not_changed_nor_kept():
    document = copy.deepcopy(DOCUMENT)
    resolved = ResolvedTiles(json=document)
    resolved.transforms[0].M[0, 2] = 1
    resolved.tilespecs[0].layout.sectionId = "1"
    resolved.to_dict()["tileIdToSpecMap"]["a"]["mipmapLevels"].clear()
    assert exactly(document) == exactly(DOCUMENT)
    document["transformIdToSpecMap"]["M"]["dataString"] = "changed"
    assert resolved.transforms[1].dataString != "changed"
    mine: list[TileSpec] = []
    ResolvedTiles(mine).tilespecs.append(TileSpec())
    assert mine == []


def test_D44_ids_of_the_map_are_those_of_the_transforms():
    resolved = ResolvedTiles(json=DOCUMENT)
    assert resolved.transforms[0].transformId == "L"
    assert "id" not in resolved.to_dict()["transformIdToSpecMap"]["L"]
    with pytest.raises(SpecError, match=r"transformIdToSpecMap\.L\.id: expected 'L'"):
        ResolvedTiles(json={"transformIdToSpecMap": {"L": LENS | {"id": "other"}}})
    with pytest.raises(SpecError, match=r"tileIdToSpecMap\.t\.tileId: expected 't'"):
        ResolvedTiles(json={"tileIdToSpecMap": {"t": tile("other")}})


def test_T51_D44_transforms_without_id_are_refused():
    from render_io.transform import AffineModel, ReferenceTransform

    for nameless in (AffineModel(), ReferenceTransform("L")):
        with pytest.raises(SpecError, match=r"transforms\[1\]: expected a transformId"):
            ResolvedTiles([], [AffineModel(transformId="L"), nameless]).to_dict()
    with pytest.raises(SpecError, match=r"tilespecs\[0\]: expected a tile id"):
        ResolvedTiles([TileSpec()]).to_dict()


def test_made_of_objects():
    from render_io.transform import AffineModel

    resolved = ResolvedTiles([TileSpec(json=tile("a"))], [AffineModel(transformId="L")])
    written = resolved.to_dict()
    assert list(written) == ["transformIdToSpecMap", "tileIdToSpecMap"]
    assert written["tileIdToSpecMap"] == {"a": tile("a")}
    assert written["transformIdToSpecMap"]["L"]["id"] == "L"
    assert json.loads(json.dumps(written)) == written


def test_combining_takes_the_last_of_each_id():
    one = ResolvedTiles(json={"tileIdToSpecMap": {"a": tile("a"), "b": tile("b")}, "transformIdToSpecMap": {"L": LENS}})
    two = ResolvedTiles(json={"tileIdToSpecMap": {"b": tile("b", 9)}, "transformIdToSpecMap": {"M": LENS}})
    both = combine_resolvedtiles([one, two])
    assert both.to_dict()["tileIdToSpecMap"] == {"a": tile("a"), "b": tile("b", 9)}
    assert exactly(both.to_dict()["transformIdToSpecMap"]) == exactly({"L": LENS, "M": LENS})
    assert combine_resolvedtiles([]).to_dict() == {"transformIdToSpecMap": {}, "tileIdToSpecMap": {}}
    with pytest.raises(SpecError, match="tile id"):
        combine_resolvedtiles([ResolvedTiles([TileSpec()])])


def test_malformed_documents_are_told_with_their_place():
    for document, told in [
        ([], "resolved tiles: expected an object"),
        ({"tileIdToSpecMap": []}, "tileIdToSpecMap: expected"),
        ({"tileIdToSpecMap": {"t": 1}}, r"tileIdToSpecMap\.t: expected"),
        ({"transformIdToSpecMap": {"L": None}}, r"transformIdToSpecMap\.L: expected"),
    ]:
        with pytest.raises(SpecError, match=told):
            ResolvedTiles(json=document)
    resolved = ResolvedTiles(json={"transformIdToSpecMap": {"L": {"className": AFFINE}}})
    with pytest.raises(SpecError, match=r"transformIdToSpecMap\.L"):
        _ = resolved.transforms


@requires_shared
def test_shared_transforms_come_back_as_they_are():
    [path] = shared_files("data/renderapi-transform_references.json")
    specs = {spec["id"]: spec for spec in read(path)}
    resolved = ResolvedTiles(json={"transformIdToSpecMap": specs})
    assert [transform.transformId for transform in resolved.transforms] == list(specs)
    assert exactly(resolved.to_dict()) == exactly({"transformIdToSpecMap": specs})


def test_names_that_ask_a_service_are_loaded_when_used():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = resolvedtiles.no_such_name
