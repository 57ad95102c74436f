"""`render-io map`: coordinates without a service."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from render_io._commands.options import SourceArgument
from render_io._json import is_number
from render_io.errors import SpecError

if TYPE_CHECKING:
    from render_io.stores import Section
    from transforms import Transform

__all__ = ["PointMapper", "map_points"]

Json = dict[str, Any]


class Target(StrEnum):
    """Where points go."""

    WORLD = "world"
    LOCAL = "local"


class Method(StrEnum):
    """How points go back into a tile."""

    MESH = "mesh"
    EXACT = "exact"


class PointMapper:
    """Maps points as the sections go by, and keeps the answers in the order of the points.

    Parameters
    ----------
    points : list of dict
        ``{"tileId", "local": [x, y]}`` to the world; ``{"world": [x, y]}`` to local, of which ``tileId``, and a z as
        member or third coordinate, restrict the tiles.
    target : Target
        Where they go.
    method : Method
        For the way to local.

    Attributes
    ----------
    answers : list
        One for each point: a dict on the way to the world and for points with ``tileId``, else a list of dicts, one
        for each tile whose box holds the point. What can't be mapped has a member ``error``.

    Raises
    ------
    SpecError
        A point is something else; the path names it.
    """

    def __init__(self, points: list[Json], target: Target, method: Method) -> None:
        self._to_world = target is Target.WORLD
        self._exact = method is Method.EXACT
        self._member = "local" if self._to_world else "world"
        self._points = [self._checked(point, f"[{index}]") for index, point in enumerate(points)]
        self.answers: list[Any] = [_missing(p) if self._names_tile(p) else [] for p in self._points]
        self._by_tile: dict[str, list[int]] = {}
        for index, point in enumerate(self._points):
            if self._names_tile(point):
                self._by_tile.setdefault(point["tileId"], []).append(index)
        self._free = [index for index, point in enumerate(self._points) if not self._names_tile(point)]

    def _names_tile(self, point: Json) -> bool:
        return self._to_world or point.get("tileId") is not None

    def _checked(self, point: Any, path: str) -> Json:
        values = point.get(self._member) if isinstance(point, dict) else None
        if not (isinstance(values, list) and len(values) in (2, 3) and all(map(is_number, values))):
            raise SpecError(f'expected an object with "{self._member}": [x, y], got {str(point)[:60]}', path=path)
        if self._names_tile(point) and not isinstance(point.get("tileId"), str):
            raise SpecError(f"expected a tileId, got {point.get('tileId')!r}", path=path)
        checked: Json = point
        return checked

    @property
    def failed(self) -> int:
        """Number of points without an answer, or with an error in it."""
        return sum(
            1 for a in self.answers if not a or any("error" in one for one in (a if isinstance(a, list) else [a]))
        )

    def visit(self, section: Section) -> None:
        """Map what lies in the tiles of a section.

        Parameters
        ----------
        section : Section
            One of the stack.
        """
        for tile in section.tilespecs:
            named = self._by_tile.get(tile.get("tileId", ""), [])
            if self._to_world or not self._free:
                wanted = named
            else:
                wanted = named + [i for i in self._free if _may_hold(tile, self._points[i])]
            if wanted:
                self._map(section, tile, wanted)

    def _map(self, section: Section, tile: Json, wanted: list[int]) -> None:
        from render_io.errors import RenderError
        from render_io.specs import to_transform
        from transforms import TransformError

        try:
            transform = to_transform(tile.get("transforms", {"type": "list"}), section.transforms)
            points = [self._points[i][self._member][:2] for i in wanted]
            mapped = transform.apply(points) if self._to_world else self._inverse(transform, tile, points)
        except (RenderError, TransformError) as error:
            for index in wanted:
                self._answer(index, {"tileId": tile.get("tileId"), "error": str(error)})
            return
        for index, (x, y) in zip(wanted, mapped.tolist(), strict=True):
            self._answer(index, self._mapped(tile, x, y))

    def _inverse(self, transform: Transform, tile: Json, points: Any) -> Any:
        from transforms import mesh_inverse

        if self._exact:
            return transform.apply_inverse(points, on_error="nan")
        cell = tile.get("meshCellSize") or 64.0
        for name in ("width", "height"):
            if not is_number(tile.get(name)):
                raise SpecError(f"expected a number, got {tile.get(name)!r}", path=name)
        return mesh_inverse(transform, tile["width"], tile["height"], points, cell, on_error="nan")

    def _mapped(self, tile: Json, x: float, y: float) -> Json:
        if not (math.isfinite(x) and math.isfinite(y)):
            return {"tileId": tile.get("tileId"), "error": "the point has no image" if self._to_world else _OUTSIDE}
        z = tile.get("z")
        return {
            "tileId": tile.get("tileId"),
            ("world" if self._to_world else "local"): [x, y] if z is None else [x, y, z],
        }

    def _answer(self, index: int, answer: Json) -> None:
        if isinstance(self.answers[index], list):
            self.answers[index].append(answer)
        else:
            self.answers[index] = answer


_OUTSIDE = "the point lies in no part of the tile that can be inverted"


def _missing(point: Json) -> Json:
    return {"tileId": point["tileId"], "error": "there is no such tile"}


def _may_hold(tile: Json, point: Json) -> bool:
    """Whether the box of a tile holds a point, borders included, and its z is the one wanted."""
    x, y, *rest = point["world"]
    z = point.get("z", rest[0] if rest else None)
    box = [tile.get(name) for name in ("minX", "minY", "maxX", "maxY")]
    if not all(map(is_number, box)) or (z is not None and tile.get("z") != z):
        return False
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def map_points(
    source: SourceArgument,
    to: Annotated[Target, typer.Option(help="From tiles to the world, or back.")],
    method: Annotated[
        Method, typer.Option(help="Back through the triangle mesh, as the service does, or exactly.")
    ] = Method.MESH,
) -> None:
    """Map the points on standard input, a JSON array, and write the answers to standard output in the same order.

    To the world: {"tileId": "a", "local": [x, y]} becomes {"tileId": "a", "world": [x, y, z]}. To local: {"world": [x,
    y], "tileId": "a"} becomes {"tileId": "a", "local": [x, y, z]}; without tileId it becomes a list of these, one for
    each tile whose box holds the point, in the section of a third coordinate or member z where there is one.

    Exit status: 0 done; 1 some points have no answer, or an "error" in it; 2 bad arguments or unreadable input.
    """
    import sys

    from render_io import _json
    from render_io.stores import open_source

    points = _json.loads(sys.stdin.buffer.read())
    if not isinstance(points, list):
        raise SpecError("expected an array of points on standard input")
    mapper = PointMapper(points, to, method)
    _visit(mapper, open_source(source))
    sys.stdout.write("[\n" + ",\n".join(_lines(mapper.answers)) + "\n]\n")
    raise typer.Exit(1 if mapper.failed else 0)


def _visit(mapper: PointMapper, sections: Iterable[Section]) -> None:
    for section in sections:
        mapper.visit(section)


def _lines(answers: Iterable[Any]) -> Iterator[str]:
    from render_io import _json

    return (_json.dumps(answer).decode() for answer in answers)
