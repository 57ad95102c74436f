"""Progress of work that is bigger than a request: a bar on a terminal, a line in the log now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["track"]

T = TypeVar("T")

_log = logging.getLogger(__name__)
_EVERY = 10.0


def track(items: Iterable[T], doing: str, total: int) -> Iterator[T]:
    """Yield items and show how far the work on them is.

    Parameters
    ----------
    items : iterable
        What is worked on.
    doing : str
        What is done, such as ``reading sections``.
    total : int
        Their number; a single one is not worth a bar.

    Yields
    ------
    object
        The items.
    """
    if total > 1 and sys.stderr.isatty():
        return _bar(items, doing, total)
    return _lines(items, doing, total)


def _bar(items: Iterable[T], doing: str, total: int) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import track as rich_track

    yield from rich_track(items, description=doing, total=total, console=Console(stderr=True), transient=True)


def _lines(items: Iterable[T], doing: str, total: int) -> Iterator[T]:
    last = time.monotonic()
    for done, item in enumerate(items):
        if time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            _log.info("%s: %d of %d", doing, done, total)
        yield item
