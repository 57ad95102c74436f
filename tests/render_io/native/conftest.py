"""A stage of its own for every test."""

from __future__ import annotations

import itertools

import pytest

from tests.render_io.native.stage import Stage

_numbers = itertools.count()


@pytest.fixture
def stage(embedded):
    return Stage(embedded.base_url, f"native{next(_numbers)}")
