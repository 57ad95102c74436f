"""Addresses of the service: every component escaped, every number written in full.

Below ``/render-ws/v1`` a path names an owner, a project, a stack, a tile: any text. Text goes in percent-encoded, so
that ``a/b c#1`` can't end the path or start a fragment; what no encoding can save (nothing, ``.`` and ``..``, which
web clients and servers resolve away) is refused before anything is sent.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from render_io.errors import RenderError

__all__ = [
    "base_url",
    "collection_url",
    "commas",
    "escape",
    "join",
    "number",
    "owner_url",
    "stack_url",
    "whole",
    "with_query",
]


def escape(component: Any, name: str = "path component") -> str:
    """Percent-encode one component of a path.

    Parameters
    ----------
    component : object
        Text, or something whose text is meant, such as a number used as a section id.
    name : str
        What it is, for the message.

    Returns
    -------
    str
        The component, safe between two slashes.

    Raises
    ------
    RenderError
        None, empty text, ``.`` and ``..`` can't be addressed.
    """
    if component is None:
        raise RenderError(f"{name} is missing: give {name}=, or a render whose default it is")
    text = str(component)
    if text in ("", ".", ".."):
        raise RenderError(f"{name} {text!r} can't be part of an address")
    return quote(text, safe="")


def number(value: Any, name: str = "number") -> str:
    """Write a number for a path so that the service reads the same double.

    Parameters
    ----------
    value : float, int or str
        Finite; text is taken as it is once it reads as a number.
    name : str
        What it is, for the message.

    Returns
    -------
    str
        Shortest decimal that reads back as the same double, percent-encoded.

    Raises
    ------
    RenderError
        Not a finite number.
    """
    try:
        parsed = float(value)
    except (TypeError, ValueError):
        raise RenderError(f"{name}: expected a number, got {value!r}") from None
    if not math.isfinite(parsed):
        raise RenderError(f"{name}: expected a finite number, got {value!r}")
    if isinstance(value, str):
        text = value.strip()
    else:
        text = str(int(value)) if isinstance(value, numbers.Integral) else repr(parsed)
    return quote(text, safe="")


def whole(value: Any, name: str) -> str:
    """Write a width or height, which the service reads as a 32-bit integer.

    Parameters
    ----------
    value : float, int or str
        Pixels; a fraction is rounded up, so that the box asked for is inside the box answered.
    name : str
        What it is, for the message.

    Returns
    -------
    str
        An integer.

    Raises
    ------
    RenderError
        Not a finite number, or beyond 32 bits.
    """
    number(value, name)
    pixels = math.ceil(float(value))
    if abs(pixels) > 0x7FFFFFFF:
        raise RenderError(f"{name}: {value!r} is beyond the 32-bit integers of the service")
    return str(pixels)


def commas(*numbers: str) -> str:
    """Join numbers that are written already into the one component of a point or a box."""
    return ",".join(numbers)


def base_url(host: Any, port: Any = None) -> str:
    """Address of the service, ``{host}[:{port}]/render-ws/v1``.

    Parameters
    ----------
    host : str
        Name or address, with or without ``http://``; slashes at its end don't count.
    port : int or str, optional
        Left out of the address when None or empty.

    Returns
    -------
    str
        Without a slash at its end.

    Raises
    ------
    RenderError
        No host.
    """
    if host is None or not str(host).strip("/ "):
        raise RenderError("host is missing: give host=, or a render whose default it is")
    text = str(host).strip().rstrip("/")
    if "://" not in text:
        text = f"http://{text}"
    return f"{text}{'' if port in (None, '') else f':{port}'}/render-ws/v1"


def join(base: str, *components: str) -> str:
    """Append components that are escaped already to an address."""
    return "/".join((base, *components))


def owner_url(host: Any, port: Any, owner: Any, *components: str) -> str:
    """Address below an owner; the further components are escaped already."""
    return join(base_url(host, port), "owner", escape(owner, "owner"), *components)


def stack_url(host: Any, port: Any, owner: Any, project: Any, stack: Any, *components: str) -> str:
    """Address below a stack; the further components are escaped already."""
    project, stack = escape(project, "project"), escape(stack, "stack")
    return owner_url(host, port, owner, "project", project, "stack", stack, *components)


def collection_url(host: Any, port: Any, owner: Any, collection: Any, *components: str) -> str:
    """Address below a match collection; the further components are escaped already."""
    return owner_url(host, port, owner, "matchCollection", escape(collection, "matchCollection"), *components)


def with_query(url: str, query: Iterable[tuple[str, Any]]) -> str:
    """Append a query to an address.

    Parameters
    ----------
    url : str
        Address, with or without a query.
    query : iterable of (name, value)
        Pairs in order; nothing is appended when there is none.

    Returns
    -------
    str
        The whole address, names and values encoded.
    """
    text = urlencode(list(query))
    return f"{url}{'&' if '?' in url else '?'}{text}" if text else url
