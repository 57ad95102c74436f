"""`WireObject`: what all objects that stand for a transform spec have in common.

An object keeps the JSON object it was made of. Writing puts back what the object says now, and only where it differs
from what it said when it was read: texts of numbers, the order of members, unknown members stay as they came.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from render_io import _json
from render_io._spec_json import Spec, describe
from render_io.errors import SpecError
from render_io.transform._errors import seed_error
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_parameters
from transforms.base import Transform as MathsTransform
from transforms.errors import TransformError

__all__ = ["WireObject", "bits", "owned", "plain"]


def bits(value: Any) -> Any:
    """Return something hashable that is equal exactly when the bits of the numbers are."""
    if type(value) is float or type(value) is int:
        return (), _DOUBLE(value)
    if value is None or isinstance(value, (str, type)):
        return value
    array = np.asarray(value, dtype=np.float64)
    return array.shape, array.tobytes()


def owned(value: npt.ArrayLike, dimensions: int, name: str) -> FloatArray:
    """Return a writable float64 copy of parameters; ConversionError for what is no array of real numbers."""
    if type(value) is np.ndarray and value.dtype == np.float64 and value.ndim == dimensions:
        return value.copy()
    try:
        return np.array(as_parameters(value, (None,) * dimensions, name))
    except TransformError as error:
        raise seed_error(error) from error


def plain(value: Any) -> Any:
    """Return a value without numpy's scalars, which JSON doesn't know."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


_DOUBLE = struct.Struct("d").pack


class WireObject:
    """Base of the objects that stand for a transform spec.

    Attributes
    ----------
    transformId : str or None
        Id of the spec.
    labels : list of str or None
        Its labels.
    """

    _kind = "leaf"
    _members: Spec | None = None
    _read_from: Any = None
    """What the members were read from, where the one who read keeps it; see `spec_of`."""
    transformId: str | None = None
    labels: list[str] | None = None

    # -- JSON ----------------------------------------------------------------------------------------------------------

    def to_dict(self) -> Spec:
        """Return the transform spec.

        Returns
        -------
        dict
            The caller's own. An object that was read and not changed gives what it was read from.

        Raises
        ------
        RenderError
            The object can't be written as it is.
        """
        document: Spec = _json.copied(self._document())
        return document

    def _document(self) -> Spec:
        """Return the transform spec; it may share values with this object."""
        document: Spec = {"type": self._kind} if self._members is None else self._members.copy()
        document |= self._content(document)
        if self.transformId != document.get("id"):
            _put(document, "id", plain(self.transformId))
        if self.labels != _labels(document):
            meta = document.get("metaData")
            known = dict(meta) if isinstance(meta, dict) else {}
            _put(known, "labels", plain(self.labels))
            _put(document, "metaData", known or None)
        return document

    def _content(self, document: Spec) -> Spec:
        """Return the members to write; `document` is what was read."""
        raise NotImplementedError

    def _take(self, d: Any) -> None:
        """Take over a JSON object, with id and labels from it."""
        if not isinstance(d, dict):
            raise SpecError(f"expected a transform spec (an object), got {describe(d)}")
        self._members = d
        self._read_from = None
        if self._kind != "leaf":
            self._members.setdefault("type", self._kind)
        self.transformId = d.get("id")
        labels = _labels(d)
        self.labels = None if labels is None else _json.copied(labels)

    # -- Maths ---------------------------------------------------------------------------------------------------------

    @property
    def transform(self) -> MathsTransform:
        """The immutable transform that this object stands for now."""
        raise NotImplementedError

    def tform(self, points: PointsLike) -> Points:
        """Map points.

        Parameters
        ----------
        points : array_like
            (N, 2) in pixels, of any real type.

        Returns
        -------
        ndarray
            (N, 2) float64, a new array.

        Raises
        ------
        ConversionError
            Wrong shape of the points, or parameters that make no transform.
        RenderError
            There is no map: an unknown class, an unresolved reference.
        """
        try:
            return self.transform.apply(points)
        except TransformError as error:
            raise seed_error(error) from error

    def inverse_tform(self, points: PointsLike) -> Points:
        """Find the points that are mapped to the given ones.

        Parameters
        ----------
        points : array_like
            (N, 2) in pixels, of any real type.

        Returns
        -------
        ndarray
            (N, 2) float64, true pre-images.

        Raises
        ------
        ConversionError
            Also a ``transforms.NonInvertibleError``: the transform is singular, or some points have no pre-image;
            `indices` names them. Or wrong shape of the points.
        RenderError
            There is no map: an unknown class, an unresolved reference.
        """
        try:
            return self.transform.apply_inverse(points)
        except TransformError as error:
            raise seed_error(error) from error

    # -- Values --------------------------------------------------------------------------------------------------------

    def _identity(self) -> tuple[Any, ...]:
        """Return what makes two objects equal: the map as it is written, without id and labels."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, WireObject):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _described(self) -> str:
        """Return what a representation says of id and labels."""
        parts = {"transformId": self.transformId, "labels": self.labels}
        return "".join(f", {name}={value!r}" for name, value in parts.items() if value is not None)


def _labels(document: Spec) -> Any:
    meta = document.get("metaData")
    return meta.get("labels") if isinstance(meta, dict) else None


def _put(document: Spec, name: str, value: Any) -> None:
    if value is None:
        document.pop(name, None)
    else:
        document[name] = value
