"""Command lines of the Java clients, built by pure functions: no file is looked at, nothing is run.

An option is one of three kinds: valued (``--name text``, booleans as ``true`` and ``false``), a switch (``--name``
alone, when true) or positional. What is None is left out. A value given to a switch would become a stray positional
argument.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from render_io.errors import ClientScriptError

__all__ = ["bounds_text", "command", "positional", "split_by_length", "switch", "text_of", "valued"]

_LONGEST_COMMAND = 100_000


def text_of(value: Any, what: str = "argument") -> str:
    """Write one value for a Java command line.

    Parameters
    ----------
    value : object
        Text, number, boolean or path; numpy's too.
    what : str
        What it is, for the message.

    Returns
    -------
    str
        ``true`` and ``false`` for booleans, shortest exact decimals for numbers.

    Raises
    ------
    ClientScriptError
        None, which would become a word, and numbers that are not finite.
    """
    if hasattr(value, "dtype") and hasattr(value, "item"):
        value = value.item()
    if value is None:
        raise ClientScriptError(f"{what} is None")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        raise ClientScriptError(f"{what}: expected a finite number, got {value!r}")
    return repr(value) if isinstance(value, float) else str(value)


def valued(**options: Any) -> list[str]:
    """``--name value`` for every option that is not None; several values of a list follow one name."""
    arguments: list[str] = []
    for name, value in options.items():
        if isinstance(value, (list, tuple)):
            arguments += [f"--{name}", *(text_of(item, name) for item in value)] if value else []
        elif value is not None:
            arguments += [f"--{name}", text_of(value, name)]
    return arguments


def switch(**options: Any) -> list[str]:
    """``--name`` for every option that is true; text such as "false" is refused, since it is not false."""
    arguments: list[str] = []
    for name, value in options.items():
        if isinstance(value, str) and value not in ("true", "false"):
            raise ClientScriptError(f"{name}: expected True or False, got {value!r}")
        if value is not None and text_of(bool(value) if not isinstance(value, str) else value) == "true":
            arguments.append(f"--{name}")
    return arguments


def positional(values: Any, what: str) -> list[str]:
    """Positional arguments of an iterable, or of a single value."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        values = [values]
    return [text_of(value, what) for value in values]


def bounds_text(bounds: Mapping[str, float] | Sequence[float]) -> str:
    """Write bounds as ``minX,maxX,minY,maxY``, whole numbers that hold what was given.

    Parameters
    ----------
    bounds : mapping or sequence
        Members minX, maxX, minY, maxY, or the four in this order.

    Returns
    -------
    str
        Four integers.

    Raises
    ------
    ClientScriptError
        One is missing, or a minimum is above its maximum.
    """
    names = ("minX", "maxX", "minY", "maxY")
    given = bounds if isinstance(bounds, Mapping) else dict(zip(names, bounds, strict=False))
    missing = [name for name in names if given.get(name) is None]
    if missing:
        raise ClientScriptError(f"bounds lack {', '.join(missing)}")
    for low, high in (names[:2], names[2:]):
        if given[low] > given[high]:
            raise ClientScriptError(f"bounds: {low} {given[low]} is greater than {high} {given[high]}")
    rounding = {"minX": math.floor, "minY": math.floor, "maxX": math.ceil, "maxY": math.ceil}
    return ",".join(str(rounding[name](float(given[name]))) for name in names)


def command(client_script: str, memGB: str | None, class_name: str, arguments: Iterable[Any]) -> list[str]:
    """Whole command line of a Java client.

    Parameters
    ----------
    client_script : str
        Path of ``run_ws_client.sh``.
    memGB : str, optional
        Heap, ``1G`` by default; digits alone are gigabytes.
    class_name : str
        Java class.
    arguments : iterable
        Its arguments.

    Returns
    -------
    list of str
        For a process without a shell.
    """
    heap = str(memGB or "1G")
    heap = f"{heap}G" if heap.isdigit() else heap
    return [str(client_script), heap, class_name, *(text_of(argument) for argument in arguments)]


def split_by_length(groups: Iterable[Sequence[str]], longest: int = _LONGEST_COMMAND) -> list[list[str]]:
    """Distribute positional arguments over command lines.

    Parameters
    ----------
    groups : iterable of sequences of str
        Arguments that belong together.
    longest : int
        Characters of one command line.

    Returns
    -------
    list of list of str
        Arguments of each; at least one list, be it empty.
    """
    lines: list[list[str]] = [[]]
    length = 0
    for group in groups:
        size = sum(len(argument) + 1 for argument in group)
        if lines[-1] and length + size > longest:
            lines.append([])
            length = 0
        lines[-1] += group
        length += size
    return lines
