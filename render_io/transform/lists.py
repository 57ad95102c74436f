"""`TransformList`: a list spec, members applied first to last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from render_io import _json
from render_io._spec_json import Spec, member_path, members_of
from render_io.errors import RenderError, SpecError
from render_io.transform._members import References, identity_of, loaded, maths_of, written_members
from render_io.transform._wire import WireObject
from transforms.base import Transform as MathsTransform

__all__ = ["TransformList"]


class TransformList(WireObject):
    """List of transforms, applied first to last.

    Parameters
    ----------
    tforms : iterable, optional
        Members: objects of `render_io.transform`, specs, or lists of them; the list is copied.
    transformId : str, optional
        Id of the spec.
    json : dict, optional
        Spec to take everything from.
    labels : list of str, optional
        Labels, which the service passes on to the members.

    Attributes
    ----------
    tforms : list
        The members, which may be changed.

    Raises
    ------
    RenderError
        `tforms` is no list of any kind.
    SpecError
        A malformed spec; the path names the member.
    """

    _kind = "list"

    def __init__(
        self,
        tforms: Iterable[Any] | None = None,
        transformId: str | None = None,
        json: Spec | None = None,
        labels: list[str] | None = None,
    ) -> None:
        if json is not None:
            self.from_dict(json)
            return
        if isinstance(tforms, (str, bytes, dict)) or not isinstance(tforms, Iterable | None):
            raise RenderError(f"expected transforms as a list, got {type(tforms).__name__}")
        self.tforms: list[Any] = list(tforms or ())
        self.transformId = transformId
        self.labels = labels

    def from_dict(self, d: Spec | None) -> list[Any]:
        """Take everything from a list spec.

        Parameters
        ----------
        d : dict or None
            Copied, not kept. None is an empty list.

        Returns
        -------
        list
            The members.

        Raises
        ------
        SpecError
            A malformed spec; the path names the member.
        """
        self._take({} if d is None else _json.copied(d))
        self.tforms = []
        for index, member in enumerate(members_of(self._members or {})):
            try:
                self.tforms.append(loaded(member))
            except SpecError as error:
                raise error.at(path=member_path(index)) from error
        return self.tforms

    def _content(self, document: Spec) -> Spec:
        known = "specList" in document or self._members is None or self.tforms
        return {"specList": written_members(self.tforms)} if known else {}

    def to_json(self) -> str:
        """Return the text of the spec.

        Returns
        -------
        str
            Compact JSON.

        Raises
        ------
        RenderError
            A member can't be written.
        """
        return _json.dumps(self.to_dict()).decode()

    @property
    def transform(self) -> MathsTransform:
        """The immutable list of the members' transforms.

        Raises
        ------
        RenderError
            A member has no transform, such as a reference.
        """
        return maths_of(self, References(None))

    def _identity(self) -> tuple[Any, ...]:
        return "list", *(identity_of(member) for member in self.tforms)

    def __repr__(self) -> str:
        return f"TransformList({self.tforms!r}{self._described()})"
