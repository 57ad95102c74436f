"""Tile pairs as the TilePairClient writes them: one file, several numbered ones, or none."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from render_io.client.coordinates import read_answer
from render_io.errors import ClientScriptError

__all__ = ["pair_files", "read_pairs", "remove_files"]

Json = dict[str, Any]


@contextmanager
def pair_files(outjson: str | None, run: Callable[[str], Any]) -> Iterator[list[str]]:
    """Let the client write into a folder of its own, so that files of earlier runs are never taken for its.

    Parameters
    ----------
    outjson : str, optional
        Where the file, or the numbered files, belong; None for files that vanish when the block is left.
    run : callable
        Runs the client; its argument is the path the client is to write to.

    Yields
    ------
    list of str
        What was written, in order; empty when there are no pairs.

    Raises
    ------
    ClientScriptError
        The client failed, or a file can't be put in place.
    """
    place = None if outjson is None else Path(outjson).absolute()
    try:
        folder = tempfile.TemporaryDirectory(prefix=".render-io-", dir=None if place is None else place.parent)
    except OSError as error:
        raise ClientScriptError(f"can't write {outjson}: {error}") from error
    with folder as name:
        run(str(Path(name) / ("pairs.json" if place is None else place.name)))
        written = sorted(Path(name).iterdir(), key=lambda path: (len(path.name), path.name))
        if place is not None:
            written = [_moved(path, place.parent / path.name) for path in written]
        yield [str(path) for path in written]


def _moved(path: Path, target: Path) -> Path:
    try:
        path.replace(target)
    except OSError as error:
        raise ClientScriptError(f"can't write {target}: {error}") from error
    return target


def read_pairs(paths: Sequence[str], template: str) -> Json:
    """Pairs of all files together.

    Parameters
    ----------
    paths : sequence of str
        Files of one run.
    template : str
        Render-parameters template of a run without pairs.

    Returns
    -------
    dict
        ``renderParametersUrlTemplate`` and ``neighborPairs``.

    Raises
    ------
    ClientScriptError
        The files are not of one run.
    """
    documents = [read_answer(path) for path in paths]
    templates = {document["renderParametersUrlTemplate"] for document in documents} or {template}
    if len(templates) > 1:
        raise ClientScriptError(f"tile pair files with different templates: {sorted(templates)}")
    pairs = [pair for document in documents for pair in document["neighborPairs"]]
    return {"renderParametersUrlTemplate": templates.pop(), "neighborPairs": pairs}


def remove_files(paths: Sequence[str]) -> None:
    """Remove files that a client wrote."""
    for path in paths:
        Path(path).unlink(missing_ok=True)
