"""Every option changes what it says, and only when it is set."""

from __future__ import annotations

import httpx
import pytest

from render_io.server import EmbeddedService, Options
from tests.render_io.server.stack_client import AFFINE, StackClient, tile

pytestmark = pytest.mark.jit_only


def leaf(data, class_name=AFFINE, **more):
    return {"type": "leaf", "className": class_name, "dataString": data} | more


@pytest.fixture(scope="module")
def plain():
    with EmbeddedService() as service:
        yield service


@pytest.fixture(scope="module")
def better():
    options = Options(
        unquote_default_channel=True,
        escape_tile_ids=True,
        fresh_section_data=True,
        max_tiles=3,
        state_errors_are_400=True,
        exact_numbers=True,
        exact_inverse=True,
        nested_references=True,
    )
    with EmbeddedService(options=options) as service:
        yield service


@pytest.fixture
def both(plain, better, request):
    """A client of an empty stack on each."""
    clients = [StackClient(service.base_url, request.node.name) for service in (plain, better)]
    for client in clients:
        client.create()
    yield clients
    for client in clients:
        client.http.close()


def answers(clients, ask):
    return [ask(client) for client in clients]


def test_default_channel(both):
    def ask(client):
        client.http.put("/defaultChannel", json="DAPI")
        return client.get("").json()["currentVersion"]["defaultChannel"]

    assert answers(both, ask) == ['"DAPI"', "DAPI"]


def test_default_channel_that_is_no_json_is_kept(both):
    def ask(client):
        client.http.put("/defaultChannel", content="DAPI", headers={"Content-Type": "application/json"})
        return client.get("/defaultChannel").text

    assert answers(both, ask) == ["DAPI", "DAPI"]


def test_tile_ids(both):
    def ask(client):
        client.save(tile('a"b\\c'))
        return client.get("/tileIds").text

    assert answers(both, ask) == ['["a"b\\c"]', '["a\\"b\\\\c"]']


def test_section_data(both):
    def ask(client):
        client.save(tile("a"), tile("b"))
        client.state("COMPLETE")
        client.state("LOADING")
        client.http.delete("/tile/b")
        return client.get("/sectionData").json()[0]["tileCount"]

    assert answers(both, ask) == [2, 1]


def test_number_of_tiles(both):
    def ask(client):
        client.save(*(tile(str(i)) for i in range(4)))
        return client.get("/z/1/tile-specs").status_code, client.get("/z/1/resolvedTiles").status_code

    assert answers(both, ask) == [(200, 200), (400, 400)]


def test_state_errors(both):
    def ask(client):
        client.save(tile("a"))
        client.state("COMPLETE")
        closed = client.save(tile("b")).status_code
        client.state("READ_ONLY")
        return closed, client.http.delete("").status_code, client.http.put("/cycle", json={}).status_code

    assert answers(both, ask) == [(500, 500, 500), (400, 400, 400)]


def test_numbers(both):
    shift = leaf("1234567.890123 0.1", "mpicbg.trakem2.transform.TranslationModel2D")

    def ask(client):
        client.save(tile("a", transforms={"type": "list", "specList": [shift]}))
        return client.get("/tile/a/local-to-world-coordinates/0,0").json()["world"][:2]

    assert answers(both, ask) == [[1234567.875, 0.10000000149011612], [1234567.890123, 0.1]]


def test_inverse_of_a_mirrored_tile(both):
    mirror = {"type": "list", "specList": [leaf("-1 0 0 1 100 0")]}

    def ask(client):
        client.save(tile("a", transforms=mirror))
        answer = client.get("/z/1/world-to-local-coordinates/30,99.5")
        return answer.json()[0]["local"] if answer.status_code == 200 else answer.status_code

    assert answers(both, ask) == [500, [70.0, 99.5, 1.0]]


def test_inverse_stays_inside_of_the_tile(both):
    def ask(client):
        client.save(tile("a", minX=-10, minY=-10, maxX=500, maxY=500), derive=False)
        return client.get("/z/1/world-to-local-coordinates/300,3").status_code

    assert answers(both, ask) == [500, 500]


def test_nested_references(both):
    shared = {
        "A": leaf("1 0 0 1 10 0", id="A"),
        "L": {"type": "list", "id": "L", "specList": [{"type": "ref", "refId": "A"}, leaf("1 0 0 1 0 5")]},
        "I": {
            "type": "interpolated",
            "id": "I",
            "a": {"type": "ref", "refId": "L"},
            "b": leaf("1 0 0 1 0 0"),
            "lambda": 0.5,
        },
    }
    inside = {"type": "list", "specList": [{"type": "ref", "refId": "L"}, {"type": "ref", "refId": "I"}]}

    def ask(client):
        status = client.save(tile("a", transforms=inside), shared=shared).status_code
        return status, client.get("/tile/a/local-to-world-coordinates/1,2").json()["world"][:2] if status == 201 else ""

    assert answers(both, ask) == [(400, ""), (201, [16.0, 9.5])]


def test_references_that_lead_nowhere_or_back_are_refused_all_the_same(both):
    missing = {"L": {"type": "list", "id": "L", "specList": [{"type": "ref", "refId": "gone"}]}}
    loop = {
        "L": {"type": "list", "id": "L", "specList": [{"type": "ref", "refId": "M"}]},
        "M": {"type": "list", "id": "M", "specList": [{"type": "ref", "refId": "L"}]},
    }
    inside = {"type": "list", "specList": [{"type": "ref", "refId": "L"}]}

    def ask(client):
        return [client.save(tile("a", transforms=inside), shared=shared).status_code for shared in (missing, loop)]

    assert answers(both, ask) == [[400, 400], [400, 400]]


def test_cross_origin_is_open_by_default(plain):
    answer = httpx.get(f"{plain.base_url}/owners", headers={"Origin": "http://viewer.example.org"})
    assert answer.headers["access-control-allow-origin"] == "http://viewer.example.org"
