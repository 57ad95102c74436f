"""Pairs that a match collection has already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from render_io import http
from render_io._native.job import Job
from render_io._native.service import Stack, found_or_none
from render_io._requests.urls import escape, number

__all__ = ["existing_pairs"]

Ids = tuple[tuple[str, str], tuple[str, str]]


def existing_pairs(job: Job, stack: Stack, z_values: Sequence[float]) -> set[Ids]:
    """Read the pairs of the collection that the options name.

    Parameters
    ----------
    job : Job
        With the options of the tile pair client.
    stack : Stack
        Its section data say which sections are looked at, so it must have been complete once.
    z_values : sequence of float
        Layers, ascending.

    Returns
    -------
    set of tuple
        Group and id of p and of q; empty when no collection is named or there is none of that name.

    Raises
    ------
    RequestError
        The stack has no section data.
    """
    collection, owner = job["excludePairsInMatchCollection"], job["existingMatchOwner"] or job["owner"]
    if collection is None:
        return set()
    address = f"{job['baseDataUrl']}/owner/{escape(owner, 'owner')}"
    known = http.get_json(job.session, f"{address}/matchCollections")
    if collection not in [found.get("collectionId", {}).get("name") for found in known]:
        job.hide(f"match collection {collection} of {owner} does not exist: no pairs are left out for it")
        return set()
    query = [("minZ", number(z_values[0])), ("maxZ", number(z_values[-1]))]
    sections = {section.get("sectionId") for section in stack.get("sectionData", query=query)} - {None}
    address = f"{address}/matchCollection/{escape(collection)}"
    return {ids for section in sections for ids in _of_section(job, address, section)}


def _of_section(job: Job, address: str, section: str) -> Iterator[Ids]:
    url = f"{address}/pGroup/{escape(section, 'sectionId')}/matches"
    least = job["minExistingMatchCount"]
    found = found_or_none(lambda: http.get_json(job.session, url, {"excludeMatchDetails": "true"}))
    for match in found or ():
        if least <= 0 or match.get("matchCount", 0) > least:
            yield (match["pGroupId"], match["pId"]), (match["qGroupId"], match["qId"])
