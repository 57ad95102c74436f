"""ImportMatchClient: point matches from files into a collection.

Source: org.janelia.render.client.ImportMatchClient.
"""

from __future__ import annotations

import msgspec

from render_io import http
from render_io._native.command_line import CommandLine, Positional, as_text, whole
from render_io._native.files import read_list
from render_io._native.job import Client, Job
from render_io._native.options import MATCH_WEB
from render_io._requests.urls import escape
from render_io.server.match_documents import Pair

__all__ = ["CLIENT"]


def run(job: Job) -> None:
    """Save every file, a batch of pairs at a time."""
    parts = [f"owner/{escape(job['owner'], 'owner')}", f"matchCollection/{escape(job['collection'], 'collection')}"]
    address, size = "/".join([job["baseDataUrl"], *parts, "matches"]), max(1, job["batchSize"])
    for path in job.arguments:
        pairs: list[Pair] = read_list(path, Pair)
        if not pairs:
            job.hide(f"{path} holds no matches")
        for start in range(0, len(pairs), size):
            batch = pairs[start : start + size]
            http.put_text(job.session, address, msgspec.json.encode(batch))
            job.log(f"saved matches of {len(batch)} pairs of {path}")


CLIENT = Client(
    CommandLine(
        (*MATCH_WEB, whole("batchSize", "Maximum number of pairs in one request", 10_000)),
        Positional("list of canvas match data files (.json or .json.gz)", as_text),
    ),
    run,
)
