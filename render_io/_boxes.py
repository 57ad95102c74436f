"""Boxes of a section's tiles, derived as the service derives them."""

from __future__ import annotations

import numpy as np

from render_io._reestimate.non_finite import blamed
from render_io._reestimate.section_fit import BOX
from render_io._reestimate.tile_groups import read_groups
from render_io._reestimate.tile_lists import tile_name
from render_io._stores.section import Section
from render_io.errors import SpecError

__all__ = ["derive_boxes"]


def derive_boxes(section: Section) -> tuple[Section, list[SpecError]]:
    """Give every tile the box that its transforms map it to.

    Parameters
    ----------
    section : Section
        It is not changed.

    Returns
    -------
    section : Section
        Tiles with new boxes; bad ones are as they were.
    faults : list of SpecError
        What keeps a tile from having a box, with tile id and JSON path.
    """
    groups, faults = read_groups(section, "all")
    tiles = list(section.tilespecs)
    for group in groups:
        boxes = np.empty((len(group.index), 4))
        batch = group.after()
        for cell in np.unique(group.sizes[:, 2]).tolist():
            # Meshes differ seldom within a section: all boxes are derived with each, and the right ones taken.
            chosen = group.sizes[:, 2] == cell
            width, height = group.sizes[:, :2].T
            boxes[chosen] = batch.bounding_boxes(width, height, cell)[chosen]
        for place, box in zip(group.index.tolist(), boxes.tolist(), strict=True):
            if np.isfinite(box).all():
                tiles[place] = {**tiles[place], **dict(zip(BOX, box, strict=True))}
            else:
                name = tile_name(tiles[place])
                fault = SpecError("the transforms have no finite value on the border", name, "transforms")
                faults[place] = blamed(fault, tiles[place])
    return section.with_tilespecs(tiles), [faults[place] for place in sorted(faults)]
