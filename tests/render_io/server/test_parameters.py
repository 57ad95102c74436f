"""Render parameters and image endpoints over the API: corners that the recorded conversations do not show."""

from __future__ import annotations

import pytest

from tests.render_io.server.running import running

STACK = "/render-ws/v1/owner/o/project/p/stack/s"
LENS = {
    "type": "leaf",
    "id": "LENS",
    "className": "mpicbg.trakem2.transform.AffineModel2D",
    "dataString": "1 0 0 1 2.5 1.25",
    "metaData": {"labels": ["lens"]},
}


def affine(x, y):
    return {"type": "leaf", "className": "mpicbg.trakem2.transform.AffineModel2D", "dataString": f"1 0 0 1 {x} {y}"}


def tile(tile_id, *specs, **more):
    box = {"minX": 7.0, "minY": 8.0, "maxX": 107.0, "maxY": 88.0}
    size = {"width": 40, "height": 30}
    return {"tileId": tile_id, "z": 1.0, "transforms": {"type": "list", "specList": list(specs)}} | box | size | more


TILES = [
    tile("lens", {"type": "ref", "refId": "LENS"}, affine(1, 1), affine(100, 200), affine(1000, 2000)),
    tile("sizeless", affine(1, 1), width=None, height=None),
    tile("unknown", {"type": "leaf", "className": "no.such.Transform", "dataString": "1"}),
    tile("floating", z=None, groupId="g"),
    tile(
        "level",
        mipmapLevels={"10": {"imageUrl": "ten"}, "2": {"imageUrl": "two", "maskUrl": "mask", "imageSliceNumber": 3}},
    ),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service")) as opened:
        assert opened.post(STACK, json={}).status_code == 201
        batch = {"transformIdToSpecMap": {"LENS": LENS}, "tileIdToSpecMap": {t["tileId"]: t for t in TILES}}
        assert opened.put(STACK + "/resolvedTiles", json=batch).status_code == 201
        yield opened


def window(answer):
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["x"], found["y"], found["width"], found["height"]


def leaves(answer):
    return [spec["dataString"].split()[-2] for spec in answer.json()["tileSpecs"][0]["transforms"]["specList"]]


def test_the_stored_box_is_the_window_also_when_it_is_wrong(client):
    assert window(client.get(STACK + "/tile/lens/render-parameters")) == (7.0, 8.0, 100, 80)


def test_a_changed_list_has_its_own_box_in_window_and_tile(client):
    answer = client.get(STACK + "/tile/lens/render-parameters?excludeTransformsAfterLast=lens&x=10")
    assert window(answer) == (12.0, 1.0, 40, 30)
    assert leaves(answer) == ["2.5"]
    spec = answer.json()["tileSpecs"][0]
    assert [spec[name] for name in ("minX", "minY", "maxX", "maxY")] == [2.0, 1.0, 42.0, 31.0]


def test_normalising_without_labels_keeps_two(client):
    answer = client.get(STACK + "/tile/lens/render-parameters?normalizeForMatching=true")
    assert window(answer) == (0.0, 0.0, 40, 30)
    assert leaves(answer) == ["2.5", "1"]


def test_a_tile_without_size_has_no_other_box(client):
    answer = client.get(STACK + "/tile/sizeless/render-parameters?normalizeForMatching=true")
    assert (answer.status_code, answer.text) == (500, "width and height must be set to create a bounding box")
    assert window(client.get(STACK + "/tile/sizeless/render-parameters")) == (7.0, 8.0, 100, 80)


def test_an_unknown_class_matters_only_when_a_box_is_derived(client):
    path = STACK + "/tile/unknown/render-parameters"
    assert client.get(path).status_code == 200
    assert client.get(path + "?excludeAllTransforms=true").status_code == 200
    answer = client.get(path + "?excludeAllTransforms=false")
    assert (answer.status_code, answer.text) == (400, "transform class 'no.such.Transform' cannot be found")


def test_the_lowest_level_is_the_source_by_number(client):
    source = client.get(STACK + "/tile/level/source/scale/.5/render-parameters").json()
    assert source["tileSpecs"][0]["channels"][0]["mipmapLevels"] == {"2": {"imageUrl": "two"}}
    mask = client.get(STACK + "/tile/level/mask/scale/.5/render-parameters?channels=A").json()
    assert mask["tileSpecs"][0]["channels"][0]["mipmapLevels"] == {"2": {"imageUrl": "mask"}}
    assert (mask["scale"], mask["channels"], mask["skipInterpolation"]) == (0.5, "A", True)


@pytest.mark.parametrize("query", ["channels=A__2", "filterListName=x"])
def test_bad_options_of_a_source_break_the_answer(client, query):
    answer = client.get(f"{STACK}/tile/level/source/scale/1/render-parameters?{query}")
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")


def test_neighbors_need_a_layer(client):
    answer = client.get(STACK + "/tile/floating/withNeighbors/render-parameters")
    assert (answer.status_code, answer.content) == (500, b"")


def test_numbers_that_are_not_finite_are_words(client):
    answer = client.get(STACK + "/z/1/box/NaN,-Infinity,10,10,Infinity/render-parameters")
    found = answer.json()
    assert (found["x"], found["y"], found["scale"], found["tileSpecs"]) == ("NaN", "-Infinity", "Infinity", [])


def test_a_group_is_matched_as_text_and_boxes_touch(client):
    inside = client.get(STACK + "/z/1/box/107,88,5,5,1/render-parameters").json()["tileSpecs"]
    assert [spec["tileId"] for spec in inside] == ["lens", "level", "sizeless", "unknown"]
    assert client.get(STACK + "/group/g/z/1/box/0,0,500,500,1/render-parameters").json()["tileSpecs"] == []


def test_references_that_lead_nowhere_are_told_before_the_options(client):
    other = STACK[:-1] + "dangling"
    assert client.post(other, json={}).status_code == 201
    batch = {"transformIdToSpecMap": {"A": LENS}, "tileIdToSpecMap": {"t": tile("t", {"type": "ref", "refId": "A"})}}
    assert client.put(other + "/resolvedTiles", json=batch).status_code == 201
    for path in ("/tile/t/render-parameters", "/z/1/render-parameters", "/z/1/box/0,0,50,50,1/render-parameters"):
        answer = client.get(other + path + "?channels=A__2&excludeAllTransforms=true")
        assert answer.status_code == 500
        assert answer.text.startswith("tile spec t is not fully resolved")


# ---------------------------------------------------------------- pictures


@pytest.mark.parametrize(
    "path",
    [
        "/z/1/png-image",
        "/z/1/box/0,0,5,5,1/raw16-image",
        "/group/g/z/1/box/0,0,5,5,1/tiff-image",
        "/tile/lens/tiff16-image",
        "/tile/lens/source/jpeg-image",
        "/tile/lens/mask/png-image",
        "/tile/lens/withNeighbors/jpeg-image",
        "/dvid/imagetile/raw/xy/20_10/0.5_0_1/tif",
        "/largeDataTileSource/256/256/0/1.0/0/0.png",
        "/largeDataTileSource/256/256/small/1.jpg",
    ],
)
def test_pictures_are_refused_in_words(client, path):
    answer = client.get(STACK + path)
    assert (answer.status_code, answer.headers["content-type"]) == (501, "text/plain;charset=utf-8")
    assert "does not draw" in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tile/gone/png-image", 404),
        ("/z/9/png-image", 400),
        ("/z/x/png-image", 404),
        ("/tile/lens/png-image?width=1.5", 404),
        ("/tile/lens/png-image?channels=A__2", 400),
        ("/tile/lens/source/tiff16-image", 404),
        ("/z/1/box/0,0,10,10,0.05/png-image", 400),
        ("/z/1/box/0,0,10,10,1/gif-image", 404),
        ("/largeDataTileSource/256/256/x/1.0/0/0.png", 404),
    ],
)
def test_what_can_be_told_without_pixels_comes_first(client, path, status):
    assert client.get(STACK + path).status_code == status


def test_a_picture_that_the_client_has_is_not_drawn_again(client):
    answer = client.get(STACK + "/tile/gone/png-image", headers={"If-None-Match": '"x", *'})
    assert (answer.status_code, answer.content) == (304, b"")
    other = client.get(STACK + "/tile/lens/png-image", headers={"If-None-Match": answer.headers["etag"]})
    assert other.status_code == 304
    weak = client.get(STACK + "/tile/lens/png-image", headers={"If-None-Match": "W/" + answer.headers["etag"]})
    assert weak.status_code == 501


def test_pictures_of_parameters_are_refused_too(client):
    assert client.put("/render-ws/v1/owner/o/png-image", json={}).status_code == 501
    bad = client.put("/render-ws/v1/owner/o/png-image", content=b"{", headers={"Content-Type": "application/json"})
    assert bad.status_code == 400


def test_exclude_false_may_count_as_absent(tmp_path):
    with running(tmp_path, ignore_exclude_false=True) as service:
        service.post(STACK, json={})
        batch = {"transformIdToSpecMap": {"LENS": LENS}, "tileIdToSpecMap": {"lens": TILES[0]}}
        service.put(STACK + "/resolvedTiles", json=batch)
        answer = service.get(
            STACK + "/tile/lens/render-parameters?normalizeForMatching=true&excludeAllTransforms=false"
        )
        assert leaves(answer) == ["2.5", "1"]
        assert leaves(service.get(STACK + "/tile/lens/render-parameters?excludeAllTransforms=true")) == []
