"""Whether the image files of a tile are there: they are looked for, never opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from render_io.server.answers import BadRequest
from render_io.server.spec_model import ImageAndMask, TileSpec

__all__ = ["check_images"]

Roots = Sequence[Path] | None


def check_images(tile: TileSpec, roots: Roots = None) -> None:
    """Refuse a tile whose files are missing.

    Parameters
    ----------
    tile : TileSpec
        Image and mask of the lowest mipmap level of each channel are looked for.
    roots : sequence of Path, optional
        Folders outside of which no file is looked for, or said to exist.

    Raises
    ------
    BadRequest
        With the service's text.
    """
    name = "null" if tile.tileId is None else tile.tileId
    if tile.channels:
        for channel in tile.channels:
            channel_name = "null" if channel.name is None else channel.name
            _check_lowest(channel.mipmapLevels, f"channel '{channel_name}' of tile '{name}'", roots)
    else:
        _check_lowest(tile.mipmapLevels, f"tile '{name}'", roots)


def _check_lowest(levels: dict[str, ImageAndMask | None] | None, what: str, roots: Roots) -> None:
    image = next(iter(levels.values())) if levels else None
    if image is None:
        raise BadRequest(f"{what} does not contain any mipmapLevel elements")
    if image.imageUrl is None:
        raise BadRequest("no imageUrl specified")
    _check_file("imageUrl", image.imageUrl, roots)
    if image.maskUrl is not None:
        _check_file("maskUrl", image.maskUrl, roots)


def _check_file(context: str, url: str, roots: Roots) -> None:
    """Look for the file of a plain path or a file URL; other URLs are taken on trust."""
    parts = urlsplit(url) if ":" in url else None
    if parts is not None and parts.scheme not in ("", "file"):
        return
    path = unquote(parts.path) if parts is not None and parts.scheme == "file" else url
    shown = path if path.startswith("/") else f"{Path.cwd()}/{path}"
    size = _size(shown, roots)
    if size is None:
        raise BadRequest(f"cannot find {context} file '{shown}'")
    if size == 0:
        raise BadRequest(f"{context} file '{shown}' is empty")


def _size(path: str, roots: Roots) -> int | None:
    """Return a file's size, None when there is none that may be looked at."""
    try:
        real = Path(path).resolve()
        if roots is not None and not any(real.is_relative_to(root.resolve()) for root in roots):
            return None
        return real.stat().st_size
    except (OSError, ValueError, RuntimeError):
        return None
