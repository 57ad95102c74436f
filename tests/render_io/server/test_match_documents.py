"""Documents of point matches: order of p and q, number forms, several collections joined."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io.server.answers import BadRequest, BrokenStream, Failure, MalformedBody
from render_io.server.jackson import read_body
from render_io.server.match_documents import Pair, merge, pair_rows
from render_io.server.match_store import PairKey, ordered, utf16_order

IDS = {"pGroupId": "1", "pId": "a", "qGroupId": "2", "qId": "b"}


def rows_of(*pairs):
    return pair_rows(read_body(json.dumps(pairs).encode(), list[Pair | None]))


def document_of(pair):
    (row,) = rows_of(pair)
    return json.loads(row.document or row.brief)


def pair(matches, **ids):
    return IDS | ids | {"matches": matches}


def test_whole_numbers_become_doubles_and_the_count_is_that_of_the_weights():
    written = rows_of(pair({"p": [[1, 2], [3, 4]], "q": [[5, 6], [7, 8]], "w": [1, 0]}) | {"matchCount": 99})[0]
    assert written.document is not None
    assert b'"p":[[1.0,2.0],[3.0,4.0]]' in written.document
    assert json.loads(written.brief) == IDS | {"matchCount": 2}


def test_p_and_q_are_exchanged_with_their_points_but_not_the_consensus_data():
    sent = pair({"p": [[1], [2]], "q": [[3], [4]], "w": [0.5]}, pGroupId="9.0", qGroupId="10.0")
    sent |= {"consensusSetData": {"index": "3", "originalPId": 5, "other": 1}}
    assert document_of(sent) == {
        "pGroupId": "10.0",
        "pId": "b",
        "qGroupId": "9.0",
        "qId": "a",
        "consensusSetData": {"index": 3, "originalPId": "5"},
        "matches": {"p": [[3.0], [4.0]], "q": [[1.0], [2.0]], "w": [0.5]},
        "matchCount": 1,
    }


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ([None, 2], [0.0, 2.0]),
        (["1", " 2.5 ", ""], [1.0, 2.5, 0.0]),
        (["NaN", "-Infinity"], ["NaN", "-Infinity"]),
        ([10**400], ["Infinity"]),
    ],
)
def test_numbers_in_other_forms(sent, stored):
    assert document_of(pair({"p": [sent, None], "q": [], "w": []}))["matches"] == {
        "p": [stored, None],
        "q": [],
        "w": [],
    }


@pytest.mark.parametrize("row", [True, 1, "x", {"x": 1}, [True], ["one"], [[1]], ["0x10"]])
def test_rows_of_the_wrong_type_are_refused(row):
    with pytest.raises(MalformedBody):
        rows_of(pair({"p": [row], "q": [], "w": []}))


@pytest.mark.parametrize("name", IDS)
def test_a_missing_id_is_refused(name):
    with pytest.raises(BadRequest, match="missing required pGroupId, qGroupId, pId, and/or qId"):
        rows_of(pair({"w": []}) | {name: None})


@pytest.mark.parametrize("bad", [None, pair({}), pair({"p": [[1]], "q": [[1]]})])
def test_null_pairs_and_matches_without_weights_fail_without_a_text(bad):
    with pytest.raises(Failure) as caught:
        rows_of(bad)
    assert caught.value.answer().body == b""


def test_a_pair_without_matches_has_no_document():
    (row,) = rows_of(IDS)
    assert row.document is None
    assert json.loads(row.brief) == IDS | {"matchCount": 0}


@given(st.tuples(*[st.text(max_size=4)] * 4))
def test_either_order_of_two_tiles_has_the_same_key(ids):
    p_group, p_id, q_group, q_id = ids
    flip, key = ordered(p_group, p_id, q_group, q_id)
    assert ordered(q_group, q_id, p_group, p_id)[1] == key
    assert key == (PairKey(q_group, p_group, q_id, p_id) if flip else PairKey(p_group, q_group, p_id, q_id))


@given(st.text(max_size=5), st.text(max_size=5))
def test_texts_are_ordered_by_their_utf16_units(a, b):
    def units(text):
        return memoryview(text.encode("utf-16-be")).tolist()

    assert (utf16_order(a) < utf16_order(b)) == (units(a) < units(b))


# ---------------------------------------------------------------- merging


def entries(*pairs):
    rows = sorted(rows_of(*pairs), key=lambda row: row[:4])
    return iter([(PairKey(*row[:4]), row.document or row.brief) for row in rows])


def merged(*collections):
    return [json.loads(text) for text in merge([entries(*pairs) for pairs in collections])]


def points(*xs, **ids):
    return pair({"p": [list(xs), list(xs)], "q": [list(xs), list(xs)], "w": list(xs)}, **ids)


def test_points_are_joined_in_the_order_of_the_collections_and_pairs_sorted():
    found = merged([points(1.0), points(9.0, pId="z")], [points(2.0, 3.0)], [points(4.0), points(5.0, pId="A")])
    assert [(each["pId"], each["matches"]["w"], each["matchCount"]) for each in found] == [
        ("A", [5.0], 1),
        ("a", [1.0, 2.0, 3.0, 4.0], 4),
        ("z", [9.0], 1),
    ]


def test_the_consensus_data_of_the_first_stay():
    first, second = points(1.0) | {"consensusSetData": {"index": 0}}, points(2.0) | {"consensusSetData": {"index": 1}}
    assert merged([first], [second])[0]["consensusSetData"] == {"index": 0}
    assert merged([second], [first])[0]["consensusSetData"] == {"index": 1}
    assert "consensusSetData" not in merged([points(1.0)], [first])[0]


def test_a_first_copy_without_matches_takes_the_others():
    assert merged([IDS], [points(2.0)])[0]["matches"]["w"] == [2.0]


def test_surplus_dimensions_of_a_later_copy_are_dropped():
    flat = pair({"p": [[1]], "q": [[2]], "w": [1]})
    assert merged([flat], [points(3.0)])[0]["matches"] == {"p": [[1.0, 3.0]], "q": [[2.0, 3.0]], "w": [1.0, 3.0]}


@pytest.mark.parametrize("later", [IDS, pair({"p": [[1]], "q": [[2]], "w": [1]}), pair({"w": [1]})])
def test_a_later_copy_that_lacks_something_breaks_the_answer(later):
    with pytest.raises(BrokenStream):
        merged([points(1.0)], [later])
