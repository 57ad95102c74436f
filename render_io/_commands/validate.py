"""`render-io validate`: what is wrong, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from render_io._commands.options import SourceArgument
from render_io._json import is_number
from render_io.errors import SpecError

if TYPE_CHECKING:
    from render_io.stores import Section

__all__ = ["faults_of", "validate"]


def faults_of(section: Section) -> Iterator[list[SpecError]]:
    """Check every member, every reference and every text of a section's tiles.

    Parameters
    ----------
    section : Section
        Its tiles.

    Yields
    ------
    list of SpecError
        The faults of one tile, each with tile id and JSON path; most lists are empty.
    """
    from render_io.specs import validate as validate_spec
    from render_io.stores import check_tile

    known: set[tuple[str, str]] = set()
    for tile in section.tilespecs:
        faults = check_tile(tile)
        # A malformed list is told already, with every fault; texts are read only where they can be.
        if isinstance(tile.get("transforms"), dict) and not any("transforms" in (f.path or "") for f in faults):
            plain = _plain_leaves(tile["transforms"])
            if plain is None or not known.issuperset(plain):
                try:
                    validate_spec(tile["transforms"], section.transforms)
                    _refuse_non_finite(tile, section)
                    known.update(plain or ())
                except SpecError as error:
                    faults.append(error.at(tile.get("tileId"), "transforms"))
        yield faults


def _refuse_non_finite(tile: dict[str, Any], section: Section) -> None:
    """Raise when a tile has no place: Java reads NaN and infinities, but nothing can be drawn with them."""
    import numpy as np

    from render_io.specs import to_transform

    x, y = to_transform(tile["transforms"], section.transforms).apply(np.array([[1.0, 1.0]]))[0].tolist()
    if not (is_number(x) and is_number(y)):
        raise SpecError(f"expected finite coordinates of the pixel (1, 1), got ({x}, {y})")


def _plain_leaves(transforms: dict[str, object]) -> set[tuple[str, str]] | None:
    """Classes and texts of a list of leaves: many tiles share some, which are read once. None for anything else."""
    members = transforms.get("specList", [])
    if not isinstance(members, list) or not all(m.get("type", "leaf") == "leaf" for m in members):
        return None
    return {(member["className"], member["dataString"]) for member in members}


def validate(source: SourceArgument) -> None:
    """Check every tile and every transform, and print what is wrong and where.

    Exit status: 0 nothing is wrong; 1 some tiles are faulty; 2 unreadable SOURCE.
    """
    from render_io.stores import open_source

    tiles = faulty = sections = 0
    first: dict[str, str] = {}
    for section in open_source(source):
        sections += 1
        for tile, faults in zip(section.tilespecs, faults_of(section), strict=True):
            tiles += 1
            tile_id = tile.get("tileId")
            if isinstance(tile_id, str):
                if tile_id in first:
                    message = f"expected an id of its own, got that of a tile in section {first[tile_id]}"
                    faults.append(SpecError(message, tile_id, "tileId"))
                first.setdefault(tile_id, section.name)
            faulty += bool(faults)
            for fault in faults:
                typer.echo(f"section {section.name}: {fault}")
    typer.echo(f"{tiles:,} tiles in {sections:,} sections, {faulty:,} faulty", err=True)
    raise typer.Exit(1 if faulty else 0)
