"""What the clients do beyond the recorded jobs: limits, validators, what Java would not tell."""

from __future__ import annotations

import dataclasses
import gzip
import json

import numpy as np
import pytest

from render_io import http
from tests.render_io.native.stage import AFFINE, leaf, tile, written

pytestmark = [pytest.mark.jit_only, pytest.mark.usefixtures("quick_retries")]
GRID = [tile("a", 0, 0), tile("b", 90, 0), tile("c", 0, 90), tile("d", 90, 90), tile("e", 5, 5, 2.0)]
TEM = ("--validatorClass", "org.janelia.alignment.spec.validator.TemTileSpecValidator")
WARPED = ("--validatorClass", "org.janelia.alignment.spec.validator.WarpedTileSpecValidator")
TRANSFORM = ("--transformId", "X", "--transformClass", AFFINE, "--transformData", "1,0,0,1,7,8")


# ---------------------------------------------------------------- import


def test_import_tells_what_java_hides(stage, tmp_path):
    stage.fill(GRID)
    one = written(tmp_path / "one.json", [tile("n", 0, 0), tile("n", 5, 5)])
    none = written(tmp_path / "none.json", [])
    done = stage.run("ImportJsonClient", one, none)
    assert done.code == 0
    assert "1 tile specs are replaced by later ones" in done.errors
    assert "none.json holds no tile specs" in done.errors
    assert stage.get("tile", "n")["minX"] == 5.0
    assert stage.run("ImportJsonClient", one, strict=True).code == 1
    assert stage.run("ImportJsonClient", one, "--strict").code == 1


def test_import_of_a_replaced_tile_that_is_bad_fails(stage, tmp_path):
    stage.fill(GRID)
    bad = tile("n", 0, 0)
    del bad["width"]
    assert stage.run("ImportJsonClient", written(tmp_path / "t.json", [bad, tile("n", 0, 0)])).code == 1
    assert "n" not in stage.ids()


def test_import_of_a_map_to_nowhere(stage, tmp_path):
    stage.fill(GRID)
    nowhere = tile("n", 0, 0, transforms={"type": "list", "specList": [leaf("NaN 0 0 1 0 0")]})
    assert stage.run("ImportJsonClient", written(tmp_path / "t.json", [nowhere])).code == 0
    found = stage.get("tile", "n")
    assert [found[side] for side in ("minX", "minY", "maxX", "maxY")] == [2147483647.0, 0.0, -1.0, 100.0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b""),
        ("a.json", b"null"),
        ("a.json", b"[null]"),
        ("a.json", b'[{"tileId": []}]'),
        ("a.json", b'[{"width": 1, "height": 1}]'),
        ("a.json", gzip.compress(b"[]", mtime=0)),
        ("a.gz", b"[]"),
        ("a.json.gz", gzip.compress(b"[]", mtime=0)[:-9]),
        ("a.zip", b"PK"),
        ("a.json", b"[" * 100_000),
    ],
)
def test_files_that_are_refused(stage, tmp_path, name, content):
    stage.fill(GRID)
    (tmp_path / name).write_bytes(content)
    done = stage.run("ImportJsonClient", tmp_path / name)
    assert done.code == 1
    assert "ERROR: " in done.output
    assert stage.state() == "LOADING"
    assert len(stage.ids()) == 5


def test_import_of_very_many_tiles_goes_in_pieces(stage, tmp_path, monkeypatch):
    from render_io._native import service

    monkeypatch.setattr(service, "TILES_PER_REQUEST", 2)
    stage.fill(GRID)
    lens = {"type": "ref", "refId": "L"}
    with_lens = [tile(f"n{i}", i, 0, transforms={"type": "list", "specList": [lens]}) for i in range(5)]
    shared = written(tmp_path / "shared.json", [leaf("1 0 0 1 3 4", id=name) for name in ("L", "unused")])
    done = stage.run("ImportJsonClient", "--transformFile", shared, written(tmp_path / "t.json", with_lens))
    assert done.code == 0, done.output
    assert "saved 4 of 5 tiles and 1 transforms" in done.output
    assert [stage.get("tile", f"n{i}")["minX"] for i in range(5)] == [3.0] * 5
    assert stage.get("transform", "unused")["dataString"] == "1 0 0 1 3 4"


def test_a_password_in_the_address_is_not_logged(stage):
    known = dataclasses.replace(stage, base=stage.base.replace("http://", "http://me:secret@"))
    done = known.run("StackClient", "--action", "SET_STATE", "--stackState", "COMPLETE")
    assert done.code == 1
    assert "parameters" in done.output
    assert "status 404" in done.output
    assert "secret" not in done.output + done.errors


# ---------------------------------------------------------------- validators


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        ("minSize:100,maxSize:100", set()),
        ("minSize:50,maxSize:99", {"a", "b", "c", "d"}),
        ("minSize:50,minCoordinate:1", {"a", "b", "c"}),
        ("minSize:50 , maxCoordinate : 150,other:1", {"b", "c", "d"}),
    ],
)
def test_tem_validator(stage, data, refused):
    stage.fill(GRID)
    done = stage.run("ValidateTilesClient", *TEM, "--validatorData", data, 1)
    assert done.code == 0
    assert {line.split()[2] for line in done.errors.splitlines()} == refused
    assert stage.state() == "COMPLETE"
    assert stage.run("ValidateTilesClient", *TEM, "--validatorData", data, 1, strict=True).code == bool(refused)


def test_validators_look_for_files(stage, tmp_path):
    (tmp_path / "here.png").write_bytes(b"x")
    (tmp_path / "empty.png").touch()
    urls = {"a": "here.png", "b": "empty.png", "c": "gone.png"}
    stage.fill([tile(k, 0, 0, mipmapLevels={"0": {"imageUrl": f"file:{tmp_path}/{v}"}}) for k, v in urls.items()])
    done = stage.run("ValidateTilesClient", *TEM, "--validatorData", "minSize:1", "--removeInvalidTiles", 1)
    assert done.code == 0
    assert "is empty" in done.errors
    assert "cannot find imageUrl" in done.errors
    assert stage.ids() == ["a"]
    assert stage.state() == "LOADING"


def test_removal_of_invalid_tiles_completes_when_told(stage):
    stage.fill(GRID)
    data = ("--validatorData", "minSize:50,maxCoordinate:150")
    words = (*TEM, *data, "--removeInvalidTiles", "--completeStackAfterRemoval", 1)
    assert stage.run("ValidateTilesClient", *words).code == 0
    assert stage.ids() == ["a", "e"]
    assert stage.state() == "COMPLETE"
    version = stage.get()["currentVersionNumber"]
    assert stage.run("ValidateTilesClient", *words).code == 0
    assert stage.get()["currentVersionNumber"] == version  # nothing to remove, so it is not opened


def test_warped_validator(stage):
    bent = {
        "type": "list",
        "specList": [leaf("0 1 0 .01 0 0 0 0 1 0 0 0", "mpicbg.trakem2.transform.PolynomialTransform2D")],
    }
    turned = {"type": "list", "specList": [leaf("0 1 -1 0 5000 7000")]}
    stage.fill([tile("bent", 0, 0, transforms=bent), tile("turned", 0, 0, transforms=turned)])
    done = stage.run("ValidateTilesClient", *WARPED, "--validatorData", "maxDeltaThreshold:5", 1)
    assert done.code == 0
    assert "tile bent" in done.errors
    assert "tile turned" not in done.errors
    assert stage.run("ValidateTilesClient", *WARPED, 1).errors == ""


@pytest.mark.parametrize("words", [("--validatorClass", "x.Nothing"), (*TEM, "--validatorData", "minSize:small")])
def test_unknown_validators_send_no_request(stage, tmp_path, words):
    assert stage.run("ImportJsonClient", *words, tmp_path / "x.json").code == 1
    assert http.get_json(None, f"{stage.base}/owner/{stage.owner}/stacks") == []


# ---------------------------------------------------------------- transforms


def test_section_transform_drops_what_a_validator_refuses(stage):
    stage.fill(GRID)
    words = (*TEM, "--validatorData", "minSize:50,maxCoordinate:150", "--targetStack", "t", *TRANSFORM, 1)
    done = stage.run("TransformSectionClient", *words)
    assert done.code == 0
    assert "tile d is left out" in done.errors
    assert stage.ids("t") == ["a"]
    assert stage.get("tile", "a", stack="t")["minX"] == 7.0


def test_section_transform_of_nothing(stage):
    stage.fill(GRID)
    box = ("--minX", 500, "--maxX", 600, "--minY", 0, "--maxY", 10)
    done = stage.run("TransformSectionClient", *box, "--targetStack", "t", *TRANSFORM, 1)
    assert done.code == 0
    assert "touches the bounds" in done.errors
    assert stage.ids("t") == []
    words = (*box, "--targetStack", "u", *TRANSFORM, "--completeTargetStack", 1)
    assert stage.run("TransformSectionClient", *words).code == 1


def test_what_a_move_needs_is_asked_for_before_there_is_a_target(stage):
    stage.fill(GRID)
    http.post_json(None, stage.url(stack="new"), {})
    new = dataclasses.replace(stage, stack="new")
    words = ("--targetStack", "t", *TRANSFORM)
    for client, move in ((new, ("--layerMinimumXAndYBound", 0)), (stage, ("--fromTileId", "a", "--toTileId", "b"))):
        assert client.run("TransformSectionClient", *move, *words, 1).code == 1
        assert "t" not in [
            one["stackId"]["stack"] for one in http.get_json(None, f"{stage.base}/owner/{stage.owner}/stacks")
        ]
    assert stage.run("TransformSectionClient", "--layerMinimumXAndYBound", -3, *words, 2, 9).code == 1
    assert stage.get("tile", "e", stack="t")["minX"] == -3.0


def test_half_a_pair_of_tiles_is_told(stage):
    stage.fill(GRID)
    done = stage.run("TransformSectionClient", "--fromTileId", "a", "--targetStack", "t", *TRANSFORM, 2)
    assert done.code == 0
    assert "it is ignored" in done.errors
    assert stage.get("tile", "e", stack="t")["minX"] == 12.0


def test_changes_in_any_order_of_layers(stage, tmp_path):
    stage.fill(GRID)
    changes = [{"tileId": name, "transform": leaf(f"1 0 0 1 {i} 0")} for i, name in enumerate("aeb")]
    file = written(tmp_path / "c.json", changes)
    done = stage.run("ImportTransformChangesClient", "--targetStack", "t", "--transformFile", file)
    assert done.code == 0, done.output
    assert {name: stage.get("tile", name, stack="t")["minX"] for name in stage.ids("t")} == {
        "a": 0.0,
        "e": 1.0,
        "b": 2.0,
    }


@pytest.mark.parametrize("entry", [{"tileId": "a"}, {"transform": leaf("1 0 0 1 0 0")}, {}])
def test_half_a_change_is_refused(stage, tmp_path, entry):
    stage.fill(GRID)
    file = written(tmp_path / "c.json", [entry])
    assert stage.run("ImportTransformChangesClient", "--targetStack", "t", "--transformFile", file).code == 1
    assert stage.state("t") == "LOADING"


def test_changes_may_refer_to_what_the_layer_shares(stage, tmp_path):
    reference = {"type": "ref", "refId": "L"}
    tiles = [tile("a", 0, 0), tile("b", 0, 0, transforms={"type": "list", "specList": [reference]})]
    stage.fill(tiles, {"L": leaf("1 0 0 1 30 40", id="L")})

    def change(spec):
        file = written(tmp_path / "c.json", [{"tileId": "a", "transform": spec}])
        return stage.run("ImportTransformChangesClient", "--targetStack", "t", "--transformFile", file).code

    assert change(reference) == 0
    assert stage.get("tile", "a", stack="t")["minX"] == 30.0
    assert change({"type": "interpolated", "a": reference, "b": leaf("1 0 0 1 0 0"), "lambda": 0.5}) == 0
    assert stage.get("tile", "a", stack="t")["minX"] == 15.0
    assert change({"type": "ref", "refId": "gone"}) == 1


def test_removal_of_more_transforms_than_there_are(stage):
    stage.fill(GRID)
    words = ("--targetStack", "t", "--numberOfTransformsToRemove", 5)
    assert stage.run("TransformRemovalClient", *words).code == 0
    assert stage.get("tile", "d", stack="t")["transforms"]["specList"] == []
    assert [stage.get("tile", "d", stack="t")[side] for side in ("minX", "maxX")] == [0.0, 100.0]
    assert len(stage.ids("t")) == 5


# ---------------------------------------------------------------- stacks and tiles


def test_copy_with_other_z_and_without_some_tiles(stage):
    stage.fill(GRID)
    stage.fill([tile("old", 0, 0, 11.0)], stack="t")
    words = ("--fromStack", "s", "--toStack", "t", "--addToZ", 10, "--excludedTileIds", "a", "b", "--z", 1)
    assert stage.run("CopyStackClient", *words, "--keepExisting", stack=False).code == 0
    assert stage.ids("t") == ["c", "d", "old"]
    assert stage.get("tile", "c", stack="t")["z"] == 11.0
    assert stage.run("CopyStackClient", *words, "--completeToStackAfterCopy", stack=False).code == 0
    assert stage.ids("t") == ["c", "d"]
    assert stage.state("t") == "COMPLETE"


def test_removal_of_hidden_tiles(stage):
    stage.fill([tile("a", 0, 0), tile("b", 0, 0), tile("c", 300, 0), tile("d", 0, 0, 2.0)])
    assert stage.run("TileRemovalClient", "--hiddenTilesWithZ", 1, "--completeStackAfterRemoval").code == 0
    assert stage.ids() == ["b", "c", "d"]
    assert "no tiles of z 9.0" in stage.run("TileRemovalClient", "--hiddenTilesWithZ", 9).errors


@pytest.mark.parametrize(
    "words",
    [(), ("a", "--hiddenTilesWithZ", 1), ("--keepZ", 1), ("--keepZ", 1, "--keepMinX", 0, "--tileIdJson", "x.json")],
)
def test_removal_needs_one_way_to_name_tiles(stage, words):
    stage.fill(GRID)
    assert stage.run("TileRemovalClient", *words).code == 1
    assert len(stage.ids()) == 5


@pytest.mark.parametrize("few", [0, 1000])
def test_ids_that_nobody_has_are_told(stage, tmp_path, monkeypatch, few):
    from render_io._native import service

    monkeypatch.setattr(service, "FEW", few)
    stage.fill(GRID)
    assert "tile x is not in" in stage.run("TileRemovalClient", "a", "x").errors
    (tmp_path / "z.txt").write_text("7 b more\n\n7.0\ty\n8\n9 c\n")
    done = stage.run("ImportTileZValuesClient", "--dataFile", tmp_path / "z.txt")
    assert done.code == 0
    assert "tile y is not in" in done.errors
    assert "line 4 is skipped" in done.errors
    assert stage.get("zValues") == [1.0, 2.0, 7.0, 9.0]


def test_stack_actions_need_their_options(stage):
    stage.fill(GRID)
    for action, option in (("CLONE", "cloneResultStack"), ("RENAME", "renamedStack"), ("SET_STATE", "stackState")):
        done = stage.run("StackClient", "--action", action)
        assert done.code == 1
        assert f"missing --{option} value" in done.output
    assert stage.run("StackClient", "--action", "DELETE", "--sectionId", "1.0").code == 1  # COMPLETE
    assert stage.run("StackClient", "--action", "SET_STATE", "--stackState", "LOADING").code == 0
    assert stage.run("StackClient", "--action", "DELETE", "--sectionId", "1.0").code == 0
    assert stage.ids() == ["e"]
    assert stage.run("StackClient", "--action", "DELETE").errors == ""
    assert "does not exist" in stage.run("StackClient", "--action", "DELETE").errors


def test_a_stack_that_exists_inherits_what_it_lacks(stage):
    builder = {"rootPath": "/mip/", "numberOfLevels": 3, "extension": "tif"}
    stage.fill(GRID)
    http.post_json(None, stage.url(), {"stackResolutionX": 4.0, "stackResolutionZ": 35.0, "mipmapPathBuilder": builder})
    http.post_json(None, stage.url(stack="t"), {"stackResolutionX": 8.0})
    assert stage.run("CopyStackClient", "--fromStack", "s", "--toStack", "t", stack=False).code == 0
    version = stage.get(stack="t")["currentVersion"]
    assert [version.get(f"stackResolution{axis}") for axis in "XYZ"] == [8.0, None, 35.0]
    assert version["mipmapPathBuilder"] == builder


# ---------------------------------------------------------------- pairs and points


def test_no_pairs_are_an_error_when_strict(stage, tmp_path):
    stage.fill(GRID)
    words = ("--toJson", tmp_path / "p.json", "--explicitRadius", 1, "--zNeighborDistance", 0)
    assert stage.run("TilePairClient", *words).code == 0
    assert stage.run("TilePairClient", *words, strict=True).code == 1
    assert list(tmp_path.iterdir()) == []


def test_boxes_in_one_place_are_paired_twice(stage, tmp_path):
    stage.fill([tile("a", 0, 0), tile("b", 0, 0)])
    words = ("--toJson", tmp_path / "p.json", "--excludeCompletelyObscuredTiles", "false")
    assert stage.run("TilePairClient", *words).code == 0
    pairs = json.loads((tmp_path / "p.json").read_text())["neighborPairs"]
    assert [(pair["p"]["relativePosition"], pair["q"]["relativePosition"]) for pair in pairs] == [
        ("TOP", "BOTTOM"),
        ("BOTTOM", "TOP"),
    ]


def test_tiles_of_another_stack_by_its_whole_name(stage, tmp_path):
    stage.fill(GRID)
    stage.fill([tile("a", 0, 0), tile("b", 0, 0)], stack="t")
    words = ("--toJson", tmp_path / "p.gz", "--zNeighborDistance", 0, "--onlyIncludeTilesFromStack")
    assert stage.run("TilePairClient", *words, f"{stage.owner}::p::t").code == 0
    pairs = json.loads(gzip.decompress((tmp_path / "p.gz").read_bytes()))["neighborPairs"]
    assert [(pair["p"]["id"], pair["q"]["id"]) for pair in pairs] == [("a", "b")]
    assert stage.run("TilePairClient", *words, "gone").code == 1
    assert stage.run("TilePairClient", *words, "a::b").code == 1


def test_points_that_fail_are_counted(stage, tmp_path):
    stage.fill(GRID)
    points = written(tmp_path / "w.json", [{"world": [20, 30]}, {"world": [-50, 0]}, {"world": [95, 95, 7]}])
    words = ("--z", 1, "--fromJson", points, "--toJson", tmp_path / "l.json")
    done = stage.run("CoordinateClient", *words)
    assert done.code == 0
    assert "1 of 3 points can't be mapped" in done.errors
    found = json.loads((tmp_path / "l.json").read_text())
    assert found[0] == [{"tileId": "a", "local": [20.0, 30.0, 1.0], "visible": True}]
    assert [place["tileId"] for place in found[2]] == ["a", "b", "c", "d"]
    assert [place.get("visible") for place in found[2]] == [None, None, None, True]
    assert stage.run("CoordinateClient", *words, strict=True).code == 1


def test_points_go_in_batches(stage, tmp_path, monkeypatch):
    from render_io._native import coordinate

    stage.fill(GRID)
    points = written(tmp_path / "w.json", [{"world": [i, i, 1 + i % 2]} for i in range(10, 20)])
    whole, parts = tmp_path / "whole.json", tmp_path / "parts.json"
    assert stage.run("CoordinateClient", "--fromJson", points, "--toJson", whole).code == 0
    monkeypatch.setattr(coordinate, "BATCH", 3)
    assert stage.run("CoordinateClient", "--fromJson", points, "--toJson", parts).code == 0
    assert whole.read_bytes() == parts.read_bytes()
    assert len(json.loads(whole.read_text())) == 10


def test_local_points_without_a_service(stage, tmp_path):
    points = written(tmp_path / "l.json", [[{"tileId": "a", "local": [1, 2]}], []])
    unreachable = type(stage)("http://127.0.0.1:9/render-ws/v1", "o")
    out = tmp_path / "w.json"
    done = unreachable.run("CoordinateClient", "--localToWorld", "--z", 2, "--fromJson", points, "--toJson", out)
    assert done.code == 0
    assert "can't be fetched" in done.errors
    first, second = json.loads(out.read_text())
    assert first["error"] == "tileId a cannot be found in layer 2.0 of stack s"
    assert second == {"error": "coordinates are missing"}


def test_swc_keeps_what_it_can_not_read(stage, tmp_path):
    stage.fill(GRID)
    http.put_json(None, stage.url("resolutionValues"), [2, 2, 10])
    text = "# c\n\n1 0 40.0 60.0 10.4 1.5 -1\n1\t0\t40\t60\t10\t1\t-1\n2 0 -900 0 10 1.0 1\n"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "n.swc").write_text(text)
    (tmp_path / "in" / "other.txt").write_text(text)
    words = ("--fromSwcDirectory", tmp_path / "in", "--toSwcDirectory", tmp_path / "out", "--toStack", "s")
    done = stage.run("CoordinateClient", *words)
    assert done.code == 0, done.output
    assert (tmp_path / "out" / "n.swc").read_text().splitlines() == [
        "# c", "", "1 0 40.0 60.0 10.0 1.5 -1", "1\t0\t40\t60\t10\t1\t-1", "2 0 -999 -999 -999 1.0 1",
    ]  # fmt: skip
    failed = (tmp_path / "out" / "failed_mappings.txt").read_text()
    assert failed == f"{tmp_path}/in/n.swc: 2 0 -900 0 10 1.0 1\n"
    assert "1 points can't be mapped" in done.errors


def test_swc_needs_a_resolution(stage, tmp_path):
    stage.fill(GRID)
    words = ("--fromSwcDirectory", tmp_path, "--toSwcDirectory", tmp_path / "out", "--toStack", "s")
    assert "has no resolution" in stage.run("CoordinateClient", *words).output
    assert not (tmp_path / "out").exists()


def test_points_agree_with_those_of_the_service(stage, tmp_path):
    random = np.random.default_rng(5)
    tiles = []
    for i in range(12):
        spec = tile(f"t{i:02d}", 0, 0, 1.0 + i % 2)
        m = (random.normal(0, 0.2, (2, 2)) + np.eye(2)).T.ravel().tolist()
        placed = leaf(" ".join(map(repr, [*m, *random.uniform(0, 250, 2).tolist()])))
        bend = " ".join(map(repr, [0.0, 1.0, 0.0, 1e-3, 2e-3, 0.0, 0.0, 0.0, 1.0, 0.0, -1e-3, 1e-3]))
        lens = leaf(bend, "mpicbg.trakem2.transform.PolynomialTransform2D")
        mirror = leaf("-1 0 0 1 100 0")
        members = [[placed], [lens, placed], [mirror, placed], []][i % 4]
        spec["transforms"]["specList"] = members
        tiles.append(spec)
    stage.fill(tiles)
    world = [{"world": [*point, 1.0 + i % 2]} for i, point in enumerate(random.uniform(0, 300, (300, 2)).tolist())]
    out, back = tmp_path / "l.json", tmp_path / "w.json"
    assert stage.run("CoordinateClient", "--fromJson", written(tmp_path / "w0.json", world), "--toJson", out).code == 0
    found = json.loads(out.read_text())
    answered = http.put_json(None, stage.url("world-to-local-coordinates"), world).json()
    for ours, theirs in zip(found, answered, strict=True):
        assert ("error" in ours[0]) == ("error" in theirs[0])
        if "error" not in ours[0]:
            assert ours == theirs
    assert {len(places) for places in found} > {1, 2}
    assert sum("error" in places[0] for places in found) > 20
    # And back: those that have a place, from the tile on top.
    assert stage.run("CoordinateClient", "--localToWorld", "--fromJson", out, "--toJson", back).code == 0
    top = [next((place for place in places if place.get("visible")), places[0]) for places in found]
    again = http.put_json(None, stage.url("local-to-world-coordinates"), top).json()
    for ours, theirs in zip(json.loads(back.read_text()), again, strict=True):
        assert "error" in ours or ours == theirs
