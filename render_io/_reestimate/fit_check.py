"""Which fits are good: those that succeeded, of tiles that have an image with an area, within the residual allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from render_io._reestimate.section_result import FloatArray
from render_io.errors import SpecError
from transforms.batch import STATUS_TEXTS

__all__ = ["Judge", "is_flat"]

_NO_IMAGE: Final = 1e-9
"""A tile whose image is narrower than this, relative to its coordinates, is a line or a point: rounding, not a map."""


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
    flat = np.ones(len(params), dtype=bool)
    terms = [(1, 0), (0, 1), (0, 0)] if affine else _terms(params.shape[2])
    # A polynomial may fold in one place: flat is what is flat in all three.
    for place in ((0.5, 0.5), (0.25, 0.75), (0.8, 0.3)):
        value, jacobian = _jet(params, terms, *(size * place).T)
        spans = jacobian * size[:, None, :]
        area = np.abs(spans[:, 0, 0] * spans[:, 1, 1] - spans[:, 0, 1] * spans[:, 1, 0])
        longest = np.abs(spans).max(axis=(1, 2))
        coordinate = np.maximum(np.abs(value).max(axis=1), longest)
        flat &= ~(area > _NO_IMAGE * coordinate * longest)
        if not flat.any():
            break
    return flat


def _jet(
    params: FloatArray, terms: list[tuple[int, int]], x: FloatArray, y: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(T, 2) values and (T, 2, 2) Jacobians at a point of each tile."""
    value, jacobian = np.zeros((len(params), 2)), np.zeros((len(params), 2, 2))
    for k, (i, j) in enumerate(terms):
        c = params[:, :, k]
        value += c * (x**i * y**j)[:, None]
        if i:
            jacobian[:, :, 0] += c * (i * x ** (i - 1) * y**j)[:, None]
        if j:
            jacobian[:, :, 1] += c * (j * x**i * y ** (j - 1))[:, None]
    return value, jacobian


def _terms(count: int) -> list[tuple[int, int]]:
    """Exponents of x and y in mpicbg's order: by degree, then falling powers of x."""
    return [(degree - j, j) for degree in range(count) for j in range(degree + 1)][:count]
