"""The table in ``docs/`` of the numbered traps of renderapi: the tests that show each of them mended.

A test takes its numbers in its name: ``test_T08_...``, with those of the peers' defects (``D12``) between, if any. Run
as a script to write the table anew: ``python -m tests.render_io.trap_table``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.render_io import surface

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "traps.md"
COUNT = 69
"""Traps that the reference numbers."""

HEAD = """# Traps of renderapi, mended

Written by `python -m tests.render_io.trap_table`. The numbers are those of the traps in the reference of renderapi's
surface: calls that did something else than they say, lost data or hid a failure. Each has a test named after it, which
says what holds now; a number without a test fails the suite.

| number | what holds | tests, in |
|---|---|---|
"""


class Mended(NamedTuple):
    """One test of a trap."""

    number: int
    holds: str
    file: str


def mended() -> list[Mended]:
    """All tests that have a trap's number in their name, by number."""
    found = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        for numbers, words in re.findall(r"^ *def test((?:_[TD]\d\d[a-z]?)+)_(\w+)\(", path.read_text(), re.MULTILINE):
            file = path.relative_to(ROOT / "tests").as_posix()
            found += [Mended(int(n), words.replace("_", " "), file) for n in re.findall(r"_T(\d\d)", numbers)]
    return sorted(found)


def lines() -> list[str]:
    """Rows of the table, several tests of one number in one row."""
    rows = []
    for number in range(1, COUNT + 1):
        tests = [test for test in mended() if test.number == number]
        files = dict.fromkeys(f"`{test.file}`" for test in tests)
        rows.append(f"| T{number:02d} | {'; '.join(test.holds for test in tests)} | {', '.join(files)} |")
    return rows


def text() -> str:
    return HEAD + "\n".join(lines()) + "\n"


def numbers_of_the_reference() -> list[int]:
    """Numbers of the list of traps in the shared reference."""
    assert surface.REFERENCE is not None, "needs the shared reference"
    return [int(n) for n in re.findall(r"^(\d+)\. \*\*\[[HML]\]", surface.REFERENCE.read_text(), re.MULTILINE)]


if __name__ == "__main__":
    TABLE.write_text(text())
