"""The transforms of many tiles as columns, read where they stand in the text of a section."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from render_io._reestimate.number_scan import count_numbers, parse_rows, same_texts
from render_io._reestimate.section_result import FloatArray
from render_io._reestimate.tile_groups import AnyColumn
from render_io._reestimate.tile_lists import ListReader
from render_io.codecs._bulk import NUMBER_COUNTS, matrices
from render_io.codecs.names import HOMOGRAPHY, POLYNOMIAL
from render_io.codecs.polynomial import coefficient_count
from render_io.errors import SpecError
from transforms.affine_array import AffineArray
from transforms.base import LeafTransform
from transforms.columns import PolynomialColumn, SharedColumn

__all__ = ["numbered", "text_columns"]

Bytes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_LINEAR: Final = frozenset(NUMBER_COUNTS) - {HOMOGRAPHY}


def numbered(text: Bytes, spans: IntArray) -> tuple[IntArray, IntArray]:
    """Number the different texts among many.

    Parameters
    ----------
    text : ndarray
        (N,) uint8.
    spans : ndarray
        (T, 2) parts of it.

    Returns
    -------
    ids : ndarray
        (T,) number of each.
    firsts : ndarray
        (D,) where each of the different ones is first.
    """
    spans = np.ascontiguousarray(spans)
    ids, firsts = np.empty(len(spans), dtype=np.int64), np.empty(len(spans), dtype=np.int64)
    slots = np.full(1 << (2 * len(spans) + 1).bit_length(), -1, dtype=np.int64)
    found = same_texts(text, spans, slots, ids, firsts)
    return ids, firsts[:found]


def text_columns(
    reader: ListReader, text: Bytes, names: Sequence[str], spans: IntArray
) -> tuple[list[AnyColumn], IntArray]:
    """Read the columns of lists that are built alike.

    Parameters
    ----------
    reader : ListReader
        Of the section.
    text : ndarray
        (N,) uint8.
    names : sequence of str
        M classes of the places in the lists.
    spans : ndarray
        (T, M, 2) parts of the text with the dataStrings.

    Returns
    -------
    columns : list of AffineArray or Column
        Of the G members that are good.
    good : ndarray
        (G,) which these are. The texts of the others are out of the ordinary.
    """
    good: BoolArray = np.ones(len(spans), dtype=bool)
    parsed = [_parsed(reader, text, name, spans[:, i], good) for i, name in enumerate(names)]
    members = np.flatnonzero(good)
    if len(members) == 0:
        return [], members
    return [
        _column(name, values, shared, members) for name, (values, shared) in zip(names, parsed, strict=True)
    ], members


def _parsed(
    reader: ListReader, text: Bytes, name: str, spans: IntArray, good: BoolArray
) -> tuple[npt.NDArray[Any], list[Any]]:
    """Numbers of each member; or which it has of some transforms, and these."""
    if name in _LINEAR:
        return _numbers(text, spans, NUMBER_COUNTS[name], good), []
    if name == POLYNOMIAL:
        count = count_numbers(text, *spans[0].tolist())
        width = coefficient_count(count)
        good &= 2 * width == count
        return _numbers(text, spans, count, good).reshape(-1, 2, count // 2 if 2 * width == count else 1), []
    ids, firsts = numbered(text, spans)
    shared = [_leaf(reader, name, text[start:stop].tobytes()) for start, stop in spans[firsts].tolist()]
    good &= np.array([isinstance(transform, LeafTransform) for transform in shared])[ids]
    return ids, shared


def _numbers(text: Bytes, spans: IntArray, count: int, good: BoolArray) -> FloatArray:
    out, read = np.empty((len(spans), count)), np.empty(len(spans), dtype=np.uint8)
    parse_rows(text, np.ascontiguousarray(spans), out, read)
    good &= read != 0
    return out


def _leaf(reader: ListReader, name: str, text: bytes) -> Any:
    try:
        return reader.leaf(name, text.decode())
    except SpecError:
        return None


def _column(name: str, values: npt.NDArray[Any], shared: list[Any], members: IntArray) -> AnyColumn:
    chosen = values if len(members) == len(values) else values[members]
    if name in _LINEAR:
        return AffineArray(matrices(name, chosen))
    if name == POLYNOMIAL:
        return PolynomialColumn(chosen)
    # Those that no good member has are None and must not be seen.
    used, index = np.unique(chosen, return_inverse=True)
    return SharedColumn([shared[i] for i in used.tolist()], index.reshape(-1).astype(np.int64))
