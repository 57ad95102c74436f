"""The copies of the recorded material are whole, say what the originals say, and come out of their script alike."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.golden import update
from tests.shared import (
    SHARED,
    client_run,
    client_runs,
    conversation,
    conversation_names,
    conversation_pictures,
    golden,
    golden_names,
    requires_shared,
)


@requires_shared
def test_copies_say_what_the_originals_say():
    assert SHARED is not None
    found = update.differences(SHARED)
    assert not found.changed, f"run python tests/golden/update.py for {found.changed}"


def copies(kind, suffix):
    return {path.name.removesuffix(suffix) for path in (update.HERE / kind).glob(f"*{suffix}")}


def test_everything_recorded_is_here():
    """What the first recordings held; there may be more."""
    assert len(copies("vectors", ".json.gz")) >= 28
    assert len(copies("conversations", ".json.gz")) >= 62
    assert len(copies("clients", ".tar.gz")) >= 195
    assert copies("vectors", ".json.gz") <= set(golden_names())
    assert copies("conversations", ".json.gz") <= set(conversation_names())
    assert copies("clients", ".tar.gz") <= set(client_runs())


def test_every_file_can_be_read(tmp_path):
    assert all(golden(name) for name in golden_names())
    assert sum(len(conversation(name)["steps"]) for name in conversation_names()) > 3400
    for name in copies("clients", ".tar.gz"):
        update.unpack(update.HERE / "clients" / f"{name}.tar.gz", tmp_path / name)
        case = json.loads((tmp_path / name / "case.json").read_text())
        assert set(case.get("out", {})) == {
            path.relative_to(tmp_path / name / "out").as_posix()
            for path in (tmp_path / name / "out").rglob("*")
            if path.is_file()
        }
        assert all((update.HERE / "clients" / "pictures" / picture).is_file() for picture in case.get("pictures", []))


def test_pictures_of_conversations_are_beside_them():
    text = json.dumps([conversation(name) for name in conversation_names()])
    named = {path.name for path in conversation_pictures().iterdir() if "${data}/" + path.name in text}
    assert len(named) > 5


# ---------------------------------------------------------------- the script


@pytest.fixture
def small(tmp_path):
    """A shared folder of one vector file, one conversation and one run."""
    shared = tmp_path / "shared"
    for path in ("golden/A.json", "golden-http/b.json", "golden-http/files/p.png", "golden-clients/pictures/q.png"):
        (shared / path).parent.mkdir(parents=True, exist_ok=True)
        (shared / path).write_text(json.dumps({"cases": [path], "steps": []}))
    for name, text in {"case.json": "{}", "in/x.json": "[1]", "out/deep/y.txt": "y"}.items():
        path = shared / "golden-clients" / "run-1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return shared


def bytes_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_update_makes_the_same_bytes_again(small, tmp_path):
    assert len(update.update(small, tmp_path / "one").missing) == 5
    for path in small.rglob("*"):
        os.utime(path, (1, 1))
    update.update(small, tmp_path / "two")
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    assert not any(update.update(small, tmp_path / "one"))
    update.unpack(tmp_path / "one" / "clients" / "run-1.tar.gz", tmp_path / "run-1")
    assert bytes_of(tmp_path / "run-1") == bytes_of(small / "golden-clients" / "run-1")


def test_update_follows_changes(small, tmp_path):
    here = tmp_path / "here"
    update.update(small, here)
    (small / "golden-clients" / "run-1" / "in" / "x.json").write_text("[2]")
    (small / "golden" / "B.json").write_text("{}")
    (small / "golden-http" / "b.json").unlink()
    wanted = (["clients/run-1.tar.gz"], ["vectors/B.json.gz"], ["conversations/b.json.gz"])
    assert update.differences(small, here) == wanted
    assert update.update(small, here) == wanted
    assert not any(update.differences(small, here))


def test_the_check_changes_nothing_and_says_what_it_found(small):
    script = [sys.executable, str(update.HERE / "update.py"), "--check", "--shared"]
    before = bytes_of(update.HERE)
    done = subprocess.run([*script, str(small)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "missing: vectors/A.json.gz\n" in done.stdout
    assert "gone: vectors/AffineModel2D.json.gz\n" in done.stdout
    shutil.rmtree(small / "golden")
    refused = subprocess.run([*script, str(small)], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "lacks golden" in refused.stderr
    assert {path: data for path, data in bytes_of(update.HERE).items() if path in before} == before


def test_a_run_is_found_where_the_clone_stands_alone(monkeypatch, tmp_path):
    monkeypatch.setattr("tests.shared.SHARED", None)
    name = sorted(copies("clients", ".tar.gz"))[0]
    folder = client_run(name, tmp_path)
    assert (folder / "case.json").is_file()
    assert any((folder.parent / "pictures").iterdir())


def test_new_recordings_beside_the_clone_are_found(monkeypatch, small):
    monkeypatch.setattr("tests.shared.SHARED", small)
    assert golden_names.__wrapped__() == sorted(copies("vectors", ".json.gz") | {"A"})
    assert conversation_names.__wrapped__() == sorted(copies("conversations", ".json.gz") | {"b"})
    assert client_runs.__wrapped__() == sorted(copies("clients", ".tar.gz") | {"run-1"})
    assert conversation("b") == {"cases": ["golden-http/b.json"], "steps": []}
    assert client_run("run-1", small) == small / "golden-clients" / "run-1"
    assert conversation_pictures() == small / "golden-http" / "files"
