"""Parts of a stack: sections and tiles to delete, and the members of its version that can be set one by one.

Unlike a new version, these leave state, stats and version number alone.
"""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

from render_io import http
from render_io._requests.access import connected
from render_io._requests.progress import track
from render_io._requests.states import reopening
from render_io._requests.urls import escape, number, stack_url
from render_io.render import Port, Render

__all__ = [
    "delete_sections",
    "delete_tiles",
    "set_cycle",
    "set_default_channel",
    "set_mipmap_path_builder",
    "set_resolution_values",
]


@connected()
def delete_sections(
    stack: str,
    zs: Iterable[float],
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Delete the tiles of several z, one request each, with progress."""
    address = stack_url(host, port, owner, project, stack)
    zs = list(zs)
    for z in track(zs, "deleting sections", len(zs)):
        reopening(session, address, functools.partial(http.rest_delete, session, f"{address}/z/{number(z, 'z')}"))


@connected()
def delete_tiles(
    stack: str,
    tileIds: Iterable[str],
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Delete several tiles, one request each, with progress."""
    address = stack_url(host, port, owner, project, stack)
    tileIds = list(tileIds)
    for tileId in track(tileIds, "deleting tiles", len(tileIds)):
        tile = f"{address}/tile/{escape(tileId, 'tileId')}"
        reopening(session, address, functools.partial(http.rest_delete, session, tile))


@connected()
def set_resolution_values(
    stack: str,
    resolution: Iterable[float | None],
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Set nanometres per pixel in x, y and z (None unsets one); state, stats and version stay."""
    return http.put_json(session, stack_url(host, port, owner, project, stack, "resolutionValues"), list(resolution))


@connected()
def set_cycle(
    stack: str,
    cycleNumber: int | None,
    cycleStepNumber: int | None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Set cycle number and step (None unsets); state, stats and version stay."""
    cycle = {"number": cycleNumber, "stepNumber": cycleStepNumber}
    return http.put_json(session, stack_url(host, port, owner, project, stack, "cycle"), cycle)


@connected()
def set_mipmap_path_builder(
    stack: str,
    builder: Mapping[str, Any],
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Set where mipmaps are found: rootPath, numberOfLevels, extension; state, stats and version stay."""
    return http.put_json(session, stack_url(host, port, owner, project, stack, "mipmapPathBuilder"), dict(builder))


@connected()
def set_default_channel(
    stack: str,
    channel: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Set the channel that is drawn by default; state, stats and version stay."""
    # The service stores the body as it comes, quotes included: the bare name is what names a channel.
    return http.put_text(session, stack_url(host, port, owner, project, stack, "defaultChannel"), channel)
