"""Pools of workers whose `map` takes several iterables, and which end when their block is left.

These are the classes of `render_io.external.processpools.stdlib_pool`, and `WithPool` of `render_io.client`.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from multiprocessing.pool import Pool, ThreadPool
from types import TracebackType
from typing import Any, Self

__all__ = ["WithDummyMapPool", "WithMultiprocessingPool", "WithPool", "WithThreadPool", "worker_count"]


_GLANCE = 0.5


def worker_count(poolsize: int | None, jobs: int) -> int:
    """Workers worth starting: no more than asked for, than there are processors, or than there are jobs; at least one.

    Parameters
    ----------
    poolsize : int, optional
        Most that may be started.
    jobs : int
        What there is to do.

    Returns
    -------
    int
        A positive number.
    """
    processors = os.cpu_count() or 1
    return max(1, min(poolsize or processors, processors, jobs))


def _arguments(iterables: tuple[Any, ...], chunksize: int | None) -> tuple[list[tuple[Any, ...]], int | None]:
    """Arguments of each call; a number in the place of the second iterable is the chunk size of the standard pools."""
    if len(iterables) > 1 and isinstance(iterables[-1], int):
        *rest, chunksize = iterables
        iterables = tuple(rest)
    columns = [list(iterable) for iterable in iterables]
    if len({len(column) for column in columns}) > 1:
        raise ValueError(f"iterables of different lengths: {[len(column) for column in columns]}")
    return list(zip(*columns, strict=True)), chunksize


def _called_with(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return function(*arguments)


def _called_from_bytes(content: bytes, arguments: tuple[Any, ...]) -> Any:
    return pickle.loads(content)(*arguments)


def _sendable(function: Callable[..., Any]) -> Callable[[tuple[Any, ...]], Any]:
    """Wrap a function so that it can be sent to another process, also a lambda where cloudpickle is installed."""
    try:
        pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        try:
            cloudpickle = import_module("cloudpickle")
        except ImportError:
            text = f"{function!r} can't be sent to another process: use a module's function, or install cloudpickle"
            raise TypeError(text) from error
        return partial(_called_from_bytes, cloudpickle.dumps(function))
    return partial(_called_with, function)


class _EndsWithBlock:
    """Leaves a block by finishing the work, or by dropping it when an error passes through."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()  # type: ignore[attr-defined]
        else:
            self.terminate()  # type: ignore[attr-defined]
        self.join()  # type: ignore[attr-defined]


class WithMultiprocessingPool(_EndsWithBlock, Pool):
    """Pool of processes.

    Parameters are those of `multiprocessing.pool.Pool`: the number of processes first.
    """

    def map(self, func: Callable[..., Any], *iterables: Iterable[Any], chunksize: int | None = None) -> list[Any]:  # type: ignore[override]
        """Call a function with the elements of one iterable, or of several side by side.

        Parameters
        ----------
        func : callable
            Anything that can be pickled; with cloudpickle installed, lambdas too.
        *iterables : iterable
            Of equal lengths. A number at the end is taken as `chunksize`.
        chunksize : int, optional
            Calls sent to a process at once.

        Returns
        -------
        list
            Results in order.

        Raises
        ------
        ValueError
            Iterables of different lengths.
        TypeError
            The function can't be sent.
        RuntimeError
            A worker died; the standard pool would wait for it for ever.
        """
        arguments, chunksize = _arguments(iterables, chunksize)
        workers = self._pids()
        result = self.map_async(_sendable(func), arguments, chunksize)
        while not result.ready():
            result.wait(_GLANCE)
            if not result.ready() and self._maxtasksperchild is None and not workers <= self._pids():  # type: ignore[attr-defined]
                self.terminate()
                raise RuntimeError("a worker process died, perhaps for want of memory: its work is lost")
        return result.get()

    def _pids(self) -> set[int | None]:
        return {process.pid for process in self._pool}  # type: ignore[attr-defined]


class WithThreadPool(_EndsWithBlock, ThreadPool):
    """Pool of threads.

    Parameters are those of `multiprocessing.pool.ThreadPool`: the number of threads first.
    """

    def map(self, func: Callable[..., Any], *iterables: Iterable[Any], chunksize: int | None = None) -> list[Any]:  # type: ignore[override]
        """Call a function with the elements of one iterable, or of several of equal lengths side by side."""
        arguments, chunksize = _arguments(iterables, chunksize)
        return super().map(partial(_called_with, func), arguments, chunksize)


class WithDummyMapPool:
    """No pool: calls one after the other, in this thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of a pool, which say nothing here."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing to end."""

    @staticmethod
    def map(*args: Any, **kwargs: Any) -> list[Any]:
        """Call a function, the first argument, with the elements of the iterables that follow."""
        func, *iterables = args
        arguments, _ = _arguments(tuple(iterables), kwargs.get("chunksize"))
        return [func(*call) for call in arguments]


WithPool = WithMultiprocessingPool
