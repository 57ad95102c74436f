"""Endpoints of point matches: collections, their groups, pairs of tiles."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from render_io.server import match_store
from render_io.server.answers import Answer, BadRequest, Failure, Missing, json_answer, raw_json
from render_io.server.jackson import read_body
from render_io.server.match_documents import Pair, merge, pair_rows
from render_io.server.match_store import Selection
from render_io.server.names import MAX_COLLECTION, check_length, check_name
from render_io.server.routing import Call, ServiceRouter
from render_io.server.spec_model import Document

__all__ = ["router"]

COLLECTION = "/owner/{owner}/matchCollection/{name}"

router = ServiceRouter()


class CollectionName(Document):
    """Body of a rename."""

    owner: str | None = None
    name: str | None = None


def _checked(owner: str, name: str) -> tuple[str, str]:
    """Return owner and name of a collection, refused when they break the rules."""
    check_name("owner", owner)
    check_name("name", name)
    check_length(f"{owner}__{name}", MAX_COLLECTION, "match")
    return owner, name


def _named(call: Call) -> tuple[str, str]:
    return _checked(call.path["owner"], call.path["name"])


def _existing(connection: sqlite3.Connection, owner: str, name: str) -> int:
    found = match_store.collection_id(connection, owner, name)
    if found is None:
        raise Missing(f"match collection '{owner}__{name}' does not exist")
    return found


# ---------------------------------------------------------------- collections


@router.answers("GET", "/matchCollectionOwners")
def collection_owners(call: Call) -> Answer:
    """Owners that have collections."""
    with call.database.read() as connection:
        return json_answer(match_store.owners(connection))


@router.answers("GET", "/owner/{owner}/matchCollections")
def collections(call: Call) -> Answer:
    """Collections of an owner with their numbers of pairs; the owner is only compared."""
    owner = call.path["owner"]
    with call.database.read() as connection:
        found = match_store.collections(connection, owner)
    return json_answer([{"collectionId": {"owner": owner, "name": name}, "pairCount": count} for name, count in found])


@router.answers("DELETE", COLLECTION, produces=None)
def drop_collection(call: Call) -> Answer:
    """Remove a whole collection."""
    owner, name = _named(call)
    with call.database.write() as connection:
        match_store.drop_collection(connection, _existing(connection, owner, name))
    return Answer(200)


@router.answers("PUT", COLLECTION + "/collectionId", produces=None, consumes="application/json")
def rename_collection(call: Call) -> Answer:
    """Rename a collection; unlike Java's, a name that could not be addressed any more is refused."""
    target = read_body(call.body, CollectionName)
    owner, name = _named(call)
    with call.database.write() as connection:
        collection = match_store.collection_id(connection, owner, name)
        if collection is None:
            raise Missing(f"match collection with owner '{owner}', and name '{name}' does not exist")
        if target is None:
            raise Failure
        # a missing member becomes the word, as Java's string concatenation makes it
        to_owner, to_name = _checked(*("null" if text is None else text for text in (target.owner, target.name)))
        if match_store.collection_id(connection, to_owner, to_name) is not None:
            raise BadRequest(f"match collection with owner '{to_owner}', and name '{to_name}' already exists")
        match_store.rename_collection(connection, collection, to_owner, to_name)
    return Answer(200)


# ---------------------------------------------------------------- groups


def _group_list(path: str, *sides: str, consensus_only: bool = False) -> None:
    def group_list(call: Call) -> Answer:
        owner, name = _named(call)
        with call.database.read() as connection:
            collection = _existing(connection, owner, name)
            return json_answer(match_store.group_ids(connection, collection, *sides, consensus_only=consensus_only))

    router.answers("GET", COLLECTION + path)(group_list)


_group_list("/pGroupIds", "p_group")
_group_list("/qGroupIds", "q_group")
_group_list("/groupIds", "p_group", "q_group")
_group_list("/multiConsensusPGroupIds", "p_group", consensus_only=True)
_group_list("/multiConsensusGroupIds", "p_group", "q_group", consensus_only=True)


# ---------------------------------------------------------------- pairs, written


@router.answers("PUT", COLLECTION + "/matches", produces=None, consumes="application/json")
def save_matches(call: Call) -> Answer:
    """Save pairs: all of them or, when one is refused, none."""
    pairs = read_body(call.body, list[Pair | None])
    owner, name = _named(call)
    if pairs is None:
        raise BadRequest("no matches provided")
    if not pairs:
        return call.created()
    try:
        rows = pair_rows(pairs)
    except (BadRequest, Failure):
        with call.database.write() as connection:  # the real service has made the collection by then
            match_store.make_collection(connection, owner, name)
        raise
    with call.database.write() as connection:
        match_store.save(connection, match_store.make_collection(connection, owner, name), rows)
    return call.created()


@router.answers("PUT", COLLECTION + "/pGroup/{group}/matchCounts", produces=None)
def update_match_counts(call: Call) -> Answer:
    """Count matches again: they are always right here, so only the errors are left to tell."""
    owner, name = _named(call)
    with call.database.read() as connection:
        collection = _existing(connection, owner, name)
        pairs, without = match_store.counts_of_p_group(connection, collection, call.path["group"])
    if pairs == 0:
        raise BadRequest("state should be: writes is not an empty list")
    if without:
        raise Failure(f"{without} of the {pairs} pairs with pGroupId '{call.path['group']}' have no matches to count")
    return call.created()


# ---------------------------------------------------------------- pairs, read and removed

SelectionOf = Callable[[Any], Selection]


def _pairs(call: Call, wanted: Selection, *, brief: bool, merging: bool = True) -> Answer:
    owner, name = _named(call)
    others = [_checked(owner, other)[1] for other in call.options("mergeCollection")] if merging else []
    with call.database.read() as connection:
        collections = [_existing(connection, owner, each) for each in dict.fromkeys([name, *others])]
        if len(collections) == 1:
            documents = match_store.read(connection, collections[0], wanted, brief=brief)
        else:
            documents = merge(match_store.read_keyed(connection, c, wanted, brief=brief) for c in collections)
        return raw_json(b"[" + b",\n".join(documents) + b"]")


def _pair_query(path: str, select: SelectionOf, *, details_optional: bool = True, quick: bool = False) -> None:
    def pair_query(call: Call) -> Answer:
        brief = details_optional and call.option_flag("excludeMatchDetails") is True
        return _pairs(call, select(call.path), brief=brief)

    router.answers("GET", COLLECTION + path, quick=quick)(pair_query)


def _removal(path: str, select: SelectionOf) -> None:
    def removal(call: Call) -> Answer:
        owner, name = _named(call)
        with call.database.write() as connection:
            match_store.remove(connection, _existing(connection, owner, name), select(call.path))
        return Answer(200)

    router.answers("DELETE", COLLECTION + path, produces=None)(removal)


@router.answers("GET", COLLECTION + "/pGroup/{group}/matchCounts")
def match_counts(call: Call) -> Answer:
    """Pairs of a p group without their points; never merged."""
    return _pairs(call, match_store.of_p_group(call.path["group"]), brief=True, merging=False)


def _of_p_group(path: Any) -> Selection:
    return match_store.of_p_group(path["group"])


def _within(path: Any) -> Selection:
    return match_store.within_group(path["group"])


def _outside(path: Any) -> Selection:
    return match_store.outside_group(path["group"])


def _between_groups(path: Any) -> Selection:
    return match_store.between_groups(path["group"], path["other"])


def _between_tiles(path: Any) -> Selection:
    return match_store.between_tiles(path["group"], path["id"], path["other"], path["other_id"])


def _tile_to_group(path: Any) -> Selection:
    return match_store.tile_to_group(path["group"], path["id"], path["other"])


def _of_tile(path: Any) -> Selection:
    return match_store.of_tile(path["group"], path["id"])


_pair_query("/pGroup/{group}/matches", _of_p_group)
_pair_query("/group/{group}/matchesWithinGroup", _within)
_pair_query("/group/{group}/matchesOutsideGroup", _outside)
_pair_query("/group/{group}/matchesWith/{other}", _between_groups)
_pair_query("/group/{group}/id/{id}/matchesWith/{other}", _tile_to_group)
_pair_query(
    "/group/{group}/id/{id}/matchesWith/{other}/id/{other_id}", _between_tiles, details_optional=False, quick=True
)
_pair_query("/group/{group}/id/{id}", _of_tile, details_optional=False)

_removal("/pGroup/{group}/matches", _of_p_group)
_removal("/group/{group}/matchesOutsideGroup", _outside)
_removal("/group/{group}/matchesWith/{other}", _between_groups)
_removal("/group/{group}/id/{id}/matchesWith/{other}/id/{other_id}", _between_tiles)
_removal("/group/{group}/id/{id}", _of_tile)
