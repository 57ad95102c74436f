"""Files as the stores need them: read whole with a bound, replaced atomically or not at all."""

from __future__ import annotations

import errno
import gzip
import io
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from render_io._stores.packed import DAMAGED, packed_reader, packed_writer
from render_io.errors import StoreError

__all__ = ["DEFAULT_MAX_BYTES", "make_writable_folder", "read_array", "read_bytes", "replace_file", "store_errors"]

DEFAULT_MAX_BYTES = 8 << 30
"""Largest document read, in bytes after decompression, unless the caller says otherwise."""

_CHUNK = 1 << 20
_HINTS = {
    errno.ENOSPC: "the disk is full: free some space and run again with --resume",
    errno.EDQUOT: "the disk quota is used up: free some space and run again with --resume",
    errno.EFBIG: "the file is larger than the system's limit allows: write to a directory, one file per section",
    errno.EACCES: "permission denied: choose another place or change its permissions",
    errno.EPERM: "not permitted: choose another place or change its permissions",
    errno.EROFS: "the file system is read-only: choose another place",
    errno.ENOENT: "no such file or directory",
    errno.ENOTDIR: "a part of the path is not a directory",
    errno.EISDIR: "is a directory, expected a file",
}


@contextmanager
def store_errors(path: Path, doing: str) -> Iterator[None]:
    """Turn what the system says about a file into a `StoreError` that names it and what to do.

    Parameters
    ----------
    path : Path
        File or folder in question.
    doing : str
        "read" or "write".

    Raises
    ------
    StoreError
        In place of any OSError.
    """
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, error.strerror or str(error))
        raise StoreError(f"can't {doing} {path}: {hint}", str(path)) from error


def read_bytes(path: Path, max_bytes: int = DEFAULT_MAX_BYTES) -> bytes:
    """Read a file, decompressed when its name ends in ``.gz``.

    Parameters
    ----------
    path : Path
        File to read.
    max_bytes : int
        Bound of the decompressed size: a few kilobytes of gzip can stand for terabytes.

    Returns
    -------
    bytes
        The whole text.

    Raises
    ------
    StoreError
        The file is absent, unreadable, truncated, not gzip, or larger than the bound.
    """
    with _reading(path), path.open("rb") as raw:
        # A plain file is read in one piece, which needs no second copy.
        size = os.fstat(raw.fileno()).st_size
        packed = path.suffix == ".gz"
        data = _read_at_most(packed_reader(raw) if packed else raw, max_bytes, _CHUNK if packed else size + 1)
    if len(data) > max_bytes:
        raise _too_large(path, max_bytes)
    return data


def read_array(path: Path, max_bytes: int = DEFAULT_MAX_BYTES) -> npt.NDArray[np.uint8]:
    """Read a file as `read_bytes` does, into an array.

    Memory of a large array is on large pages, because numpy asks for them: the system makes these much faster.

    Parameters
    ----------
    path : Path
        File to read.
    max_bytes : int
        Bound of the decompressed size.

    Returns
    -------
    ndarray
        (N,) uint8, read-only.

    Raises
    ------
    StoreError
        As `read_bytes`.
    """
    if path.suffix == ".gz":
        return np.frombuffer(read_bytes(path, max_bytes), dtype=np.uint8)
    with _reading(path), path.open("rb", buffering=0) as raw:
        array = np.empty(min(os.fstat(raw.fileno()).st_size, max_bytes) + 1, dtype=np.uint8)
        filled = 0
        while filled < len(array) and (count := raw.readinto(array.data[filled:])):
            filled += count
        # More than its size tells: it grows, or is no plain file.
        more = _read_at_most(raw, max_bytes - filled, _CHUNK) if filled == len(array) else b""
    array = np.concatenate([array, np.frombuffer(more, dtype=np.uint8)]) if more else array[:filled]
    if len(array) > max_bytes:
        raise _too_large(path, max_bytes)
    array.flags.writeable = False
    return array


def _too_large(path: Path, max_bytes: int) -> StoreError:
    return StoreError(f"can't read {path}: more than {max_bytes} bytes of JSON; raise the bound max_bytes", str(path))


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is read into a `StoreError`."""
    try:
        with store_errors(path, "read"):
            yield
    except StoreError as error:
        if isinstance(error.__cause__, gzip.BadGzipFile):
            raise StoreError(f"can't read {path}: not a gzip file, or damaged ({error.__cause__})", str(path)) from None
        raise
    except EOFError:
        raise StoreError(f"can't read {path}: the gzip data is truncated", str(path)) from None
    except DAMAGED as error:
        raise StoreError(f"can't read {path}: the gzip data is damaged ({error})", str(path)) from error


def _read_at_most(stream: BinaryIO | io.FileIO | gzip.GzipFile, max_bytes: int, piece: int) -> bytes:
    """Read up to one byte more than allowed, which tells the caller that there was more."""
    chunks, size = [], 0
    while size <= max_bytes and (chunk := stream.read(min(piece, max_bytes + 1 - size))):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def replace_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file so that a reader, or a crash at any time, sees the old content or the new one, never a part.

    Parameters
    ----------
    path : Path
        Target; compressed when its name ends in ``.gz``. A symbolic link keeps pointing to what is replaced.
    chunks : iterable of bytes
        The new content. When it raises, the old file stays.

    Raises
    ------
    StoreError
        The file can't be written, with what to do about it.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        with store_errors(path, "write"):
            _write_synced(temporary, chunks, compress=path.suffix == ".gz")
            temporary.replace(target)
            _sync_folder(target.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _write_synced(path: Path, chunks: Iterable[bytes], *, compress: bool) -> None:
    with path.open("xb") as raw:
        if compress:
            with packed_writer(raw) as packed:
                packed.writelines(chunks)
        else:
            raw.writelines(chunks)
        raw.flush()
        os.fsync(raw.fileno())


def _sync_folder(folder: Path) -> None:
    # A rename is durable only once its folder is; systems that can't open folders do without.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_writable_folder(folder: Path) -> None:
    """Make a folder and see that files can be made in it, before any work is done for it.

    Parameters
    ----------
    folder : Path
        Made with its parents when absent.

    Raises
    ------
    StoreError
        It can't be made or is not writable.
    """
    with store_errors(folder, "write"):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{secrets.token_hex(8)}.tmp"
        probe.touch(exist_ok=False)
        probe.unlink()
