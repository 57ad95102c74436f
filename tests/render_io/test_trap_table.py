"""Every numbered trap of renderapi has a test, and the table in the documentation names it."""

from __future__ import annotations

import pytest

from tests.render_io import trap_table
from tests.shared import requires_shared


@requires_shared
def test_the_reference_has_no_further_traps():
    assert trap_table.numbers_of_the_reference() == list(range(1, trap_table.COUNT + 1))


@pytest.mark.parametrize("number", range(1, trap_table.COUNT + 1))
def test_every_trap_has_a_test(number):
    assert number in {test.number for test in trap_table.mended()}


def test_the_table_in_the_docs_is_true():
    assert trap_table.TABLE.read_text() == trap_table.text(), "run python -m tests.render_io.trap_table"
