"""Cholesky kernel against numpy, for orders on and beside the borders of its blocks."""

from __future__ import annotations

import numpy as np
import pytest

from transforms._kernels import cholesky

ORDERS = [1, 2, 3, 4, 5, 8, 15, 16, 17, 33, 50]


def definite(order: int, smallest: float = 0.1) -> np.ndarray:
    rng = np.random.default_rng(order)
    turn, _ = np.linalg.qr(rng.normal(size=(order, order)))
    return (turn * np.geomspace(smallest, 1.0, order)) @ turn.T


def laid_out(matrix: np.ndarray) -> np.ndarray:
    """Flat, in the room that the kernel wants; what it must not read is NaN."""
    order = len(matrix)
    room = np.full((cholesky.rows_of(order), cholesky.stride_of(order)), np.nan)
    room[:order, order:] = 0.0
    room[:order, :order] = np.where(np.tri(order, k=-1, dtype=bool), np.nan, matrix)
    return room.ravel()


@pytest.mark.parametrize("order", ORDERS)
def test_factor_and_solution(order: int) -> None:
    matrix = definite(order)
    factor = laid_out(matrix)
    assert cholesky.factorise(factor, order)
    upper = np.triu(factor.reshape(-1, cholesky.stride_of(order))[:order, :order])
    np.testing.assert_allclose(upper, np.linalg.cholesky(matrix).T, rtol=0, atol=1e-14)
    wanted = np.random.default_rng(1).normal(size=(2, order))
    work = np.full(2 * order + 6, 7.0)
    a, b = 3, order + 4
    work[a : a + order], work[b : b + order] = matrix @ wanted[0], matrix @ wanted[1]
    cholesky.solve(factor, order, work, a, b)
    np.testing.assert_allclose([work[a : a + order], work[b : b + order]], wanted, rtol=0, atol=1e-12)
    assert (np.delete(work, [*range(a, a + order), *range(b, b + order)]) == 7.0).all()


@pytest.mark.parametrize("order", ORDERS)
def test_refuses_what_is_not_definite(order: int) -> None:
    for place in {0, order // 2, order - 1}:
        matrix = definite(order)
        matrix[place, place] = -1.0
        assert not cholesky.factorise(laid_out(matrix), order)
    assert not cholesky.factorise(laid_out(np.full((order, order), np.nan)), order)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("smallest", [1.0, 1e-6, 1e-12])
def test_estimated_size_of_the_inverse(order: int, smallest: float) -> None:
    matrix = definite(order, smallest)
    factor = laid_out(matrix)
    assert cholesky.factorise(factor, order)
    size = cholesky.inverse_size(factor, order, np.empty(2 * order), 0, order)
    exact = np.abs(np.linalg.inv(matrix)).sum(axis=1).max()
    assert 0.1 * exact <= size <= 1.01 * exact
