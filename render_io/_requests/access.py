"""Connection arguments: filled from a `Render`, checked, and nothing misspelt swallowed.

Functions that talk to the service take ``host, port, owner, project, session`` or a ``render`` that has them. For
historical reasons their order differs between functions, so that a positional call easily mixes them up: what can't be
a host, a port or an owner is refused, and the message tells the order of the function called.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

__all__ = ["CARRIED", "CONNECTION", "connected", "fill_from_render", "refuse_unknown"]

P = ParamSpec("P")
R = TypeVar("R")

CONNECTION = ("host", "port", "owner", "project", "session", "client_scripts", "client_script", "memGB")
"""What a render can give to a function."""

CARRIED = frozenset({*CONNECTION, "render", "validate_client", "force_http", "web_only", "create_session"})
"""Members of a connection's dictionary, which people pass on whole: taken and left alone where they don't matter."""

_CHECKS: dict[str, Callable[[Any], bool]] = {
    "host": lambda value: isinstance(value, str),
    "port": lambda value: value == "" or _is_port(value),
    "owner": lambda value: isinstance(value, str) and "/" not in value,
    "project": lambda value: isinstance(value, str) and "/" not in value,
    "session": lambda value: hasattr(value, "get") and not isinstance(value, Mapping),
}


def _is_port(value: Any) -> bool:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        return False
    try:
        return 0 < int(value) < 65536
    except (TypeError, ValueError):
        return False


def connected(*, extra: Iterable[str] = (), strict: bool = True) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function so that its connection arguments may come from ``render=``.

    Parameters
    ----------
    extra : iterable of str
        Keywords that its ``**kwargs`` takes on purpose.
    strict : bool
        Refuse other keywords; else hand everything over, as functions of other people's code expect.

    Returns
    -------
    callable
        The decorator; the function keeps its signature.
    """
    allowed = frozenset(extra)

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        takes_all = not strict and any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            arguments, rest = _bind(signature, args, kwargs)
            if strict:
                refuse_unknown(function.__name__, rest, allowed, signature.parameters)
            fill_from_render(function.__name__, signature, arguments, rest)
            if not takes_all:
                rest = {name: value for name, value in rest.items() if name in allowed}
            positional = _positional(signature, arguments, args)
            return function(*positional, **arguments, **rest)

        return call

    return decorate


def _bind(signature: inspect.Signature, args: Any, kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Given arguments by name, and the keywords that no parameter takes."""
    arguments = dict(signature.bind_partial(*args, **kwargs).arguments)
    rest: dict[str, Any] = {}
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            rest = dict(arguments.pop(name, {}))
        elif parameter.kind is parameter.VAR_POSITIONAL:
            arguments.pop(name, None)
    return arguments, rest


def _positional(signature: inspect.Signature, arguments: dict[str, Any], args: tuple[Any, ...]) -> list[Any]:
    """Values of the arguments that were given by position, taken out of those by name."""
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [name for name, parameter in signature.parameters.items() if parameter.kind in by_position]
    return [arguments.pop(name) for name in names[: len(args)]] + list(args[len(names) :])


def refuse_unknown(function: str, given: Iterable[str], allowed: frozenset[str], known: Iterable[str]) -> None:
    """Raise for keywords that a function would otherwise swallow.

    Parameters
    ----------
    function : str
        Its name, for the message.
    given : iterable of str
        Keywords that no parameter took.
    allowed : frozenset of str
        Those it knows what to do with, beside the members of a connection.
    known : iterable of str
        Names of its parameters, to find what was meant.

    Raises
    ------
    TypeError
        Names the keyword and the likeliest right one.
    """
    for name in given:
        if name not in allowed and name not in CARRIED:
            near = difflib.get_close_matches(name, [*known, *allowed], n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}{hint}")


def fill_from_render(
    function: str, signature: inspect.Signature, arguments: dict[str, Any], rest: dict[str, Any]
) -> None:
    """Complete the connection arguments, in place.

    Parameters
    ----------
    function : str
        Name of the function called, for messages.
    signature : inspect.Signature
        Its signature.
    arguments : dict
        Its arguments by name; those it has a parameter for are added.
    rest : dict
        Its further keywords; what the render has besides is added.

    Raises
    ------
    ValueError
        ``render`` is not a Render.
    TypeError
        A host, port, owner, project or session that can't be one.
    """
    from render_io.render import Render

    render = arguments.get("render", rest.get("render"))
    _check_kinds(function, signature, {**rest, **arguments})
    if render is not None:
        if not isinstance(render, Render):
            raise ValueError(f"{function}(): render must be a Render, got {type(render).__name__}")
        given = {name: arguments.get(name, rest.get(name)) for name in CONNECTION}
        for name, value in render.make_kwargs(**{n: v for n, v in given.items() if v is not None}).items():
            (arguments if name in signature.parameters else rest)[name] = value
    for name in ("port", "host"):
        if arguments.get(name) == "":
            arguments[name] = None
    if "session" in signature.parameters and arguments.get("session") is None:
        from render_io import http

        arguments["session"] = http.default_session()


def _check_kinds(function: str, signature: inspect.Signature, given: Mapping[str, Any]) -> None:
    for name, fits in _CHECKS.items():
        value = given.get(name)
        if value is not None and name in signature.parameters and not fits(value):
            order = ", ".join(n for n in signature.parameters if n not in ("kwargs", "args"))
            raise TypeError(f"{function}(): {value!r} can't be the {name}; its arguments are, in order: {order}")
