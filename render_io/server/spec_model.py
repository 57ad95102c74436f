"""Models of the JSON documents that are stored: tile specs, transform specs, stack versions.

Members that the models do not name are dropped, as the Java service drops them. Optional members that are None are
left out when written.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from render_io.server.answers import Failure, MalformedBody
from render_io.server.jackson import Date, Int32

__all__ = [
    "ImageAndMask",
    "Layout",
    "MetaData",
    "MipmapPathBuilder",
    "ResolvedTiles",
    "StackVersion",
    "TileSpec",
    "TransformSpec",
    "tidy_tile",
    "tidy_transform",
]

DEFAULT_MESH_CELL_SIZE = 64.0
_INTEGER = re.compile(r"[+-]?\d{1,11}")
LOADER_TYPES = frozenset(
    {"IMAGEJ_DEFAULT", "IMAGEJ_TIFF_STACK", "H5_SLICE", "N5_SLICE", "IMAGEJ_COMPOSITE", "DYNAMIC_MASK"}
)


class Document(msgspec.Struct, omit_defaults=True, gc=False):
    """Base of all models; trees as they come from JSON, in which the garbage collector need not look for cycles."""


class MipmapPathBuilder(Document):
    """Where mipmap levels are that a tile does not name."""

    rootPath: str | None = None
    numberOfLevels: Int32 | None = None
    extension: str | None = None
    imageMipmapPatternString: str | None = None


class StackVersion(Document):
    """Body of POST on a stack."""

    createTimestamp: Date | None = None
    versionNotes: str | None = None
    cycleNumber: Int32 | None = None
    cycleStepNumber: Int32 | None = None
    stackResolutionX: float | None = None
    stackResolutionY: float | None = None
    stackResolutionZ: float | None = None
    materializedBoxRootPath: str | None = None
    mipmapPathBuilder: MipmapPathBuilder | None = None
    alignmentQuality: float | None = None
    defaultChannel: str | None = None


class Layout(Document):
    """Where the microscope took a tile."""

    sectionId: str | None = None
    temca: str | None = None
    camera: str | None = None
    imageRow: Int32 | None = None
    imageCol: Int32 | None = None
    stageX: float | None = None
    stageY: float | None = None
    rotation: float | None = None
    pixelsize: float | None = None
    distanceZ: float | None = None


class ImageAndMask(Document):
    """Files of one mipmap level."""

    imageUrl: str | None = None
    imageLoaderType: str | None = None
    imageSliceNumber: Int32 | None = None
    maskUrl: str | None = None
    maskLoaderType: str | None = None
    maskSliceNumber: Int32 | None = None


class Channel(Document):
    """One channel of a tile."""

    name: str | None = None
    minIntensity: float | None = None
    maxIntensity: float | None = None
    mipmapLevels: dict[str, ImageAndMask | None] | None = None
    mipmapPathBuilder: MipmapPathBuilder | None = None


class MetaData(Document):
    """What is kept of a transform's metaData."""

    labels: list[str] | None = None


class TransformSpec(Document):
    """Any of the four kinds; which members count depends on `type`."""

    type: Any = None
    id: str | None = None
    metaData: MetaData | None = None
    className: str | None = None
    dataString: str | None = None
    specList: list[TransformSpec | None] | msgspec.UnsetType | None = msgspec.UNSET
    refId: str | None = None
    a: TransformSpec | None = None
    b: TransformSpec | None = None
    lambda_: float | None = msgspec.field(default=None, name="lambda")


class TileSpec(Document):
    """A tile; the list of its transforms is written apart from the rest."""

    tileId: str | None = None
    layout: Layout | None = None
    groupId: str | None = None
    z: float | None = None
    minX: float | None = None
    minY: float | None = None
    maxX: float | None = None
    maxY: float | None = None
    width: float | None = None
    height: float | None = None
    minIntensity: float | None = None
    maxIntensity: float | None = None
    channels: list[Channel] | None = None
    mipmapPathBuilder: MipmapPathBuilder | None = None
    labels: list[str] | None = None
    meshCellSize: float | None = None
    mipmapLevels: dict[str, ImageAndMask | None] | None = None
    transforms: TransformSpec | msgspec.UnsetType | None = msgspec.UNSET


class ResolvedTiles(Document):
    """Body of PUT resolvedTiles; a map that is absent is empty, one that is null is None."""

    transformIdToSpecMap: dict[str, TransformSpec | None] | None = msgspec.field(default_factory=dict)
    tileIdToSpecMap: dict[str, TileSpec | None] | None = msgspec.field(default_factory=dict)


def tidy_tile(tile: TileSpec) -> None:
    """Give a tile the form in which it is stored: defaults filled in, transforms of one kind each.

    Raises
    ------
    MalformedBody
        For levels that are no integers, unknown loader types, transforms that are no list spec.
    Failure
        When the transforms are null.
    """
    tile.mipmapLevels = tidy_levels(tile.mipmapLevels)
    tile.meshCellSize = DEFAULT_MESH_CELL_SIZE if tile.meshCellSize is None else tile.meshCellSize
    if tile.labels is not None and len(tile.labels) > 1:
        tile.labels = list(dict.fromkeys(tile.labels))
    for channel in tile.channels or ():
        channel.minIntensity = 0.0 if channel.minIntensity is None else channel.minIntensity
        channel.maxIntensity = 255.0 if channel.maxIntensity is None else channel.maxIntensity
        channel.mipmapLevels = tidy_levels(channel.mipmapLevels)
    transforms = tile.transforms
    if transforms is msgspec.UNSET:
        tile.transforms = TransformSpec(type="list", specList=[])
    elif isinstance(transforms, TransformSpec):
        if transforms.type != "list":
            raise MalformedBody(f"Could not resolve type id '{transforms.type}' as a subtype of ListTransformSpec")
        tidy_transform(transforms)
    else:
        raise Failure()


def tidy_levels(levels: dict[str, ImageAndMask | None] | None) -> dict[str, ImageAndMask | None]:
    """Return mipmap levels by number, without null ones."""
    if not levels:
        return {}
    for image in levels.values():
        if image is not None and (image.imageLoaderType is not None or image.maskLoaderType is not None):
            _check_loader(image.imageLoaderType)
            _check_loader(image.maskLoaderType)
    if len(levels) == 1 and "0" in levels and levels["0"] is not None:
        return levels
    numbered = {_level(key): image for key, image in levels.items() if image is not None}
    return {str(level): numbered[level] for level in sorted(numbered)}


def _check_loader(word: str | None) -> None:
    if word is not None and word not in LOADER_TYPES:
        raise MalformedBody(f"Cannot deserialize value of type `LoaderType` from String {word!r}")


def _level(key: str) -> int:
    if not _INTEGER.fullmatch(key) or not -(2**31) <= int(key) < 2**31:
        raise MalformedBody(f"Cannot deserialize Map key of type `java.lang.Integer` from String {key!r}")
    return int(key)


def tidy_transform(spec: TransformSpec) -> None:
    """Keep of a transform spec what belongs to its kind; a kind that is not known is a leaf."""
    kind = spec.type
    if spec.metaData is not None and spec.metaData.labels is not None:
        spec.metaData.labels = list(dict.fromkeys(spec.metaData.labels))
    if kind == "list":
        spec.className = spec.dataString = spec.refId = spec.a = spec.b = spec.lambda_ = None
        if spec.specList is msgspec.UNSET:
            spec.specList = []
        for child in spec.specList or ():
            if child is not None:
                tidy_transform(child)
        return
    spec.specList = msgspec.UNSET
    if kind == "ref":
        spec.className = spec.dataString = spec.a = spec.b = spec.lambda_ = None
    elif kind == "interpolated":
        spec.className = spec.dataString = spec.refId = None
        for part in (spec.a, spec.b):
            if part is not None:
                tidy_transform(part)
    else:
        spec.type = "leaf"
        spec.refId = spec.a = spec.b = spec.lambda_ = None


class Coordinate(Document):
    """A point in a tile, in the world, or in both."""

    tileId: str | None = None
    visible: bool | None = None
    local: list[float | None] | None = None
    world: list[float | None] | None = None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the members that are set; null among values reads as 0."""
        plain = {name: getattr(self, name) for name in self.__struct_fields__}
        for name in ("local", "world"):
            if plain[name] is not None:
                plain[name] = [0.0 if value is None else value for value in plain[name]]
        return {name: value for name, value in plain.items() if value is not None}
