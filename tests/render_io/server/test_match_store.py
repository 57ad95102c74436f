"""The tables of point matches: what each query finds, compared with a plain filter over random pairs."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io.server import match_store
from render_io.server.database import Database
from render_io.server.match_store import PairRow, ordered

GROUPS, TILES = ("1.0", "10.0", "2.0"), ("a", "b", "ü")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    opened = Database(tmp_path_factory.mktemp("matches"), [match_store.SCHEMA])
    yield opened
    opened.close()


def row(p, q):
    _, key = ordered(*p, *q)
    return PairRow(*key, False, repr(key).encode(), None)


tiles = st.tuples(st.sampled_from(GROUPS), st.sampled_from(TILES))
pair_lists = st.lists(st.tuples(tiles, tiles).map(lambda pq: row(*pq)), max_size=25)


def sides(pair):
    return {(pair.p_group, pair.p_id), (pair.q_group, pair.q_id)}


QUERIES = {
    "p group": (match_store.of_p_group, lambda g, i, h, k: (g,), lambda p, g, i, h, k: p.p_group == g),
    "within": (match_store.within_group, lambda g, i, h, k: (g,), lambda p, g, i, h, k: p.p_group == g == p.q_group),
    "outside": (
        match_store.outside_group,
        lambda g, i, h, k: (g,),
        lambda p, g, i, h, k: (p.p_group == g) != (p.q_group == g),
    ),
    "groups": (
        match_store.between_groups,
        lambda g, i, h, k: (g, h),
        lambda p, g, i, h, k: {p.p_group, p.q_group} == {g, h},
    ),
    "tiles": (
        match_store.between_tiles,
        lambda g, i, h, k: (g, i, h, k),
        lambda p, g, i, h, k: sides(p) == {(g, i), (h, k)},
    ),
    "tile to group": (
        match_store.tile_to_group,
        lambda g, i, h, k: (g, i, h),
        lambda p, g, i, h, k: any(
            one == (g, i) and other[0] == h
            for one, other in [((p.p_group, p.p_id), (p.q_group, p.q_id)), ((p.q_group, p.q_id), (p.p_group, p.p_id))]
        ),
    ),
    "tile": (match_store.of_tile, lambda g, i, h, k: (g, i), lambda p, g, i, h, k: (g, i) in sides(p)),
}


@pytest.mark.parametrize("name", QUERIES)
@given(pairs=pair_lists, p=tiles, q=tiles)
def test_a_query_finds_and_removes_what_a_filter_finds_sorted_by_key(database, name, pairs, p, q):
    select, arguments, fits = QUERIES[name]
    wanted = select(*arguments(*p, *q))
    unique = {each[:4]: each for each in pairs}
    expected = [unique[key] for key in sorted(unique) if fits(unique[key], *p, *q)]
    with database.write() as connection:
        collection = match_store.make_collection(connection, "o", "c")
        match_store.save(connection, collection, pairs)
        found = list(match_store.read(connection, collection, wanted, brief=True))
        match_store.remove(connection, collection, wanted)
        left = [key for key, _ in match_store.read_keyed(connection, collection, every(), brief=True)]
        match_store.drop_collection(connection, collection)
    assert found == [each.brief for each in expected]
    assert left == sorted(unique.keys() - {each[:4] for each in expected})


def every():
    return match_store.Selection((("1 = 1", ()),))


def test_no_query_scans_and_those_of_groups_do_not_sort(database):
    """Each side of a query walks one index, in the order of the answer wherever many pairs are found."""
    arguments = dict(zip("gihk", ("1.0", "a", "2.0", "b"), strict=True))
    with database.read() as connection:
        for name, (select, pick, _) in QUERIES.items():
            statements = []
            connection.set_trace_callback(statements.append)
            list(match_store.read(connection, 1, select(*pick(**arguments)), brief=False))
            connection.set_trace_callback(None)
            plan = " ".join(step[3] for step in connection.execute("EXPLAIN QUERY PLAN " + statements[-1]))
            assert "USING INDEX" in plan
            assert "TEMP B-TREE" not in plan or "tile" in name
            assert "SCAN match_pair" not in plan


def test_equal_pairs_of_one_request_leave_the_last(database):
    first = row(("1.0", "a"), ("2.0", "b"))
    last = first._replace(brief=b"last")
    with database.write() as connection:
        collection = match_store.make_collection(connection, "o", "last")
        match_store.save(connection, collection, [first, last])
        assert list(match_store.read(connection, collection, every(), brief=True)) == [b"last"]
        assert match_store.collections(connection, "o") == [("last", 1)]
        match_store.drop_collection(connection, collection)


def test_group_ids_are_distinct_and_sorted_as_java_sorts(database):
    groups = ["\U0001f600", "\uffee", "b", "a"]
    with database.write() as connection:
        collection = match_store.make_collection(connection, "o", "groups")
        match_store.save(connection, collection, [row((g, "1"), (h, "2")) for g, h in product(groups, groups)])
        assert match_store.group_ids(connection, collection, "p_group", "q_group") == ["a", "b", "\U0001f600", "\uffee"]
        assert match_store.group_ids(connection, collection, "p_group", consensus_only=True) == []
        match_store.drop_collection(connection, collection)
