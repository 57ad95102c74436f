"""The one module that sends requests: sessions, timeouts, credentials, bodies, lists that stream."""

from __future__ import annotations

import json
import logging
import multiprocessing
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io import http, render, stack
from render_io._requests.redaction import find_secrets, redact, redact_text
from render_io._requests.streams import list_elements
from render_io._requests.urls import base_url, escape, number, whole
from render_io.errors import RenderError, RequestError, SpecError
from render_io.render import Render, RenderClient
from tests.render_io.answering import Reply

pytestmark = pytest.mark.usefixtures("quick_retries")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(st.lists(json_values, max_size=6), st.integers(1, 7), st.booleans())
def test_a_list_cut_anywhere_is_read_whole(values, size, pretty):
    text = json.dumps(values, indent=2 if pretty else None, ensure_ascii=pretty).encode("utf-8", "surrogatepass")
    try:
        text.decode()
    except UnicodeDecodeError:
        return
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    assert list(list_elements(chunks)) == values


@pytest.mark.parametrize("text", ["", "{}", "[", "[1", "[1,", "[1 2]", "[1,]", "[1]]", '["a', "[NaN]", "[1]x", "[1}"])
def test_what_is_not_a_list_is_refused(text):
    with pytest.raises(SpecError):
        list(list_elements([text.encode()]))


def test_elements_are_given_before_the_end(service):
    def chunks():
        yield b'[{"a": 1}, {"b"'
        pytest.fail("read ahead")

    assert next(list_elements(chunks())) == {"a": 1}
    service.always([{"n": index} for index in range(1000)])
    url = f"http://127.0.0.1:{service.port}/render-ws/v1/x"
    assert [item["n"] for item in http.iter_json(None, url)] == list(range(1000))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_in_paths_read_back(value):
    from urllib.parse import unquote

    assert float(unquote(number(value))) == value
    assert float(unquote(number(np.float64(value)))) == value


def test_components_that_cannot_be_written():
    assert number(7) == "7"
    assert number("1e3") == "1e3"
    assert number(np.float32(0.1)) == repr(float(np.float32(0.1)))
    assert (whole(9.1, "width"), whole(-0.5, "width")) == ("10", "0")
    for bad in (None, "x", float("nan"), float("inf")):
        with pytest.raises(RenderError):
            number(bad)
    with pytest.raises(RenderError, match="32-bit"):
        whole(3e9, "width")
    with pytest.raises(RenderError, match="stack is missing"):
        escape(None, "stack")


def test_base_addresses():
    assert base_url("h", 80) == "http://h:80/render-ws/v1"
    assert base_url("https://h/", None) == base_url("https://h", "") == "https://h/render-ws/v1"
    assert render.format_baseurl("httpserver", 1) == "http://httpserver:1/render-ws/v1"
    assert render.format_preamble("h", 1, "o", "p", "a b").endswith("/owner/o/project/p/stack/a%20b")
    for missing in (None, "", "/"):
        with pytest.raises(RenderError, match="host is missing"):
            base_url(missing, 1)


def test_credentials_are_never_shown(service, caplog):
    session = http.new_session()
    session.auth = ("user", "pass-word-1")
    session.headers["Authorization"] = "Bearer token-abc-123"
    session.params = {"access_token": "query-secret-9"}
    url = f"http://someone:in-url-77@127.0.0.1:{service.port}/render-ws/v1/x?apiKey=key-in-url"
    secrets = ("pass-word-1", "token-abc-123", "query-secret-9", "in-url-77", "key-in-url")
    service.answer = lambda asked: Reply(f"you sent {asked.target} and {asked.headers}", 503)
    with caplog.at_level(logging.DEBUG, logger="render_io"), pytest.raises(RequestError) as caught:
        http.get_json(session, url)
    service.always("{", 200)
    with pytest.raises(RequestError) as unreadable:
        http.get_json(session, url)
    with pytest.raises(RequestError) as refused:
        http.get_json(session, url.replace(str(service.port), "1"))
    errors = [caught.value, unreadable.value, refused.value]
    shown = "".join(f"{error}{error.url}{error.body}{error.__cause__}{pickle.dumps(error)!r}" for error in errors)
    shown += caplog.text + repr(Render(host=url))
    assert [secret for secret in secrets if secret in shown] == []
    assert "apiKey=***" in shown
    assert caught.value.status == 503
    assert len(service.asked) == 5  # the first request and its three repetitions, then the second


def test_redaction_of_odd_texts():
    assert redact("http://[x?token=1") == "***"
    assert redact("http://h/p?z=1&token=abc") == "http://h/p?z=1&token=***"
    assert redact_text("see http://u:p@h/x now, a@b") == "see http://h/x now, a@b"
    assert find_secrets(object(), "http://h/") == frozenset()


def test_every_request_has_a_timeout(service, monkeypatch):
    seen = []

    class Session(http.Session):
        def request(self, *args, **kwargs):
            seen.append(kwargs.get("timeout"))
            return super().request(*args, **kwargs)

    r = service.render(session=Session())
    service.always({})
    stack.get_full_stack_metadata("s", render=r)
    stack.create_stack("s", render=r)
    stack.set_stack_state("s", "COMPLETE", render=r)
    stack.delete_stack("s", render=r)
    http.get_json(r.session, f"http://127.0.0.1:{service.port}/x", timeout=3)
    assert seen == [http.TIMEOUT] * 4 + [3]
    with pytest.raises(TypeError, match="nonsense"):
        http.get_json(None, "http://h/", nonsense=1)


def test_sessions_may_be_stand_ins():
    class Answer:
        status_code, text = 200, '["it is"]'

    class Session:
        def get(self, url, **_):
            return Answer()

    r = Render("h", 1, "o", "p", session=Session())
    assert stack.get_stack_tileIds("s", render=r) == render.get_owners(render=r) == ["it is"]
    Answer.status_code = 404
    with pytest.raises(RequestError, match="it is"):
        stack.get_stack_bounds("s", render=r)


def test_redirected_writes_are_not_turned_into_reads(service):
    service.answer = lambda asked: Reply(b"", 302, {"Location": "/render-ws/v1/elsewhere"})
    with pytest.raises(RequestError) as caught:
        http.put_json(None, f"http://127.0.0.1:{service.port}/render-ws/v1/x", {})
    assert caught.value.status == 302
    assert len(service.asked) == 1


def test_answers_beyond_a_bound_are_refused(service):
    service.always(["x" * 1000])
    url = f"http://127.0.0.1:{service.port}/render-ws/v1/x"
    assert http.get_json(None, url, max_bytes=2000, stream=True) == ["x" * 1000]
    with pytest.raises(RequestError, match="more than 500 bytes"):
        http.get_json(None, url, max_bytes=500)


def test_retry_after_is_honoured_within_reason(service, monkeypatch):
    pauses = []
    monkeypatch.setattr(http.time, "sleep", pauses.append)
    service.in_turn(
        Reply("busy", 503, {"Retry-After": "2"}),
        Reply("busy", 503, {"Retry-After": "9999"}),
        Reply("busy", 502),
        Reply(1),
    )
    assert http.get_json(None, f"http://127.0.0.1:{service.port}/render-ws/v1/x") == 1
    assert pauses == [2.0, 30.0, 0.0]


def owners_of(render):
    return render.run(render_module_owners)


def render_module_owners(render):
    return render_get(render=render)


def render_get(render):
    return __import__("render_io.render", fromlist=["get_owners"]).get_owners(render=render)


def test_connections_travel_with_their_session(service, tmp_path):
    session = http.new_session()
    session.headers["X-Mine"] = "yes"
    script = tmp_path / "run_ws_client.sh"
    script.touch(mode=0o755)
    client = RenderClient(str(script), "3G", True, "http://127.0.0.1", service.port, "o", "p", session=session)
    service.always(["o"])
    assert render.get_owners(render=client) == ["o"]
    copy = pickle.loads(pickle.dumps(client))
    assert copy.make_kwargs()["memGB"] == "3G"
    assert render.get_owners(render=copy) == ["o"]
    assert service.last.headers["X-Mine"] == "yes"
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(owners_of, [client] * 4) == [["o"]] * 4
    assert service.last.headers["X-Mine"] == "yes"


def test_one_session_for_many_threads(service):
    service.answer = lambda asked: Reply(asked.parts[-2:])
    r = service.render()
    wrong = []

    def ask(number):
        answers = [stack.get_bounds_from_z("s", number, render=r) for _ in range(10)]
        wrong.extend(answer for answer in answers if answer != [str(number), "bounds"])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert http.default_session() is http.default_session()


def test_keywords_and_defaults_of_a_connection():
    r = Render("h", 1, "o", "p", create_session=False)
    assert r.make_kwargs(owner="x", extra=2) == {
        "host": "h", "port": 1, "owner": "x", "project": "p", "client_scripts": None, "session": None, "extra": 2,
    }  # fmt: skip
    assert r.make_kwargs(port="")["port"] is None
    assert r.make_kwargs() == r.DEFAULT_KWARGS
    assert r.run(lambda a, render: (a, render), 1) == (1, r)
    with pytest.raises(TypeError, match="another render"):
        r.run(lambda render: render, render=Render())
    with pytest.raises(RenderError, match="no client script"):
        RenderClient()
    assert RenderClient(validate_client=False).client_script is None
    with pytest.raises(RenderError, match="folder"):
        RenderClient.clientscript_from_clientscripts(None)


def test_connections_from_the_environment(monkeypatch, tmp_path):
    for name in ("HOST", "PORT", "OWNER", "PROJECT", "CLIENT_SCRIPTS", "CLIENT_SCRIPT", "CLIENT_HEAP"):
        monkeypatch.delenv(f"RENDER_{name}", raising=False)
    script = tmp_path / "run_ws_client.sh"
    script.touch(mode=0o755)
    values = {
        "HOST": "render.example",
        "PORT": "8080",
        "OWNER": "o",
        "CLIENT_SCRIPTS": str(tmp_path),
        "CLIENT_HEAP": "5",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"RENDER_{name}", value)
    monkeypatch.setenv("DEFAULT_RENDER_PROJECT", "old")
    connection = render.connect()
    assert isinstance(connection, RenderClient)
    assert (connection.client_script, connection.memGB) == (str(script), "5G")
    assert connection.make_kwargs() | {"session": None} == {
        "host": "http://render.example", "port": 8080, "owner": "o", "project": "old", "session": None,
        "client_scripts": str(tmp_path), "client_script": str(script), "memGB": "5G",
    }  # fmt: skip
    monkeypatch.delenv("RENDER_PORT")
    assert render.connect("https://render.example").DEFAULT_PORT is None
    with pytest.raises(TypeError, match="hosst"):
        render.connect(hosst="h")


def test_T36_importing_what_asks_changes_nothing_either():
    code = """
import logging, requests
from urllib3.util.retry import Retry
before = requests.models.complexjson, list(logging.root.handlers), requests.Session.request, Retry.DEFAULT
from render_io import client, coordinate, http, image, pointmatch, render, stack
from render_io._requests import resolvedtiles, store, tilespec
assert before == (requests.models.complexjson, list(logging.root.handlers), requests.Session.request, Retry.DEFAULT)
for name in ("render_io", "urllib3", "requests"):
    assert all(isinstance(handler, logging.NullHandler) for handler in logging.getLogger(name).handlers)
"""
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=Path(http.__file__).parents[1], check=True, timeout=120
    )


def test_stack_versions_keep_what_they_do_not_know():
    version = stack.StackVersion()
    members = {"cycleNumber": 3, "defaultChannel": "A", "alignmentQuality": 0.5, "run": "x", "to_dict": 1}
    version.from_dict(members)
    assert version.to_dict() == members
    assert version.createTimestamp is None
    version.from_dict({})
    assert version.to_dict() == {}
