"""What a client may not do: leave the data folder, exhaust the service, or hide behind odd paths."""

from __future__ import annotations

import gzip
import http.client
import json
import stat
import threading

import httpx
import pytest

from render_io.server import EmbeddedService, Options
from render_io.server.app import create_app
from tests.render_io.server.stack_client import StackClient, tile

pytestmark = pytest.mark.jit_only
JSON = {"Content-Type": "application/json"}
STACK = "/owner/o/project/p/stack/s"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with EmbeddedService(tmp_path_factory.mktemp("data") / "inner") as running, StackClient(running.base_url) as client:
        client.create()
        assert client.save(tile("t")).status_code == 201
        yield running


def raw(service, method, target, body=None, headers=None):
    """A request whose path goes out exactly as given."""
    connection = http.client.HTTPConnection(service.host, service.port, timeout=30)
    try:
        connection.request(method, "/render-ws/v1" + target, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/owner/../../etc/project/p/stacks", 400),
        ("/owner/%2e%2e/projects", 400),
        ("/owner/o/project/p/stack/..%2f..%2fetc%2fpasswd", 404),
        ("/owner/o/project/p/stack/%00", 400),
        ("/owner/o/project/p/stack/s%2Ftile", 404),
        ("/owner/o/project/p/stack/s/tile/..%2F..%2Fx", 404),
        ("/owner/o/project/p/stack/s/tile/%ff", 404),
        ("/owner/o//stacks", 400),
        (STACK + "/tile/%2Fetc%2Fpasswd", 404),
    ],
)
def test_odd_paths_are_refused(service, target, status):
    assert raw(service, "GET", target)[0] == status


@pytest.mark.parametrize("tile_id", ["../../x", "/etc/passwd", "a\x00b", "'; DROP TABLE tile; --", "x" * 10_000])
def test_odd_tile_ids_are_only_texts(service, tile_id):
    with StackClient(service.base_url) as client:
        assert client.save(tile(tile_id, z=9.0)).status_code == 201
        assert [t["tileId"] for t in client.get("/z/9/tileBounds").json()] == [tile_id]
        client.http.delete("/z/9")
        assert client.get("/tileIds").json() == ["t"]


def test_nothing_is_written_outside_the_data_folder(service, tmp_path_factory):
    data = service._data_dir
    assert sorted(p.name for p in data.parent.iterdir()) == ["inner"]
    assert all(p.name.startswith("render-ws.sqlite3") for p in data.iterdir())


def test_the_folder_and_its_files_are_the_user_s_alone(service):
    assert stat.S_IMODE(service._data_dir.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in service._data_dir.iterdir())


def test_a_database_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "data").mkdir()
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "data" / "render-ws.sqlite3").symlink_to(victim)
    with pytest.raises(ValueError, match="plain file"):
        create_app(tmp_path / "data")
    assert victim.read_text() == "mine"


def test_deep_json_is_refused(service):
    for depth in (500, 5_000, 200_000):
        body = '{"tileIdToSpecMap": {"a": {"transforms": ' + '{"type":"list","specList":[' * depth
        status, _ = raw(service, "PUT", STACK + "/resolvedTiles", body + "]}" * depth + "}}}", JSON)
        assert status in (400, 500)
        status, _ = raw(service, "PUT", STACK + "/resolvedTiles", "[" * depth, JSON)
        assert status == 400
    assert raw(service, "GET", STACK + "/tile/t")[0] == 200


def test_half_a_surrogate_pair_is_refused(service):
    box = dict.fromkeys(("minX", "minY", "maxX", "maxY"), 1.0)
    body = json.dumps({"tileIdToSpecMap": {"\ud800": tile("\ud800") | box}, "transformIdToSpecMap": {}})
    status, text = raw(service, "PUT", STACK + "/resolvedTiles", body, JSON)
    assert status == 400
    assert "surrogate" in str(text)
    assert raw(service, "GET", STACK + "/tile/t")[0] == 200


def test_compressed_bodies_are_refused_unread(service):
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    headers = JSON | {"Content-Encoding": "gzip"}
    assert raw(service, "PUT", STACK + "/tile-specs-with-ids", bomb, headers)[0] == 415


def test_long_bodies_are_refused(tmp_path):
    with EmbeddedService(tmp_path, max_body_bytes=10_000) as small:
        assert httpx.post(f"{small.base_url}{STACK}", json={}).status_code == 201
        long = json.dumps(["x" * 20_000])
        assert raw(small, "PUT", STACK + "/tile-specs-with-ids", long, JSON)[0] == 413

        def chunks():
            yield from ([b"["] + [b" " * 1_000] * 20 + [b"]"])

        answer = httpx.put(f"{small.base_url}{STACK}/tile-specs-with-ids", content=chunks(), headers=JSON)
        assert answer.status_code == 413


def test_a_pattern_that_takes_too_long_stops_nobody(service, monkeypatch):
    monkeypatch.setattr("render_io.server.tiles.PATTERN_S", 0.2)
    with StackClient(service.base_url) as client:
        client.save(tile("a" * 60 + "!", z=8.0))
        slow = threading.Thread(target=client.get, args=("/tileIds",), kwargs={"matchPattern": "^(a|a|aa)+$"})
        slow.start()
        assert raw(service, "GET", STACK + "/tile/t")[0] == 200
        slow.join(timeout=20)
        assert not slow.is_alive()
        assert client.get("/tileIds", matchPattern="^(a|a|aa)+$").status_code == 500
        client.http.delete("/z/8")


def test_a_body_that_breaks_off_changes_nothing(service):
    body = json.dumps({"tileIdToSpecMap": {"half": tile("half")}}).encode()
    connection = http.client.HTTPConnection(service.host, service.port, timeout=30)
    connection.putrequest("PUT", "/render-ws/v1" + STACK + "/resolvedTiles?deriveData=true")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(len(body) + 10))
    connection.endheaders(body)
    connection.close()
    assert raw(service, "GET", STACK + "/tile/half")[0] == 404


def test_files_are_looked_for_only_where_allowed(tmp_path):
    inside = tmp_path / "pictures" / "a.png"
    inside.parent.mkdir()
    inside.write_bytes(b"x")
    outside = tmp_path / "secret.png"
    outside.write_bytes(b"x")
    (inside.parent / "link.png").symlink_to(outside)
    with EmbeddedService(tmp_path / "data", options=Options(image_roots=[inside.parent])) as service:

        def found(url):
            spec = tile("t", mipmapLevels={"0": {"imageUrl": url}})
            return httpx.put(f"{service.base_url}/owner/o/validate-json/tile", json=spec).status_code == 200

        assert found(str(inside))
        assert found(f"file:{inside}")
        assert not found(str(outside))
        assert not found(str(inside.parent / ".." / "secret.png"))
        assert not found(str(inside.parent / "link.png"))


def test_pages_of_other_origins_can_be_shut_out(tmp_path):
    with EmbeddedService(tmp_path, options=Options(cross_origin=False)) as service:
        answer = httpx.get(f"{service.base_url}/owners", headers={"Origin": "http://evil.example.org"})
        assert "access-control-allow-origin" not in answer.headers


def test_it_listens_on_loopback_only_by_default():
    assert EmbeddedService().host == "127.0.0.1"
