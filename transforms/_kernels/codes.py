"""Operation codes of compiled programs; a leaf transform names its own as `_op`."""

from __future__ import annotations

TRANSLATION = 1
AFFINE = 2
HOMOGRAPHY = 3
POLYNOMIAL = 4
LENS = 5
THIN_PLATE_SPLINE = 6
MOVING_LEAST_SQUARES = 7
B_SPLINE = 8
WARP_FIELD = 9
SEM_DISTORTION = 10
EXPONENTIAL_FUNCTION = 11
EXPONENTIAL_RECOVERY = 12

# Control codes: they handle the stack of interpolated transforms and solve for inverses.
FORK = 100
"""Push a copy of the current points: the first branch of an interpolation begins."""
SWITCH = 101
"""Exchange the current points with the top of the stack: the second branch begins."""
BLEND = 102
"""Pop a, the result of the first branch: current = a + weight * (current - a)."""
SOLVE = 103
"""Replace the current points by their pre-images under the instructions that follow."""
SOLVE_NESTED = 104
"""The same, where some of those solve themselves."""

STOREYS = 2
"""How deep instructions that solve may stand in each other (`nested`)."""

# Columns of an instruction.
OP = 0
START = 1
STOP = 2
BODY = 3
"""For SOLVE: how many instructions follow that belong to it."""
