"""Results as JSON, as tables in Markdown, as one chart; and what changed since the results before."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import harness, peers
from benchmarks.harness import COPY, OURS, Goal, Row, Sample, Unit

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = Path(__file__).parent / "results.json"
CHART = ROOT / "docs" / "benchmarks.png"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
_PICTURE = (
    "![Times the speed of the best peer](docs/benchmarks.png)\n"
    "Every row, and what is missed and why: [docs/performance.md](docs/performance.md)."
)
_UNITS = {unit.name: unit for unit in vars(harness).values() if isinstance(unit, Unit)}
_HEADLINES = {
    "apply": (
        "affine, 1,000,000",
        "polynomial order 5, 1,000,000",
        "lens dimension 5, 1,000,000",
        "thin plate spline, 1,000",
    ),
    "inverse": ("thin plate spline, 1,000",),
    "fit": ("affine, 100 points", "thin plate spline, 1,000"),
    "calls": ("affine, 10 points",),
    "batch": ("lens + affine -> affine, 40,000 tiles",),
    "tiles": ("tile specs, z of each",),
    "pipeline": ("real section, JSON to JSON, affine",),
    "service": ("import",),
}
"""Rows of the README's table and chart: beginnings of their names."""


@dataclass(frozen=True)
class Results:
    """A run: where and when, and its rows."""

    machine: dict[str, Any]
    rows: list[Row]

    def to_json(self) -> dict[str, Any]:
        """Give everything that was measured, round by round."""
        return {"machine": self.machine, "rows": [_row_json(row) for row in self.rows]}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Results:
        """Read what `to_json` wrote."""
        return cls(document["machine"], [_row_of(row) for row in document["rows"]])

    @classmethod
    def read(cls, path: Path) -> Results | None:
        """Read a file of results, None where there is none."""
        return cls.from_json(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None

    def write(self, path: Path) -> None:
        """Write a file of results."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """Describe where and when, and how busy it was."""
    return {
        "processor": peers.processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "versions": peers.versions(),
        "absent": peers.absent(),
    }


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "group": row.group,
        "work": row.work,
        "unit": row.unit.name,
        "samples": {n: {"rounds": s.rounds, "recorded": s.recorded} for n, s in row.samples.items()},
        "goals": [{"limit": g.limit, "peer": g.peer, "within": g.within, "reached": row.reached(g)} for g in row.goals],
    }


def _row_of(document: dict[str, Any]) -> Row:
    samples = {n: Sample(tuple(s["rounds"]), s["recorded"]) for n, s in document["samples"].items()}
    goals = tuple(Goal(g["limit"], g["peer"], g["within"]) for g in document["goals"])
    return Row(document["group"], document["work"], _UNITS[document["unit"]], samples, goals)


# ---------------------------------------------------------------- tables


def _value(sample: Sample, unit: Unit) -> str:
    low, high = sample.quartiles
    spread = 50.0 * (high - low) / sample.median if sample.median else 0.0
    return unit.text(sample.median) + (f" ± {spread:.0f} %" if len(sample.rounds) > 1 else "")


def _ratio(row: Row, peer: str) -> str:
    ratio = row.ratio(peer)
    if ratio is None:
        return "–"
    low, high = ratio.quartiles
    return f"{ratio.median:.3g} ({low:.3g} – {high:.3g})"


def _others(row: Row) -> str:
    names = [name for name in row.samples if name != OURS]
    return "; ".join(f"{name} {row.unit.text(row.samples[name].median)}" for name in names) or "–"


def _ratios(row: Row) -> str:
    return "; ".join(f"{name} {_ratio(row, name)}" for name in row.samples if name not in (OURS, COPY)) or "–"


def _verdict(row: Row, goal: Goal) -> str:
    reached, name = row.reached(goal), goal.text(row.unit)
    if reached is None:
        return f"{name}: not measured"
    if reached:
        return f"{name}: reached"
    value = row.value(goal) or 0.0
    got = row.unit.text(value) if goal.peer is None else f"{value:.3g}x"
    return f"{name}: **missed**, {got}"


def table(rows: Sequence[Row]) -> str:
    """Write all rows of some groups as a table."""
    lines = ["| work | unit | ours | others | times ours (quartiles) | goal |", "|---|---|---|---|---|---|"]
    for row in rows:
        goals = "; ".join(_verdict(row, goal) for goal in row.goals) or "–"
        ours = _value(row.samples[OURS], row.unit)
        lines.append(f"| {row.work} | {row.unit.name} | {ours} | {_others(row)} | {_ratios(row)} | {goals} |")
    return "\n".join(lines)


def tables(results: Results) -> str:
    """Write every group under a heading of its own."""
    groups = list(dict.fromkeys(row.group for row in results.rows))
    parts = [_where(results)]
    for group in groups:
        parts += [f"### {group}", table([row for row in results.rows if row.group == group])]
    return "\n\n".join(parts)


def _where(results: Results) -> str:
    m = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in m["versions"].items())
    absent = "".join(f" {name}: {why}." for name, why in m["absent"].items())
    return f"{m['processor']}, {m['cores']} cores, load {m['load']} when it began; {versions}.{absent}"


def headlines(results: Results) -> Iterator[tuple[Row, str, Sample]]:
    """Rows of the short table, each with its strongest peer that does the same work and the ratio to it."""
    for row in results.rows:
        if row.work.startswith(_HEADLINES.get(row.group, ("none",))) and "threads" not in row.work:
            recorded = [name for name, sample in row.samples.items() if sample.recorded]
            peer = row.best_peer() or next(iter(recorded), None)
            ratio = row.ratio(peer) if peer else None
            if peer is not None and ratio is not None:
                yield row, peer, ratio


def short_table(results: Results) -> str:
    """Write the README's table: beside the best peer, and beside renderapi where that is another."""
    lines = ["| work | ours | best peer | ratio | renderapi |", "|---|---|---|---|---|"]
    for row, peer, ratio in headlines(results):
        ours = f"{row.unit.text(row.samples[OURS].median)} {row.unit.name}"
        old = row.ratio(peers.RENDERAPI)
        seen = f"{old.median:.3g}x" if old else "–"
        theirs = row.unit.text(row.samples[peer].median)
        lines.append(f"| {row.group}: {row.work} | {ours} | {peer} {theirs} | {ratio.median:.3g}x | {seen} |")
    return "\n".join(lines)


# ---------------------------------------------------------------- comparison


def compare(old: Results, new: Results) -> Iterator[str]:
    """Say what changed beyond the noise.

    A change counts when the middle halves of the rounds of both runs, each widened by what the peers moved at the same
    time, do not meet.
    """
    before = {(row.group, row.work): row for row in old.rows}
    for row in new.rows:
        past = before.get((row.group, row.work))
        if past is None:
            yield f"new: {row.group}: {row.work}"
            continue
        then, now = past.samples[OURS], row.samples[OURS]
        noise = _drift(past, row)
        low, high = then.quartiles[0] * (1.0 - noise), then.quartiles[1] * (1.0 + noise)
        if now.quartiles[0] > high or now.quartiles[1] < low:
            word = "slower" if now.median > then.median else "faster"
            factor = max(now.median, then.median) / min(now.median, then.median)
            yield f"{word} {factor:.2f}x (noise {100.0 * noise:.0f} %): {row.group}: {row.work}"


def _drift(past: Row, row: Row) -> float:
    """By how much the machine itself seems to have changed: the most that a peer did, and 5 % at least."""
    moved = [0.05]
    for name, sample in row.samples.items():
        if name != OURS and not sample.recorded and name in past.samples:
            moved.append(abs(sample.median / past.samples[name].median - 1.0))
    return max(moved)


# ---------------------------------------------------------------- publication


def insert(text: str, content: str) -> str:
    """Put content between the markers; an error where they are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"expected the markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{content}\n\n{END}{after}"


def draw(results: Results, path: Path) -> None:
    """Draw the ratios of the short table as bars, their quartiles as whiskers."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    chosen = list(headlines(results))[::-1]
    figure = Figure(figsize=(8.0, 0.34 * len(chosen) + 1.0), layout="constrained")
    axes = figure.subplots()
    for place, (_, _, ratio) in enumerate(chosen):
        low, high = ratio.quartiles
        reach = [[ratio.median - low], [high - ratio.median]]
        axes.barh(place, ratio.median, color="#9aa7b1" if ratio.recorded else "#2f6f9f")
        axes.errorbar(ratio.median, place, xerr=reach, color="black", capsize=2, linewidth=1)
        axes.annotate(f" {ratio.median:.3g}x", (high, place), va="center", fontsize=8)
    axes.set_yticks(
        range(len(chosen)), [f"{row.group}: {row.work}\nbest peer: {peer}" for row, peer, _ in chosen], fontsize=7
    )
    axes.set_xscale("log")
    axes.axvline(1.0, color="black", linewidth=1)
    axes.set_xlabel("times the speed of the best peer (grey: the peer was measured on another machine)", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_png(str(path), metadata={"Software": None})


def publish(results: Results) -> None:
    """Write tables and chart into README and documentation."""
    draw(results, CHART)
    readme, page = ROOT / "README.md", ROOT / "docs" / "performance.md"
    short = f"{short_table(results)}\n\n{_PICTURE}"
    readme.write_text(insert(readme.read_text(encoding="utf-8"), short), encoding="utf-8")
    page.write_text(insert(page.read_text(encoding="utf-8"), tables(results)), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Publish a file of results anew, or print what changed between two."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("results", type=Path, nargs="?", default=PUBLISHED)
    parser.add_argument("--compare", type=Path, help="results of before: print what changed, publish nothing")
    options = parser.parse_args(arguments)
    results = Results.read(options.results)
    if results is None:
        parser.error(f"{options.results} is not there")
    old = Results.read(options.compare) if options.compare else None
    if old is not None:
        print("\n".join(compare(old, results)))
    else:
        publish(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
