"""One channel of a tile with several: its name, intensity window and images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from render_io import _json
from render_io._json_object import JsonObject, Member, part, put
from render_io.errors import SpecError
from render_io.image_pyramid import ImagePyramid

__all__ = ["Channel", "HasPyramid", "channel_of"]


class HasPyramid(JsonObject):
    """Base of what has ``mipmapLevels``: they become an `ImagePyramid` when first asked for."""

    _pyramid: ImagePyramid | None = None

    @property
    def ip(self) -> ImagePyramid:
        """Images and masks by level; changes are written."""
        if self._pyramid is None:
            levels = part(self._get("mipmapLevels"), "mipmapLevels", self._name())
            try:
                self._pyramid = ImagePyramid.from_dict(levels)
            except SpecError as error:
                raise error.at(self._name(), "mipmapLevels") from error
        return self._pyramid

    @ip.setter
    def ip(self, value: ImagePyramid | None) -> None:
        if value is None:
            self._members.pop("mipmapLevels", None)
        elif self._get("mipmapLevels") is None:
            self._members["mipmapLevels"] = {}
        self._pyramid = value

    def from_dict(self, d: Mapping[str, Any]) -> None:
        """Take all members from a JSON object, forgetting those of before.

        Parameters
        ----------
        d : dict
            Copied, not kept.

        Raises
        ------
        SpecError
            It is no object.
        """
        super().from_dict(d)
        self._pyramid = None

    def _name(self) -> str | None:
        """Id of the tile for errors."""
        tile_id = self._get("tileId")
        return tile_id if isinstance(tile_id, str) else None

    def _document(self) -> dict[str, Any]:
        document = dict(self._members)
        if self._pyramid is not None:
            levels = self._pyramid._document()
            read = part(document.get("mipmapLevels"), "mipmapLevels")
            # Levels in the order of the file, new ones after them.
            put(document, "mipmapLevels", {key: levels[key] for key in read if key in levels} | levels)
        return document


class Channel(HasPyramid):
    """One channel of a tile.

    Parameters
    ----------
    name : str, optional
        Name of the channel.
    maxIntensity, minIntensity : float, optional
        Window that is drawn from black to white; mind the order.
    ip : ImagePyramid, optional
        Images and masks; copied.
    json : dict, optional
        JSON object to take everything from.
    """

    name = Member("name")
    minIntensity = Member("minIntensity")
    maxIntensity = Member("maxIntensity")

    def __init__(
        self,
        name: str | None = None,
        maxIntensity: float | None = None,
        minIntensity: float | None = None,
        ip: ImagePyramid | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> None:
        if json is not None:
            self.from_dict(json)
            return
        self._members = {}
        self.name = name
        self.minIntensity = minIntensity
        self.maxIntensity = maxIntensity
        if ip is not None:
            self.ip = ip.copy()


def channel_of(spec: Any) -> Any:
    """Make a channel of a JSON object; what is none is kept as it is.

    Parameters
    ----------
    spec : object
        A member of a tile's ``channels``.

    Returns
    -------
    Channel
        Or a copy of `spec`.
    """
    return Channel(json=spec) if isinstance(spec, Mapping) else _json.copied(spec)
