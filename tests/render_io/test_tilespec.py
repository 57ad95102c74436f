"""Tile specs: every member kept, only what was changed is changed."""

from __future__ import annotations

import copy
import json
import math
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from render_io import _json, tilespec
from render_io.channel import Channel
from render_io.errors import SpecError
from render_io.image_pyramid import ImagePyramid, MipMap, MipMapLevel
from render_io.layout import Layout
from render_io.tilespec import TileSpec
from tests.render_io.documents import exactly, read, shared_documents, tile, tiles
from tests.shared import requires_shared

FULL = {
    "tileId": "t",
    "meshCellSize": 32,
    "layout": {"temca": "7", "sectionId": "1.0", "imageRow": 3, "stageX": 5, "unknown": [1, 1.0, None]},
    "z": 3407,
    "minX": -0.0,
    "minY": 1e300,
    "maxX": 10**30,
    "maxY": 4,
    "width": 2560.0,
    "height": 2160,
    "frameId": "f",
    "labels": ["b", "a"],
    "mipmapPathBuilder": {"rootPath": "/m/", "numberOfLevels": 3},
    "mipmapLevels": {
        "10": {"imageUrl": "ten"},
        "0": {"maskSliceNumber": 2, "imageUrl": "zero", "imageLoaderType": "H5_SLICE", "imageSliceNumber": 1},
        "2": None,
    },
    "channels": [
        {"name": "c", "mipmapLevels": {"0": {"imageUrl": "u"}}, "mipmapPathBuilder": {"rootPath": "r"}},
        {"name": "d", "minIntensity": 0, "maxIntensity": 255.0},
    ],
    "transforms": {
        "id": "outer",
        "type": "list",
        "specList": [
            {"type": "ref", "refId": "LENS"},
            {
                "className": "mpicbg.trakem2.transform.AffineModel2D",
                "dataString": "1 0  0 1 5.50 7",
                "metaData": {"labels": ["x"], "more": 1},
            },
        ],
    },
    "filterSpec": {"className": "F"},
    "groupId": "g",
    "inputfilters": {"type": "list", "specList": [{"className": "F", "params": {"a": 1}}], "note": 1},
    "meta": {"free": ["form"]},
}


def everything(spec: TileSpec) -> list[Any]:
    """Look at every part of a tile but its transforms."""
    parts = [
        spec.layout.sectionId,
        spec.ip.get(0),
        spec.channels,
        spec.inputfilters,
        spec.imageUrl,
        spec.bbox,
        spec.labels,
    ]
    return parts + [channel.ip for channel in spec.channels or []]


# -- Nothing is lost ---------------------------------------------------------------------------------------------------


def test_D34_T11_a_tile_keeps_every_member_in_its_place():
    assert exactly(TileSpec(json=FULL).to_dict()) == exactly(FULL)
    assert exactly(json.loads(TileSpec(json=FULL).to_json())) == exactly(FULL)


def test_T11_looking_at_a_tile_changes_nothing():
    spec = TileSpec(json=FULL)
    everything(spec)
    assert exactly(spec.to_dict()) == exactly(FULL)


def test_T11_nothing_is_added_to_a_bare_tile():
    for document in ({}, {"tileId": "t"}, {"layout": None, "channels": None, "mipmapLevels": None, "transforms": None}):
        spec = TileSpec(json=document)
        everything(spec)
        assert exactly(spec.to_dict()) == exactly(document)
    assert TileSpec(json={}).layout.pixelsize is None


@given(tiles())
def test_T11_any_tile_comes_back(document):
    spec = TileSpec(json=document)
    assert exactly(spec.to_dict()) == exactly(document)
    assert exactly(json.loads(spec.to_json())) == exactly(document)


@given(tiles())
def test_T11_any_tile_looked_at_comes_back(document):
    spec = TileSpec(json=document)
    assert spec.layout.to_dict() == (document.get("layout") or {})
    assert all(isinstance(mipmap, MipMap) for mipmap in spec.ip.values())
    assert [channel.name for channel in spec.channels or []] == [c["name"] for c in document.get("channels") or []]
    assert isinstance(spec.inputfilters, list)
    # Two spellings of one level ("4" and "004") stay two members.
    assert sorted(spec.to_dict().get("mipmapLevels") or {}) == sorted(document.get("mipmapLevels") or {})
    assert exactly(spec.to_dict()) == exactly(document)


@given(tiles())
def test_changing_one_member_changes_no_other(document):
    spec = TileSpec(json=document)
    spec.groupId = "new"
    spec.layout.stageY = 4
    changed = spec.to_dict()
    assert changed.pop("groupId") == "new"
    assert changed["layout"].pop("stageY") == 4
    if "layout" not in document:
        assert changed.pop("layout") == {}
    rest = {name: value for name, value in document.items() if name != "groupId"}
    assert exactly(changed) == exactly(rest)


@requires_shared
def test_shared_tiles_come_back_as_they_are():
    count = 0
    for path in shared_documents():
        document = read(path)
        specs = document if isinstance(document, list) else [document]
        for spec in specs:
            if "tileId" in spec:
                count += 1
                untouched, seen = TileSpec(json=spec), TileSpec(json=spec)
                everything(seen)
                assert exactly(untouched.to_dict()) == exactly(seen.to_dict()) == exactly(spec)
                # Nested lists and interpolated transforms among them.
                assert exactly(json.loads(untouched.to_json())) == exactly(spec)
    assert count > 1200


# -- The caller's values and ours --------------------------------------------------------------------------------------


def test_the_document_given_and_those_returned_are_the_callers_own():
    document = copy.deepcopy(FULL)
    spec = TileSpec(json=document)
    spec.layout.sectionId = "2.0"
    spec.ip[0]["imageUrl"] = "other"
    spec.labels.append("c")
    spec.channels[0].name = "other"
    assert exactly(document) == exactly(FULL)
    document["layout"]["sectionId"] = "changed"
    first = spec.to_dict()
    first["layout"]["sectionId"] = first["channels"][0]["name"] = "changed"
    first["labels"].clear()
    assert spec.to_dict()["layout"]["sectionId"] == "2.0"
    assert spec.to_dict()["channels"][0]["name"] == "other"
    assert spec.labels == ["b", "a", "c"]


def test_T55_D33_what_is_given_to_the_constructor_is_copied():
    pyramid, transforms, labels = ImagePyramid({0: MipMap("zero")}), [], ["a"]
    spec = TileSpec(imageUrl="one", imagePyramid=pyramid, tforms=transforms, labels=labels)
    spec.ip[1] = MipMap("two")
    spec.tforms.append({"type": "ref", "refId": "L"})
    spec.labels.append("b")
    assert pyramid.to_dict() == {"0": {"imageUrl": "zero"}}
    assert transforms == []
    assert labels == ["a"]
    assert spec.to_dict()["mipmapLevels"] == {"0": {"imageUrl": "one"}, "1": {"imageUrl": "two"}}


def test_no_two_tiles_share_defaults():
    one, two = TileSpec(), TileSpec()
    one.tforms.append({"type": "ref", "refId": "L"})
    one.ip[0] = MipMap("a")
    one.inputfilters.append({"className": "F"})
    one.layout.sectionId = "1"
    assert exactly(two.to_dict()) == exactly(TileSpec().to_dict())


# -- Made by keywords --------------------------------------------------------------------------------------------------


def test_a_tile_made_by_keywords_has_every_attribute():
    spec = TileSpec(tileId="t", z=1.0, width=10, height=20)
    assert spec.bbox == (None, None, None, None)
    assert (spec.frameId, spec.imageUrl, spec.maskUrl, spec.channels) == (None, None, None, None)
    assert (spec.minint, spec.maxint, spec.inputfilters, spec.tforms) == (0, 65535, [], [])
    assert exactly(spec.to_dict()) == exactly(
        {
            "tileId": "t",
            "z": 1.0,
            "width": 10,
            "height": 20,
            "minIntensity": 0,
            "maxIntensity": 65535,
            "mipmapLevels": {},
            "transforms": {"type": "list", "specList": []},
        }
    )


def test_D34_bbox_of_a_constructed_tile():
    spec = TileSpec(tileId="t", minX=1, minY=2.5, maxX=3, maxY=4)
    assert spec.bbox == (1, 2.5, 3, 4)
    spec.maxY = 5
    assert spec.to_dict()["maxY"] == 5


def test_T12_boxes_are_written_for_an_import_without_derivation():
    spec = TileSpec(json=tile("t", minX=0, minY=1, maxX=2, maxY=3))
    assert {name: spec.to_dict()[name] for name in ("minX", "minY", "maxX", "maxY")} == {
        "minX": 0, "minY": 1, "maxX": 2, "maxY": 3,
    }  # fmt: skip


def test_keywords_of_the_layout_make_one():
    spec = TileSpec(tileId="t", sectionId="3.0", cameraId="c", pixelsize=4.0)
    assert spec.to_dict()["layout"] == {"sectionId": "3.0", "camera": "c", "pixelsize": 4.0}
    given_one = Layout(sectionId="4.0", force_pixelsize=False)
    assert TileSpec(layout=given_one).to_dict()["layout"] == {"sectionId": "4.0"}


def test_T62_unknown_keywords_are_refused():
    with pytest.raises(TypeError, match="'sectionID'; did you mean 'sectionId'"):
        TileSpec(tileId="t", sectionID="1")
    with pytest.raises(TypeError, match="minz"):
        TileSpec(json=FULL, minz=1)


def test_images_given_in_every_way():
    assert TileSpec(maskUrl="m").to_dict()["mipmapLevels"] == {"0": {"maskUrl": "m"}}
    spec = TileSpec(imageUrl="i", maskUrl="m")
    assert (spec.imageUrl, spec.maskUrl) == ("i", "m")
    spec.imageUrl = "j"
    assert spec.to_dict()["mipmapLevels"] == {"0": {"imageUrl": "j", "maskUrl": "m"}}
    read_one = TileSpec(json=tile("t"))
    read_one.maskUrl = "m"
    assert read_one.to_dict()["mipmapLevels"] == {"0": {"imageUrl": "file:/t.png", "maskUrl": "m"}}


def test_T48_images_as_renderapi_1_had_them():
    with pytest.warns(DeprecationWarning, match="scale1Url"):
        spec = TileSpec(imageUrl="zero", scale1Url="one", scale3Url="three")
    assert spec.to_dict()["mipmapLevels"] == {
        "0": {"imageUrl": "zero"}, "1": {"imageUrl": "one"}, "3": {"imageUrl": "three"},
    }  # fmt: skip
    with pytest.warns(DeprecationWarning, match="MipMapLevel"):
        level = tilespec.MipMapLevel(2, "two")
    assert tilespec.MipMapLevel is MipMapLevel
    assert TileSpec(mipMapLevels=[level]).ip[2].imageUrl == "two"


def test_channels_and_filters_given_as_objects():
    class Filter:
        def to_dict(self) -> dict[str, Any]:
            return {"className": "F"}

    spec = TileSpec(channels=[Channel("c", 5, 1, ImagePyramid({0: MipMap("u")}))], inputfilters=[Filter(), {"b": 1}])
    assert spec.to_dict()["channels"] == [
        {"name": "c", "minIntensity": 1, "maxIntensity": 5, "mipmapLevels": {"0": {"imageUrl": "u"}}}
    ]
    assert spec.to_dict()["inputfilters"] == {"type": "list", "specList": [{"className": "F"}, {"b": 1}]}
    spec.channels[0].maxIntensity = 9
    spec.inputfilters.pop()
    assert spec.to_dict()["channels"][0]["maxIntensity"] == 9
    assert spec.to_dict()["inputfilters"]["specList"] == [{"className": "F"}]


# -- Changing ----------------------------------------------------------------------------------------------------------


def test_setting_keeps_the_place_and_none_removes():
    spec = TileSpec(json=FULL)
    spec.z = 3408
    spec.minint = 7
    spec.groupId = None
    spec.layout.scopeId = "8"
    spec.layout.cameraId = "cam"
    changed = spec.to_dict()
    assert list(changed) == [name for name in FULL if name != "groupId"] + ["minIntensity"]
    assert list(changed["layout"]) == [*FULL["layout"], "camera"]
    assert (changed["z"], changed["layout"]["temca"], changed["layout"]["camera"]) == (3408, "8", "cam")


def test_parts_can_be_replaced_and_removed():
    spec = TileSpec(json=FULL)
    spec.layout = Layout(sectionId="9", force_pixelsize=False)
    spec.ip = ImagePyramid({1: MipMap("one")})
    spec.channels = [Channel("e")]
    spec.tforms = []
    changed = spec.to_dict()
    assert (changed["layout"], changed["mipmapLevels"]) == ({"sectionId": "9"}, {"1": {"imageUrl": "one"}})
    assert changed["channels"] == [{"name": "e"}]
    assert changed["transforms"] == {"id": "outer", "type": "list", "specList": []}
    assert list(changed) == list(FULL)
    spec.layout = spec.ip = spec.channels = spec.inputfilters = None
    assert not {"layout", "mipmapLevels", "channels", "inputfilters"} & set(spec.to_dict())


def test_from_dict_forgets_what_was():
    spec = TileSpec(json=FULL)
    everything(spec)
    spec.from_dict({"tileId": "u"})
    assert exactly(spec.to_dict()) == '{"tileId": "u"}'
    spec.from_dict(FULL)
    assert exactly(spec.to_dict()) == exactly(FULL)


def test_malformed_parts_are_told_with_tile_and_path_and_kept_otherwise():
    document = {"tileId": "t", "layout": 3, "transforms": [], "channels": {}, "mipmapLevels": {"0": "u"}}
    spec = TileSpec(json=document)
    for name in ("layout", "channels", "tforms"):
        with pytest.raises(SpecError, match=rf"tile t, {name.replace('tforms', 'transforms')}.*expected"):
            getattr(spec, name)
    with pytest.raises(SpecError, match=r"tile t, mipmapLevels\.0: expected an object"):
        _ = spec.ip
    assert exactly(spec.to_dict()) == exactly(document)
    with pytest.raises(SpecError, match="expected an object"):
        TileSpec(json=[])  # type: ignore[arg-type]


def test_tiles_are_copied_and_pickled_whole():
    text = json.dumps(FULL).encode()
    for spec in (TileSpec(json=FULL), TileSpec.from_json(text), *tilespec.loads(b"[%b]" % text)):
        for look in (lambda spec: spec, lambda spec: spec.z, everything):
            look(spec)
            for twin in (copy.copy(spec), copy.deepcopy(spec), pickle.loads(pickle.dumps(spec))):
                assert exactly(twin.to_dict()) == exactly(FULL)


# -- Transforms --------------------------------------------------------------------------------------------------------


def test_untouched_transforms_are_written_as_they_were_read():
    spec = TileSpec(json=FULL)
    assert [type(transform).__name__ for transform in spec.tforms] == ["ReferenceTransform", "AffineModel"]
    assert exactly(spec.to_dict()) == exactly(FULL)
    spec.tforms = spec.tforms[::-1]
    assert exactly(spec.to_dict()["transforms"]["specList"]) == exactly(FULL["transforms"]["specList"][::-1])
    assert exactly(pickle.loads(pickle.dumps(spec)).to_dict()) == exactly(spec.to_dict())


def test_changed_transforms_are_written_and_the_others_stay():
    spec = TileSpec(json=FULL)
    spec.tforms[1].M[0, 2] = 6.25
    written = spec.to_dict()["transforms"]
    assert (written["id"], written["specList"][0]) == ("outer", FULL["transforms"]["specList"][0])
    assert written["specList"][1]["dataString"].split() == ["1.0", "0.0", "0.0", "1.0", "6.25", "7.0"]
    assert written["specList"][1]["metaData"]["labels"] == ["x"]
    spec.tforms[1].M[0, 2] = 5.5
    assert exactly(spec.to_dict()) == exactly(FULL)


def test_lists_in_the_transforms_become_list_specs():
    spec = TileSpec(json=FULL)
    spec.tforms.append([spec.tforms[0], {"type": "ref", "refId": "M"}])
    assert spec.to_dict()["transforms"]["specList"][2] == {
        "type": "list", "specList": [{"type": "ref", "refId": "LENS"}, {"type": "ref", "refId": "M"}],
    }  # fmt: skip


def test_a_malformed_transform_is_told_with_its_place():
    document = tile("t")
    document["transforms"]["specList"].append(None)
    with pytest.raises(SpecError, match=r"tile t, transforms\.specList\[1\]"):
        _ = TileSpec(json=document).tforms
    document["transforms"]["specList"][1] = {"className": "mpicbg.trakem2.transform.AffineModel2D"}
    with pytest.raises(SpecError, match=r"transforms\.specList\[1\]"):
        _ = TileSpec(json=document).tforms


@requires_shared
def test_shared_transforms_looked_at_come_back_as_they_are():
    for path in shared_documents():
        document = read(path)
        for spec in (document if isinstance(document, list) else [document])[:40]:
            if "tileId" in spec:
                seen = TileSpec(json=spec)
                assert len(seen.tforms) == len(spec["transforms"]["specList"])
                assert exactly(seen.to_dict()) == exactly(spec)


def test_outline_of_a_transformed_tile():
    spec = TileSpec(json=tile("t"))
    raw = spec.bbox_transformed(tf_limit=0)
    assert raw.tolist() == [[0, 0], [100, 0], [100, 80], [0, 80], [0, 0]]
    np.testing.assert_array_equal(spec.bbox_transformed(), raw + np.array([10, 20]))
    fine = spec.bbox_transformed(ndiv_inner=3)
    assert fine.shape == (17, 2)
    np.testing.assert_allclose(fine[:5], [[10, 20], [35, 20], [60, 20], [85, 20], [110, 20]])
    with pytest.raises(SpecError, match="tile t, width"):
        TileSpec(json={"tileId": "t"}).bbox_transformed(tf_limit=0)


# -- Text --------------------------------------------------------------------------------------------------------------


@given(tiles())
def test_tiles_read_as_text_are_the_same(document):
    text = json.dumps([document, document]).encode()
    untouched, seen = tilespec.loads(text)
    assert exactly(seen.to_dict()) == exactly(document)
    assert exactly(json.loads(tilespec.dumps([untouched, seen]))) == exactly([document, document])


def test_text_is_not_read_until_asked_for_and_changes_are_written(monkeypatch):
    [spec] = tilespec.loads(b'[ {"tileId": "t" ,"z":1.50} ]')
    monkeypatch.setattr(_json, "loads", lambda text: pytest.fail("read"))
    assert spec.to_json() == b'{"tileId": "t" ,"z":1.50}'
    monkeypatch.undo()
    for change in (
        lambda spec: setattr(spec, "z", 2),
        lambda spec: setattr(spec, "layout", Layout(sectionId="1", force_pixelsize=False)),
        lambda spec: setattr(spec, "channels", []),
        lambda spec: setattr(spec, "inputfilters", [{"a": 1}]),
        lambda spec: setattr(spec, "tforms", []),
        lambda spec: setattr(spec, "ip", ImagePyramid()),
        lambda spec: setattr(spec, "imageUrl", "i"),
    ):
        [spec] = tilespec.loads(b'[{"tileId":"t","z":1.50}]')
        change(spec)
        assert json.loads(spec.to_json()) == spec.to_dict() != {"tileId": "t", "z": 1.5}


def test_text_that_is_no_array_of_tiles_is_refused():
    for text, told in [(b"{}", "array"), (b"[1]", r"\[0\]"), (b"[{},null]", r"\[1\]"), (b'[{"a":', "truncated")]:
        with pytest.raises(SpecError, match=told):
            tilespec.loads(text)
    [spec] = tilespec.loads(b'[{"z": 1e999}]')
    with pytest.raises(SpecError, match="infinity"):
        _ = spec.z


def test_D30_a_tile_with_nan_is_not_written_as_text():
    spec = TileSpec(json=tile("t"))
    spec.minX = math.nan
    with pytest.raises(SpecError, match=r"tile t, minX.*finite"):
        spec.to_json()
    spec.minX = np.float32(0.5)
    assert json.loads(spec.to_json())["minX"] == 0.5


def test_nothing_here_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        everything(TileSpec(json=FULL))
        TileSpec(tileId="t", imageUrl="i")


def test_names_that_ask_a_service_are_loaded_when_used():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = tilespec.no_such_name
    assert not hasattr(tilespec, "__path__")
