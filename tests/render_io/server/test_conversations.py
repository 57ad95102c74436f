"""Every recorded conversation with the real service gets the same answers from ours.

A new file in the folder is picked up by itself. What the database or the web framework wrote is not asked for, nor are
pictures.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from render_io.server import EmbeddedService
from tests.render_io.server.replay import UNBOUND, load, replay
from tests.shared import SHARED

OWN = Path(__file__).resolve().parents[2] / "golden" / "golden-http"
FOLDERS = [folder for folder in (OWN, SHARED and SHARED / "golden-http") if folder and folder.is_dir()]
FOLDER = FOLDERS[0] if FOLDERS else None

pytestmark = pytest.mark.jit_only


def conversations():
    if FOLDER is None:
        return [pytest.param(None, marks=pytest.mark.skip(reason="needs the shared conversations"), id="no-shared")]
    files = sorted(file for file in FOLDER.iterdir() if file.name.endswith((".json", ".json.gz")))
    return [pytest.param(file, id=file.name.split(".")[0]) for file in files if not file.name.startswith("images-")]


@pytest.fixture(scope="module")
def service():
    with EmbeddedService() as running:
        yield running


def picture_folder(conversation, folder):
    """The folder of source pictures, or one with stand-ins: only whether they are there and empty counts."""
    known = next((f / "files" for f in FOLDERS if (f / "files").is_dir()), None)
    if known is not None:
        return known
    for name in set(re.findall(r"\$\{data\}/([\w.-]+)", str(conversation))):
        (folder / name).write_bytes(b"" if "empty" in name else b"x")
    return folder


@pytest.mark.parametrize("file", conversations())
def test_conversation_is_answered_as_recorded(file, service, tmp_path):
    conversation = load(file)
    results = list(replay(conversation, service.base_url, str(picture_folder(conversation, tmp_path))))
    wrong = {step["id"]: lines for step, lines in results if lines and not UNBOUND & set(step.get("marks", []))}
    assert results
    assert not wrong, "\n".join(f"{step}: {line}" for step, lines in wrong.items() for line in lines[:3])
