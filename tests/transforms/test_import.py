"""Importing the package: names are loaded when used, and a checker sees the same ones."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import transforms

SOURCE = Path(transforms.__file__)


def loaded_after(code: str) -> set[str]:
    """Names of modules in a fresh process."""
    shown = f"import sys; sys.path.insert(0, {str(SOURCE.parents[1])!r})\n{code}\nprint(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_every_public_name_is_found_where_checkers_find_it() -> None:
    tree = ast.parse(SOURCE.read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.name: str(node.module).removeprefix("transforms.") for node in imports for alias in node.names}
    assert seen == transforms._HOMES
    assert set(transforms.__all__) == {*seen, "__version__", "warmup"}
    assert transforms.__all__ == sorted(transforms.__all__, key=lambda name: (not name[0].isupper(), name))
    for name in transforms.__all__:
        assert getattr(transforms, name) is not None
    assert set(transforms.__all__) <= set(dir(transforms))


def test_a_name_that_does_not_exist_is_told() -> None:
    for name in ("Afine", "_hidden", "no_such_module"):
        with pytest.raises(AttributeError, match=f"module 'transforms' has no attribute '{name}'"):
            getattr(transforms, name)


def test_the_import_alone_loads_nothing_else() -> None:
    assert not {"numpy", "numba", "transforms.base"} & loaded_after("import transforms")


def test_a_family_does_not_load_the_others() -> None:
    loaded = loaded_after("from transforms import Affine")
    assert "transforms.affine" in loaded
    assert not {"transforms.lens", "transforms.thin_plate_spline", "transforms.batch"} & loaded
