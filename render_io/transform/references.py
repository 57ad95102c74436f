"""`ReferenceTransform`: a transform that is stored elsewhere, under its id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from render_io import _json
from render_io._spec_json import Spec, reference_of
from render_io.transform._members import References, maths_of
from render_io.transform._wire import WireObject, plain
from transforms.base import Transform as MathsTransform

__all__ = ["ReferenceTransform"]


class ReferenceTransform(WireObject):
    """Reference to a shared transform.

    Parameters
    ----------
    refId : str, optional
        Id of the shared transform.
    json : dict, optional
        Spec to take everything from.
    transformId : str, optional
        Id of this spec itself.
    labels : list of str, optional
        Its labels.

    Attributes
    ----------
    refId : str
        As given.

    Raises
    ------
    SpecError
        A malformed spec.
    """

    _kind = "ref"

    def __init__(
        self,
        refId: str | None = None,
        json: Spec | None = None,
        transformId: str | None = None,
        labels: list[str] | None = None,
    ) -> None:
        if json is not None:
            self.from_dict(json)
            return
        self.refId = refId
        self.transformId = transformId
        self.labels = labels

    def from_dict(self, d: Spec) -> None:
        """Take everything from a ref spec.

        Parameters
        ----------
        d : dict
            Copied, not kept.

        Raises
        ------
        SpecError
            A malformed spec.
        """
        self._take(_json.copied(d))
        self.refId = reference_of(d)

    def _content(self, document: Spec) -> Spec:
        del document
        return {"refId": plain(self.refId)}

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Iterate over the members of the spec, for ``dict(transform)``."""
        return iter(self.to_dict().items())

    @property
    def transform(self) -> MathsTransform:
        """Never there: a reference does not know what it names. `estimate_dstpts` follows references.

        Raises
        ------
        SpecError
            Always.
        """
        return maths_of(self, References(None))

    def _identity(self) -> tuple[Any, ...]:
        return "ref", self.refId

    def __repr__(self) -> str:
        return f"ReferenceTransform({self.refId!r}{self._described()})"
