"""The table in ``docs/`` of all names of renderapi: where ours is, and which tests use it.

Run as a script to write the table anew: ``python -m tests.render_io.surface_table``.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path
from typing import Any

from tests.render_io import surface

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "renderapi.md"
MOST_FILES = 3

HEAD = """# Every name of renderapi

Written by `python -m tests.render_io.surface_table`. The names are those of the reference of renderapi's surface: its
1.0.1 API, what was added until 2.4.2, and what 2.4.2 lost. A test compares each signature with the reference
(`tests/render_io/test_surface.py`), another one this table with the tests.

`docs/examples/user_guide.py` is the user guide of 1.0.1 as a script. What renderapi did wrong and is mended here stands
in [Traps of renderapi, mended](traps.md).
"""


@cache
def test_files() -> dict[str, frozenset[str]]:
    """Words of each test file but the table's own."""
    files = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if path.name != "test_surface.py":
            files[path.relative_to(ROOT).as_posix()] = frozenset(re.findall(r"\w+", path.read_text()))
    return files


def tests_of(row: surface.Row) -> list[str]:
    """Files whose tests use a name; of a method, those that use its class too."""
    words = row.name.split(".")
    wanted = {word for word in words[-2:] if word not in ("stdlib_pool", "pool_pathos", "common")}
    return [file for file, found in test_files().items() if wanted <= found]


def place_of(found: Any) -> str:
    """Module that defines an object, for those that have one."""
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    if isinstance(found, property):
        found = found.fget
    module = getattr(found, "__module__", None)
    return f"`{module}`" if isinstance(module, str) and module.startswith("render_io") else ""


def lines() -> list[str]:
    """The table, a section for each module."""
    out = [HEAD]
    module = ""
    for row in surface.snapshot_rows():
        if row.module != module:
            module = row.module
            out += [f"## render_io.{module}", "", "| name | kind | defined in | tested in |", "|---|---|---|---|"]
        found = surface.find(row)
        kind = "class" if inspect.isclass(found) else row.kind
        tests = ", ".join(f"`{file.removeprefix('tests/')}`" for file in tests_of(row)[:MOST_FILES])
        out.append(f"| `{row.name}` | {kind} | {place_of(found)} | {tests} |")
        following = surface.snapshot_rows()[surface.snapshot_rows().index(row) + 1 :]
        if not following or following[0].module != module:
            out.append("")
    return out


def rows_of_table(text: str) -> dict[str, list[str]]:
    """Test files of each name in the text of a table."""
    rows: dict[str, list[str]] = {}
    module = ""
    for line in text.splitlines():
        if heading := re.match(r"## render_io\.(\w+)", line):
            module = heading[1]
        elif cell := re.match(r"\| `([\w.]+)` \|.*\| (.*?) ?\|$", line):
            rows[f"{module}.{cell[1]}"] = [f"tests/{file}" for file in re.findall(r"`([^`]+)`", cell[2])]
    return rows


if __name__ == "__main__":
    TABLE.write_text("\n".join(lines()).rstrip() + "\n")
