"""Which tiles of a layer are hidden below others.

Tiles are drawn in the order of their ids, so a tile lies below those of greater id.

Source: org.janelia.render.client.TileBoundsRTree (findCompletelyObscuredTiles).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

__all__ = ["java_order", "obscured"]

Box = tuple[float, float, float, float]


def java_order(value: str) -> str:
    """Return a text that sorts as Java compares the given one, by UTF-16 units."""
    if value.isascii():
        return value
    units = value.encode("utf-16-be", "surrogatepass")
    return "".join(chr(units[i] << 8 | units[i + 1]) for i in range(0, len(units), 2))


def obscured(tiles: Sequence[dict[str, Any]]) -> set[str]:
    """Find tiles whose box lies wholly below the boxes of others, of one or of several together.

    Parameters
    ----------
    tiles : sequence of dict
        Boxes of one layer, by their JSON names.

    Returns
    -------
    set of str
        Ids of the hidden ones.
    """
    order = sorted(range(len(tiles)), key=lambda i: java_order(tiles[i]["tileId"]))
    names = ("minX", "minY", "maxX", "maxY")
    boxes = np.array([[tiles[i][name] for name in names] for i in order], dtype=np.float64).reshape(-1, 4)
    # By least x, so that what may overlap a box is one run of the others.
    by_x = np.argsort(boxes[:, 0], kind="stable")
    lefts = boxes[by_x, 0]
    widest = float((boxes[:, 2] - boxes[:, 0]).max(initial=0.0))
    hidden: set[str] = set()
    for rank, box in enumerate(boxes):
        first, last = np.searchsorted(lefts, box[0] - widest), np.searchsorted(lefts, box[2])
        others = by_x[first:last]
        above = boxes[others[others > rank]]
        above = above[((above[:, :2] < box[2:]) & (above[:, 2:] > box[:2])).all(axis=1)]
        if len(above) and _is_covered(tuple(box.tolist()), map(tuple, above.tolist())):
            hidden.add(tiles[order[rank]]["tileId"])
    return hidden


def _is_covered(box: Box, above: Iterable[Box]) -> bool:
    """Whether nothing is left of a box when others are cut out of it."""
    left = [box]
    for cover in above:
        left = [piece for rest in left for piece in _cut(rest, cover)]
        if not left:
            return True
    return False


def _cut(box: Box, cover: Box) -> list[Box]:
    """Return what is left of a box, in at most four pieces."""
    x0, y0, x1, y1 = box
    a0, b0, a1, b1 = max(x0, cover[0]), max(y0, cover[1]), min(x1, cover[2]), min(y1, cover[3])
    if a0 >= a1 or b0 >= b1:
        return [box]
    pieces = [(x0, y0, x1, b0), (x0, b1, x1, y1), (x0, b0, a0, b1), (a1, b0, x1, b1)]
    return [piece for piece in pieces if piece[0] < piece[2] and piece[1] < piece[3]]
