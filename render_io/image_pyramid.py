"""Image and mask of each mipmap level of a tile: its ``mipmapLevels``."""

from __future__ import annotations

import operator
import re
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, MutableMapping
from typing import Any, SupportsIndex

from render_io import _json
from render_io._json_object import JsonObject, Member
from render_io.errors import RenderError, SpecError

__all__ = ["ImagePyramid", "MipMap", "MipMapLevel", "TransformedDict"]


class MipMap(JsonObject):
    """An image and its mask, with item access.

    Further members, such as ``imageLoaderType`` and ``imageSliceNumber``, are kept. Two are equal when they are written
    alike; the hash follows the two addresses, so an object in a set must not be changed.

    Parameters
    ----------
    imageUrl, maskUrl : str, optional
        Addresses.
    """

    imageUrl = Member("imageUrl")
    maskUrl = Member("maskUrl")

    def __init__(self, imageUrl: str | None = None, maskUrl: str | None = None) -> None:
        self._members = {}
        self.imageUrl = imageUrl
        self.maskUrl = maskUrl

    @classmethod
    def from_json(cls, spec: Mapping[str, Any]) -> MipMap:
        """Make one from its JSON object.

        Parameters
        ----------
        spec : dict
            Copied.

        Returns
        -------
        MipMap
            With every member.

        Raises
        ------
        SpecError
            It is no object.
        """
        mipmap = cls()
        mipmap.from_dict(spec)
        return mipmap

    def __getitem__(self, key: str) -> Any:
        if key in ("imageUrl", "maskUrl"):
            return self._members.get(key)
        return self._members[key]

    def __setitem__(self, key: str, value: Any) -> None:
        Member(key).__set__(self, value)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(list(self._members.items()))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, MipMap):
            return self._members == other._members
        return self._members == other if isinstance(other, dict) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.imageUrl, self.maskUrl))


class MipMapLevel:
    """A mipmap and its level; deprecated since renderapi 2.0 for `MipMap` in an `ImagePyramid`.

    Parameters
    ----------
    level : int
        Times that the image is halved.
    imageUrl, maskUrl : str, optional
        Addresses.
    """

    def __init__(self, level: int, imageUrl: str | None = None, maskUrl: str | None = None) -> None:
        warnings.warn("MipMapLevel is deprecated: use MipMap and ImagePyramid", DeprecationWarning, stacklevel=2)
        self.level = level
        self.mipmap = MipMap(imageUrl, maskUrl)

    @property
    def imageUrl(self) -> Any:
        """Address of the image."""
        return self.mipmap.imageUrl

    @imageUrl.setter
    def imageUrl(self, value: str | None) -> None:
        self.mipmap.imageUrl = value

    @property
    def maskUrl(self) -> Any:
        """Address of the mask."""
        return self.mipmap.maskUrl

    @maskUrl.setter
    def maskUrl(self, value: str | None) -> None:
        self.mipmap.maskUrl = value

    def to_dict(self) -> dict[str, Any]:
        """Return the mipmap without its level."""
        return self.mipmap.to_dict()

    def __getitem__(self, key: str) -> Any:
        return self.mipmap[key]

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self.mipmap)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MipMapLevel):
            return NotImplemented
        return int(self.level) == int(other.level) and self.mipmap == other.mipmap

    def __hash__(self) -> int:
        return hash((int(self.level), self.mipmap))


class TransformedDict(MutableMapping[Any, Any]):
    """A dictionary that changes each key before it uses it: subclasses say how in `__keytransform__`.

    Parameters
    ----------
    *args, **kwargs
        As for dict.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.store: dict[Any, Any] = {}
        self.update(dict(*args, **kwargs))

    def __getitem__(self, key: Any) -> Any:
        return self.store[self.__keytransform__(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.store[self.__keytransform__(key)] = value

    def __delitem__(self, key: Any) -> None:
        del self.store[self.__keytransform__(key)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.store)

    def __len__(self) -> int:
        return len(self.store)

    def __keytransform__(self, key: Any) -> Any:
        return key


class ImagePyramid(TransformedDict):
    """Mipmap level -> `MipMap`, in the order of the levels.

    Keys are the texts of whole numbers, "0" for the full image; 0 and "0" are the same key.

    Parameters
    ----------
    *args, **kwargs
        As for dict, and ``mipMapLevels``: a list of `MipMapLevel`, as in renderapi 1 (deprecated).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Keys as they are spelt in JSON ("004"), and members that name no level, to be written as they came.
        self._spelling: dict[str, str] = {}
        self._others: dict[str, Any] = {}
        levels: Iterable[MipMapLevel] = kwargs.pop("mipMapLevels", None) or ()
        super().__init__(*args, **kwargs)
        for level in levels:
            self[level.level] = level.mipmap

    def __keytransform__(self, key: Any) -> str:
        level = _level(key)
        if level is None or level < 0:
            raise RenderError(f"expected a mipmap level (0, 1, ...), got {key!r}")
        return str(level)

    def __contains__(self, key: object) -> bool:
        return str(_level(key)) in self.store

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.store, key=int))

    def get(self, to_get: Any, default: Any = None) -> Any:
        """Return the mipmap of a level, which has items as the dict of renderapi 1 had.

        Parameters
        ----------
        to_get : int or str
            Level.
        default : object
            What to return when there is none.

        Returns
        -------
        MipMap
            Or the default, also for keys that name no level.
        """
        return self.store.get(str(_level(to_get)), default)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set levels from a mapping, or replace the one of a `MipMapLevel` (deprecated).

        Parameters
        ----------
        *args, **kwargs
            As for dict, or one `MipMapLevel`.
        """
        if len(args) == 1 and isinstance(args[0], MipMapLevel):
            _warn("ImagePyramid.update(MipMapLevel)", "pyramid[level] = MipMap(...)")
            self[args[0].level] = args[0].mipmap
        else:
            super().update(*args, **kwargs)

    def append(self, mmL: MipMapLevel) -> None:
        """Add a level (deprecated).

        Parameters
        ----------
        mmL : MipMapLevel
            The level.
        """
        _warn("ImagePyramid.append", "pyramid[level] = MipMap(...)")
        self[mmL.level] = mmL.mipmap

    @property
    def levels(self) -> KeysView[str]:
        """The levels that there are, as texts."""
        return self.keys()

    @property
    def mipMapLevels(self) -> list[MipMapLevel]:
        """The levels as renderapi 1 had them (deprecated); the mipmaps are this pyramid's own."""
        _warn("ImagePyramid.mipMapLevels", "pyramid.items()")
        levels = []
        for key, mipmap in self.items():
            level = MipMapLevel.__new__(MipMapLevel)
            level.level, level.mipmap = int(key), mipmap
            levels.append(level)
        return levels

    def to_dict(self) -> dict[str, Any]:
        """Return the pyramid as JSON values, levels in order.

        Returns
        -------
        dict
            The caller's own.
        """
        copied: dict[str, Any] = _json.copied(self._document())
        return copied

    def copy(self) -> ImagePyramid:
        """Return a pyramid with mipmaps of its own."""
        return ImagePyramid.from_dict(self._document())

    def _document(self) -> dict[str, Any]:
        document = {self._spelling.get(key, key): _written(mipmap) for key, mipmap in self.items()}
        return document | self._others if self._others else document

    def to_ordered_dict(self, key: Callable[[tuple[int, Any]], Any] | None = None) -> OrderedDict[int, Any]:
        """Return the pyramid as an ordered dict (deprecated: `to_dict` is in order).

        Parameters
        ----------
        key : callable, optional
            Sort key of the pairs of level and dict; the level without it.

        Returns
        -------
        OrderedDict
            Level as int -> mipmap as dict.
        """
        _warn("ImagePyramid.to_ordered_dict", "ImagePyramid.to_dict")
        pairs = [(int(level), _written(mipmap)) for level, mipmap in self.items()]
        return OrderedDict(sorted(pairs, key=key or (lambda pair: pair[0])))

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> ImagePyramid:
        """Make a pyramid from its JSON object.

        Parameters
        ----------
        d : dict
            Mipmap objects by level. Copied.

        Returns
        -------
        ImagePyramid
            With every member of every level. A level that is null, and keys that name no level, are kept for
            writing only; so are negative levels, which Java reads and never draws.

        Raises
        ------
        SpecError
            A level is neither an object nor null, with its key.
        """
        pyramid = cls()
        for key, spec in d.items():
            level = _level(key)
            if level is None or level < 0 or spec is None or str(level) in pyramid.store:
                pyramid._others[key] = _json.copied(spec)
                continue
            if not isinstance(spec, (Mapping, MipMap)):
                raise SpecError(f"expected an object, got {type(spec).__name__}", path=str(key))
            pyramid.store[str(level)] = spec if isinstance(spec, MipMap) else MipMap.from_json(spec)
            if key != str(level):
                pyramid._spelling[str(level)] = key
        return pyramid


def _level(key: object) -> int | None:
    """Level that a key names, None for anything else: 1.7 and "1_0" are no levels."""
    if isinstance(key, str):
        return int(key) if re.fullmatch(r"[+-]?[0-9]{1,10}", key) else None
    if isinstance(key, float):
        return int(key) if key.is_integer() else None
    return operator.index(key) if isinstance(key, SupportsIndex) else None


def _written(mipmap: Any) -> Any:
    return mipmap._document() if isinstance(mipmap, MipMap) else _json.copied(mipmap)


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is deprecated: use {new}", DeprecationWarning, stacklevel=3)
