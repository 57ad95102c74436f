"""What holds for every test: hypothesis profiles, no network but loopback, no silent lack of the shared vectors."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.golden import update
from tests.shared import SHARED

# No deadlines: the first call of a kernel compiles it, and machines are shared.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci", max_examples=50, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "nightly", max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

_REQUIRE_SHARED = os.environ.get("RENDER_TRANSFORMS_REQUIRE_SHARED", "") not in ("", "0")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop at once where the shared vectors are required and absent."""
    if _REQUIRE_SHARED and SHARED is None:
        raise pytest.UsageError("RENDER_TRANSFORMS_REQUIRE_SHARED is set, but ../shared/golden is absent")


def pytest_report_header() -> list[str]:
    """Tell of recorded material beside the clone that has no copy here yet: it is tested all the same."""
    new = update.differences(SHARED).missing if SHARED is not None else []
    return [f"recorded, but not copied by tests/golden/update.py: {', '.join(new)}"] if new else []


def _refuse_lack_of_shared(report: Any) -> Any:
    """Turn a skip for lack of shared material into a failure where that material is required."""
    lacking = ("shared", "empty parameter set")
    if _REQUIRE_SHARED and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if any(word in reason for word in lacking):
            report.outcome = "failed"
            report.longrepr = f"skipped although the shared material is required: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Watch the skips of tests."""
    return _refuse_lack_of_shared((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """Watch the skips of whole modules."""
    return _refuse_lack_of_shared((yield))


def _is_loopback(address: Any) -> bool:
    """Tell whether a socket address stays on this machine; a path of a Unix socket does."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0]).partition("%")[0]
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Refuse connections to other machines: a test that needs them is no test of ours."""

    def guarded(original: Any) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if not _is_loopback(address):
                raise RuntimeError(f"tests may connect to loopback only, not to {address!r}")
            return original(self, address)

        return connect

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        yield


@pytest.fixture(scope="session")
def warm_kernels() -> None:
    """Compile, or load from the cache, every kernel: for tests whose examples should not include that."""
    import transforms

    transforms.warmup()
