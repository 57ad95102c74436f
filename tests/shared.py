"""Where the recorded material and the shared data are, and how tests ask for them.

Recorded vectors, conversations and client runs are read from the folder beside the clone where it is there, else from
the copies in `tests/golden`. The real data sets have no copies: tests of those skip with a reason.
"""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.golden import update

_BESIDE = Path(__file__).resolve().parents[2] / "shared"

SHARED: Path | None = _BESIDE if (_BESIDE / "golden").is_dir() else None
"""Folder of the shared material, or None when the clone stands alone."""

requires_shared = pytest.mark.skipif(SHARED is None, reason="needs the shared data: ../shared is absent")


def shared_files(pattern: str) -> list[Path]:
    """Files below the shared folder; an empty list without it."""
    return sorted(SHARED.glob(pattern)) if SHARED is not None else []


# ---------------------------------------------------------------- recorded material


def _recorded(kind: str) -> dict[str, Path]:
    """File of each recorded vector file or conversation; the original where there is one, else our copy."""
    files = {path.name.removesuffix(".json.gz"): path for path in (update.HERE / kind).glob("*.json.gz")}
    files |= {path.stem: path for path in shared_files(f"{update.FOLDERS[kind]}/*.json")}
    return dict(sorted(files.items()))


def _read(path: Path) -> Any:
    return json.loads(update.content(path.read_bytes()))


@cache
def golden_names() -> list[str]:
    """Names of all vector files, so that a new one is picked up by itself."""
    return list(_recorded("vectors"))


@cache
def golden(name: str) -> list[dict[str, Any]]:
    """All cases of one vector file."""
    cases: list[dict[str, Any]] = _read(_recorded("vectors")[name])["cases"]
    return cases


def golden_cases(name: str, **having: Any) -> list[Any]:
    """Parameters for `pytest.mark.parametrize`: the cases whose members equal `having`."""
    chosen = [c for c in golden(name) if all(c.get(k) == v for k, v in having.items())]
    return [pytest.param(c, id=c["id"]) for c in chosen]


@cache
def conversation_names() -> list[str]:
    """Names of all conversations with the real service."""
    return list(_recorded("conversations"))


def conversation(name: str) -> dict[str, Any]:
    """One conversation."""
    found: dict[str, Any] = _read(_recorded("conversations")[name])
    return found


def conversation_pictures() -> Path:
    """Folder of the pictures that conversations refer to."""
    return _pictures("conversations")


def _pictures(kind: str) -> Path:
    found = SHARED and SHARED / update.FOLDERS[kind] / update.PICTURES[kind]
    return found if found and found.is_dir() else update.HERE / kind / update.PICTURES[kind]


@cache
def client_runs() -> list[str]:
    """Names of all runs of the real Java clients."""
    ours = {path.name.removesuffix(".tar.gz") for path in (update.HERE / "clients").glob("*.tar.gz")}
    return sorted(ours | {path.parent.name for path in shared_files("golden-clients/*/case.json")})


def client_run(name: str, goal: Path) -> Path:
    """Folder of one run, with its pictures in the folder ``pictures`` beside it; unpacked below `goal` when need be."""
    if SHARED is not None and (SHARED / "golden-clients" / name / "case.json").is_file():
        return SHARED / "golden-clients" / name
    update.unpack(update.HERE / "clients" / f"{name}.tar.gz", goal / name)
    shutil.copytree(_pictures("clients"), goal / "pictures")
    return goal / name
