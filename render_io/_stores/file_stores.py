"""Stores in the file system: one JSON file, or a directory with a file for each section."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from render_io._stores.document import Document
from render_io._stores.files import DEFAULT_MAX_BYTES, make_writable_folder, read_bytes, replace_file, store_errors
from render_io._stores.section import Section
from render_io.errors import SpecError, StoreError

__all__ = ["DirectorySink", "DirectorySource", "FileSink", "FileSource", "is_stack_name", "natural_order"]

_SUFFIX = re.compile(r"\.json(\.gz)?$", re.IGNORECASE)


def is_stack_name(name: str) -> bool:
    """Whether a file of this name holds tile specs.

    Parameters
    ----------
    name : str
        Name of the file without its folder.

    Returns
    -------
    bool
        True for visible ``.json`` and ``.json.gz`` files.
    """
    return _SUFFIX.search(name) is not None and not name.startswith(".")


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Sort key by which section 10 comes after section 9.

    Parameters
    ----------
    name : str
        Any text.

    Returns
    -------
    list of tuple
        Digits as numbers, the rest as text; different names have different keys.
    """
    pieces = re.split(r"([0-9]{1,400})", name)
    return [(0, int(piece), piece) if piece[:1].isdigit() and piece.isascii() else (1, 0, piece) for piece in pieces]


def read_document(path: Path, max_bytes: int = DEFAULT_MAX_BYTES) -> Document:
    """Read one file of tile specs.

    Parameters
    ----------
    path : Path
        A ``.json`` or ``.json.gz`` file.
    max_bytes : int
        Largest size after decompression.

    Returns
    -------
    Document
        Its tiles and what they share.

    Raises
    ------
    StoreError
        Naming the file and the place in it.
    """
    try:
        return Document.from_text(read_bytes(path, max_bytes))
    except SpecError as error:
        raise StoreError(f"can't read {path}: {error}", str(path)) from error


def _sections(path: Path, max_bytes: int, part: str, stem: str | None = None) -> Iterator[Section]:
    try:
        yield from read_document(path, max_bytes).sections(part, stem)
    except SpecError as error:
        raise StoreError(f"can't read {path}: {error}", str(path)) from error


@dataclass(frozen=True)
class FileSource:
    """One file; its sections are named by their z.

    Attributes
    ----------
    path : Path
        The file.
    max_bytes : int
        Largest size after decompression.
    """

    path: Path
    max_bytes: int = DEFAULT_MAX_BYTES

    def parts(self) -> list[str]:
        """The file's own name: it can only be read whole."""
        return [self.path.name]

    def read(self, part: str) -> Iterator[Section]:
        """Sections of the file, in the order in which their z appear."""
        yield from _sections(self.path, self.max_bytes, part)

    def __iter__(self) -> Iterator[Section]:
        return self.read(self.path.name)


@dataclass(frozen=True)
class DirectorySource:
    """A directory; its sections are named by their files.

    Attributes
    ----------
    path : Path
        The directory.
    max_bytes : int
        Largest size of one file after decompression.
    """

    path: Path
    max_bytes: int = DEFAULT_MAX_BYTES

    def parts(self) -> list[str]:
        """Names of the files, numbers in their natural order."""
        names = _stack_files(self.path)
        stems: dict[str, str] = {}
        for name in names:
            twin = stems.setdefault(_stem(name), name)
            if twin != name:
                raise StoreError(
                    f"can't read {self.path}: both {twin} and {name} are there; remove one", str(self.path)
                )
        if not names:
            raise StoreError(f"can't read {self.path}: no .json or .json.gz file is in it", str(self.path))
        return names

    def read(self, part: str) -> Iterator[Section]:
        """Sections of one file, in the order in which their z appear."""
        yield from _sections(self.path / part, self.max_bytes, part, _stem(part))

    def __iter__(self) -> Iterator[Section]:
        for part in self.parts():
            yield from self.read(part)


@dataclass
class DirectorySink:
    """A directory that gets one file for each section.

    Attributes
    ----------
    path : Path
        The directory, made when absent.
    overwrite, resume : bool
        What to do when it holds a stack already; see `open_sink`.
    compress : bool
        Whether to write ``.json.gz``.
    """

    path: Path
    overwrite: bool = False
    resume: bool = False
    compress: bool = False
    parallel: ClassVar[bool] = True
    _written: set[str] = field(default_factory=set, repr=False)
    _before: dict[str, tuple[int, int]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise StoreError(
                f"can't write {self.path}: it is a file, expected a folder or a name in .json", str(self.path)
            )
        make_writable_folder(self.path)
        present = _stack_files(self.path)
        if present and not (self.overwrite or self.resume):
            raise _exists(self.path)
        if not self.resume:
            self._before = {name: self._stamp(name) for name in present}

    def has(self, section: Section) -> bool:
        """Whether the file of the section is there, whole, with the same tiles."""
        path = self._file(section)
        if not self.resume or not path.exists():
            return False
        try:
            return read_document(path).tile_ids() == section.tile_ids
        except StoreError:
            return False  # Not one of ours, or damaged since: it is written again.

    def write(self, section: Section) -> None:
        """Write the file of the section."""
        path = self._file(section)
        if path.name in self._written:
            raise StoreError(f"can't write {path}: two sections are named {section.name!r}", str(path))
        document = Document()
        document.add(section)
        replace_file(path, document.in_order().chunks())
        self._written.add(path.name)

    def finish(self) -> None:
        """Remove what was there before and belongs to no section of the new stack."""
        for name, stamp in self._before.items():
            path = self.path / name
            if path.exists() and self._stamp(name) == stamp and _is_stack(path):
                with store_errors(path, "remove"):
                    path.unlink()

    def _file(self, section: Section) -> Path:
        return self.path / (safe_name(section.name) + (".json.gz" if self.compress else ".json"))

    def _stamp(self, name: str) -> tuple[int, int]:
        """Tell a file from its replacement, also one written by another process."""
        status = (self.path / name).stat()
        return status.st_ino, status.st_mtime_ns

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing to undo: every section is whole or absent."""


@dataclass
class FileSink:
    """One file, written when all its sections are there, with the tiles in the order they had.

    Attributes
    ----------
    path : Path
        The file.
    overwrite, resume : bool
        What to do when it exists already; see `open_sink`.
    """

    path: Path
    overwrite: bool = False
    resume: bool = False
    parallel: ClassVar[bool] = False
    _documents: dict[str, Document] = field(default_factory=dict, repr=False)
    _names: set[str] = field(default_factory=set, repr=False)
    _before: Document | None = field(default=None, repr=False)
    _known: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.path.exists() and not (self.overwrite or self.resume):
            raise _exists(self.path)
        make_writable_folder(self.path.absolute().parent)
        if self.resume and self.path.exists():
            self._before = read_document(self.path)
            pairs = zip(self._before.tile_ids(), self._before.tiles.values(), strict=True)
            named = [(tile_id, tile) for tile_id, tile in pairs if isinstance(tile_id, str)]
            often = Counter(tile_id for tile_id, _ in named)  # what two tiles share tells neither
            self._known = {tile_id: tile for tile_id, tile in named if often[tile_id] == 1}

    def has(self, section: Section) -> bool:
        """Whether the file that was there has the tiles of the section; if so they are kept."""
        if self._before is None:
            return False
        names = list(section.tile_ids)  # a section of text has no tile specs
        if not all(isinstance(name, str) and name in self._known for name in names):
            return False
        kept = section.with_tilespecs([self._known[name] for name in names])
        self.write(kept.with_transforms(self._before.transforms))
        return True

    def write(self, section: Section) -> None:
        """Collect the section."""
        if section.name in self._names:
            raise StoreError(f"can't write {self.path}: two sections are named {section.name!r}", str(self.path))
        self._names.add(section.name)
        try:
            self._documents.setdefault(section.part, Document()).add(section)
        except SpecError as error:
            raise StoreError(f"can't write {self.path}: {error}", str(self.path)) from error

    def finish(self) -> None:
        """Write the file; the order does not depend on that in which the sections came."""
        parts = [self._documents[part].in_order() for part in sorted(self._documents, key=natural_order)]
        try:
            whole = parts[0] if len(parts) == 1 else Document.joined(parts)
            replace_file(self.path, whole.chunks())
        except SpecError as error:
            raise StoreError(f"can't write {self.path}: {error}", str(self.path)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing to undo: the file is written by `finish`, or not touched."""


def safe_name(name: str) -> str:
    """File name without suffix for a section, whatever characters its name has.

    Parameters
    ----------
    name : str
        Name of a section.

    Returns
    -------
    str
        The name itself where it is harmless, else a readable part of it with a digest that keeps it unique.
    """
    plain = re.sub(r"[^A-Za-z0-9._+-]", "_", name)[:120]
    if plain.startswith("."):
        plain = "_" + plain[1:]
    if plain == name and plain:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _stem(name: str) -> str:
    return _SUFFIX.sub("", name)


def _stack_files(folder: Path) -> list[str]:
    with store_errors(folder, "read"):
        names = [entry.name for entry in folder.iterdir() if is_stack_name(entry.name) and entry.is_file()]
    return sorted(names, key=natural_order)


def _is_stack(path: Path) -> bool:
    try:
        read_document(path)
    except StoreError:
        return False
    return True


def _exists(path: Path) -> StoreError:
    return StoreError(f"can't write {path}: it exists; pass --overwrite to replace it or --resume to go on", str(path))
