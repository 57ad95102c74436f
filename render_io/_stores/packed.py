"""Gzip streams, by the ISA-L library where it is installed: several times as fast as zlib, same content."""

from __future__ import annotations

import gzip
import zlib
from typing import Any, BinaryIO, Final

__all__ = ["DAMAGED", "HAS_ISAL", "packed_reader", "packed_writer"]

_library: Any = gzip
_errors: list[Any] = [zlib.error]
try:
    from isal import igzip, isal_zlib
except ImportError:  # Not built for every processor.
    HAS_ISAL = False
else:
    HAS_ISAL = True
    _library = igzip
    _errors.append(isal_zlib.error)

DAMAGED: Final[tuple[type[Exception], ...]] = tuple(_errors)
"""What reading raises for damaged data, besides the errors of `gzip`."""

_MAGIC: Final = b"\x1f\x8b"


def packed_reader(raw: BinaryIO) -> gzip.GzipFile:
    """Open a stream for reading.

    Parameters
    ----------
    raw : file object
        Compressed data, at its beginning; it can seek.

    Returns
    -------
    GzipFile
        Its content.
    """
    known = raw.read(len(_MAGIC)) == _MAGIC
    raw.seek(0)
    # zlib's way tells what is wrong with something that is no gzip at all.
    stream: gzip.GzipFile = (_library if HAS_ISAL and known else gzip).GzipFile(fileobj=raw)
    return stream


def packed_writer(raw: BinaryIO) -> gzip.GzipFile:
    """Open a stream for writing.

    Parameters
    ----------
    raw : file object
        Where the compressed data go.

    Returns
    -------
    GzipFile
        To be closed before `raw`. The same content gives the same bytes: no time stamp and no file name inside.
    """
    # Levels of about equal size of the result.
    library, level = (_library, 2) if HAS_ISAL else (gzip, 4)
    stream: gzip.GzipFile = library.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=level, mtime=0)
    return stream
