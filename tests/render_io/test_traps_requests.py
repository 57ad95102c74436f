"""The numbered traps of renderapi 2.4.2 that concern connections, stacks, tiles and images: one test for each."""

from __future__ import annotations

import inspect
import io
import logging
import re
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from render_io import http, image, render, resolvedtiles, stack, tilespec
from render_io._requests.access import connected
from render_io.errors import ClientScriptError, RenderError, RequestError
from render_io.render import Render, RenderClient
from render_io.tilespec import TileSpec

pytestmark = pytest.mark.usefixtures("quick_retries")

ENVIRONMENT = ("HOST", "PORT", "OWNER", "PROJECT", "CLIENT_SCRIPTS", "CLIENT_SCRIPT", "CLIENT_HEAP")


@pytest.fixture
def no_environment(monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.delenv(f"RENDER_{name}", raising=False)
        monkeypatch.delenv(f"DEFAULT_RENDER_{name}", raising=False)


def png(shape=(3, 4)) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.zeros(shape, np.uint8)).save(stream, "png")
    return stream.getvalue()


def test_T01_fractional_z_and_coordinates_are_sent_in_full(service):
    from render_io import coordinate

    r = service.render()
    service.always(png())
    image.get_bb_image("s", 1.5, 0.25, -0.75, 10, 10, render=r)
    assert service.last.path == "/owner/o/project/p/stack/s/z/1.5/box/0.25,-0.75,10,10,1.0/png-image"
    service.always({"tileSpecs": []})
    image.get_bb_renderparams("s", 2.7, 1e-7, 1e7 + 0.1, 10, 10, render=r)
    assert service.last.parts[-4:-1] == ["2.7", "box", "1e-07,10000000.1,10,10,1.0"]
    tilespec.get_tile_specs_from_box("s", 1 / 3, 0.5, 0, 9.2, 10, render=r)
    assert service.last.parts[-4:-1] == ["0.3333333333333333", "box", "0.5,0,10,10,1.0"]
    service.always([])
    coordinate.world_to_local_coordinates("s", np.float64(1.5), np.float64(1e-7), 2, render=r)
    assert service.last.parts[-3:] == ["1.5", "world-to-local-coordinates", "1e-07,2"]


def test_T05_tile_images_are_normalised_by_default(service):
    service.always(png())
    image.get_tile_image_data("s", "t", render=service.render())
    assert service.last.query == [("normalizeForMatching", "true")]
    image.get_tile_image_data("s", "t", excludeAllTransforms=True, render=service.render())
    assert ("excludeAllTransforms", "true") in service.last.query


def test_T06_image_functions_raise(service):
    service.always("tile spec with id 't' does not exist", 404)
    r = service.render()
    for draw in (
        lambda: image.get_bb_image("s", 1, 0, 0, 5, 5, render=r),
        lambda: image.get_tile_image_data("s", "t", render=r),
        lambda: image.get_section_image("s", 1, render=r),
        lambda: image.get_renderparameters_image({}, render=r),
    ):
        with pytest.raises(RequestError, match="does not exist") as caught:
            draw()
        assert caught.value.status == 404


def test_T07_a_tile_that_cannot_be_read_raises(service):
    r = service.render()
    for status in (404, 500):
        service.always("no", status)
        with pytest.raises(RequestError) as caught:
            tilespec.get_tile_spec("s", "t", render=r)
        assert caught.value.status == status
    with pytest.raises(RequestError):
        tilespec.get_tile_spec_or_none("s", "t", render=r)
    service.always("no", 404)
    assert tilespec.get_tile_spec_or_none("s", "t", render=r) is None


def test_T12_boxes_are_sent_when_they_are_not_derived(service):
    service.always(b"", 201)
    tile = TileSpec(tileId="t", z=1, width=5, height=5, minX=1, minY=2, maxX=6, maxY=7)
    resolvedtiles.put_tilespecs("s", tilespecs=[tile], deriveData=False, render=service.render())
    sent = service.last.json["tileIdToSpecMap"]["t"]
    assert [sent[side] for side in ("minX", "minY", "maxX", "maxY")] == [1, 2, 6, 7]
    assert service.last.query == [("deriveData", "false")]


def test_T13_parts_of_a_version_can_be_set_alone(embedded):
    where = {"host": embedded.host, "port": embedded.port, "owner": "T13", "project": "p"}
    stack.create_stack("s", **where)
    tile = TileSpec(tileId="t", z=1, width=5, height=5)
    resolvedtiles.put_tilespecs("s", tilespecs=[tile], **where)
    stack.set_stack_state("s", "COMPLETE", **where)
    stack.set_resolution_values("s", [4.0, 4.0, np.float32(35)], **where)
    stack.set_cycle("s", 3, 2, **where)
    stack.set_mipmap_path_builder("s", {"rootPath": "/m", "numberOfLevels": 2, "extension": "png"}, **where)
    stack.set_default_channel("s", "DAPI", **where)
    metadata = stack.get_full_stack_metadata("s", **where)
    assert metadata["state"] == "COMPLETE"
    assert metadata["stats"]["tileCount"] == 1
    version = stack.get_stack_metadata("s", **where)
    assert (version.stackResolutionX, version.stackResolutionZ, version.cycleNumber) == (4.0, 35.0, 3)
    assert version.defaultChannel == "DAPI"
    assert version.mipmapPathBuilder["rootPath"] == "/m/"
    assert "NEW version" in stack.create_stack.__doc__
    assert "NEW version" in stack.set_stack_metadata.__doc__


def test_T14_connection_arguments_in_the_wrong_place_are_refused(service):
    with pytest.raises(TypeError, match="can't be the host; its arguments are, in order: stack, project, host, port"):
        stack.get_z_values_for_stack("s", "http://localhost", 8080, "o", "p")
    with pytest.raises(TypeError, match="can't be the port"):
        stack.get_stack_bounds("s", "o", "p", "http://localhost", 8080)
    with pytest.raises(ValueError, match="render must be a Render"):
        stack.get_stack_bounds("s", render={"host": "h"})
    assert stack.get_z_values_for_stack("s", "p", "http://127.0.0.1", service.port, "o") == []
    assert service.last.parts == ["owner", "o", "project", "p", "stack", "s", "zValues"]


def test_T15_nothing_is_asked_on_standard_input(no_environment, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked"))
    for given, name in (({}, "HOST"), ({"host": "h"}, "PORT"), ({"host": "h", "port": 1}, "OWNER")):
        with pytest.raises(ValueError, match=f"RENDER_{name}"):
            render.connect(**given)
    with pytest.raises(RenderError, match="port: expected an integer"):
        render.connect("h", "many", "o", "p")
    typed = {"host": "h", "port": "8", "owner": "o", "project": "p"}
    monkeypatch.setattr("builtins.input", lambda text: typed[text.split()[-1][:-1]])
    assert render.connect(prompt=True).make_kwargs()["port"] == 8


def test_T16_web_only_needs_no_scripts(no_environment):
    connection = render.connect(host="h", port=1, owner="o", project="p", web_only=True)
    assert type(connection) is Render
    assert connection.DEFAULT_HOST == "http://h"


def test_T17_a_script_that_is_not_there_is_told_at_once(no_environment, tmp_path):
    where = {"host": "h", "port": 1, "owner": "o", "project": "p", "client_scripts": str(tmp_path / "none")}
    with pytest.raises(ClientScriptError, match="not a file"):
        render.connect(**where)
    assert type(render.connect(**where, web_only=True)) is Render
    assert render.connect(**where, validate_client=False).client_script.endswith("none/run_ws_client.sh")
    del where["client_scripts"]
    assert isinstance(render.connect(**where), RenderClient)
    assert render.connect(**where).client_script is None


def test_T27_a_section_without_tiles_is_an_empty_list(service):
    service.always([])
    assert tilespec.get_tile_specs_from_z("s", 1, render=service.render()) == []
    service.by_end(zValues=[1.0, 2.0])
    assert tilespec.get_tile_specs_from_stack("s", render=service.render()) == []


def test_T28_tile_ids_are_read_as_they_are(service):
    service.always(["it's", 'say "x"'])
    assert stack.get_stack_tileIds("s", render=service.render()) == ["it's", 'say "x"']
    service.always([], 404)
    with pytest.raises(RequestError):
        stack.get_stack_tileIds("s", render=service.render())


def test_T29_an_error_page_is_not_an_id(service):
    service.always("sorry", 500)
    with pytest.raises(RequestError, match="sorry"):
        stack.likelyUniqueId(render=service.render())
    service.always("5f2b8b1c0123456789abcdef")
    assert stack.likelyUniqueId(render=service.render()) == "5f2b8b1c0123456789abcdef"


def test_T30_a_clone_keeps_its_session_and_takes_only_what_it_knows(service):
    service.always(b"", 201)
    session = http.new_session()
    session.headers["X-Test"] = "mine"
    r = service.render(session=session)
    stack.clone_stack("a", "b", zs=[1.5], versionNotes="n", render=r)
    assert [asked.headers["X-Test"] for asked in service.asked] == ["mine", "mine"]
    assert service.asked[0].query == [("skipTransforms", "false"), ("z", "1.5")]
    assert set(service.asked[0].json) == {"createTimestamp", "versionNotes"}
    assert service.asked[1].parts[-3:] == ["b", "state", "COMPLETE"]
    with pytest.raises(TypeError, match="verionNotes"):
        stack.clone_stack("a", "b", verionNotes="n", render=r)
    with pytest.raises(RenderError, match="zs is empty"):
        stack.clone_stack("a", "b", zs=[], render=r)
    assert "keep their references" in stack.clone_stack.__doc__


def test_T35_every_component_is_escaped(service):
    service.always({"tileId": "a/b c#1?"})
    tilespec.get_tile_spec_raw("s", "a/b c#1?", render=service.render())
    assert service.last.path == "/owner/o/project/p/stack/s/tile/a%2Fb%20c%231%3F"
    assert service.last.query == []
    for bad in ("..", ".", ""):
        with pytest.raises(RenderError, match="can't be part of an address"):
            stack.get_full_stack_metadata(bad, render=service.render())
    with pytest.raises(RenderError, match="owner is missing"):
        stack.get_full_stack_metadata("s", host="h", project="p")


def test_T37_time_stamps_are_utc():
    stamp = stack.StackVersion().createTimestamp
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    assert abs((datetime.fromisoformat(stamp) - datetime.now(UTC)).total_seconds()) < 5


def test_T39_one_way_to_send(service):
    session, url = http.new_session(), f"http://127.0.0.1:{service.port}/render-ws/v1/x"
    http.rest_delete(session, url, params={"a": 1})
    assert service.last.query == [("a", "1")]
    for send in (http.post_json, http.put_json):
        send(session, url, {"n": np.int64(1), "x": np.float32(0.5), "b": np.bool_(True), "a": np.arange(2)})
        assert service.last.json == {"n": 1, "x": 0.5, "b": True, "a": [0, 1]}
        with pytest.raises(RenderError, match="finite"):
            send(session, url, [float("nan")])


def test_T48_older_names_of_stacks_and_images(service):
    service.always(2.0)
    with pytest.warns(DeprecationWarning, match="is now"):
        assert stack.get_z_value_for_section("s", "sec", render=service.render()) == 2.0
    service.always([])
    with pytest.warns(DeprecationWarning, match="is now"):
        assert stack.get_sectionData_for_stack("s", render=service.render()) == []
    service.always(png())
    with pytest.warns(DeprecationWarning, match="removeAllOption"):
        image.get_tile_image_data("s", "t", removeAllOption=True, render=service.render())
    assert ("excludeAllTransforms", "true") in service.last.query
    assert stack.StackVersion(createTimeStamp="2020-01-01T00:00:00.000Z").createTimestamp.startswith("2020")


def test_T62_unknown_keywords_are_refused(service):
    with pytest.raises(TypeError, match="did you mean 'host'"):
        Render(hots="h")
    with pytest.raises(TypeError, match="did you mean 'versionNotes'"):
        stack.create_stack("s", versionNote="n", render=service.render())
    with pytest.raises(TypeError, match="nonsense"):
        stack.get_stack_bounds("s", nonsense=1, render=service.render())
    with pytest.raises(TypeError):
        stack.StackVersion(cyclNumber=1)
    assert service.asked == []
    # What a connection's dictionary holds besides is no misspelling.
    service.always({})
    stack.get_stack_bounds("s", memGB="2G", client_scripts="/x", render=service.render())
    service.always(b"", 201)
    stack.create_stack("s", versionNotes="n", render=service.render())
    assert service.last.json["versionNotes"] == "n"


def test_T65_errors_have_a_structure(service):
    service.always("stack state is COMPLETE", 400)
    with pytest.raises(RequestError) as caught:
        http.put_json(None, f"http://127.0.0.1:{service.port}/render-ws/v1/x", {"payload": "secret stuff"})
    error = caught.value
    assert (error.status, error.body) == (400, "stack state is COMPLETE")
    assert error.url.endswith("/render-ws/v1/x")
    assert "payload" not in str(error)
    assert isinstance(error, RenderError)


def test_T66_scales_are_sent_in_full(service):
    service.always({"tileSpecs": []})
    tilespec.get_tile_specs_from_box("s", 1, 0, 0, 5, 5, scale=0.001, render=service.render())
    assert service.last.parts[-2] == "0,0,5,5,0.001"
    tilespec.get_tile_specs_from_minmax_box("s", 1, 0.5, 3.2, 1, 2, scale=1 / 3, render=service.render())
    assert service.last.parts[-2] == "0.5,1,3,1,0.3333333333333333"


def test_T68_every_write_reopens_a_complete_stack(embedded, caplog):
    where = {"host": embedded.host, "port": embedded.port, "owner": "T68", "project": "p"}
    stack.create_stack("s", **where)
    tiles = [TileSpec(tileId=f"t{z}", z=z, width=5, height=5) for z in (1, 2, 3)]
    resolvedtiles.put_tilespecs("s", tilespecs=tiles, **where)
    for write in (
        lambda: stack.delete_section("s", 1, **where),
        lambda: stack.delete_tile("s", "t2", **where),
        lambda: resolvedtiles.put_tilespecs("s", tilespecs=tiles[:1], **where),
    ):
        stack.set_stack_state("s", "COMPLETE", **where)
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            write()
        assert "re-opened" in caplog.text
        assert stack.get_full_stack_metadata("s", **where)["state"] == "LOADING"
    assert stack.get_stack_tileIds("s", **where) == ["t1", "t3"]
    stack.set_stack_state("s", "COMPLETE", **where)
    stack.set_stack_state("s", "READ_ONLY", **where)
    with pytest.raises(RequestError, match="READ_ONLY"):
        stack.delete_section("s", 1, **where)
    assert stack.get_full_stack_metadata("s", **where)["state"] == "READ_ONLY"


def test_functions_of_others_get_their_connection_too(service):
    @render.renderaccess
    def ask(what, host=None, port=None, session=None, render=None, **kwargs):
        return what, host, port, session, kwargs

    what, host, port, session, kwargs = ask("x", render=service.render(), more=1)
    assert (what, host, port) == ("x", "http://127.0.0.1", service.port)
    assert session is not None
    assert kwargs["owner"] == "o"
    assert kwargs["more"] == 1
    assert str(inspect.signature(ask)).startswith("(what, host=None")
    assert connected()(lambda stack, host=None, **kwargs: host)("s", "http://x") == "http://x"
