"""Reading golden vectors: numbers as float64 arrays, tolerances with their meaning."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def points_of(rows: list[list[Any]]) -> Floats:
    """(N, 2) points; NaN and infinities are texts in the files."""
    return np.array([[float(v) for v in row[:2]] for row in rows]).reshape(-1, 2)


def tolerance_of(rows: list[Any] | None, count: int) -> Floats:
    """(N, 1) tolerance per point; None ("do not compare finite digits") becomes infinity."""
    values = [np.inf if v is None else float(v) for v in rows] if rows is not None else [np.inf] * count
    return np.array(values)[:, None]


def assert_agrees(actual: Floats, wanted: Floats, tolerance: Floats) -> None:
    """Finite numbers within tolerance; NaN and infinities where the wanted ones have them."""
    special = ~np.isfinite(wanted)
    same = (actual == wanted) | (np.isnan(actual) & np.isnan(wanted))
    assert same[special].all(), f"expected {wanted[special & ~same]}, got {actual[special & ~same]}"
    allowed = np.broadcast_to(tolerance, wanted.shape)
    with np.errstate(invalid="ignore"):
        good = special | (np.abs(actual - wanted) <= allowed) | np.isinf(allowed)
    rows = np.flatnonzero(~good.all(axis=-1))
    assert rows.size == 0, f"row {rows[0]}: expected {wanted[rows[0]]} within {allowed[rows[0]]}, got {actual[rows[0]]}"
