"""Batches from columns equal those from lists of objects, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from transforms import Affine, LensCorrection, NonInvertibleError, PointsError, Polynomial, ThinPlateSpline
from transforms.affine_array import AffineArray
from transforms.batch import TransformBatch
from transforms.columns import PolynomialColumn, SharedColumn

COUNT = 30


def shared(random):
    grid = random.uniform(0, 1000, (40, 2))
    lenses = [
        LensCorrection.from_estimate(grid, grid + random.normal(0, 2, grid.shape), dimension=2, width=1000, height=1000)
        for _ in range(2)
    ]
    spline = ThinPlateSpline.from_estimate(grid, grid + random.normal(0, 2, grid.shape))
    return [*lenses, spline, Affine([[1, 0.1, 5], [0, 1, 6]])]


@pytest.fixture
def columns():
    random = np.random.default_rng(0)
    few = shared(random)
    index = random.integers(0, len(few), COUNT)
    matrices = np.array([np.eye(2, 3)] * COUNT) + random.normal(0, 0.1, (COUNT, 2, 3))
    coefficients = random.normal(0, 1, (COUNT, 2, 10)) * [1, 1, 1, *[1e-4] * 3, *[1e-7] * 4]
    lists = [[few[i], Affine(m), Polynomial(c)] for i, m, c in zip(index, matrices, coefficients, strict=True)]
    return [SharedColumn(few, index), AffineArray(matrices), PolynomialColumn(coefficients)], lists


def test_columns_equal_lists(columns):
    parts, lists = columns
    ours, theirs = TransformBatch.from_columns(parts), TransformBatch.from_lists(lists)
    points = np.random.default_rng(1).uniform(0, 1000, (17, 2))
    assert len(ours) == COUNT
    np.testing.assert_array_equal(ours.apply(points), theirs.apply(points))
    np.testing.assert_array_equal(ours.bounding_boxes(1000, 800), theirs.bounding_boxes(1000, 800))
    for model, order in ((Affine, 1), (Polynomial, 0), (Polynomial, 4)):
        first, second = (b.reestimate(model, order=order, width=1000, height=800, samples=6) for b in (ours, theirs))
        np.testing.assert_array_equal(first.params, second.params)
        np.testing.assert_array_equal(first.max_residual, second.max_residual)
    with pytest.raises(NonInvertibleError):
        ours.apply_inverse(points)


def test_some_members(columns):
    parts, lists = columns
    chosen = np.array([3, 1, 29])
    ours = TransformBatch.from_columns(
        [parts[0].take(chosen), AffineArray(parts[1].params[chosen]), parts[2].take(chosen)]
    )
    points = np.random.default_rng(1).uniform(0, 1000, (5, 2))
    np.testing.assert_array_equal(
        ours.apply(points), TransformBatch.from_lists([lists[i] for i in chosen]).apply(points)
    )


@pytest.mark.parametrize("terms", [1, 3, 6, 10, 15, 21, 28])
def test_polynomials_of_every_order(terms):
    coefficients = np.random.default_rng(terms).normal(0, 1, (4, 2, terms))
    points = np.random.default_rng(1).uniform(-2, 2, (5, 2))
    expected = [Polynomial(c).apply(points) for c in coefficients]
    np.testing.assert_array_equal(TransformBatch.from_columns([PolynomialColumn(coefficients)]).apply(points), expected)


def test_columns_of_one_length_only(columns):
    parts, _ = columns
    with pytest.raises(PointsError):
        TransformBatch.from_columns([parts[0], parts[2].take(np.array([1]))])
