"""What renderapi sent to the real service, sent by ours: the same requests, and the recorded answers understood.

Two functions ask for something smaller than renderapi did and are left out: projects and stacks of an owner by
``projects`` and ``stackIds``, the section id of a z by its ``sectionData``.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from render_io import coordinate, pointmatch, render, resolvedtiles, stack, tilespec
from render_io.errors import RequestError
from tests.render_io.answering import Asked, Reply
from tests.shared import conversation


def number_or_text(word: str) -> Any:
    try:
        return float(word)
    except ValueError:
        return word


def normal(path: str) -> tuple[Any, ...]:
    """A path without its trailing slash, numbers as numbers."""
    return tuple(
        tuple(number_or_text(word) for word in part.split(",")) if "," in part else number_or_text(part)
        for part in path.strip("/").split("/")
    )


def without_time(body: Any) -> Any:
    return (
        {name: value for name, value in body.items() if name != "createTimestamp"} if isinstance(body, dict) else body
    )


class Recorded:
    """Answers with what was recorded for the same request, in order where it was asked more than once."""

    def __init__(self, name: str) -> None:
        self.steps = [
            step for step in conversation(name)["steps"] if "Content-Type" not in (step["request"].get("headers") or {})
        ]

    def __call__(self, asked: Asked) -> Reply:
        for index, step in enumerate(self.steps):
            if self._same(step["request"], asked):
                answer = self.steps.pop(index)["response"]
                body = answer.get("json", answer.get("text", b""))
                return Reply(body if "json" not in answer else json.dumps(body).encode(), answer["status"])
        raise AssertionError(f"never sent by renderapi: {asked.method} {asked.target} {asked.body!r}")

    @staticmethod
    def _same(recorded: dict[str, Any], asked: Asked) -> bool:
        path = "/".join(asked.parts)
        sent = json.loads(asked.body) if asked.body else None
        return (
            recorded["method"] == asked.method
            and normal(recorded["path"]) == normal(path)
            and sorted(map(tuple, recorded.get("query") or [])) == sorted(asked.query)
            and without_time(recorded.get("json")) == without_time(sent)
        )


@pytest.fixture
def played(service, request):
    name = request.param
    service.answer = Recorded(f"client-renderapi-{name}")
    return service.render(owner=f"cl_renderapi_{name}")


@pytest.mark.parametrize("played", ["guide"], indirect=True)
def test_the_life_of_a_stack(played):
    r = played
    resolution = {"stackResolutionX": 4.0, "stackResolutionY": 4.0, "stackResolutionZ": 35.0}
    stack.create_stack("v1", cycleNumber=1, cycleStepNumber=1, **resolution, render=r)
    assert stack.get_full_stack_metadata("v1", render=r)["state"] == "LOADING"
    stack.set_stack_state("v1", "COMPLETE", render=r)
    assert [m["stackId"]["stack"] for m in render.get_stack_metadata_by_owner(render=r)] == ["v1"]
    assert stack.get_stack_metadata("v1", render=r).stackResolutionZ == 35.0
    assert stack.get_z_values_for_stack("v1", render=r) == [1.0, 2.0]
    assert set(stack.get_stack_bounds("v1", render=r)) == {"minX", "minY", "minZ", "maxX", "maxY", "maxZ"}
    assert stack.get_bounds_from_z("v1", 1, render=r)["minZ"] == 1.0
    assert {box["z"] for box in stack.get_tilebounds_for_z("v1", 1.0, render=r)} == {1.0}
    assert stack.get_section_z_value("v1", "2.0", render=r) == 2.0
    assert {section["sectionId"] for section in stack.get_stack_sectionData("v1", render=r)} == {"1.0", "2.0"}
    assert "t1_0_0" in stack.get_stack_tileIds("v1", render=r)
    assert stack.likelyUniqueId(render=r) == "[0-9a-f]{24}"  # recorded as a pattern


@pytest.mark.parametrize("played", ["guide"], indirect=True)
def test_tiles(played):
    r = played
    assert tilespec.get_tile_spec("v1", "t1_0_0", render=r).tileId == "t1_0_0"
    with pytest.raises(RequestError) as caught:
        tilespec.get_tile_spec("v1", "nobody", render=r)
    assert caught.value.status == 404
    raw = tilespec.get_tile_spec_raw("v1", "t1_0_0", render=r).to_dict()
    assert any(spec["type"] == "ref" for spec in raw["transforms"]["specList"])
    assert tilespec.get_tile_spec_renderparameters("v1", "t1_0_0", render=r)["tileSpecs"][0]["tileId"] == "t1_0_0"
    assert {tile.z for tile in tilespec.get_tile_specs_from_z("v1", 1.0, render=r)} == {1.0}
    assert [tile.z for tile in tilespec.get_tile_specs_from_box("v1", 1, 0, 0, 500, 500, render=r)]
    assert tilespec.get_tile_specs_from_minmax_box("v1", 1, 900, 1200, 900, 1100, render=r)
    resolved = resolvedtiles.get_resolved_tiles_from_z("v1", 1.0, render=r)
    assert [tile.tileId for tile in resolved.tilespecs] == sorted(tile.tileId for tile in resolved.tilespecs)
    assert "L" in resolved.to_dict()["transformIdToSpecMap"]


@pytest.mark.parametrize("played", ["guide"], indirect=True)
def test_coordinates(played):
    r = played
    assert coordinate.world_to_local_coordinates("v1", 1, 600, 500, render=r)[-1]["visible"] is True
    assert coordinate.local_to_world_coordinates("v1", "t1_0_0", 10, 20, render=r)["tileId"] == "t1_0_0"
    points = [{"world": [600, 500]}, {"world": [99999, 5]}, {"world": [1000.5, 860.25]}]
    answers = coordinate.world_to_local_coordinates_batch("v1", points, 1.0, render=r)
    assert ["error" in answer[0] for answer in answers] == [False, True, False]
    local = coordinate.world_to_local_coordinates_array("v1", [[600, 500], [700, 800]], "t1_0_0", 1.0, render=r)
    assert local.shape == (2, 2)
    entries = [{"tileId": "t1_0_0", "local": [1.5, 2.5]}, {"tileId": "nobody", "local": [1, 2]}]
    assert "error" in coordinate.local_to_world_coordinates_batch("v1", entries, 1.0, render=r)[1]
    world = coordinate.local_to_world_coordinates_array(
        "v1", np.array([[1, 2], [500.25, 600.5]]), "t1_0_0", 1.0, render=r
    )
    assert np.isfinite(world).all()


@pytest.mark.parametrize("played", ["guide"], indirect=True)
def test_copies_and_deletions(played):
    r = played
    stack.clone_stack("v1", "v2", zs=[1.0], render=r)
    assert stack.get_z_values_for_stack("v2", render=r) == [1.0]
    stack.set_stack_state("v2", "LOADING", render=r)
    assert stack.delete_tile("v2", "t1_0_0", render=r).status_code == 200
    stack.rename_stack("v2", "v3", render=r)
    version = stack.StackVersion(cycleNumber=2, stackResolutionX=8.0, versionNotes="new")
    stack.set_stack_metadata("v1", version, render=r)
    with pytest.raises(RequestError, match="have not been stored"):
        [stack.get_stack_bounds("v1", render=r) for _ in range(2)]
    for name in ("v1", "v3", "v4"):
        stack.delete_stack(name, render=r)


@pytest.mark.parametrize("played", ["matches"], indirect=True)
def test_point_matches(service, played):
    r = played
    service.answer.steps[0]["request"]["json"] = sent = json.loads(
        json.dumps(service.answer.steps[0]["request"]["json"])
    )
    pointmatch.import_matches("pm", sent, render=r)
    assert pointmatch.get_matchcollection_names(render=r) == ["pm"]
    assert pointmatch.get_match_groupIds("pm", render=r)
    assert pointmatch.get_match_groupIds_from_only("pm", render=r)
    assert pointmatch.get_match_groupIds_to_only("pm", render=r)
    assert pointmatch.get_matches_within_group("pm", "1.0", render=r)
    outside = pointmatch.get_matches_outside_group("pm", "1.0", render=r)
    assert outside
    assert pointmatch.get_matches_from_group_to_group("pm", "1.0", "2.0", render=r) == outside
    assert len(pointmatch.get_matches_from_tile_to_tile("pm", "1.0", "a", "2.0", "d", render=r)) == 1
    assert pointmatch.get_matches_involving_tile("pm", "1.0", "b", render=r)
    assert pointmatch.get_matches_with_group("pm", "1.0", render=r)
    merged = pointmatch.get_matches_within_group("pm", "1.0", mergeCollections=["pm2"], render=r)
    assert len(merged) >= 2
    pointmatch.delete_point_matches_between_groups("pm", "1.0", "2.0", render=r)
    assert pointmatch.get_matches_outside_group("pm", "1.0", render=r) == []
    pointmatch.delete_collection("pm", render=r)
    with pytest.raises(RequestError, match="does not exist"):
        pointmatch.delete_collection("pm", render=r)


@pytest.mark.parametrize("played", ["workflow"], indirect=True)
def test_tiles_as_solvers_save_them(service, played):
    saved = next(s for s in service.answer.steps if s["request"].get("query") == [["deriveData", "true"]])
    document = resolvedtiles.ResolvedTiles(json=saved["request"]["json"])
    service.answer.steps = [step for step in service.answer.steps if step["response"]["status"] < 300]
    resolvedtiles.put_tilespecs("solved", document, render=played)
    assert stack.clone_stack("raw", "bare", skipTransforms=True, render=played).status_code == 201
