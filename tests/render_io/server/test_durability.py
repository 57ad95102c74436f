"""A service that is killed loses nothing that it had answered, and keeps nothing of what it had only half done."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from tests.render_io.server.running import running

SERVE = "import sys; from render_io.server import serve; serve(sys.argv[1], port=int(sys.argv[2]))"
BASE = "/render-ws/v1/owner/o"
PAIRS_PER_REQUEST = 20
WRITERS = 4


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started(folder):
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(folder), str(port)])
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx.get(url + "/render-ws/v1/owners")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return process, url
    process.kill()
    pytest.fail("the service did not start")


def write_until_killed(url, writer, acknowledged):
    with httpx.Client(base_url=url, timeout=30) as client:
        for number in range(10_000):
            names = [f"{writer}.{number}.{i}" for i in range(PAIRS_PER_REQUEST)]
            points = {"p": [[1.5] * 50] * 2, "q": [[2.5] * 50] * 2, "w": [1.0] * 50}
            body = [{"pGroupId": "1", "pId": n, "qGroupId": "2", "qId": n, "matches": points} for n in names]
            try:
                answer = client.put(BASE + "/matchCollection/m/matches", json=body)
            except httpx.TransportError:
                return
            assert answer.status_code == 201
            acknowledged.extend(names)


@pytest.mark.jit_only
def test_a_killed_service_keeps_every_answered_save_whole(tmp_path):
    process, url = started(tmp_path)
    acknowledged = []
    writers = [threading.Thread(target=write_until_killed, args=(url, w, acknowledged)) for w in range(WRITERS)]
    try:
        for writer in writers:
            writer.start()
        while len(acknowledged) < 20 * PAIRS_PER_REQUEST:
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait()
    for writer in writers:
        writer.join()
    with running(tmp_path) as client:
        found = client.get(BASE + "/matchCollection/m/group/1/matchesWith/2").json()
    assert all(len(each["matches"]["w"]) == each["matchCount"] == 50 for each in found)
    stored = {each["pId"] for each in found}
    assert set(acknowledged) <= stored
    requests = {}
    for name in stored:
        requests.setdefault(name.rsplit(".", 1)[0], []).append(name)
    assert {len(names) for names in requests.values()} == {PAIRS_PER_REQUEST}
