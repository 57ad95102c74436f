"""`render-io info`: what is in a stack."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from render_io._commands.options import SourceArgument

if TYPE_CHECKING:
    from render_io.stores import Section

__all__ = ["Contents", "info"]

_BOX = ("minX", "minY", "maxX", "maxY")


@dataclass
class Contents:
    """Counts over the sections of a stack.

    Attributes
    ----------
    sections, tiles, faulty : int
        How many; faulty tiles are those that `check_tile` finds something in.
    z : list
        Least and largest z, empty when no tile has one.
    sizes, structures : Counter
        Tiles by width and height, and by the classes of their transforms.
    shared : set
        Ids of shared transforms.
    box : list of float
        min_x, min_y, max_x, max_y of all boxes, in world pixels.
    boxed : int
        Tiles that have a box.
    """

    sections: int = 0
    tiles: int = 0
    faulty: int = 0
    z: list[float] = field(default_factory=list)
    sizes: Counter[str] = field(default_factory=Counter)
    structures: Counter[str] = field(default_factory=Counter)
    shared: set[str] = field(default_factory=set)
    box: list[float] = field(default_factory=lambda: [math.inf, math.inf, -math.inf, -math.inf])
    boxed: int = 0

    def add(self, section: Section) -> None:
        """Take in a section.

        Parameters
        ----------
        section : Section
            It is not kept.
        """
        from render_io.stores import check_tile

        self.sections += 1
        self.tiles += len(section.tilespecs)
        self.shared |= section.transforms.keys()
        if section.z is not None:
            self.z = [min([section.z, *self.z]), max([section.z, *self.z])]
        for tile in section.tilespecs:
            self.faulty += bool(check_tile(tile))
            self.sizes[f"{_plain(tile.get('width'))} x {_plain(tile.get('height'))}"] += 1
            self.structures[_structure(tile.get("transforms"), section.transforms)] += 1
            self._add_box([tile.get(name) for name in _BOX])

    def _add_box(self, box: list[Any]) -> None:
        if all(isinstance(value, (int, float)) for value in box):
            self.boxed += 1
            pairs = list(zip(self.box, box, strict=True))
            self.box = [min(pair) for pair in pairs[:2]] + [max(pair) for pair in pairs[2:]]

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield the table.

        Yields
        ------
        name, value : str
            One row.
        """
        yield "sections", f"{self.sections:,}"
        yield "tiles", f"{self.tiles:,}"
        if self.z:
            yield "z", " to ".join(_plain(z) for z in dict.fromkeys(self.z))
        if self.boxed:
            low, high = self.box[:2], self.box[2:]
            yield "box", f"{' '.join(map(_plain, low))} to {' '.join(map(_plain, high))} px"
        yield "tiles without box", f"{self.tiles - self.boxed:,}"
        for size, count in self.sizes.most_common(10):
            yield "tile size", f"{size} px: {count:,}"
        yield "shared transforms", f"{len(self.shared):,}"
        for structure, count in self.structures.most_common(20):
            yield "transforms", f"{structure}: {count:,}"
        yield "faulty tiles", f"{self.faulty:,}"


def info(source: SourceArgument) -> None:
    """Say what is in a stack: sections, tiles, boxes, sizes, transforms, and how many tiles are faulty.

    Exit status: 0; 2 unreadable SOURCE.
    """
    from rich.console import Console
    from rich.table import Table

    from render_io.stores import open_source

    contents = Contents()
    for section in open_source(source):
        contents.add(section)
    table = Table("", "", title=source, title_justify="left", show_header=False)
    for name, value in contents.lines():
        table.add_row(name, value)
    Console().print(table)
    if contents.faulty:
        typer.echo(f"for what is wrong with them: render-io validate {source}", err=True)


def _plain(value: Any) -> str:
    """A number without a needless fraction; anything else as it is."""
    whole = isinstance(value, float) and math.isfinite(value) and value == int(value)
    return "none" if value is None else str(int(value) if whole else value)


def _structure(spec: Any, shared: Mapping[str, Any], depth: int = 0) -> str:
    """Names of the classes in a spec, such as ``NonLinearCoordinateTransform, AffineModel2D``."""
    if not isinstance(spec, dict) or depth > 20:
        return "none" if spec is None else "malformed"
    kind = spec.get("type", "list" if depth == 0 else "leaf")
    if kind == "list":
        members = spec.get("specList", [])
        inner = [_structure(m, shared, depth + 1) for m in members] if isinstance(members, list) else ["malformed"]
        text = ", ".join(inner) or "empty"
        return text if depth == 0 else f"[{text}]"
    if kind == "ref":
        target = shared.get(spec.get("refId", ""))
        return f"ref({_structure(target, shared, depth + 1) if target is not None else 'dangling'})"
    if kind == "interpolated":
        return f"interpolated({', '.join(_structure(spec.get(name), shared, depth + 1) for name in 'ab')})"
    return str(spec.get("className", "malformed")).rpartition(".")[2]
