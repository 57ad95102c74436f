"""HTTP, all of it: the only module that imports `requests`.

Every request has a timeout, is repeated with growing pauses when that is safe, and ends in an answer of the expected
status or in a `RequestError` with status, address and the server's own text. Credentials never reach an error or a log.

What is safe to repeat: a connection that was refused (nothing was sent), and otherwise GET, DELETE and those PUTs that
set a value (tiles, matches, states). Creating a version (POST), cloning and renaming are sent once.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError
from urllib3.util.retry import Retry

from render_io import _json
from render_io._requests.redaction import find_secrets, redact, redact_text
from render_io._requests.streams import list_elements
from render_io.errors import RequestError, SpecError
from render_io.utils import json_value

__all__ = [
    "RETRIES",
    "TIMEOUT",
    "default_session",
    "get_bytes",
    "get_json",
    "get_text",
    "iter_json",
    "new_session",
    "parse_json",
    "post_json",
    "put_bytes",
    "put_json",
    "put_text",
    "redact",
    "request",
    "rest_delete",
]

Response = requests.Response
Session = requests.Session

TIMEOUT: tuple[float, float] = (10.0, 300.0)
"""Seconds to wait for a connection, and for the next bytes of an answer."""

RETRIES = Retry(
    total=5,
    connect=3,
    read=2,
    status=3,
    other=0,
    redirect=0,
    backoff_factor=0.25,
    status_forcelist=(502, 503, 504),
    raise_on_status=False,
)
"""How often, and after which pauses, a request is repeated."""

_LONGEST_PAUSE = 30.0
_POOL = 64
_BODY_SHOWN = 2000
_CHUNK = 1 << 20
_JSON = {"Content-Type": "application/json"}
_SENT_ONCE = re.compile(r"/(cloneTo/[^/]+|stackId|collectionId)/?$")

_log = logging.getLogger(__name__)
_local = threading.local()
_sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()


def new_session() -> requests.Session:
    """Make a session whose connections are pooled; it can be pickled and used from several threads.

    Returns
    -------
    requests.Session
        Without credentials: set ``auth`` or ``headers`` on it.
    """
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=8, pool_maxsize=_POOL))
    _sessions.add(session)
    return session


def default_session() -> requests.Session:
    """Session of this thread, for calls that were given none."""
    session = getattr(_local, "session", None)
    if session is None:
        session = _local.session = new_session()
    return session


def _drop_inherited_connections() -> None:
    # A socket shared with the parent would mix the answers of two processes.
    for session in list(_sessions):
        session.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_inherited_connections)


def request(
    session: Any,
    method: str,
    url: str,
    *,
    params: Any = None,
    data: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    accept: Collection[int] = (200,),
    timeout: float | tuple[float, float] | None = None,
    stream: bool = False,
    receive: Callable[[requests.Response], Any] | None = None,
) -> Any:
    """Send one request, again where that is safe, until it is answered.

    Parameters
    ----------
    session : requests.Session or None
        Connection to use; None takes this thread's own.
    method, url : str
        Verb and whole address.
    params : mapping or list of pairs, optional
        Query; members that are None are left out.
    data : bytes or str, optional
        Body.
    headers : mapping, optional
        Beside those of the session.
    accept : collection of int
        Statuses that mean success.
    timeout : float or pair, optional
        In place of `TIMEOUT`.
    stream : bool
        Leave the body of the answer unread.
    receive : callable, optional
        Reads such an answer; called again with the next answer when the connection breaks while it reads.

    Returns
    -------
    requests.Response or object
        The answer, body read; with `receive` what that returned.

    Raises
    ------
    RequestError
        Another status, no answer, or a broken one.
    """
    session = default_session() if session is None else session
    if isinstance(session, requests.Session):
        _sessions.add(session)
    options: dict[str, Any] = {"timeout": timeout or TIMEOUT, "allow_redirects": method in ("GET", "HEAD")}
    options |= {"params": params, "data": data, "headers": dict(headers or {}), "stream": stream or receive is not None}
    options = {name: value for name, value in options.items() if value is not None and value != {}}
    exchange = _Exchange(session, method, url)
    while True:
        try:
            response = getattr(session, method.lower())(url, **options)
            if response.status_code in accept:
                return response if receive is None else _received(response, receive)
            if not exchange.again_after_status(response):
                raise exchange.refused(response)
        except requests.RequestException as error:
            if not exchange.again_after(error):
                raise exchange.failed(error) from None


def _received(response: requests.Response, receive: Callable[[requests.Response], Any]) -> Any:
    try:
        return receive(response)
    finally:
        if hasattr(response, "close"):
            response.close()


class _Exchange:
    """One request and its repetitions: what may be tried again, and how a failure is told."""

    def __init__(self, session: Any, method: str, url: str) -> None:
        self.method, self.shown = method, redact(url)
        self.secrets = find_secrets(session, url)
        once = method == "POST" or (method == "PUT" and _SENT_ONCE.search(urlsplit(url).path))
        self.retry = RETRIES.new(allowed_methods=frozenset({"NONE"} if once else {"GET", "HEAD", "PUT", "DELETE"}))
        self.tries = 1

    def again_after_status(self, response: requests.Response) -> bool:
        retry_after = response.headers.get("Retry-After") if response.status_code in (502, 503, 504) else None
        if not self.retry.is_retry(self.method, response.status_code, retry_after is not None):
            return False
        response.content  # noqa: B018 - read to its end, so that the connection can be used again
        return self._again(f"status {response.status_code}", response=response.raw, pause=retry_after)

    def again_after(self, error: requests.RequestException) -> bool:
        cause = _transport_error(error)
        return cause is not None and self._again(type(cause).__name__, error=cause)

    def _again(self, why: str, pause: str | None = None, **what: Any) -> bool:
        try:
            self.retry = self.retry.increment(self.method, self.shown, **what)
        except HTTPError:  # exhausted, or not to be repeated
            return False
        self.tries += 1
        seconds = float(pause) if pause and pause.strip().isdigit() else self.retry.get_backoff_time()
        seconds = min(seconds, _LONGEST_PAUSE)
        _log.warning("%s %s: %s, trying again in %.1f s", self.method, self.shown, why, seconds)
        time.sleep(seconds)
        return True

    def refused(self, response: requests.Response) -> RequestError:
        body = redact_text(response.text[:_BODY_SHOWN], self.secrets)
        text = f"{self.method} {self.shown}: status {response.status_code}"
        reason = " ".join(body.split())[:500]
        return RequestError(f"{text}: {reason}" if reason else text, response.status_code, self.shown, body)

    def failed(self, error: Exception) -> RequestError:
        # The text of the outer exceptions repeats the path; the innermost says what happened.
        cause = _transport_error(error) or error
        reason = f"{type(cause).__name__}: {redact_text(str(cause), self.secrets)}"
        tries = f" after {self.tries} tries" if self.tries > 1 else ""
        return RequestError(f"{self.method} {self.shown}: no complete answer{tries}: {reason}", None, self.shown)


def _transport_error(error: BaseException | None) -> HTTPError | None:
    """What broke below `requests`, in the classes that `Retry` judges by; None when trying again is pointless."""
    while isinstance(error, (requests.RequestException, MaxRetryError)):
        inner = error.reason if isinstance(error, MaxRetryError) else next(iter(error.args), None)
        error = inner if isinstance(inner, BaseException) else None
    if isinstance(error, NewConnectionError):
        return ConnectTimeoutError(str(error))
    return error if isinstance(error, HTTPError) else None


def _encode(value: Any) -> Any:
    """Turn what JSON does not know into what it does; `_json` hands over subclasses of text and numbers too."""
    if hasattr(value, "dtype") or not isinstance(value, (str, int, float)):
        return json_value(value)
    return next(kind(value) for kind in (str, int, float) if isinstance(value, kind))


def _body(value: Any) -> bytes:
    return _json.dumps(value, default=_encode)


def _parse(content: bytes, shown: str, status: int | None) -> Any:
    try:
        return _json.loads(content)
    except SpecError as error:
        start = content[:200].decode("utf-8", "replace")
        raise RequestError(f"{shown}: the answer is not JSON: {error.reason}", status, shown, start) from None


def post_json(session: Any, request_url: str, d: Any, params: Any = None) -> requests.Response:
    """POST a JSON body, once: it is repeated only when no connection was made.

    Parameters
    ----------
    session : requests.Session or None
        Connection to use.
    request_url : str
        Whole address.
    d : object
        Body: JSON values, numpy numbers and arrays, objects with `to_dict`.
    params : mapping or list of pairs, optional
        Query.

    Returns
    -------
    requests.Response
        Of status 200, 201 or 204.

    Raises
    ------
    RequestError
        Another status, or no answer.
    SpecError
        The body can't be written as JSON.
    """
    sent = {"params": params, "data": _body(d), "headers": _JSON, "accept": (200, 201, 204)}
    response: requests.Response = request(session, "POST", request_url, **sent)
    return response


def put_json(session: Any, request_url: str, d: Any, params: Any = None) -> requests.Response:
    """PUT a JSON body, or none when `d` is None; otherwise as `post_json`, and repeated when the answer is lost."""
    data = None if d is None else _body(d)
    sent = {"params": params, "data": data, "headers": _JSON, "accept": (200, 201, 204)}
    response: requests.Response = request(session, "PUT", request_url, **sent)
    return response


def put_text(session: Any, request_url: str, text: str | bytes, params: Any = None) -> requests.Response:
    """PUT a body that is written already, announced as JSON; otherwise as `put_json`."""
    data = text.encode() if isinstance(text, str) else text
    sent: dict[str, Any] = {"params": params, "data": data, "headers": _JSON, "accept": (200, 201, 204)}
    response: requests.Response = request(session, "PUT", request_url, **sent)
    return response


def rest_delete(session: Any, request_url: str, params: Any = None) -> requests.Response:
    """DELETE; returns an answer of status 200, 202 or 204, otherwise raises `RequestError`."""
    response: requests.Response = request(session, "DELETE", request_url, params=params, accept=(200, 202, 204))
    return response


def get_json(session: Any, request_url: str, params: Any = None, stream: bool = False, **kwargs: Any) -> Any:
    """GET a JSON answer.

    Parameters
    ----------
    session : requests.Session or None
        Connection to use.
    request_url : str
        Whole address.
    params : mapping or list of pairs, optional
        Query.
    stream : bool
        Take the body chunk by chunk as it arrives; for answers of hundreds of megabytes.
    **kwargs
        ``timeout`` and ``headers`` as in `request`, and ``max_bytes``, the size from which on an answer is refused.

    Returns
    -------
    object
        The parsed answer.

    Raises
    ------
    RequestError
        A status other than 200, no complete answer, or one that is not JSON.
    """
    limit = kwargs.pop("max_bytes", None)
    if unknown := set(kwargs) - {"timeout", "headers"}:
        raise TypeError(f"get_json() got unexpected keyword arguments {sorted(unknown)}")
    if not stream and limit is None:
        return parse_json(request(session, "GET", request_url, params=params, **kwargs))
    shown = redact(request_url)
    read = functools.partial(_chunks_joined, shown=shown, limit=limit)
    return _parse(request(session, "GET", request_url, params=params, receive=read, **kwargs), shown, 200)


def parse_json(response: requests.Response) -> Any:
    """Value of an answer that has come whole; RequestError when it is not JSON."""
    return _parse(_bytes_of(response), redact(str(getattr(response, "url", ""))), response.status_code)


def _bytes_of(response: requests.Response) -> bytes:
    # Sessions of people's own tests answer with little more than a status and a text.
    content = getattr(response, "content", None)
    return content if isinstance(content, bytes) else str(response.text).encode()


def _chunks_joined(response: requests.Response, shown: str, limit: int | None) -> bytes:
    if not hasattr(response, "iter_content"):
        return _bytes_of(response)
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_content(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if limit is not None and size > limit:
            raise RequestError(f"GET {shown}: the answer has more than {limit} bytes", response.status_code, shown)
    return b"".join(chunks)


def iter_json(session: Any, request_url: str, params: Any = None) -> Iterator[Any]:
    """GET a JSON list and yield its elements while they arrive, one chunk in memory at a time.

    Parameters
    ----------
    session : requests.Session or None
        Connection to use.
    request_url : str
        Whole address.
    params : mapping or list of pairs, optional
        Query.

    Yields
    ------
    object
        One element after the other.

    Raises
    ------
    RequestError
        A status other than 200, an answer that is not a list, or one that breaks off. By then elements have been
        yielded, so it is not asked for again.
    """
    with request(session, "GET", request_url, params=params, stream=True) as response:
        try:
            yield from list_elements(response.iter_content(_CHUNK))
        except SpecError as error:
            shown = redact(request_url)
            raise RequestError(f"GET {shown}: the answer is not a JSON list: {error.reason}", 200, shown) from None
        except requests.RequestException as error:
            raise _Exchange(session, "GET", request_url).failed(error) from None


def get_text(session: Any, request_url: str, params: Any = None) -> str:
    """GET a text answer; raises `RequestError` for a status other than 200."""
    text: str = request(session, "GET", request_url, params=params).text
    return text


def get_bytes(session: Any, request_url: str, params: Any = None) -> tuple[bytes, str]:
    """GET a picture or the like: body and Content-Type; raises `RequestError` for a status other than 200."""
    return _content(request(session, "GET", request_url, params=params))


def put_bytes(session: Any, request_url: str, d: Any, params: Any = None) -> tuple[bytes, str]:
    """PUT a JSON body that is answered as in `get_bytes`."""
    return _content(request(session, "PUT", request_url, params=params, data=_body(d), headers=_JSON))


def _content(response: requests.Response) -> tuple[bytes, str]:
    return _bytes_of(response), response.headers.get("Content-Type", "")
