"""What is wrong with a tile, and where."""

from __future__ import annotations

import pytest
from hypothesis import given

from render_io.stores import check_tile
from tests.render_io.documents import read, shared_documents, tile, tiles, values
from tests.shared import requires_shared


def told(spec):
    return [(fault.tile_id, fault.path, fault.reason) for fault in check_tile(spec)]


def test_a_sound_tile_has_no_faults():
    layout = {"sectionId": "1.0", "imageRow": 3.0, "stageX": -1, "free": {}}
    level = {"imageUrl": "u", "imageLoaderType": "H5_SLICE", "imageSliceNumber": 2}
    nested = {"type": "interpolated", "a": {"refId": "A", "type": "ref"}, "b": {"type": "list"}, "lambda": "0.5"}
    transforms = {"type": "list", "specList": [nested, {"type": "word", "className": "c", "dataString": ""}]}
    channels = [{"name": "c", "mipmapLevels": {"0": level}}]
    assert told(tile("t", layout=layout, mipmapLevels={"0": level, "+3": None}, transforms=transforms)) == []
    assert told(tile("t", channels=channels, labels=[], minX=0, minY=0, maxX=0.5, maxY=1, groupId=None)) == []


@requires_shared
def test_the_shared_tiles_have_no_faults():
    checked = 0
    for path in shared_documents():
        document = read(path)
        for spec in document if isinstance(document, list) else [document]:
            if "tileId" in spec:
                checked += 1
                assert told(spec) == []
    assert checked > 1200


@pytest.mark.parametrize("member", ["tileId", "width", "height"])
def test_a_tile_without_what_it_needs(member):
    spec = tile("t")
    del spec[member]
    [(tile_id, path, reason)] = told(spec)
    assert (tile_id, path) == (None if member == "tileId" else "t", member)
    assert "found no such member" in reason


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"tileId": 7}, "tileId", "expected text, got 7"),
        ({"tileId": ""}, "tileId", "expected text"),
        ({"z": "1"}, "z", "expected a finite number, got '1'"),
        ({"z": True}, "z", "got True"),
        ({"width": 0}, "width", "expected a number above 0, got 0"),
        ({"width": None}, "width", "got null"),
        ({"height": "80"}, "height", "got '80'"),
        ({"height": float("nan")}, "height", "got nan"),
        ({"meshCellSize": 0}, "meshCellSize", "above 0"),
        ({"labels": ["a", 1]}, "labels", "array of texts"),
        ({"minX": 1}, "minY, maxX, maxY", "expected a whole box, found only minX"),
        ({"minX": 3, "minY": 0, "maxX": 2, "maxY": 0}, "minX", "expected at most maxX = 2, got 3"),
        ({"layout": []}, "layout", "expected an object, got list"),
        ({"layout": {"sectionId": 1}}, "layout.sectionId", "expected text, got 1"),
        ({"layout": {"imageRow": 1.5}}, "layout.imageRow", "whole number"),
        ({"mipmapLevels": {"x": {}}}, "mipmapLevels.x", "number of a mipmap level"),
        ({"mipmapLevels": {"0": "u"}}, "mipmapLevels.0", "expected an object, got 'u'"),
        ({"mipmapLevels": {"0": {"imageUrl": 1}}}, "mipmapLevels.0.imageUrl", "expected text"),
        ({"mipmapLevels": {"0": {"imageLoaderType": "TIFF"}}}, "mipmapLevels.0.imageLoaderType", "IMAGEJ_DEFAULT"),
        ({"channels": [1]}, "channels[0]", "expected an object, got 1"),
        ({"channels": [{"name": "c", "minIntensity": "a"}]}, "channels[0].minIntensity", "finite number"),
        ({"channels": [{"mipmapLevels": {"0": 1}}]}, "channels[0].mipmapLevels.0", "expected an object"),
        ({"transforms": None}, "transforms", "expected an object, got null"),
        ({"transforms": {"specList": []}}, "transforms.type", "expected 'list', got null"),
        ({"transforms": {"type": "list", "specList": {}}}, "transforms.specList", "expected an array"),
        ({"transforms": {"type": "list", "specList": [None]}}, "transforms.specList[0]", "got null"),
        ({"z": 10**400}, "z", "expected a finite number"),
        ({"width": 10**400}, "width", "a number above 0"),
    ],
)
def test_one_wrong_member_is_told_with_its_place(change, path, reason):
    [(tile_id, where, why)] = told(tile("t") | change)
    assert where == path
    assert reason in why
    assert tile_id == (None if "tileId" in change else "t")


def test_transforms_are_looked_into():
    leaf = {"className": "c", "dataString": "1"}
    bad = [
        {"className": "c"},
        {"dataString": "1", "className": 5},
        {"type": "ref"},
        {"type": "list", "specList": [leaf, {"type": "ref", "refId": 1}]},
        {"type": "interpolated", "a": leaf, "b": {"type": "leaf", "className": "c"}, "lambda": "half"},
        {"type": "interpolated", "a": 1},
    ]
    faults = told(tile("t", transforms={"type": "list", "specList": bad}))
    assert [path.removeprefix("transforms.specList") for _, path, _ in faults] == [
        "[0].dataString", "[1].className", "[2].refId", "[3].specList[1].refId", "[4].lambda", "[4].b.dataString",
        "[5].a", "[5].b", "[5].lambda",
    ]  # fmt: skip


def test_an_unknown_type_is_named():
    transforms = {"type": "list", "specList": [{"type": "weird", "className": "c", "dataString": "1"}, {"type": "odd"}]}
    [unknown, *missing] = told(tile("t", transforms=transforms))  # The first has what a leaf needs: Java takes it.
    assert unknown[1:] == ("transforms.specList[1].type", "expected leaf, list, ref or interpolated, got 'odd'")
    assert [path for _, path, _ in missing] == [
        f"transforms.specList[1].{name}" for name in ("className", "dataString")
    ]


def test_deep_nesting_is_no_recursion():
    spec = {"type": "ref"}
    for _ in range(20_000):
        spec = {"type": "list", "specList": [spec]}
    [(_, path, _)] = told(tile("t", transforms=spec))
    assert path.endswith(".refId")


@given(tiles() | values)
def test_any_value_can_be_checked(value):
    assert all(fault.reason and isinstance(fault.path, str | None) for fault in check_tile(value))
