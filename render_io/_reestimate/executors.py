"""Tasks on executors: a bounded number in flight, results in order.

An executor is anything with ``submit(function, *arguments)`` whose futures have ``result`` and ``cancel``: those of
`concurrent.futures`, and the client of a Dask cluster.
"""

from __future__ import annotations

import gc
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context
from typing import Any, Final, Protocol, TypeVar

from render_io.errors import RenderError
from transforms import _jit

__all__ = ["Executor", "connected", "local_executor", "rare_collections", "results", "shared_cores"]

R = TypeVar("R")

THREADS = min(max(_jit.thread_count(), 2), 3)
"""Sections in work at a time in one process: while one is read, another is computed and a third is written. On two
cores a third would only wait, and waking it costs a fifth of the whole work."""


class Future(Protocol):
    """What is needed of the answer to a task."""

    def result(self) -> Any: ...

    def cancel(self) -> object: ...


class Executor(Protocol):
    """Where tasks run."""

    def submit(self, fn: Callable[..., Any], /, *arguments: Any) -> Any: ...


def results(
    executor: Executor, function: Callable[..., R], arguments: Iterable[tuple[Any, ...]], in_flight: int
) -> Iterator[R]:
    """Run a function over many arguments.

    Parameters
    ----------
    executor : Executor
        Where it runs.
    function : callable
        A top-level function when the executor is another process.
    arguments : iterable of tuple
        Taken as the tasks are submitted, never further ahead.
    in_flight : int
        Most tasks at a time whose results have not been taken: what bounds the memory.

    Yields
    ------
    object
        Results in the order of the arguments, however the workers take turns.

    Raises
    ------
    RenderError
        A worker process died, or was killed, and the executor did not replace it.
    """
    pending: deque[Future] = deque()
    try:
        for task in arguments:
            pending.append(executor.submit(function, *task))
            if len(pending) >= in_flight:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenExecutor as error:
        raise _lost(error) from error
    except Exception as error:
        # The classes of a cluster's own errors are not imported for this.
        if type(error).__module__.partition(".")[0] == "distributed":
            raise _lost(error) from error
        raise
    finally:
        for future in pending:
            future.cancel()


def _lost(error: Exception) -> RenderError:
    return RenderError(f"a worker process died ({error}); what is written stays: run again with --resume")


class _RareCollections(AbstractContextManager[None]):
    """While any thread is inside, cyclic garbage is looked for seldom.

    JSON values hold no cycles, but millions of them make each look through all of them a third of the whole work.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = gc.get_threshold()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = gc.get_threshold()
                gc.set_threshold(200_000, 50, 1000)
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                gc.set_threshold(*self._before)


rare_collections: Final = _RareCollections()
"""A context for work on whole sections; the thresholds are put back when the last one leaves."""


@contextmanager
def shared_cores() -> Iterator[None]:
    """While sections are worked on side by side in this process, each has its share of the cores for its kernels.

    Slices of a small section cost more to hand over than to work on.
    """
    before = _jit._thread_count
    _jit.set_thread_count(max(1, _jit.thread_count() // THREADS))
    try:
        yield
    finally:
        _jit.set_thread_count(before)


@contextmanager
def local_executor(workers: int) -> Iterator[Executor]:
    """Open an executor on this machine.

    Parameters
    ----------
    workers : int
        One: threads of this process, whose kernels use all cores. More: as many processes, since reading and writing
        JSON keeps one core of a process busy.

    Yields
    ------
    Executor
        Closed, and its running tasks waited for, at the end.
    """
    if workers == 1:
        pool: ThreadPoolExecutor | ProcessPoolExecutor = ThreadPoolExecutor(THREADS, "render-io")
    else:
        share = max(1, (os.cpu_count() or 1) // workers)
        # Not fork: threads of the parent hold locks that the child would wait for.
        pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_limit_threads, initargs=(share,))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _limit_threads(count: int) -> None:
    _jit.set_thread_count(count)


@contextmanager
def connected(address: str) -> Iterator[Executor]:
    """Connect to a Dask cluster.

    Parameters
    ----------
    address : str
        Of its scheduler, such as ``tcp://host:8786``.

    Yields
    ------
    Executor
        The client; left at the end, while the cluster goes on.

    Raises
    ------
    RenderError
        Dask is not installed, or there is no scheduler.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise RenderError("expected dask for a scheduler: install render-transforms[dask]") from error
    try:
        client = Client(address, timeout="20s")  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise RenderError(f"can't reach a Dask scheduler at {address}: {error}") from error
    with client:
        yield client
