"""The numbered traps of renderapi 2.4.2 that concern coordinates and point matches: one test for each."""

from __future__ import annotations

import json
import logging
import pickle

import numpy as np
import pytest

from render_io import coordinate, pointmatch
from render_io.coordinate import CoordinateError
from render_io.errors import RequestError, SpecError
from tests.render_io.answering import Reply

pytestmark = pytest.mark.usefixtures("quick_retries")


def match(p="a", q="b", groups=("1.0", "2.0"), points=((0.0, 1.0, 2.0), (3.0, 4.0, 5.0)), weights=(1, 1, 1)):
    sides = {side: [list(row) for row in points] for side in "pq"}
    ids = {"pGroupId": groups[0], "pId": p, "qGroupId": groups[1], "qId": q}
    return ids | {"matches": sides | {"w": list(weights)}}


def at(embedded, owner):
    return {"host": embedded.host, "port": embedded.port, "owner": owner}


def test_T25_refused_batches_raise(service):
    r = service.render()
    service.always([{"error": "looks like an answer"}], 400)
    for ask in (coordinate.local_to_world_coordinates_batch, coordinate.world_to_local_coordinates_batch):
        with pytest.raises(RequestError) as caught:
            ask("s", [{"tileId": "t", "local": [0, 0]}], 1, render=r)
        assert caught.value.status == 400
    service.always("no JSON", 200)
    with pytest.raises(RequestError, match="not JSON"):
        coordinate.world_to_local_coordinates_batch("s", [{"world": [0, 0]}], 1, render=r)
    service.always([])
    with pytest.raises(RequestError, match="each of 1 points, got 0 entries"):
        coordinate.world_to_local_coordinates_batch("s", [{"world": [0, 0]}], 1, render=r)


def test_T26_points_that_fail_are_told_and_the_others_kept(service):
    answer = [
        [{"tileId": "t", "visible": True, "local": [1.0, 2.0, 3.0]}],
        [{"tileId": "u", "local": [5.0, 6.0, 3.0]}],
        [{"world": [9.0, 9.0], "error": "no tile there"}],
    ]
    service.always(answer)
    with pytest.raises(CoordinateError, match="2 of 3 points") as caught:
        coordinate.world_to_local_coordinates_array("s", [[0, 0], [1, 1], [9, 9]], "t", 3, render=service.render())
    assert caught.value.indices == (1, 2)
    assert caught.value.errors == {1: "not in tile t, but in u", 2: "no tile there"}
    np.testing.assert_array_equal(caught.value.points, [[1, 2], [np.nan] * 2, [np.nan] * 2])
    assert pickle.loads(pickle.dumps(caught.value)).indices == (1, 2)
    service.always(
        [{"tileId": "t", "world": [1.0, 2.0, 3.0]}, {"tileId": "n", "local": [0, 0], "error": "no such tile"}]
    )
    with pytest.raises(CoordinateError, match="point 1: no such tile"):
        coordinate.local_to_world_coordinates_array("s", [[0, 0], [1, 1]], "t", 3, render=service.render())


def test_T31_all_pairs_of_a_group(embedded):
    where = at(embedded, "T31")
    pairs = [match("a", "b", ("9.0", "10.0")), match("a", "c", ("9.0", "9.0")), match("x", "y", ("7.0", "8.0"))]
    pointmatch.import_matches("c", pairs, **where)
    assert len(pointmatch.get_matches_with_group("c", "9.0", **where)) == 1
    found = pointmatch.get_matches_involving_group("c", "9.0", **where)
    assert sorted((m["pGroupId"], m["qGroupId"]) for m in found) == [("10.0", "9.0"), ("9.0", "9.0")]
    assert "get_matches_involving_group" in pointmatch.get_matches_with_group.__doc__


def test_T32_shapes_are_checked(service, caplog):
    r = service.render()
    bad = [
        match(weights=(1, 1)),
        match(points=((0.0, 1.0, 2.0), (3.0, 4.0))),
        match(points=((0.0, 1.0, 2.0),)),
        {"pId": "a", "qId": "b", "pGroupId": "1"},
        match() | {"matches": {"p": [[1], [2]], "q": [[1], [2]]}},
    ]
    for wrong in bad:
        with pytest.raises(SpecError, match=r"\[1\]"):
            pointmatch.import_matches("c", [match(), wrong], render=r)
    assert service.asked == []
    turned = match(points=[[0, 0], [1000, 1], [1000, 0], [0, 1000]], weights=[1] * 4)
    service.always(b"", 201)
    with caplog.at_level(logging.WARNING):
        pointmatch.import_matches("c", [turned, match()], render=r)
    assert "saved as 2 x 4" in caplog.text
    assert service.last.json[0]["matches"]["p"] == [[0, 1000, 1000, 0], [0, 1, 0, 1000]]
    assert service.last.json[1] == match()


def test_T33_matches_can_be_appended(embedded):
    where = at(embedded, "T33")
    pointmatch.append_matches("c", [match(groups=("2.0", "10.0"))], **where)
    pointmatch.append_matches("c", [match("b", "a", ("10.0", "2.0"), ((7.0,), (8.0,)), (0.5,))], **where)
    (stored,) = pointmatch.get_matches_from_tile_to_tile("c", "2.0", "a", "10.0", "b", **where)
    assert stored["matches"]["w"] == [1.0, 1.0, 1.0, 0.5]
    assert stored["matches"]["p"] == [[0.0, 1.0, 2.0, 7.0], [3.0, 4.0, 5.0, 8.0]]
    pointmatch.import_matches("c", [match(groups=("2.0", "10.0"))], **where)
    (stored,) = pointmatch.get_matches_from_tile_to_tile("c", "2.0", "a", "10.0", "b", **where)
    assert stored["matchCount"] == 3
    assert "REPLACED" in pointmatch.import_matches.__doc__


def test_T34_collections_to_merge_may_be_any_iterable_and_are_escaped(service):
    expected = "u?mergeCollection=a&mergeCollection=b%26c"
    for names in (("a", "b&c"), ["a", "b&c"], iter(["a", "b&c"])):
        assert pointmatch.add_merge_collections("u", names) == expected
    assert pointmatch.add_merge_collections("u", []) == pointmatch.add_merge_collections("u", None) == "u"
    assert pointmatch.add_merge_collections("u?x=1", "a") == "u?x=1&mergeCollection=a"
    pointmatch.get_matches_within_group("c", "1.0", mergeCollections=("d", "e"), render=service.render())
    assert service.last.query == [("mergeCollection", "d"), ("mergeCollection", "e")]
    service.answer = lambda asked: Reply({"c": ["2", "1"], "d": ["3", "1"]}[asked.parts[3]])
    assert pointmatch.get_match_groupIds_from_only("c", ["d"], render=service.render()) == ["1", "2", "3"]


def test_T59_swapping_exchanges_the_original_ids_too():
    pair = match() | {"consensusSetData": {"index": 1, "originalPId": "a0", "originalQId": "b0"}}
    swapped = pointmatch.swap_matchpair(pair)
    assert swapped["consensusSetData"] == {"index": 1, "originalPId": "b0", "originalQId": "a0"}
    assert (swapped["pId"], swapped["qGroupId"]) == ("b", "1.0")
    assert pointmatch.swap_matchpair(swapped) == pair
    without = {name: value for name, value in pair.items() if name != "matches"}
    assert "matches" not in pointmatch.swap_matchpair(without)


def test_T60_copies_share_nothing():
    pair = match()
    pair["matches"]["p"] = np.array(pair["matches"]["p"])
    copy = pointmatch.copy_match_explicit(pair)
    copy["matches"]["p"][0, 0] = 99
    copy["matches"]["q"][0][0] = 99
    assert pair["matches"]["p"][0, 0] == 0
    assert pair["matches"]["q"][0][0] == 0
    (other,) = pointmatch.copy_matches_explicit([pair])
    other["matches"]["w"].append(1)
    assert pair["matches"]["w"] == [1, 1, 1]
    swapped = pointmatch.swap_matchpair(pair)
    swapped["matches"]["p"][0][0] = 99
    assert pair["matches"]["q"][0][0] == 0


def test_T63_names_of_collections(embedded):
    where = at(embedded, "T63")
    pointmatch.import_matches("mine", [match()], **where)
    assert pointmatch.get_matchcollection_names(**where) == ["mine"]
    (collection,) = pointmatch.get_matchcollections(**where)
    assert collection == {"collectionId": {"owner": "T63", "name": "mine"}, "pairCount": 1}


def test_T64_deletions_return_the_answer(embedded):
    where = at(embedded, "T64")
    pointmatch.import_matches("c", [match()], **where)
    assert pointmatch.delete_point_matches_between_groups("c", "1.0", "2.0", **where).status_code == 200
    assert pointmatch.delete_collection("c", **where).status_code == 200


def test_many_matches_are_sent_in_portions(service, monkeypatch):
    from render_io import pointmatch as module

    monkeypatch.setattr(module, "_PAIRS_PER_REQUEST", 2)
    service.always(b"", 201)
    pairs = [match(p=str(index)) for index in range(5)]
    module.import_matches("c", pairs, render=service.render())
    assert [len(asked.json) for asked in service.asked] == [2, 2, 1]
    assert [pair for asked in service.asked for pair in asked.json] == json.loads(json.dumps(pairs))
    module.import_matches("c", [], render=service.render())
    assert service.last.json == []
