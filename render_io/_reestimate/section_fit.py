"""Re-estimation of one section: lists in, one transform per tile out, all tiles at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from render_io import codecs
from render_io._reestimate.fit_check import Judge, is_flat
from render_io._reestimate.non_finite import blamed
from render_io._reestimate.section_result import FloatArray, SectionResult
from render_io._reestimate.tile_groups import IntArray, TileGroup, read_groups
from render_io._reestimate.tile_lists import REPLACEMENTS, Replace
from render_io._spec_json import Spec
from render_io._stores.section import Json, Section
from render_io.codecs.names import AFFINE, POLYNOMIAL
from render_io.errors import SpecError
from transforms.affine import Affine
from transforms.approximation import sampling_grid
from transforms.base import Transform
from transforms.batch import BatchEstimate, fit_batch
from transforms.linear import Rigid, Similarity, Translation
from transforms.polynomial import Polynomial

__all__ = ["BOX", "MODELS", "Options", "boxes_of", "class_of", "measure", "reestimate_section"]

MODELS: Final[dict[str, type[Transform]]] = {
    "affine": Affine,
    "rigid": Rigid,
    "similarity": Similarity,
    "translation": Translation,
    "polynomial": Polynomial,
}
BOX: Final = ("minX", "minY", "maxX", "maxY")
_LIST: Final = {"type": "list"}


@dataclass(frozen=True)
class Options:
    """What to estimate.

    Attributes
    ----------
    model : str
        One of `MODELS`. The linear ones are all written as affine models, which hold them exactly: Java would round
        the numbers of the others to 32 bits.
    order : int
        Of the polynomials.
    replace : {"all", "last", "after-lens"}
        The whole list becomes one transform; only its last member is fitted anew, over the image of the tile under
        what comes before it; or everything after the lens correction becomes one: that is the first transform labelled
        ``lens``, else a first one of a lens correction class, else there is none and the whole list is replaced.
    samples : int
        n of the n x n grid on each tile.
    max_residual : float, optional
        Tiles that the new transform misses by more than this many pixels anywhere on the grid are bad.
    skip_bad : bool
        Leave bad tiles out; else they keep their transforms and their box.
    locate : bool
        Derive the boxes of tiles without one too, for the report only.

    Raises
    ------
    ValueError
        An unknown name or a number out of range.
    """

    model: str = "affine"
    order: int = 2
    replace: Replace = "all"
    samples: int = 10
    max_residual: float | None = None
    skip_bad: bool = False
    locate: bool = False

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ValueError(f"expected model as one of {', '.join(MODELS)}, got {self.model!r}")
        if self.replace not in REPLACEMENTS:
            raise ValueError(f"expected replace as one of {', '.join(REPLACEMENTS)}, got {self.replace!r}")
        if not 0 <= self.order <= 12:
            raise ValueError(f"expected order from 0 to 12, got {self.order}")
        if not 1 <= self.samples <= 1000:
            raise ValueError(f"expected samples from 1 to 1000, got {self.samples}")
        if self.samples**2 < self.parameters:
            raise ValueError(
                f"expected at least {self.parameters} samples for {self.model}, got {self.samples} x {self.samples}"
            )
        if self.model == "polynomial" and self.replace == "all" and self.samples <= self.order:
            # On a grid, x to the power of the order can't be told from lower powers.
            raise ValueError(f"expected more samples along a side than the order, {self.order}, got {self.samples}")
        if self.max_residual is not None and not self.max_residual >= 0.0:
            raise ValueError(f"expected max_residual of 0 px or more, got {self.max_residual}")

    @property
    def parameters(self) -> int:
        """Fewest points that determine the model."""
        fewest = {"translation": 1, "rigid": 2, "similarity": 2, "affine": 3}
        return fewest.get(self.model, (self.order + 1) * (self.order + 2) // 2)


def reestimate_section(section: Section, options: Options) -> tuple[Section, SectionResult]:
    """Estimate one transform in place of (a part of) the list of every tile.

    Parameters
    ----------
    section : Section
        It is not changed; what needs no change is shared with the answer.
    options : Options
        What to estimate.

    Returns
    -------
    section : Section
        The same tiles with their new lists. The box is derived anew where there was one; every other member is
        untouched.
    result : SectionResult
        Residuals, and what is wrong with the bad tiles.
    """
    groups, faults = read_groups(section, options.replace)
    count = len(section.tilespecs)
    rms, worst, boxes = np.full(count, np.nan), np.full(count, np.nan), np.full((count, 4), np.nan)
    tiles = list(section.tilespecs)
    for group in groups:
        estimate, good = measure(section.tile_ids, group, options, faults)
        rms[group.index], worst[group.index] = estimate.rms, estimate.max_residual
        _write(tiles, group, good, estimate.params[good], options, boxes)
    bad = tuple(sorted(faults))
    told = [_told(faults[place], section.tilespecs[place]) for place in bad]
    rms[list(bad)] = worst[list(bad)] = np.nan
    for place in bad:
        boxes[place] = _stored_box(section.tilespecs[place])
    result = SectionResult(section.name, section.part, section.z, section.tile_ids, rms, worst, boxes, told, bad)
    if options.skip_bad and bad:
        kept = [i for i in range(count) if i not in faults]
        return section.with_tilespecs([tiles[i] for i in kept], kept), result
    return section.with_tilespecs(tiles), result


def _told(fault: SpecError, tile: Json) -> SpecError:
    """A fault of a fit, whose path is that of the whole list, with its cause where that is in the text."""
    return blamed(fault, tile) if fault.path == "transforms" else fault


class Maps:
    """The maps of a group of tiles.

    Parameters
    ----------
    group : TileGroup
        One tile or more.
    options : Options
        What to estimate.
    """

    def __init__(self, group: TileGroup, options: Options) -> None:
        self.group = group
        self.options = options
        self._before, self._after = group.before(), group.after()

    def estimate(self, model: type[Transform], samples: int | None = None) -> BatchEstimate:
        """Fit a model to what is replaced.

        Parameters
        ----------
        model : type
            One of `MODELS`.
        samples : int, optional
            Instead of the number in the options.

        Returns
        -------
        BatchEstimate
            One member for each tile.
        """
        order, count = self.options.order, samples or self.options.samples
        size = self.group.sizes[:, :2]
        if self._before is None:
            width, height = size.T
            return self._after.reestimate(model, order=order, width=width, height=height, samples=count)
        unit = sampling_grid(count, 1.0, 1.0)
        src = self._before.apply(unit * size[:, None, :])
        dst = self._after.apply(src)
        offsets = np.arange(len(size) + 1) * len(unit)
        return fit_batch(model, src.reshape(-1, 2), dst.reshape(-1, 2), offsets, order=order)

    def flat(self, estimate: BatchEstimate) -> npt.NDArray[np.bool_]:
        """Say which tiles have an image without area.

        Parameters
        ----------
        estimate : BatchEstimate
            The fits.

        Returns
        -------
        ndarray
            (T,) bool.
        """
        # Models that can't be flat themselves, and constants, don't show it.
        shows = estimate.model is Affine or (estimate.model is Polynomial and self.options.order > 0)
        shown = estimate if shows else self.estimate(Affine, 3)
        return is_flat(shown.params, self.group.sizes[:, :2], affine=shown.model is Affine)


def measure(
    names: Sequence[Any], group: TileGroup, options: Options, faults: dict[int, SpecError]
) -> tuple[BatchEstimate, IntArray]:
    """Fit a group and judge the fits.

    Parameters
    ----------
    names : sequence
        Ids of the section's tiles.
    group : TileGroup
        Some of them.
    options : Options
        What to estimate.
    faults : dict
        Faults by place in the section, added to.

    Returns
    -------
    estimate : BatchEstimate
        One member for each tile of the group.
    good : ndarray
        Members whose fits are good.
    """
    maps = Maps(group, options)
    estimate = maps.estimate(MODELS[options.model])
    judge = Judge(names, group.index.tolist(), faults)
    judge.failed(estimate.status)
    judge.flat(maps.flat(estimate))
    judge.beyond(estimate.max_residual, options.max_residual)
    return estimate, np.flatnonzero(judge.good)


def class_of(options: Options) -> str:
    """Name the Java class that the new transforms are written as; see `Options`."""
    return POLYNOMIAL if options.model == "polynomial" else AFFINE


def _write(
    tiles: list[Json], group: TileGroup, members: IntArray, params: FloatArray, options: Options, boxes: FloatArray
) -> None:
    """Put the new lists, and the boxes that go with them, in place of those of some members."""
    class_name = class_of(options)
    places = group.index[members]
    boxed = np.array([options.locate or _has_box(tiles[place]) for place in places.tolist()], dtype=bool)
    if boxed.any():
        boxes[places[boxed]] = boxes_of(group, members[boxed], params[boxed], options)
    rows = zip(members.tolist(), places.tolist(), codecs.encode_many(class_name, params), strict=True)
    for (member, place, text), box in zip(rows, boxes[places].tolist(), strict=True):
        old = group.replaced(member) if options.replace == "last" else None
        # The last transform stays what it is called, whatever its numbers.
        leaf = old if old is not None and old.get("type", "leaf") == "leaf" else {"type": "leaf"}
        specs = [*group.kept(member), {**leaf, "className": class_name, "dataString": text}]
        tiles[place] = _rewritten(tiles[place], specs, box)


def boxes_of(group: TileGroup, members: IntArray, params: FloatArray, options: Options) -> FloatArray:
    """Derive the boxes of new lists as the service does.

    Parameters
    ----------
    group : TileGroup
        Where the tiles are.
    members : ndarray
        (M,) some of them.
    params : ndarray
        Of their new transforms.
    options : Options
        What these are.

    Returns
    -------
    ndarray
        (M, 4) min_x, min_y, max_x, max_y in world pixels.
    """
    model = Polynomial if options.model == "polynomial" else Affine
    boxes = np.empty((len(members), 4))
    cells = group.sizes[members, 2]
    alike = len(cells) > 0 and bool((cells == cells[0]).all())
    for cell in cells[:1].tolist() if alike else np.unique(cells).tolist():
        chosen = np.flatnonzero(cells == cell)
        batch = group.renewed(members[chosen], params[chosen], model)
        width, height = group.sizes[members[chosen], :2].T
        boxes[chosen] = batch.bounding_boxes(width, height, cell)
    return boxes


def _has_box(tile: Json) -> bool:
    get = tile.get
    return not (get("minX") is None and get("minY") is None and get("maxX") is None and get("maxY") is None)


def _stored_box(tile: Json) -> list[float]:
    values = [tile.get(name) for name in BOX]
    return [float(v) if isinstance(v, (int, float)) else np.nan for v in values]


def _rewritten(tile: Json, specs: list[Spec], box: list[float]) -> Json:
    """The tile with its new list; every other member is the old one, in its place."""
    new = tile.copy()
    new["transforms"] = {**tile.get("transforms", _LIST), "specList": specs}
    if _has_box(tile):
        for name, value in zip(BOX, box, strict=True):
            # Whole numbers stay whole where they were written so.
            new[name] = int(value) if isinstance(tile.get(name), int) else value
    return new
