"""A pytest plugin for users' own suites: a render service for each test.

Name it in a ``conftest.py``: ``pytest_plugins = ["render_io.testing"]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from render_io.server import EmbeddedService

__all__ = ["render_service", "shared_render_service"]


@pytest.fixture
def render_service(tmp_path: Path) -> Iterator[EmbeddedService]:
    """Run an empty service for one test.

    Yields
    ------
    EmbeddedService
        Running, with ``.base_url``, ``.host``, ``.port``.
    """
    with EmbeddedService(tmp_path / "render-ws") as service:
        yield service


@pytest.fixture(scope="session")
def shared_render_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedService]:
    """Run one service for the whole session: tests keep apart by using owners of their own.

    Yields
    ------
    EmbeddedService
        Running.
    """
    with EmbeddedService(tmp_path_factory.mktemp("render-ws")) as service:
        yield service
