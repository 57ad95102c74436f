"""The pool that used to need pathos: several iterables and, with cloudpickle, lambdas."""

from __future__ import annotations

from typing import Any

from render_io.client.pools import WithMultiprocessingPool

__all__ = ["PathosWithPool"]


class PathosWithPool(WithMultiprocessingPool):
    """Pool of processes.

    Parameters
    ----------
    *args
        The number of processes, or nothing for one per processor.
    **kwargs
        ``nodes`` or ``ncpus``, pathos' names of that number, or what `multiprocessing.pool.Pool` takes.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        numbers = [kwargs.pop(name) for name in ("nodes", "ncpus") if name in kwargs]
        super().__init__(*(args or numbers[:1]), **kwargs)
