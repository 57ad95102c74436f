"""From an operation code to the family's kernels: the one place that knows them all.

Callers hold no family's code, they call it through a table of machine addresses. So the interpreter and the solver are
compiled once and quickly, and a process compiles, or loads from the cache, only the families that its transforms are
of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from transforms._jit import kernel
from transforms._kernels import calls, codes
from transforms._kernels.linear import Jet
from transforms._types import FloatArray, Points

APPLY, JET, IN_ORDER = 0, 1, 2
"""Kinds of kernels of leaf transforms; the last evaluates in the order of operations of Java."""

FAMILIES = {
    codes.AFFINE: "linear.affine",
    codes.TRANSLATION: "linear.translation",
    codes.HOMOGRAPHY: "linear.homography",
    codes.POLYNOMIAL: "polynomial.polynomial",
    codes.LENS: "lens.lens",
    codes.THIN_PLATE_SPLINE: "thin_plate_spline.thin_plate_spline",
    codes.MOVING_LEAST_SQUARES: "moving_least_squares.moving_least_squares",
    codes.B_SPLINE: "b_spline.b_spline",
    codes.WARP_FIELD: "warp_field.warp_field",
    codes.SEM_DISTORTION: "offsets.sem",
    codes.EXPONENTIAL_FUNCTION: "offsets.function",
    codes.EXPONENTIAL_RECOVERY: "offsets.recovery",
}
"""File and name of each family; a name is completed to ``<name>_apply`` and ``<name>_jet``."""

ORDERED = {
    codes.AFFINE: "java_order.affine_in_order",
    codes.HOMOGRAPHY: "java_order.homography_in_order",
    codes.POLYNOMIAL: "polynomial.polynomial_in_order",
    codes.LENS: "lens.lens_in_order",
}
"""Families that have Java's order of operations; the others have no simpler one than their own."""

SOLVER = 0
"""In place of an operation code: the solvers, by the kinds below."""
FLAT, NESTED = 0, 1
"""Kinds of solvers: the second is for what holds inverses itself."""
_SOLVERS = {FLAT: "newton.solve_block", NESTED: "nested.solve_nested_block"}

_SIGNATURES = {APPLY: calls.MAP, JET: calls.JET, IN_ORDER: calls.MAP}
_entered: set[tuple[int, int]] = set()


def load(kind: int, ops: Iterable[int]) -> None:
    """Make kernels ready to be called; one that is not gives NaN.

    Parameters
    ----------
    kind : {APPLY, JET, IN_ORDER}
        Which kernels.
    ops : iterable of int
        Operation codes.
    """
    for op in ops:
        if (op, kind) not in _entered:
            name = FAMILIES[op] + ("_jet" if kind == JET else "_apply")
            if kind == IN_ORDER:
                name = ORDERED.get(op, name)
            calls.enter(op, kind, _find(name), _SIGNATURES[kind])
            _entered.add((op, kind))


def load_solvers(kinds: Iterable[int]) -> None:
    """Make solvers ready to be called.

    Parameters
    ----------
    kinds : iterable of int
        FLAT, NESTED.
    """
    for kind in kinds:
        if (SOLVER, kind) not in _entered:
            calls.enter(SOLVER, kind, _find(_SOLVERS[kind]), calls.SOLVE)
            _entered.add((SOLVER, kind))


def load_everything() -> None:
    """Make every kernel ready to be called."""
    for kind in (APPLY, JET, IN_ORDER):
        load(kind, FAMILIES)
    load_solvers(_SOLVERS)


def _find(name: str) -> Callable[..., Any]:
    module, function = name.split(".")
    found: Callable[..., Any] = getattr(import_module(f"transforms._kernels.{module}"), function)
    return found


@kernel
def leaf_apply(op: int, kind: int, params: FloatArray, points: Points, out: Points) -> None:
    """Map points by one leaf transform, by the kernel of kind APPLY or IN_ORDER."""
    address = calls.address_of(op, kind) if 0 < op < calls.CODES else 0
    if address != 0:
        calls.call_map(address, params, points, out)
    else:
        out[:] = math.nan


@kernel
def leaf_jet(op: int, params: FloatArray, x: float, y: float) -> Jet:
    """Value and Jacobian of one leaf transform."""
    address = calls.address_of(op, JET) if 0 < op < calls.CODES else 0
    if address != 0:
        return calls.call_jet(address, params, x, y)
    return math.nan, math.nan, math.nan, math.nan, math.nan, math.nan
