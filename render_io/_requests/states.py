"""One policy for writing into a COMPLETE stack: it is re-opened, as the Java clients do, and the log says so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from render_io import http
from render_io._requests.urls import join
from render_io.errors import RequestError

__all__ = ["reopening"]

T = TypeVar("T")

_log = logging.getLogger(__name__)


def reopening(session: Any, stack_address: str, write: Callable[[], T]) -> T:
    """Write into a stack; when it is COMPLETE, set it LOADING and write again.

    Parameters
    ----------
    session : requests.Session
        Connection to use.
    stack_address : str
        Address of the stack.
    write : callable
        Sends the request.

    Returns
    -------
    object
        What `write` returned.

    Raises
    ------
    RequestError
        What `write` raised, for other reasons than the state COMPLETE. A READ_ONLY stack stays as it is.
    """
    try:
        return write()
    except RequestError as error:
        if not _is_complete(error):
            raise
    _log.warning("%s is COMPLETE: re-opened for writing, its stats and bounds are gone until it is completed again",
                 http.redact(stack_address))  # fmt: skip
    http.put_json(session, join(stack_address, "state", "LOADING"), None)
    return write()


def _is_complete(error: RequestError) -> bool:
    text = error.body or ""
    return error.status in (400, 500) and "LOADING" in text and "is COMPLETE" in text
