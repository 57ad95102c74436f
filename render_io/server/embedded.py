"""Running the service: on a thread of this process, or as the process's only work."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import uvicorn
from fastapi import FastAPI

from render_io.errors import StoreError
from render_io.server.app import MAX_BODY_BYTES, Options, create_app
from render_io.server.routing import BASE

__all__ = ["EmbeddedService", "serve"]

log = logging.getLogger(__name__)
KEEP_ALIVE_S = 75
SHUTDOWN_S = 10
START_S = 30.0


def _config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        lifespan="on",
        ws="none",
    )


def serve(
    data_dir: str | os.PathLike[str],
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    options: Options | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    started: Callable[[str], None] | None = None,
) -> None:
    """Run the service until the process is told to stop.

    Parameters
    ----------
    data_dir : path
        Folder of the database; made when absent.
    host : str
        Address to listen on. The service knows no users: whoever reaches it may read and change everything, so leave
        this machine only behind something that does.
    port : int
        Port to listen on; 0 takes any free one.
    options : Options, optional
        Better behaviour in place of Java's.
    max_body_bytes : int
        A longer request body is refused.
    started : callable, optional
        Called with the address of the API once connections are taken.

    Raises
    ------
    StoreError
        The address can't be listened on, or the data folder can't be used.
    """
    if not _is_loopback(host):
        log.warning("listening on %s: the service knows no users, whoever reaches it may change everything", host)
    try:
        app = create_app(data_dir, options=options, max_body_bytes=max_body_bytes)
    except (OSError, ValueError, sqlite3.Error) as error:
        raise StoreError(f"can't use {data_dir} as data folder: {error}", str(data_dir)) from error
    try:
        listener = _listen(host, port)
    except OSError as error:
        raise StoreError(f"can't listen on {host}:{port}: {error.strerror or error}") from error
    with listener:
        if started is not None:
            started(_base_url(host, int(listener.getsockname()[1])))
        threading.Thread(target=app.state.mapper.warm_up, name="render-ws-warm-up", daemon=True).start()
        uvicorn.Server(_config(app, host, port)).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY on every connection: the two writes of an answer, head and body,
    # would else wait 40 ms for each other.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except BaseException:
        listener.close()
        raise
    return listener


def _base_url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}{BASE}" if ":" in host else f"http://{host}:{port}{BASE}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class EmbeddedService:
    """The service on a thread, reachable over HTTP; a context manager.

    Parameters
    ----------
    data_dir : path, optional
        Folder of the database; a temporary one, removed at the end, when not given.
    host : str
        Address to listen on.
    port : int
        Port to listen on; 0 takes any free one.
    options : Options, optional
        Better behaviour in place of Java's.
    max_body_bytes : int
        A longer request body is refused.

    Attributes
    ----------
    host : str
        Address that it listens on.
    port : int
        Port that it listens on, once started.
    base_url : str
        Such as ``http://127.0.0.1:40123/render-ws/v1``.

    Examples
    --------
    >>> with EmbeddedService() as service:  # doctest: +SKIP
    ...     requests.get(service.base_url + "/owners").json()
    []
    """

    def __init__(
        self,
        data_dir: str | os.PathLike[str] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        options: Options | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self.host = host
        self.port = port
        self._data_dir = None if data_dir is None else Path(data_dir)
        self._options = options
        self._max_body_bytes = max_body_bytes
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """Address of the API."""
        return _base_url(self.host, self.port)

    def start(self) -> EmbeddedService:
        """Start the thread and return when requests are answered.

        Returns
        -------
        EmbeddedService
            Itself.

        Raises
        ------
        RuntimeError
            When it is running already, or does not come up.
        OSError
            When the port is taken.
        """
        if self._thread is not None:
            raise RuntimeError("the service is running already")
        listener = _listen(self.host, self.port)
        self.port = int(listener.getsockname()[1])
        try:
            folder = self._data_dir
            if folder is None:
                self._temporary = tempfile.TemporaryDirectory(prefix="render-ws-")
                folder = Path(self._temporary.name)
            app = create_app(folder, options=self._options, max_body_bytes=self._max_body_bytes)
            self._server = uvicorn.Server(_config(app, self.host, self.port))
            self._thread = threading.Thread(
                target=self._server.run, kwargs={"sockets": [listener]}, name="render-ws", daemon=True
            )
            self._thread.start()
            self._wait()
        except BaseException:
            listener.close()
            self.stop()
            raise
        return self

    def _wait(self) -> None:
        assert self._server is not None
        assert self._thread is not None
        limit = time.monotonic() + START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > limit:
                raise RuntimeError(f"the service did not come up on {self.host}:{self.port}")
            time.sleep(0.005)

    def stop(self) -> None:
        """Finish the requests at work, stop, and remove a temporary folder."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self._server = self._thread = None
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def __enter__(self) -> EmbeddedService:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()
