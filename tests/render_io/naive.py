"""The main job done the naive way: numpy and the printed formulas only, nothing of this project."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def numbers(text: str) -> np.ndarray:
    return np.array([float(field) for field in text.split()])


def affine(text: str, points: np.ndarray) -> np.ndarray:
    m00, m10, m01, m11, m02, m12 = numbers(text)
    x, y = points.T
    return np.stack([m00 * x + m01 * y + m02, m10 * x + m11 * y + m12], axis=1)


def terms(points: np.ndarray, order: int) -> np.ndarray:
    x, y = points.T
    return np.stack([x ** (d - j) * y**j for d in range(order + 1) for j in range(d + 1)], axis=1)


def polynomial(text: str, points: np.ndarray) -> np.ndarray:
    coefficients = numbers(text).reshape(2, -1)
    order = int(np.sqrt(8 * coefficients.shape[1] + 1) - 3) // 2
    return terms(points, order) @ coefficients.T


def lens(text: str, points: np.ndarray) -> np.ndarray:
    fields = text.split()
    dimension, length = int(fields[0]), int(fields[1])
    values = np.array([float(field) for field in fields[2 : 2 + 4 * length]])
    beta, means, deviations = values[: 2 * length].reshape(-1, 2), values[2 * length : 3 * length], values[3 * length :]
    features = np.zeros((len(points), length))
    powers = terms(points, dimension)[:, 1:]
    features[:, : powers.shape[1]] = powers
    features[:, :-1] = (features[:, :-1] - means[:-1]) / deviations[:-1]
    features[:, -1] = 100.0
    return features @ beta


MAPS = {
    "mpicbg.trakem2.transform.AffineModel2D": affine,
    "mpicbg.trakem2.transform.PolynomialTransform2D": polynomial,
    "mpicbg.trakem2.transform.NonLinearCoordinateTransform": lens,
}


def apply(specs: Sequence[dict], points: np.ndarray) -> np.ndarray:
    for spec in specs:
        points = MAPS[spec["className"]](spec["dataString"], points)
    return points


def grid(tile: dict, samples: int = 10) -> np.ndarray:
    xs = np.linspace(0, tile["width"], samples)
    ys = np.linspace(0, tile["height"], samples)
    return np.array([(x, y) for y in ys for x in xs])


def distances(model: str, order: int, src: np.ndarray, dst: np.ndarray) -> np.ndarray:
    """Residuals of the best transform of a kind."""
    centre, middle = src.mean(axis=0), dst.mean(axis=0)
    p, q = src - centre, dst - middle
    scale = np.abs(p).max()
    if model == "polynomial":
        design = terms(p / scale, order)
        return np.hypot(*(design @ np.linalg.lstsq(design, q)[0] - q).T)
    if model == "affine":
        return np.hypot(*(p / scale @ np.linalg.lstsq(p / scale, q)[0] - q).T)
    if model == "translation":
        return np.hypot(*(p - q).T)
    turn = complex(np.sum((p[:, 0] - 1j * p[:, 1]) * (q[:, 0] + 1j * q[:, 1])))
    factor = turn / abs(turn) if model == "rigid" else turn / np.sum(p**2)
    return np.abs((p[:, 0] + 1j * p[:, 1]) * factor - (q[:, 0] + 1j * q[:, 1]))


def box(specs: Sequence[dict], tile: dict) -> list[float]:
    """Box of a tile by its border, sampled finely: within a pixel of the service's."""
    w, h = tile["width"], tile["height"]
    side = np.linspace(0, 1, 200)
    border = [np.stack([side * w, 0 * side + y], axis=1) for y in (0, h)]
    border += [np.stack([0 * side + x, side * h], axis=1) for x in (0, w)]
    world = apply(specs, np.concatenate(border))
    return [*world.min(axis=0), *world.max(axis=0)]
