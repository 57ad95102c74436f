"""Where and how a tile was acquired: the ``layout`` of a tile spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from render_io._json_object import JsonObject, Member, refuse_unknown

__all__ = ["Layout"]

_DEFAULT_PIXELSIZE = 0.1


class Layout(JsonObject):
    """Acquisition settings of a tile.

    Parameters
    ----------
    sectionId : str, optional
        Section the tile was taken from.
    scopeId, cameraId : str, optional
        Microscope and camera; ``temca`` and ``camera`` in JSON.
    imageRow, imageCol : int, optional
        Place in the grid of the section.
    stageX, stageY : float, optional
        Stage coordinates.
    rotation : float, optional
        Angle of the camera.
    pixelsize : float, optional
        Effective size of a pixel.
    force_pixelsize : bool
        Whether a layout made by keywords has a pixel size of 0.1 when none is given. What is read from JSON is never
        filled in.
    distanceZ : float, optional
        Distance to the next section.
    **kwargs
        Nothing: kept for the shape of the signature.

    Raises
    ------
    TypeError
        An unknown keyword.
    """

    sectionId = Member("sectionId")
    scopeId = Member("temca")
    cameraId = Member("camera")
    imageRow = Member("imageRow")
    imageCol = Member("imageCol")
    stageX = Member("stageX")
    stageY = Member("stageY")
    rotation = Member("rotation")
    pixelsize = Member("pixelsize")
    distanceZ = Member("distanceZ")

    KEYWORDS = (
        "sectionId", "scopeId", "cameraId", "imageRow", "imageCol", "stageX", "stageY", "rotation", "pixelsize",
        "force_pixelsize", "distanceZ",
    )  # fmt: skip

    def __init__(
        self,
        sectionId: str | None = None,
        scopeId: str | None = None,
        cameraId: str | None = None,
        imageRow: int | None = None,
        imageCol: int | None = None,
        stageX: float | None = None,
        stageY: float | None = None,
        rotation: float | None = None,
        pixelsize: float | None = None,
        force_pixelsize: bool = True,
        distanceZ: float | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_unknown(kwargs, self.KEYWORDS, "Layout")
        self._members = {}
        self.sectionId = sectionId
        self.scopeId = scopeId
        self.cameraId = cameraId
        self.imageRow = imageRow
        self.imageCol = imageCol
        self.stageX = stageX
        self.stageY = stageY
        self.rotation = rotation
        self.pixelsize = _DEFAULT_PIXELSIZE if pixelsize is None and force_pixelsize else pixelsize
        self.distanceZ = distanceZ

    def from_dict(self, d: Mapping[str, Any] | None) -> None:
        """Take all members from a JSON object.

        Parameters
        ----------
        d : dict or None
            None leaves the layout as it is.

        Raises
        ------
        SpecError
            It is no object.
        """
        if d is not None:
            super().from_dict(d)
