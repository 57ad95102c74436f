"""Tiles whose save was answered survive a kill of the service; a batch is there whole or not at all."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from render_io.server import EmbeddedService
from tests.render_io.server.stack_client import StackClient, tile
from tests.render_io.server.test_durability import started

WRITERS = 3
BATCH = 25
ENOUGH = 30


def write_until_killed(url, writer, answered):
    with StackClient(url + "/render-ws/v1") as client:
        for number in range(10_000):
            tiles = [tile(f"{writer}.{number}.{i}", z=float(writer)) for i in range(BATCH)]
            try:
                answer = client.save(*tiles)
            except httpx.TransportError:
                return
            assert answer.status_code == 201
            answered.append(f"{writer}.{number}")


@pytest.mark.jit_only
def test_a_killed_service_keeps_every_answered_batch_whole(tmp_path):
    process, url = started(tmp_path)
    answered = []
    try:
        with StackClient(url + "/render-ws/v1") as client:
            client.create()
            first = [tile(f"0.first.{i}", z=0.0) for i in range(BATCH)]
            assert client.save(*first).status_code == 201  # the first boxes may have to wait for kernels to compile
        writers = [threading.Thread(target=write_until_killed, args=(url, w, answered)) for w in range(WRITERS)]
        for writer in writers:
            writer.start()
        while len(answered) < ENOUGH and any(writer.is_alive() for writer in writers):
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait()
    for writer in writers:
        writer.join()
    with EmbeddedService(tmp_path) as service, StackClient(service.base_url) as client:
        stored = client.get("/tileIds").json()
        boxes = [box for w in range(WRITERS) for box in client.get(f"/z/{w}/tileBounds").json()]
    batches = {}
    for tile_id in stored:
        batches.setdefault(tile_id.rsplit(".", 1)[0], []).append(tile_id)
    assert set(answered) <= set(batches)
    assert {len(batch) for batch in batches.values()} == {BATCH}
    assert len(boxes) == len(stored)
    assert all(box["maxX"] == 100.0 for box in boxes)
