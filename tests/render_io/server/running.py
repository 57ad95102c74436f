"""A running service over a folder, seen through one client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from render_io.server import EmbeddedService, Options


@contextmanager
def running(folder: Path, **options: Any) -> Iterator[httpx.Client]:
    """Serve a folder until the block ends; paths start at the root of the host."""
    with (
        EmbeddedService(folder, options=Options(**options)) as service,
        httpx.Client(base_url=f"http://{service.host}:{service.port}", timeout=60) as client,
    ):
        yield client
