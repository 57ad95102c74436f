"""Stacks of a render service as sources and sinks of sections: ``render://host:port/owner/project/stack``.

``render+https://`` is the same over TLS. A user and password in the address are sent as basic authentication and never
shown. Sources and sinks pickle: each process opens its own connections.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import unquote, urlsplit

from render_io import http
from render_io._requests.layers import resolved_layer
from render_io._requests.stack_version import StackVersion
from render_io._requests.uploads import put_resolved_tiles
from render_io._requests.urls import escape, join, number, stack_url
from render_io._stores.document import Document
from render_io._stores.section import Section, z_text
from render_io.errors import RenderError, RequestError, SpecError, StoreError

__all__ = ["RenderSink", "RenderSource", "ReplacingSink", "StackAddress", "open_sink", "open_source"]

T = TypeVar("T")

_SCHEMES = {"render": "http", "render+https": "https"}
_FORM = "render://host:port/owner/project/stack"
_BOX = ("minX", "minY", "maxX", "maxY")
_local = threading.local()


@dataclass(frozen=True, repr=False)
class StackAddress:
    """A stack of a service.

    Attributes
    ----------
    url : str
        Address below the service, without credentials.
    auth : tuple of (str, str), optional
        User and password.
    text : str
        What was given, as it may be shown.
    """

    url: str
    auth: tuple[str, str] | None
    text: str

    @classmethod
    def parse(cls, text: str) -> StackAddress:
        """Read an address; StoreError when it names no stack."""
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise StoreError(f"can't read the address {http.redact(text)}: {error}, expected {_FORM}") from None
        shown = http.redact(text)
        names = [unquote(name) for name in parts.path.strip("/").split("/")]
        scheme = _SCHEMES.get(parts.scheme.lower())
        if scheme is None or not host or len(names) != 3 or not all(names) or parts.query or parts.fragment:
            raise StoreError(f"can't read the address {shown}: expected {_FORM}", shown)
        auth = (unquote(parts.username or ""), unquote(parts.password or "")) if parts.username else None
        name = f"[{host}]" if ":" in host else host
        with _store_errors(shown, "read"):
            url = stack_url(f"{scheme}://{name}", port, *names)
        return cls(url, auth, shown)

    def __repr__(self) -> str:
        return f"StackAddress({self.text!r})"

    def at(self, *components: str) -> str:
        """Address below the stack; the components are escaped already."""
        return join(self.url, *components)

    def session(self) -> Any:
        """Session of this thread for the service and user."""
        sessions = _local.__dict__.setdefault("sessions", {})
        if self.auth not in sessions:
            sessions[self.auth] = http.new_session()
            sessions[self.auth].auth = self.auth
        return sessions[self.auth]


class _store_errors(AbstractContextManager["_store_errors"]):
    """Turn what goes wrong with a service into a `StoreError` that names the stack."""

    def __init__(self, shown: str, doing: str) -> None:
        self.shown, self.doing = shown, doing

    def __exit__(self, kind: Any, error: BaseException | None, traceback: TracebackType | None) -> None:
        if isinstance(error, RenderError) and not isinstance(error, StoreError):
            raise StoreError(f"can't {self.doing} {self.shown}: {error}", self.shown) from error


class RenderSource:
    """Sections of a stack, one z after the other.

    Parameters
    ----------
    address : StackAddress
        The stack.
    max_bytes : int, optional
        Largest answer taken.
    """

    def __init__(self, address: StackAddress, max_bytes: int | None = None) -> None:
        self.address, self.max_bytes = address, max_bytes

    def parts(self) -> list[str]:
        """The z values of the stack, ascending.

        Raises
        ------
        StoreError
            There is no such stack, or no answer.
        """
        with _store_errors(self.address.text, "read"):
            zs = http.get_json(self.address.session(), self.address.at("zValues"))
            return [repr(float(z)) for z in zs]

    def read(self, part: str) -> Iterator[Section]:
        """Yield the one section of a z: its tiles in the order of their ids, references kept.

        Parameters
        ----------
        part : str
            The z.

        Yields
        ------
        Section
            Its tiles and the shared transforms they name.

        Raises
        ------
        StoreError
            There are no such tiles, no answer, or a bigger one than allowed.
        """
        with _store_errors(self.address.text, "read"):
            session = self.address.session()
            document = Document.from_json(resolved_layer(session, self.address.url, float(part), self.max_bytes))
        yield from document.sections(part)

    def __iter__(self) -> Iterator[Section]:
        for part in self.parts():
            yield from self.read(part)


class RenderSink:
    """A stack to be filled; it is LOADING until `finish`.

    Parameters
    ----------
    address : StackAddress
        The stack; created when it does not exist.
    overwrite, resume : bool
        Take a stack that has tiles: see `ReplacingSink`, or to go on where an earlier run stopped.

    Raises
    ------
    StoreError
        The stack has tiles and neither flag is given, it is READ_ONLY, or there is no answer.
    """

    parallel: ClassVar[bool] = True

    def __init__(self, address: StackAddress, *, overwrite: bool = False, resume: bool = False) -> None:
        self.address, self.overwrite, self.resume = address, overwrite, resume
        self._written: set[str] = set()
        with _store_errors(address.text, "write"):
            self._before = self._open()

    def _open(self) -> set[str]:
        """Make the stack ready to be written; z values that it has."""
        session = self.address.session()
        metadata = _unless_missing(lambda: http.get_json(session, self.address.url))
        if metadata is None:
            http.post_json(session, self.address.url, StackVersion().to_dict())
            return set()
        zs = {repr(float(z)) for z in http.get_json(session, self.address.at("zValues"))}
        if zs and not (self.overwrite or self.resume):
            text = "the stack exists: give --overwrite to replace it or --resume to go on"
            raise StoreError(f"can't write {self.address.text}: {text}", self.address.text)
        if metadata.get("state") != "LOADING":
            http.put_json(session, self.address.at("state", "LOADING"), None)
        return zs

    def has(self, section: Section) -> bool:
        """Whether the stack, opened with ``resume=True``, has exactly the tiles of a section at its z.

        Parameters
        ----------
        section : Section
            What would be written.

        Returns
        -------
        bool
            False also for a section whose upload broke off.

        Raises
        ------
        StoreError
            No answer.
        """
        if not self.resume or section.z is None or repr(float(section.z)) not in self._before:
            return False
        ids = list(section.tile_ids)
        if not all(isinstance(tile_id, str) for tile_id in ids):
            return False  # No service has such tiles.
        with _store_errors(self.address.text, "read"):
            whole = self._tile_ids(section.z) == set(ids)
        if whole:
            self._written.add(repr(float(section.z)))
        return whole

    def _tile_ids(self, z: float) -> set[Any]:
        boxes = http.get_json(self.address.session(), self.address.at("z", number(z), "tileBounds"), stream=True)
        return {box.get("tileId") for box in boxes}

    def write(self, section: Section) -> None:
        """Save the tiles of a section, with the boxes they have or, unless all have one, with derived ones.

        Tiles of that z which are not in the section are removed after the others are saved.

        Parameters
        ----------
        section : Section
            Tiles and the shared transforms they name; one without tiles is nothing to be saved.

        Raises
        ------
        StoreError
            The section was written already, its z or an id is missing, the service refused it, or gave no answer.
        """
        if not section.tilespecs:
            return
        with _store_errors(self.address.text, "write"):
            z = self._claim(section)
            self._save(section, z)

    def _save(self, section: Section, z: str) -> None:
        try:
            derive = not all(_has_box(tile) for tile in section.tilespecs)
            session, at_z = self.address.session(), number(section.z, "z")
            put_resolved_tiles(session, self.address.url, section.tilespecs, section.transforms, derive=derive, z=at_z)
            if z in self._before:
                self._remove(self._tile_ids(float(z)) - set(section.tile_ids))
        except BaseException:
            self._written.discard(z)  # it may be tried again
            raise

    def _claim(self, section: Section) -> str:
        if section.z is None:
            raise SpecError(f"section {section.name} has no z, which a stack of a service needs")
        z = repr(float(section.z))
        if z in self._written:
            raise SpecError(f"section {z_text(section.z)} was written already")
        self._written.add(z)
        return z

    def _remove(self, tile_ids: set[Any]) -> None:
        for tile_id in sorted(str(tile_id) for tile_id in tile_ids if tile_id is not None):
            http.rest_delete(self.address.session(), self.address.at("tile", escape(tile_id, "tileId")))

    def finish(self) -> None:
        """Set the stack COMPLETE; one without tiles stays LOADING.

        Raises
        ------
        StoreError
            The service refused it, or gave no answer.
        """
        session = self.address.session()
        with _store_errors(self.address.text, "finish"):
            if http.get_json(session, self.address.at("zValues")):
                http.put_json(session, self.address.at("state", "COMPLETE"), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Leave a stack that was not finished LOADING: what it has can be resumed."""


class ReplacingSink(RenderSink):
    """A stack whose sections are replaced one by one; `finish` removes those that were not.

    Only the sink itself knows which were: no copies of it may write at the same time.
    """

    parallel: ClassVar[bool] = False

    def finish(self) -> None:
        """Remove the sections that were not replaced, then complete the stack."""
        with _store_errors(self.address.text, "finish"):
            for z in sorted(self._before - self._written, key=float):
                http.rest_delete(self.address.session(), self.address.at("z", number(z, "z")))
        super().finish()


def _has_box(tile: dict[str, Any]) -> bool:
    return all(tile.get(side) is not None for side in _BOX)


def _unless_missing(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except RequestError as error:
        if error.status == 404:
            return None
        raise


def open_source(text: str, *, max_bytes: int | None = None) -> RenderSource:
    """Open a stack of a service for reading; StoreError when the text names none."""
    return RenderSource(StackAddress.parse(text), max_bytes)


def open_sink(text: str, *, overwrite: bool = False, resume: bool = False) -> RenderSink:
    """Open a stack of a service for writing; errors as of `RenderSink`."""
    kind = ReplacingSink if overwrite and not resume else RenderSink
    return kind(StackAddress.parse(text), overwrite=overwrite, resume=resume)
