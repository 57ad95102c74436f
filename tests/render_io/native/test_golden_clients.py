"""Every recorded job of the Java clients that needs no pictures is done the same without Java.

A new case in the folder is picked up by itself. Each has owners of its own, so that all run on one service.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.render_io.native.jobs import replayed
from tests.shared import SHARED

OWN = Path(__file__).resolve().parents[2] / "golden" / "golden-clients"
FOLDER = next((f for f in (OWN, SHARED and SHARED / "golden-clients") if f and f.is_dir()), None)
WITH_PICTURES = ("draw-", "argb-", "render-", "match-")

pytestmark = [pytest.mark.jit_only, pytest.mark.usefixtures("quick_retries")]


def cases():
    if FOLDER is None:
        return [pytest.param(None, marks=pytest.mark.skip(reason="needs the shared client jobs"), id="no-shared")]
    folders = sorted(path.parent for path in FOLDER.glob("*/case.json"))
    return [pytest.param(f, id=f.name) for f in folders if not f.name.startswith(WITH_PICTURES)]


@pytest.mark.parametrize("folder", cases())
def test_job_is_done_as_recorded(folder, embedded, tmp_path):
    assert not replayed(folder, embedded.base_url, tmp_path)
