"""Services for the tests of the adapter: one that answers what it is told, and the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.render_io.answering import Answering, answering
from tests.render_io.client.scripting import script, temporary

__all__ = ["embedded", "quick_retries", "script", "service", "temporary"]


@pytest.fixture
def service() -> Iterator[Answering]:
    """Give a test a server that answers what the test says."""
    with answering() as state:
        yield state


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run one embedded service for all tests that keep apart by owners of their own."""
    from render_io.server import EmbeddedService

    with EmbeddedService(tmp_path_factory.mktemp("render-ws")) as running:
        yield running


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat requests without the pauses in between."""
    from render_io import http

    monkeypatch.setattr(http, "RETRIES", http.RETRIES.new(backoff_factor=0))
