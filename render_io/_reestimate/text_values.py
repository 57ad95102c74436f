"""Sequences of JSON values that are kept as one text, for which no object is made until one is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from render_io import _json
from render_io._json import Raw
from render_io._reestimate.splice import gather

__all__ = ["TileTexts", "ValueTexts"]

Bytes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]


class ValueTexts(Sequence[Any]):
    """Values of one member of many tiles.

    Parameters
    ----------
    text : ndarray
        (N,) uint8: the text of a section, of which only what is needed is kept.
    spans : ndarray
        (T, 2) int64: where the values are; an empty span is None.
    """

    def __init__(self, text: Bytes, spans: IntArray) -> None:
        self._spans = np.empty_like(spans)
        kept = np.empty(int((spans[:, 1] - spans[:, 0]).sum()), dtype=np.uint8)
        gather(text, spans, kept, self._spans)
        self._text = kept.tobytes()

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._spans)

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        """Read one value, or some."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        start, stop = self._spans[index].tolist()
        return _json.loads(self._text[start:stop]) if start < stop else None

    def __eq__(self, other: object) -> bool:
        """Whether the values are the same as those of another sequence."""
        if isinstance(other, ValueTexts | list):
            return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


class TileTexts(Sequence[Raw]):
    """Tile specs in one text, with a comma and a line end between.

    Parameters
    ----------
    text : ndarray
        (N,) uint8: the text, without brackets.
    places : ndarray
        (T, 2) int64: where each tile is.
    """

    def __init__(self, text: Bytes, places: IntArray) -> None:
        self._text = text
        self._places = places

    def __len__(self) -> int:
        """Return the number of tiles."""
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Raw: ...

    @overload
    def __getitem__(self, index: slice) -> list[Raw]: ...

    def __getitem__(self, index: int | slice) -> Raw | list[Raw]:
        """Return the text of one tile, or of some."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        start, stop = self._places[index].tolist()
        return Raw(self._text[start:stop].tobytes())

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Text of the array of all tiles.

        Yields
        ------
        bytes or memoryview
            Parts of it, in order.
        """
        yield b"[\n"
        yield self._text.data
        yield b"\n]\n"
