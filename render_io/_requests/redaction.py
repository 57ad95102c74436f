"""What may be shown of an address or a message: everything but credentials."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

__all__ = ["find_secrets", "redact", "redact_text"]

_SECRET = re.compile(r"token|secret|passw|key|auth|sig|credential|session|cookie", re.IGNORECASE)
_ADDRESS = re.compile(r"\S*[?@]\S+")
_SHORTEST = 4


def redact(url: str) -> str:
    """Strip credentials from an address: user and password, and the values of query parameters that look secret.

    Parameters
    ----------
    url : str
        Any address.

    Returns
    -------
    str
        The address as it may be shown.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # not an address after all, but with the marks of one
        return "***"
    query = "&".join(_shown(pair) for pair in parts.query.split("&"))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))


def _shown(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}{equals}***" if equals and _SECRET.search(name) else pair


def find_secrets(session: Any, url: str) -> frozenset[str]:
    """Texts that must not be shown: what a session and an address carry as credentials.

    Parameters
    ----------
    session : requests.Session
        Its headers, query parameters and basic authentication are looked at.
    url : str
        Address of the request.

    Returns
    -------
    frozenset of str
        Texts of four characters and more.
    """
    parts = urlsplit(url)
    found = [parts.password or ""]
    found += [pair.partition("=")[2] for pair in parts.query.split("&") if _shown(pair) != pair]
    for part in ("headers", "params"):
        mapping = getattr(session, part, None)
        for name, value in mapping.items() if isinstance(mapping, Mapping) else ():
            found += str(value).split() if _SECRET.search(str(name)) else []
    auth = getattr(session, "auth", None)
    found += [str(part) for part in auth[1:]] if isinstance(auth, tuple) else []
    return frozenset(text for text in found if len(text) >= _SHORTEST)


def redact_text(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """Redact every address inside a text, and the given secrets.

    Parameters
    ----------
    text : str
        Message of an exception, or an answer.
    secrets : frozenset of str
        As `find_secrets` gives them.

    Returns
    -------
    str
        The text as it may be shown.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _ADDRESS.sub(lambda match: redact(match.group()), text)
