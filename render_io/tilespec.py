"""Tile specs: an image, where it is, and the transforms that put it there.

A `TileSpec` is a view of its JSON object. Reading a file, changing what is to be changed and writing it leaves every
other member as it was, and nothing is parsed that nobody asks for.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from render_io import _json
from render_io._json_object import Member, part, put, refuse_unknown
from render_io._spec_list import SpecObjects, put_specs
from render_io._tile_transforms import Text, TileTransforms, in_member, in_tile, put_transforms
from render_io.channel import Channel, HasPyramid, channel_of
from render_io.errors import RenderError, SpecError
from render_io.image_pyramid import ImagePyramid, MipMap, MipMapLevel
from render_io.layout import Layout
from render_io.utils import json_value

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Channel", "ImagePyramid", "Layout", "MipMap", "MipMapLevel", "TileSpec", "dumps", "loads"]

_SCALE_KEYWORDS = {"scale1Url": 1, "scale2Url": 2, "scale3Url": 3}
_OPENING = ord("{")
_PLAIN_KEYWORDS = ("frameId", "minX", "minY", "maxX", "maxY", "meshCellSize", "mipmapPathBuilder")


class TileSpec(HasPyramid):
    """A tile of a stack.

    Attributes are views of the JSON object: reading an absent one gives None, setting one to None removes its member.

    Parameters
    ----------
    tileId : str, optional
        Key of the tile in its stack.
    z : float, optional
        Position of its section.
    width, height : float, optional
        Size of the image in pixels.
    imageUrl, maskUrl : str, optional
        Image and mask of level 0.
    minint, maxint : float
        Intensity window; ``minIntensity`` and ``maxIntensity`` in JSON.
    layout : Layout, optional
        Acquisition settings.
    tforms : sequence, optional
        Transforms in order of application.
    labels : list of str, optional
        Labels of the tile.
    groupId : str, optional
        Group of the tile.
    inputfilters : sequence, optional
        Filters: specs, or objects with `to_dict`.
    json : dict, optional
        JSON object to take everything from; copied. Everything else is ignored then.
    channels : sequence of Channel, optional
        Channels; copied.
    mipMapLevels : sequence of MipMapLevel, optional
        Levels as in renderapi 1 (deprecated).
    imagePyramid : ImagePyramid, optional
        Images by level; copied.
    **kwargs
        Settings of `Layout`, or `frameId`, `minX`, `minY`, `maxX`, `maxY`, `meshCellSize`, `mipmapPathBuilder`, or
        `scale1Url`, `scale2Url`, `scale3Url` (deprecated).

    Raises
    ------
    TypeError
        An unknown keyword.
    """

    tileId = Member("tileId")
    z = Member("z")
    width = Member("width")
    height = Member("height")
    minint = Member("minIntensity")
    maxint = Member("maxIntensity")
    labels = Member("labels")
    groupId = Member("groupId")
    frameId = Member("frameId")
    minX = Member("minX")
    minY = Member("minY")
    maxX = Member("maxX")
    maxY = Member("maxY")
    meshCellSize = Member("meshCellSize")
    mipmapPathBuilder = Member("mipmapPathBuilder")

    _layout: Layout | None = None
    _tforms: list[Any] | None = None
    _channels: SpecObjects | None = None
    _filters: SpecObjects | None = None
    _text: Text | None = None
    _parsed: dict[str, Any]

    def __init__(
        self,
        tileId: str | None = None,
        z: float | None = None,
        width: float | None = None,
        height: float | None = None,
        imageUrl: str | None = None,
        maskUrl: str | None = None,
        minint: float | None = 0,
        maxint: float | None = 65535,
        layout: Layout | None = None,
        tforms: Sequence[Any] | None = None,
        labels: Sequence[str] | None = None,
        groupId: str | None = None,
        inputfilters: Sequence[Any] | None = None,
        json: Mapping[str, Any] | None = None,
        channels: Sequence[Channel] | None = None,
        mipMapLevels: Iterable[MipMapLevel] | None = None,
        imagePyramid: ImagePyramid | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_unknown(kwargs, (*Layout.KEYWORDS, *_PLAIN_KEYWORDS, *_SCALE_KEYWORDS), "TileSpec")
        if json is not None:
            self.from_dict(json)
            return
        plain = {"tileId": tileId, "z": z, "width": width, "height": height}
        plain |= {"minIntensity": minint, "maxIntensity": maxint}
        plain |= {name: kwargs.pop(name) for name in _PLAIN_KEYWORDS if name in kwargs}
        scales = {level: kwargs.pop(name) for name, level in _SCALE_KEYWORDS.items() if name in kwargs}
        self._members = {name: value for name, value in plain.items() if value is not None}
        self.labels = None if labels is None else list(labels)
        self.groupId = groupId
        if layout is not None or kwargs:
            self._members["layout"] = {}
            self._layout = Layout(**kwargs) if layout is None else layout
        self._set_images(imagePyramid, mipMapLevels, imageUrl, maskUrl, scales)
        self.tforms = tforms or []
        if channels is not None:
            self._members["channels"] = [channel.to_dict() for channel in channels]
        if inputfilters:
            self.inputfilters = inputfilters

    def _set_images(
        self,
        pyramid: ImagePyramid | None,
        levels: Iterable[MipMapLevel] | None,
        image: str | None,
        mask: str | None,
        scales: dict[int, str | None],
    ) -> None:
        self.ip = ImagePyramid() if pyramid is None else pyramid.copy()
        for level in levels or ():
            self.ip[level.level] = level.mipmap
        if image is not None or mask is not None:
            self.ip[0] = MipMap(image, mask)
        if scales:
            names = ", ".join(f"scale{scale}Url" for scale in scales)
            warnings.warn(f"{names}: deprecated, use imagePyramid", DeprecationWarning, stacklevel=3)
        for scale, address in scales.items():
            if address is not None:
                self.ip[scale] = MipMap(address)

    # -- JSON ---------------------------------------------------------------------------------------------------------

    @classmethod
    def from_json(cls, text: Text) -> TileSpec:
        """Make a tile spec of the text of its JSON object, each member of which is read when it is first asked for.

        Parameters
        ----------
        text : bytes or Raw
            One JSON object; kept. Faults in it raise SpecError when it is read.

        Returns
        -------
        TileSpec
            Written as the same text as long as it is not read.
        """
        tile = cls.__new__(cls)
        tile._text = text
        return tile

    @property
    def _members(self) -> dict[str, Any]:
        text = self._text  # asked for once: another thread may be here, too
        if text is not None:
            self._parsed, self._text = _json.split_object(text), None
        return self._parsed

    @_members.setter
    def _members(self, value: dict[str, Any]) -> None:
        self._parsed = value

    def to_json(self) -> bytes:
        """Return the text of the JSON object.

        Returns
        -------
        bytes
            Compact; for a tile made of text of which nothing was looked into but its transforms, that text with those
            that have changed.

        Raises
        ------
        SpecError
            NaN, infinities, or objects that JSON can't hold.
        """
        return bytes(self._written())

    def _written(self) -> Text:
        text = self._text  # as long as nothing but the transforms was looked into
        if text is not None and self._tforms is None:
            return text
        try:
            if text is not None and isinstance(self._tforms, TileTransforms):
                text = self._tforms.put_into(text)
                if text is not None:
                    return text
            return _json.dumps(self._document(), json_value)
        except SpecError as error:
            raise error.at(self._name()) from error

    def from_dict(self, d: Mapping[str, Any]) -> None:
        """Take all members from a JSON object, forgetting those of before.

        Parameters
        ----------
        d : dict
            Copied, not kept. Nothing is required of it: the service stores tiles without size or transforms too.

        Raises
        ------
        SpecError
            It is no object.
        """
        super().from_dict(d)
        self._text = self._layout = self._tforms = self._channels = self._filters = None

    def _document(self) -> dict[str, Any]:
        document = super()._document()
        if self._layout is not None:
            put(document, "layout", self._layout._document())
        if self._tforms is not None:
            put_transforms(document, self._tforms)
        if self._filters is not None:
            put_specs(document, "inputfilters", self._filters.document())
        if self._channels is not None:
            document["channels"] = self._channels.document()
        return document

    # -- Parts --------------------------------------------------------------------------------------------------------

    @property
    def layout(self) -> Layout:
        """Acquisition settings; an empty one is not written."""
        if self._layout is None:
            layout = Layout(force_pixelsize=False)
            layout.from_dict(part(self._get("layout"), "layout", self._name()))
            self._layout = layout
        return self._layout

    @layout.setter
    def layout(self, value: Layout | None) -> None:
        if value is None:
            self._members.pop("layout", None)
        elif self._get("layout") is None:
            self._members["layout"] = {}
        self._layout = value

    @property
    def tforms(self) -> list[Any]:
        """Transforms in order of application, as objects of `render_io.transform`, each made when it is first touched.

        The list and the objects may be changed; a transform that says what it said is written as it was read.

        Raises
        ------
        SpecError
            A spec is malformed, with tile id and JSON path; of a tile made of text, or for what is wrong inside a
            dataString, when that transform is touched.
        """
        if self._tforms is None:
            self._tforms = self._read_transforms()
        return self._tforms

    @tforms.setter
    def tforms(self, value: Iterable[Any] | None) -> None:
        if self._tforms is None and self._get("transforms") is None:
            self._members["transforms"] = {"type": "list", "specList": []}
        if value is None or value is not self._tforms:  # as it is after +=
            self._tforms = list(value or ())

    def _read_transforms(self) -> TileTransforms:
        if self._text is not None:
            found = in_tile(self._text)
        else:
            found = in_member(self._members.get("transforms"), self._members.get("tileId"))
        if found is not None:
            return found
        transforms = part(self._get("transforms"), "transforms", self._name())
        specs = transforms.get("specList", [])
        if not isinstance(specs, list):
            raise SpecError("expected an array of transform specs", self._name(), "transforms.specList")
        return TileTransforms.of_values(specs, self._name())

    @property
    def channels(self) -> list[Channel] | None:
        """Channels of the tile, None when it has no such member."""
        if self._channels is None:
            specs = self._get("channels")
            if specs is None:
                return None
            if not isinstance(specs, list):
                raise SpecError("expected an array of channels", self._name(), "channels")
            self._channels = SpecObjects(specs, lambda spec: channel_of(_json.copied(spec)), "channels")
        return self._channels.items

    @channels.setter
    def channels(self, value: Iterable[Channel] | None) -> None:
        if value is None:
            self._members.pop("channels", None)
            self._channels = None
        else:
            self._get("channels")
            self._channels = self._channels or SpecObjects()
            self._channels.items = list(value)

    @property
    def inputfilters(self) -> list[Any]:
        """Filters: specs, or what was set."""
        if self._filters is None:
            found = self._get("inputfilters")
            specs = found.get("specList") if isinstance(found, dict) else None
            self._filters = SpecObjects(specs if isinstance(specs, list) else ())
        return self._filters.items

    @inputfilters.setter
    def inputfilters(self, value: Iterable[Any] | None) -> None:
        if value is None:
            self._members.pop("inputfilters", None)
        self._get("inputfilters")
        self._filters = SpecObjects()
        self._filters.items = list(value or ())

    @property
    def imageUrl(self) -> str | None:
        """Image of level 0."""
        mipmap = self.ip.get(0)
        return None if mipmap is None else mipmap["imageUrl"]

    @imageUrl.setter
    def imageUrl(self, value: str | None) -> None:
        self._level_0()["imageUrl"] = value

    @property
    def maskUrl(self) -> str | None:
        """Mask of level 0."""
        mipmap = self.ip.get(0)
        return None if mipmap is None else mipmap["maskUrl"]

    @maskUrl.setter
    def maskUrl(self, value: str | None) -> None:
        self._level_0()["maskUrl"] = value

    def _level_0(self) -> Any:
        if 0 not in self.ip:
            self.ip[0] = MipMap()
        return self.ip[0]

    # -- Geometry -----------------------------------------------------------------------------------------------------

    @property
    def bbox(self) -> tuple[float | None, float | None, float | None, float | None]:
        """Box in world coordinates as stored: minX, minY, maxX, maxY, None where there is none."""
        return self.minX, self.minY, self.maxX, self.maxY

    def bbox_transformed(
        self, ndiv_inner: int = 0, tf_limit: int | None = None, reference_tforms: Sequence[Any] | None = None
    ) -> npt.NDArray[np.float64]:
        """Outline of the tile after its transforms.

        Not the box that the service derives, which encloses the whole mesh and is rounded.

        Parameters
        ----------
        ndiv_inner : int
            Points on each edge between its corners.
        tf_limit : int, optional
            Number of transforms applied, from the first on; 0 gives the raw outline, None all.
        reference_tforms : sequence, optional
            Shared transforms that the tile's references name.

        Returns
        -------
        ndarray
            (4 * (ndiv_inner + 1) + 1, 2) points in pixels: the corners from (0, 0) over (width, 0), closed.

        Raises
        ------
        SpecError
            The tile has no size.
        RenderError
            A reference can't be resolved.
        """
        from render_io.transform import estimate_dstpts

        ring = _outline(self._size("width"), self._size("height"), ndiv_inner)
        chosen = self.tforms if tf_limit is None else self.tforms[:tf_limit]
        if not chosen:
            return ring
        moved: npt.NDArray[np.float64] = estimate_dstpts(chosen, src=ring, reference_tforms=reference_tforms)
        return moved

    def _size(self, name: str) -> float:
        value = self._get(name)
        if not isinstance(value, (int, float)):
            raise SpecError(f"expected a number, got {value!r}", self._name(), name)
        return float(value)


def _outline(width: float, height: float, inner: int) -> npt.NDArray[np.float64]:
    import numpy as np

    if inner < 0:
        raise RenderError(f"expected 0 or more points on an edge, got {inner}")
    corners = np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
    steps = np.arange(inner + 1)[:, None] / (inner + 1)
    edges = [start + steps * (end - start) for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    return np.concatenate([*edges, corners[:1]])


def loads(text: bytes) -> list[TileSpec]:
    """Read an array of tile specs, each of which is read further when a member is first asked for.

    Parameters
    ----------
    text : bytes
        JSON array of objects.

    Returns
    -------
    list of TileSpec
        In the order of the array. They share the memory of the text, which stays as long as one of them does.

    Raises
    ------
    SpecError
        Malformed text, no array, or an element that is no object.
    """
    tiles = []
    for index, element in enumerate(_json.split_array(text)):
        if memoryview(element)[0] != _OPENING:
            raise SpecError("expected a tile spec, got no object", path=f"[{index}]")
        tiles.append(TileSpec.from_json(element))
    return tiles


def dumps(tilespecs: Iterable[TileSpec]) -> bytes:
    """Write an array of tile specs; those that were never looked into as the text they came from.

    Parameters
    ----------
    tilespecs : iterable of TileSpec
        The tiles.

    Returns
    -------
    bytes
        JSON array, a tile a line.

    Raises
    ------
    SpecError
        NaN, infinities, or objects that JSON can't hold, with the tile id.
    """
    texts = [tile._written() for tile in tilespecs] or [b""]
    texts[0] = b"[\n" + texts[0]  # not to the whole, which is large, and would be copied
    texts[-1] = bytes(texts[-1]) + b"\n]\n"
    return b",\n".join(texts)


def __getattr__(name: str) -> Any:
    """Functions that ask a render service are loaded when first used."""
    if not name.startswith("_"):
        found = getattr(import_module("render_io._requests.tilespec"), name, None)
        if found is not None:
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
