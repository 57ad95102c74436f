"""The thin plate spline's interpolation system.

Householder reflections split the space of the values at the landmarks into the polynomials 1, x, y and what is
orthogonal to them. On the latter the kernel is positive definite: Cholesky, and the side conditions hold by
construction. Source for the projection: Wahba, Spline Models for Observational Data (1990).

Coordinates are scaled to order one by a power of two. ``head`` (HEAD,) holds the few numbers; ``work`` (COLUMNS * S,)
holds vectors over the N landmarks one after the other, each filled up with zeros to S, a multiple of eight. Matrices
are flat, by rows.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import ZERO, kernel
from transforms._kernels import cholesky, lanes
from transforms._kernels.double_double import LN2, Pair, add, multiply, two_product
from transforms._kernels.least_squares import EPS, ILL_DEFINED, OK
from transforms._kernels.point_sums import rows_finite
from transforms._kernels.thin_plate_spline import radial
from transforms._types import FloatArray, Points

X, Y, SHIFT, REST, REFLECTOR, UPDATE, COUPLING, WEIGHT, MORE, COLUMNS = 0, 1, 2, 4, 6, 9, 12, 15, 17, 19
"""Vectors in ``work``: scaled landmarks, right-hand side (2), what a solution leaves of it (2), reflectors (3), what
they add to the matrix (3), its rows that belong to the polynomials (3), weights (2) and their correction (2)."""

CENTRE, EXPONENT, SIZE, TRACE, FACTOR, TRIANGLE, POLYNOMIAL, HEAD = 0, 2, 3, 4, 5, 8, 17, 23
"""Places in ``head``: centre (2), exponent of the unit, largest coordinate in units, trace of the factorised matrix; of
each reflector 2 over its square (3); the triangle of the polynomials (3 x 3); coefficients of 1, x, y of x' and y'."""


@kernel
def width(count: int) -> int:
    """Places of a vector over so many landmarks."""
    return (count + lanes.WIDTH - 1) // lanes.WIDTH * lanes.WIDTH


@kernel
def room_size(count: int) -> int:
    """Places of the kernel matrix, and of the reflected one, which becomes its factor."""
    return count * width(count) + cholesky.rows_of(count - 3) * cholesky.stride_of(count - 3)


@kernel
def dot(work: FloatArray, size: int, a: int, b: int) -> float:
    """Inner product of two vectors."""
    total = lanes.load(work, a * size) * lanes.load(work, b * size)
    for j in range(lanes.WIDTH, size, lanes.WIDTH):
        total = lanes.fma(lanes.load(work, a * size + j), lanes.load(work, b * size + j), total)
    return lanes.total(total)


@kernel
def add_multiple(work: FloatArray, size: int, a: int, factor: float, b: int) -> None:
    """Add a multiple of vector b to vector a, in place."""
    for j in range(0, size, lanes.WIDTH):
        value = lanes.fma(lanes.load(work, b * size + j), factor, lanes.load(work, a * size + j))
        lanes.store(work, a * size + j, value)


@kernel
def exact_centre(mean: float, exponent: int) -> float:
    """What is subtracted from a coordinate: so near to all of them that nothing is rounded, or nothing at all."""
    units = np.rint(math.ldexp(mean, -exponent))
    return math.ldexp(units, exponent) if abs(units) >= 4.0 else 0.0


@kernel
def find_unit(landmarks: Points, targets: Points, head: FloatArray, work: FloatArray) -> int:
    """Fill centre, unit (a power of two), scaled landmarks and right-hand side; a status."""
    count = landmarks.shape[0]
    size = width(count)
    mean_x = mean_y = largest = spread = 0.0
    for i in range(count):
        mean_x, mean_y = mean_x + landmarks[i, 0] / count, mean_y + landmarks[i, 1] / count
        largest = max(largest, abs(landmarks[i, 0]), abs(landmarks[i, 1]))
    for i in range(count):
        spread = max(spread, abs(landmarks[i, 0] - mean_x), abs(landmarks[i, 1] - mean_y))
    if not (spread > 8.0 * EPS * largest and math.isfinite(mean_x + mean_y + spread)):
        return ILL_DEFINED
    exponent = math.frexp(spread)[1]
    scale = math.ldexp(1.0, -exponent)
    centre_x, centre_y = exact_centre(mean_x, exponent), exact_centre(mean_y, exponent)
    head[CENTRE], head[CENTRE + 1], head[EXPONENT], head[SIZE] = centre_x, centre_y, exponent, largest * scale
    total = 0.0
    for i in range(count):
        x, y = landmarks[i, 0], landmarks[i, 1]
        u, v = targets[i, 0] - x, targets[i, 1] - y
        work[X * size + i], work[Y * size + i] = (x - centre_x) * scale, (y - centre_y) * scale
        work[SHIFT * size + i], work[(SHIFT + 1) * size + i] = u, v
        total += 0.0 * u + 0.0 * v
    return OK if total == 0.0 else ILL_DEFINED


@kernel
def are_distinct(work: FloatArray, count: int) -> bool:
    """Whether no two landmarks are in one place."""
    y = Y * width(count)
    for i in range(count):
        whole = i - i % lanes.WIDTH
        for j in range(0, whole, lanes.WIDTH):
            if lanes.any_lane((lanes.load(work, j) == work[i]) & (lanes.load(work, y + j) == work[y + i])):
                return False
        for j in range(whole, i):
            if work[j] == work[i] and work[y + j] == work[y + i]:
                return False
    return True


@kernel
def fill_matrix(work: FloatArray, count: int, exponent: float, diagonal: float, matrix: FloatArray) -> None:
    """Kernel values between all pairs of landmarks (N * S), distances in units of 2^(exponent/2)."""
    size = width(count)
    for i in range(count):
        x, y = work[i], work[size + i]
        for j in range(0, size, lanes.WIDTH):
            value = radial(x - lanes.load(work, j), y - lanes.load(work, size + j), exponent)
            lanes.store(matrix, i * size + j, value)
        matrix[i * size + i] = diagonal


@kernel
def reflect(head: FloatArray, work: FloatArray, size: int, k: int, target: int) -> None:
    """Apply the k-th reflection to a vector, in place."""
    along = head[FACTOR + k] * dot(work, size, REFLECTOR + k, target)
    add_multiple(work, size, target, -along, REFLECTOR + k)


@kernel
def find_reflectors(head: FloatArray, work: FloatArray, count: int) -> bool:
    """Reflections that take 1, x, y to a triangle; False if they depend on each other up to rounding."""
    size = width(count)
    for i in range(count):
        for k in range(3):
            work[(REFLECTOR + k) * size + i] = work[(X + k - 1) * size + i] if k else 1.0
    noise = 4.0 * math.sqrt(count) * EPS * max(head[SIZE], 1.0)
    for k in range(3):
        own = (REFLECTOR + k) * size
        for j in range(k):
            reflect(head, work, size, j, REFLECTOR + k)
        for j in range(k):
            head[TRIANGLE + 3 * j + k], work[own + j] = work[own + j], 0.0
        length = math.sqrt(dot(work, size, REFLECTOR + k, REFLECTOR + k))
        if not length > noise:
            return False
        pivot = -length if work[own + k] > 0.0 else length
        head[TRIANGLE + 3 * k + k] = pivot
        work[own + k] -= pivot
        head[FACTOR + k] = -1.0 / (pivot * work[own + k])
    return True


@kernel
def multiply_reflectors(matrix: FloatArray, work: FloatArray, count: int) -> None:
    """Products of the matrix with the reflectors: being symmetric, it is added up row by row."""
    size = width(count)
    u = UPDATE * size
    for i in range(count):
        a, b, c = work[REFLECTOR * size + i], work[(REFLECTOR + 1) * size + i], work[(REFLECTOR + 2) * size + i]
        for j in range(0, size, lanes.WIDTH):
            row = lanes.load(matrix, i * size + j)
            lanes.store(work, u + j, lanes.fma(row, a, lanes.load(work, u + j)))
            lanes.store(work, u + size + j, lanes.fma(row, b, lanes.load(work, u + size + j)))
            lanes.store(work, u + 2 * size + j, lanes.fma(row, c, lanes.load(work, u + 2 * size + j)))


@kernel
def find_updates(matrix: FloatArray, head: FloatArray, work: FloatArray, count: int) -> None:
    """Vectors w such that the reflected matrix is A - sum of (w v' + v w') over the reflectors v."""
    size = width(count)
    multiply_reflectors(matrix, work, count)
    for k in range(3):
        for i in range(count, size):
            work[(UPDATE + k) * size + i] = 0.0
        for j in range(k):
            along, across = dot(work, size, REFLECTOR + j, REFLECTOR + k), dot(work, size, UPDATE + j, REFLECTOR + k)
            add_multiple(work, size, UPDATE + k, -along, UPDATE + j)
            add_multiple(work, size, UPDATE + k, -across, REFLECTOR + j)
        factor = head[FACTOR + k]
        half = 0.5 * factor * dot(work, size, REFLECTOR + k, UPDATE + k)
        for i in range(count):
            at = (UPDATE + k) * size + i
            work[at] = factor * (work[at] - half * work[(REFLECTOR + k) * size + i])


@kernel
def reflect_row(matrix: FloatArray, work: FloatArray, count: int, i: int, first: int, out: FloatArray, at: int) -> None:
    """Entries of row i of the reflected matrix, without its first three columns, to ``out`` from ``at`` on.

    They begin with that of column ``first``, a multiple of eight.
    """
    size, order = width(count), count - 3
    source, w, v = i * size + 3, UPDATE * size + 3, REFLECTOR * size + 3
    w0, w1, w2 = work[w - 3 + i], work[w - 3 + size + i], work[w - 3 + 2 * size + i]
    v0, v1, v2 = work[v - 3 + i], work[v - 3 + size + i], work[v - 3 + 2 * size + i]
    whole = order // lanes.WIDTH * lanes.WIDTH
    for j in range(first, whole, lanes.WIDTH):
        value = lanes.load(matrix, source + j)
        value = lanes.fma(lanes.load(work, v + j), -w0, value)
        value = lanes.fma(lanes.load(work, w + j), -v0, value)
        value = lanes.fma(lanes.load(work, v + size + j), -w1, value)
        value = lanes.fma(lanes.load(work, w + size + j), -v1, value)
        value = lanes.fma(lanes.load(work, v + 2 * size + j), -w2, value)
        value = lanes.fma(lanes.load(work, w + 2 * size + j), -v2, value)
        lanes.store(out, at + j, value)
    for j in range(whole, order):
        value = matrix[source + j] - (w0 * work[v + j] + v0 * work[w + j])
        value -= w1 * work[v + size + j] + v1 * work[w + size + j]
        out[at + j] = value - (w2 * work[v + 2 * size + j] + v2 * work[w + 2 * size + j])


@kernel
def reflect_matrix(matrix: FloatArray, head: FloatArray, work: FloatArray, count: int, inner: FloatArray) -> None:
    """Rows of the reflected matrix: the polynomials' to ``work``, of the others the upper triangle to ``inner``."""
    size, order = width(count), count - 3
    stride = cholesky.stride_of(order)
    for k in range(3):
        reflect_row(matrix, work, count, k, 0, work, (COUPLING + k) * size + 3)
    head[TRACE] = 0.0
    for i in range(order):
        reflect_row(matrix, work, count, 3 + i, i // lanes.WIDTH * lanes.WIDTH, inner, i * stride)
        for j in range(order, stride):
            inner[i * stride + j] = 0.0
        head[TRACE] += inner[i * stride + i]


@kernel
def set_up_free(
    landmarks: Points, targets: Points, smoothing: float, head: FloatArray, work: FloatArray, matrix: FloatArray
) -> int:
    """Fill the kernel matrix (N * S) of a spline without affine part, in pixels over the unit squared; a status."""
    count = landmarks.shape[0]
    status = find_unit(landmarks, targets, head, work)
    if status != OK or (smoothing == 0.0 and not are_distinct(work, count)):
        return ILL_DEFINED
    doubled = -2 * int(head[EXPONENT])
    fill_matrix(work, count, float(doubled), np.ldexp(smoothing, doubled), matrix)
    return OK


@kernel
def set_up(landmarks: Points, targets: Points, smoothing: float, head: FloatArray, work: FloatArray) -> int:
    """Fill unit, vectors and reflectors; a status."""
    count = landmarks.shape[0]
    status = find_unit(landmarks, targets, head, work)
    if status != OK or (smoothing == 0.0 and not are_distinct(work, count)):
        return ILL_DEFINED
    return OK if find_reflectors(head, work, count) else ILL_DEFINED


@kernel
def solve_once(factor: FloatArray, head: FloatArray, work: FloatArray, count: int, right: int, out: int) -> None:
    """Solve for the two vectors from ``right`` on, which are destroyed.

    Weights go to the vectors from ``out`` on, the polynomial is added to what is in ``head``.
    """
    size = width(count)
    for axis in range(2):
        for k in range(3):
            reflect(head, work, size, k, right + axis)
        for i in range(size):
            work[(out + axis) * size + i] = work[(right + axis) * size + i] if i >= 3 else 0.0
    cholesky.solve(factor, count - 3, work, out * size + 3, (out + 1) * size + 3)
    for axis in range(2):
        own = (right + axis) * size
        for k in range(2, -1, -1):
            value = work[own + k] - dot(work, size, COUPLING + k, out + axis)
            for j in range(k + 1, 3):
                value -= head[TRIANGLE + 3 * k + j] * work[own + j]
            work[own + k] = value / head[TRIANGLE + 3 * k + k]
            head[POLYNOMIAL + 3 * axis + k] += work[own + k]
        for k in range(2, -1, -1):
            reflect(head, work, size, k, out + axis)


@kernel
def find_rest(matrix: FloatArray, head: FloatArray, work: FloatArray, count: int) -> None:
    """What the solution leaves of the right-hand side."""
    size = width(count)
    u, v = REST * size, (REST + 1) * size
    for i in range(count):
        x, y = work[X * size + i], work[Y * size + i]
        a = head[POLYNOMIAL] + head[POLYNOMIAL + 1] * x + head[POLYNOMIAL + 2] * y
        b = head[POLYNOMIAL + 3] + head[POLYNOMIAL + 4] * x + head[POLYNOMIAL + 5] * y
        work[u + i], work[v + i] = work[SHIFT * size + i] - a, work[(SHIFT + 1) * size + i] - b
    for i in range(count):
        a, b = work[WEIGHT * size + i], work[(WEIGHT + 1) * size + i]
        cholesky.subtract_twice(matrix, i * size, count, a, b, work, u, v)


@kernel
def add_product(total: Pair, a: float, b: float) -> Pair:
    return add(total, two_product(a, b))


@kernel
def sum_twice(work: FloatArray, start: int, count: int) -> float:
    """Sum of numbers from ``start`` on, with twice the digits."""
    total = (0.0, 0.0)
    for i in range(start, start + count):
        total = add(total, (work[i], 0.0))
    return float(total[0])


@kernel
def balance(work: FloatArray, start: int, count: int) -> None:
    """Take their sum, which is rounding, out of weights; the smallest one takes what is left with the least rounding.

    A change of unit multiplies the sum by the square of coordinates, and no affine part makes up for that.
    """
    share, smallest = sum_twice(work, start, count) / count, start
    for i in range(start, start + count):
        work[i] -= share
        smallest = i if abs(work[i]) < abs(work[smallest]) else smallest
    work[smallest] -= sum_twice(work, start, count)


@kernel
def to_pixels(head: FloatArray, work: FloatArray, weights: Points, block: FloatArray) -> None:
    """Weights (N, 2) and affine part (2, 3) in pixels.

    A change of unit adds a quadratic form to the sum over k, of which the side conditions leave a linear one.
    """
    exponent, size = int(head[EXPONENT]), width(weights.shape[0])
    scale = math.ldexp(1.0, -exponent)
    log_unit = multiply(LN2, (head[EXPONENT], 0.0))
    for axis in range(2):
        at = POLYNOMIAL + 3 * axis
        xw = yw = square = (0.0, 0.0)
        balance(work, (WEIGHT + axis) * size, weights.shape[0])
        for i in range(weights.shape[0]):
            x, y, w = work[X * size + i], work[Y * size + i], work[(WEIGHT + axis) * size + i]
            xw, yw = add_product(xw, x, w), add_product(yw, y, w)
            square = add(square, multiply(add_product(two_product(x, x), y, y), (w, 0.0)))
            weights[i, axis] = np.ldexp(w, -2 * exponent)  # the power alone may overflow
        a = add((head[at + 1], 0.0), multiply(multiply(log_unit, xw), (2.0, 0.0)))
        b = add((head[at + 2], 0.0), multiply(multiply(log_unit, yw), (2.0, 0.0)))
        a, b = multiply(a, (scale, 0.0)), multiply(b, (scale, 0.0))
        offset = add((head[at], 0.0), multiply(multiply(log_unit, square), (-1.0, 0.0)))
        offset = add(offset, multiply(a, (-head[CENTRE], 0.0)))
        offset = add(offset, multiply(b, (-head[CENTRE + 1], 0.0)))
        block[axis, 0], block[axis, 1], block[axis, 2] = a[0], b[0], offset[0]


@kernel
def solve_refined(factor: FloatArray, matrix: FloatArray, head: FloatArray, work: FloatArray, count: int) -> None:
    """Solve, and once more for what is left: what the factorisation rounded is most of the error."""
    size = width(count)
    head[POLYNOMIAL:] = 0.0
    for i in range(2 * size):
        work[REST * size + i] = work[SHIFT * size + i]
    solve_once(factor, head, work, count, REST, WEIGHT)
    find_rest(matrix, head, work, count)
    solve_once(factor, head, work, count, REST, MORE)
    for axis in range(2):
        add_multiple(work, size, WEIGHT + axis, 1.0, MORE + axis)


@kernel
def fit_spline(
    landmarks: Points,
    targets: Points,
    smoothing: float,
    room: FloatArray,
    weights: Points,
    block: FloatArray,
) -> int:
    """Weights (N, 2) and affine part (2, 3) in pixels of the spline through the targets; a status.

    ``room`` (`room_size`) is scratch.
    """
    count = landmarks.shape[0]
    size, order = width(count), count - 3
    matrix, factor = room[: count * size], room[count * size :]
    head, work = np.empty(HEAD), np.zeros(COLUMNS * size)
    if set_up(landmarks, targets, smoothing, head, work) != OK:
        return ILL_DEFINED
    fill_matrix(work, count, 0.0, np.ldexp(smoothing, -2 * int(head[EXPONENT])), matrix)
    find_updates(matrix, head, work, count)
    reflect_matrix(matrix, head, work, count, factor)
    if not cholesky.factorise(factor, order):
        return ILL_DEFINED
    inverse = cholesky.inverse_size(factor, order, work, REST * size, (REST + 1) * size)
    # The trace bounds the largest eigenvalue; the matrix that was reflected has entries of order one.
    if not 4.0 * EPS * max(head[TRACE], 1.0) * inverse < 1.0:
        return ILL_DEFINED
    solve_refined(factor, matrix, head, work, count)
    to_pixels(head, work, weights, block)
    rest = 0.0
    for axis in range(2):
        for k in range(3):
            rest += 0.0 * block[axis, k]
    return OK if rest == 0.0 and rows_finite(weights, ZERO, count) else ILL_DEFINED
