"""Which fits are good: those that succeeded, of tiles that have an image with an area, within the residual allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from render_io._reestimate.section_result import FloatArray
from render_io.errors import SpecError
from transforms._jit import lean_kernel
from transforms.batch import STATUS_TEXTS

__all__ = ["Judge", "is_flat"]

_NO_IMAGE: Final = 1e-9
"""A tile whose image is narrower than this, relative to its coordinates, is a line or a point: rounding, not a map."""


_PLACES: Final = np.array([[0.5, 0.5], [0.25, 0.75], [0.8, 0.3]])
_AFFINE_TERMS: Final = np.array([[1, 0], [0, 1], [0, 0]])

IntArray = npt.NDArray[np.int64]


class Judge:
    """Collects the faults of the fits of one section, the first of each tile.

    Parameters
    ----------
    names : sequence
        Ids of the section's tiles.
    index : list of int
        Place in the section of the tile of each fit.
    faults : dict
        Faults by place in the section, added to.

    Attributes
    ----------
    good : ndarray
        (T,) bool: fits without fault so far.
    """

    def __init__(self, names: Sequence[Any], index: list[int], faults: dict[int, SpecError]) -> None:
        self._names = names
        self._index = index
        self._faults = faults
        self.good = np.ones(len(index), dtype=bool)

    def _note(self, mask: npt.NDArray[np.bool_], message: str, values: npt.NDArray[np.generic]) -> None:
        for place in np.flatnonzero(mask & self.good).tolist():
            index = self._index[place]
            name = self._names[index]
            fault = SpecError(message.format(values[place]), name if isinstance(name, str) else None, "transforms")
            self._faults[index] = fault
        self.good &= ~mask

    def failed(self, status: npt.NDArray[np.int64]) -> None:
        """Note fits that did not succeed; (T,) keys of `STATUS_TEXTS`."""
        if status.any():
            texts = np.array([STATUS_TEXTS[int(code)] for code in status])
            self._note(status != 0, "can't be estimated: {}", texts)

    def flat(self, flat: npt.NDArray[np.bool_]) -> None:
        """Note tiles whose image has no area; (T,) bool."""
        self._note(flat, "singular: the transforms map the whole tile to a line or a point", flat)

    def beyond(self, max_residual: FloatArray, limit: float | None) -> None:
        """Note (T,) residuals above the limit, in pixels."""
        allowed = np.inf if limit is None else limit
        message = f"expected a residual of at most {allowed} px, got {{:.6g}} px"
        self._note(~(max_residual <= allowed), message, max_residual)


def is_flat(params: FloatArray, size: FloatArray, *, affine: bool) -> npt.NDArray[np.bool_]:
    """Say whether the image of each tile has no area, or one that is lost in the rounding of its coordinates.

    Parameters
    ----------
    params : ndarray
        (T, 2, 3) affine matrices or (T, 2, K) polynomial coefficients.
    size : ndarray
        (T, 2) width and height in pixels.
    affine : bool
        Which of the two the parameters are.

    Returns
    -------
    ndarray
        (T,) bool.
    """
    flat = np.empty(len(params), dtype=np.bool_)
    terms = _AFFINE_TERMS if affine else _terms(params.shape[2])
    flat_members(np.ascontiguousarray(params), terms, np.ascontiguousarray(size), flat)
    return flat


@lean_kernel
def to_power(x: float, exponent: int) -> float:
    value = 1.0
    for _ in range(exponent):
        value *= x
    return value


@lean_kernel
def has_area(params: FloatArray, t: int, terms: IntArray, x: float, y: float, width: float, height: float) -> bool:
    """Whether the image of tile t has an area near a point of it."""
    u = v = ux = uy = vx = vy = 0.0
    for k in range(terms.shape[0]):
        i, j = terms[k, 0], terms[k, 1]
        c, d = params[t, 0, k], params[t, 1, k]
        term = to_power(x, i) * to_power(y, j)
        u, v = u + c * term, v + d * term
        by_x = i * to_power(x, max(i - 1, 0)) * to_power(y, j) * width
        by_y = j * to_power(x, i) * to_power(y, max(j - 1, 0)) * height
        ux, vx = ux + c * by_x, vx + d * by_x
        uy, vy = uy + c * by_y, vy + d * by_y
    longest = max(abs(ux), abs(uy), abs(vx), abs(vy))
    coordinate = max(abs(u), abs(v), longest)
    return bool(abs(ux * vy - uy * vx) > _NO_IMAGE * coordinate * longest)


@lean_kernel
def flat_members(params: FloatArray, terms: IntArray, size: FloatArray, flat: npt.NDArray[np.bool_]) -> None:
    """Which of (T, 2, K) maps of tiles of (T, 2) sizes have an image without area."""
    for t in range(params.shape[0]):
        width, height = size[t, 0], size[t, 1]
        flat[t] = True
        # A polynomial may fold in one place: flat is what is flat in all three.
        for p in range(_PLACES.shape[0]):
            x, y = _PLACES[p, 0] * width, _PLACES[p, 1] * height
            if has_area(params, t, terms, x, y, width, height):
                flat[t] = False
                break


def _terms(count: int) -> IntArray:
    """(K, 2) exponents of x and y in mpicbg's order: by degree, then falling powers of x."""
    pairs = [(degree - j, j) for degree in range(count) for j in range(degree + 1)]
    return np.array(pairs[:count], dtype=np.int64)
