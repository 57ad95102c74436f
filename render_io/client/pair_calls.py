"""The TilePairClient: pairs of tiles that are close to each other."""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

from typing import Any

from render_io.client import argv
from render_io.client.pairs import pair_files, read_pairs, remove_files
from render_io.client.utils import client_connected, run_client
from render_io.render import Port, Render
from render_io.stack import make_stack_params

__all__ = ["tilePairClient"]

_PACKAGE = "org.janelia.render.client"


@client_connected()
def tilePairClient(
    stack: str,
    minz: float,
    maxz: float,
    outjson: str | None = None,
    delete_json: bool = False,
    baseowner: str | None = None,
    baseproject: str | None = None,
    basestack: str | None = None,
    xyNeighborFactor: float | None = None,
    zNeighborDistance: int | None = None,
    excludeCornerNeighbors: bool | None = None,
    excludeCompletelyObscuredTiles: bool | None = None,
    excludeSameLayerNeighbors: bool | None = None,
    excludeSameSectionNeighbors: bool | None = None,
    excludePairsInMatchCollection: str | None = None,
    minx: float | None = None,
    maxx: float | None = None,
    miny: float | None = None,
    maxy: float | None = None,
    useRowColPositions: bool | None = None,
    existingMatchOwner: str | None = None,
    minExistingMatchCount: int | None = None,
    onlyIncludeTilesFromStack: str | None = None,
    onlyIncludeTilesNearTileIdsJson: str | None = None,
    maxPairsPerFile: int | None = None,
    return_jsondata: bool = True,
    return_jsonfiles: bool = False,
    subprocess_mode: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> Any:
    """Find pairs of tiles that are close to each other.

    Parameters
    ----------
    stack : str
        Name of the stack.
    minz, maxz : float
        Range of the first tile of a pair.
    outjson : str, optional
        File to write, or stem of several; by default files that are removed afterwards.
    delete_json : bool
        Remove these files too.
    baseowner, baseproject, basestack : str, optional
        Stack that the template of render parameters names.
    xyNeighborFactor : float, optional
        Radius around a tile's centre in tile sizes.
    zNeighborDistance : int, optional
        How many z away a neighbour may be.
    excludeCornerNeighbors, excludeCompletelyObscuredTiles : bool, optional
        Leave out corner neighbours, and tiles that others hide.
    excludeSameLayerNeighbors, excludeSameSectionNeighbors : bool, optional
        Leave out pairs within a z, or within a section.
    excludePairsInMatchCollection : str, optional
        Leave out the pairs that this collection has.
    minx, maxx, miny, maxy : float, optional
        Bounds of the tiles: all four or none.
    useRowColPositions : bool, optional
        Take rows and columns of the layout in place of boxes.
    existingMatchOwner : str, optional
        Owner of that collection.
    minExistingMatchCount : int, optional
        Matches from which on a pair counts as being there.
    onlyIncludeTilesFromStack : str, optional
        Only tiles that are in this stack too.
    onlyIncludeTilesNearTileIdsJson : str, optional
        Only pairs of the tiles in this file.
    maxPairsPerFile : int, optional
        Pairs from which on there are several files.
    return_jsondata, return_jsonfiles : bool
        What to return.
    subprocess_mode : optional
        How the client is run.
    host, port, owner, project : optional
        Connection.
    client_script, memGB : optional
        How the client is run.
    render : optional
        Connection.
    **kwargs
        Keywords of the process.

    Returns
    -------
    dict, list of str, or both
        ``{"renderParametersUrlTemplate", "neighborPairs"}``; the files written; with both flags a pair of the two.
        Without any pair there are no files, and an empty list of pairs.

    Raises
    ------
    ClientScriptError
        The client failed.
    """
    options = argv.valued(
        minZ=minz,
        maxZ=maxz,
        baseOwner=baseowner,
        baseProject=baseproject,
        baseStack=basestack,
        xyNeighborFactor=xyNeighborFactor,
        zNeighborDistance=zNeighborDistance,
        excludeCornerNeighbors=excludeCornerNeighbors,
        excludeCompletelyObscuredTiles=excludeCompletelyObscuredTiles,
        excludeSameLayerNeighbors=excludeSameLayerNeighbors,
        excludeSameSectionNeighbors=excludeSameSectionNeighbors,
        excludePairsInMatchCollection=excludePairsInMatchCollection,
        minX=minx,
        maxX=maxx,
        minY=miny,
        maxY=maxy,
        existingMatchOwner=existingMatchOwner,
        minExistingMatchCount=minExistingMatchCount,
        onlyIncludeTilesFromStack=onlyIncludeTilesFromStack,
        onlyIncludeTilesNearTileIdsJson=onlyIncludeTilesNearTileIdsJson,
        maxPairsPerFile=maxPairsPerFile,
    )
    arguments = [*make_stack_params(host, port, owner, project, stack), *options]
    arguments += argv.switch(useRowColPositions=useRowColPositions)

    def find(to_json: str) -> None:
        words = [*arguments, "--toJson", to_json]
        run_client(f"{_PACKAGE}.TilePairClient", words, client_script, memGB, subprocess_mode, kwargs)

    base = (baseowner or owner, baseproject or project, basestack or stack)
    template = "{{baseDataUrl}}/owner/{}/project/{}/stack/{}/tile/{{id}}/render-parameters".format(*base)
    with pair_files(outjson, find) as files:
        data = read_pairs(files, template) if return_jsondata or not return_jsonfiles else None
    if delete_json and outjson is not None:
        remove_files(files)
    return ((data, files) if return_jsondata else files) if return_jsonfiles else data
