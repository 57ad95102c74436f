"""Names of any kind reach the service as they are, or are refused before anything is sent."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from render_io import pointmatch, resolvedtiles, stack, tilespec
from render_io.errors import RenderError, RequestError
from render_io.tilespec import TileSpec

# A slash can't be addressed at the service, escaped or not, and what follows a semicolon is a parameter there.
ids = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/\x00"), min_size=1, max_size=12)


def at(embedded, owner):
    return {"host": embedded.host, "port": embedded.port, "owner": owner}


@pytest.fixture(scope="module")
def names(embedded):
    where = at(embedded, "names") | {"project": "p"}
    stack.create_stack("s", **where)
    return where


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids)
def test_tile_ids_survive(names, tile_id):
    box = {"minX": 0, "minY": 0, "maxX": 1, "maxY": 1}
    tile = TileSpec(json={"tileId": tile_id, "z": 1.0, "width": 1, "height": 1} | box)
    resolvedtiles.put_tilespecs("s", tilespecs=[tile], deriveData=False, **names)
    if tile_id in (".", ".."):
        with pytest.raises(RenderError, match="can't be part of an address"):
            tilespec.get_tile_spec_raw("s", tile_id, **names)
        return
    assert tilespec.get_tile_spec_raw("s", tile_id, **names).tileId == tile_id
    stack.delete_tile("s", tile_id, **names)
    assert tilespec.get_tile_spec_or_none("s", tile_id, **names) is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids, ids)
def test_groups_and_ids_of_matches_survive(embedded, group, tile_id):
    where = at(embedded, "names")
    if {group, tile_id} & {".", ".."}:
        return
    ids_of = {"pGroupId": group, "pId": tile_id, "qGroupId": group, "qId": "other"}
    points = {"p": [[1.0], [2.0]], "q": [[3.0], [4.0]], "w": [1.0]}
    pointmatch.import_matches("c", [ids_of | {"matches": points}], **where)
    found = pointmatch.get_matches_from_tile_to_tile("c", group, "other", group, tile_id, **where)
    assert [{pair["pId"], pair["qId"]} for pair in found] == [{tile_id, "other"}]
    assert pointmatch.get_matches_involving_tile("c", group, tile_id, **where)
    pointmatch.delete_collection("c", **where)


@pytest.mark.parametrize("name", ["../../owners", "a b", "a__b", "a/b", "%2e%2e", "s?x=1", "s#x", "ä"])
def test_stack_names_can_not_lead_elsewhere(names, name):
    for ask in (stack.get_full_stack_metadata, stack.create_stack, stack.get_z_values_for_stack):
        with pytest.raises(RequestError) as caught:
            ask(name, **names)
        assert caught.value.status in (400, 404)
