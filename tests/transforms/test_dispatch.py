"""Families are called by address: only what is needed is compiled, and what is not loaded gives NaN."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import transforms
from transforms import _jit
from transforms._kernels import calls, codes, dispatch
from transforms._types import FloatArray

ROOT = Path(transforms.__file__).parent
compiled_only = pytest.mark.skipif(_jit.JIT_DISABLED, reason="nothing is compiled or cached with the JIT off")

MAP_LIST = """
from transforms import Homography, Translation, TransformBatch
batch = TransformBatch.from_lists([[Translation([1, 2]), Homography([[2, 0, 0], [0, 2, 0], [0, 0, 1]])]])
print(batch.apply([[10.0, 20.0]]).tolist())
"""
WARM = "import sys, transforms; transforms.warmup(); print('numba.np.linalg' in sys.modules)"


def run(code: str, **environment: str) -> str:
    given = {**os.environ, "PYTHONPATH": str(ROOT.parent), **environment}
    result = subprocess.run(
        [sys.executable, "-c", code], env=given, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@compiled_only
def test_only_what_a_list_needs_is_compiled(tmp_path: Path) -> None:
    for _ in range(2):  # compiled, then from the cache
        assert run(MAP_LIST, NUMBA_CACHE_DIR=str(tmp_path)) == "[[[22.0, 44.0]]]"
    compiled = {path.name.split("-")[0] for path in tmp_path.rglob("*.nbc")}
    assert {"program.run_members", "linear.translation_apply", "linear.homography_apply"} <= compiled
    assert not {name for name in compiled if name.startswith(("newton.", "polynomial.", "linear.affine"))}


@compiled_only
def test_machine_code_of_every_kernel_loads_without_the_declarations_of_numba() -> None:
    transforms.warmup()
    assert run(WARM) == "False", "everything is in the cache, so the compiler is not needed"


@pytest.mark.parametrize("code", [0, calls.CODES - 1, calls.CODES, codes.FORK - 1, -1])
def test_what_is_not_loaded_gives_nan(code: int) -> None:
    params: FloatArray = np.zeros(0)
    params.flags.writeable = False
    points = np.ones((3, 2))
    out = np.zeros((3, 2))
    dispatch.leaf_apply(code, dispatch.APPLY, params, points, out)
    assert np.isnan(out).all()
    assert np.isnan(dispatch.leaf_jet(code, params, 1.0, 1.0)).all()


def test_every_leaf_is_known_by_the_code_it_names() -> None:
    public = [getattr(transforms, name) for name in transforms.__all__]
    leaves = [value for value in public if hasattr(value, "_op")]
    assert {leaf._op for leaf in leaves} == set(dispatch.FAMILIES)
    for leaf in leaves:
        name = dispatch.FAMILIES[leaf._op]
        assert leaf._kernel is dispatch._find(f"{name}_apply"), "the same kernel alone and in a list"
        assert callable(dispatch._find(f"{name}_jet"))
