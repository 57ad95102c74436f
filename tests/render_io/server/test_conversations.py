"""Every recorded conversation with the real service gets the same answers from ours.

A new file in the folder is picked up by itself. What the database or the web framework wrote is not asked for, nor are
pictures.
"""

from __future__ import annotations

import pytest

from render_io.server import EmbeddedService
from tests.render_io.server.replay import UNBOUND, replay
from tests.shared import conversation, conversation_names, conversation_pictures

NAMES = [name for name in conversation_names() if not name.startswith("images-")]

pytestmark = pytest.mark.jit_only


@pytest.fixture(scope="module")
def service():
    with EmbeddedService() as running:
        yield running


@pytest.mark.parametrize("name", NAMES)
def test_conversation_is_answered_as_recorded(name, service):
    results = list(replay(conversation(name), service.base_url, str(conversation_pictures())))
    wrong = {step["id"]: lines for step, lines in results if lines and not UNBOUND & set(step.get("marks", []))}
    assert results
    assert not wrong, "\n".join(f"{step}: {line}" for step, lines in wrong.items() for line in lines[:3])
