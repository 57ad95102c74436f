"""A stack as text: where sections come from and where they go.

Use it like this; nothing else of this module is needed by a pipeline::

    source = open_source("raw/")                       # or tiles.json, tiles.json.gz, render://host:8080/owner/project/stack
    with open_sink("aligned/", overwrite=True) as sink:
        for section in source:                         # one section in memory at a time
            if sink.has(section):                      # only ever true with resume=True
                continue
            tiles = [changed(tile) for tile in section.tilespecs]
            sink.write(section.with_tilespecs(tiles))
        sink.finish()                                  # without it a file sink writes nothing

    open_source(text, *, max_bytes=...) -> Source
        .parts() -> list[str]                          # names of what can be read alone: files, or z values
        .read(part) -> Iterator[Section]               # sources and sinks pickle: workers read and write by themselves
        iter(source) -> Iterator[Section]
    open_sink(text, *, overwrite=False, resume=False, compress=False) -> Sink
        .has(section) -> bool
        .write(section) -> None                        # atomic per section
        .finish() -> None                              # completes a file, a directory or a stack
        .parallel -> bool                              # whether other threads and processes may write to copies of it
    check_tile(spec) -> list[SpecError]                # what is wrong with one tile, with tile id and JSON path

Kinds of text: a ``.json`` or ``.json.gz`` file (an array of tile specs, one, or resolved tiles), a directory of such
files, or an address ``scheme://...`` whose scheme is in the table below. A file with several z values yields one
section for each, and a file sink puts the tiles back into the order they had. Faults of a store raise `StoreError`; a
tile that is merely wrong inside is passed on as it is, for `check_tile` to report. A document without tiles yields one
section without tiles, so that a copy of the stack has it too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Protocol, Self

from render_io._stores.files import DEFAULT_MAX_BYTES
from render_io._stores.section import Section
from render_io._stores.tile_check import check_tile
from render_io.errors import StoreError

__all__ = ["Section", "Sink", "Source", "StoreError", "check_tile", "open_sink", "open_source", "register_scheme"]


class Source(Protocol):
    """Where sections come from; iterating reads one part after the other."""

    def parts(self) -> list[str]:
        """Names of what can be read alone, in the order in which iteration reads them."""
        ...

    def read(self, part: str) -> Iterator[Section]:
        """Sections of one part.

        Raises
        ------
        StoreError
            It can't be read or is not made of tile specs.
        """
        ...

    def __iter__(self) -> Iterator[Section]: ...


class Sink(Protocol):
    """Where sections go. As a context manager it discards what is unfinished when an error passes through."""

    parallel: ClassVar[bool]
    """Whether copies of the sink in other threads and processes may write other sections at the same time."""

    def has(self, section: Section) -> bool:
        """Whether the sink, opened with ``resume=True``, holds this section whole."""
        ...

    def write(self, section: Section) -> None:
        """Take one section, atomically.

        Raises
        ------
        StoreError
            It can't be written, or another section of the same name was.
        """
        ...

    def finish(self) -> None:
        """Complete the stack: called once, after the last section.

        Raises
        ------
        StoreError
            The sink can't be completed.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class _Scheme(NamedTuple):
    """Module with ``open_source(text, **options)`` and ``open_sink(text, **options)``, imported when first used."""

    module: str


_SCHEMES: dict[str, _Scheme] = {
    "render": _Scheme("render_io._requests.store"),
    "render+https": _Scheme("render_io._requests.store"),
}


def register_scheme(scheme: str, module: str) -> None:
    """Let a module open the addresses of one scheme.

    Parameters
    ----------
    scheme : str
        The part before ``://``.
    module : str
        Import name of a module with functions `open_source` and `open_sink` of the signatures found here.
    """
    _SCHEMES[scheme.lower()] = _Scheme(module)


def open_source(text: str | Path, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Source:
    """Open a stack for reading.

    Parameters
    ----------
    text : str or Path
        File, directory or address.
    max_bytes : int
        Largest document read, after decompression.

    Returns
    -------
    Source
        Nothing but the existence of the place has been looked at yet.

    Raises
    ------
    StoreError
        There is no such place, or its kind is unknown.
    """
    opener = _opener(str(text), "open_source")
    if opener is not None:
        source: Source = opener(str(text), max_bytes=max_bytes)
        return source
    from render_io._stores.file_stores import DirectorySource, FileSource, is_stack_name

    path = Path(text)
    if path.is_dir():
        return DirectorySource(path, max_bytes)
    if not path.exists():
        raise StoreError(f"can't read {path}: no such file or directory", str(path))
    if not is_stack_name(path.name):
        raise StoreError(f"can't read {path}: expected a .json or .json.gz file, a directory or an address", str(path))
    return FileSource(path, max_bytes)


def open_sink(text: str | Path, *, overwrite: bool = False, resume: bool = False, compress: bool = False) -> Sink:
    """Open a stack for writing.

    Parameters
    ----------
    text : str or Path
        File, directory (made when absent) or address.
    overwrite : bool
        Replace what exists, file by file; what the new stack does not replace is removed when it is finished.
    resume : bool
        Keep what exists: sections that are there already are reported by `Sink.has`.
    compress : bool
        Whether a directory gets ``.json.gz`` files; the name of a file sink tells by itself.

    Returns
    -------
    Sink
        Ready to take sections.

    Raises
    ------
    StoreError
        The sink exists and neither flag is given, or it can't be made.
    """
    opener = _opener(str(text), "open_sink")
    if opener is not None:
        sink: Sink = opener(str(text), overwrite=overwrite, resume=resume)
        return sink
    from render_io._stores.file_stores import DirectorySink, FileSink, is_stack_name

    path = Path(text)
    if path.is_dir() or not is_stack_name(path.name):
        return DirectorySink(path, overwrite=overwrite, resume=resume, compress=compress)
    return FileSink(path, overwrite=overwrite, resume=resume)


def _opener(text: str, function: str) -> Callable[..., Any] | None:
    """Function that opens an address; None when the text is a path."""
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if match is None:
        return None
    scheme = _SCHEMES.get(match[1].lower())
    if scheme is None:
        known = ", ".join(f"{name}://" for name in sorted(_SCHEMES))
        # The rest of the address is not shown: it may hold a password.
        raise StoreError(f"can't open {match[1]}://...: unknown scheme, expected a path or one of {known}")
    opener: Callable[..., Any] = getattr(import_module(scheme.module), function)
    return opener
