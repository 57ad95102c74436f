"""The main job: residuals as a naive computation finds them, and nothing else of a tile touched."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from render_io import specs
from render_io.cli import app
from render_io.reestimate import Options, reestimate, reestimate_section
from render_io.stores import Section, open_sink, open_source
from tests.render_io import naive, stacks
from tests.shared import SHARED, requires_shared
from transforms import bounding_box
from transforms.batch import fit_batch

BOX = ("minX", "minY", "maxX", "maxY")


def run(*arguments):
    return CliRunner().invoke(app, ["reestimate", *map(str, arguments)])


def rest(tile):
    """A tile without what a re-estimation may change; order of the members included."""
    return [
        (key, "changed" if key in BOX else {**value, "specList": None} if key == "transforms" else value)
        for key, value in tile.items()
    ]


def whole(*tilespecs, **shared):
    return Section(1.0, list(tilespecs), shared)


def tile_with(*members, **others):
    random = np.random.default_rng(5)
    return stacks.make_tile(random, "t", 1.0, transforms={"type": "list", "specList": list(members)}, **others)


def only(section, options):
    """The one tile of a section, re-estimated."""
    changed, result = reestimate_section(section, options)
    assert not result.faults
    return changed.tilespecs[0], result


@requires_shared
@pytest.mark.jit_only
@pytest.mark.parametrize(("model", "order"), [("affine", 1), ("polynomial", 2), ("polynomial", 3), ("polynomial", 5)])
def test_the_real_section(tmp_path, model, order):
    source, sink = SHARED / "data" / "section-2119-aligned.json.gz", tmp_path / "new.json.gz"
    answer = run(source, sink, "--model", model, "--order", order, "--report", tmp_path / "report")
    assert answer.exit_code == 0, answer.output
    before, after = (json.loads(gzip.decompress(path.read_bytes())) for path in (source, sink))
    rows = stacks.table(tmp_path / "report")
    assert len(before) == len(after) == len(rows) == 1227
    for old, new, row in zip(before, after, rows, strict=True):
        assert rest(old) == rest(new)
        src = naive.grid(old)
        dst = naive.apply(old["transforms"]["specList"], src)
        expected = naive.distances(model, order, src, dst)
        assert row["tileId"] == old["tileId"]
        assert float(row["rms_px"]) == pytest.approx(np.sqrt(np.mean(expected**2)), rel=1e-7, abs=1e-8)
        assert float(row["max_residual_px"]) == pytest.approx(expected.max(), rel=1e-7, abs=1e-8)
        # What was written is what was measured.
        (leaf,) = new["transforms"]["specList"]
        written = np.hypot(*(naive.apply([leaf], src) - dst).T)
        assert written.max() == pytest.approx(expected.max(), rel=1e-6, abs=1e-7)
        # The service leaves out the last pixel row and column, of tiles that are stretched up to two and a half times.
        np.testing.assert_allclose([new[name] for name in BOX], naive.box([leaf], new), rtol=0, atol=3.5)
    assert f"{max(float(row['max_residual_px']) for row in rows):.6g} px" in answer.output


@requires_shared
@pytest.mark.parametrize("model", ["translation", "rigid", "similarity", "affine", "polynomial"])
def test_fits_from_the_point_matches_of_the_montage(model):
    from render_io.reestimate import MODELS

    tiles = json.loads((SHARED / "data" / "montage_raw_tilespecs.json").read_text())
    matches = json.loads((SHARED / "data" / "montage_pointmatches.json").read_text())
    lists = {tile["tileId"]: tile["transforms"]["specList"] for tile in tiles}
    assert len(lists) == 9
    usable = [m for m in matches if m["pId"] in lists and m["qId"] in lists]
    assert usable
    pairs = []
    for match in usable:
        sides = [np.array(match["matches"][side]).T for side in "pq"]
        # From the place of one tile on the stage to that of the other.
        pairs.append([naive.apply(lists[match[name]], side) for name, side in zip(("pId", "qId"), sides, strict=True)])
        ours = [specs.to_transform({"type": "list", "specList": lists[match[f"{s}Id"]]}) for s in "pq"]
        for transform, side, expected in zip(ours, sides, pairs[-1], strict=True):
            np.testing.assert_allclose(transform.apply(side), expected, atol=1e-8)
    offsets = np.cumsum([0, *(len(p) for p, _ in pairs)])
    p, q = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    estimate = fit_batch(MODELS[model], p, q, offsets, order=2)
    assert not estimate.status.any()
    for i, pair in enumerate(pairs):
        expected = naive.distances(model, 2, *pair)
        assert estimate.max_residual[i] == pytest.approx(expected.max(), rel=1e-6, abs=1e-7)
        assert estimate.rms[i] == pytest.approx(np.sqrt(np.mean(expected**2)), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("model", ["translation", "rigid", "similarity", "affine", "polynomial"])
@pytest.mark.parametrize("replace", ["all", "last", "after-lens"])
def test_every_model_and_replacement(model, replace):
    random = np.random.default_rng(3)
    members = [stacks.bent(random, metaData={"labels": ["lens"]}), stacks.affine(random), stacks.bent(random)]
    members[2] = {"id": "last one", **members[2]}
    tile = tile_with(*members)
    new, result = only(whole(tile), Options(model, order=1, replace=replace, samples=6))
    kept = {"all": 0, "last": 2, "after-lens": 1}[replace]
    assert rest(new) == rest(tile)
    assert new["transforms"]["specList"][:-1] == members[:kept]
    src = naive.apply(members[:kept], naive.grid(tile, 6))
    expected = naive.distances(model, 1, src, naive.apply(members[kept:], src))
    assert result.max_residual[0] == pytest.approx(expected.max(), rel=1e-7, abs=1e-8)
    assert result.rms[0] == pytest.approx(np.sqrt(np.mean(expected**2)), rel=1e-7, abs=1e-8)
    leaf = new["transforms"]["specList"][-1]
    assert leaf["className"] == (stacks.POLYNOMIAL if model == "polynomial" else stacks.AFFINE)
    assert leaf.get("id") == ("last one" if replace == "last" else None)
    transform = specs.to_transform(new["transforms"])
    assert tuple(new[name] for name in BOX) == bounding_box(transform, 640, 480, 64)


def test_a_single_transform_may_be_replaced():
    tile = tile_with(stacks.bent(np.random.default_rng(1), id="only"))
    assert only(whole(tile), Options(replace="last"))[0]["transforms"]["specList"][0]["id"] == "only"
    assert "id" not in only(whole(tile), Options(replace="all"))[0]["transforms"]["specList"][0]


def test_no_transforms_are_the_identity():
    for replace in ("all", "last", "after-lens"):
        new, result = only(whole(tile_with()), Options(replace=replace))
        assert result.max_residual[0] < 1e-10
        np.testing.assert_allclose(
            naive.numbers(new["transforms"]["specList"][0]["dataString"]), [1, 0, 0, 1, 0, 0], atol=1e-10
        )


def test_boxes_only_where_there_were_some_and_whole_numbers_where_they_were_whole():
    random = np.random.default_rng(1)
    bare = {key: value for key, value in tile_with(stacks.affine(random)).items() if key not in BOX}
    new, result = only(whole(bare), Options())
    assert rest(new) == rest(bare)
    assert np.isnan(result.boxes).all()
    assert np.isfinite(only(whole(bare), Options(locate=True))[1].boxes).all()
    new, _ = only(whole(tile_with(stacks.affine(random), minX=3)), Options())
    assert isinstance(new["minX"], int)
    assert isinstance(new["minY"], float)


# -- Where the lens correction ends ------------------------------------------------------------------------------------


def lens_text():
    beta, means, deviations = [100, 0, 0, 50, 3.2, 2.4], [320, 240, 100], [100, 50, 0]
    return " ".join(map(str, [1, 3, *beta, *means, *deviations, 640, 480]))


def kept(spec_list, **shared):
    section = whole(tile_with(*spec_list), **shared)
    return only(section, Options(replace="after-lens"))[0]["transforms"]["specList"][:-1]


def test_after_the_lens():
    random = np.random.default_rng(2)
    first, second, third = stacks.affine(random), stacks.bent(random), stacks.affine(random)
    lens = {"className": stacks.LENS, "dataString": lens_text()}
    labelled = first | {"metaData": {"labels": ["x", "lens"]}}
    assert kept([lens, second, third]) == [lens]
    assert kept([first, lens, third]) == []  # It doesn't lead.
    assert kept([second, labelled, third]) == [second, labelled]
    assert kept([lens, labelled, third]) == [lens, labelled]  # The label says more than the class.
    assert kept([labelled, labelled, third]) == [labelled]
    assert kept([lens]) == [lens]


def test_the_lens_is_found_behind_references_and_in_lists():
    random = np.random.default_rng(2)
    first, last = stacks.affine(random), stacks.affine(random)
    lens = {"className": stacks.LENS, "dataString": lens_text()}
    labelled = {"id": "L", **lens, "metaData": {"labels": ["lens"]}}
    reference = {"type": "ref", "refId": "L"}
    assert kept([reference, last], L=labelled) == [reference]
    assert kept([reference, last], L={"id": "L", **lens}) == [reference]
    assert kept([first, reference, last], L=labelled) == [first, reference]
    nested = {"type": "list", "specList": [labelled, first]}
    assert kept([nested, last]) == [labelled]
    assert kept([{**nested, "metaData": {"labels": ["lens"]}}, last]) == [{**nested, "metaData": {"labels": ["lens"]}}]
    assert kept([{"type": "list", "specList": [first, first]}, last]) == []


def test_references_interpolations_and_nested_lists_are_maps_like_any_other():
    random = np.random.default_rng(4)
    a, b, c = stacks.affine(random), stacks.affine(random), stacks.bent(random)
    spec_list = [
        {"type": "ref", "refId": "c"},
        {"type": "interpolated", "a": a, "b": b, "lambda": 0.25},
        {"type": "list", "specList": [{"type": "ref", "refId": "c"}]},
    ]
    tile = tile_with(*spec_list)
    _, result = only(whole(tile, c=c), Options(samples=7))
    src = naive.grid(tile, 7)
    middle = naive.apply([c], src)
    mixed = 0.75 * naive.apply([a], middle) + 0.25 * naive.apply([b], middle)
    expected = naive.distances("affine", 1, src, naive.apply([c], mixed))
    assert result.max_residual[0] == pytest.approx(expected.max(), rel=1e-7)


def test_shared_transforms_and_envelopes_stay(tmp_path):
    random = np.random.default_rng(4)
    shared = {"c": {"id": "c", **stacks.bent(random)}, "unused": stacks.affine(random)}
    tiles = {
        f"t{i}": stacks.make_tile(
            random, f"t{i}", 1.0, transforms={"type": "list", "specList": [{"type": "ref", "refId": "c"}]}
        )
        for i in range(3)
    }
    document = {"note": 1, "transformIdToSpecMap": shared, "tileIdToSpecMap": tiles}
    (tmp_path / "a.json").write_text(json.dumps(document))
    with open_sink(tmp_path / "b.json") as sink:
        reestimate(open_source(tmp_path / "a.json"), sink, Options())
    after = stacks.read_json(tmp_path / "b.json")
    assert list(after) == list(document)
    assert after["transformIdToSpecMap"] == shared
    assert [rest(tile) for tile in after["tileIdToSpecMap"].values()] == [rest(tile) for tile in tiles.values()]


def test_tiles_of_many_sizes_in_one_section():
    random = np.random.default_rng(6)
    sizes = [(640, 480), (480.5, 640), (640, 480), (100, 3000)]
    tiles = [
        stacks.make_tile(random, f"t{i}", 1.0, width=w, height=h, meshCellSize=cell)
        for i, ((w, h), cell) in enumerate(zip(sizes, (64.0, 64.0, 32.0, None), strict=True))
    ]
    changed, result = reestimate_section(whole(*tiles), Options("polynomial", order=3))
    assert not result.faults
    for i, (old, new) in enumerate(zip(tiles, changed.tilespecs, strict=True)):
        src = naive.grid(old)
        expected = naive.distances("polynomial", 3, src, naive.apply(old["transforms"]["specList"], src))
        assert result.max_residual[i] == pytest.approx(expected.max(), abs=1e-7)
        transform = specs.to_transform(new["transforms"])
        assert tuple(new[n] for n in BOX) == bounding_box(transform, *sizes[i], old["meshCellSize"] or 64.0)


@pytest.mark.parametrize(
    "change",
    [{"model": "homography"}, {"replace": "first"}, {"order": -1}, {"samples": 0}, {"max_residual": -1.0},
     {"max_residual": float("nan")}, {"samples": 1}, {"model": "polynomial", "order": 5, "samples": 4}],
)  # fmt: skip
def test_options_out_of_range_are_refused(change):
    with pytest.raises(ValueError, match="expected"):
        Options(**change)


@pytest.mark.parametrize("command", [["reestimate", "--model", "affine"], ["bounds"], ["import"]])
def test_directories_are_compressed_on_request(tmp_path, command):
    stacks.write_stack(tmp_path / "a", 2, 3)
    plain, packed = (str(tmp_path / name) for name in ("plain", "packed"))
    assert CliRunner().invoke(app, [command[0], str(tmp_path / "a"), plain, *command[1:]]).exit_code == 0
    assert CliRunner().invoke(app, [command[0], str(tmp_path / "a"), packed, *command[1:], "--compress"]).exit_code == 0
    for path in Path(plain).iterdir():
        assert gzip.decompress((Path(packed) / f"{path.name}.gz").read_bytes()) == path.read_bytes()
