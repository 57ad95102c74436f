"""The guards of the suite guard: no network, and no silent skip where the shared vectors are required."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import SHARED, requires_shared

ROOT = Path(__file__).resolve().parents[1]

SKIPS = {
    "test": "import pytest\n@pytest.mark.skip(reason='needs the shared vectors')\ndef test_it(): pass\n",
    "module": "import pytest\npytest.skip('needs the shared vectors', allow_module_level=True)\n",
    "no-cases": "import pytest\n@pytest.mark.parametrize('case', [])\ndef test_it(case): pass\n",
}


def run_suite(folder: Path, text: str, required: str) -> subprocess.CompletedProcess[str]:
    """Run one test file under our conftest, with the shared vectors required or not."""
    (folder / "test_inner.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", str(folder)]
    environment = os.environ | {"RENDER_TRANSFORMS_REQUIRE_SHARED": required, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, "--rootdir", str(folder)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@requires_shared
@pytest.mark.parametrize("text", SKIPS.values(), ids=SKIPS)
def test_skip_for_lack_of_shared_fails_where_required(tmp_path: Path, text: str) -> None:
    result = run_suite(tmp_path, text, required="1")
    assert result.returncode not in (0, pytest.ExitCode.NO_TESTS_COLLECTED), result.stdout
    assert "although the shared material is required" in result.stdout


@pytest.mark.parametrize("text", SKIPS.values(), ids=SKIPS)
def test_skip_is_a_skip_elsewhere(tmp_path: Path, text: str) -> None:
    result = run_suite(tmp_path, text, required="0")
    assert result.returncode in (0, pytest.ExitCode.NO_TESTS_COLLECTED), result.stdout + result.stderr
    assert "1 skipped" in result.stdout


@requires_shared
def test_other_skips_stay_skips(tmp_path: Path) -> None:
    result = run_suite(tmp_path, "import pytest\ndef test_it(): pytest.skip('not on this system')\n", required="1")
    assert result.returncode == 0, result.stdout


@pytest.mark.skipif(SHARED is not None, reason="only where the clone stands alone")
def test_absent_shared_stops_the_run_where_required(tmp_path: Path) -> None:
    result = run_suite(tmp_path, "def test_it(): pass\n", required="1")
    assert result.returncode == pytest.ExitCode.USAGE_ERROR, result.stdout + result.stderr


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
@pytest.mark.parametrize("host", ["192.0.2.1", "example.org", "2001:db8::1"])
def test_other_machines_are_out_of_reach(method: str, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as plug, pytest.raises(RuntimeError, match="loopback only"):
        getattr(plug, method)((host, 80))


def test_loopback_is_within_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        pass
