"""Rates of the embedded service, one client over loopback, beside those of the Java service.

The work is that of the Java measurement: layers of a section of tiles (a shared lens, two affines), boxes derived by
the service, points mapped in batches, pairs of tiles with 100 matches each. Run as ``python -m benchmarks.service``;
``--small`` takes seconds and shows orders of magnitude only.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

import numpy as np
import orjson

ROOT = "/render-ws/v1"
STACK = "/owner/bench/project/p/stack/s"
MATCHES = "/owner/bench/matchCollection/m"
AFFINE = "mpicbg.trakem2.transform.AffineModel2D"
LENS = "mpicbg.trakem2.transform.NonLinearCoordinateTransform"
WIDTH, HEIGHT, PITCH = 2560, 2160, (2300.0, 1950.0)
START_TIMEOUT_S = 300.0

JAVA = {
    "import, boxes derived": (4_800, 6_400),
    "read resolved tiles": (24_000, 34_000),
    "read tile bounds": (136_000, 156_000),
    "local to world": (2_000, 3_600),
    "world to local": (160, 180),
    "one tile": (1_100, 1_400),
    "one world point": (110, 120),
    "save matches": (1_340, 1_470),
    "read matches": (2_800, 3_050),
}
"""Lower and higher of two runs of the Java service, warm, over an in-memory stand-in for its database."""


JAVA_MACHINE_MB_S = (370, 390)


@dataclass(frozen=True)
class Size:
    """How much is done: layers, tiles a layer, points a batch each way, pairs, single requests, rounds."""

    layers: int
    tiles: int
    local_points: int
    world_points: int
    pairs: int
    singles: int
    rounds: int


FULL = Size(layers=8, tiles=1227, local_points=5_000, world_points=2_000, pairs=2_000, singles=500, rounds=5)
SMALL = Size(layers=2, tiles=100, local_points=200, world_points=100, pairs=100, singles=50, rounds=2)


class Client:
    """One connection that sends what it is told."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Send one request and return the body of its answer; any status from 300 on is an error."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self._connection.request(method, ROOT + path, body, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {data[:300]!r}")
        return data


@contextmanager
def running_service() -> Iterator[Client]:
    """Start the service in a process of its own over an empty folder, and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([sys.executable, "-m", "benchmarks.service", "--serve", folder, str(port)])
        try:
            _wait_for(process, port)
            with closing(Client(port)) as client:
                yield client
        finally:
            process.terminate()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the service did not start")


# ---------------------------------------------------------------- the data


def _lens_text() -> str:
    """A lens of dimension 5 that bends the corners of the tile by some pixels."""
    from render_io import codecs
    from transforms import LensCorrection

    side = np.linspace(0.0, 1.0, 12)
    src = np.stack(np.meshgrid(side * WIDTH, side * HEIGHT), axis=-1).reshape(-1, 2)
    centred = src / (WIDTH, HEIGHT) - 0.5
    dst = src + 40.0 * centred * (centred**2).sum(axis=1, keepdims=True)
    lens = LensCorrection.from_estimate(src, dst, dimension=5, width=WIDTH, height=HEIGHT)
    return str(codecs.encode(lens)[1])


def _layer(z: int, size: Size, lens: dict[str, str], rng: np.random.Generator) -> bytes:
    columns = math.ceil(math.sqrt(size.tiles))
    tiles = {}
    for i in range(size.tiles):
        x, y = (i % columns) * PITCH[0], (i // columns) * PITCH[1]
        a, b, c, d, e, f = np.array([1.0, 0.0, 0.0, 1.0, x, y]) + rng.normal(0, [1e-3] * 4 + [5.0] * 2)
        leaf = {"type": "leaf", "className": AFFINE, "dataString": f"{a} {b} {c} {d} {e} {f}"}
        shift = {"type": "leaf", "className": AFFINE, "dataString": f"1 0 0 1 {rng.normal(0, 50)} {rng.normal(0, 50)}"}
        tile_id = f"{z}.{i:05d}"
        tiles[tile_id] = {
            "tileId": tile_id,
            "layout": {
                "sectionId": f"{z}.0",
                "temca": "0",
                "camera": "0",
                "imageRow": i // columns,
                "imageCol": i % columns,
            },
            "z": float(z),
            "width": WIDTH,
            "height": HEIGHT,
            "minIntensity": 0,
            "maxIntensity": 255,
            "mipmapLevels": {"0": {"imageUrl": f"file:/data/{tile_id}.tif", "maskUrl": "file:/data/mask.tif"}},
            "transforms": {"type": "list", "specList": [{"type": "ref", "refId": "LENS"}, leaf, shift]},
        }
    return orjson.dumps({"transformIdToSpecMap": {"LENS": lens}, "tileIdToSpecMap": tiles})


def _pairs(size: Size, rng: np.random.Generator) -> list[bytes]:
    def pair(i: int) -> dict[str, Any]:
        p, q = rng.uniform(0, WIDTH, (2, 2, 100)).tolist()
        return {
            "pGroupId": "1.0", "pId": f"p{i}", "qGroupId": "2.0", "qId": f"q{i}",
            "matches": {"p": p, "q": q, "w": [1.0] * 100},
        }  # fmt: skip

    every = [pair(i) for i in range(size.pairs)]
    return [orjson.dumps(every[k : k + 200]) for k in range(0, size.pairs, 200)]


# ---------------------------------------------------------------- the work


@dataclass(frozen=True)
class Rate:
    """A median rate, in things per second."""

    work: str
    unit: str
    median: float


def _timed(size: Size, count: int, work: Callable[[], object]) -> float:
    """Return the median rate of some rounds after a first one that warms up."""
    work()
    taken = []
    for _ in range(size.rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return count / statistics.median(taken)


def measure(client: Client, size: Size) -> Iterator[Rate]:
    """Do all the work and give the rates one by one."""
    rng = np.random.default_rng(20)
    lens = {"type": "leaf", "id": "LENS", "className": LENS, "dataString": _lens_text()}
    layers = [_layer(z, size, lens, rng) for z in range(1, size.layers + 1)]
    tiles = size.layers * size.tiles

    def import_all() -> None:
        client.send("DELETE", STACK)
        client.send("POST", STACK, b"{}")
        for body in layers:
            client.send("PUT", STACK + "/resolvedTiles?deriveData=true", body)

    yield Rate("import, boxes derived", "tiles/s", _timed(size, tiles, import_all))
    client.send("PUT", STACK + "/state/COMPLETE")
    for work, path in (("read resolved tiles", "resolvedTiles"), ("read tile bounds", "tileBounds")):
        read = partial(client.send, "GET", f"{STACK}/z/1.0/{path}")
        yield Rate(work, "tiles/s", _timed(size, size.tiles, read))
    yield from _coordinates(client, size, rng)
    yield from _matches(client, size, rng)


def _coordinates(client: Client, size: Size, rng: np.random.Generator) -> Iterator[Rate]:
    ids = [f"{1 + i % size.layers}.{i // size.layers % size.tiles:05d}" for i in range(size.local_points)]
    local = [
        {"tileId": t, "local": xy} for t, xy in zip(ids, rng.uniform(50, 2000, (len(ids), 2)).tolist(), strict=True)
    ]
    body = orjson.dumps(local)
    rate = _timed(size, len(ids), lambda: client.send("PUT", STACK + "/local-to-world-coordinates", body))
    yield Rate("local to world", "points/s", rate)
    extent = math.sqrt(size.tiles) * PITCH[0] * 0.8
    world = [{"world": xy} for xy in rng.uniform(PITCH[0], extent, (size.world_points, 2)).tolist()]
    asked = orjson.dumps(world)
    rate = _timed(size, len(world), lambda: client.send("PUT", STACK + "/z/1.0/world-to-local-coordinates", asked))
    yield Rate("world to local", "points/s", rate)

    def tile_by_tile() -> None:
        for i in range(size.singles):
            client.send("GET", f"{STACK}/tile/{quote(ids[i % len(ids)])}")

    def point_by_point() -> None:
        for i in range(size.singles):
            x, y = world[i % len(world)]["world"]
            client.send("GET", f"{STACK}/z/1.0/world-to-local-coordinates/{x!r},{y!r}")

    yield Rate("one tile", "requests/s", _timed(size, size.singles, tile_by_tile))
    yield Rate("one world point", "requests/s", _timed(size, size.singles, point_by_point))


def _matches(client: Client, size: Size, rng: np.random.Generator) -> Iterator[Rate]:
    bodies = _pairs(size, rng)

    def save_all() -> None:
        for body in bodies:
            client.send("PUT", MATCHES + "/matches", body)

    yield Rate("save matches", "pairs/s", _timed(size, size.pairs, save_all))
    read = _timed(size, size.pairs, lambda: client.send("GET", MATCHES + "/group/1.0/matchesWith/2.0"))
    yield Rate("read matches", "pairs/s", read)


def machine_speed() -> float:
    """Return at how many MB/s the standard `json` reads a layer: what tells this machine from the other one."""
    text = _layer(1, FULL, {}, np.random.default_rng(1)).decode()
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        json.loads(text)
        taken.append(time.perf_counter() - start)
    return len(text) / 1e6 / min(taken)


def run(size: Size) -> list[Rate]:
    """Measure and print a line for each kind of work, as soon as it is done."""
    low, high = JAVA_MACHINE_MB_S
    print(f"json.loads: {machine_speed():.0f} MB/s here and now, {low} - {high} MB/s where and when Java was measured")
    print(f"{'work':24}{'ours':>12}  {'':12}{'Java':>18}{'ratio':>9}")
    rates = []
    with running_service() as client:
        for rate in measure(client, size):
            low, high = JAVA[rate.work]
            ratio = rate.median / high
            print(f"{rate.work:24}{rate.median:12,.0f}  {rate.unit:12}{low:9,} - {high:6,}{ratio:8.1f}x", flush=True)
            rates.append(rate)
    return rates


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Rates of the embedded service beside those of the Java service.")
    parser.add_argument("--small", action="store_true", help="a few seconds, to see that it works")
    parser.add_argument("--serve", nargs=2, metavar=("DIR", "PORT"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve:
        from render_io.server import serve

        serve(options.serve[0], port=int(options.serve[1]))
    else:
        run(SMALL if options.small else FULL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
