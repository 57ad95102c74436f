"""The tables of the reference of renderapi's surface: read from its text, kept as a snapshot, compared with ours.

Run as a script to write the snapshot anew from the shared reference.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from tests.shared import SHARED

SNAPSHOT = Path(__file__).with_name("renderapi_surface.json")
REFERENCE = None if SHARED is None else SHARED / "reference" / "renderapi-surface.md"

DELIBERATE = {
    "client.call_run_ws_client": {"add_args": "T58: no list that all calls share"},
}
"""Parameters whose default differs from the table, by name, with the trap that asks for it."""


class Row(NamedTuple):
    """One name of a table: where it is, what it is, and its parameters as text."""

    module: str
    name: str
    kind: str
    parameters: str | None

    @property
    def key(self) -> str:
        return f"{self.module}.{self.name}"


def rows_of(text: str) -> list[Row]:
    """All rows of the tables headed ``name and signature``."""
    rows: list[Row] = []
    module = ""
    for line in text.splitlines():
        if heading := re.match(r"## renderapi\.(\w+)", line):
            module = heading[1]
        elif line.startswith("## "):
            module = ""
        cell = re.match(r"\| `([\w.]+)(?:\((.*?)\))?` \| ([\w ]+?) \|", line)
        if module and cell:
            rows.append(Row(module, cell[1], cell[3], cell[2] if "(" in line.split("`")[1] else None))
    return rows


def snapshot_rows() -> list[Row]:
    return [Row(*row) for row in json.loads(SNAPSHOT.read_text())]


def find(row: Row) -> Any:
    """Our object of a row's name; AttributeError or ModuleNotFoundError when there is none."""
    parts = row.name.split(".")
    found: Any = import_module(f"render_io.{row.module}")
    for index, part in enumerate(parts):
        if not hasattr(found, part) and inspect.ismodule(found):
            found = import_module(f"{found.__name__}.{part}")
        elif inspect.isclass(found) and index == len(parts) - 1:
            found = inspect.getattr_static(found, part, None) or getattr(found, part)
        else:
            found = getattr(found, part)
    return found


def parameters_of(text: str) -> list[tuple[str, str, str | None]]:
    """Name, kind and default (as source) of each parameter in the text of a table."""
    arguments = ast.parse(f"def f({text}): ...").body[0].args  # type: ignore[attr-defined]
    plain = arguments.posonlyargs + arguments.args
    defaults: list[Any] = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults
    found = [(a.arg, "plain", None if d is None else ast.unparse(d)) for a, d in zip(plain, defaults, strict=True)]
    if arguments.vararg:
        found.append((arguments.vararg.arg, "*", None))
    for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append((a.arg, "keyword", None if d is None else ast.unparse(d)))
    if arguments.kwarg:
        found.append((arguments.kwarg.arg, "**", None))
    return found


_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "plain",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "plain",
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_KEYWORD: "**",
}


def our_parameters(found: Any) -> list[tuple[str, str, str | None]]:
    """The same of one of our functions, methods or classes."""
    static = found.__func__ if isinstance(found, (staticmethod, classmethod)) else found
    parameters = list(inspect.signature(static).parameters.values())
    if parameters and parameters[0].name in ("self", "cls") and not inspect.isclass(static):
        parameters = parameters[1:]
    empty = inspect.Parameter.empty
    return [
        (p.name, _KINDS[p.kind], None if p.default is empty else getattr(p.default, "__name__", repr(p.default)))
        for p in parameters
    ]


def differences(row: Row) -> list[str]:
    """What differs between a row and ours; an empty list when nothing does."""
    try:
        found = find(row)
    except (AttributeError, ModuleNotFoundError) as error:
        return [f"missing: {error}"]
    if row.parameters is None or row.kind in ("legacy", "decorator", "alias", "property", "constant"):
        return []
    theirs, ours = parameters_of(row.parameters), our_parameters(found)
    faults = []
    # What follows the table's parameters by keyword only, or within **kwargs, takes nothing away from any call.
    if [p[:2] for p in theirs] != [p[:2] for p in ours][: len(theirs)] or any(
        default is None and kind == "plain" for _, kind, default in ours[len(theirs) :]
    ):
        faults.append(f"parameters: {[p[0] for p in ours]}, expected {[p[0] for p in theirs]}")
    excused = DELIBERATE.get(row.key, {})
    for (name, _, expected), (_, _, default) in zip(theirs, ours, strict=False):
        if (
            expected != default
            and name not in excused
            and {expected, default} != {"WithPool", "WithMultiprocessingPool"}
        ):
            faults.append(f"default of {name}: {default}, expected {expected}")
    return faults


if __name__ == "__main__":
    assert REFERENCE is not None, "needs the shared reference"
    SNAPSHOT.write_text(json.dumps([list(row) for row in rows_of(REFERENCE.read_text())], indent=0) + "\n")
