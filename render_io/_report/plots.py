"""Pictures of a re-estimated stack, drawn without a display."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from render_io._reestimate.section_result import FloatArray, SectionResult
from render_io._reestimate.summary import HISTOGRAM_EDGES, Summary
from render_io.errors import RenderError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["grid_map_png", "histogram_png", "residual_map_png"]


@contextmanager
def picture(width: float, height: float, into: io.BytesIO) -> Iterator[Axes]:
    """Open axes of a size in inches, and write them as PNG at the end.

    Parameters
    ----------
    width, height : float
        In inches, at 100 dots each.
    into : BytesIO
        Takes the PNG.

    Yields
    ------
    Axes
        To draw on.

    Raises
    ------
    RenderError
        matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RenderError("expected matplotlib for a report: install render-transforms[plot]") from error
    # Figures made without pyplot belong to nobody: any thread may draw, nothing piles up.
    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    yield figure.subplots()
    # No software version inside: the same numbers are the same file.
    figure.savefig(into, format="png", metadata={"Software": None})


def residual_map_png(result: SectionResult) -> bytes:
    """Draw the tiles of a section where they lie, coloured by their largest residual.

    Parameters
    ----------
    result : SectionResult
        Tiles whose box is unknown are left out.

    Returns
    -------
    bytes
        PNG.
    """
    from matplotlib.collections import PolyCollection

    into = io.BytesIO()
    placed: npt.NDArray[np.bool_] = np.asarray(np.isfinite(result.boxes).all(axis=1))
    with picture(8.0, _map_height(result.boxes[placed]), into) as axes:
        corners = result.boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
        good, bad = placed & result.good, placed & ~result.good
        tiles = PolyCollection(list(corners[good]), array=result.max_residual[good], cmap="viridis", ec="white", lw=0.3)
        if good.any():
            tiles.set_clim(0.0, max(float(result.max_residual[good].max()), 1e-12))
        axes.add_collection(tiles)
        axes.add_collection(PolyCollection(list(corners[bad]), fc="none", ec="red", hatch="///", lw=0.8))
        axes.figure.colorbar(tiles, ax=axes, label="largest residual of the tile, px")
        axes.autoscale_view()
        axes.set(aspect="equal", xlabel="x, px", ylabel="y, px", title=_map_title(result, placed))
        axes.invert_yaxis()
    return into.getvalue()


def _map_height(boxes: FloatArray) -> float:
    """Height in inches that fits the section, within reason."""
    if not len(boxes):
        return 3.0
    width, height = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
    return float(np.clip(1.0 + 5.5 * height / max(width, 1.0), 3.0, 12.0))


def _map_title(result: SectionResult, placed: npt.NDArray[np.bool_]) -> str:
    parts = [f"section {result.name}: {len(placed)} tiles"]
    parts += [f"{len(result.bad)} bad (red)"] if result.bad else []
    parts += [f"{np.count_nonzero(~placed)} without place"] if not placed.all() else []
    return ", ".join(parts)


def histogram_png(summary: Summary) -> bytes:
    """Draw how many tiles have what largest residual.

    Parameters
    ----------
    summary : Summary
        Of the whole stack.

    Returns
    -------
    bytes
        PNG.
    """
    from matplotlib.ticker import MaxNLocator

    into = io.BytesIO()
    with picture(8.0, 3.5, into) as axes:
        used = np.flatnonzero(summary.histogram)
        low, high = (used[0], used[-1] + 1) if used.size else (1, len(HISTOGRAM_EDGES) - 2)
        # The first and last bins reach to 0 and infinity, which a logarithmic axis can't show.
        edges = np.clip(HISTOGRAM_EDGES[low : high + 1], HISTOGRAM_EDGES[1] / 10, HISTOGRAM_EDGES[-2] * 10)
        axes.stairs(summary.histogram[low:high], edges, fill=True, color="tab:blue")
        axes.set(xscale="log", xlabel="largest residual of a tile, px", ylabel="tiles", title="residuals of all tiles")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("{x:g}" if edges[-1] < 6 * edges[0] else "")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return into.getvalue()


def grid_map_png(values: FloatArray, title: str, label: str) -> bytes:
    """Draw the tiles of a section in their grid.

    Parameters
    ----------
    values : ndarray
        (rows, columns), NaN where there is no tile.
    title, label : str
        Of the picture and of its colours.

    Returns
    -------
    bytes
        PNG.
    """
    from matplotlib.ticker import MaxNLocator

    into = io.BytesIO()
    with picture(5.0, 3.8, into) as axes:
        drawn = axes.imshow(values, cmap="viridis", vmin=0.0)
        bright = 0.6 * float(np.nanmax(values, initial=0.0))
        for (row, column), value in np.ndenumerate(values):
            ink = "black" if value > bright else "white"
            axes.text(column, row, f"{value:.3g}", ha="center", va="center", color=ink, fontsize=8)
        axes.figure.colorbar(drawn, ax=axes, label=label)
        axes.set(xlabel="column", ylabel="row", title=title)
        for axis, count in ((axes.xaxis, values.shape[1]), (axes.yaxis, values.shape[0])):
            axis.set_major_locator(MaxNLocator(min(count, 10), integer=True))
    return into.getvalue()
