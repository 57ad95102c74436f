"""The package itself: cheap to import, quiet, and renderapi under its own name when asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import render_io

HEAVY = ("requests", "PIL", "numpy", "scipy", "numba", "matplotlib", "fastapi", "typer", "msgspec")


def run(code: str) -> str:
    here = Path(render_io.__file__).parents[1]
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_D46_the_import_loads_nothing():
    assert run(f"import sys, render_io; print([name for name in {HEAVY} if name in sys.modules])") == "[]\n"


def test_D46_tile_specs_and_stores_need_no_network_and_no_images():
    code = "import render_io.tilespec, render_io.resolvedtiles, render_io.stores, render_io.utils, sys; "
    assert run(code + "print([m for m in ('requests', 'PIL', 'urllib3') if m in sys.modules])") == "[]\n"


def test_T36_the_import_changes_nothing_in_other_packages():
    code = """
import logging, requests
before = requests.models.complexjson, list(logging.root.handlers), logging.root.level
import render_io
from render_io import channel, errors, image_pyramid, layout, resolvedtiles, stores, tilespec, utils
after = requests.models.complexjson, list(logging.root.handlers), logging.root.level
assert before == after
for name, logger in logging.root.manager.loggerDict.items():
    if name.startswith("render_io") and isinstance(logger, logging.Logger):
        assert all(isinstance(handler, logging.NullHandler) for handler in logger.handlers), name
assert not [name for name in vars(tilespec) if name in ("np", "logger", "requests")]
"""
    assert run(code) == ""


def test_names_are_found_when_used():
    for name in ("channel", "errors", "image_pyramid", "layout", "resolvedtiles", "stores", "tilespec", "utils"):
        assert getattr(render_io, name) is sys.modules[f"render_io.{name}"]
    assert {"connect", "Render", "tilespec", "install_as_renderapi"} <= set(dir(render_io))
    assert set(render_io.__all__) <= set(dir(render_io))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = render_io.no_such_name
    from transforms._version import __version__

    assert render_io.__version__ == __version__


def test_the_package_can_be_installed_as_renderapi():
    code = """
import render_io
render_io.install_as_renderapi()
render_io.install_as_renderapi()
import renderapi
import renderapi.tilespec
from renderapi.layout import Layout
from renderapi import image_pyramid
import render_io.tilespec, render_io.layout
assert renderapi is render_io
assert renderapi.tilespec is render_io.tilespec and Layout is render_io.layout.Layout
assert render_io.tilespec.__name__ == render_io.tilespec.__spec__.name == "render_io.tilespec"
assert Layout.__module__ == "render_io.layout"
import importlib, pickle, sys
assert importlib.reload(render_io.layout) is render_io.layout
assert sum(type(finder).__name__ == "_RenderapiFinder" for finder in sys.meta_path) == 1
try:
    import renderapi.no_such_module
except ModuleNotFoundError as error:
    assert error.name == "renderapi.no_such_module", error.name
else:
    raise AssertionError
assert pickle.loads(pickle.dumps(render_io.tilespec.TileSpec(tileId="t"))).tileId == "t"
"""
    assert run(code) == ""


def test_another_renderapi_is_not_replaced_behind_its_back():
    code = """
import sys, types, render_io
sys.modules["renderapi"] = types.ModuleType("renderapi")
try:
    render_io.install_as_renderapi()
except ImportError as error:
    print(error)
"""
    assert "imported already" in run(code)
