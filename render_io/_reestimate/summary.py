"""Running totals over the sections of a stack, in memory that does not grow with its tiles."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from render_io._reestimate.section_result import SectionResult
from render_io.errors import SpecError

__all__ = ["HISTOGRAM_EDGES", "SectionRow", "Summary", "TileRow"]

HISTOGRAM_EDGES: npt.NDArray[np.float64] = np.concatenate([[0.0], np.logspace(-9, 4, 13 * 40 + 1), [np.inf]])
"""Bins of the largest residual of a tile, in pixels: forty to a decade."""

_WORST = 20
_FAULTS_KEPT = 10_000


class TileRow(NamedTuple):
    """One tile in a table; residuals in pixels."""

    max_residual: float
    rms: float
    tile_id: Any
    section: str


class SectionRow(NamedTuple):
    """One section in a table; residuals in pixels, NaN when no tile has one."""

    name: str
    z: int | float | None
    tiles: int
    bad: int
    rms: float
    max_residual: float
    resumed: bool

    @classmethod
    def of(cls, result: SectionResult) -> SectionRow:
        """Return the row of a section."""
        rms, worst = (values[np.isfinite(values)] for values in (result.rms, result.max_residual))
        return cls(
            result.name,
            result.z,
            len(result.tile_ids),
            len(result.bad),
            math.sqrt(float(rms @ rms) / len(rms)) if len(rms) else math.nan,
            float(worst.max()) if len(worst) else math.nan,
            result.resumed,
        )

    @property
    def measured(self) -> int:
        """Number of tiles that have a residual."""
        return self.tiles - self.bad


@dataclass
class Summary:
    """What is known about the stack so far.

    Attributes
    ----------
    sections : list of SectionRow
        In the order of the source.
    faults : list of SpecError
        What is wrong with the bad tiles, in the order of the source: the first ten thousand.
    worst : list of TileRow
        Tiles with the largest residuals, the largest first.
    histogram : ndarray
        Tiles by `HISTOGRAM_EDGES` of their largest residual.
    seconds : float
        Wall clock so far.
    """

    sections: list[SectionRow] = field(default_factory=list)
    faults: list[SpecError] = field(default_factory=list)
    worst: list[TileRow] = field(default_factory=list)
    histogram: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(HISTOGRAM_EDGES) - 1, np.int64))
    seconds: float = 0.0

    @property
    def tiles(self) -> int:
        """Tiles altogether."""
        return sum(row.tiles for row in self.sections)

    @property
    def bad(self) -> int:
        """Tiles that were not re-estimated."""
        return sum(row.bad for row in self.sections)

    @property
    def resumed(self) -> int:
        """Tiles of sections that the sink had already."""
        return sum(row.tiles for row in self.sections if row.resumed)

    @property
    def rms(self) -> float:
        """Root mean square of all residuals, in pixels; NaN without any."""
        rows = [row for row in self.sections if row.measured]
        squares = math.fsum(row.rms**2 * row.measured for row in rows)
        return math.sqrt(squares / sum(row.measured for row in rows)) if rows else math.nan

    @property
    def max_residual(self) -> float:
        """Largest of all residuals, in pixels; NaN without any."""
        return self.worst[0].max_residual if self.worst else math.nan

    @property
    def rate(self) -> float:
        """Tiles a second."""
        return self.tiles / self.seconds if self.seconds > 0.0 else math.nan

    def add(self, result: SectionResult) -> None:
        """Take in a section.

        Parameters
        ----------
        result : SectionResult
            Its arrays are not kept.
        """
        self.sections.append(SectionRow.of(result))
        self.faults += result.faults[: _FAULTS_KEPT - len(self.faults)]
        measured = np.flatnonzero(np.isfinite(result.max_residual))
        worst = result.max_residual[measured]
        self.histogram += np.histogram(worst, HISTOGRAM_EDGES)[0]
        if len(worst) > _WORST:
            # Sorting all of a section takes longer than fitting some.
            most = np.flatnonzero(worst >= np.partition(worst, -_WORST)[-_WORST])
            measured, worst = measured[most], worst[most]
        largest = measured[np.argsort(-worst, kind="stable")[:_WORST]]
        rows = [
            TileRow(float(result.max_residual[i]), float(result.rms[i]), result.tile_ids[i], result.name)
            for i in largest.tolist()
        ]
        self.worst = heapq.nsmallest(_WORST, self.worst + rows, key=_rank)


def _rank(row: TileRow) -> tuple[float, str, str]:
    return -row.max_residual, row.section, str(row.tile_id)
