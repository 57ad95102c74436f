"""Columns of a batch: what one place in the lists of many tiles holds, where the lists are built alike.

A section of a stack is such a thing: every tile has the lens correction of its camera, an affine, a polynomial. A
column that all members share is a transform, one of matrices an `AffineArray`; the others are here. They are compiled
forward only.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from transforms._kernels import codes
from transforms._kernels.polynomial import pack
from transforms._program import ProgramBuilder
from transforms._types import FloatArray, IntArray
from transforms.base import LeafTransform

__all__ = ["Column", "PolynomialColumn", "SharedColumn"]


class Column(ABC):
    """One place in the lists of T members."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of members."""

    @abstractmethod
    def take(self, members: IntArray) -> Column:
        """Return the column of some members.

        Parameters
        ----------
        members : ndarray
            (M,) their numbers.

        Returns
        -------
        Column
            Of M members.
        """

    @abstractmethod
    def _rows(self, builder: ProgramBuilder) -> IntArray:
        """Store the parameters; give the (T, 1, 4) instructions."""


class PolynomialColumn(Column):
    """A polynomial of its own for each member, all of one order.

    Parameters
    ----------
    coefficients : ndarray
        (T, 2, K) as of `Polynomial`.
    """

    def __init__(self, coefficients: FloatArray) -> None:
        self._coefficients = coefficients

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self._coefficients)

    def take(self, members: IntArray) -> PolynomialColumn:
        """Return the column of some members."""
        return PolynomialColumn(self._coefficients[members])

    def _rows(self, builder: ProgramBuilder) -> IntArray:
        count, _, terms = self._coefficients.shape
        order = (math.isqrt(8 * terms + 1) - 3) // 2
        # The kernels have their own order of the coefficients: packing their numbers tells it.
        places = pack(np.arange(2.0 * terms).reshape(2, terms), order)[1:].astype(np.int64)
        packed = np.empty((count, 1 + places.size))
        packed[:, 0] = order
        packed[:, 1:] = self._coefficients.reshape(count, -1)[:, places]
        return builder.column(codes.POLYNOMIAL, packed)


class SharedColumn(Column):
    """One of a few transforms for each member.

    Parameters
    ----------
    transforms : sequence of LeafTransform
        The few.
    index : ndarray
        (T,) which of them each member has.
    """

    def __init__(self, transforms: Sequence[LeafTransform], index: IntArray) -> None:
        self._transforms = transforms
        self._index = index

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self._index)

    def take(self, members: IntArray) -> SharedColumn:
        """Return the column of some members."""
        return SharedColumn(self._transforms, self._index[members])

    def _rows(self, builder: ProgramBuilder) -> IntArray:
        rows = [np.empty((0, 1, 4), dtype=np.int64)]
        for transform in self._transforms:
            before = len(builder)
            transform._compile(builder)
            rows.append(builder.repeated(before, 1))
        table: IntArray = np.concatenate(rows)[self._index]
        return table
