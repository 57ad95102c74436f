"""Many clients at once: no lost write, no torn read, no error that the API does not define."""

from __future__ import annotations

import random
import threading

import pytest

from render_io.server import EmbeddedService
from tests.render_io.server.stack_client import StackClient, tile

pytestmark = pytest.mark.jit_only
CLIENTS = 24
ROUNDS = 12
TILES = 20


@pytest.fixture
def service(tmp_path):
    with EmbeddedService(tmp_path) as running:
        yield running


def in_threads(work, count):
    problems = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=guarded, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_no_write_is_lost_and_no_read_is_torn(service):
    """Every writer moves its own layer as a whole; a reader must never see two versions of it."""
    with StackClient(service.base_url) as client:
        client.create()

    def layer(number, version):
        return [tile(f"{number}.{i}", z=number, x=1000.0 * version, groupId=str(version)) for i in range(TILES)]

    def work(number):
        dice = random.Random(number)
        with StackClient(service.base_url) as client:
            for version in range(ROUNDS):
                assert client.save(*layer(number, version)).status_code == 201
                other = dice.randrange(CLIENTS)
                answer = client.get(f"/z/{other}/resolvedTiles")
                assert answer.status_code in (200, 404)
                if answer.status_code == 200:
                    tiles = answer.json()["tileIdToSpecMap"].values()
                    assert len(tiles) == TILES
                    assert len({(t["groupId"], t["minX"]) for t in tiles}) == 1
                assert client.get(f"/z/{number}/bounds").json()["minX"] == 1000.0 * version

    in_threads(work, CLIENTS)
    with StackClient(service.base_url) as client:
        assert len(client.get("/tileIds").json()) == CLIENTS * TILES
        assert client.state("COMPLETE").status_code == 201
        stats = client.get("").json()["stats"]
        assert (stats["tileCount"], stats["sectionCount"]) == (CLIENTS * TILES, CLIENTS)


def test_closing_a_stack_shuts_writers_out_at_once(service):
    """What was answered with success before the close is in the stats; what came later was refused."""
    with StackClient(service.base_url) as client:
        client.create()
        client.save(tile("first"))
    saved = [1]
    lock = threading.Lock()

    def work(number):
        with StackClient(service.base_url) as client:
            if number == 0:
                assert client.state("COMPLETE").status_code == 201
                return
            for i in range(30):
                status = client.save(tile(f"{number}.{i}")).status_code
                assert status in (201, 500)
                if status == 500:
                    return
                with lock:
                    saved[0] += 1

    in_threads(work, 6)
    with StackClient(service.base_url) as client:
        assert client.get("").json()["stats"]["tileCount"] == saved[0]
        assert len(client.get("/tileIds").json()) == saved[0]
