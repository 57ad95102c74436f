"""Transforms made from specs, kept by content.

The same lens correction is decoded once for all tiles, and a tile's list once for all requests that ask for it.
What is kept depends on nothing but the texts, so it is never stale.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Generic, TypeVar

from render_io.codecs import decode
from render_io.codecs.opaque import OpaqueTransform
from render_io.errors import SpecError
from render_io.server import java_refusals
from render_io.server.answers import BadRequest, Failure
from render_io.server.spec_model import TransformSpec
from render_io.server.transform_store import Resolver, children
from transforms.base import Transform
from transforms.compose import Interpolated, TransformList

__all__ = ["Compiler", "TextCache"]

V = TypeVar("V")
OBJECT_BYTES = 1000
"""About what a transform takes in memory besides its text."""


class TextCache(Generic[V]):
    """Values by text, in two generations: when the young one is full the old one is forgotten.

    Parameters
    ----------
    size : int
        Bytes that one generation holds.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._room = size
        self._young: dict[str, V] = {}
        self._old: dict[str, V] = {}
        self._lock = threading.Lock()

    def __getitem__(self, key: str) -> V:
        """Return the value of a text.

        Raises
        ------
        KeyError
            When it is not kept.
        """
        try:
            return self._young[key]
        except KeyError:
            found = self._old[key]
        self.put(key, found, 0)
        return found

    def put(self, key: str, value: V, size: int = 0) -> None:
        """Keep a value of so many bytes besides its key and its object."""
        with self._lock:
            self._room -= len(key) + OBJECT_BYTES + size
            if self._room < 0:
                self._old, self._young, self._room = self._young, {}, self._size
            self._young[key] = value


class Compiler:
    """Makes transforms of specs as the service does.

    Parameters
    ----------
    java_precision : bool
        Read the classes with 32-bit parameters as Java does.
    """

    def __init__(self, java_precision: bool = True) -> None:
        self.java_precision = java_precision
        self._leaves: TextCache[Transform] = TextCache(64 * 2**20)
        self._lists: TextCache[TransformList] = TextCache(128 * 2**20)

    def leaf(self, spec: TransformSpec) -> Transform:
        """Return the transform of a leaf.

        Parameters
        ----------
        spec : TransformSpec
            A leaf.

        Returns
        -------
        Transform
            What the class and its text say.

        Raises
        ------
        ServiceError
            With Java's text, when it is none.
        """
        class_name, data = java_refusals.check_leaf(spec)
        key = f"{class_name} {data}"
        try:
            return self._leaves[key]
        except KeyError:
            found = self._decoded(class_name, data)
        self._leaves.put(key, found, len(data))
        return found

    def _decoded(self, class_name: str, data: str) -> Transform:
        if not java_refusals.is_known(class_name):
            raise java_refusals.unusable(class_name, data)
        try:
            transform = decode(class_name, data, java_precision=self.java_precision)
        except SpecError:
            raise java_refusals.unusable(class_name, data) from None
        if isinstance(transform, OpaqueTransform):
            raise java_refusals.unusable(class_name, data)
        return transform

    def spec(self, spec: TransformSpec) -> Transform:
        """Return the transform of any resolved spec."""
        if spec.type == "leaf":
            return self.leaf(spec)
        if spec.type == "ref":
            raise BadRequest(f"spec reference to id '{spec.refId}' has not been resolved")
        parts = [self.spec(child) for child in children(spec)]
        if spec.type == "list":
            return TransformList(parts)
        if spec.lambda_ is None:
            raise Failure()
        return Interpolated(parts[0], parts[1], float(spec.lambda_))

    def flat(self, specs: Sequence[TransformSpec]) -> TransformList:
        """Return the transform of a flat list."""
        return TransformList([self.spec(spec) for spec in specs])

    def tile(self, resolver: Resolver, transforms: str, refs: str | None, tile_id: str | None) -> TransformList:
        """Return the transform of a stored tile.

        Parameters
        ----------
        resolver : Resolver
            Of the tile's stack.
        transforms, refs : str
            The tile's columns.
        tile_id : str or None
            For error texts.

        Returns
        -------
        TransformList
            Its transforms, references followed.

        Raises
        ------
        ServiceError
            For references that lead nowhere and leaves that are no transforms.
        """
        key = transforms if refs is None else transforms + resolver.content(refs, tile_id)
        try:
            return self._lists[key]
        except KeyError:
            found = self.flat(resolver.flat(transforms, tile_id))
        self._lists.put(key, found)
        return found


shared = Compiler()
"""The compiler that reads as Java does, shared by all services of this process."""
