"""Stands in for the Java clients: takes their command lines as their parser does, reads and writes their files.

``python standin.py MEMORY CLASS ARGUMENTS...``, as run by the stand-in of ``run_ws_client.sh``. What it was given is
appended to the file that ``STANDIN_LOG`` names; ``STANDIN_FAIL``, ``STANDIN_SLEEP`` and ``STANDIN_PAIRS`` make it
fail, take its time, and say how many tile pairs it finds. It imports nothing of the project.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import struct
import sys
import time
import urllib.request
import zlib
from pathlib import Path
from typing import Any

STACK = {"baseDataUrl": str, "owner": str, "project": str, "stack": str}
VALIDATOR = {"validatorClass": str, "validatorData": str}
BOUNDS = {"minX": float, "maxX": float, "minY": float, "maxY": float}
PACKAGE = "org.janelia.render.client."


def boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text} is not a boolean")
    return text == "true"


def one_of(*words: str) -> Any:
    def check(text: str) -> str:
        if text not in words:
            raise ValueError(f"Allowed values:[{', '.join(words)}]")
        return text

    return check


class Client:
    """Options of one client: valued by type, switches, what is required, and the type of positional arguments."""

    def __init__(self, valued: dict[str, Any], required: str, switches: str = "", positional: Any = None) -> None:
        self.valued, self.positional = valued, positional
        self.required, self.switches = required.split(), ["help", *switches.split()]

    def parse(self, words: list[str]) -> tuple[dict[str, Any], list[Any]]:
        options: dict[str, Any] = {}
        rest: list[str] = []
        pending = list(words)
        while pending:
            word = pending.pop(0)
            name = word[2:]
            if word.startswith("--") and name in options:
                raise ValueError(f"Can only specify option {word} once.")
            if word.startswith("--") and name in self.switches:
                options[name] = True
            elif word.startswith("--") and name in self.valued:
                if not pending:
                    raise ValueError(f"Expected a value after parameter {word}")
                options[name] = self.valued[name](pending.pop(0))
            else:
                rest.append(word)
        missing = [f"[--{name}]" for name in self.required if name not in options]
        if missing:
            raise ValueError(f"The following options are required: {', '.join(missing)}")
        if rest and self.positional is None:
            raise ValueError(
                f"Was passed main parameter '{rest[0]}' but no main parameter was defined in your arg class"
            )
        if not rest and self.positional in (float, "url"):
            raise ValueError("Main parameters are required")
        kind = str if self.positional in (None, "url") else self.positional
        return options, [kind(word) for word in rest]


CLIENTS = {
    PACKAGE + "ImportJsonClient": Client(
        STACK | VALIDATOR | {"transformFile": str}, "baseDataUrl owner project stack", "", str
    ),
    PACKAGE + "ImportTransformChangesClient": Client(
        STACK
        | VALIDATOR
        | {"targetStack": str, "targetOwner": str, "targetProject": str, "transformFile": str}
        | {"changeMode": one_of("APPEND", "REPLACE_LAST", "CONCATENATE_TO_LAST", "REPLACE_ALL")},
        "baseDataUrl owner project stack targetStack transformFile",
    ),
    PACKAGE + "TransformSectionClient": Client(
        STACK
        | VALIDATOR
        | BOUNDS
        | {"targetProject": str, "targetStack": str, "transformId": str, "transformClass": str, "transformData": str}
        | {"layerMinimumXAndYBound": int, "fromTileId": str, "toTileId": str}
        | {
            "transformApplicationMethod": one_of(
                "APPEND", "INSERT_AS_FIRST", "INSERT_BEFORE_LAST", "REPLACE_LAST", "PRE_CONCATENATE_LAST"
            )
        },
        "baseDataUrl owner project stack transformId transformClass transformData",
        "completeTargetStack",
        float,
    ),
    PACKAGE + "CoordinateClient": Client(
        STACK
        | {"z": float, "fromJson": str, "toJson": str, "toOwner": str, "toProject": str, "toStack": str}
        | {"fromSwcDirectory": str, "toSwcDirectory": str, "numberOfThreads": int},
        "baseDataUrl owner project stack",
        "localToWorld",
    ),
    PACKAGE + "TilePairClient": Client(
        STACK
        | BOUNDS
        | {"minZ": float, "maxZ": float, "toJson": str, "baseOwner": str, "baseProject": str, "baseStack": str}
        | {"xyNeighborFactor": float, "explicitRadius": float, "zNeighborDistance": int, "maxPairsPerFile": int}
        | {f"exclude{what}": boolean for what in ("CornerNeighbors", "CompletelyObscuredTiles", "SameLayerNeighbors")}
        | {"excludeSameSectionNeighbors": boolean, "excludePairsInMatchCollection": str, "existingMatchOwner": str}
        | {"minExistingMatchCount": int, "onlyIncludeTilesFromStack": str, "onlyIncludeTilesNearTileIdsJson": str},
        "baseDataUrl owner project stack toJson",
        "useRowColPositions",
    ),
    PACKAGE + "RenderSectionClient": Client(
        STACK
        | {"rootDirectory": str, "scale": float, "format": str, "resolutionUnit": str, "doFilter": boolean}
        | {"filterListName": str, "channels": str, "fillWithNoise": boolean, "bounds": str}
        | {"minIntensity": int, "maxIntensity": int, "customOutputFolder": str, "customSubFolder": str},
        "baseDataUrl owner project stack rootDirectory",
        "useStackBounds padFileNamesWithZeros renderTileLabels",
        float,
    ),
    PACKAGE + "PointMatchClient": Client(
        {"baseDataUrl": str, "owner": str, "collection": str, "debugDirectory": str, "renderScale": float}
        | {"SIFTfdSize": int, "SIFTminScale": float, "SIFTmaxScale": float, "SIFTsteps": int, "matchRod": float}
        | {"matchModelType": one_of("TRANSLATION", "RIGID", "SIMILARITY", "AFFINE"), "matchIterations": int}
        | {"matchMaxEpsilon": float, "matchMaxEpsilonFullScale": float, "matchMinInlierRatio": float}
        | {"matchMinNumInliers": int, "matchMaxNumInliers": int, "matchMaxTrust": float, "fillWithNoise": boolean}
        | {"matchFilter": one_of("NONE", "SINGLE_SET", "CONSENSUS_SETS", "AGGREGATED_CONSENSUS_SETS")},
        "baseDataUrl owner collection",
        "",
        "url",
    ),
    "org.janelia.alignment.Render": Client(
        {"tile_spec_url": str, "res": float, "meshCellSize": float, "min_res": float, "minMeshCellSize": float}
        | {"in": str, "out": str, "x": float, "y": float, "width": int, "height": int, "scale": float}
        | {"minIntensity": float, "maxIntensity": float, "quality": float, "threads": int, "parameters_url": str}
        | {"background_color": int, "channels": str},
        "out",
        "area_offset gray skip_interpolation binary_mask exclude_mask do_filter fill_with_noise",
    ),
    PACKAGE + "ValidateTilesClient": Client(
        STACK | VALIDATOR, "baseDataUrl owner project stack", "removeInvalidTiles completeStackAfterRemoval", float
    ),
}


def load(path: str) -> Any:
    content = Path(path).read_bytes()
    value = json.loads(gzip.decompress(content) if path.endswith(".gz") else content)
    if not isinstance(value, list):
        raise TypeError(f"{path} does not hold a list")
    return value


def save(path: Path, value: Any) -> None:
    content = json.dumps(value).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def references(spec: Any) -> set[str]:
    if spec.get("type") == "ref":
        return {spec["refId"]}
    return {name for member in spec.get("specList", []) for name in references(member)}


def ask(url: str, method: str, body: bytes | None = None) -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=240) as answer:
        content: bytes = answer.read()
    return content


def import_json(options: dict[str, Any], files: list[str]) -> None:
    shared = {spec["id"]: spec for spec in (load(options["transformFile"]) if "transformFile" in options else [])}
    where = "{baseDataUrl}/owner/{owner}/project/{project}/stack/{stack}".format(**options)
    if b'"COMPLETE"' in ask(where, "GET"):  # the real one opens the stack again
        ask(f"{where}/state/LOADING", "PUT")
    for path in files:
        tiles = load(path)
        missing = {name for tile in tiles for name in references(tile.get("transforms", {}))} - set(shared)
        if missing:
            raise KeyError(f"requires the following transform ids {sorted(missing)}")
        body = {"transformIdToSpecMap": shared, "tileIdToSpecMap": {tile["tileId"]: tile for tile in tiles}}
        ask(f"{where}/resolvedTiles?deriveData=true", "PUT", json.dumps(body).encode())


def coordinates(options: dict[str, Any], _: list[str]) -> None:
    points = load(options["fromJson"])
    if options.get("localToWorld"):
        first = [point[0] if isinstance(point, list) else exit(1) for point in points]
        answer: Any = [{"tileId": p["tileId"], "world": [p["local"][0] + 100.0, p["local"][1], 1.0]} for p in first]
    else:
        answer = [
            [{"tileId": "t", "visible": True, "local": [p["world"][0] - 100.0, p["world"][1], 1.0]}] for p in points
        ]
    save(Path(options["toJson"]), answer)


def pairs(options: dict[str, Any], _: list[str]) -> None:
    count = int(os.environ.get("STANDIN_PAIRS", "1"))
    most = max(1, options.get("maxPairsPerFile", 100000))
    names = [options.get(f"base{what.title()}", options[what]) for what in ("owner", "project", "stack")]
    template = "{{baseDataUrl}}/owner/{}/project/{}/stack/{}/tile/{{id}}/render-parameters".format(*names)
    found = [
        {"p": {"groupId": "1.0", "id": f"a{i}"}, "q": {"groupId": "2.0", "id": f"b{i}"}, "absoluteDeltaZ": 1.0}
        for i in range(count)
    ]
    target = Path(options["toJson"])
    root, suffix = re.fullmatch(r"(.*?)((?:\.json)?(?:\.gz)?)", target.name).groups()  # type: ignore[union-attr]
    groups = [found[start : start + most] for start in range(0, count, most)]
    for number, group in enumerate(groups):
        name = target.name if len(groups) == 1 else f"{root}_p{number:03d}{suffix}"
        save(target.with_name(name), {"renderParametersUrlTemplate": template, "neighborPairs": group})


def draw(options: dict[str, Any], _: list[str]) -> None:
    source = options.get("tile_spec_url") or options.get("parameters_url")
    parameters = json.loads(Path(source).read_text())
    if "tile_spec_url" in options and not isinstance(parameters, list):
        raise TypeError("the tile file must hold a list")
    width, height = options.get("width", 6), options.get("height", 4)
    target = Path(options["out"])
    if target.suffix == ".png":
        rows = b"".join(b"\0" + bytes(width) for _ in range(height))
        head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
        chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
        body = b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
        target.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
        return
    tags = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, height),
        (279, width * height),
    ]
    pixels = bytes(width * height)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    place = 8 + len(pixels) + len(pixels) % 2
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    target.write_bytes(struct.pack("<2sHI", b"II", 42, place) + pixels.ljust(place - 8, b"\0") + directory)


WORK = {
    PACKAGE + "ImportJsonClient": import_json,
    PACKAGE + "ImportTransformChangesClient": lambda options, _: load(options["transformFile"]),
    PACKAGE + "CoordinateClient": coordinates,
    PACKAGE + "TilePairClient": pairs,
    "org.janelia.alignment.Render": draw,
}


def main(memory: str, class_name: str, words: list[str]) -> int:
    if not re.fullmatch(r"\d+[kKmMgG]?", memory):
        print(f"Invalid initial heap size: -Xms{memory}")
        return 1
    with Path(os.environ["STANDIN_LOG"]).open("a") as log:
        log.write(json.dumps([memory, class_name, words]) + "\n")
    client = CLIENTS.get(class_name)
    if client is None:
        print(f"Error: Could not find or load main class {class_name}", file=sys.stderr)
        return 1
    time.sleep(float(os.environ.get("STANDIN_SLEEP", "0")))
    try:
        options, rest = client.parse(words)
    except ValueError as error:
        print(f"ERROR: failed to parse command line arguments\n\n{error}\n")
        return 1
    try:
        if "STANDIN_FAIL" in os.environ:
            raise RuntimeError(os.environ["STANDIN_FAIL"])
        WORK.get(class_name, lambda *_: None)(options, rest)
    except Exception as error:
        print(f"run: caught exception\n{type(error).__name__}: {error}\nrun: exit, processing failed after 0 seconds")
        print("a warning on standard error", file=sys.stderr)
        return 1
    print("run: exit, processing completed in 0 seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
