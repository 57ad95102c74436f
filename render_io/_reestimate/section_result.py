"""What became of one section: residuals, boxes and faults of its tiles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from render_io.errors import SpecError

__all__ = ["FloatArray", "SectionResult"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SectionResult:
    """Outcome of one section.

    Attributes
    ----------
    name, part : str
        As in `Section`.
    z : int or float or None
        As in `Section`.
    tile_ids : list
        Ids of all T tiles in order, None where one is missing.
    rms, max_residual : ndarray
        (T,) in pixels; NaN for bad tiles.
    boxes : ndarray
        (T, 4) min_x, min_y, max_x, max_y in world pixels; NaN where unknown.
    faults : list of SpecError
        One for each bad tile, with tile id and JSON path.
    bad : tuple of int
        Index of the tile of each fault.
    resumed : bool
        Whether the sink had the section already: it was judged again, but not written.
    """

    name: str
    part: str
    z: int | float | None
    tile_ids: list[Any]
    rms: FloatArray
    max_residual: FloatArray
    boxes: FloatArray
    faults: list[SpecError] = field(default_factory=list)
    bad: tuple[int, ...] = ()
    resumed: bool = False

    def __post_init__(self) -> None:
        for fault in self.faults:
            # What a traceback sees, the section among it, would live as long as the fault.
            fault.__traceback__ = fault.__cause__ = fault.__context__ = None

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """(T,) whether each tile was re-estimated."""
        mask = np.ones(len(self.tile_ids), dtype=bool)
        mask[list(self.bad)] = False
        return mask
