"""Every name of renderapi, with its signature, against the tables of the reference."""

from __future__ import annotations

import inspect

import pytest

from tests.render_io import surface, surface_table
from tests.shared import requires_shared

ROWS = surface.snapshot_rows()


@requires_shared
def test_the_snapshot_is_that_of_the_reference():
    assert surface.REFERENCE is not None
    assert surface.rows_of(surface.REFERENCE.read_text()) == ROWS


def test_the_tables_are_read_whole():
    assert len(ROWS) == 256
    assert {row.module for row in ROWS} == {
        *("render", "stack", "tilespec", "layout", "image_pyramid", "channel", "resolvedtiles", "image", "coordinate"),
        *("pointmatch", "client", "external", "transform", "errors", "utils"),
    }


@pytest.mark.parametrize("row", ROWS, ids=[row.key for row in ROWS])
def test_name_and_signature(row):
    assert surface.differences(row) == []


def test_a_difference_would_be_seen():
    row = surface.Row("stack", "delete_stack", "func", "stack, port=1, host=None")
    assert len(surface.differences(row)) == 2
    assert surface.differences(surface.Row("stack", "no_such_name", "func", "")) != []


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("stack", ["get_z_value_for_section", "get_sectionData_for_stack"]),
        ("tilespec", ["MipMapLevel", "Layout", "Channel", "ImagePyramid"]),
        ("client", ["RenderClient", "set_stack_state", "ClientScriptError", "get_param", "WithPool"]),
        ("client.client_calls", ["importJsonClient", "tilePairClient", "call_run_ws_client"]),
        ("client.client", ["import_tilespecs_parallel"]),
        ("client.params", ["SiftPointMatchOptions"]),
        ("client.utils", ["renderclientaccess", "run_subprocess_mode"]),
        ("external.processpools.pool_pathos", ["PathosWithPool"]),
        ("external.processpools.stdlib_pool", ["WithMultiprocessingPool"]),
    ],
)
def test_names_that_pipelines_use_beside_the_tables(module, names):
    found = __import__(f"render_io.{module}", fromlist=names)
    assert [name for name in names if not hasattr(found, name)] == []


def test_every_name_is_in_the_table_of_the_docs_and_in_a_test():
    rows = surface_table.rows_of_table(surface_table.TABLE.read_text())
    assert list(rows) == [row.key for row in ROWS]
    assert [key for key, files in rows.items() if not files] == []
    assert [row.key for row in ROWS if not surface_table.tests_of(row)] == []


@pytest.mark.parametrize("name", ["render", "stack", "pointmatch", "coordinate", "image", "client"])
def test_every_public_function_says_what_it_does(name):
    module = __import__(f"render_io.{name}", fromlist=["__all__"])
    for public in module.__all__:
        member = getattr(module, public)
        if inspect.isfunction(member) or inspect.isclass(member):
            assert inspect.getdoc(member), public
