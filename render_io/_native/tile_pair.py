"""TilePairClient: pairs of neighbouring tiles, the work list of point matching.

Source: org.janelia.render.client.TilePairClient, org.janelia.render.client.TileBoundsRTree.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from render_io import http
from render_io._native.command_line import CommandLine, flag, number, numbers, switch, text, whole, word
from render_io._native.files import check_writable, read_list, write_json
from render_io._native.job import Client, Job, JobError
from render_io._native.neighbors import Layer, TileBox
from render_io._native.obscured import java_order, obscured
from render_io._native.options import LAYER_BOUNDS, RENDER_WEB, STACK, Z_RANGE, layer_bounds
from render_io._native.service import Stack, found_or_none
from render_io._requests.urls import escape

__all__ = ["CLIENT", "Canvas", "Pair"]

POSITIONS = ("TOP", "BOTTOM", "LEFT", "RIGHT")
_SUFFIXES = (".json.gz", ".json", ".gz")


class Canvas(NamedTuple):
    """One side of a pair."""

    group: str
    tile_id: str
    position: str | None

    def key(self) -> tuple[str, str, int]:
        """Order among canvases."""
        place = -1 if self.position is None else POSITIONS.index(self.position)
        return java_order(self.group), java_order(self.tile_id), place

    def to_dict(self) -> dict[str, Any]:
        """Return the form in the file."""
        plain = {"groupId": self.group, "id": self.tile_id}
        return plain if self.position is None else plain | {"relativePosition": self.position}


class Pair(NamedTuple):
    """Two tiles that are neighbours; p comes before q."""

    p: Canvas
    q: Canvas
    delta_z: float | None

    @classmethod
    def of(cls, source: TileBox, other: TileBox) -> Pair:
        """Return the pair of two tiles, seen from the first."""
        same_layer = source.z == other.z
        positions = _positions(source, other) if same_layer else (None, None)
        sides = [Canvas(_section(tile), tile.tile_id, at) for tile, at in zip((source, other), positions, strict=True)]
        p, q = sorted(sides, key=Canvas.key)
        return cls(p, q, None if same_layer else abs(source.z - other.z))

    def key(self) -> tuple[tuple[str, str, int], tuple[str, str, int]]:
        """Order among pairs."""
        return self.p.key(), self.q.key()

    def ids(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return what pairs of a match collection are known by."""
        return self.p[:2], self.q[:2]

    def to_dict(self) -> dict[str, Any]:
        """Return the form in the file."""
        plain: dict[str, Any] = {"p": self.p.to_dict(), "q": self.q.to_dict()}
        return plain if self.delta_z is None else plain | {"absoluteDeltaZ": self.delta_z}


def _section(tile: TileBox) -> str:
    if tile.section_id is None:
        raise JobError(f"tile {tile.tile_id} has no sectionId")
    return tile.section_id


def _positions(source: TileBox, other: TileBox) -> tuple[str, str]:
    dx, dy = source.min_x - other.min_x, source.min_y - other.min_y
    if abs(dx) > abs(dy):
        return ("RIGHT", "LEFT") if dx > 0 else ("LEFT", "RIGHT")
    return ("BOTTOM", "TOP") if dy > 0 else ("TOP", "BOTTOM")


def run(job: Job) -> None:
    """Find the pairs layer by layer and write them."""
    if job["z"] is not None and job["zNeighborDistance"] != 0:
        raise JobError("Explicit --z values can only be specified when --zNeighborDistance is zero (for montages).")
    if job["useRowColPositions"] and job["zNeighborDistance"] != 0:
        raise JobError("--useRowColPositions can only be specified when --zNeighborDistance is zero (for montages).")
    layer_bounds(job.options)
    path = check_writable(job["toJson"], "cannot write to {}")
    source = Stack.source(job)
    layers = _Layers(job, source)
    writer = _Writer(job, path)
    existing = _existing(job, source)
    for place, z in enumerate(layers.z_values):
        found = _pairs(job, layers, place)
        writer.add(pair for pair in found if pair.ids() not in existing)
        layers.forget(z)
    writer.close()


class _Layers:
    """The layers of a stack, reduced as the options say, read when they are needed."""

    def __init__(self, job: Job, stack: Stack) -> None:
        self._job, self._stack = job, stack
        self._bounds, self._kept = layer_bounds(job.options), dict[float, Layer]()
        self._only = _other_stack(job, stack)
        near = job["onlyIncludeTilesNearTileIdsJson"]
        self.wanted = None if near is None else set(read_list(near, str))
        found = stack.z_values(job["minZ"], job["maxZ"])
        self.z_values = found if job["z"] is None else [z for z in found if z in job["z"]]
        if not self.z_values:
            raise JobError(f"stack {stack.name} does not contain any layers with the specified z values")

    def __getitem__(self, place: int) -> Layer:
        z = self.z_values[place]
        if z not in self._kept:
            by_grid = self._job["useRowColPositions"]
            self._kept[z] = Layer(z, self._grid(z) if by_grid else self._boxes(z))
        return self._kept[z]

    def forget(self, z: float) -> None:
        self._kept.pop(z, None)

    def _boxes(self, z: float) -> list[TileBox]:
        tiles = [tile for tile in self._stack.tile_bounds(z) if None not in map(tile.get, ("tileId", "minX", "maxX"))]
        if self._only is not None:
            ids = {tile.get("tileId") for tile in self._only.tile_bounds(z)}
            tiles = [tile for tile in tiles if tile["tileId"] in ids]
        if self._bounds is not None:
            tiles = [tile for tile in tiles if self._bounds.touches(tile)]
        if self._job["excludeCompletelyObscuredTiles"]:
            hidden = obscured(tiles)
            tiles = [tile for tile in tiles if tile["tileId"] not in hidden]
        return [TileBox.of(tile) for tile in tiles]

    def _grid(self, z: float) -> list[TileBox]:
        """Squares of 10 x 10 by image row and column, in place of boxes."""
        tiles = []
        for tile_id, tile in self._stack.resolved_tiles(z).tiles.items():
            layout = tile.layout
            if layout is None or layout.imageRow is None or layout.imageCol is None:
                raise JobError(f"tile {tile_id} has no layout with imageRow and imageCol")
            x, y = layout.imageCol * 10.0, layout.imageRow * 10.0
            tiles.append(TileBox(tile_id, layout.sectionId, z, x, y, x + 10.0, y + 10.0))
        return tiles


def _other_stack(job: Job, stack: Stack) -> Stack | None:
    """Return the stack whose tiles alone count; it must exist."""
    named = job["onlyIncludeTilesFromStack"]
    if named is None:
        return None
    parts = named.split("::")
    if len(parts) not in (1, 3):
        raise JobError(f"--onlyIncludeTilesFromStack: expected a stack or owner::project::stack, got {named}")
    other = Stack(job, *parts) if len(parts) == 3 else Stack(job, stack.owner, stack.project, named)
    other.metadata()
    return other


def _pairs(job: Job, layers: _Layers, place: int) -> list[Pair]:
    """Return the pairs of one layer with itself and the layers behind it, each once, in order."""
    layer, z_values = layers[place], layers.z_values
    reach = max(0, job["zNeighborDistance"])
    behind = [i for i in range(place + 1, len(z_values)) if z_values[i] - layer.z <= reach]
    others = [] if job["excludeSameLayerNeighbors"] else [layer]
    others += [layers[i] for i in behind]
    found: set[Pair] = set()
    for tile in layer.tiles:
        if layers.wanted is None or tile.tile_id in layers.wanted:
            found.update(Pair.of(tile, other) for other in _neighbors(job, tile, others))
    excluded = job["excludeSameLayerPairsWithPosition"]
    kept = [pair for pair in found if excluded is None or excluded not in (pair.p.position, pair.q.position)]
    return sorted(kept, key=Pair.key)


def _neighbors(job: Job, tile: TileBox, others: list[Layer]) -> Iterator[TileBox]:
    radius = job["explicitRadius"]
    if radius is None:
        radius = max(tile.max_x - tile.min_x, tile.max_y - tile.min_y) * job["xyNeighborFactor"]
    for layer in others:
        for other in layer.near(tile.center, radius):
            itself = other.tile_id == tile.tile_id
            same_section = job["excludeSameSectionNeighbors"] and other.section_id == tile.section_id
            corner = job["excludeCornerNeighbors"] and other.is_corner_of(tile)
            if not (itself or same_section or corner):
                yield other


def _existing(job: Job, stack: Stack) -> set[tuple[Any, Any]]:
    """Return the pairs that a match collection has already."""
    collection, owner = job["excludePairsInMatchCollection"], job["existingMatchOwner"] or job["owner"]
    if collection is None:
        return set()
    base = f"{job['baseDataUrl']}/owner/{escape(owner, 'owner')}"
    known = http.get_json(job.session, f"{base}/matchCollections")
    if collection not in [found.get("collectionId", {}).get("name") for found in known]:
        job.hide(f"match collection {collection} of {owner} does not exist: no pairs are left out for it")
        return set()
    sections = {section["sectionId"] for section in stack.get("sectionData") if section.get("sectionId") is not None}
    least = job["minExistingMatchCount"]
    pairs: set[tuple[Any, Any]] = set()
    for section in sections:
        url = f"{base}/matchCollection/{escape(collection)}/pGroup/{escape(section, 'sectionId')}/matches"
        for match in (
            found_or_none(lambda url=url: http.get_json(job.session, url, {"excludeMatchDetails": "true"})) or ()
        ):
            if least <= 0 or match.get("matchCount", 0) > least:
                pairs.add(((match["pGroupId"], match["pId"]), (match["qGroupId"], match["qId"])))
    return pairs


class _Writer:
    """Writes pairs, full files as soon as they are full."""

    def __init__(self, job: Job, path: Path) -> None:
        self._job, self._most = job, max(1, job["maxPairsPerFile"])
        self._waiting: list[Pair] = []
        self._files = self._count = 0
        suffix = next((each for each in _SUFFIXES if path.name.endswith(each)), "")
        self._path, self._suffix = path, suffix
        self._root = path.name[: len(path.name) - len(suffix)]

    def add(self, pairs: Iterator[Pair]) -> None:
        """Take the pairs of a layer."""
        self._waiting = sorted([*self._waiting, *pairs], key=Pair.key)
        if len(self._waiting) > self._most:
            while len(self._waiting) >= self._most:
                self._write(self._numbered(), self._waiting[: self._most])
                self._waiting = self._waiting[self._most :]

    def close(self) -> None:
        """Write the rest."""
        if self._waiting:
            self._write(self._numbered() if self._files else self._path, self._waiting)
        elif not self._files:
            self._job.hide(f"no pairs are found: {self._path} is not written")
        self._job.log(f"{self._count} pairs in {self._files} files")

    def _numbered(self) -> Path:
        return self._path.with_name(f"{self._root}_p{self._files:03d}{self._suffix}")

    def _write(self, path: Path, pairs: list[Pair]) -> None:
        write_json(
            path,
            {"renderParametersUrlTemplate": _template(self._job), "neighborPairs": [pair.to_dict() for pair in pairs]},
        )
        self._files, self._count = self._files + 1, self._count + len(pairs)


def _template(job: Job) -> str:
    owner, project = job["baseOwner"] or job["owner"], job["baseProject"] or job["project"]
    stack = job["baseStack"] or job["stack"]
    return f"{{baseDataUrl}}/owner/{owner}/project/{project}/stack/{stack}/tile/{{id}}/render-parameters"


CLIENT = Client(
    CommandLine(
        (
            *RENDER_WEB,
            *Z_RANGE,
            *LAYER_BOUNDS,
            STACK,
            text("toJson", "Where the pairs go (.json, .gz or .json.gz)", required=True),
            text("baseOwner", "Owner in the address of the pictures (default: that of the stack)"),
            text("baseProject", "Project in the address of the pictures (default: that of the stack)"),
            text("baseStack", "Stack in the address of the pictures (default: the stack)"),
            numbers("z", "Layers, with --zNeighborDistance 0 only"),
            number("xyNeighborFactor", "Radius of neighbours, in tile sizes", 0.9),
            number("explicitRadius", "Radius of neighbours in world pixels, in place of the factor"),
            switch("useRowColPositions", "Neighbours by image row and column, with --zNeighborDistance 0 only"),
            whole("zNeighborDistance", "How far apart layers of a pair may be", 2),
            flag("excludeCornerNeighbors", "Leave out diagonal neighbours", default=True),
            flag("excludeCompletelyObscuredTiles", "Leave out tiles that are hidden below others", default=True),
            flag("excludeSameLayerNeighbors", "Pairs across layers only", default=False),
            flag("excludeSameSectionNeighbors", "Pairs across sections only", default=False),
            text("excludePairsInMatchCollection", "Leave out the pairs of this match collection"),
            text("existingMatchOwner", "Owner of that collection (default: that of the stack)"),
            whole("minExistingMatchCount", "Pairs of that collection with more matches than this are left out", 0),
            word("excludeSameLayerPairsWithPosition", POSITIONS),
            text("onlyIncludeTilesFromStack", "Tiles of this stack only (name or owner::project::stack)"),
            text("onlyIncludeTilesNearTileIdsJson", "JSON list of the tiles whose neighbours are looked for"),
            whole("maxPairsPerFile", "Most pairs in one file", 100_000),
        )
    ),
    run,
)
