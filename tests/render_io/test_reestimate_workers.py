"""The same bytes whatever the workers, also when they, or the whole job, are killed."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from render_io._reestimate import executors as _executors
from render_io.errors import RenderError, StoreError
from render_io.reestimate import Options, local_executor, reestimate
from render_io.stores import open_sink, open_source
from tests.render_io import stacks

OPTIONS = Options("polynomial", order=2, samples=5)
COMMAND = [sys.executable, "-m", "render_io.cli", "reestimate"]


@pytest.fixture
def source(tmp_path):
    return stacks.write_stack(tmp_path / "source", 12, 6)


@pytest.fixture
def expected(tmp_path, source):
    job(source, tmp_path / "expected")
    return stacks.content(tmp_path / "expected")


def job(source, sink, executor=None, *, resume=False, **options):
    with open_sink(sink, resume=resume) as target:
        return reestimate(open_source(source), target, OPTIONS, executor=executor, **options)


class Inline:
    """The least that an executor can be."""

    def __init__(self):
        self.most = self.now = 0

    def submit(self, function, *arguments):
        self.now += 1
        self.most = max(self.most, self.now)
        future: Future = Future()
        future.set_result(function(*arguments))
        inner = future.result

        def result(timeout=None):
            self.now -= 1
            return inner(timeout)

        future.result = result
        return future


@pytest.mark.parametrize("kind", ["directory", "file"])
@pytest.mark.parametrize("make", [Inline, lambda: ThreadPoolExecutor(1), lambda: ThreadPoolExecutor(7)])
def test_same_bytes_on_every_executor(tmp_path, source, expected, kind, make):
    if kind == "directory":
        summary = job(source, tmp_path / "b", make())
        assert stacks.content(tmp_path / "b") == expected
    else:
        summary = job(source, tmp_path / "b.json", make())
        job(source, tmp_path / "c.json")
        assert (tmp_path / "b.json").read_bytes() == (tmp_path / "c.json").read_bytes()
    assert [row.name for row in summary.sections][:3] == [row.name for row in job(source, tmp_path / "d").sections][:3]
    assert (summary.tiles, summary.bad) == (72, 0)


@pytest.mark.jit_only
@pytest.mark.slow
def test_same_bytes_from_processes(tmp_path, source, expected):
    with local_executor(2) as executor:
        summary = job(source, tmp_path / "b", executor)
    assert stacks.content(tmp_path / "b") == expected
    assert summary.worst == job(source, tmp_path / "c").worst


def test_sections_in_flight_are_bounded(tmp_path, source):
    executor = Inline()
    job(source, tmp_path / "b", executor, in_flight=3)
    assert executor.most == 3
    executor = Inline()
    job(source, tmp_path / "b.json", executor, in_flight=2)
    assert executor.most == 2


def test_progress_comes_in_order(tmp_path, source):
    names = []
    job(source, tmp_path / "b", ThreadPoolExecutor(4), progress=lambda result: names.append(result.name))
    assert names == [f"s{z}" for z in range(12)]


def test_resume_does_not_write_again_and_tells_the_same(tmp_path, source, expected):
    first = job(source, tmp_path / "b")
    (tmp_path / "b" / "s7.json").unlink()
    (tmp_path / "b" / "s9.json").write_text("[{")
    stamps = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "b").iterdir()}
    second = job(source, tmp_path / "b", resume=True)
    assert stacks.content(tmp_path / "b") == expected
    again = {name for name, stamp in stamps.items() if (tmp_path / "b" / name).stat().st_mtime_ns != stamp}
    assert again == {"s9.json"}
    assert (second.tiles, second.resumed) == (72, 60)
    assert (second.rms, second.worst) == (first.rms, first.worst)


@pytest.mark.jit_only
@pytest.mark.slow
@pytest.mark.parametrize("sink", ["b", "b.json"])
def test_killed_and_resumed(tmp_path, sink):
    """Killed at any moment, the stack is whole sections; resumed, it is as if nothing had been."""
    source = stacks.write_stack(tmp_path / "source", 30, 100)
    job(source, tmp_path / f"expected-{sink}")
    arguments = [*COMMAND, str(source), str(tmp_path / sink), "--model", "polynomial", "--samples", "5"]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline and not _begun(tmp_path / sink, source):
        time.sleep(0.002)
    process.kill()
    process.wait()
    if sink == "b":
        written = stacks.content(tmp_path / sink)
        assert written
        assert all(stacks.read_json(tmp_path / sink / name) for name in written)
    done = subprocess.run([*arguments, "--resume"], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    if sink == "b":
        assert stacks.content(tmp_path / sink) == stacks.content(tmp_path / "expected-b")
    else:
        assert (tmp_path / sink).read_bytes() == (tmp_path / "expected-b.json").read_bytes()


def _begun(sink, source):
    """Whether the job is in its middle: a few sections are written, or the work has been going on for a moment."""
    if sink.suffix:
        time.sleep(3.0)
        return True
    return sink.exists() and len(list(sink.glob("*.json"))) >= 3


def _suicide(job, part):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_dead_worker_process_is_told(tmp_path, source, monkeypatch):
    with ProcessPoolExecutor(1, get_context("spawn")) as pool, pytest.raises(RenderError, match="--resume"):
        list(_executors.results(pool, _suicide, [(1, 2), (3, 4)], 2))


def test_an_unwritable_sink_ends_the_job(tmp_path, source, monkeypatch):
    with open_sink(tmp_path / "b") as sink:

        def write(section):
            raise StoreError("full")

        monkeypatch.setattr(sink, "write", write)
        with pytest.raises(StoreError, match="full"):
            reestimate(open_source(source), sink, OPTIONS, executor=Inline())


# -- Dask --------------------------------------------------------------------------------------------------------------


PATIENCE = {
    # A worker that loads or compiles kernels answers late, the more so on a busy machine; that must not count as dead.
    "distributed.comm.timeouts.connect": "300s",
    "distributed.comm.timeouts.tcp": "300s",
    "distributed.scheduler.worker-ttl": None,
    "distributed.scheduler.allowed-failures": 20,
}


@pytest.fixture
def cluster():
    distributed = pytest.importorskip("distributed")
    from dask import config

    with (
        config.set(PATIENCE),
        distributed.LocalCluster(
            n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster, timeout="300s") as client,
    ):
        yield client
    gc.collect()  # Sockets to the dead are closed here, where warnings about it are expected.


@pytest.mark.jit_only
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # A worker that is killed leaves sockets behind.
def test_a_dask_cluster_that_loses_a_worker(tmp_path, cluster):
    source = stacks.write_stack(tmp_path / "source", 40, 50)
    job(source, tmp_path / "expected")
    seen, victims = [], list(cluster.run(os.getpid).values())

    def progress(result):
        seen.append(result.name)
        if len(seen) == 5:
            os.kill(victims[0], signal.SIGKILL)

    summary = job(source, tmp_path / "b", cluster, in_flight=12, progress=progress)
    assert seen == [f"s{z}" for z in range(40)]
    assert summary.tiles == 2000
    # Whatever the dead one was about to write is hidden, and no part of the stack.
    assert stacks.content(tmp_path / "b") == stacks.content(tmp_path / "expected")


class KilledWorkerError(Exception):
    """What a cluster says when it gives up."""


KilledWorkerError.__module__ = "distributed.scheduler"


def test_a_cluster_that_gives_up_is_told(tmp_path, source):
    class GivesUp(Inline):
        def submit(self, function, *arguments):
            future: Future = Future()
            future.set_exception(KilledWorkerError("the task was on workers that died"))
            return future

    with pytest.raises(RenderError, match="--resume"):
        job(source, tmp_path / "b", GivesUp())


def test_collections_are_rare_only_inside():
    before = gc.get_threshold()
    with _executors.rare_collections:
        with _executors.rare_collections:
            assert gc.get_threshold() != before
        assert gc.get_threshold() != before
    assert gc.get_threshold() == before
