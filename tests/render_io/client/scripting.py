"""A stand-in of the Java client's script, and the connections that use it; its fixtures are those of the suite."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from render_io.render import RenderClient
from tests.render_io.client import standin

SCRIPT = """#!/usr/bin/env bash
# Like the real one: two arguments at least, and unquoted words after them.
if [ $# -lt 2 ]; then
    echo "USAGE: $0 <memory> <main class> [args...]"
    exit 1
fi
echo "Running: $*"
exec {python} {program} $*
"""


class Call(NamedTuple):
    """One run of the stand-in."""

    memory: str
    class_name: str
    words: list[str]

    def options(self) -> tuple[dict[str, Any], list[Any]]:
        """Options and positional arguments, as the real parser takes them."""
        return standin.CLIENTS[self.class_name].parse(self.words)


class Script:
    """Where the stand-in is and what it was given."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "run_ws_client.sh"
        self.log = folder / "calls.txt"
        self.path.write_text(SCRIPT.format(python=sys.executable, program=Path(standin.__file__).resolve()))
        self.path.chmod(0o755)

    def calls(self) -> list[Call]:
        return [Call(*json.loads(line)) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def render(self, host: str = "http://127.0.0.1", port: int = 1, **kwargs: Any) -> RenderClient:
        where = {"host": host, "port": port, "owner": "o", "project": "p", "client_script": str(self.path)}
        return RenderClient(**(where | kwargs))


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Give a test the stand-in, and a folder for temporary files that must be empty at the end."""
    made = Script(tmp_path)
    monkeypatch.setenv("STANDIN_LOG", str(made.log))
    return made


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder where temporary files go during a test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder
