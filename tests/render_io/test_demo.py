"""The simulated acquisition is what it says, and the demo comes as close to its truth as its noise allows."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest
from typer.testing import CliRunner

from render_io import specs
from render_io._demo.simulated_matches import find_matches, match_residuals, solve_montage
from render_io._demo.truth import after_best_affine, distances_to_truth, overall
from render_io.cli import app
from render_io.simulate import simulate
from render_io.stores import check_tile
from transforms import Affine


@pytest.fixture(scope="module")
def acquisition():
    return simulate(2, 2, 3, width=1024, height=768, seed=3)


def test_the_same_seed_gives_the_same(acquisition):
    again, other = (simulate(2, 2, 3, width=1024, height=768, seed=seed) for seed in (3, 4))
    assert acquisition.section(2).tilespecs == again.section(2).tilespecs
    assert acquisition.section(2).tilespecs != other.section(2).tilespecs


def test_tiles_are_sound_and_overlap(acquisition):
    for z in (1, 2):
        for aligned in (True, False):
            section = acquisition.section(z, aligned=aligned)
            assert not [fault for tile in section.tilespecs for fault in check_tile(tile)]
            assert not [tile for tile in section.tilespecs if specs.unresolved_ids(tile["transforms"]) == []]
    assert len(find_matches(acquisition.tiles[1], spacing=50.0)) >= 7


def test_the_truth_has_an_inverse(acquisition):
    for tile in acquisition.tiles[1]:
        points = tile.grid(7)
        np.testing.assert_allclose(tile.truth_inverse(tile.truth(points)), points, atol=1e-8)


def test_aligned_tiles_are_close_to_the_truth_and_raw_ones_are_not(acquisition):
    aligned = distances_to_truth(acquisition, [acquisition.section(z) for z in (1, 2)])
    raw = distances_to_truth(acquisition, [acquisition.section(1, aligned=False)])
    assert overall(aligned)[1] < 0.5
    assert overall(raw)[1] > 10.0


def test_lens_corrections_straighten(acquisition):
    for tile in acquisition.tiles[1][:2]:
        lens = acquisition.lenses[tile.camera.name]
        bent = np.hypot(*(tile.camera.straighten(tile.grid(20)) - tile.grid(20)).T).max()
        left = np.hypot(*(lens.apply(tile.grid(20)) - tile.camera.straighten(tile.grid(20))).T).max()
        assert left < 1e-3 < bent


def test_a_montage_is_as_good_as_its_matches(acquisition):
    tiles = acquisition.tiles[1]
    lenses = {tile.tile_id: acquisition.lenses[tile.camera.name] for tile in tiles}
    start = {t.tile_id: Affine([[1, 0, t.planned[0]], [0, 1, t.planned[1]]]) for t in tiles}
    spreads = []
    for noise in (0.0, 0.5):
        matches = find_matches(tiles, noise=noise, spacing=50.0)
        solved = solve_montage(matches, lenses, start)
        spreads.append(np.sqrt(np.mean(match_residuals(matches, lenses, solved) ** 2)))
        before, after = (
            after_best_affine({i: lens | affines[i] for i, lens in lenses.items()}, tiles)
            for affines in (start, solved)
        )
        assert overall(after)[0] < overall(before)[0]
    # Without noise the soft bending is left; with noise that of two tiles in two coordinates comes to it.
    assert spreads[0] < 0.3
    assert spreads[1] == pytest.approx(np.hypot(spreads[0], 0.5 * 2.0), rel=0.3)


class References(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("src", "href") and value]


@pytest.mark.jit_only
@pytest.mark.slow
def test_the_demo(tmp_path):
    size = ["--sections", "2", "--rows", "2", "--columns", "2"]
    answer = CliRunner().invoke(app, ["demo", "--output", str(tmp_path / "demo"), *size])
    assert answer.exit_code == 0, answer.output
    for title in ("Import", "Montage from point matches", "Re-estimation", "Coordinates"):
        assert title in answer.output
    parser = References()
    parser.feed((tmp_path / "demo" / "index.html").read_text())
    assert sum(reference.startswith("data:image/png;base64,") for reference in parser.found) == 6
    links = [reference for reference in parser.found if not reference.startswith("data:")]
    assert links
    assert all((tmp_path / "demo" / link).is_file() for link in links)
