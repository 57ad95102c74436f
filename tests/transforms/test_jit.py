"""Kernel policy: no stale code from the disk cache, many processes on an empty cache, many threads at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import transforms
from transforms import _jit
from transforms.batch import TransformBatch

ROOT = Path(transforms.__file__).parent
compiled_only = pytest.mark.skipif(_jit.JIT_DISABLED, reason="nothing is compiled or cached with the JIT off")

MAP_ONE = "from transforms import Affine; print(Affine([[2, 0, 1], [0, 3, 1]]).jacobian([[1.0, 1.0]])[0, 0, 0])"
MAP_TWO = "from transforms import Affine; print(Affine([[2, 0, 1], [0, 3, 1]]).apply([[1.0, 1.0]])[0, 0])"


def run(code: str, folder: Path, cache: Path) -> str:
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "NUMBA_CACHE_DIR": str(cache),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@compiled_only
def test_an_edited_helper_in_another_file_is_never_answered_from_the_cache(tmp_path: Path) -> None:
    """`newton.jet_rows` calls `linear.affine_jet` by its address, from a cache of its own: an edit there counts."""
    copy = tmp_path / "copy" / "transforms"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    cache = tmp_path / "cache"
    assert run(MAP_ONE, copy.parent, cache) == "2.0"
    cached = {path.name for path in cache.rglob("*.nbc")}
    assert any(name.startswith("newton.jet_rows") for name in cached)
    assert run(MAP_ONE, copy.parent, cache) == "2.0"
    assert {path.name for path in cache.rglob("*.nbc")} == cached, "an unchanged kernel is loaded, not compiled again"
    helper = copy / "_kernels" / "linear.py"
    text = helper.read_text()
    before = "return u, v, params[0], params[1], params[3], params[4]"
    assert before in text
    helper.write_text(text.replace(before, "return u, v, 10.0 * params[0], params[1], params[3], params[4]"))
    assert run(MAP_ONE, copy.parent, cache) == "20.0"
    helper.write_text(text)  # and back again: the first cache is still good
    assert run(MAP_ONE, copy.parent, cache) == "2.0"


def test_stamps_follow_imports(tmp_path: Path) -> None:
    stamp = _jit.source_stamp(str(ROOT / "_kernels" / "linear.py"))
    assert len(stamp) == 16
    assert stamp != _jit.source_stamp(str(ROOT / "_kernels" / "newton.py"))
    names = {Path(path).name for path in _jit._closure(str(ROOT / "_kernels" / "newton.py"))}
    assert {"newton.py", "dispatch.py", "linear.py", "codes.py", "polynomial.py"} <= names


@compiled_only
def test_many_processes_start_on_an_empty_cache(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: run(MAP_TWO, ROOT.parent, tmp_path / "cache"), range(4)))
    assert answers == ["3.0"] * 4
    assert run(MAP_TWO, ROOT.parent, tmp_path / "cache") == "3.0"


@compiled_only
def test_a_cache_that_can_not_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    environment = {
        **os.environ,
        "TRANSFORMS_CACHE": "0",
        "NUMBA_CACHE_DIR": str(blocked),
        "PYTHONPATH": str(ROOT.parent),
    }
    result = subprocess.run(
        [sys.executable, "-c", MAP_TWO], env=environment, capture_output=True, text=True, check=False
    )
    assert result.stdout.strip() == "3.0", result.stderr


def test_chunks_cover_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for threads in (1, 2, 3, 8):
        transforms.set_thread_count(threads)
        seen = np.zeros(1001, dtype=int)

        def work(lo: int, hi: int, seen: np.ndarray = seen) -> None:
            seen[lo:hi] += 1

        _jit.run_chunks(work, 1001, 10)
        assert (seen == 1).all()
    transforms.set_thread_count(None)
    monkeypatch.setenv("TRANSFORMS_NUM_THREADS", "5")
    assert transforms.thread_count() == 5
    with pytest.raises(ValueError, match="at least 1"):
        transforms.set_thread_count(0)


@pytest.fixture
def four_threads() -> Iterator[None]:
    transforms.set_thread_count(4)
    yield
    transforms.set_thread_count(None)


@pytest.mark.parametrize("first", [0, 500, 750])
def test_an_error_in_a_thread_reaches_the_caller(four_threads: None, first: int) -> None:
    def work(lo: int, hi: int) -> None:
        if lo <= first < hi:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _jit.run_chunks(work, 1000, 1)


def test_chunks_of_chunks_do_not_wait_for_each_other(four_threads: None) -> None:
    seen = np.zeros((100, 100), dtype=int)

    def row(lo: int, hi: int) -> None:
        for i in range(lo, hi):
            _jit.run_chunks(lambda a, b, i=i: seen[i, a:b].__iadd__(1), 100, 1)

    _jit.run_chunks(row, 100, 1)
    assert (seen == 1).all()


def test_batches_from_many_threads_at_once() -> None:
    rng = np.random.default_rng(0)
    lists = [transforms.Affine(rng.normal(size=(2, 3))) for _ in range(400)]
    batch = TransformBatch.from_lists(lists)
    points = rng.uniform(0.0, 100.0, (20, 2))
    wanted = batch.apply(points).tobytes()
    transforms.set_thread_count(4)
    try:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: batch.apply(points).tobytes(), range(16)))
    finally:
        transforms.set_thread_count(None)
    assert set(answers) == {wanted}


def test_fma_is_one_rounding_when_compiled() -> None:
    @_jit.kernel
    def fused(a: float, b: float, c: float) -> float:
        return _jit.fma(a, b, c)

    small = 2.0**-30
    exact = small * small  # (1 + e)(1 - e) - 1 = -e^2, which two roundings lose
    assert fused(1.0 + small, 1.0 - small, -1.0) == (0.0 if _jit.JIT_DISABLED else -exact)


def test_warmup_compiles_every_family() -> None:
    transforms.warmup()


@compiled_only
def test_whether_kernels_are_compiled_is_told(tmp_path: Path) -> None:
    code = "import transforms; print(transforms.is_warm())"
    assert run(code, ROOT.parent, tmp_path / "empty") == "False"
    transforms.warmup()
    assert transforms.is_warm()
