"""Errors of the adapter, one small tree; the names are those of `renderapi.errors` and more."""

from __future__ import annotations

from transforms import errors as maths

__all__ = [
    "ClientScriptError",
    "ConversionError",
    "EstimationError",
    "RenderError",
    "RequestError",
    "SpecError",
    "StoreError",
]


class RenderError(Exception):
    """Base of all errors raised by `render_io`."""


class SpecError(RenderError):
    """A transform spec, dataString or tile spec can't be read or written.

    Parameters
    ----------
    message : str
        What was expected and what came.
    tile_id : str, optional
        Tile in which it was found.
    path : str, optional
        JSON path inside the document, such as ``transforms.specList[1].dataString``.

    Attributes
    ----------
    reason : str
        The message without its place.
    tile_id, path : str or None
        As given.
    """

    def __init__(self, message: str, tile_id: str | None = None, path: str | None = None) -> None:
        self.reason = message
        self.tile_id = tile_id
        self.path = path
        place = ", ".join(part for part in (f"tile {tile_id}" if tile_id is not None else "", path or "") if part)
        super().__init__(f"{place}: {message}" if place else message)

    def at(self, tile_id: str | None = None, path: str | None = None) -> SpecError:
        """Return the same error with its place filled in from outside.

        Parameters
        ----------
        tile_id : str, optional
            Tile to name where none is named yet.
        path : str, optional
            JSON path to put in front of the one already there.

        Returns
        -------
        SpecError
            A new error of the same class.
        """
        inner = self.path or ""
        joined = (path or "") + ("" if not path or not inner or inner.startswith("[") else ".") + inner
        return type(self)(self.reason, self.tile_id if self.tile_id is not None else tile_id, joined or None)

    def __reduce__(self) -> tuple[type[SpecError], tuple[str, str | None, str | None]]:
        """Pickle with its place, so that errors cross process boundaries whole."""
        return type(self), (self.reason, self.tile_id, self.path)


class RequestError(RenderError):
    """A request to the service failed.

    Parameters
    ----------
    message : str
        What was asked and what came.
    status : int, optional
        HTTP status, None when no answer came.
    url : str, optional
        Address asked, without credentials.
    body : str, optional
        Start of the server's own text.

    Attributes
    ----------
    status, url, body
        As given.
    """

    def __init__(
        self, message: str, status: int | None = None, url: str | None = None, body: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.url = url
        self.body = body

    def __reduce__(self) -> tuple[type[RequestError], tuple[str, int | None, str | None, str | None]]:
        """Pickle with the structured members."""
        return type(self), (str(self), self.status, self.url, self.body)


class StoreError(RenderError):
    """A source can't be read or a sink can't be written.

    Parameters
    ----------
    message : str
        What happened to which file and what to do about it.
    store : str, optional
        File, folder or address in question.

    Attributes
    ----------
    store : str or None
        As given.
    """

    def __init__(self, message: str, store: str | None = None) -> None:
        super().__init__(message)
        self.store = store

    def __reduce__(self) -> tuple[type[StoreError], tuple[str, str | None]]:
        """Pickle with the place, so that errors cross process boundaries whole."""
        return type(self), (str(self), self.store)


class ClientScriptError(RenderError):
    """The Java client could not be found, was called wrongly, or failed."""


class ConversionError(RenderError):
    """One kind of transform can't be turned into another."""


class EstimationError(RenderError, maths.EstimationError):
    """A transform can't be estimated from the given points."""

    def __init__(self, message: str = "", indices: tuple[int, ...] = ()) -> None:
        maths.EstimationError.__init__(self, message, indices)
