"""A real proxy on loopback that does to HTTP messages what networks do to them."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["FaultyProxy", "faulty_proxy"]


class FaultyProxy:
    """Forwards requests to a service; each takes the next fault of `faults`, and none when these are used up.

    Faults: ``reset`` (the answer breaks off in its body, by RST), ``lost`` (the service has done its work, the answer
    never comes), ``502`` and ``503`` (not forwarded), ``503-after`` (forwarded, then answered so), ``slow`` (longer
    than the client waits), ``truncated`` (a whole answer whose JSON is cut), ``twice`` (delivered two times), ``ok``.
    """

    def __init__(self, target: tuple[str, int], delay: float) -> None:
        self.target, self.delay = target, delay
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.closing = threading.Event()

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._exchange, args=(client,), daemon=True).start()

    def _exchange(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            request = read_message(client)
            if not request:
                return
            self.requests.append(request.split(b"\r\n", 1)[0].decode())
            fault = self.faults.pop(0) if self.faults else "ok"
            if fault in ("502", "503"):
                client.sendall(answer(fault))
                return
            reply = self._forwarded(request)
            if fault == "twice":
                reply = self._forwarded(request)
            getattr(self, f"_{fault.replace('-', '_')}", self._ok)(client, reply)

    def _forwarded(self, request: bytes) -> bytes:
        with socket.create_connection(self.target) as upstream:
            upstream.sendall(closing(request))
            return read_message(upstream, to_end=True)

    def _ok(self, client: socket.socket, reply: bytes) -> None:
        client.sendall(closing(reply))

    def _lost(self, client: socket.socket, reply: bytes) -> None:
        """Close without a word."""

    def _503_after(self, client: socket.socket, reply: bytes) -> None:
        client.sendall(answer("503"))

    def _reset(self, client: socket.socket, reply: bytes) -> None:
        head, _, body = closing(reply).partition(b"\r\n\r\n")
        client.sendall(head + b"\r\n\r\n" + body[: len(body) // 2])
        time.sleep(0.02)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _slow(self, client: socket.socket, reply: bytes) -> None:
        if not self.closing.wait(self.delay):
            client.sendall(closing(reply))

    def _truncated(self, client: socket.socket, reply: bytes) -> None:
        head, _, body = closing(reply).partition(b"\r\n\r\n")
        cut = body[: len(body) * 2 // 3]
        head = re.sub(rb"(?i)content-length: \d+", b"content-length: %d" % len(cut), head)
        client.sendall(head + b"\r\n\r\n" + cut)


def answer(status: str) -> bytes:
    text = b"the gateway is unwell"
    head = f"HTTP/1.1 {status} Unwell\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + text


def closing(message: bytes) -> bytes:
    """The message with one exchange for each connection."""
    head, _, body = message.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"connection:", b"keep-alive:"))]
    return b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body


def read_message(source: socket.socket, to_end: bool = False) -> bytes:
    """One request, or one answer up to the end of its connection."""
    content = b""
    while b"\r\n\r\n" not in content or to_end:
        part = source.recv(65536)
        if not part:
            return content
        content += part
    head, _, body = content.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        part = source.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


@contextmanager
def faulty_proxy(host: str, port: int, delay: float = 2.0) -> Iterator[FaultyProxy]:
    """Run a proxy before a service until the block ends."""
    proxy = FaultyProxy((host, port), delay)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.closing.set()
        proxy.listener.shutdown(socket.SHUT_RDWR)
        proxy.listener.close()
        thread.join()
