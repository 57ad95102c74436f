"""The transforms of many tiles as columns, read where they stand in the text of a section."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from render_io import specs
from render_io._reestimate.number_scan import count_numbers, parse_rows, same_texts
from render_io._reestimate.section_result import FloatArray
from render_io._reestimate.tile_groups import AnyColumn
from render_io.codecs._bulk import NUMBER_COUNTS, matrices
from render_io.codecs.names import HOMOGRAPHY, POLYNOMIAL
from render_io.codecs.polynomial import coefficient_count
from render_io.errors import SpecError
from transforms.affine_array import AffineArray
from transforms.base import LeafTransform
from transforms.columns import PolynomialColumn, SharedColumn

__all__ = ["different", "numbered", "text_columns"]

Bytes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_KNOWN: Final = 64
"""Lens corrections and the like that are kept from section to section: a camera has the same one for long."""
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


def different(numbers: IntArray) -> tuple[IntArray, IntArray]:
    """Tell the different ones of some numbers.

    Parameters
    ----------
    numbers : ndarray
        (N,), at least one.

    Returns
    -------
    values : ndarray
        (D,) the different ones, in order.
    index : ndarray
        (N,) which of them each is.
    """
    if (numbers == numbers[0]).all():  # the rule, without sorting
        return numbers[:1], np.zeros(len(numbers), dtype=np.int64)
    values, index = np.unique(numbers, return_inverse=True)
    return values, index.reshape(-1)


def text_columns(text: Bytes, names: Sequence[str], spans: IntArray) -> tuple[list[AnyColumn], IntArray]:
    """Read the columns of lists that are built alike.

    Parameters
    ----------
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
    counts = [_count(text, name, span) for name, span in zip(names, spans[0].tolist(), strict=True)]
    if min(counts) < 0:
        return [], np.empty(0, dtype=np.int64)
    numbers, good = _numbers(text, spans, np.array(counts))
    parsed: list[tuple[npt.NDArray[Any], list[Any]]] = []
    for i, (name, count) in enumerate(zip(names, counts, strict=True)):
        if count:
            parsed.append((numbers[:, :count], []))
            numbers = numbers[:, count:]
        else:
            parsed.append(_shared(text, name, spans[:, i], good))
    members = np.flatnonzero(good)
    if len(members) == 0:
        return [], members
    return [
        _column(name, values, shared, members) for name, (values, shared) in zip(names, parsed, strict=True)
    ], members


def _count(text: Bytes, name: str, span: list[int]) -> int:
    """How many numbers there are in each text of a class, as its first tells: 0 where texts stay whole, -1 for none."""
    if name in _LINEAR:
        return NUMBER_COUNTS[name]
    if name != POLYNOMIAL:
        return 0
    count = count_numbers(text, *span)
    return count if 2 * coefficient_count(count) == count else -1


def _shared(text: Bytes, name: str, spans: IntArray, good: BoolArray) -> tuple[npt.NDArray[Any], list[Any]]:
    """Which each member has of some transforms, and these."""
    ids, firsts = numbered(text, spans)
    shared = [_leaf(name, text[start:stop].tobytes()) for start, stop in spans[firsts].tolist()]
    good &= np.array([transform is not None for transform in shared])[ids]
    return ids, shared


def _numbers(text: Bytes, spans: IntArray, counts: IntArray) -> tuple[FloatArray, BoolArray]:
    """All numbers of each member one after the other, read together as they stand together; and whose are good."""
    read = np.ascontiguousarray(spans[:, counts > 0])
    out, good = np.empty((len(spans), counts.sum())), np.empty(len(spans), dtype=np.uint8)
    parse_rows(text, read, counts[counts > 0], out, good)
    return out, good != 0


@lru_cache(maxsize=_KNOWN)
def _leaf(name: str, text: bytes) -> LeafTransform | None:
    try:
        transform = specs.to_transform({"className": name, "dataString": text.decode()})
    except SpecError:
        return None
    return transform if isinstance(transform, LeafTransform) else None


def _column(name: str, values: npt.NDArray[Any], shared: list[Any], members: IntArray) -> AnyColumn:
    chosen = values if len(members) == len(values) else values[members]
    if name in _LINEAR:
        return AffineArray(matrices(name, chosen))
    if name == POLYNOMIAL:
        return PolynomialColumn(chosen.reshape(len(chosen), 2, -1))
    # Those that no good member has are None and must not be seen.
    used, index = different(chosen)
    return SharedColumn([shared[i] for i in used.tolist()], index)
