"""The report folder: tables that agree with the job, pictures, and a page that needs nothing else."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from matplotlib.axes import Axes

from render_io._reestimate.section_result import SectionResult
from render_io._report.plots import grid_map_png, histogram_png
from render_io.errors import SpecError
from render_io.reestimate import HISTOGRAM_EDGES, Options, Summary, reestimate
from render_io.report import ReportWriter
from render_io.stores import open_sink, open_source
from tests.render_io import stacks
from tests.render_io.test_demo import References


@pytest.fixture
def source(tmp_path):
    return stacks.write_stack(tmp_path / "source", 3, 8)


def write(folder, source, sink, options=None):
    with open_sink(sink) as target, ReportWriter(folder) as report:
        options = options or Options(locate=True, samples=5)
        summary = reestimate(open_source(source), target, options, progress=report)
        report.finish(summary, {"source": "<&>", "sink": "b"}, options)
    return summary


def test_tables_agree_with_each_other(tmp_path, source):
    summary = write(tmp_path / "report", source, tmp_path / "b")
    rows = stacks.table(tmp_path / "report")
    rms, worst = (np.array([float(row[name]) for row in rows]) for name in ("rms_px", "max_residual_px"))
    assert summary.max_residual == worst.max()
    assert summary.rms == pytest.approx(np.sqrt(np.mean(rms**2)), rel=1e-14)
    assert summary.histogram.sum() == len(rows) == 24
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert (report["rms"], report["maxResidual"], report["tiles"]) == (summary.rms, summary.max_residual, 24)
    assert [tile["tileId"] for tile in report["worstTiles"]] == [
        row["tileId"] for row in sorted(rows, key=lambda row: -float(row["max_residual_px"]))[:20]
    ]
    with (tmp_path / "report" / "sections.csv").open(newline="") as stream:
        sections = list(csv.DictReader(stream))
    for section in sections:
        own = worst[[row["section"] == section["section"] for row in rows]]
        assert float(section["max_residual_px"]) == own.max()
        assert int(section["tiles"]) == len(own) == 8
    boxes = {tile["tileId"]: tile["maxX"] for z in range(3) for tile in stacks.read_json(tmp_path / "b" / f"s{z}.json")}
    assert {row["tileId"]: float(row["maxX"]) for row in rows} == boxes


def test_the_page_needs_no_network(tmp_path, source):
    write(tmp_path / "report", source, tmp_path / "b")
    text = (tmp_path / "report" / "index.html").read_text()
    parser = References()
    parser.feed(text)
    assert len(parser.found) == 4  # a histogram and three maps
    assert all(reference.startswith("data:image/png;base64,") for reference in parser.found)
    assert "&lt;&amp;&gt;" in text
    assert len(list((tmp_path / "report" / "maps").iterdir())) == 3


def test_the_same_job_gives_the_same_tables_and_pictures(tmp_path, source):
    for name in "ab":
        write(tmp_path / f"report-{name}", source, tmp_path / f"sink-{name}")
    pictures = [f"maps/0000{z}-s{z}.png" for z in range(3)]
    for name in ("tiles.csv", "sections.csv", "histogram.png", *pictures):
        first, second = ((tmp_path / f"report-{kind}" / name).read_bytes() for kind in "ab")
        assert first == second, name


def test_pictures_are_legible(monkeypatch):
    inks, ticks = {}, []
    text, update = Axes.text, Axes.set_title

    def written(axes, x, y, label, **style):
        inks[label] = style["color"]
        return text(axes, x, y, label, **style)

    def titled(axes, *arguments, **style):
        ticks.append((axes.xaxis, axes.yaxis))
        return update(axes, *arguments, **style)

    monkeypatch.setattr(Axes, "text", written)
    monkeypatch.setattr(Axes, "set_title", titled)
    grid_map_png(np.array([[0.0, 1.0, np.nan], [2.0, 5.0, 10.0]]), "truth", "px")
    assert inks == {"0": "white", "1": "white", "nan": "white", "2": "white", "5": "white", "10": "black"}
    shown = [axis.get_major_locator()() for axis in ticks[0]]
    assert [place for place in shown[0] if 0 <= place <= 2] == [0, 1, 2]
    assert [place for place in shown[1] if 0 <= place <= 1] == [0, 1]
    summary = Summary()
    summary.histogram[np.searchsorted(HISTOGRAM_EDGES, 1.2) : np.searchsorted(HISTOGRAM_EDGES, 4.0)] = 3
    histogram_png(summary)
    across, up = ticks[1]
    assert across.get_minor_formatter()(2.0) == "2"  # Not 2 x 10^0.
    assert all(count == int(count) for count in up.get_major_locator()())


def test_a_report_of_bad_tiles_only(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([{"tileId": "<b>", "z": 1}, {"z": 1}]))
    summary = write(tmp_path / "report", tmp_path / "a.json", tmp_path / "b.json")
    assert (summary.bad, np.isnan(summary.rms), np.isnan(summary.max_residual)) == (2, True, True)
    rows = stacks.table(tmp_path / "report")
    assert [(row["tileId"], row["status"], row["rms_px"]) for row in rows] == [("<b>", "bad", ""), ("", "bad", "")]
    assert "width" in rows[0]["fault"]
    assert "&lt;b&gt;" in (tmp_path / "report" / "index.html").read_text()
    assert json.loads((tmp_path / "report" / "report.json").read_text())["rms"] is None


def test_an_empty_stack(tmp_path):
    (tmp_path / "a.json").write_text("[]")
    summary = write(tmp_path / "report", tmp_path / "a.json", tmp_path / "b.json")
    assert (summary.tiles, len(summary.sections)) == (0, 1)
    assert stacks.table(tmp_path / "report") == []


def result(name, worst, bad=()):
    count = len(worst)
    faults = [SpecError("bad", f"{name}{i}") for i in bad]
    ids = [f"{name}{i}" for i in range(count)]
    worst = np.array(worst, dtype=float)
    return SectionResult(name, name, 1.0, ids, worst / 2, worst, np.full((count, 4), np.nan), faults, tuple(bad))


def test_a_summary_keeps_the_worst_in_order():
    summary = Summary()
    random = np.random.default_rng(0)
    values = random.permutation(100).reshape(4, 25)
    for name, worst in zip("abcd", values, strict=True):
        summary.add(result(name, worst))
    assert [row.max_residual for row in summary.worst] == list(range(99, 79, -1))
    assert summary.histogram.sum() == 100
    assert len(HISTOGRAM_EDGES) == len(summary.histogram) + 1


def test_a_summary_counts_faults_that_it_does_not_keep():
    summary = Summary()
    for name in "abc":
        summary.add(result(name, [np.nan] * 5000, range(5000)))
    assert (summary.bad, len(summary.faults)) == (15_000, 10_000)
