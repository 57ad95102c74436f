"""Point matches: which places of two tiles show the same thing.

A match is a pair of tiles, p and q, each with a group (by custom the section id) and an id (by custom the tile id), and
``matches``: ``p`` and ``q`` are two rows, all x and all y, ``w`` has a weight per point. The service orders every pair
on saving so that p comes first AS TEXT ("10.0" before "9.0"), and saving a pair again replaces it (`append_matches`
adds).
"""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from render_io import http
from render_io._requests.access import connected
from render_io._requests.match_values import checked_matches, concatenated, copy_match_explicit, swap_matchpair
from render_io._requests.progress import track
from render_io._requests.urls import base_url, collection_url, escape, join, owner_url, with_query
from render_io.errors import RequestError
from render_io.render import Port, Render

__all__ = [
    "add_merge_collections",
    "append_matches",
    "copy_match_explicit",
    "copy_matches_explicit",
    "delete_collection",
    "delete_point_matches_between_groups",
    "get_match_groupIds",
    "get_match_groupIds_from_only",
    "get_match_groupIds_to_only",
    "get_matchcollection_names",
    "get_matchcollection_owners",
    "get_matchcollections",
    "get_matches_from_group_to_group",
    "get_matches_from_tile_to_tile",
    "get_matches_involving_group",
    "get_matches_involving_tile",
    "get_matches_outside_group",
    "get_matches_with_group",
    "get_matches_within_group",
    "import_matches",
    "swap_matchpair",
]

Match = dict[str, Any]

_PAIRS_PER_REQUEST = 5000
_POINTS_PER_REQUEST = 1_000_000


def copy_matches_explicit(matches: Iterable[Match]) -> list[Match]:
    """Copies of matches that share no list with them."""
    return [copy_match_explicit(match) for match in matches]


def add_merge_collections(request_url: str, mcs: Iterable[str] | str | None) -> str:
    """Append ``mergeCollection`` parameters to an address.

    Parameters
    ----------
    request_url : str
        Address of a pair query.
    mcs : iterable of str or str, optional
        Names of the collections to merge.

    Returns
    -------
    str
        The address; unchanged for None and for an empty iterable.
    """
    names = [mcs] if isinstance(mcs, str) else list(mcs or ())
    return with_query(request_url, [("mergeCollection", name) for name in names])


@connected()
def get_matchcollection_owners(
    host: str | None = None, port: Port = None, session: Any = None, render: Render | None = None, **kwargs: Any
) -> list[str]:
    """Owners that have match collections."""
    owners: list[str] = http.get_json(session, f"{base_url(host, port)}/matchCollectionOwners")
    return owners


@connected()
def get_matchcollections(
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[dict[str, Any]]:
    """Collections of an owner as ``{"collectionId": {"owner", "name"}, "pairCount"}``.

    For their names alone there is `get_matchcollection_names`.
    """
    collections: list[dict[str, Any]] = http.get_json(session, owner_url(host, port, owner, "matchCollections"))
    return collections


@connected()
def get_matchcollection_names(
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[str]:
    """Names of the collections of an owner."""
    collections = http.get_json(session, owner_url(host, port, owner, "matchCollections"))
    return [collection["collectionId"]["name"] for collection in collections]


@connected()
def get_match_groupIds(
    matchCollection: str,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[str]:
    """All group ids of a collection, sorted."""
    ids: list[str] = http.get_json(session, collection_url(host, port, owner, matchCollection, "groupIds"))
    return ids


def _matches(session: Any, url: str, merge: Iterable[str] | str | None, stream: bool = True) -> list[Match]:
    matches: list[Match] = http.get_json(session, add_merge_collections(url, merge), stream=stream)
    return matches


@connected()
def get_matches_outside_group(
    matchCollection: str,
    groupId: str,
    mergeCollections: Sequence[str] | None = None,
    stream: bool = True,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[Match]:
    """Pairs of which exactly one side is in the group, be it p or q."""
    url = collection_url(host, port, owner, matchCollection, "group", escape(groupId, "groupId"), "matchesOutsideGroup")
    return _matches(session, url, mergeCollections, stream)


@connected()
def get_matches_within_group(
    matchCollection: str,
    groupId: str,
    mergeCollections: Sequence[str] | None = None,
    stream: bool = True,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[Match]:
    """Pairs of which both sides are in the group."""
    url = collection_url(host, port, owner, matchCollection, "group", escape(groupId, "groupId"), "matchesWithinGroup")
    return _matches(session, url, mergeCollections, stream)


@connected()
def get_matches_from_group_to_group(
    matchCollection: str,
    pgroup: str,
    qgroup: str,
    mergeCollections: Sequence[str] | None = None,
    stream: bool = True,
    render: Render | None = None,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    **kwargs: Any,
) -> list[Match]:
    """Pairs between two groups, given in either order."""
    groups = ("group", escape(pgroup, "pgroup"), "matchesWith", escape(qgroup, "qgroup"))
    return _matches(session, collection_url(host, port, owner, matchCollection, *groups), mergeCollections, stream)


@connected()
def get_matches_from_tile_to_tile(
    matchCollection: str,
    pgroup: str,
    pid: str,
    qgroup: str,
    qid: str,
    mergeCollections: Sequence[str] | None = None,
    render: Render | None = None,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    **kwargs: Any,
) -> list[Match]:
    """Get the pair of two tiles, given in either order: a list of one or none."""
    p = ("group", escape(pgroup, "pgroup"), "id", escape(pid, "pid"))
    q = ("matchesWith", escape(qgroup, "qgroup"), "id", escape(qid, "qid"))
    return _matches(session, collection_url(host, port, owner, matchCollection, *p, *q), mergeCollections)


@connected()
def get_matches_with_group(
    matchCollection: str,
    pgroup: str,
    mergeCollections: Sequence[str] | None = None,
    stream: bool = True,
    render: Render | None = None,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    **kwargs: Any,
) -> list[Match]:
    """Pairs whose p, after the service's ordering as text, is in the group.

    For group "9.0" those with "10.0" are missing, since "10.0" comes first; `get_matches_involving_group` has them all.
    """
    url = collection_url(host, port, owner, matchCollection, "pGroup", escape(pgroup, "pgroup"), "matches")
    return _matches(session, url, mergeCollections, stream)


@connected()
def get_matches_involving_group(
    matchCollection: str,
    groupId: str,
    mergeCollections: Sequence[str] | None = None,
    stream: bool = True,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[Match]:
    """All pairs with a side in the group, whichever it is: those within it, then those that leave it."""
    url = collection_url(host, port, owner, matchCollection, "group", escape(groupId, "groupId"))
    within = _matches(session, join(url, "matchesWithinGroup"), mergeCollections, stream)
    return within + _matches(session, join(url, "matchesOutsideGroup"), mergeCollections, stream)


@connected()
def get_match_groupIds_from_only(
    matchCollection: str,
    mergeCollections: Sequence[str] | None = None,
    render: Render | None = None,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    **kwargs: Any,
) -> list[str]:
    """Group ids that occur as p, sorted; with `mergeCollections` those of all of them (asked one by one)."""
    return _group_ids(session, host, port, owner, matchCollection, mergeCollections, "pGroupIds")


@connected()
def get_match_groupIds_to_only(
    matchCollection: str,
    mergeCollections: Sequence[str] | None = None,
    render: Render | None = None,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    **kwargs: Any,
) -> list[str]:
    """Group ids that occur as q, sorted; with `mergeCollections` those of all of them (asked one by one)."""
    return _group_ids(session, host, port, owner, matchCollection, mergeCollections, "qGroupIds")


def _group_ids(
    session: Any, host: Any, port: Any, owner: Any, collection: str, merge: Iterable[str] | str | None, which: str
) -> list[str]:
    # The service ignores mergeCollection here.
    names = [collection, *([merge] if isinstance(merge, str) else merge or ())]
    answers = [http.get_json(session, collection_url(host, port, owner, name, which)) for name in names]
    return answers[0] if len(answers) == 1 else sorted({group for answer in answers for group in answer})


@connected(extra=("render",))
def get_matches_involving_tile(
    matchCollection: str,
    groupId: str,
    id: str,
    mergeCollections: Sequence[str] | None = None,
    stream: bool = True,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    **kwargs: Any,
) -> list[Match]:
    """All pairs of which one side is the tile `id` of the group."""
    tile = ("group", escape(groupId, "groupId"), "id", escape(id, "id"))
    return _matches(session, collection_url(host, port, owner, matchCollection, *tile), mergeCollections, stream)


@connected()
def delete_point_matches_between_groups(
    matchCollection: str,
    pGroupId: str,
    qGroupId: str,
    render: Render | None = None,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    **kwargs: Any,
) -> http.Response:
    """Delete the pairs between two groups, given in either order; no error when there are none."""
    groups = ("group", escape(pGroupId, "pGroupId"), "matchesWith", escape(qGroupId, "qGroupId"))
    return http.rest_delete(session, collection_url(host, port, owner, matchCollection, *groups))


@connected()
def import_matches(
    matchCollection: str,
    data: Iterable[Match],
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Save pairs; a pair that the collection has already is REPLACED, see `append_matches`.

    Parameters
    ----------
    matchCollection : str
        Created when it does not exist.
    data : iterable of dict
        Matches with pGroupId, pId, qGroupId, qId and ``matches``: p and q of shape (2, N), lists or arrays, and w of
        length N. An unmistakable (N, 2) is turned, and the log says so.
    owner, host, port, session, render : optional
        Connection.
    **kwargs
        Further members of a connection, not used.

    Returns
    -------
    requests.Response
        The last answer: many pairs are sent in several requests, each of which saves all of its pairs or none.

    Raises
    ------
    SpecError
        A shape that can't be meant, before anything is sent; names the pair.
    RequestError
        The service refused some, or gave no answer.
    """
    matches = checked_matches(data)
    url = collection_url(host, port, owner, matchCollection, "matches")
    batches = _batches(matches)
    response = None
    for batch in track(batches, "saving point matches", len(batches)):
        response = http.put_json(session, url, batch)
    assert response is not None  # there is always one batch, be it empty
    return response


def _batches(matches: list[Match]) -> list[list[Match]]:
    """Cut a list where a request would become too big."""
    batches: list[list[Match]] = [[]]
    points = 0
    for match in matches:
        if batches[-1] and (len(batches[-1]) >= _PAIRS_PER_REQUEST or points >= _POINTS_PER_REQUEST):
            batches.append([])
            points = 0
        batches[-1].append(match)
        points += len(match["matches"]["w"]) if match.get("matches") else 0
    return batches


@connected()
def append_matches(
    matchCollection: str,
    data: Iterable[Match],
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Save pairs and keep the points that the collection has for them already: old points first, then the new ones.

    Read, joined and saved pair by pair; somebody else's change in between is lost. Arguments, result and errors are
    those of `import_matches`.
    """
    where = {"owner": owner, "host": host, "port": port, "session": session}
    joined = []
    for match in checked_matches(data):
        ids = (match["pGroupId"], match["pId"], match["qGroupId"], match["qId"])
        try:
            stored = get_matches_from_tile_to_tile(matchCollection, *ids, **where)
        except RequestError as error:
            if error.status != 404:
                raise
            stored = []
        joined.append(concatenated(stored[0], match) if stored else match)
    return import_matches(matchCollection, joined, **where)


@connected()
def delete_collection(
    matchCollection: str,
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> http.Response:
    """Delete a collection; RequestError when there is none."""
    return http.rest_delete(session, collection_url(host, port, owner, matchCollection))
