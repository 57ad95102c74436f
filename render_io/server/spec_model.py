"""Models of the JSON documents that are stored: tile specs, transform specs, stack versions.

Members that the models do not name are dropped, as the Java service drops them. Optional members that are None are
left out when written.
"""

from __future__ import annotations

from typing import Any

import msgspec

from render_io.server.answers import BadRequest, Failure, MalformedBody
from render_io.server.jackson import Date, Int32

__all__ = ["ImageAndMask", "Layout", "MipmapPathBuilder", "ResolvedTiles", "StackVersion", "TileSpec", "TransformSpec"]

LOADER_TYPES = frozenset(
    {"IMAGEJ_DEFAULT", "IMAGEJ_TIFF_STACK", "H5_SLICE", "N5_SLICE", "IMAGEJ_COMPOSITE", "DYNAMIC_MASK"}
)


class Document(msgspec.Struct, omit_defaults=True):
    """Base of all models."""


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


class Channel(msgspec.Struct):
    """One channel of a tile; absent intensities and levels are answered with their defaults."""

    name: str | None = None
    minIntensity: float | None = 0.0
    maxIntensity: float | None = 255.0
    mipmapLevels: dict[str, ImageAndMask | None] | None = msgspec.field(default_factory=dict)
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
    specList: list[TransformSpec | None] | None = None
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
    meshCellSize: float | None = 64.0
    mipmapLevels: dict[str, ImageAndMask | None] | None = msgspec.field(default_factory=dict)
    transforms: TransformSpec | None = None
