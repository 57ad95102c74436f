"""`InterpolatedTransform`: (1 - lambda) * a(x) + lambda * b(x)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from render_io import _json
from render_io._spec_json import Spec, branches, weight_of
from render_io._spec_list import written
from render_io.codecs import format_double
from render_io.errors import SpecError
from render_io.transform._members import References, identity_of, loaded, maths_of
from render_io.transform._wire import WireObject, bits, plain
from transforms.base import Transform as MathsTransform

__all__ = ["InterpolatedTransform"]


class InterpolatedTransform(WireObject):
    """Blend of two transforms.

    Parameters
    ----------
    a, b : object
        Transforms at weight 0 and 1: objects of `render_io.transform`, specs, or lists of them.
    lambda_ : float
        Weight of `b`; outside of [0, 1] it extrapolates, as in Java.
    json : dict, optional
        Spec to take everything from.
    transformId : str, optional
        Id of the spec.
    labels : list of str, optional
        Its labels.

    Attributes
    ----------
    a, b, lambda_
        As given.

    Raises
    ------
    SpecError
        A malformed spec; the path names the branch.
    """

    _kind = "interpolated"

    def __init__(
        self,
        a: Any = None,
        b: Any = None,
        lambda_: float | None = None,
        json: Spec | None = None,
        transformId: str | None = None,
        labels: list[str] | None = None,
    ) -> None:
        if json is not None:
            self.from_dict(json)
            return
        self.a = a
        self.b = b
        self.lambda_ = lambda_
        self.transformId = transformId
        self.labels = labels

    def from_dict(self, d: Spec) -> None:
        """Take everything from an interpolated spec.

        Parameters
        ----------
        d : dict
            Copied, not kept.

        Raises
        ------
        SpecError
            A malformed spec; the path names the branch.
        """
        self._take(_json.copied(d))
        for name, branch in zip("ab", branches(d), strict=True):
            try:
                setattr(self, name, loaded(branch))
            except SpecError as error:
                raise error.at(path=name) from error
        weight = d.get("lambda")
        self.lambda_ = weight_of(d) if isinstance(weight, str) else weight
        self._weight()

    def _weight(self) -> float:
        return weight_of({"lambda": plain(self.lambda_)})

    def _content(self, document: Spec) -> Spec:
        content: Spec = {}
        for name, branch in (("a", self.a), ("b", self.b)):
            if branch is None:
                raise SpecError("expected a transform, got none", path=name)
            try:
                content[name] = written(branch)
            except SpecError as error:
                raise error.at(path=name) from error
        weight = self._weight()
        if "lambda" not in document or bits(weight) != bits(weight_of(document)):
            # JSON has no NaN; the service takes a text for a number.
            content["lambda"] = plain(self.lambda_) if math.isfinite(weight) else format_double(weight)
        return content

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Iterate over the members of the spec, for ``dict(transform)``."""
        return iter(self.to_dict().items())

    @property
    def transform(self) -> MathsTransform:
        """The immutable blend.

        Raises
        ------
        RenderError
            A branch has no transform, such as a reference.
        """
        return maths_of(self, References(None))

    def _identity(self) -> tuple[Any, ...]:
        return "interpolated", identity_of(self.a), identity_of(self.b), bits(self.lambda_)

    def __repr__(self) -> str:
        return f"InterpolatedTransform({self.a!r}, {self.b!r}, {self.lambda_!r}{self._described()})"
