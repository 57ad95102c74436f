"""A stack of the service as the clients see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from render_io import http
from render_io._native.job import Job, JobError
from render_io._native.tile_collection import TileCollection
from render_io._requests.urls import escape, number
from render_io.errors import RequestError
from render_io.server.answers import ServiceError
from render_io.server.jackson import format_date, read_body
from render_io.server.spec_model import TileSpec, tidy_tile

__all__ = ["Stack", "found_or_none", "now", "tell_unknown"]

Json = dict[str, Any]
Query = list[tuple[str, Any]]

SPECS_PER_REQUEST = 50_000
TILES_PER_REQUEST = 20_000
FEW = 1000


def now() -> str:
    """Return the time as the service writes it."""
    return format_date(datetime.now(UTC))


class Stack:
    """One stack, addressed as the Java clients do.

    Parameters
    ----------
    job : Job
        Log and session.
    owner, project, stack : str
        Names.
    """

    def __init__(self, job: Job, owner: str, project: str, stack: str) -> None:
        self.job, self.owner, self.project, self.name = job, owner, project, stack
        names = zip(("owner", "project", "stack"), (owner, project, stack), strict=True)
        self.address = "/".join([job["baseDataUrl"], *(f"{what}/{escape(value, what)}" for what, value in names)])

    @classmethod
    def source(cls, job: Job, name: str = "stack") -> Stack:
        """Return the stack that the options of a client name."""
        return cls(job, job["owner"], job["project"], job[name])

    # ---------------------------------------------------------------- requests

    def get(self, *parts: str, query: Query | None = None) -> Any:
        """GET JSON below the stack."""
        return http.get_json(self.job.session, self._url(*parts), query)

    def put(self, *parts: str, body: Any = None, query: Query | None = None) -> None:
        """PUT JSON below the stack."""
        http.put_json(self.job.session, self._url(*parts), body, query)

    def ask(self, *parts: str, body: Any) -> bytes:
        """PUT a question below the stack and return the JSON answer as it came."""
        answer: bytes = http.put_json(self.job.session, self._url(*parts), body).content
        return answer

    def delete(self, *parts: str) -> None:
        """DELETE below the stack, or all of it."""
        http.rest_delete(self.job.session, self._url(*parts))

    def _url(self, *parts: str) -> str:
        return "/".join([self.address, *parts])

    # ---------------------------------------------------------------- the stack

    def metadata(self) -> Json:
        """Return the metadata.

        Raises
        ------
        RequestError
            Of status 404 when there is no such stack.
        """
        found: Json = self.get()
        return found

    def find_metadata(self) -> Json | None:
        """Return the metadata, None without such a stack."""
        found: Json | None = found_or_none(self.metadata)
        return found

    def create(self, version: Json) -> None:
        """Make the stack, or a new version of it."""
        http.post_json(self.job.session, self.address, version)
        self.job.log(f"created {self}")

    def set_state(self, state: str) -> None:
        """Ask for a state."""
        self.put("state", state)
        self.job.log(f"{self} is {state}")

    def open(self, metadata: Mapping[str, Any] | None = None) -> None:
        """Make the stack writable.

        Parameters
        ----------
        metadata : mapping, optional
            Its metadata, when they are known.

        Raises
        ------
        JobError
            It is READ_ONLY.
        RequestError
            It does not exist, or can't be opened.
        """
        state = (self.metadata() if metadata is None else metadata).get("state")
        if state == "READ_ONLY":
            raise JobError(f"{self.name} stack state is READ_ONLY and cannot be changed")
        if state != "LOADING":
            self.set_state("LOADING")

    def complete(self) -> None:
        """Make the stack COMPLETE."""
        self.set_state("COMPLETE")

    def derive_from(self, source: Stack, metadata: Mapping[str, Any]) -> None:
        """Make this stack, or make it fit for tiles of another one.

        Parameters
        ----------
        source : Stack
            Where its tiles will come from.
        metadata : mapping
            Those of the source.
        """
        version, own = metadata.get("currentVersion") or {}, self.find_metadata()
        inherited = {
            name: version[name] for name in (*_RESOLUTIONS, "mipmapPathBuilder") if version.get(name) is not None
        }
        if own is None:
            notes = (
                f"derived from stack with owner '{source.owner}', project '{source.project}', and name '{source.name}'"
            )
            self.create({"createTimestamp": now(), "versionNotes": notes, **inherited})
            return
        given = own.get("currentVersion") or {}
        if any(given.get(name) is None and name in inherited for name in _RESOLUTIONS):
            self.put("resolutionValues", body=[given.get(name, inherited.get(name)) for name in _RESOLUTIONS])
        if given.get("mipmapPathBuilder") is None and "mipmapPathBuilder" in inherited:
            self.put("mipmapPathBuilder", body=inherited["mipmapPathBuilder"])
        self.open(own)

    # ---------------------------------------------------------------- its tiles

    def z_values(self, least: float | None = None, largest: float | None = None) -> list[float]:
        """Return the z values between two limits, ascending."""
        query = [(name, number(z)) for name, z in (("minZ", least), ("maxZ", largest)) if z is not None]
        return sorted(self.get("zValues", query=query))

    def tile_bounds(self, z: float) -> list[Json]:
        """Return the boxes of a layer's tiles, by their JSON names."""
        found: list[Json] = self.get("z", number(z), "tileBounds")
        return found

    def tile_ids(self) -> set[str]:
        """Return the ids of all tiles."""
        return set(self.get("tileIds"))

    def tile(self, tile_id: str) -> Json:
        """Return one tile spec."""
        found: Json = self.get("tile", escape(tile_id, "tileId"))
        return found

    def resolved_tiles(self, z: float) -> TileCollection:
        """Return the tiles of a layer with the shared transforms that they need."""
        url = self._url("z", number(z), "resolvedTiles")
        return TileCollection.from_body(http.request(self.job.session, "GET", url).content)

    def tile_specs(self, tile_ids: Iterable[str]) -> dict[str, TileSpec]:
        """Return tiles by id, their transforms resolved and flattened; ids that do not exist are left out."""
        wanted, found = sorted(set(tile_ids)), dict[str, TileSpec]()
        for start in range(0, len(wanted), SPECS_PER_REQUEST):
            part = wanted[start : start + SPECS_PER_REQUEST]
            answer = self.ask("tile-specs-with-ids", body=part)
            for tile in read_body(answer, list[TileSpec]) or ():
                tidy_tile(tile)
                found[tile.tileId] = tile
        return found

    def save(self, tiles: TileCollection, z: float | None = None) -> None:
        """Save tiles and shared transforms as they are, in one request unless there are very many.

        Parameters
        ----------
        tiles : TileCollection
            With boxes.
        z : float, optional
            The z that all of them must have.
        """
        layer = () if z is None else ("z", number(z))
        url, saved = self._url(*layer, "resolvedTiles"), 0
        for batch in tiles.batches(TILES_PER_REQUEST):
            http.put_text(self.job.session, url, batch.body())
            saved += len(batch.tiles)
            self.job.log(f"saved {saved} of {len(tiles.tiles)} tiles and {len(batch.shared)} transforms in {self}")

    def __str__(self) -> str:
        return f"stack {self.name} of project {self.project} of {self.owner}"


_RESOLUTIONS = ("stackResolutionX", "stackResolutionY", "stackResolutionZ")


def found_or_none(get: Any) -> Any:
    """Return what a function returns, None when it fails with status 404."""
    try:
        return get()
    except RequestError as error:
        if error.status != 404:
            raise
        return None


def tell_unknown(stack: Stack, tile_ids: Sequence[str]) -> None:
    """Tell of ids that are not in a stack: the service passes over them."""
    try:
        # A few tiles are cheaper to fetch than the ids of all there are.
        known = set(stack.tile_specs(tile_ids)) if len(tile_ids) <= FEW else stack.tile_ids()
    except (RequestError, ServiceError):  # the job goes on without: ids with quotes, transforms that lead nowhere
        return
    for tile_id in tile_ids:
        if tile_id not in known:
            stack.job.hide(f"tile {tile_id} is not in {stack}", "tiles are not in the stack")
