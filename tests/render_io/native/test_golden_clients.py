"""Every recorded job of the Java clients that needs no pictures is done the same without Java.

A new case in the folder is picked up by itself. Each has owners of its own, so that all run on one service.
"""

from __future__ import annotations

import pytest

from tests.render_io.native.jobs import replayed
from tests.shared import client_run, client_runs

WITH_PICTURES = ("draw-", "argb-", "render-", "match-")

pytestmark = [pytest.mark.jit_only, pytest.mark.usefixtures("quick_retries")]


@pytest.mark.parametrize("name", [name for name in client_runs() if not name.startswith(WITH_PICTURES)])
def test_job_is_done_as_recorded(name, embedded, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert not replayed(client_run(name, tmp_path), embedded.base_url, scratch)
