"""Query options of drawing: channels and weights, and the members that render parameters have."""

from __future__ import annotations

import json

import pytest

from render_io.server.answers import BadRequest, Failure
from render_io.server.render_options import RenderOptions, Window, check_channels, render_parameters
from render_io.server.routing import Call


def options(query=""):
    return RenderOptions.of(Call(None, {}, "", query.encode(), {}, b""))


@pytest.mark.parametrize(
    "text", ["A", "", "A_B", "A B", "A__1.0", "A__0.7__B__0.3", "A__0.5__B", "A__", "A__-1__B__2", "A__NaN", "A__1d"]
)
def test_channels_that_are_fine(text):
    check_channels(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "A__0.5__B__0.500001",
            "Channel B weight 0.500001 is too large.  The sum of all weights must be less than or equal to 1.0."
            "  Current weights are: {A=0.5}",
        ),
        ("A__2", "Channel A weight 2.0 is too large.  .*{}"),
        ("A__0.5__B__0.25__C__1e8", "Channel C weight 1.0E8 is too large.  .*{A=0.5, B=0.25}"),
        ("A__x", 'For input string: "x"'),
        ("A____B", "empty String"),
    ],
)
def test_channels_that_are_refused(text, told):
    with pytest.raises(BadRequest, match=told.replace("{", r"\{").replace("}", r"\}")):
        check_channels(text)


def test_nothing_but_separators_is_no_channel():
    with pytest.raises(Failure, match="Index 0 out of bounds for length 0"):
        check_channels("__")


def test_every_member_has_its_default():
    answer = render_parameters(Window(1.5, -2.0, 3, 4), options(), None, ['{"tileId":"a"}', '{"tileId":"b"}'])
    assert json.loads(answer.body) == {
        "meshCellSize": 64.0,
        "minMeshCellSize": 0.0,
        "x": 1.5,
        "y": -2.0,
        "width": 3,
        "height": 4,
        "scale": 1.0,
        "areaOffset": False,
        "convertToGray": False,
        "quality": 0.85,
        "numberOfThreads": 1,
        "skipInterpolation": False,
        "binaryMask": False,
        "excludeMask": False,
        "doFilter": False,
        "addWarpFieldDebugOverlay": False,
        "fillWithNoise": False,
        "tileSpecs": [{"tileId": "a"}, {"tileId": "b"}],
        "minBoundsMeshCellSize": 64.0,
    }


def test_options_become_members_and_the_scale_of_the_query_wins():
    asked = options(
        "scale=.5&scale=3&filter=True&binaryMask=TRUE&excludeMask=1&convertToGray=true&fillWithNoise=yes"
        "&minIntensity=10&maxIntensity=-Infinity&channels=A__0.5&quality=0.1"
    )
    found = json.loads(render_parameters(Window(0.0, 0.0, 1, 1, 2.0), asked, None, []).body)
    assert found["tileSpecs"] == []
    assert {name: found[name] for name in ("scale", "doFilter", "binaryMask", "excludeMask", "convertToGray")} == {
        "scale": 0.5,
        "doFilter": True,
        "binaryMask": True,
        "excludeMask": False,
        "convertToGray": True,
    }
    assert (found["fillWithNoise"], found["quality"], found["channels"]) == (False, 0.85, "A__0.5")
    assert (found["minIntensity"], found["maxIntensity"]) == (10.0, "-Infinity")


def test_filter_lists_are_not_found():
    with pytest.raises(BadRequest, match="Filter list with name '' not found"):
        render_parameters(Window(0.0, 0.0, 1, 1), options("filterListName="), None, [])
