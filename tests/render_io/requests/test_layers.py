"""Work that is bigger than a request: layers beyond the service's limit, uploads in portions, progress."""

from __future__ import annotations

import logging

import pytest

from render_io import coordinate, http, resolvedtiles, stack, tilespec
from render_io._requests import layers, progress, uploads
from render_io.errors import RenderError, RequestError, SpecError
from tests.render_io.answering import Reply

pytestmark = pytest.mark.usefixtures("quick_retries")
GRID = {f"t{x}_{y}": (float(x * 10), float(y * 10)) for x in range(9) for y in range(5)}
LENS = {"type": "leaf", "id": "L", "className": "c", "dataString": "d"}


def spec(name):
    x, y = GRID[name]
    return {"tileId": name, "z": 1.0, "minX": x, "minY": y, "maxX": x + 12, "maxY": y + 12}


def broad_service(service, limit):
    """A service that refuses queries for more than `limit` tiles, as the real one does for more than 50,000."""

    def answer(asked):
        what, query = asked.parts[-1], dict(asked.query)
        if what == "tileBounds":
            return Reply([spec(name) for name in GRID])
        if what == "tile-specs-with-ids":
            return Reply([spec(name) for name in asked.json])
        found = [spec(name) for name in GRID]
        if query:
            low_x, high_x, low_y, high_y = (float(query[side]) for side in ("minX", "maxX", "minY", "maxY"))
            found = [s for s in found if s["maxX"] >= low_x and s["minX"] <= high_x]
            found = [s for s in found if s["maxY"] >= low_y and s["minY"] <= high_y]
        if len(found) > limit:
            return Reply(f"query too broad, over {limit} tiles match", 400)
        if what == "tile-specs":
            return Reply(found)
        return Reply({"transformIdToSpecMap": {"L": LENS}, "tileIdToSpecMap": {s["tileId"]: s for s in found}})

    service.answer = answer


@pytest.mark.parametrize("limit", [100, 44, 30])
def test_layers_beyond_the_limit_are_read_in_parts(service, monkeypatch, limit):
    monkeypatch.setattr(layers, "_TILES_PER_REQUEST", 8)
    monkeypatch.setattr(layers, "_IDS_PER_REQUEST", 10)
    broad_service(service, limit)
    r = service.render()
    assert sorted(tile.tileId for tile in tilespec.get_tile_specs_from_z("s", 1, render=r)) == sorted(GRID)
    resolved = resolvedtiles.get_resolved_tiles_from_z("s", 1, render=r)
    assert [tile.tileId for tile in resolved.tilespecs] == sorted(GRID)
    asked = [entry for entry in service.asked if entry.parts[-1] == "resolvedTiles"]
    assert (len(asked) > 4) == (limit < 45)


def test_a_layer_that_changes_meanwhile_is_an_error(service, monkeypatch):
    broad_service(service, 44)
    answer = service.answer
    service.answer = lambda asked: Reply([]) if asked.parts[-1] == "tile-specs-with-ids" else answer(asked)
    with pytest.raises(RequestError, match="expected 45 tiles, got 0"):
        tilespec.get_tile_specs_from_z("s", 1, render=service.render())


def test_uploads_are_cut_and_carry_what_they_need(service, monkeypatch):
    monkeypatch.setattr(uploads, "_TILES_PER_REQUEST", 2)
    service.always(b"", 201)
    shared = {name: dict(LENS, id=name) for name in ("L", "M", "unused")}
    shared["N"] = {"type": "list", "id": "N", "specList": [{"type": "ref", "refId": "M"}]}
    refs = ["L", "L", "N", None, "M"]
    tiles = [
        spec(name) | {"transforms": {"type": "list", "specList": [{"type": "ref", "refId": ref}] if ref else []}}
        for name, ref in zip(sorted(GRID), refs, strict=False)
    ]
    document = {"transformIdToSpecMap": shared, "tileIdToSpecMap": {tile["tileId"]: tile for tile in tiles}}
    resolvedtiles.put_tilespecs("s", resolvedtiles.ResolvedTiles(json=document), None, render=service.render())
    sent = [asked.json for asked in service.asked]
    assert [list(body["tileIdToSpecMap"]) for body in sent] == [
        [t["tileId"] for t in tiles[i : i + 2]] for i in (0, 2, 4)
    ]
    assert [set(body["transformIdToSpecMap"]) for body in sent] == [set(shared), {"M", "N"}, {"M"}]
    assert service.last.query == []
    broken = [*tiles[:1], tiles[1] | {"transforms": {"type": "list", "specList": [{"type": "ref", "refId": "gone"}]}}]
    service.asked.clear()
    document["tileIdToSpecMap"] = {tile["tileId"]: tile for tile in broken}
    with pytest.raises(SpecError, match="'gone', which is not among those given"):
        resolvedtiles.put_tilespecs("s", resolvedtiles.ResolvedTiles(json=document), render=service.render())
    with pytest.raises(RenderError, match="needs tilespecs"):
        resolvedtiles.put_tilespecs("s", render=service.render())
    assert service.asked == []


def test_a_reference_whose_name_is_escaped_is_found(service):
    service.always(b"", 201)
    [tile] = tilespec.loads(b'[{"tileId":"t","transforms":{"specList":[{"type":"ref","ref\\u0049d":"L"}]}}]')
    resolvedtiles.put_tilespecs("s", tilespecs=[tile], shared_transforms=[dict(LENS)], render=service.render())
    assert list(service.last.json["transformIdToSpecMap"]) == ["L"]


def test_points_and_deletions_go_in_portions(service, monkeypatch):
    monkeypatch.setattr(coordinate, "_POINTS_PER_REQUEST", 2)
    service.answer = lambda asked: Reply([point | {"world": point["local"]} for point in asked.json])
    world = coordinate.local_to_world_coordinates_array(
        "s", [[i, i] for i in range(5)], "t", 1, render=service.render()
    )
    assert world.tolist() == [[i, i] for i in range(5)]
    assert [len(asked.json) for asked in service.asked] == [2, 2, 1]
    service.always(b"")
    stack.delete_sections("s", [1, 2.5], render=service.render())
    stack.delete_tiles("s", ["a", "b/c"], render=service.render())
    assert [asked.parts[-1] for asked in service.asked[-4:]] == ["1", "2.5", "a", "b/c"]


def test_progress_is_told(monkeypatch, caplog):
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    with caplog.at_level(logging.INFO, logger="render_io"):
        assert list(progress.track("abc", "reading", 3)) == ["a", "b", "c"]
    assert "reading: 2 of 3" in caplog.text


def test_progress_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert list(progress.track(range(3), "reading", 3)) == [0, 1, 2]
    assert list(progress.track([1], "reading", 1)) == [1]
    assert capsys.readouterr().out == ""


def test_areas_of_a_real_layer_hold_all_its_tiles(embedded, monkeypatch):
    monkeypatch.setattr(layers, "_TILES_PER_REQUEST", 4)
    where = {"host": embedded.host, "port": embedded.port, "owner": "areas", "project": "p"}
    stack.create_stack("s", **where)
    tiles = {name: spec(name) | {"width": 12, "height": 12} for name in GRID}
    document = resolvedtiles.ResolvedTiles(json={"transformIdToSpecMap": {}, "tileIdToSpecMap": tiles})
    resolvedtiles.put_tilespecs("s", document, deriveData=False, **where)
    address = f"{embedded.base_url}/owner/areas/project/p/stack/s"
    session = http.new_session()
    whole = layers.resolved_layer(session, address, 1)
    in_parts = layers._by_box(session, address, f"{address}/z/1", 1.0, None)
    assert sorted(in_parts["tileIdToSpecMap"]) == sorted(GRID)
    assert in_parts["tileIdToSpecMap"] == whole["tileIdToSpecMap"]
    by_id = layers._by_id(session, address, f"{address}/z/1")
    assert [tile.tileId for tile in by_id] == sorted(GRID)
