"""The whole life of a stack on the embedded service, with a simulated acquisition whose truth is known.

Raw tiles are imported over HTTP, point matches stored, read back and turned into a montage; an aligned stack is
re-estimated into a new one; points are mapped to the world and back. Each step says how close it comes to the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from render_io import coordinate, pointmatch, specs
from render_io._demo.simulated_matches import find_matches, match_residuals, solve_montage
from render_io._demo.truth import Distance, after_best_affine, distances_to_truth, overall
from render_io._report.page import image, page_frame, table
from render_io._report.plots import grid_map_png
from render_io._stores.files import make_writable_folder, replace_file
from render_io._stores.section import Section
from render_io.errors import RenderError
from render_io.reestimate import Options, reestimate
from render_io.render import Render
from render_io.report import ReportWriter
from render_io.simulate import Acquisition, simulate
from render_io.stores import open_sink, open_source
from transforms.affine import Affine
from transforms.base import Transform

__all__ = ["Step", "demo"]

_OWNER, _PROJECT, _MATCHES = "demo", "simulated", "simulated_matches"
_FITS = (("affine", 1), ("polynomial", 2), ("polynomial", 3), ("polynomial", 5))


@dataclass(frozen=True)
class Step:
    """What one step of the demo has to tell.

    Attributes
    ----------
    title, text : str
        Plain text.
    header : tuple of str
        Of its table.
    rows : list of tuple
        Lengths are in pixels.
    pictures : list of (bytes, str)
        PNG and caption.
    """

    title: str
    text: str
    header: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    pictures: list[tuple[bytes, str]]


class _Life:
    """The stack, the service it lives on, and the steps of its life."""

    def __init__(self, acquisition: Acquisition, base_url: str, output: Path) -> None:
        parts = urlsplit(base_url)
        self.acquisition = acquisition
        self.output = output
        self.address = f"render://{parts.netloc}/{_OWNER}/{_PROJECT}"
        self.render = Render(f"http://{parts.hostname}", parts.port, _OWNER, _PROJECT)

    def steps(self) -> Iterator[Step]:
        """Yield the steps as they are done."""
        yield self._import()
        yield self._montage()
        yield self._reestimate()
        yield self._map()

    def _import(self) -> Step:
        counts = []
        for name in ("raw", "aligned"):
            with open_sink(f"{self.address}/{name}") as sink:
                sections = [self.acquisition.section(z, aligned=name == "aligned") for z in self.acquisition.tiles]
                for section in sections:
                    sink.write(section)
                sink.finish()
            stored = list(open_source(f"{self.address}/{name}"))
            tiles = sum(len(section.tilespecs) for section in stored)
            distance = overall(distances_to_truth(self.acquisition, stored)) if name == "aligned" else ("", "")
            counts.append((name, len(stored), tiles, *distance))
        text = (
            "Stacks are created on the embedded service, imported without Java (the boxes are derived on the way) and "
            "completed: the tiles as the microscope reports them, and as an alignment leaves them."
        )
        return Step(
            "Import", text, ("stack", "sections", "tiles", "rms to truth, px", "largest to truth, px"), counts, []
        )

    def _montage(self) -> Step:
        """Store matches, read them back, solve a montage of each section."""
        rows, before_all, after_all = [], list[Distance](), list[Distance]()
        for z, tiles in self.acquisition.tiles.items():
            pointmatch.import_matches(_MATCHES, find_matches(tiles, seed=z), render=self.render)
            matches = pointmatch.get_matches_within_group(_MATCHES, f"{z}.0", render=self.render)
            lenses: dict[str, Transform] = {t.tile_id: self.acquisition.lenses[t.camera.name] for t in tiles}
            start = {t.tile_id: Affine([[1.0, 0.0, t.planned[0]], [0.0, 1.0, t.planned[1]]]) for t in tiles}
            solved = solve_montage(matches, lenses, start)
            before = after_best_affine({i: lens | start[i] for i, lens in lenses.items()}, tiles)
            after = after_best_affine({i: lens | solved[i] for i, lens in lenses.items()}, tiles)
            residuals = match_residuals(matches, lenses, solved)
            spread = float(np.sqrt(np.mean(residuals**2)))
            rows.append((z, len(matches), len(residuals), spread, overall(before)[0], overall(after)[0]))
            before_all += before
            after_all += after
        text = (
            "Point matches with a noise of 0.25 px are stored, read back, and turned into one affine per tile. Both "
            "stage and montage are compared with the truth after the best common affine of a section; what is left "
            "of the montage is mainly the soft bending of the section, of which the matches know nothing. Both are rms."
        )
        pictures = [
            (_error_map(before_all, 1, "stage positions"), "Distance from the truth: stage positions, section 1"),
            (_error_map(after_all, 1, "montage"), "Distance from the truth: montage, section 1"),
        ]
        header = ("section", "pairs", "points", "rms of matches, px", "stage to truth, px", "montage to truth, px")
        return Step("Montage from point matches", text, header, rows, pictures)

    def _reestimate(self) -> Step:
        """Re-estimate the aligned stack into new ones, over HTTP."""
        rows, pictures = [], []
        for model, order in _FITS:
            name = model if model == "affine" else f"{model}_{order}"
            options, sink_text = Options(model, order=order, locate=True), f"{self.address}/{name}"
            source, places = open_source(f"{self.address}/aligned"), {"source": "aligned", "sink": name}
            with open_sink(sink_text) as sink, ReportWriter(self.output / f"report-{name}") as report:
                summary = reestimate(source, sink, options, progress=report)
                report.finish(summary, places, options)
            distances = distances_to_truth(self.acquisition, open_source(sink_text))
            rows.append((name, summary.rms, summary.max_residual, *overall(distances)))
            pictures.append((_error_map(distances, 1, name), f"Distance from the truth: {name}, section 1"))
        text = (
            "Lens correction, affine and polynomial of each tile become one transform, fitted on 10 x 10 samples. "
            "The distance from the truth is taken at 41 x 41 points of each tile; where it exceeds the residual, the "
            "aligned stack itself is that far from the truth."
        )
        header = ("new stack", "rms residual, px", "largest, px", "rms to truth, px", "largest to truth, px")
        return Step("Re-estimation", text, header, rows, pictures)

    def _map(self) -> Step:
        """Map points of every tile to the world and back, by the service and by the transforms."""
        rows = []
        for name in ("aligned", "polynomial_5"):
            to_world, back, exact = [], [], []
            for section in open_source(f"{self.address}/{name}"):
                to_world += [self._world_error(name, section, spec) for spec in section.tilespecs[:4]]
                back += [self._round_trip(name, section, spec) for spec in section.tilespecs[:4]]
                exact += [_exact_round_trip(section, spec) for spec in section.tilespecs[:4]]
            rows.append((name, max(to_world), max(back), max(exact)))
        text = (
            "Points of some tiles are mapped to the world and back. The service goes back through a triangle mesh, "
            "as the Java service does; the transforms themselves are inverted to the last digits."
        )
        header = ("stack", "world to truth, px", "and back, service, px", "and back, exact, px")
        return Step("Coordinates", text, header, rows, [])

    def _local(self, spec: dict[str, Any]) -> Any:
        return np.random.default_rng(1).uniform([50.0, 50.0], [spec["width"] - 50.0, spec["height"] - 50.0], (25, 2))

    def _world(self, name: str, section: Section, spec: dict[str, Any]) -> Any:
        assert section.z is not None
        return coordinate.local_to_world_coordinates_array(
            name, self._local(spec), spec["tileId"], section.z, render=self.render
        )

    def _world_error(self, name: str, section: Section, spec: dict[str, Any]) -> float:
        truth = self.acquisition.by_id()[spec["tileId"]].truth(self._local(spec))
        return _largest(self._world(name, section, spec)[:, :2] - truth)

    def _round_trip(self, name: str, section: Section, spec: dict[str, Any]) -> float:
        assert section.z is not None
        world = self._world(name, section, spec)[:, :2]
        local = coordinate.world_to_local_coordinates_array(name, world, spec["tileId"], section.z, render=self.render)
        return _largest(local[:, :2] - self._local(spec))


def _exact_round_trip(section: Section, spec: dict[str, Any]) -> float:
    transform = specs.to_transform(spec["transforms"], section.transforms)
    points = np.random.default_rng(2).uniform([0.0, 0.0], [spec["width"], spec["height"]], (25, 2))
    return _largest(transform.apply_inverse(transform.apply(points), initial=points + 1.0) - points)


def _largest(errors: Any) -> float:
    return float(np.hypot(*np.asarray(errors).T).max())


def _error_map(distances: list[Distance], z: int, title: str) -> bytes:
    """Tiles of one section in their grid, coloured by their largest distance from the truth."""
    chosen = [d for d in distances if d.tile.z == z]
    grid = np.full((1 + max(d.tile.row for d in chosen), 1 + max(d.tile.column for d in chosen)), np.nan)
    for d in chosen:
        grid[d.tile.row, d.tile.column] = d.largest
    return grid_map_png(grid, title, "largest distance from the truth, px")


def demo(output: Path, *, sections: int = 3, rows: int = 4, columns: int = 5, seed: int = 0) -> Iterator[Step]:
    """Run the demo.

    Parameters
    ----------
    output : Path
        Folder of the report, made when absent.
    sections, rows, columns : int
        Size of the acquisition.
    seed : int
        Of the simulation.

    Yields
    ------
    Step
        As they are done; after the last, ``index.html`` is there.

    Raises
    ------
    RenderError
        The extras for the service or for the pictures are not installed.
    StoreError
        The folder can't be written.
    """
    try:
        from render_io.server.embedded import EmbeddedService
    except ImportError as error:
        raise RenderError("expected the embedded service: install render-transforms[server]") from error
    make_writable_folder(output)
    acquisition = simulate(sections, rows, columns, seed=seed)
    done = []
    with EmbeddedService() as service:
        for step in _Life(acquisition, service.base_url, output).steps():
            done.append(step)
            yield step
    replace_file(output / "index.html", page_frame("The life of a stack", _page(done)))


def _page(steps: list[Step]) -> Iterator[str]:
    for step in steps:
        yield f"<h2>{step.title}</h2>\n<p>{step.text}</p>\n"
        yield table(step.header, step.rows)
        yield from (image(png, caption) for png, caption in step.pictures)
    yield "<h2>Reports of the re-estimations</h2>\n<ul>"
    for model, order in _FITS:
        name = model if model == "affine" else f"{model}_{order}"
        yield f'<li><a href="report-{name}/index.html">{name}</a></li>'
    yield "</ul>\n"
