"""What is done with a Cholesky factor: solving for two right-hand sides at once, and judging the condition.

A factor is lower triangular, flat (N * N), by rows; what stands above its diagonal is never read. Right-hand sides
begin at places a and b of a flat array. Flat, because every view of a row would be counted by the run-time.
"""

from __future__ import annotations

from transforms._jit import fma, kernel
from transforms._kernels import lanes
from transforms._types import FloatArray


@kernel
def two_dots(rows: FloatArray, at: int, count: int, work: FloatArray, a: int, b: int) -> tuple[float, float]:
    """Inner products of ``count`` numbers from ``at`` on with those from a and from b on."""
    whole = count - count % lanes.WIDTH
    p = q = 0.0
    if whole:
        row = lanes.load(rows, at)
        first, second = row * lanes.load(work, a), row * lanes.load(work, b)
        for j in range(lanes.WIDTH, whole, lanes.WIDTH):
            row = lanes.load(rows, at + j)
            first = lanes.fma(row, lanes.load(work, a + j), first)
            second = lanes.fma(row, lanes.load(work, b + j), second)
        p, q = lanes.total(first), lanes.total(second)
    for j in range(whole, count):
        p, q = fma(rows[at + j], work[a + j], p), fma(rows[at + j], work[b + j], q)
    return p, q


@kernel
def subtract_twice(rows: FloatArray, at: int, count: int, p: float, q: float, work: FloatArray, a: int, b: int) -> None:
    """Subtract p times ``count`` numbers from ``at`` on from those from a on, and q times from those from b on."""
    whole = count - count % lanes.WIDTH
    for j in range(whole, count):
        work[a + j] = fma(-p, rows[at + j], work[a + j])
        work[b + j] = fma(-q, rows[at + j], work[b + j])
    for j in range(0, whole, lanes.WIDTH):
        row = lanes.load(rows, at + j)
        lanes.store(work, a + j, lanes.fma(row, -p, lanes.load(work, a + j)))
        lanes.store(work, b + j, lanes.fma(row, -q, lanes.load(work, b + j)))


@kernel
def solve_transposed(factor: FloatArray, count: int, work: FloatArray, a: int, b: int) -> None:
    """Solve with the transposed factor, in place."""
    for i in range(count - 1, -1, -1):
        pivot = factor[i * count + i]
        p, q = work[a + i] / pivot, work[b + i] / pivot
        work[a + i], work[b + i] = p, q
        subtract_twice(factor, i * count, i, p, q, work, a, b)


@kernel
def solve(factor: FloatArray, count: int, work: FloatArray, a: int, b: int) -> None:
    """Solve the factored system, in place."""
    for i in range(count):
        p, q = two_dots(factor, i * count, i, work, a, b)
        pivot = factor[i * count + i]
        work[a + i], work[b + i] = (work[a + i] - p) / pivot, (work[b + i] - q) / pivot
    solve_transposed(factor, count, work, a, b)


@kernel
def inverse_size(factor: FloatArray, count: int, work: FloatArray, a: int, b: int) -> float:
    """Estimate from below the largest row sum of the inverse of the factored matrix; there is room at a and b.

    Two right-hand sides of entries 1 and -1 are tried, each entry chosen to make its part of the solution as large as
    it can be: one from the values so far, and one of alternating sign. Source: Cline, Moler, Stewart, Wilkinson, An
    estimate for the condition number of a matrix (1979).
    """
    for i in range(count):
        p, q = two_dots(factor, i * count, i, work, a, b)
        pivot = factor[i * count + i]
        work[a + i] = (-1.0 - p if p > 0.0 else 1.0 - p) / pivot
        work[b + i] = ((-1.0 if i % 2 else 1.0) - q) / pivot
    solve_transposed(factor, count, work, a, b)
    largest = 0.0
    for i in range(count):
        largest = max(largest, abs(work[a + i]), abs(work[b + i]))
    return largest
