"""JSON of render's objects, and small helpers of the seed API.

The HTTP helpers of the seed (`get_json`, `post_json`, `put_json`, `rest_delete`) are those of `render_io.http`, loaded
when first used.
"""

from __future__ import annotations

import inspect
import json as requests_json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from render_io.errors import RenderError, SpecError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "NullHandler",
    "RenderEncoder",
    "decodeBase64",
    "default_ifNone",
    "defaultifNone",
    "encodeBase64",
    "fitargspec",
    "jbool",
    "json_value",
    "renderdump",
    "renderdump_temp",
    "renderdumps",
    "requests_json",
    "stripLogger",
]

T = TypeVar("T")

_HTTP_NAMES = ("get_json", "post_json", "put_json", "rest_delete")


class NullHandler(logging.Handler):
    """Logging handler that does nothing."""

    def emit(self, record: logging.LogRecord) -> None:
        """Drop a record.

        Parameters
        ----------
        record : LogRecord
            What was logged.
        """


def json_value(obj: Any) -> Any:
    """Turn an object that JSON doesn't know into one that it does.

    Parameters
    ----------
    obj : object
        Something with `to_dict`, a numpy scalar or array, a mapping, a set, or a plain object (its attributes).

    Returns
    -------
    object
        Closer to JSON; values inside may need the same again.

    Raises
    ------
    TypeError
        Anything else.
    """
    if callable(getattr(obj, "to_dict", None)) and not isinstance(obj, type):
        return obj.to_dict()
    if hasattr(obj, "dtype") and hasattr(obj, "tolist"):
        plain = obj.tolist()
        return float(plain) if type(plain) is type(obj) else plain  # A long double stays one in `tolist`.
    if isinstance(obj, Mapping):
        return dict(obj)
    if isinstance(obj, (set, frozenset)):
        return sorted(obj, key=lambda item: (type(item).__name__, item))
    if hasattr(obj, "__dict__") and not callable(obj):
        return vars(obj)
    raise TypeError(f"{type(obj).__name__} can't be written as JSON")


class RenderEncoder(requests_json.JSONEncoder):
    """JSON encoder that knows render's objects and numpy's, and refuses NaN and infinities, which Java can't read.

    Parameters are those of `json.JSONEncoder`; `allow_nan` has no effect.

    Raises
    ------
    ValueError
        When a float to be written is not finite.
    """

    def encode(self, o: Any) -> str:
        """Write a value.

        Parameters
        ----------
        o : object
            The value.

        Returns
        -------
        str
            JSON text.
        """
        self.allow_nan = False
        return super().encode(o)

    def iterencode(self, o: Any, _one_shot: bool = False) -> Any:
        """Write a value in pieces.

        Parameters
        ----------
        o : object
            The value.

        Returns
        -------
        iterator of str
            Pieces of JSON text.
        """
        self.allow_nan = False
        return super().iterencode(o, _one_shot)

    def default(self, obj: Any) -> Any:
        """Turn an object into JSON values; see `json_value`.

        Parameters
        ----------
        obj : object
            What JSON doesn't know.

        Returns
        -------
        object
            What it does.
        """
        return json_value(obj)


def renderdumps(obj: Any, *args: Any, **kwargs: Any) -> str:
    """Write an object as JSON text.

    Parameters
    ----------
    obj : object
        Tile specs, transforms, lists of them, ...
    *args, **kwargs
        As for `json.dumps`.

    Returns
    -------
    str
        JSON text.

    Raises
    ------
    SpecError
        NaN or an infinity inside, or something that JSON can't hold.
    """
    kwargs.setdefault("cls", RenderEncoder)
    try:
        return requests_json.dumps(obj, *args, **kwargs)
    except (TypeError, ValueError, RecursionError) as error:
        raise SpecError(f"can't be written as JSON: {error}") from error


def renderdump(obj: Any, *args: Any, **kwargs: Any) -> None:
    """Write an object as JSON text to a stream, all of it or nothing.

    Parameters
    ----------
    obj : object
        Tile specs, transforms, lists of them, ...
    *args, **kwargs
        As for `json.dump`: the stream first.

    Raises
    ------
    SpecError
        NaN or an infinity inside, or something that JSON can't hold.
    """
    stream = kwargs.pop("fp") if "fp" in kwargs else args[0]
    rest = args if "fp" in kwargs else args[1:]
    stream.write(renderdumps(obj, *rest, **kwargs))


def renderdump_temp(obj: Any, *args: Any, **kwargs: Any) -> str:
    """Write an object to a new temporary file, which the caller removes.

    Parameters
    ----------
    obj : object
        Tile specs, transforms, lists of them, ...
    *args, **kwargs
        As for `json.dumps`.

    Returns
    -------
    str
        Path of the file; none is left when it can't be written.

    Raises
    ------
    SpecError
        As `renderdumps`.
    """
    descriptor, name = tempfile.mkstemp(suffix=".json")
    try:
        with os.fdopen(descriptor, "w") as stream:
            renderdump(obj, stream, *args, **kwargs)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    return name


def jbool(val: Any) -> str:
    """Write a truth value as Java does.

    Parameters
    ----------
    val : bool
        Python's or numpy's.

    Returns
    -------
    str
        "true" or "false".

    Raises
    ------
    RenderError
        Anything else: the text "false" is not false.
    """
    if isinstance(val, bool) or (type(val).__name__ in ("bool_", "bool") and hasattr(val, "dtype")):
        return "true" if val else "false"
    raise RenderError(f"expected True or False, got {val!r}")


def stripLogger(logger_tostrip: logging.Logger) -> None:
    """Remove all handlers of a logger.

    Parameters
    ----------
    logger_tostrip : Logger
        The logger.
    """
    for handler in list(logger_tostrip.handlers):
        logger_tostrip.removeHandler(handler)


def defaultifNone(val: T | None, default: T | None = None) -> T | None:
    """Return a value, or another one in place of None.

    Parameters
    ----------
    val : object
        The value.
    default : object
        What stands for None.

    Returns
    -------
    object
        One of the two.
    """
    return default if val is None else val


default_ifNone = defaultifNone


def fitargspec(
    f: Callable[..., Any], oldargs: tuple[Any, ...], oldkwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Turn the positional arguments that have defaults into keywords.

    Parameters
    ----------
    f : callable
        Function to be called.
    oldargs : tuple
        Positional arguments.
    oldkwargs : dict
        Keyword arguments.

    Returns
    -------
    tuple, dict
        Arguments and keywords of the same call. Surplus arguments stay where they are, for the call itself to refuse.
    """
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # Some builtins have no signature.
        return tuple(oldargs), dict(oldkwargs)
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = sum(p.default is p.empty or p.kind is p.POSITIONAL_ONLY for p in positional)
    optional = oldargs[required : len(positional)]
    surplus = oldargs[len(positional) :]
    if surplus:
        return tuple(oldargs), dict(oldkwargs)
    named = {p.name: value for p, value in zip(positional[required:], optional, strict=False)}
    return tuple(oldargs[:required]), dict(oldkwargs) | named


def encodeBase64(src: npt.ArrayLike) -> str:
    """Write doubles as render does: big-endian, compressed, base64.

    Parameters
    ----------
    src : array_like
        Numbers, taken in C order as float64.

    Returns
    -------
    str
        The block.
    """
    import base64
    import zlib

    import numpy as np

    return base64.b64encode(zlib.compress(np.asarray(src, dtype=">f8").tobytes())).decode("ascii")


def decodeBase64(src: str) -> npt.NDArray[np.float64]:
    """Read doubles that render wrote.

    Parameters
    ----------
    src : str
        Base64 of big-endian doubles, compressed unless it starts with ``@``.

    Returns
    -------
    ndarray
        (n,) float64.

    Raises
    ------
    SpecError
        No base64, a damaged stream, or not a whole number of doubles.
    """
    import base64
    import zlib

    import numpy as np

    try:
        plain = base64.b64decode(src.removeprefix("@"), validate=True)
        raw = plain if src.startswith("@") else zlib.decompress(plain)
        return np.frombuffer(raw, dtype=">f8").astype(np.float64)
    except (ValueError, zlib.error) as error:
        raise SpecError(f"expected a base64 block of doubles, got {src[:40]!r}: {error}") from error


def __getattr__(name: str) -> Any:
    if name in _HTTP_NAMES:
        return getattr(import_module("render_io.http"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
