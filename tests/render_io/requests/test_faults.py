"""Faults between client and service, by a real proxy: each ends in success or in a typed error, never in a part.

A stack counts as complete only when all its tiles are there.
"""

from __future__ import annotations

import socket

import pytest

from render_io import client, http, pointmatch, resolvedtiles, stack, tilespec
from render_io._requests import uploads
from render_io.client.pools import WithThreadPool
from render_io.errors import RenderError, RequestError
from render_io.render import Render
from render_io.tilespec import TileSpec
from tests.render_io.requests.proxy import faulty_proxy

TILES = [TileSpec(tileId=f"t{index:02d}", z=1, width=10, height=10, minint=0, maxint=255) for index in range(12)]
SAFE_FAULTS = ["reset", "lost", "502", "503", "503-after", "slow", "twice"]


@pytest.fixture(scope="module", autouse=True)
def warm(embedded):
    """Have the service compile what it needs, so that no timeout is too short for that."""
    where = {"host": embedded.host, "port": embedded.port, "owner": "Fwarm", "project": "p"}
    stack.create_stack("s", **where)
    resolvedtiles.put_tilespecs("s", tilespecs=TILES, **where)


@pytest.fixture
def proxy(embedded):
    with faulty_proxy(embedded.host, embedded.port, delay=4.0) as running:
        yield running


@pytest.fixture
def render(proxy, request, monkeypatch):
    monkeypatch.setattr(http, "RETRIES", http.RETRIES.new(backoff_factor=0))
    monkeypatch.setattr(http, "TIMEOUT", (5.0, 1.5 if "slow" in request.node.name else 60.0))
    monkeypatch.setattr(uploads, "_TILES_PER_REQUEST", 5)
    name = "".join(c for c in request.node.name if c.isalnum())
    return Render(host="http://127.0.0.1", port=proxy.port, owner=f"F{name}", project="p")


def stored(embedded, render):
    """Ids of the tiles and state of the stack, asked for without the proxy."""
    direct = Render(host=embedded.host, port=embedded.port, owner=render.DEFAULT_OWNER, project="p")
    state = stack.get_full_stack_metadata("s", render=direct)["state"]
    return stack.get_stack_tileIds("s", render=direct), state


@pytest.mark.parametrize("fault", SAFE_FAULTS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_import_survives_one_fault_anywhere(embedded, proxy, render, fault, place):
    stack.create_stack("s", render=render)
    proxy.faults = ["ok"] * place + [fault]
    resolvedtiles.put_tilespecs("s", tilespecs=TILES, render=render)
    stack.set_stack_state("s", "COMPLETE", render=render)
    assert stored(embedded, render) == ([tile.tileId for tile in TILES], "COMPLETE")
    assert proxy.faults == []


@pytest.mark.parametrize("fault", ["lost", "503", "slow"])
def test_an_import_that_cannot_be_saved_says_how_far_it_came(embedded, proxy, render, fault):
    stack.create_stack("s", render=render)
    proxy.faults = ["ok"] + [fault] * 20
    with pytest.raises(RequestError, match="5 of 12 tiles are saved"):
        client.import_tilespecs("s", TILES, use_rest=True, render=render)
    assert stored(embedded, render)[1] == "LOADING"


def test_a_parallel_import_that_fails_is_not_completed(embedded, proxy, render):
    stack.create_stack("s", render=render)
    proxy.faults = ["ok", "ok"] + ["503"] * 40
    with pytest.raises(RenderError):
        client.import_tilespecs_parallel("s", TILES, mpPool=WithThreadPool, max_tilespecs_per_group=3, render=render)
    assert stored(embedded, render)[1] == "LOADING"
    proxy.faults = []
    client.import_tilespecs_parallel("s", TILES, mpPool=WithThreadPool, max_tilespecs_per_group=3, render=render)
    assert stored(embedded, render) == ([tile.tileId for tile in TILES], "COMPLETE")


@pytest.mark.parametrize("fault", SAFE_FAULTS)
def test_reading_survives_a_fault(proxy, render, fault):
    stack.create_stack("s", render=render)
    resolvedtiles.put_tilespecs("s", tilespecs=TILES, render=render)
    for read in (
        lambda: [tile.tileId for tile in tilespec.get_tile_specs_from_z("s", 1, render=render)],
        lambda: stack.get_stack_tileIds("s", render=render),
        lambda: [tile.tileId for tile in resolvedtiles.get_resolved_tiles_from_z("s", 1, render=render).tilespecs],
    ):
        proxy.faults = [fault]
        assert read() == [tile.tileId for tile in TILES]


def test_truncated_json_is_an_error_of_its_own(proxy, render):
    stack.create_stack("s", render=render)
    resolvedtiles.put_tilespecs("s", tilespecs=TILES, render=render)
    for read in (
        lambda: tilespec.get_tile_specs_from_z("s", 1, render=render),
        lambda: stack.get_stack_tileIds("s", render=render),
        lambda: list(http.iter_json(None, f"http://127.0.0.1:{proxy.port}/render-ws/v1/owners")),
        lambda: tilespec.get_tile_spec("s", "t01", render=render),
    ):
        proxy.faults = ["truncated"]
        with pytest.raises(RequestError, match=r"not (a )?JSON"):
            read()


@pytest.mark.parametrize("fault", ["reset", "lost", "502", "503-after", "slow"])
def test_what_must_not_be_repeated_is_sent_once(embedded, proxy, render, fault):
    stack.create_stack("s", render=render)
    stack.create_stack("other", render=render)
    for once in (
        lambda: stack.create_stack("s", render=render),
        lambda: stack.rename_stack("other", "renamed", render=render),
        lambda: stack.clone_stack("s", "copy", close_stack=False, render=render),
    ):
        proxy.requests.clear()
        proxy.faults = [fault]
        try:
            once()
        except RequestError:
            pass
        else:
            assert fault == "reset"  # an answer without a body can't be broken in it
        assert len(proxy.requests) == 1


@pytest.mark.parametrize("fault", SAFE_FAULTS)
def test_matches_are_saved_and_read_whole(proxy, render, fault):
    points = [[float(index) for index in range(50)]] * 2
    pair = {"pGroupId": "1", "pId": "a", "qGroupId": "2", "qId": "b"}
    pair |= {"matches": {"p": points, "q": points, "w": [1.0] * 50}}
    proxy.faults = [fault]
    pointmatch.import_matches("c", [pair], render=render)
    proxy.faults = [fault]
    (found,) = pointmatch.get_matches_within_group("c", "1", render=render) or pointmatch.get_matches_outside_group(
        "c", "1", render=render
    )
    assert found["matches"] == pair["matches"]


def test_a_refused_connection_is_tried_again_and_then_an_error(render, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setattr(http.time, "sleep", lambda _: None)
    for ask in (
        lambda: stack.get_stack_bounds("s", port=port, render=render),
        lambda: stack.create_stack("s", port=port, render=render),
    ):
        with pytest.raises(RequestError, match="after 4 tries") as caught:
            ask()
        assert caught.value.status is None


def test_a_broken_list_breaks_off_while_it_is_read(proxy, render):
    stack.create_stack("s", render=render)
    url = f"http://127.0.0.1:{proxy.port}/render-ws/v1/owners"
    proxy.faults = ["reset"]
    with pytest.raises(RequestError):
        list(http.iter_json(None, url))
