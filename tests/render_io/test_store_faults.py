"""Faults of files and of the system: every one told with its place, nothing half written."""

from __future__ import annotations

import errno
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from render_io import stores
from render_io._stores import files as _files
from render_io.errors import SpecError, StoreError
from render_io.stores import open_sink, open_source
from tests.render_io.documents import copy_stack, put, read, tile

# -- Faults of the system ----------------------------------------------------------------------------------------------


def test_an_unfinished_file_sink_writes_nothing(tmp_path):
    source = put(tmp_path / "in.json", [tile("a")])
    put(tmp_path / "out.json", [tile("old")])
    with open_sink(tmp_path / "out.json", overwrite=True) as sink:
        for section in open_source(source):
            sink.write(section)
    assert read(tmp_path / "out.json") == [tile("old")]


def failing(name, monkeypatch, code):
    def fail(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(*name, fail)


@pytest.mark.parametrize("name", [(os, "fsync"), (Path, "replace")], ids=["fsync", "replace"])
@pytest.mark.parametrize(
    ("code", "told"), [(errno.ENOSPC, "disk is full.*--resume"), (errno.EROFS, "read-only"), (errno.EIO, "error")]
)
def test_a_failure_while_writing_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, name, code, told):
    target = put(tmp_path / "a.json", [tile("old")])
    failing(name, monkeypatch, code)
    with pytest.raises(StoreError, match=rf"a\.json.*{told}") as caught:
        _files.replace_file(target, [b"new"])
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.store == str(target)
    monkeypatch.undo()
    assert read(target) == [tile("old")]
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=20), max_size=5), st.integers(0, 5), st.sampled_from([KeyboardInterrupt, SpecError]))
def test_content_that_fails_half_way_leaves_the_old_file(tmp_path, chunks, stop, kind):
    target = tmp_path / "a.json.gz"
    _files.replace_file(target, [b"old"])

    def content():
        yield from chunks[:stop]
        raise kind("stop")

    with pytest.raises(kind):
        _files.replace_file(target, content())
    assert gzip.decompress(target.read_bytes()) == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json.gz"]
    _files.replace_file(target, chunks)
    assert gzip.decompress(target.read_bytes()) == b"".join(chunks)


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from render_io.stores import Section, StoreError, open_sink
sink = open_sink(sys.argv[1])
sink.write(Section(1, [{"tileId": "a", "z": 1}], name="small"))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    sink.write(Section(1, [{"tileId": "b", "z": 1, "text": "x" * 10000}], name="large"))
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX thing")
def test_a_limit_of_the_system_is_told_and_leaves_whole_sections_only(tmp_path):
    folder = tmp_path / "dir"
    here = Path(stores.__file__).parents[1]
    command = [sys.executable, "-c", LIMITED, str(folder)]
    run = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True, timeout=120)
    assert "large.json" in run.stdout
    assert "larger than the system's limit" in run.stdout
    assert [path.name for path in folder.iterdir()] == ["small.json"]


def test_unwritable_sinks_are_told_before_any_work(tmp_path):
    plain = put(tmp_path / "plain.txt", "text")
    with pytest.raises(StoreError, match=r"not a directory|is a file"):
        open_sink(plain / "below" / "out.json")
    with pytest.raises(StoreError, match="it is a file"):
        open_sink(plain)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission_is_told_before_any_work(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="permission denied"):
        open_sink(tmp_path / "locked")


def test_a_link_keeps_pointing_to_what_is_written(tmp_path):
    put(tmp_path / "real.json", [])
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    copy_stack(put(tmp_path / "in.json", [tile("a")]), tmp_path / "link.json", overwrite=True)
    assert (tmp_path / "link.json").is_symlink()
    assert read(tmp_path / "real.json") == [tile("a")]


def test_the_same_content_is_the_same_file(tmp_path):
    source = put(tmp_path / "in.json", [tile("a")])
    for name in ("one.json.gz", "two.json.gz"):
        copy_stack(source, tmp_path / name)
    assert (tmp_path / "one.json.gz").read_bytes() == (tmp_path / "two.json.gz").read_bytes()


# -- Faults of the input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'[{"tileId": "a", "z', r"truncated.*line 1 column 20"),
        (b'[{"tileId": "a", "z": NaN}]', r"NaN and infinities.*column 23"),
        (b'[{"tileId": "a", "z": 1e999}]', r"infinity"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="deep-array"),
        (b"", "empty"),
        (b'"text"', r"expected an array of tile specs, or resolved tiles, got str 'text'"),
        (b"null", "got null"),
        (b'[{"tileId": "a"}, 7]', r"\[1\]: expected a tile spec, got int '7'"),
        (b'[{"tileId": "a"}, {"tileId": "b", "meta": 1e999}]', r"\[1\]: .*infinity"),
        (b'[{"tileId": "a"}, {"tileId": "\xff"}]', r"\[1\]: .*UTF-8"),
        (b'{"tileIdToSpecMap": {"a": {"z": 1, "meta": 1e999}}}', r"tileIdToSpecMap\.a: .*infinity"),
        (b'[{"matches": {}, "pId": "a"}]', r"\[0\]: expected a tile spec, got an object with members matches, pId"),
        (b'{"className": "c"}', "expected an array.*got an object with members className"),
        (b'{"tileIdToSpecMap": []}', "tileIdToSpecMap: expected an object, got an array"),
        (b'{"tileIdToSpecMap": {"a": null}}', r"tileIdToSpecMap\.a: expected a tile spec, got null"),
        (b'{"transformIdToSpecMap": {"L": 1}}', r"transformIdToSpecMap\.L: expected an object"),
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".json.gz"])
def test_bad_documents_are_refused_with_file_and_place(tmp_path, text, told, suffix):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(gzip.compress(text) if suffix.endswith("gz") else text)
    with pytest.raises(StoreError, match=rf"bad\.json.*{told}") as caught:
        list(open_source(path))
    assert caught.value.store == str(path)


def test_damaged_gzip_is_told_apart(tmp_path):
    path = tmp_path / "a.json.gz"
    whole = gzip.compress(json.dumps([tile(str(n)) for n in range(50)]).encode())
    for data, told in [(whole[:-20], "truncated"), (b"[]", "not a gzip"), (b"", "empty|truncated")]:
        path.write_bytes(data)
        with pytest.raises(StoreError, match=told):
            list(open_source(path))
    broken = bytearray(whole)
    broken[40] ^= 0xFF
    path.write_bytes(bytes(broken))
    with pytest.raises(StoreError):
        list(open_source(path))


def test_a_gzip_bomb_is_stopped_at_the_bound(tmp_path):
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b"[" + b" " * 10_000_000 + b"]"))
    assert path.stat().st_size < 20_000
    with pytest.raises(StoreError, match="more than 1000000 bytes"):
        list(open_source(path, max_bytes=1_000_000))
    assert len(list(open_source(path))) == 1


def test_a_plain_file_beyond_the_bound_is_refused(tmp_path):
    path = put(tmp_path / "a.json", [tile("a")])
    size = path.stat().st_size
    assert len(list(open_source(path, max_bytes=size))) == 1
    with pytest.raises(StoreError, match=f"more than {size - 1} bytes"):
        list(open_source(path, max_bytes=size - 1))


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_a_file_is_read_into_an_array_as_into_bytes(tmp_path, name):
    path, content = tmp_path / name, b"[1, 2]" * 1000
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    array = _files.read_array(path, len(content))
    assert array.tobytes() == content == _files.read_bytes(path, len(content))
    assert not array.flags.writeable
    with pytest.raises(StoreError, match="more than 5999 bytes"):
        _files.read_array(path, 5999)
    with pytest.raises(StoreError, match="no such file"):
        _files.read_array(tmp_path / "absent.json")


def test_what_has_no_size_is_read_into_an_array_too(tmp_path):
    path = tmp_path / "a.json"
    os.mkfifo(path)
    with subprocess.Popen([sys.executable, "-c", f"open({str(path)!r}, 'w').write('[1]')"]):
        assert _files.read_array(path).tobytes() == b"[1]"


def test_places_that_are_no_stack_are_told(tmp_path):
    with pytest.raises(StoreError, match="no such file"):
        open_source(tmp_path / "absent.json")
    with pytest.raises(StoreError, match=r"expected a \.json"):
        open_source(put(tmp_path / "notes.txt", []))
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match=r"no \.json"):
        list(open_source(tmp_path / "empty"))
    put(tmp_path / "empty" / "a.json", [])
    (tmp_path / "empty" / "a.json.gz").write_bytes(gzip.compress(b"[]"))
    with pytest.raises(StoreError, match=r"both a\.json and a\.json\.gz"):
        list(open_source(tmp_path / "empty"))


def test_numbers_that_are_none_are_not_written(tmp_path):
    [section] = open_source(put(tmp_path / "in.json", [tile("a")]))
    for name in ("out.json", "out"):
        sink = open_sink(tmp_path / name)
        bad = section.with_tilespecs([tile("a", minX=float("nan"))])
        with pytest.raises((SpecError, StoreError), match=r"tile a.*minX.*finite"):
            (sink.write(bad), sink.finish())
    assert not (tmp_path / "out.json").exists()
    assert list((tmp_path / "out").iterdir()) == []
