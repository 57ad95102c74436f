"""Array aliases, in one place."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["ByteArray", "FloatArray", "IntArray", "Points", "PointsLike", "Weights"]

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
ByteArray: TypeAlias = npt.NDArray[np.uint8]

Points: TypeAlias = npt.NDArray[np.float64]
"""(N, 2) float64, x first, in pixels."""

Weights: TypeAlias = npt.NDArray[np.float64]
"""(N,) float64, not negative."""

PointsLike: TypeAlias = npt.ArrayLike
"""Anything that numpy turns into (N, 2) numbers."""
