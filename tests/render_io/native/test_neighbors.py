"""Neighbours and hidden tiles against plain search."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from render_io._native.neighbors import Layer, TileBox
from render_io._native.obscured import java_order, obscured

CORNERS = st.integers(0, 30)


@st.composite
def boxes(draw):
    count = draw(st.integers(0, 12))
    found = []
    for i in range(count):
        x, y = draw(CORNERS), draw(CORNERS)
        width, height = draw(st.integers(1, 12)), draw(st.integers(1, 12))
        found.append(TileBox(f"t{i}", "1.0", 1.0, x, y, x + width, y + height))
    return found


@given(boxes(), st.floats(0, 30), st.floats(0, 30), st.floats(0, 20))
def test_near_is_what_the_circle_meets(tiles, x, y, radius):
    x, y, radius = (float(np.float32(value)) for value in (x, y, radius))

    def meets(tile):
        dx, dy = max(tile.min_x - x, 0, x - tile.max_x), max(tile.min_y - y, 0, y - tile.max_y)
        return np.sqrt(dx * dx + dy * dy) <= radius

    assert {tile.tile_id for tile in Layer(1.0, tiles).near((x, y), radius)} == {t.tile_id for t in tiles if meets(t)}


@given(boxes())
def test_obscured_tiles_have_no_pixel_of_their_own(tiles):
    # With whole numbers, a box is hidden exactly when every unit square of it is.
    owner = {}
    for tile in sorted(tiles, key=lambda tile: java_order(tile.tile_id)):
        for x in range(tile.min_x, tile.max_x):
            owner |= {(x, y): tile.tile_id for y in range(tile.min_y, tile.max_y)}
    names = ("minX", "minY", "maxX", "maxY")
    found = obscured([{"tileId": tile.tile_id} | dict(zip(names, tile[3:], strict=True)) for tile in tiles])
    assert found == {tile.tile_id for tile in tiles} - set(owner.values())


def test_touching_the_circle_is_enough():
    layer = Layer(1.0, [TileBox("a", "1", 1.0, 10, 0, 20, 5)])
    assert layer.near((0.0, 2.0), 10.0)
    assert not layer.near((0.0, 2.0), 9.999)


def test_diagonal_neighbours():
    here = TileBox("a", "1", 1.0, 0, 0, 10, 10)
    assert TileBox("b", "1", 1.0, 9, 9, 19, 19).is_corner_of(here)
    assert not TileBox("c", "1", 1.0, 9, 2, 19, 12).is_corner_of(here)
    assert not TileBox("d", "1", 1.0, 5, 9, 15, 19).is_corner_of(here)


def test_order_of_texts_is_that_of_utf_16():
    assert sorted(["\uffff", "\U00010000", "a", ""], key=java_order) == ["", "a", "\U00010000", "\uffff"]
