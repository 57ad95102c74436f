"""A montage solver from `transforms` and scipy alone: nine tiles, their point matches, one global least-squares solve.

Every tile keeps its lens correction; what is solved for is the transform after it. A match says that two tiles see the
same place, so it gives the equations ``basis(p) @ unknowns[P] - basis(q) @ unknowns[Q] = 0``. A weak pull towards the
stage position fixes what the matches leave open: where the montage lies.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import splu

from render_io import specs
from transforms import Affine, Polynomial, Similarity, Transform, TransformList

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tile:
    """A tile as it came from the microscope.

    Attributes
    ----------
    lens : Transform
        What stays.
    stage : Transform
        Where the stage said it was: the transform to be replaced.
    """

    lens: Transform
    stage: Transform


@dataclass(frozen=True)
class Match:
    """Corresponding points of two tiles.

    Attributes
    ----------
    p, q : str
        Tile ids.
    p_points, q_points : ndarray
        (N, 2) each, in pixels of the tiles.
    weights : ndarray
        (N,).
    """

    p: str
    q: str
    p_points: Floats
    q_points: Floats
    weights: Floats


@dataclass(frozen=True)
class Model:
    """How a solver sees a transform that is linear in its unknowns.

    Attributes
    ----------
    basis : callable
        (N, 2) points to a (N, K) matrix, or (2N, K) where x' and y' share unknowns.
    columns : int
        Right-hand sides: 2 for x' and y' apart, 1 where they share unknowns.
    start : callable
        Stage transform to (K, columns) unknowns.
    finish : callable
        (K, columns) unknowns to a transform.
    """

    basis: Callable[[Floats], Floats]
    columns: int
    start: Callable[[Transform], Floats]
    finish: Callable[[Floats], Transform]


def quadratic_of(stage: Transform) -> Floats:
    """Coefficients of the stage position as a polynomial of order 2."""
    return Polynomial.from_affine(Affine(stage.matrix), order=2).coefficients.T  # type: ignore[attr-defined, no-any-return]


def similarity_of(stage: Transform) -> Floats:
    """Unknowns of the similarity nearest to the stage position."""
    corners = np.array([[0.0, 0.0], [4000.0, 0.0], [0.0, 4000.0], [4000.0, 4000.0]])
    return Similarity.from_estimate(corners, stage.apply(corners)).parameters[:, None]


MODELS = {
    "affine": Model(
        Affine.basis,
        2,
        lambda stage: stage.matrix[:2].T,
        lambda u: Affine.from_parameters(u.T),  # type: ignore[attr-defined]
    ),
    "similarity": Model(Similarity.basis, 1, similarity_of, lambda u: Similarity.from_parameters(u[:, 0])),
    "polynomial": Model(lambda points: Polynomial.basis(points, 2), 2, quadratic_of, lambda u: Polynomial(u.T)),
}


def read_montage(tiles: Path, matches: Path) -> tuple[dict[str, Tile], list[Match]]:
    """Read tile specs (lens correction and stage position each) and point matches from JSON files."""
    found = {}
    for tile in json.loads(tiles.read_text()):
        whole = specs.to_transform({"type": "list", "specList": tile["transforms"]["specList"]})
        assert isinstance(whole, TransformList)
        found[tile["tileId"]] = Tile(whole[0], whole[1])
    return found, [_match(pair) for pair in json.loads(matches.read_text())]


def _match(pair: dict[str, Any]) -> Match:
    points = pair["matches"]  # coordinate-major: [[x ...], [y ...]]
    return Match(
        pair["pId"], pair["qId"], np.array(points["p"]).T, np.array(points["q"]).T, np.array(points["w"], dtype=float)
    )


def assemble(tiles: dict[str, Tile], matches: list[Match], model: Model) -> tuple[sparse.csr_matrix, Floats]:
    """The weighted equations of all matches, one block of columns per tile, and the weight of each row."""
    place = {tile: i for i, tile in enumerate(tiles)}
    size = model.basis(np.zeros((1, 2))).shape[1]
    blocks, weights = [], []
    for match in matches:
        p = model.basis(tiles[match.p].lens.apply(match.p_points))
        q = model.basis(tiles[match.q].lens.apply(match.q_points))
        row = sparse.lil_matrix((len(p), size * len(tiles)))
        row[:, place[match.p] * size : (place[match.p] + 1) * size] = p
        row[:, place[match.q] * size : (place[match.q] + 1) * size] = -q
        blocks.append(row.tocsr())
        weights.append(np.repeat(match.weights, len(p) // len(match.weights)))
    return sparse.vstack(blocks).tocsr(), np.concatenate(weights)


def solve(
    tiles: dict[str, Tile], matches: list[Match], model: Model, regularization: float = 1e-4
) -> dict[str, Transform]:
    """Solve for the transforms of all tiles.

    Columns are scaled to unit length first: pixels squared and a constant in one matrix would cost half of the digits.
    The pull towards the stage position acts on the scaled unknowns.
    """
    equations, weights = assemble(tiles, matches, model)
    start = np.concatenate([model.start(tile.stage) for tile in tiles.values()])
    scale = 1.0 / np.sqrt(np.asarray(equations.power(2).sum(axis=0)).ravel())
    scaled = equations @ sparse.diags(scale)
    weighted = scaled.T @ sparse.diags(weights)
    normal = weighted @ scaled + regularization * sparse.eye(len(start))
    # Solved for the change from the stage position: its large numbers never enter the right-hand side.
    step = splu(normal.tocsc()).solve(-(weighted @ (equations @ start)))
    unknowns = (start + scale[:, None] * step).reshape(len(tiles), -1, model.columns)
    return {tile: model.finish(unknowns[i]) for i, tile in enumerate(tiles)}


def residuals(tiles: dict[str, Tile], matches: list[Match], solved: dict[str, Transform]) -> Floats:
    """Distances in pixels between where both tiles of every match put its points."""
    distances = []
    for match in matches:
        p = (tiles[match.p].lens | solved[match.p]).apply(match.p_points)
        q = (tiles[match.q].lens | solved[match.q]).apply(match.q_points)
        distances.append(np.hypot(*(p - q).T))
    return np.concatenate(distances)


def main(tiles: Path, matches: Path) -> None:
    """Solve the montage with every model and print how well it fits."""
    stack, pairs = read_montage(tiles, matches)
    before = residuals(stack, pairs, {name: tile.stage for name, tile in stack.items()})
    print(f"stage        rms {np.sqrt(np.mean(before**2)):8.3f} px   max {before.max():8.3f} px")
    for name, model in MODELS.items():
        after = residuals(stack, pairs, solve(stack, pairs, model))
        print(f"{name:12s} rms {np.sqrt(np.mean(after**2)):8.3f} px   max {after.max():8.3f} px")


if __name__ == "__main__":
    import sys

    main(Path(sys.argv[1]), Path(sys.argv[2]))
