"""A stack of a service as source and sink, on the embedded service."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

from render_io import resolvedtiles, stack, stores
from render_io._requests import store
from render_io.errors import StoreError
from render_io.stores import Section, open_sink, open_source

SHARED = {
    "L": {"type": "leaf", "id": "L", "className": "mpicbg.trakem2.transform.AffineModel2D", "dataString": "1 0 0 1 5 6"}
}


def tile(name, z, **members):
    reference = {"type": "list", "specList": [{"type": "ref", "refId": "L"}]}
    return {"tileId": name, "z": z, "width": 20.0, "height": 10.0, "transforms": reference} | members


def section(z, names="ab"):
    return Section(z, [tile(f"{name}{z}", z) for name in names], dict(SHARED), f"z{z}")


@pytest.fixture
def address(embedded, request):
    owner = "S" + "".join(c for c in request.node.name if c.isalnum())
    return f"render://{embedded.host}:{embedded.port}/{owner}/p/s"


def where(address):
    parsed = store.StackAddress.parse(address)
    host, _, rest = parsed.url.removeprefix("http://").partition("/render-ws/v1/owner/")
    name, port = host.split(":")
    return {"host": name, "port": int(port), "owner": rest.split("/")[0], "project": "p"}


def fill(address, *sections, **how):
    with open_sink(address, **how) as sink:
        for each in sections:
            sink.write(each)
        sink.finish()


def test_what_goes_in_comes_out(address):
    fill(address, section(1.5), section(2))
    source = open_source(address)
    assert source.parts() == ["1.5", "2.0"]
    found = list(source)
    assert [each.z for each in found] == [1.5, 2.0]
    assert [each.tile_ids for each in found] == [["a1.5", "b1.5"], ["a2", "b2"]]
    assert found[0].transforms == SHARED
    assert found[0].tilespecs[0]["transforms"] == tile("x", 1)["transforms"]
    assert [found[0].tilespecs[0][side] for side in ("minX", "minY", "maxX", "maxY")] == [5.0, 6.0, 25.0, 16.0]
    assert stack.get_full_stack_metadata("s", **where(address))["state"] == "COMPLETE"


def test_a_section_read_goes_to_a_file_and_back(address, tmp_path):
    fill(address, section(1))
    with open_sink(tmp_path / "copy.json") as sink:
        for each in open_source(address):
            sink.write(each)
        sink.finish()
    (copy,) = open_source(tmp_path / "copy.json")
    (original,) = open_source(address)
    assert (copy.tilespecs, copy.transforms) == (original.tilespecs, original.transforms)


def test_boxes_that_are_there_are_kept(address):
    box = {"minX": 1.5, "minY": 2.0, "maxX": 3.0, "maxY": 4.0}
    fill(address, Section(1, [tile("t", 1, **box)], dict(SHARED)))
    (found,) = open_source(address)
    assert {side: found.tilespecs[0][side] for side in box} == box


def test_a_stack_with_tiles_is_not_overwritten_unless_asked(address):
    fill(address, section(1), section(2))
    with pytest.raises(StoreError, match="--overwrite"):
        open_sink(address)
    fill(address, section(1, "c"), section(3), overwrite=True)
    assert [each.tile_ids for each in open_source(address)] == [["c1"], ["a3", "b3"]]
    assert open_sink(address, overwrite=True).parallel is False


def test_an_interrupted_run_goes_on(address):
    sink = open_sink(address)
    sink.write(section(1))
    half = {"transformIdToSpecMap": SHARED, "tileIdToSpecMap": {"a2": tile("a2", 2)}}
    resolvedtiles.put_tilespecs("s", resolvedtiles.ResolvedTiles(json=half), **where(address))
    with open_sink(address, resume=True) as again:
        assert again.has(section(1))
        assert not again.has(section(2))
        assert not again.has(section(3))
        assert not again.has(section(1, "abc"))
        for wrong in ({"a": 1}, [], 5, None):
            odd = Section(2, [tile("a2", 2), tile("b2", 2) | {"tileId": wrong}], dict(SHARED))
            assert not again.has(odd)
            with pytest.raises(StoreError, match="expected a tile id"):
                again.write(odd)
        again.write(section(2))
        again.finish()
    assert [each.tile_ids for each in open_source(address)] == [["a1", "b1"], ["a2", "b2"]]
    with open_sink(address, resume=True) as last:
        last.write(section(2, "b"))
        last.finish()
    assert [each.tile_ids for each in open_source(address)] == [["a1", "b1"], ["b2"]]


def test_workers_write_by_copies(address):
    with open_sink(address) as sink:
        assert sink.parallel
        copies = [pickle.loads(pickle.dumps(sink)) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda pair: pair[0].write(section(pair[1])), zip(copies, range(1, 5), strict=True)))
        sink.finish()
    source = pickle.loads(pickle.dumps(open_source(address)))
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda part: next(source.read(part)), source.parts()))
    assert [each.z for each in read] == [1.0, 2.0, 3.0, 4.0]


def test_failures_name_the_stack(address):
    with pytest.raises(StoreError, match="does not exist"):
        open_source(address).parts()
    fill(address, section(1))
    with pytest.raises(StoreError, match=r"does not contain any tiles|no tile specifications"):
        list(open_source(address).read("9"))
    with pytest.raises(StoreError, match="more than 10 bytes"):
        list(open_source(address, max_bytes=10))
    sink = open_sink(address, resume=True)
    sink.write(section(4))
    with pytest.raises(StoreError, match="written already"):
        sink.write(section(4))
    with pytest.raises(StoreError, match="has no z"):
        sink.write(Section(None, [tile("t", None)], dict(SHARED)))
    with pytest.raises(StoreError, match="not among those given"):
        sink.write(Section(5, [tile("t", 5)]))
    assert open_sink(address, resume=True).write(Section(6, [])) is None


def test_an_empty_stack_is_left_loading(address):
    fill(address)
    assert stack.get_full_stack_metadata("s", **where(address))["state"] == "LOADING"


@pytest.mark.parametrize(
    "rest", ["h/o/p", "h:80/o/p/s/x", "/o/p/s", "h:many/o/p/s", "h/o//s", "h/o/p/s?x=1", "h/o/p/.."]
)
def test_addresses_that_name_no_stack(rest):
    with pytest.raises(StoreError, match=r"address|part of"):
        stores.open_source(f"render://{rest}")


def test_credentials_of_an_address_are_sent_and_not_shown(service):
    service.always([], 200)
    address = store.StackAddress.parse(f"render://me:top%2Fsecret@127.0.0.1:{service.port}/o/p/s")
    assert "secret" not in f"{address!r}{address.url}{address.text}"
    assert store.RenderSource(address).parts() == []
    assert service.last.headers["Authorization"].startswith("Basic ")
    service.always("no", 403)
    with pytest.raises(StoreError) as caught:
        store.RenderSource(address).parts()
    assert "secret" not in str(caught.value)
    assert store.StackAddress.parse("render+https://h/o/p/s").url == "https://h/render-ws/v1/owner/o/project/p/stack/s"
    assert "[::1]:80" in store.StackAddress.parse("render://[::1]:80/o/p/s").url
