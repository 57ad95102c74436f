"""Starting and stopping the service, its file, and the plugin for users' suites."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from render_io.cli import app
from render_io.server import EmbeddedService
from render_io.server.embedded import _listen
from tests.render_io.server.stack_client import StackClient, tile

pytestmark = pytest.mark.jit_only
pytest_plugins = ["pytester"]


def test_a_stack_outlives_the_service(tmp_path):
    with EmbeddedService(tmp_path) as service, StackClient(service.base_url) as client:
        client.create()
        client.save(tile("t", x=5.0))
        client.state("COMPLETE")
        before = client.get("").json(), client.get("/tile/t").json()
    with EmbeddedService(tmp_path) as service, StackClient(service.base_url) as client:
        assert (client.get("").json(), client.get("/tile/t").json()) == before


def test_a_temporary_folder_goes_with_the_service():
    with EmbeddedService() as service:
        folder = Path(service._temporary.name)
        assert httpx.get(f"{service.base_url}/owners").json() == []
        assert list(folder.iterdir())
    assert not folder.exists()


def test_answers_do_not_wait_for_acknowledgements():
    # Without uvloop it is asyncio that sees to it, for sockets of a named protocol only.
    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_it_can_be_started_again():
    service = EmbeddedService()
    for _ in range(2):
        with service:
            assert httpx.get(f"{service.base_url}/owners").status_code == 200


def test_it_is_started_once():
    with EmbeddedService() as service, pytest.raises(RuntimeError, match="running already"):
        service.start()


def test_a_taken_port_is_an_error_that_leaves_nothing():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        service = EmbeddedService(port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            service.start()
    assert service._temporary is None


def test_the_command_says_what_keeps_it_from_serving(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = CliRunner().invoke(app, ["serve", "--data", str(tmp_path / "data"), "--port", str(port)])
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"render-io: can't listen on 127.0.0.1:{port}: ")
    (tmp_path / "file").touch()
    answer = CliRunner().invoke(app, ["serve", "--data", str(tmp_path / "file"), "--port", "0"])
    assert answer.exit_code == 2
    assert "as data folder" in answer.stderr


def test_the_command_says_where_it_serves(tmp_path):
    command = "import sys; from render_io.cli import main; sys.argv[0] = 'render-io'; main()"
    arguments = [sys.executable, "-c", command, "serve", "--data", str(tmp_path / "data"), "--port", "0"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        try:
            told = process.stderr.readline()
            url = re.search(r"http://127\.0\.0\.1:\d+/render-ws/v1", told).group()
            assert httpx.get(f"{url}/owners", timeout=60).json() == []
        finally:
            process.kill()
    assert str(tmp_path / "data") in told


def test_the_plugin_gives_a_service(pytester):
    pytester.makeconftest('pytest_plugins = ["render_io.testing"]')
    pytester.makepyfile(
        """
        from urllib.request import urlopen

        def test_empty(render_service):
            assert urlopen(render_service.base_url + "/owners").read() == b"[]"

        def test_shared(shared_render_service):
            assert urlopen(shared_render_service.base_url + "/owners").status == 200
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)
