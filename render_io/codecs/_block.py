"""Blocks of doubles in base64, as thin-plate splines and warp fields carry them.

Big-endian doubles in a zlib stream with header, in base64; where compression does not help, ``@`` and the plain
bytes in base64. Source: ``mpicbg.trakem2.transform.ThinPlateSplineTransform``.
"""

from __future__ import annotations

import base64
import re
import zlib
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["decode_block", "encode_block"]

_PLAIN_MARK: Final = "@"
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9+/]")
_BIG_ENDIAN: Final = np.dtype(">f8")


def decode_block(text: str, count: int) -> npt.NDArray[np.float64]:
    """Read doubles from a block, as leniently as Java.

    Parameters
    ----------
    text : str
        URL-safe alphabet, missing padding and foreign characters are all accepted.
    count : int
        Doubles wanted. A compressed block that holds fewer is filled with zeros, surplus is ignored.

    Returns
    -------
    ndarray
        (count,) float64.

    Raises
    ------
    ValueError
        A plain block that is too short, or a broken zlib stream.
    """
    size = count * _BIG_ENDIAN.itemsize
    if text.startswith(_PLAIN_MARK):
        raw = _base64_bytes(text[1:])
        if len(raw) < size:
            raise ValueError(f"{len(raw)} bytes in a plain block instead of {size}")
    else:
        try:
            # max_length 0 would mean no limit; without bytes wanted the stream is not looked at, as in Java.
            raw = zlib.decompressobj().decompress(_base64_bytes(text), size) if size else b""
        except zlib.error as error:
            raise ValueError(f"a broken zlib stream ({error})") from error
        raw = raw.ljust(size, b"\0")
    return np.frombuffer(raw[:size], dtype=_BIG_ENDIAN).astype(np.float64)


def encode_block(values: npt.NDArray[np.float64]) -> str:
    """Write doubles as a block.

    Parameters
    ----------
    values : ndarray
        Any shape, taken in C order.

    Returns
    -------
    str
        Compressed where that is shorter than the plain bytes, else marked with ``@``.
    """
    raw = np.ascontiguousarray(values, dtype=_BIG_ENDIAN).tobytes()
    packed = zlib.compress(raw)
    mark, body = ("", packed) if len(packed) < len(raw) else (_PLAIN_MARK, raw)
    return mark + base64.b64encode(body).decode("ascii")


def _base64_bytes(text: str) -> bytes:
    """Decode what Java's lenient decoder decodes: up to the first ``=``, foreign characters skipped."""
    standard = text.partition("=")[0].translate({ord("-"): "+", ord("_"): "/"})
    digits = _FOREIGN.sub("", standard)
    if len(digits) % 4 == 1:  # a lone digit holds no byte
        digits = digits[:-1]
    return base64.b64decode(digits + "=" * (-len(digits) % 4))
