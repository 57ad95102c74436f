"""A web server on loopback that answers what a test tells it to and remembers what it was asked, byte for byte."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from render_io.render import Render


class Asked(NamedTuple):
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Raw path below the service."""
        return urlsplit(self.target).path.removeprefix("/render-ws/v1")

    @property
    def parts(self) -> list[str]:
        """Components of the path, decoded."""
        return [unquote(part) for part in self.path.strip("/").split("/")]

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Reply(NamedTuple):
    """One answer; a value is sent as JSON, text as text, bytes as they are."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed

    def encoded(self) -> tuple[bytes, str]:
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain;charset=utf-8"
        return json.dumps(self.body).encode(), "application/json"


class Answering:
    """What the server answers with, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Reply] = lambda _: Reply([])
        self.port = 0

    def always(self, body: Any = b"", status: int = 200, **headers: str) -> None:
        self.answer = lambda _: Reply(body, status, headers)

    def in_turn(self, *replies: Reply) -> None:
        remaining = list(replies)
        self.answer = lambda _: remaining.pop(0)

    def by_end(self, **replies: Any) -> None:
        """Answers by the last component of the path; others get an empty 201 or list."""

        def answer(asked: Asked) -> Reply:
            found = replies.get(asked.parts[-1].replace("-", "_"))
            if isinstance(found, Reply):
                return found
            return Reply(found) if found is not None else Reply(b"", 201) if asked.method != "GET" else Reply([])

        self.answer = answer

    @property
    def last(self) -> Asked:
        return self.asked[-1]

    def render(self, **kwargs: Any) -> Render:
        return Render(**({"host": "http://127.0.0.1", "port": self.port, "owner": "o", "project": "p"} | kwargs))


@contextmanager
def answering() -> Iterator[Answering]:
    """Run the server until the block ends."""
    state = Answering()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, dict(self.headers), body)
            state.asked.append(asked)
            reply = state.answer(asked)
            content, kind = reply.encoded()
            self.send_response(reply.status)
            for name, value in ({"Content-Type": kind, "Content-Length": str(len(content))} | reply.headers).items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = handle_any

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
