"""The benchmarks run, their contenders agree, and their results are shown right. No timing is looked at."""

from __future__ import annotations

import importlib
import json
import warnings

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import peers, report, sections
from benchmarks.groups import GROUPS
from benchmarks.harness import (
    BEST,
    COPY,
    JAVA,
    MICROSECONDS,
    NS_PER_POINT,
    OURS,
    SMALL,
    TILES,
    Case,
    Contender,
    DisagreementError,
    Effort,
    Row,
    Sample,
    at_most,
    check_agreement,
    faster,
    measure,
    within,
)

STEADY = ("apply", "inverse", "fit", "calls", "batch", "tiles", "pipeline")


def made_row(ours=(1.0, 1.0, 1.0), goals=(), work="work", **others):
    samples = {OURS: Sample(tuple(ours))} | {n: Sample(tuple(v)) for n, v in others.items()}
    return Row("apply", work, NS_PER_POINT, samples, goals)


@pytest.mark.parametrize("group", STEADY)
def test_contenders_agree_and_are_measured(group):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peers warn of their own deprecations
        rows = list(GROUPS[group](SMALL))
    assert rows
    assert {row.group for row in rows} == {group}
    assert len({row.work for row in rows}) == len(rows), "two rows of one name can't be told apart"
    for row in rows:
        assert all(len(s.rounds) in (1, SMALL.rounds) and min(s.rounds) >= 0.0 for s in row.samples.values())


@pytest.mark.jit_only
@pytest.mark.slow
@pytest.mark.parametrize("group", ["startup", "service"])
def test_groups_in_other_processes(group, monkeypatch, tmp_path):
    rows = list(GROUPS[group](SMALL))
    assert all(row.samples[OURS].median >= 0.0 for row in rows)


def test_every_group_has_a_place():
    assert set(GROUPS) == {*STEADY, "startup", "service"}


@pytest.mark.parametrize("peer", [peers.RENDERAPI, peers.SKIMAGE, peers.OPENCV])
def test_absent_peers_have_a_reason(peer):
    assert (peers.module(peer) is None) == bool(peers.absent().get(peer))


def test_a_contender_that_disagrees_is_refused():
    case = Case("w", NS_PER_POINT, 1, {OURS: Contender(lambda: [1.0]), "x": Contender(lambda: [1.5], 0.4)})
    with pytest.raises(DisagreementError, match=r"x is 0\.5 away"):
        check_agreement(case)


def test_a_contender_that_gives_nan_is_refused():
    case = Case("w", NS_PER_POINT, 1, {OURS: Contender(lambda: [1.0]), "x": Contender(lambda: [np.nan], 9.0)})
    with pytest.raises(DisagreementError):
        check_agreement(case)


def test_turns_are_interleaved_and_counted():
    calls, now = [], [0]

    def contender(name, cost):
        def call():
            calls.append(name)
            now[0] += cost

        return Contender(call)

    both = {OURS: contender("o", 10), "x": contender("x", 40)}
    case = Case("w", NS_PER_POINT, 10, both, counts={"x": 20}, clock=lambda: now[0])
    row = measure("g", case, Effort(many=1, rounds=4, turn=0.0, case=1.0))
    assert "".join(calls[-8:]) == "oxxooxxo"
    assert row.samples[OURS].rounds == pytest.approx([1e-9] * 4)
    assert row.samples["x"].rounds == pytest.approx([2e-9] * 4)


def test_slow_contenders_get_fewer_rounds():
    now = [0]

    def call():
        now[0] += 10**9

    case = Case("w", NS_PER_POINT, 1, {OURS: Contender(call)}, clock=lambda: now[0])
    row = measure("g", case, Effort(many=1, rounds=9, turn=0.01, case=3.0))
    assert len(row.samples[OURS].rounds) == 3


def test_ratios_are_of_rounds_side_by_side():
    row = made_row((1.0, 2.0, 4.0), fast=(2.0, 4.0, 8.0), slow=(9.0, 9.0), copy=(0.5, 0.5, 0.5))
    assert row.best_peer() == "fast"
    assert row.ratio(BEST).rounds == (2.0, 2.0, 2.0)
    assert row.ratio("slow").rounds == (9.0, 4.5)
    assert row.ratio("absent") is None


def test_goals():
    row = made_row((2e-9,), peer=(6e-9,), copy=(1e-9,))
    assert row.reached(faster(3.0, "peer"))
    assert not row.reached(faster(3.1, "peer"))
    assert row.reached(within(2.0, COPY))
    assert not row.reached(within(1.9, COPY))
    assert row.reached(at_most(2e-9))
    assert not row.reached(at_most(1.9e-9))
    assert row.reached(faster(3.0, "nobody")) is None
    assert faster(3.0, "peer").text(NS_PER_POINT) == "≥ 3x peer"
    assert at_most(1.5e-6).text(MICROSECONDS) == "≤ 1.5 µs"
    assert at_most(5e-7).text(TILES) == "≥ 2,000,000 tiles/s"


def test_recorded_samples_are_no_best_peer():
    samples = {OURS: Sample((1.0,)), JAVA: Sample((0.5,), recorded=True), "x": Sample((3.0,))}
    row = Row("apply", "w", NS_PER_POINT, samples, ())
    assert row.best_peer() == "x"
    assert row.ratio(JAVA).recorded


def results(*rows):
    return report.Results(
        {"processor": "p", "cores": 1, "load": 0.5, "versions": {"numpy": "2"}, "absent": {}}, list(rows)
    )


def test_results_survive_json(tmp_path):
    row = made_row(goals=(faster(2.0, "x"), at_most(1.0)), x=(3.0, 3.0, 3.1))
    report.Results.write(results(row), tmp_path / "deep" / "r.json")
    back = report.Results.read(tmp_path / "deep" / "r.json")
    assert list(back.rows) == [row]
    assert report.Results.read(tmp_path / "none.json") is None


def test_comparison_knows_the_noise():
    old = results(made_row((1.0, 1.1, 0.9), work="same"), made_row(work="gone"), made_row(work="slow", x=(1.0,) * 3))
    new = results(
        made_row((1.05, 1.0, 1.1), work="same"),
        made_row((2.0, 2.1, 2.0), work="slow", x=(1.0,) * 3),
        made_row(work="fresh"),
    )
    lines = list(report.compare(old, new))
    assert len(lines) == 2
    assert lines[0].startswith("slower 2.00x")
    assert lines[1].startswith("new: apply: fresh")


def test_a_slower_machine_is_no_slower_program():
    old, new = (results(made_row((f,) * 3, x=(3.1 * f**1.1,) * 3)) for f in (1.0, 1.4))
    assert not list(report.compare(old, new))


def test_tables_say_what_is_missed():
    row = made_row((2e-9,) * 3, goals=(faster(4.0, "x"), faster(2.0, "x"), faster(2.0, "y")), x=(6e-9,) * 3)
    text = report.table([row])
    assert "≥ 4x x: **missed**, 3x" in text
    assert "≥ 2x x: reached" in text
    assert "≥ 2x y: not measured" in text


def test_insertion_needs_its_markers():
    text = f"a\n{report.BEGIN}\nold\n{report.END}\nb\n"
    once = report.insert(text, "new")
    assert once == f"a\n{report.BEGIN}\n\nnew\n\n{report.END}\nb\n"
    assert report.insert(once, "new") == once
    with pytest.raises(ValueError, match="markers"):
        report.insert("nothing", "new")


def test_publication(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    for page in ("README.md", "docs/performance.md"):
        (tmp_path / page).write_text(f"{report.BEGIN}\n{report.END}\n")
    monkeypatch.setattr(report, "ROOT", tmp_path)
    monkeypatch.setattr(report, "CHART", tmp_path / "docs" / "chart.png")
    rows = [made_row((1e-9,) * 3, work=f"affine, {n:,} points", x=(3e-9,) * 3) for n in (1_000_000,)]
    report.publish(results(*rows))
    assert "| apply: affine, 1,000,000 points | 1 ns/point | x 3 | 3x | – |" in (tmp_path / "README.md").read_text()
    assert "### apply" in (tmp_path / "docs" / "performance.md").read_text()
    assert (tmp_path / "docs" / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_published_pages_have_their_markers():
    for page in (report.ROOT / "README.md", report.ROOT / "docs" / "performance.md"):
        text = page.read_text(encoding="utf-8")
        assert report.insert(text, "x") != text


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "OUTPUT", tmp_path / "results.json")
    monkeypatch.setitem(GROUPS, "calls", lambda effort: iter([made_row(goals=(at_most(2.0),))]))
    assert command.main(["calls", "--small"]) == 0
    assert "≤ 2,000,000,000 ns/point: reached" in capsys.readouterr().out
    assert json.loads((tmp_path / "results.json").read_text())["rows"][0]["work"] == "work"
    with pytest.raises(SystemExit):
        command.main(["nonsense"])


def test_made_up_section(monkeypatch):
    monkeypatch.setattr(sections, "is_real", lambda: False)
    tiles = sections.section(30)
    assert len({tile["tileId"] for tile in tiles}) == 30
    assert all(len(tile["transforms"]["specList"]) == 3 for tile in tiles)


def test_service_module_is_a_group_of_the_table():
    service = importlib.import_module("benchmarks.service")
    assert set(service.JAVA) >= {"import, boxes derived", "world to local"}
