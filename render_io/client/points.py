"""Points of one tile into the world and back, without naming a section."""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from render_io import http
from render_io._requests.urls import stack_url
from render_io.client.utils import client_connected
from render_io.coordinate import (
    package_point_match_data_into_json,
    unpackage_local_to_world_point_match_from_json,
)
from render_io.errors import RenderError
from render_io.render import Port, Render

__all__ = ["local_to_world_array", "world_to_local_array"]


@client_connected()
def local_to_world_array(
    stack: str,
    points: npt.ArrayLike,
    tileId: str,
    subprocess_mode: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> npt.NDArray[np.float64]:
    """Map points (N, 2) of one tile into the world (N, 2); CoordinateError names those that can't be mapped."""
    address = stack_url(host, port, owner, project, stack, "local-to-world-coordinates")
    entries = package_point_match_data_into_json(points, tileId, "local")
    answer = http.parse_json(http.put_json(kwargs.get("session"), address, entries))
    return unpackage_local_to_world_point_match_from_json(answer)


@client_connected()
def world_to_local_array(
    stack: str,
    points: npt.ArrayLike,
    subprocess_mode: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[list[dict[str, Any]]]:
    """Map world points (N, 3), z last, into every tile there: per point a list of entries, as the service answers."""
    world = np.asarray(points, dtype=np.float64)
    if world.size and (world.ndim != 2 or world.shape[1] != 3):
        raise RenderError(f"expected points of shape (N, 3), z last, got {world.shape}")
    address = stack_url(host, port, owner, project, stack, "world-to-local-coordinates")
    entries = [{"world": point} for point in world.reshape(-1, 3).tolist()]
    answer: list[list[dict[str, Any]]] = http.parse_json(http.put_json(kwargs.get("session"), address, entries))
    return answer
