"""JSON of render's objects, and the small helpers."""

from __future__ import annotations

import io
import json
import logging
import math
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io import utils
from render_io.errors import RenderError, SpecError
from render_io.layout import Layout
from render_io.tilespec import TileSpec
from tests.render_io.documents import exactly, tile, values


@given(values)
def test_text_is_that_of_the_standard_library(value):
    assert utils.renderdumps(value) == json.dumps(value)
    assert utils.renderdumps(value, indent=2, sort_keys=True) == json.dumps(value, indent=2, sort_keys=True)


def test_objects_are_written_by_what_they_say():
    spec = TileSpec(json=tile("t"))
    assert exactly(json.loads(utils.renderdumps([spec, {"a": spec.layout}]))) == exactly([tile("t"), {"a": {}}])
    assert utils.renderdumps(Layout(sectionId="1")) == '{"sectionId": "1", "pixelsize": 0.1}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int16(3), "3"),
        (np.float32(0.5), "0.5"),
        (np.float64(0.1), "0.1"),
        (np.longdouble(0.25), "0.25"),
        (np.bool_(True), "true"),
        (np.array([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
        (np.array(7.5), "7.5"),
        (np.array([True]), "[true]"),
        ({"x": np.arange(2, dtype=np.uint8)}, '{"x": [0, 1]}'),
    ],
)
def test_T40_D29_numpy_values_are_written(value, text):
    assert utils.renderdumps(value) == text
    assert json.dumps(value, cls=utils.RenderEncoder) == text


def test_T40_a_set_is_a_list():
    assert utils.renderdumps({"ab", "cd"}) == '["ab", "cd"]'
    assert utils.renderdumps(frozenset([2, 1])) == "[1, 2]"


def test_plain_objects_are_written_by_their_attributes_and_others_refused():
    class Plain:
        def __init__(self):
            self.a = 1

    assert utils.renderdumps(Plain()) == '{"a": 1}'
    for value in (b"bytes", lambda: 1, Plain, object()):
        with pytest.raises(SpecError, match="can't be written as JSON"):
            utils.renderdumps({"x": value})


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.float32("nan"), np.array([1.0, np.nan])])
def test_T40_D30_nan_is_never_written(number, tmp_path):
    with pytest.raises(SpecError, match="JSON"):
        utils.renderdumps({"a": [number]})
    with pytest.raises(ValueError, match="JSON compliant"):
        json.dumps({"a": number}, cls=utils.RenderEncoder)
    with pytest.raises(SpecError), (tmp_path / "a.json").open("w") as stream:
        utils.renderdump({"long": list(range(1000)), "a": number}, stream)
    assert (tmp_path / "a.json").read_text() == ""


def test_cycles_are_refused():
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(SpecError):
        utils.renderdumps(loop)


def test_streams():
    for call in (lambda s: utils.renderdump([1], s), lambda s: utils.renderdump([1], fp=s)):
        stream = io.StringIO()
        call(stream)
        assert stream.getvalue() == "[1]"
    stream = io.StringIO()
    utils.renderdump([1], stream, indent=1)
    assert stream.getvalue() == "[\n 1\n]"


def test_T49_temporary_files_do_not_stay_after_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = Path(utils.renderdump_temp([TileSpec(json=tile("t"))], indent=1))
    assert path.suffix == ".json"
    assert json.loads(path.read_text()) == [tile("t")]
    path.unlink()
    with pytest.raises(SpecError):
        utils.renderdump_temp(math.nan)
    monkeypatch.setattr(utils, "renderdump", lambda *args: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        utils.renderdump_temp([1])
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_T56_only_truth_values_are_truth_values():
    assert [utils.jbool(value) for value in (True, False, np.bool_(True), np.bool_(False))] == [
        "true", "false", "true", "false",
    ]  # fmt: skip
    for value in ("false", "true", 0, 1, None, [], np.array([True])):
        with pytest.raises(RenderError, match="expected True or False"):
            utils.jbool(value)


def test_T57_all_handlers_are_removed():
    logger = logging.Logger("four")
    for _ in range(4):
        logger.addHandler(utils.NullHandler())
    utils.stripLogger(logger)
    assert logger.handlers == []


def test_the_null_handler_does_nothing(capsys):
    logger = logging.Logger("null")
    logger.addHandler(utils.NullHandler(level=0))
    logger.error("nothing")
    assert capsys.readouterr() == ("", "")


def test_defaults():
    assert utils.defaultifNone(0, 5) == 0
    assert utils.defaultifNone(None, 5) == 5
    assert utils.default_ifNone is utils.defaultifNone


def example(a, b, c=1, d=2, *, e=3):
    return a, b, c, d, e


def test_arguments_with_defaults_become_keywords():
    assert utils.fitargspec(example, (1, 2, 3), {"e": 9}) == ((1, 2), {"c": 3, "e": 9})
    assert utils.fitargspec(example, (1, 2), {}) == ((1, 2), {})
    assert utils.fitargspec(example, (1, 2, 3, 4, 5), {}) == ((1, 2, 3, 4, 5), {})
    assert utils.fitargspec(lambda x: x, (1,), {}) == ((1,), {})
    given = {"e": 1}
    utils.fitargspec(example, (1, 2, 3), given)
    assert given == {"e": 1}
    for args in [(1, 2, 3), (1, 2, 3, 4)]:
        new_args, new_kwargs = utils.fitargspec(example, args, {"e": 7})
        assert example(*new_args, **new_kwargs) == example(*args, e=7)


@given(st.lists(st.floats(allow_nan=False), max_size=30))
def test_blocks_of_doubles_come_back_bit_for_bit(numbers):
    array = np.array(numbers, dtype=np.float64)
    for source in (array, array.astype(">f8"), numbers):
        assert utils.decodeBase64(utils.encodeBase64(source)).tobytes() == array.tobytes()


def test_blocks_of_other_types_and_uncompressed_ones():
    assert utils.decodeBase64(utils.encodeBase64(np.arange(3, dtype=np.int32))).tolist() == [0.0, 1.0, 2.0]
    assert utils.decodeBase64("@P/AAAAAAAAA=").tolist() == [1.0]
    for broken in ("@P/AA", "not base64!", "AAAA", "@AAAA"):
        with pytest.raises(SpecError, match="base64 block"):
            utils.decodeBase64(broken)


def test_http_helpers_are_those_of_the_http_module():
    http = pytest.importorskip("render_io.http")
    for name in ("get_json", "post_json", "put_json", "rest_delete"):
        assert getattr(utils, name) is getattr(http, name)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = utils.no_such_name
    assert utils.requests_json is json
