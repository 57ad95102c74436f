"""CoordinateClient: points between tiles and world, and from one stack into another.

The service says which tiles contain a world point; their specs are fetched and the points are mapped here.

Source: org.janelia.render.client.CoordinateClient.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from render_io._native.command_line import CommandLine, number, switch, text, whole
from render_io._native.files import check_writable, read_list, write_json
from render_io._native.job import Client, Job, JobError
from render_io._native.local_points import LayerTiles, to_locals, to_world
from render_io._native.options import RENDER_WEB, STACK
from render_io._native.service import Stack
from render_io._native.swc import map_directory
from render_io._requests.urls import number as in_path
from render_io.errors import RenderError
from render_io.server.answers import ServiceError
from render_io.server.jackson import read_body
from render_io.server.spec_model import Coordinate

__all__ = ["CLIENT", "PointMapper"]

BATCH = 25_000
Entries = list[dict[str, Any]]
_LISTS = list[list[Coordinate | None] | None]


class PointMapper:
    """Maps points in batches of bounded size.

    Parameters
    ----------
    job : Job
        Log and options.
    z : float, optional
        Layer of the world points; without it their third values are.
    """

    def __init__(self, job: Job, z: float | None) -> None:
        self._job, self._z = job, z

    def world_to_local(self, stack: Stack, points: list[Coordinate]) -> list[Entries]:
        """Find the tiles at world points, and the points' places in them.

        Parameters
        ----------
        stack : Stack
            Where to look.
        points : list of Coordinate
            With world values.

        Returns
        -------
        list of list of dict
            For each point its places by tile id, the one on top marked, or one entry with an error.

        Raises
        ------
        RequestError
            The service can't be reached, or can't read a point.
        """
        found: list[Entries] = []
        for start in range(0, len(points), BATCH):
            batch = points[start : start + BATCH]
            candidates = self._candidates(stack, batch)
            ids = {str(c.tileId) for at_point in candidates for c in at_point if c.tileId is not None}
            found += to_locals(self._fetched(stack, ids), batch, candidates)
        return found

    def local_to_world(self, stack: Stack, points: list[Coordinate | None]) -> Entries:
        """Map points of tiles to the world; one that fails is repeated with its error."""
        found: Entries = []
        for start in range(0, len(points), BATCH):
            batch = points[start : start + BATCH]
            ids = {point.tileId for point in batch if point is not None and point.tileId is not None}
            found += to_world(self._fetched(stack, ids), batch)
        return found

    def _candidates(self, stack: Stack, batch: list[Coordinate]) -> list[list[Coordinate]]:
        layer = () if self._z is None else ("z", in_path(self._z))
        answer = stack.ask(*layer, "tileIdsForCoordinates", body=[point.to_dict() for point in batch])
        found = [[c for c in at_point or () if c is not None] for at_point in read_body(answer, _LISTS) or ()]
        if len(found) != len(batch):
            raise JobError(f"the service answered {len(found)} points, {len(batch)} were asked for")
        return found

    def _fetched(self, stack: Stack, ids: set[str]) -> LayerTiles:
        """Fetch tile specs; a failure is an error of every point that needs them."""
        try:
            specs = stack.tile_specs(ids)
        except (RenderError, ServiceError) as error:
            self._job.hide(f"the tile specs of {len(ids)} tiles can't be fetched: {error}")
            specs = {}
        return LayerTiles(stack.name, self._z, specs)


def run(job: Job) -> None:
    """Map what the options name."""
    source = Stack.source(job)
    target = _target(job, source)
    mapper = PointMapper(job, job["z"])
    if job["fromSwcDirectory"] is not None:
        map_directory(job, PointMapper(job, None), source, target)
        return
    if job["fromJson"] is None:
        raise JobError("must specify input location with either --fromJson or --fromSwcDirectory")
    if not Path(job["fromJson"]).is_file():
        raise JobError(f"--fromJson {job['fromJson']} must be readable")
    if job["toJson"] is None:
        raise JobError("must specify output location with --toJson")
    path = check_writable(job["toJson"], "--toJson {} must be writeable")
    mapped = _mapped(job, mapper, source, target)
    write_json(path, mapped)
    failed = sum("error" in entry for entry in _flat(mapped))
    if failed:
        job.hide(f"{failed} of {len(mapped)} points can't be mapped, see the errors in {path}")


def _target(job: Job, source: Stack) -> Stack | None:
    if job["toStack"] is None:
        return None
    return Stack(job, job["toOwner"] or source.owner, job["toProject"] or source.project, job["toStack"])


def _mapped(job: Job, mapper: PointMapper, source: Stack, target: Stack | None) -> list[Any]:
    if job["localToWorld"]:
        return mapper.local_to_world(
            source, [_top(at_point) for at_point in read_list(job["fromJson"], list[Coordinate | None])]
        )
    found = mapper.world_to_local(source, read_list(job["fromJson"], Coordinate))
    if target is None:
        return found
    return round_trip(mapper, target, found)


def round_trip(mapper: PointMapper, target: Stack, found: list[Entries]) -> Entries:
    """Map the places of points in tiles to the world of another stack, those on top."""
    return mapper.local_to_world(target, [_top([Coordinate(**entry) for entry in at_point]) for at_point in found])


def _top(at_point: list[Any]) -> Coordinate | None:
    """Return the first visible place of a point, else the first."""
    return next((place for place in at_point if place is not None and place.visible), next(iter(at_point), None))


def _flat(mapped: list[Any]) -> Iterator[dict[str, Any]]:
    for entry in mapped:
        yield from entry if isinstance(entry, list) else [entry]


CLIENT = Client(
    CommandLine(
        (
            *RENDER_WEB,
            STACK,
            number("z", "Layer of the world points (default: their third values)"),
            text("fromJson", "Points to be mapped (.json or .json.gz)"),
            text("toJson", "Where the mapped points go (.json or .json.gz)"),
            switch("localToWorld", "Map from tiles to the world"),
            text("toOwner", "Owner of the stack to map into (default: that of the source)"),
            text("toProject", "Project of the stack to map into (default: that of the source)"),
            text("toStack", "Stack to map into"),
            text("fromSwcDirectory", "Directory of .swc files to be mapped"),
            text("toSwcDirectory", "Where the mapped .swc files go"),
            whole("numberOfThreads", "Number of threads; results do not depend on it", 1),
        )
    ),
    run,
)
