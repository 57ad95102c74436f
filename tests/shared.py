"""Where the shared vectors and data are, and how tests ask for them.

The project builds and passes without them: tests that need them skip with a reason.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared"

SHARED: Path | None = _BESIDE if (_BESIDE / "golden").is_dir() else None
"""Folder of the shared vectors, or None when the clone stands alone."""

requires_shared = pytest.mark.skipif(SHARED is None, reason="needs the shared vectors: ../shared is absent")


def shared_files(pattern: str) -> list[Path]:
    """Files below the shared folder; an empty list without it."""
    return sorted(SHARED.glob(pattern)) if SHARED is not None else []


@cache
def golden(name: str) -> list[dict[str, Any]]:
    """All cases of one golden file, an empty list when it is absent."""
    if SHARED is None:
        return []
    with (SHARED / "golden" / f"{name}.json").open() as stream:
        cases: list[dict[str, Any]] = json.load(stream)["cases"]
    return cases


def golden_cases(name: str, **having: Any) -> list[Any]:
    """Parameters for `pytest.mark.parametrize`: the cases whose members equal `having`.

    Without the shared folder there is one parameter that skips with its reason, so that nothing vanishes silently.
    """
    if SHARED is None:
        return [pytest.param(None, marks=requires_shared, id="no-shared")]
    chosen = [c for c in golden(name) if all(c.get(k) == v for k, v in having.items())]
    return [pytest.param(c, id=c["id"]) for c in chosen]


def to_float(value: Any) -> float:
    """A golden number: NaN and the infinities are written as strings."""
    return float(value)
