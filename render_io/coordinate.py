"""Mapping points between tiles (local) and the stack (world), by the service or by the Java client.

Numbers go out in full: z and coordinates are doubles on the wire. An array is mapped whole or not at all: when points
can't be mapped, `CoordinateError` tells which and why, and carries the others.
"""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from render_io import http
from render_io._requests.access import connected
from render_io._requests.coordinate_values import (
    CoordinateError,
    package_point_match_data_into_json,
    unpackage_local_to_world_point_match_from_json,
    unpackage_world_to_local_point_match_from_json,
)
from render_io._requests.progress import track
from render_io._requests.urls import commas, escape, number, stack_url
from render_io.errors import RequestError
from render_io.render import Port, Render

__all__ = [
    "CoordinateError",
    "local_to_world_coordinates",
    "local_to_world_coordinates_array",
    "local_to_world_coordinates_batch",
    "local_to_world_coordinates_clientside",
    "map_coordinates_clientside",
    "package_point_match_data_into_json",
    "unpackage_local_to_world_point_match_from_json",
    "unpackage_world_to_local_point_match_from_json",
    "world_to_local_coordinates",
    "world_to_local_coordinates_array",
    "world_to_local_coordinates_batch",
    "world_to_local_coordinates_clientside",
]

Coordinate = dict[str, Any]
Points = npt.NDArray[np.float64]

_POINTS_PER_REQUEST = 25_000


@connected()
def world_to_local_coordinates(
    stack: str,
    z: float,
    x: float,
    y: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[Coordinate]:
    """Map one world point into every tile there: list of tileId, local and, on the tile on top, visible.

    RequestError with the service's text when no tile is there or none can be inverted.
    """
    point = commas(number(x, "x"), number(y, "y"))
    address = stack_url(host, port, owner, project, stack, "z", number(z, "z"), "world-to-local-coordinates", point)
    found: list[Coordinate] = http.get_json(session, address)
    return found


@connected()
def local_to_world_coordinates(
    stack: str,
    tileId: str,
    x: float,
    y: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> Coordinate:
    """Map one point of a tile into the world: tileId and world."""
    point = commas(number(x, "x"), number(y, "y"))
    tile = ("tile", escape(tileId, "tileId"), "local-to-world-coordinates", point)
    found: Coordinate = http.get_json(session, stack_url(host, port, owner, project, stack, *tile))
    return found


@connected()
def world_to_local_coordinates_batch(
    stack: str,
    d: Sequence[Coordinate],
    z: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    execute_local: bool = False,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[list[Coordinate]]:
    """Map world points of one section into its tiles.

    Parameters
    ----------
    stack : str
        Name of the stack.
    d : sequence of dict
        ``{"world": [x, y]}`` each; numpy numbers are fine.
    z : float
        Section.
    host, port, owner, project : optional
        Connection.
    execute_local : bool
        Let the CoordinateClient map them here, see `world_to_local_coordinates_clientside`.
    session, render : optional
        Connection.
    **kwargs
        Further members of a connection, not used.

    Returns
    -------
    list of list of dict
        Per point the tiles there, or one entry with ``error``.

    Raises
    ------
    RequestError
        The service refused the whole, or gave no answer.
    """
    if execute_local:
        where: Any = {"host": host, "port": port, "owner": owner, "project": project}
        return world_to_local_coordinates_clientside(stack, d, z, **where, render=render)
    return _mapped(session, stack_url(host, port, owner, project, stack, "z", number(z, "z")), "world-to-local", d)


@connected()
def local_to_world_coordinates_batch(
    stack: str,
    d: Sequence[Coordinate],
    z: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[Coordinate]:
    """Map points of tiles, ``{"tileId", "local": [x, y]}`` each, into the world; an entry that fails has ``error``.

    The service does not look at `z`. RequestError when it refuses the whole, or gives no answer.
    """
    return _mapped(session, stack_url(host, port, owner, project, stack, "z", number(z, "z")), "local-to-world", d)


def _mapped(session: Any, section: str, direction: str, points: Sequence[Coordinate]) -> list[Any]:
    """Send points in portions, so that neither a request nor the service's work on it gets out of hand."""
    address, points = f"{section}/{direction}-coordinates", list(points)
    starts = range(0, max(len(points), 1), _POINTS_PER_REQUEST)
    answers: list[Any] = []
    for start in track(starts, "mapping points", len(starts)):
        part = points[start : start + _POINTS_PER_REQUEST]
        answer = http.put_json(session, address, part)
        answers += _as_long_as(part, answer)
    return answers


def _as_long_as(part: Sequence[Any], response: http.Response) -> list[Any]:
    answer = http.parse_json(response)
    if not isinstance(answer, list) or len(answer) != len(part):
        got = f"{len(answer)} entries" if isinstance(answer, list) else type(answer).__name__
        raise RequestError(
            f"expected an answer for each of {len(part)} points, got {got}", 200, http.redact(response.url)
        )
    return answer


@connected(extra=("memGB",))
def world_to_local_coordinates_array(
    stack: str,
    dataarray: npt.ArrayLike,
    tileId: str,
    z: float,
    render: Render | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    doClientSide: bool = False,
    number_of_threads: int = 20,
    session: Any = None,
    **kwargs: Any,
) -> Points:
    """Map world points into one tile.

    Parameters
    ----------
    stack : str
        Name of the stack.
    dataarray : array_like of shape (N, 2)
        World points.
    tileId : str
        The tile.
    z : float
        Its section.
    render, host, port, owner, project, client_script : optional
        Connection.
    doClientSide : bool
        Let the Java client, or what stands in for it, do the mapping.
    number_of_threads : int
        Of that client.
    session : optional
        Connection.
    **kwargs
        Further members of a connection: ``memGB``.

    Returns
    -------
    ndarray of shape (N, 2)
        Points of the tile.

    Raises
    ------
    CoordinateError
        Points that are not in the tile or could not be inverted.
    RequestError
        The service refused the whole, or gave no answer.
    """
    where: Any = {"host": host, "port": port, "owner": owner, "project": project, "render": render}
    points = package_point_match_data_into_json(dataarray, tileId, "world")
    if doClientSide:
        how: Any = {
            "client_script": client_script,
            "number_of_threads": number_of_threads,
            "memGB": kwargs.get("memGB"),
        }
        answer = world_to_local_coordinates_clientside(stack, points, z, **where, **how)
    else:
        answer = world_to_local_coordinates_batch(stack, points, z, **where, session=session)
    return unpackage_world_to_local_point_match_from_json(answer, tileId)


@connected(extra=("memGB",))
def local_to_world_coordinates_array(
    stack: str,
    dataarray: npt.ArrayLike,
    tileId: str,
    z: float,
    render: Render | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    doClientSide: bool = False,
    number_of_threads: int = 20,
    session: Any = None,
    **kwargs: Any,
) -> Points:
    """Map points of one tile into the world; arguments, result and errors as of `world_to_local_coordinates_array`."""
    where: Any = {"host": host, "port": port, "owner": owner, "project": project, "render": render}
    points = package_point_match_data_into_json(dataarray, tileId, "local")
    if doClientSide:
        how: Any = {
            "client_script": client_script,
            "number_of_threads": number_of_threads,
            "memGB": kwargs.get("memGB"),
        }
        answer = local_to_world_coordinates_clientside(stack, [[point] for point in points], z, **where, **how)
    else:
        answer = local_to_world_coordinates_batch(stack, points, z, **where, session=session)
    return unpackage_local_to_world_point_match_from_json(answer)


def map_coordinates_clientside(
    stack: str,
    jsondata: Any,
    z: float,
    host: str,
    port: Port,
    owner: str,
    project: str,
    client_script: str | None,
    isLocalToWorld: bool = False,
    store_injson: bool = False,
    store_outjson: bool = False,
    number_of_threads: int = 20,
    memGB: str = "1G",
) -> Any:
    """Map points with the CoordinateClient, in Java or in-process.

    Parameters
    ----------
    stack : optional
        Where.
    jsondata : list
        World to local: ``{"world": [x, y]}`` each. Local to world: a LIST of ``{"tileId", "local"}`` each, of which
        the first visible one is mapped.
    z, host, port, owner, project : optional
        Where.
    client_script : str, optional
        The Java client's script; without it the job is done in-process.
    isLocalToWorld : bool
        Direction.
    store_injson, store_outjson : bool
        Keep the file given to the client, or the one it wrote; the log says where.
    number_of_threads : int
        Of the client.
    memGB : str
        Heap of the Java virtual machine.

    Returns
    -------
    list
        Lists of dicts (world to local) or dicts (local to world).

    Raises
    ------
    ClientScriptError
        The client failed.
    """
    from render_io.client.coordinates import map_by_client

    where = (host, port, owner, project, stack)
    how: dict[str, Any] = {"client_script": client_script, "memGB": memGB, "threads": number_of_threads}
    return map_by_client(jsondata, z, where, isLocalToWorld, (store_injson, store_outjson), **how)


@connected(extra=("memGB",))
def world_to_local_coordinates_clientside(
    stack: str,
    jsondata: Any,
    z: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    number_of_threads: int = 20,
    render: Render | None = None,
    **kwargs: Any,
) -> list[list[Coordinate]]:
    """As `world_to_local_coordinates_batch`, done by the Java client, or what stands in for it."""
    where: Any = (host, port, owner, project, client_script)
    how: Any = {"number_of_threads": number_of_threads, "memGB": kwargs.get("memGB") or "1G"}
    mapped: list[list[Coordinate]] = map_coordinates_clientside(stack, jsondata, z, *where, **how)
    return mapped


@connected(extra=("memGB",))
def local_to_world_coordinates_clientside(
    stack: str,
    jsondata: Any,
    z: float,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    number_of_threads: int = 20,
    render: Render | None = None,
    **kwargs: Any,
) -> list[Coordinate]:
    """Map points of tiles by the Java client, or what stands in for it; `jsondata` is a list of LISTS of points."""
    where: Any = (host, port, owner, project, client_script)
    how: Any = {"number_of_threads": number_of_threads, "memGB": kwargs.get("memGB") or "1G", "isLocalToWorld": True}
    mapped: list[Coordinate] = map_coordinates_clientside(stack, jsondata, z, *where, **how)
    return mapped
