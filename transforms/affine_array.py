"""`AffineArray`: many transforms of the affine family in one array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from transforms._jit import run_chunks
from transforms._kernels import affine_array as kernels
from transforms._types import FloatArray
from transforms._validate import as_parameters, as_points
from transforms.affine import Affine
from transforms.errors import NonInvertibleError, PointsError
from transforms.linear import Rigid, Similarity, Translation

__all__ = ["AffineArray", "AffineModel"]

AffineModel: TypeAlias = type[Translation] | type[Rigid] | type[Similarity] | type[Affine]

_POINTS_PER_THREAD = 50_000


class AffineArray:
    """(T, 2, 3) matrices of one class of the affine family.

    Parameters
    ----------
    params : array_like
        (T, 2, 3): the first two rows of each matrix. Copied.
    model : type, optional
        Translation, Rigid, Similarity or Affine: what an item becomes.

    Raises
    ------
    PointsError
        Wrong shape or type, or another model.
    """

    __slots__ = ("_params", "model")

    model: AffineModel

    def __init__(self, params: npt.ArrayLike, model: AffineModel = Affine) -> None:
        if model not in (Translation, Rigid, Similarity, Affine):
            raise PointsError(f"expected model as Translation, Rigid, Similarity or Affine, got {model!r}")
        self._params = as_parameters(params, (None, 2, 3), "params")
        self.model = model

    @classmethod
    def from_transforms(cls, transforms: Iterable[Translation | Rigid | Similarity | Affine]) -> AffineArray:
        """Collect transforms.

        Parameters
        ----------
        transforms : iterable
            Of the affine family. If all are of one class the array is of that class, else of `Affine`.

        Returns
        -------
        AffineArray
            One row per transform.

        Raises
        ------
        PointsError
            A member is not of the affine family; `indices` names it.
        """
        members = list(transforms)
        for i, member in enumerate(members):
            if not isinstance(member, Translation | Rigid | Similarity | Affine):
                raise PointsError(f"expected an affine transform at index {i}, got {type(member).__name__}", (i,))
        kinds = {type(member) for member in members}
        model = kinds.pop() if len(kinds) == 1 else Affine
        rows = np.array([member.matrix[:2] for member in members]).reshape(-1, 2, 3)
        return cls(rows, model)

    @property
    def params(self) -> FloatArray:
        """(T, 2, 3) float64, a copy that may be written to."""
        return self._params.copy()

    def __len__(self) -> int:
        """Return the number of transforms."""
        return len(self._params)

    @overload
    def __getitem__(self, index: int) -> Translation | Rigid | Similarity | Affine: ...
    @overload
    def __getitem__(self, index: slice) -> AffineArray: ...
    def __getitem__(self, index: int | slice) -> Translation | Rigid | Similarity | Affine | AffineArray:
        """Return one transform, or an array of some."""
        if isinstance(index, slice):
            return AffineArray(self._params[index], self.model)
        return self.model._from_affine(self._params[index].flatten())

    def __iter__(self) -> Iterator[Translation | Rigid | Similarity | Affine]:
        """Iterate over the transforms."""
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Return whether class and bit patterns agree."""
        if not isinstance(other, AffineArray):
            return NotImplemented
        return self.model is other.model and self._params.tobytes() == other._params.tobytes()

    def __hash__(self) -> int:
        """Return a hash of class and bit patterns."""
        return hash((self.model, self._params.tobytes()))

    def __reduce__(self) -> tuple[type[AffineArray], tuple[FloatArray, AffineModel]]:
        """Pickle through the constructor."""
        return type(self), (self._params, self.model)

    def __repr__(self) -> str:
        """Return class and size."""
        return f"AffineArray({len(self)} x {self.model.__name__})"

    def apply(self, points: npt.ArrayLike) -> FloatArray:
        """Map points by every transform.

        Parameters
        ----------
        points : array_like
            (N, 2) given to all, or (T, N, 2), in pixels.

        Returns
        -------
        ndarray
            (T, N, 2).

        Raises
        ------
        PointsError
            Any other shape.
        """
        if np.ndim(points) == 3:
            array: np.ndarray[Any, Any] = np.asarray(points)
            if array.shape[0] != len(self) or array.shape[2] != 2:
                raise PointsError(f"expected points as (N, 2) or ({len(self)}, N, 2), got shape {array.shape}")
            given, shared = as_points(array.reshape(-1, 2)).reshape(array.shape), False
        else:
            given, shared = as_points(points)[None], True
        out = np.empty((len(self), given.shape[1], 2))
        rows = self._params.reshape(-1, 6)

        def work(first: int, last: int) -> None:
            kernels.apply_rows(rows, given, shared, first, last, out)

        run_chunks(work, len(self), max(1, _POINTS_PER_THREAD // max(1, given.shape[1])))
        return out

    def inverse(self) -> AffineArray:
        """Invert every transform.

        Returns
        -------
        AffineArray
            Of the same class.

        Raises
        ------
        NonInvertibleError
            Some are singular; `indices` names them.
        """
        rows, failed = self._inverted()
        if failed.any():
            indices = tuple(int(i) for i in np.flatnonzero(failed))
            message = f"{len(indices)} of {len(self)} transforms are singular, the first at {indices[0]}"
            raise NonInvertibleError(message, indices)
        return AffineArray(rows, self.model)

    def _inverted(self) -> tuple[FloatArray, npt.NDArray[np.int64]]:
        """Inverse rows (T, 2, 3), NaN where singular, and which are."""
        rows, failed = np.empty((len(self), 6)), np.zeros(len(self), dtype=np.int64)
        kernels.invert_rows(self._params.reshape(-1, 6), rows, failed)
        return rows.reshape(-1, 2, 3), failed

    def __or__(self, other: AffineArray) -> AffineArray:
        """Return the array that applies this one first, then `other`, member by member."""
        if not isinstance(other, AffineArray):
            return NotImplemented
        if len(self) != len(other):
            raise PointsError(f"expected as many transforms on both sides, got {len(self)} and {len(other)}")
        first, second = self._params, other._params
        product = second[:, :, :2] @ first
        product[:, :, 2] += second[:, :, 2]
        return AffineArray(product, self.model if self.model is other.model else Affine)
