"""The worked example of the documentation against an independent dense solve; the matches turned into single fits."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.shared import SHARED, requires_shared
from transforms import Affine, Polynomial, Rigid, Similarity, Translation

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "montage_solver.py"
REGULARIZATION = 1e-4


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("montage_solver", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["montage_solver"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def montage(example: ModuleType) -> tuple:
    assert SHARED is not None
    folder = SHARED / "data"
    return example.read_montage(folder / "montage_raw_tilespecs.json", folder / "montage_pointmatches.json")


def rows_of(name: str, points: np.ndarray) -> np.ndarray:
    """(2N, P) dense rows for all unknowns of a tile, x' first, then y'; written out by hand."""
    x, y, one, zero = points[:, 0], points[:, 1], np.ones(len(points)), np.zeros(len(points))
    if name == "similarity":
        return np.vstack([np.column_stack([x, -y, one, zero]), np.column_stack([y, x, zero, one])])
    terms = [x, y, one] if name == "affine" else [one, x, y, x * x, x * y, y * y]
    block = np.column_stack(terms)
    empty = np.zeros_like(block)
    return np.vstack([np.hstack([block, empty]), np.hstack([empty, block])])


def start_of(name: str, matrix: np.ndarray) -> np.ndarray:
    a, b, tx = matrix[0]
    c, d, ty = matrix[1]
    if name == "affine":
        return np.array([a, b, tx, c, d, ty])
    if name == "polynomial":
        return np.array([tx, a, b, 0, 0, 0, ty, c, d, 0, 0, 0])
    assert (a, b, c, d) == (1.0, 0.0, 0.0, 1.0)  # the stage only shifts
    return np.array([1.0, 0.0, tx, ty])


@requires_shared
@pytest.mark.parametrize("name", ["affine", "similarity", "polynomial"])
def test_global_solve_equals_a_dense_one(example: ModuleType, montage: tuple, name: str) -> None:
    tiles, matches = montage
    size = {"affine": 6, "similarity": 4, "polynomial": 12}[name]
    place = {tile: i * size for i, tile in enumerate(tiles)}
    blocks, weights = [], []
    for match in matches:
        block = np.zeros((2 * len(match.p_points), size * len(tiles)))
        block[:, place[match.p] : place[match.p] + size] = rows_of(name, tiles[match.p].lens.apply(match.p_points))
        block[:, place[match.q] : place[match.q] + size] = -rows_of(name, tiles[match.q].lens.apply(match.q_points))
        blocks.append(block)
        weights.append(np.tile(match.weights, 2))
    dense, weight = np.vstack(blocks), np.concatenate(weights)
    start = np.concatenate([start_of(name, tile.stage.matrix) for tile in tiles.values()])
    length = np.linalg.norm(dense, axis=0)
    if name != "similarity":  # the sparse solver scales x' and y' together: both halves have equal columns
        assert np.allclose(length.reshape(len(tiles), 2, -1)[:, 0], length.reshape(len(tiles), 2, -1)[:, 1])
    system = np.vstack([np.sqrt(weight)[:, None] * dense / length, np.sqrt(REGULARIZATION) * np.eye(len(start))])
    target = np.concatenate([-np.sqrt(weight) * (dense @ start), np.zeros(len(start))])
    unknowns = start + np.linalg.lstsq(system, target, rcond=None)[0] / length
    wanted = dense @ unknowns
    expected, at = [], 0
    for match in matches:
        half = len(match.p_points)
        expected.append(np.hypot(wanted[at : at + half], wanted[at + half : at + 2 * half]))
        at += 2 * half
    solved = example.solve(tiles, matches, example.MODELS[name], REGULARIZATION)
    found = example.residuals(tiles, matches, solved)
    np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-5, rtol=0)
    before = example.residuals(tiles, matches, {key: tile.stage for key, tile in tiles.items()})
    assert np.sqrt(np.mean(found**2)) < 0.05 * np.sqrt(np.mean(before**2))


@requires_shared
@pytest.mark.parametrize("model", [Translation, Rigid, Similarity, Affine, Polynomial])
def test_matches_become_fits(montage: tuple, model: type) -> None:
    """Each pair's fit is what an independent weighted least squares on centred coordinates gives."""
    _, matches = montage
    for match in matches:
        p, q, w = match.p_points, match.q_points, match.weights
        fitted = model.from_estimate(p, q, w)
        centre_p, centre_q = np.average(p, axis=0, weights=w), np.average(q, axis=0, weights=w)
        x, y, root = *(p - centre_p).T, np.sqrt(w)[:, None]
        if model in (Rigid, Similarity):
            c = np.sum(w * np.sum((p - centre_p) * (q - centre_q), axis=1))
            s = np.sum(w * (x * (q - centre_q)[:, 1] - y * (q - centre_q)[:, 0]))
            size = np.hypot(c, s) if model is Rigid else np.sum(w * (x * x + y * y))
            turn = np.array([[c, -s], [s, c]]) / size
            wanted = (p - centre_p) @ turn.T + centre_q
        else:
            terms = {Translation: [], Affine: [x, y], Polynomial: [x, y, x * x, x * y, y * y]}[model]
            design = np.column_stack([np.ones_like(x), *terms])
            target = q - centre_q - (p - centre_p if model is Translation else 0.0)
            unknowns = np.linalg.lstsq(root * design, root * target, rcond=None)[0]
            wanted = design @ unknowns + centre_q + (p - centre_p if model is Translation else 0.0)
        np.testing.assert_allclose(fitted.residuals(p, q), np.hypot(*(wanted - q).T), atol=1e-8, rtol=0)


def test_parameters_go_there_and_back() -> None:
    rng = np.random.default_rng(7)
    points = rng.uniform(0.0, 4096.0, (20, 2))
    affine = Affine(rng.normal(size=(2, 3)))
    assert Affine.from_parameters(affine.parameters) == affine
    np.testing.assert_allclose(Affine.basis(points) @ affine.parameters.T, affine.apply(points), rtol=1e-13)
    similarity = Similarity(1.1, 0.3, (5.0, -7.0))
    assert Similarity.from_parameters(similarity.parameters) == similarity
    mapped = (Similarity.basis(points) @ similarity.parameters).reshape(-1, 2)
    np.testing.assert_allclose(mapped, similarity.apply(points), rtol=1e-13)
    translation = Translation((3.0, 4.0))
    assert Translation.from_parameters(translation.parameters) == translation
    np.testing.assert_allclose(points + Translation.basis(points) @ translation.parameters.T, translation.apply(points))
