"""The front of the service: what holds for every path before a function is chosen, and after it has answered.

An ASGI middleware. It takes what lies below the base path apart (no empty segments, no escaped slashes, matrix
parameters dropped), finds the operation, checks media types, reads the body up to a limit, runs the function on a
thread (or at once, when it is quick) and writes the answer with the headers that every answer has.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from render_io.server.answers import Answer, MalformedBody, ServiceError, StateError, bare_status
from render_io.server.routing import BASE, Call, Operation, RouteIndex

__all__ = ["Front"]

log = logging.getLogger(__name__)

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET,POST,PUT,OPTIONS,HEAD",
    "Access-Control-Allow-Headers": "X-Requested-With,Content-Type,Accept,Origin",
    "Access-Control-Max-Age": "1800",
}
_BASE_BYTES = BASE.encode()


class Front:
    """Middleware that answers everything below the base path.

    Parameters
    ----------
    app : ASGIApp
        Asked for everything else.
    index : RouteIndex
        The operations.
    state : Any
        ``app.state`` of the application, handed to every call.
    max_body_bytes : int
        A longer body is refused with 413.
    pool : ThreadPoolExecutor
        Runs what is not quick.
    """

    def __init__(
        self, app: ASGIApp, *, index: RouteIndex, state: Any, max_body_bytes: int, pool: ThreadPoolExecutor
    ) -> None:
        self._app = app
        self._index = index
        self._state = state
        self._max_body_bytes = max_body_bytes
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        raw: bytes = scope.get("raw_path") or b""
        if scope["type"] != "http" or not (raw == _BASE_BYTES or raw.startswith(_BASE_BYTES + b"/")):
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            answer = await self._answer(scope, raw, headers, receive)
        except ServiceError as error:
            answer = error.answer()
        except _Gone:
            return
        await _write(send, answer, headers.get("origin") if self._state.options.cross_origin else None)

    async def _answer(self, scope: Scope, raw: bytes, headers: dict[str, str], receive: Receive) -> Answer:
        method = str(scope["method"])
        if method == "OPTIONS" and _is_preflight(headers) and self._state.options.cross_origin:
            return Answer(200, headers=_PREFLIGHT)
        found = self._index.find(path_segments(raw[len(_BASE_BYTES) :]))
        if found is None:
            raise bare_status(404)
        operations, values = found
        if method == "OPTIONS":
            return _options(sorted(operations))
        operation, names = operations.get("GET" if method == "HEAD" else method, (None, ()))
        if operation is None:
            raise bare_status(405)
        _check_media(operation, headers)
        body = await self._read_body(headers, receive) if method not in ("GET", "HEAD") else b""
        query: bytes = scope["query_string"]
        target = raw.decode("latin-1") + ("?" + query.decode("latin-1") if query else "")
        call = Call(self._state, dict(zip(names, values, strict=True)), target, query, headers, body)
        if operation.quick:
            return run(operation, call)
        return await asyncio.get_running_loop().run_in_executor(self._pool, run, operation, call)

    async def _read_body(self, headers: dict[str, str], receive: Receive) -> bytes:
        """Collect the body; one that is compressed or too long is refused, one that breaks off is never used."""
        if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise bare_status(415)
        if (
            headers.get("content-length", "0").isdigit()
            and int(headers.get("content-length", "0")) > self._max_body_bytes
        ):
            raise bare_status(413)
        chunks, size, more = [], 0, True
        while more:
            message: Message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._max_body_bytes:
                raise bare_status(413)
            chunks.append(chunk)
            more = message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class _Gone(Exception):
    """The client went away before its request was complete."""


def run(operation: Operation, call: Call) -> Answer:
    """Call the function and turn what it raises into an answer."""
    try:
        return operation.function(call)
    except StateError as error:
        return replace(error.answer(), status=400) if call.state.options.state_errors_are_400 else error.answer()
    except ServiceError as error:
        return error.answer()
    except RecursionError:
        return MalformedBody("the values are nested too deeply").answer()
    except UnicodeEncodeError:
        return MalformedBody("a text holds half of a surrogate pair, which has no UTF-8").answer()
    except Exception:
        log.exception("%s %s failed", operation.method, operation.path)
        return Answer(500, b"", "text/plain;charset=utf-8")


def path_segments(path: bytes) -> list[str]:
    """Take the path below the base apart.

    Parameters
    ----------
    path : bytes
        As sent, starting with a slash.

    Returns
    -------
    list of str
        Decoded segments; one trailing slash is dropped, and what follows a bare semicolon.

    Raises
    ------
    ServiceError
        400 for empty and dotted segments, 404 for an escaped slash or what is no UTF-8.
    """
    parts = path.split(b"/")[1:]
    if parts and parts[-1] == b"":
        parts.pop()
    out = []
    for part in parts:
        if part == b"":
            raise _web_server_page()
        part = part.partition(b";")[0]
        if b"%" in part:
            part = unquote_to_bytes(part)
        if part in (b".", b".."):
            raise _web_server_page()
        if b"/" in part:
            raise bare_status(404)
        try:
            out.append(part.decode())
        except UnicodeDecodeError:
            raise bare_status(404) from None
    return out


class _Page(ServiceError):
    status = 400
    content_type = "text/html;charset=iso-8859-1"


def _web_server_page() -> ServiceError:
    return _Page("<html><body><h2>HTTP ERROR 400 Ambiguous URI empty segment</h2></body></html>")


def _is_preflight(headers: dict[str, str]) -> bool:
    asked = headers.get("access-control-request-method")
    return "origin" in headers and asked in ("GET", "POST", "PUT", "OPTIONS", "HEAD")


def _options(methods: list[str]) -> Answer:
    allowed = ", ".join(dict.fromkeys(["HEAD", *methods, "OPTIONS"] if "GET" in methods else [*methods, "OPTIONS"]))
    return Answer(200, allowed.encode(), "text/plain;charset=utf-8", {"Allow": allowed})


def _check_media(operation: Operation, headers: dict[str, str]) -> None:
    """Refuse a body of another type (415), then an answer that the client does not accept (406)."""
    if operation.consumes is not None:
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != operation.consumes:
            raise bare_status(415)
    accept = headers.get("accept", "*/*")
    if operation.produces is not None and "*/*" not in accept and not _accepts(accept, operation.produces):
        raise bare_status(406)


def _accepts(accept: str, media: str) -> bool:
    family = media.partition("/")[0] + "/*"
    ranges = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return any(r in (media, family, "") for r in ranges)


async def _write(send: Send, answer: Answer, origin: str | None) -> None:
    headers: list[tuple[bytes, bytes]] = [(b"vary", b"Origin")]
    if answer.content_type is not None:
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
    if answer.status not in (204, 304):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    headers += [(k.lower().encode(), v.encode("latin-1", "replace")) for k, v in answer.headers.items()]
    if origin:
        headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
        headers.append((b"access-control-allow-credentials", b"true"))
    start: MutableMapping[str, Any] = {"type": "http.response.start", "status": answer.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": answer.body})
