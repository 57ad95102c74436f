"""Stacks of a render service: their life, their metadata, their sections.

Two things to know. A stack that exists already gets a new version by `create_stack` and `set_stack_metadata`: it is
LOADING afterwards and has lost its stats and bounds; to change the resolution, the cycle, the mipmap path builder or
the default channel alone, use `set_resolution_values`, `set_cycle`, `set_mipmap_path_builder` and
`set_default_channel`, which touch nothing else. And whatever writes or deletes tiles of a COMPLETE stack, over HTTP or
by a Java client, sets it LOADING first and says so in the log; READ_ONLY stacks are left alone.
"""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from render_io import http
from render_io._requests.access import connected
from render_io._requests.stack_parts import (
    delete_sections,
    delete_tiles,
    set_cycle,
    set_default_channel,
    set_mipmap_path_builder,
    set_resolution_values,
)
from render_io._requests.stack_version import StackVersion
from render_io._requests.states import reopening
from render_io._requests.urls import base_url, escape, number, stack_url
from render_io.errors import RenderError
from render_io.render import Port, Render

__all__ = [
    "StackVersion",
    "clone_stack",
    "create_stack",
    "delete_section",
    "delete_sections",
    "delete_stack",
    "delete_tile",
    "delete_tiles",
    "get_bounds_from_z",
    "get_full_stack_metadata",
    "get_sectionData_for_stack",
    "get_sectionId_for_z",
    "get_section_z_value",
    "get_stack_bounds",
    "get_stack_metadata",
    "get_stack_sectionData",
    "get_stack_tileIds",
    "get_tilebounds_for_z",
    "get_z_value_for_section",
    "get_z_values_for_stack",
    "likelyUniqueId",
    "make_stack_params",
    "rename_stack",
    "set_cycle",
    "set_default_channel",
    "set_mipmap_path_builder",
    "set_resolution_values",
    "set_stack_metadata",
    "set_stack_state",
]

_STATES = ("LOADING", "COMPLETE", "OFFLINE", "READ_ONLY")


_VERSION_KEYWORDS = (*StackVersion.FIELDS, "createTimeStamp")


@connected()
def set_stack_metadata(
    stack: str,
    sv: StackVersion,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Save a NEW version of a stack: it is LOADING afterwards, without stats and bounds, and keeps its tiles."""
    return http.post_json(session, stack_url(host, port, owner, project, stack), sv.to_dict())


@connected()
def get_full_stack_metadata(
    stack: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Everything the service tells about a stack: state, version, stats."""
    metadata: dict[str, Any] = http.get_json(session, stack_url(host, port, owner, project, stack))
    return metadata


def get_stack_metadata(*args: Any, **kwargs: Any) -> StackVersion:
    """Current version of a stack; arguments as of `get_full_stack_metadata`, which tells state and stats as well."""
    version = StackVersion()
    version.from_dict(get_full_stack_metadata(*args, **kwargs).get("currentVersion", {}))
    return version


@connected()
def set_stack_state(
    stack: str,
    state: str = "LOADING",
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Set the state LOADING, COMPLETE, READ_ONLY or OFFLINE; OFFLINE drops the stack's data."""
    if state not in _STATES:
        raise RenderError(f"state {state!r} not in known states {_STATES}")
    return http.put_json(session, stack_url(host, port, owner, project, stack, "state", state), None)


@connected()
def likelyUniqueId(
    host: str | None = None, port: Port = None, session: Any = None, render: Render | None = None, **kwargs: Any
) -> str:
    """Make an id of 24 hexadecimal digits that nobody else gets."""
    return http.get_text(session, f"{base_url(host, port)}/likelyUniqueId")


def make_stack_params(host: str | None, port: Port, owner: str | None, project: str | None, stack: str) -> list[str]:
    """Options of a Java client that say which stack is meant; RenderError when one of them is missing."""
    arguments = ["--baseDataUrl", base_url(host, port)]
    for name, value in (("owner", owner), ("project", project), ("stack", stack)):
        escape(value, name)  # refuses what is missing
        arguments += [f"--{name}", str(value)]
    return arguments


@connected()
def delete_stack(
    stack: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Delete a stack and all its tiles; no error when there is none."""
    return http.rest_delete(session, stack_url(host, port, owner, project, stack))


@connected()
def delete_section(
    stack: str,
    z: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Delete the tiles of one z; no error when there are none. A COMPLETE stack is re-opened."""
    address = stack_url(host, port, owner, project, stack)
    return reopening(session, address, lambda: http.rest_delete(session, f"{address}/z/{number(z, 'z')}"))


@connected()
def delete_tile(
    stack: str,
    tileId: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Delete one tile; no error when there is none. A COMPLETE stack is re-opened."""
    address = stack_url(host, port, owner, project, stack)
    return reopening(session, address, lambda: http.rest_delete(session, f"{address}/tile/{escape(tileId, 'tileId')}"))


@connected(extra=_VERSION_KEYWORDS)
def create_stack(
    stack: str,
    cycleNumber: int | None = None,
    cycleStepNumber: int | None = None,
    stackResolutionX: float | None = None,
    stackResolutionY: float | None = None,
    stackResolutionZ: float | None = None,
    force_resolution: bool = True,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Create a stack; on one that exists, start a NEW version: LOADING, without stats and bounds, tiles kept.

    Parameters
    ----------
    stack : str
        Letters, digits and single inner underscores.
    cycleNumber, cycleStepNumber, stackResolutionX, stackResolutionY, stackResolutionZ : optional
        As of `StackVersion`.
    force_resolution : bool
        Write 1.0 for resolutions that are not given.
    host, port, owner, project, session, render : optional
        Connection.
    **kwargs
        Further members of a `StackVersion`, such as ``versionNotes``.

    Returns
    -------
    requests.Response
        Of status 201.

    Raises
    ------
    RequestError
        Bad name, READ_ONLY stack, or no answer.
    """
    missing = 1.0 if force_resolution else None
    x, y, z = (missing if r is None else r for r in (stackResolutionX, stackResolutionY, stackResolutionZ))
    version = StackVersion(cycleNumber, cycleStepNumber, x, y, z, **kwargs)
    return http.post_json(session, stack_url(host, port, owner, project, stack), version.to_dict())


@connected()
def rename_stack(
    stack: str,
    to_stack: str,
    to_project: str | None = None,
    to_owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Rename a stack, also into another project or to another owner; RequestError when the new name is taken."""
    target = {"owner": to_owner or owner, "project": to_project or project, "stack": to_stack}
    for name, value in target.items():
        escape(value, f"to_{name}")
    return http.put_json(session, stack_url(host, port, owner, project, stack, "stackId"), target)


@connected(extra=_VERSION_KEYWORDS)
def clone_stack(
    inputstack: str,
    outputstack: str,
    skipTransforms: bool = False,
    toProject: str | None = None,
    zs: Iterable[float] | None = None,
    close_stack: bool = True,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Copy a stack of the same owner.

    Parameters
    ----------
    inputstack, outputstack : str
        From and to; an output stack that exists must be LOADING and have none of the tiles.
    skipTransforms : bool
        Leave the SHARED transforms behind. The tiles keep their references to them, so a stack whose tiles have
        references can't be resolved afterwards: for stacks without references only.
    toProject : str, optional
        Project of the output stack.
    zs : iterable of float, optional
        Sections to copy; all by default.
    close_stack : bool
        Set the output stack COMPLETE afterwards.
    host, port, owner, project, session, render : optional
        Connection.
    **kwargs
        Members of the output's `StackVersion`; nothing is inherited.

    Returns
    -------
    requests.Response
        Answer of the cloning.

    Raises
    ------
    RenderError
        `zs` is empty (the service would copy everything).
    RequestError
        What the service refused; the output may hold a part then, and is not completed.
    """
    query: list[tuple[str, str]] = [("skipTransforms", "true" if skipTransforms else "false")]
    if zs is not None:
        sections = [("z", repr(float(z))) for z in zs]
        if not sections:
            raise RenderError("zs is empty: nothing to clone")
        query += sections
    if toProject is not None:
        query.append(("toProject", toProject))
    address = stack_url(host, port, owner, project, inputstack, "cloneTo", escape(outputstack, "outputstack"))
    response = http.put_json(session, address, StackVersion(**kwargs).to_dict(), params=query)
    if close_stack:
        target = stack_url(host, port, owner, toProject or project, outputstack, "state", "COMPLETE")
        http.put_json(session, target, None)
    return response


@connected()
def get_z_values_for_stack(
    stack: str,
    project: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[float]:
    """All z of a stack, ascending. Mind the order of the connection arguments, which only this function has."""
    zs: list[float] = http.get_json(session, stack_url(host, port, owner, project, stack, "zValues"))
    return zs


@connected()
def get_bounds_from_z(
    stack: str,
    z: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> dict[str, float]:
    """Bounds of the tiles of one z: minX to maxZ; RequestError when it has none."""
    address = stack_url(host, port, owner, project, stack, "z", number(z, "z"), "bounds")
    bounds: dict[str, float] = http.get_json(session, address)
    return bounds


@connected()
def get_stack_bounds(
    stack: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> dict[str, float]:
    """Bounds of a stack: minX to maxZ; RequestError unless it has stats, that is COMPLETE or READ_ONLY."""
    bounds: dict[str, float] = http.get_json(session, stack_url(host, port, owner, project, stack, "bounds"))
    return bounds


@connected()
def get_tilebounds_for_z(
    stack: str,
    z: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[dict[str, Any]]:
    """Boxes of the tiles of one z: tileId, sectionId, z, minX, minY, maxX, maxY; an empty list without tiles."""
    address = stack_url(host, port, owner, project, stack, "z", number(z, "z"), "tileBounds")
    boxes: list[dict[str, Any]] = http.get_json(session, address, stream=True)
    return boxes


@connected()
def get_sectionId_for_z(
    stack: str,
    z: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> str:
    """Section id of the tiles of one z, the first in order when there are several; RenderError when there is none."""
    address = stack_url(host, port, owner, project, stack, "z", number(z, "z"), "sectionData")
    sections = [section["sectionId"] for section in http.get_json(session, address)]
    if not sections:
        raise RenderError(f"stack {stack} has no tiles with a sectionId at z {z}")
    return str(min(sections))


@connected()
def get_stack_sectionData(
    stack: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[dict[str, Any]]:
    """Sections of a stack as they were when it became COMPLETE last: sectionId, z, tileCount, box."""
    sections: list[dict[str, Any]] = http.get_json(session, stack_url(host, port, owner, project, stack, "sectionData"))
    return sections


@connected()
def get_section_z_value(
    stack: str,
    sectionId: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> float:
    """Get the z of a section; RequestError when there is no such section."""
    address = stack_url(host, port, owner, project, stack, "section", escape(sectionId, "sectionId"), "z")
    z: float = http.get_json(session, address)
    return z


@connected()
def get_stack_tileIds(
    stack: str,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[str]:
    """Ids of all tiles, in order; an empty list for a stack that does not exist."""
    address = stack_url(host, port, owner, project, stack, "tileIds")
    ids: list[str] = http.get_json(session, address, stream=True)
    return ids


def get_z_value_for_section(stack: str, sectionId: str, **kwargs: Any) -> float:
    """Older name of `get_section_z_value`."""
    warnings.warn("get_z_value_for_section is now get_section_z_value", DeprecationWarning, stacklevel=2)
    return get_section_z_value(stack, sectionId, **kwargs)


def get_sectionData_for_stack(stack: str, **kwargs: Any) -> list[dict[str, Any]]:
    """Older name of `get_stack_sectionData`."""
    warnings.warn("get_sectionData_for_stack is now get_stack_sectionData", DeprecationWarning, stacklevel=2)
    return get_stack_sectionData(stack, **kwargs)
