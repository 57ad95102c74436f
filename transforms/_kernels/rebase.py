"""From Chebyshev products on a box to powers of pixel coordinates, in double-double: only the last rounding counts.

A polynomial is a (K,) array in the order 1, x, y, x^2, xy, y^2, ...; a term has degree i in x and j in y.
"""

from __future__ import annotations

from transforms._jit import kernel
from transforms._kernels.double_double import add, multiply
from transforms._types import FloatArray


@kernel
def term_count(order: int) -> int:
    return (order + 1) * (order + 2) // 2


@kernel
def term(i: int, j: int) -> int:
    """Place of x^i y^j."""
    return (i + j) * (i + j + 1) // 2 + j


@kernel
def _to_powers(high: FloatArray, low: FloatArray, size: int) -> None:
    """One line of Chebyshev coefficients to powers, in place; T_k = 2 t T_{k-1} - T_{k-2} splits off a t per round."""
    for j in range(size - 2):
        for k in range(size - 1, j + 1, -1):
            high[k - 2], low[k - 2] = add((high[k - 2], low[k - 2]), (-high[k], -low[k]))
            high[k], low[k] = 2.0 * high[k], 2.0 * low[k]


@kernel
def _stretch(high: FloatArray, low: FloatArray, size: int, scale: float) -> None:
    """p(t) to p(scale * t), in place."""
    power = (1.0, 0.0)
    for i in range(1, size):
        power = multiply(power, (scale, 0.0))
        high[i], low[i] = multiply((high[i], low[i]), power)


@kernel
def _move(high: FloatArray, low: FloatArray, size: int, centre: float) -> None:
    """p(t) to p(t - centre), in place (repeated synthetic division)."""
    for j in range(size - 1):
        for i in range(size - 2, j - 1, -1):
            step = multiply((high[i + 1], low[i + 1]), (-centre, 0.0))
            high[i], low[i] = add((high[i], low[i]), step)


@kernel
def to_pixels(order: int, frame: FloatArray, high: FloatArray, low: FloatArray, line: FloatArray) -> None:
    """Chebyshev products on the box of ``frame`` to powers of x and y, in place.

    ``frame`` is (centre x, scale x, centre y, scale y): the Chebyshev variables are (x - centre) * scale. ``high`` and
    ``low`` are (K,), ``line`` is room for (2, order + 1).
    """
    first, second = line[0], line[1]
    for axis in range(2):
        centre, scale = frame[2 * axis], frame[2 * axis + 1]
        for fixed in range(order + 1):
            size = order - fixed + 1
            for i in range(size):
                k = term(i, fixed) if axis == 0 else term(fixed, i)
                first[i], second[i] = high[k], low[k]
            _to_powers(first, second, size)
            _stretch(first, second, size, scale)
            _move(first, second, size, centre)
            for i in range(size):
                k = term(i, fixed) if axis == 0 else term(fixed, i)
                high[k], low[k] = first[i], second[i]
