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
    from render_io._reestimate.tile_lists import tile_name
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
                    nowhere = list(_non_finite(tile, section))
                    faults += nowhere
                    known.update(() if nowhere else plain or ())
                except SpecError as error:
                    faults.append(error.at(tile_name(tile), "transforms"))
        yield faults


def _non_finite(tile: dict[str, Any], section: Section) -> Iterator[SpecError]:
    """Tell when a tile has no place: Java reads NaN and infinities, but nothing can be drawn with them."""
    import numpy as np

    from render_io._reestimate.non_finite import blamed
    from render_io._reestimate.tile_lists import tile_name
    from render_io.specs import to_transform

    x, y = to_transform(tile["transforms"], section.transforms).apply(np.array([[1.0, 1.0]]))[0].tolist()
    if not (is_number(x) and is_number(y)):
        message = f"expected finite coordinates of the pixel (1, 1), got ({x}, {y})"
        yield blamed(SpecError(message, tile_name(tile), "transforms"), tile)


def _plain_leaves(transforms: dict[str, object]) -> set[tuple[str, str]] | None:
    """Classes and texts of a list of leaves: many tiles share some, which are read once. None for anything else."""
    members = transforms.get("specList", [])
    if not isinstance(members, list) or not all(m.get("type", "leaf") == "leaf" for m in members):
        return None
    return {(member["className"], member["dataString"]) for member in members}


def _id_faults(section: Section, index: int, first: dict[str, str]) -> Iterator[SpecError]:
    """Compare the id of a tile with its key in the document, and with those seen before, by section."""
    tile_id, key = section.tilespecs[index]["tileId"], section.keys[index] if section.keys else None
    if isinstance(key, str) and key != tile_id:
        yield SpecError(f"expected the id it is found under, {key!r}", tile_id, "tileId")
    if tile_id in first:
        yield SpecError(f"expected an id of its own, got that of a tile in section {first[tile_id]}", tile_id, "tileId")
    first.setdefault(tile_id, section.name)


def validate(source: SourceArgument) -> None:
    """Check every tile and every transform, and print what is wrong and where.

    Exit status: 0 nothing is wrong; 1 some tiles are faulty; 2 unreadable SOURCE.
    """
    from render_io._reestimate.tile_lists import tile_name
    from render_io.stores import open_source

    tiles = faulty = sections = 0
    first: dict[str, str] = {}
    for section in open_source(source):
        sections += 1
        for index, faults in enumerate(faults_of(section)):
            tiles += 1
            if tile_name(section.tilespecs[index]) is not None:
                faults += _id_faults(section, index, first)
            else:
                faults = [fault.at(path=section.place_of(index)) for fault in faults]
            faulty += bool(faults)
            for fault in faults:
                typer.echo(f"section {section.name}: {fault}")
    typer.echo(f"{tiles:,} tiles in {sections:,} sections, {faulty:,} faulty", err=True)
    raise typer.Exit(1 if faulty else 0)
