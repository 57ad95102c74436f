"""Files of the Java clients: JSON, compressed when the name says so."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from render_io import _json
from render_io._native.job import JobError
from render_io._stores.files import read_bytes, replace_file
from render_io.server.answers import MalformedBody
from render_io.server.jackson import read_body

__all__ = ["check_writable", "read_list", "read_text", "write_json"]


def read_list(path: str, element: Any) -> list[Any]:
    """Read a JSON list.

    Parameters
    ----------
    path : str
        A file; compressed exactly when its name ends in ``.gz``.
    element : type
        Model of the elements; unknown members are dropped, missing ones are None.

    Returns
    -------
    list
        Elements, none of them null.

    Raises
    ------
    JobError
        The file holds something else.
    StoreError
        It can't be read.
    """
    if path.endswith(".zip"):
        raise JobError(f"can't read {path}: zip files are not supported, use .json or .json.gz")
    try:
        found = read_body(read_bytes(Path(path)), list[element])
    except MalformedBody as error:
        raise JobError(f"failed to parse {path}: {html.unescape(error.text)}") from None
    if found is None:
        raise JobError(f"failed to parse {path}: expected a JSON list, got nothing")
    for place, value in enumerate(found):
        if value is None:
            raise JobError(f"{path}: element {place} is null")
    return list(found)


def read_text(path: str) -> str:
    """Read a text file; compressed exactly when its name ends in ``.gz``."""
    return read_bytes(Path(path)).decode("utf-8", "replace")


def write_json(path: Path, value: Any) -> None:
    """Replace a file by a JSON value, compressed exactly when its name ends in ``.gz``."""
    replace_file(path, [_json.dumps(value), b"\n"])


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Replace a file by lines of text."""
    replace_file(path, ((line + "\n").encode() for line in lines))


def check_writable(path: str, message: str) -> Path:
    """Return the path of a file whose folder can be written to.

    Parameters
    ----------
    path : str
        A file to be written.
    message : str
        What to say else; ``{}`` stands for the folder.

    Raises
    ------
    JobError
        The folder is absent or protected, or the name asks for a zip file.
    """
    folder = Path(path).absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise JobError(message.format(folder))
    if path.endswith(".zip"):
        raise JobError(f"can't write {path}: zip files are not supported, use .json or .json.gz")
    return Path(path)
