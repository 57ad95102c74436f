"""What a stack's metadata say about one version of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["StackVersion"]


class StackVersion:
    """What is told about one version of a stack.

    Parameters
    ----------
    cycleNumber, cycleStepNumber : int, optional
        Place in the processing.
    stackResolutionX, stackResolutionY, stackResolutionZ : float, optional
        Nanometres per pixel.
    materializedBoxRootPath : str, optional
        Where rendered boxes lie.
    mipmapPathBuilder : dict, optional
        ``rootPath``, ``numberOfLevels``, ``extension``.
    versionNotes : str, optional
        Free text.
    createTimestamp : str, optional
        ``yyyy-MM-ddTHH:mm:ss.SSSZ`` in UTC; now by default.
    **kwargs
        ``defaultChannel``, ``alignmentQuality``, and ``createTimeStamp`` as an older spelling; nothing else.

    Attributes
    ----------
    FIELDS : tuple of str
        Names of the members known.
    extra : dict
        Members that came from the service and are not known here; they are written back.
    """

    FIELDS = (
        "cycleNumber",
        "cycleStepNumber",
        "stackResolutionX",
        "stackResolutionY",
        "stackResolutionZ",
        "materializedBoxRootPath",
        "mipmapPathBuilder",
        "versionNotes",
        "createTimestamp",
        "defaultChannel",
        "alignmentQuality",
    )

    def __init__(
        self,
        cycleNumber: int | None = None,
        cycleStepNumber: int | None = None,
        stackResolutionX: float | None = None,
        stackResolutionY: float | None = None,
        stackResolutionZ: float | None = None,
        materializedBoxRootPath: str | None = None,
        mipmapPathBuilder: dict[str, Any] | None = None,
        versionNotes: str | None = None,
        createTimestamp: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.cycleNumber = cycleNumber
        self.cycleStepNumber = cycleStepNumber
        self.stackResolutionX = stackResolutionX
        self.stackResolutionY = stackResolutionY
        self.stackResolutionZ = stackResolutionZ
        self.materializedBoxRootPath = materializedBoxRootPath
        self.mipmapPathBuilder = mipmapPathBuilder
        self.versionNotes = versionNotes
        self.createTimestamp = createTimestamp or kwargs.pop("createTimeStamp", None) or _now()
        self.defaultChannel = kwargs.pop("defaultChannel", None)
        self.alignmentQuality = kwargs.pop("alignmentQuality", None)
        self.extra: dict[str, Any] = {}
        if kwargs:
            raise TypeError(f"StackVersion() got unexpected keyword arguments {sorted(kwargs)}")

    def to_dict(self) -> dict[str, Any]:
        """Members that are set, as the service takes them."""
        known = {name: getattr(self, name) for name in self.FIELDS}
        return {name: value for name, value in known.items() if value is not None} | self.extra

    def from_dict(self, d: Mapping[str, Any]) -> None:
        """Take all members from `d`; those it lacks become None, unknown ones are kept in `extra`."""
        for name in self.FIELDS:
            setattr(self, name, d.get(name))
        self.extra = {name: value for name, value in d.items() if name not in self.FIELDS}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
