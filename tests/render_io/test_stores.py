"""Stacks in files and directories: nothing lost, nothing half written, every fault told with its place."""

from __future__ import annotations

import gzip
import json
import pickle
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from render_io import _json, stores
from render_io.errors import SpecError, StoreError
from render_io.stores import Section, open_sink, open_source, register_scheme
from tests.render_io.documents import copy_stack, exactly, put, read, shared_documents, tile, tiles, values
from tests.shared import requires_shared


def resolved(*specs, **shared):
    return {"transformIdToSpecMap": shared, "tileIdToSpecMap": {spec["tileId"]: spec for spec in specs}}


# -- Nothing is lost ---------------------------------------------------------------------------------------------------


def is_stack(path: Path) -> bool:
    value = read(path)
    return "tileId" in (value[0] if isinstance(value, list) else value)


@requires_shared
@pytest.mark.parametrize("suffix", [".json", ".json.gz"])
def test_shared_stacks_come_back_as_they_are(tmp_path, suffix):
    stacks = [path for path in shared_documents() if is_stack(path)]
    assert stacks
    for path in stacks:
        copy_stack(path, tmp_path / (path.name.split(".")[0] + suffix))
        assert exactly(read(tmp_path / (path.name.split(".")[0] + suffix))) == exactly(read(path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(tiles(), max_size=5))
def test_any_array_of_tiles_comes_back_in_its_order(tmp_path, specs):
    source = put(tmp_path / "in.json", specs)
    copy_stack(source, tmp_path / "out.json", overwrite=True)
    assert exactly(read(tmp_path / "out.json")) == exactly(specs)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.dictionaries(st.text(max_size=4), tiles(z=st.sampled_from([1, 2.0, "x", None, True])), max_size=4),
    st.dictionaries(st.text(max_size=4), st.dictionaries(st.text(max_size=3), values, max_size=2), max_size=2),
    st.dictionaries(st.text(max_size=4), values, max_size=2),
    st.booleans(),
)
def test_any_resolved_tiles_come_back_in_their_order(tmp_path, specs, shared, others, tiles_first):
    pairs = [("transformIdToSpecMap", shared), ("tileIdToSpecMap", specs)]
    document = dict(pairs[::-1] if tiles_first else pairs) | others
    source = put(tmp_path / "in.json", document)
    copy_stack(source, tmp_path / "out.json", overwrite=True)
    assert exactly(read(tmp_path / "out.json")) == exactly(document)


def test_a_file_is_split_by_z_and_put_together_in_the_order_it_had(tmp_path):
    specs = [tile("a", 2), tile("b", 1.0), tile("c", 2.0), tile("d", 1), tile("e", 1.5)]
    source = put(tmp_path / "in.json", specs)
    sections = list(open_source(source))
    assert [(section.z, section.tile_ids) for section in sections] == [(2, ["a", "c"]), (1.0, ["b", "d"]), (1.5, ["e"])]
    assert [section.name for section in sections] == ["z2", "z1", "z1.5"]
    with open_sink(tmp_path / "out.json") as sink:
        for section in reversed(sections):
            sink.write(section)
        sink.finish()
    assert exactly(read(tmp_path / "out.json")) == exactly(specs)


def test_a_directory_yields_its_files_in_natural_order_and_keeps_their_names(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    put(folder / "s10.json", [tile("x", 10)])
    put(folder / "s9.json", resolved(tile("y", 9), L={"className": "c", "dataString": ""}) | {"note": [1, 1.0]})
    (folder / "s11.json.gz").write_bytes(gzip.compress(json.dumps([tile("p", 11), tile("q", 12)]).encode()))
    put(folder / ".hidden.json", "not looked at")
    (folder / "notes.txt").write_text("not looked at")
    source = open_source(folder)
    assert source.parts() == ["s9.json", "s10.json", "s11.json.gz"]
    assert [section.name for section in source] == ["s9", "s10", "s11.z11", "s11.z12"]
    copy_stack(folder, tmp_path / "out")
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == ["s10.json", "s11.z11.json", "s11.z12.json", "s9.json"]
    assert exactly(read(out / "s9.json")) == exactly(read(folder / "s9.json"))
    assert exactly(read(out / "s11.z12.json")) == exactly([tile("q", 12)])
    copy_stack(out, tmp_path / "zipped", compress=True)
    assert exactly(read(tmp_path / "zipped" / "s9.json.gz")) == exactly(read(folder / "s9.json"))


def test_a_directory_goes_into_one_file_whatever_the_order_of_writing(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    lens = {"className": "c", "dataString": "1"}
    put(folder / "1.json", resolved(tile("a", 1), L=lens))
    put(folder / "2.json", resolved(tile("b", 2), tile("c", 3), L=lens, M=lens))
    put(folder / "3.json", [tile("d", 4)])
    sections = list(open_source(folder))
    for number, order in enumerate([sections, sections[::-1]]):
        with open_sink(tmp_path / f"{number}.json") as sink:
            for section in order:
                sink.write(section)
            sink.finish()
    whole = read(tmp_path / "0.json")
    assert exactly(whole) == exactly(resolved(tile("a", 1), tile("b", 2), tile("c", 3), tile("d", 4), L=lens, M=lens))
    assert exactly(read(tmp_path / "1.json")) == exactly(whole)


def test_shared_transforms_of_two_meanings_are_not_mixed(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    put(folder / "1.json", resolved(tile("a", 1), L={"className": "c", "dataString": "1"}))
    put(folder / "2.json", resolved(tile("b", 2), L={"className": "c", "dataString": "2"}))
    with pytest.raises(StoreError, match=r"transformIdToSpecMap.*'L'"):
        copy_stack(folder, tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()


def test_new_transforms_make_resolved_tiles_of_an_array(tmp_path):
    [section] = open_source(put(tmp_path / "in.json", [tile("a")]))
    shared = {"L": {"className": "c", "dataString": ""}}
    with open_sink(tmp_path / "out.json") as sink:
        sink.write(section.with_transforms(shared))
        sink.finish()
    assert read(tmp_path / "out.json") == resolved(tile("a"), **shared)


def test_dropped_tiles_leave_the_others_in_place(tmp_path):
    source = put(tmp_path / "in.json", [tile("a", 1), tile("b", 2), tile("c", 1), tile("d", 2)])
    with open_sink(tmp_path / "out.json") as sink:
        for section in open_source(source):
            kept = [index for index, name in enumerate(section.tile_ids) if name != "a"]
            sink.write(section.with_tilespecs([section.tilespecs[index] for index in kept], kept))
        sink.finish()
    assert [spec["tileId"] for spec in read(tmp_path / "out.json")] == ["b", "c", "d"]
    with pytest.raises(SpecError, match="expected 2 tile specs"):
        next(iter(open_source(source))).with_tilespecs([])


def test_documents_without_tiles_are_passed_on(tmp_path):
    for number, value in enumerate([[], resolved(L={"className": "c"}), {"tileIdToSpecMap": {}}]):
        copy_stack(put(tmp_path / "in.json", value), tmp_path / f"{number}.json")
        assert exactly(read(tmp_path / f"{number}.json")) == exactly(value)


def test_a_single_tile_is_a_stack_and_stays_one(tmp_path):
    source = put(tmp_path / "in.json", tile("a", transforms={"type": "list", "specList": []}))
    copy_stack(source, tmp_path / "out.json")
    copy_stack(source, tmp_path / "out")
    assert exactly(read(tmp_path / "out.json")) == exactly(read(tmp_path / "out" / "z1.json")) == exactly(read(source))
    put(tmp_path / "out" / "z2.json", [tile("b", 2)])
    copy_stack(tmp_path / "out", tmp_path / "both.json")
    assert [spec["tileId"] for spec in read(tmp_path / "both.json")] == ["a", "b"]


def test_sections_made_by_hand_are_taken(tmp_path):
    with open_sink(tmp_path / "out.json") as sink:
        sink.write(Section(1, [tile("a")], name="one"))
        sink.write(Section(2, [tile("b", 2)], name="two"))
        sink.finish()
    assert exactly(read(tmp_path / "out.json")) == exactly([tile("a"), tile("b", 2)])


# -- Sinks that exist, resuming ----------------------------------------------------------------------------------------


def test_an_existing_sink_is_not_touched_without_being_told_to(tmp_path):
    source = put(tmp_path / "in.json", [tile("a")])
    put(tmp_path / "old.json", [tile("old")])
    (tmp_path / "dir").mkdir()
    put(tmp_path / "dir" / "z1.json", [tile("old")])
    for name in ("old.json", "dir"):
        with pytest.raises(StoreError, match="exists; pass --overwrite"):
            open_sink(tmp_path / name)
    assert read(tmp_path / "old.json") == [tile("old")]
    copy_stack(source, tmp_path / "old.json", overwrite=True)
    assert read(tmp_path / "old.json") == [tile("a")]


def test_overwriting_a_directory_removes_the_old_sections_at_the_end_and_nothing_else(tmp_path):
    folder = tmp_path / "dir"
    folder.mkdir()
    for name in ("z1.json", "z7.json"):
        put(folder / name, [tile("old", 7)])
    put(folder / "settings.json", {"not": "a stack"})
    source = put(tmp_path / "in.json", [tile("a", 1), tile("b", 2)])
    with open_sink(folder, overwrite=True) as sink:
        for section in open_source(source):
            sink.write(section)
        assert (folder / "z7.json").exists()
        sink.finish()
    assert sorted(path.name for path in folder.iterdir()) == ["settings.json", "z1.json", "z2.json"]
    assert read(folder / "z1.json") == [tile("a", 1)]


def test_a_directory_can_be_rewritten_in_place(tmp_path):
    folder = tmp_path / "dir"
    folder.mkdir()
    put(folder / "two.json", [tile("a", 1), tile("b", 2)])
    put(folder / "one.json", [tile("c", 3)])
    copy_stack(folder, folder, overwrite=True)
    assert sorted(path.name for path in folder.iterdir()) == ["one.json", "two.z1.json", "two.z2.json"]


def test_resuming_a_directory_skips_what_is_whole(tmp_path):
    source = put(tmp_path / "in.json", [tile("a", 1), tile("b", 2), tile("c", 3), tile("d", 4)])
    folder = tmp_path / "dir"
    folder.mkdir()
    put(folder / "z1.json", [tile("a", 1, done=True)])
    put(folder / "z2.json", [tile("other", 2)])
    (folder / "z3.json").write_text('[{"tileId": "c", "z"')
    with open_sink(folder, resume=True) as sink:
        assert [sink.has(section) for section in open_source(source)] == [True, False, False, False]
    copy_stack(source, folder, resume=True)
    assert read(folder / "z1.json") == [tile("a", 1, done=True)]
    assert [read(folder / f"z{z}.json")[0]["tileId"] for z in (2, 3, 4)] == ["b", "c", "d"]


def test_resuming_a_file_keeps_what_it_has(tmp_path):
    source = put(tmp_path / "in.json", [tile("a", 1), tile("b", 2), tile("c", 1)])
    put(tmp_path / "out.json", [tile("a", 1, done=True), tile("c", 1, done=True)])
    copy_stack(source, tmp_path / "out.json", resume=True)
    assert exactly(read(tmp_path / "out.json")) == exactly([tile("a", done=True), tile("b", 2), tile("c", done=True)])


@pytest.mark.parametrize("name", ["out", "out.json"])
def test_tiles_without_a_usable_id_are_written_again(tmp_path, name):
    source = put(tmp_path / "in.json", [tile("a") | {"tileId": value} for value in ([1], None, 2)] + [{"z": 1}])
    copy_stack(source, tmp_path / name)
    copy_stack(source, tmp_path / name, resume=True)
    [section] = open_source(tmp_path / name)
    assert section.tile_ids == [[1], None, 2, None]


def test_two_sections_of_one_name_are_refused(tmp_path):
    for name in ("out", "out.json"):
        sink = open_sink(tmp_path / name)
        sink.write(Section(1, [tile("a")], name="same"))
        with pytest.raises(StoreError, match="two sections are named 'same'"):
            sink.write(Section(1, [tile("b")], name="same"))


@pytest.mark.parametrize("name", ["../../escape", "/etc/passwd", "a b?c", "", ".", "..", "x" * 500, "Größe", "a/../b"])
def test_names_of_files_are_safe_and_different(tmp_path, name):
    folder = tmp_path / "dir"
    sink = open_sink(folder)
    sink.write(Section(1, [tile("a")], name=name))
    sink.write(Section(1, [tile("a")], name=name + "!"))
    assert len(list(folder.iterdir())) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"dir"}
    assert len(open_source(folder).parts()) == 2


# -- Addresses, workers ------------------------------------------------------------------------------------------------


def test_addresses_go_to_the_module_of_their_scheme(monkeypatch):
    monkeypatch.setattr(stores, "_SCHEMES", dict(stores._SCHEMES))
    calls = []
    fake = type(sys)("fake_store")
    fake.open_source = lambda text, **options: calls.append((text, options)) or iter(())
    fake.open_sink = lambda text, **options: calls.append((text, options))
    monkeypatch.setitem(sys.modules, "fake_store", fake)
    register_scheme("fake", "fake_store")
    open_source("fake://host/stack", max_bytes=9)
    open_sink("FAKE://host/stack", resume=True)
    assert calls == [
        ("fake://host/stack", {"max_bytes": 9}),
        ("FAKE://host/stack", {"overwrite": False, "resume": True}),
    ]
    with pytest.raises(StoreError, match=r"can't open s3://.*fake://, render://, render\+https://"):
        open_source("s3://bucket/x.json")


def test_sources_and_directory_sinks_serve_workers(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for z in range(20):
        put(folder / f"{z}.json", [tile(f"t{z}", z)])
    source = pickle.loads(pickle.dumps(open_source(folder)))
    sink = open_sink(tmp_path / "out")
    assert sink.parallel
    assert not open_sink(tmp_path / "out.json").parallel

    def work(parts):
        copy = pickle.loads(pickle.dumps(sink))
        for part in parts:
            for section in pickle.loads(pickle.dumps(list(source.read(part)))):
                copy.write(section)

    parts = source.parts()
    threads = [threading.Thread(target=work, args=(parts[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sink.finish()
    assert open_source(tmp_path / "out").parts() == parts
    assert all(exactly(read(tmp_path / "out" / part)) == exactly(read(folder / part)) for part in parts)


def test_a_directory_is_read_one_file_at_a_time(tmp_path, monkeypatch):
    for z in range(3):
        put(tmp_path / f"{z}.json", [tile("t", z)])
    seen = []
    original = _json.loads
    monkeypatch.setattr(_json, "loads", lambda text: seen.append(1) or original(text))
    for count, _ in enumerate(open_source(tmp_path), 1):
        assert len(seen) == count
