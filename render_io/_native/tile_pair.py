"""TilePairClient: pairs of neighbouring tiles, the work list of point matching.

Source: org.janelia.render.client.TilePairClient, org.janelia.render.client.TileBoundsRTree.
"""

from __future__ import annotations

from collections.abc import Iterator

from render_io._native.command_line import CommandLine, flag, number, numbers, switch, text, whole, word
from render_io._native.existing_pairs import existing_pairs
from render_io._native.files import check_writable, read_list
from render_io._native.job import Client, Job, JobError
from render_io._native.neighbors import Layer, TileBox
from render_io._native.obscured import obscured
from render_io._native.options import LAYER_BOUNDS, RENDER_WEB, STACK, Z_RANGE, layer_bounds
from render_io._native.pair_files import PairFiles
from render_io._native.pairs import POSITIONS, Pair
from render_io._native.service import Stack

__all__ = ["CLIENT"]


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
    files = PairFiles(job, path)
    existing = existing_pairs(job, source, layers.z_values)
    for place, z in enumerate(layers.z_values):
        found = _pairs(job, layers, place)
        files.add(pair for pair in found if pair.ids() not in existing)
        layers.forget(z)
    files.close()


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
