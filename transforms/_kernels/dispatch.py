"""From an operation code to the family's kernels: the one place that knows them all."""

from __future__ import annotations

import math

from transforms._jit import kernel
from transforms._kernels import codes
from transforms._kernels.b_spline import b_spline_apply, b_spline_jet
from transforms._kernels.lens import lens_apply, lens_jet
from transforms._kernels.linear import (
    Jet,
    affine_apply,
    affine_jet,
    homography_apply,
    homography_jet,
    translation_apply,
    translation_jet,
)
from transforms._kernels.moving_least_squares import moving_least_squares_apply, moving_least_squares_jet
from transforms._kernels.offsets import (
    function_apply,
    function_jet,
    recovery_apply,
    recovery_jet,
    sem_apply,
    sem_jet,
)
from transforms._kernels.polynomial import polynomial_apply, polynomial_jet
from transforms._kernels.thin_plate_spline import thin_plate_spline_apply, thin_plate_spline_jet
from transforms._kernels.warp_field import warp_field_apply, warp_field_jet
from transforms._types import FloatArray, Points


@kernel
def leaf_apply(op: int, params: FloatArray, points: Points, out: Points) -> None:
    """Map points by one leaf transform; an unknown code gives NaN."""
    if op == codes.AFFINE:
        affine_apply(params, points, out)
    elif op == codes.TRANSLATION:
        translation_apply(params, points, out)
    elif op == codes.HOMOGRAPHY:
        homography_apply(params, points, out)
    elif op == codes.POLYNOMIAL:
        polynomial_apply(params, points, out)
    elif op == codes.LENS:
        lens_apply(params, points, out)
    elif op == codes.THIN_PLATE_SPLINE:
        thin_plate_spline_apply(params, points, out)
    elif op == codes.MOVING_LEAST_SQUARES:
        moving_least_squares_apply(params, points, out)
    elif op == codes.B_SPLINE:
        b_spline_apply(params, points, out)
    elif op == codes.WARP_FIELD:
        warp_field_apply(params, points, out)
    elif op == codes.SEM_DISTORTION:
        sem_apply(params, points, out)
    elif op == codes.EXPONENTIAL_FUNCTION:
        function_apply(params, points, out)
    elif op == codes.EXPONENTIAL_RECOVERY:
        recovery_apply(params, points, out)
    else:
        out[:] = math.nan


@kernel
def leaf_jet(op: int, params: FloatArray, x: float, y: float) -> Jet:
    """Value and Jacobian of one leaf transform; an unknown code gives NaN."""
    if op == codes.AFFINE:
        return affine_jet(params, x, y)
    if op == codes.TRANSLATION:
        return translation_jet(params, x, y)
    if op == codes.HOMOGRAPHY:
        return homography_jet(params, x, y)
    if op == codes.POLYNOMIAL:
        return polynomial_jet(params, x, y)
    if op == codes.LENS:
        return lens_jet(params, x, y)
    if op == codes.THIN_PLATE_SPLINE:
        return thin_plate_spline_jet(params, x, y)
    if op == codes.MOVING_LEAST_SQUARES:
        return moving_least_squares_jet(params, x, y)
    if op == codes.B_SPLINE:
        return b_spline_jet(params, x, y)
    if op == codes.WARP_FIELD:
        return warp_field_jet(params, x, y)
    if op == codes.SEM_DISTORTION:
        return sem_jet(params, x, y)
    if op == codes.EXPONENTIAL_FUNCTION:
        return function_jet(params, x, y)
    if op == codes.EXPONENTIAL_RECOVERY:
        return recovery_jet(params, x, y)
    return math.nan, math.nan, math.nan, math.nan, math.nan, math.nan
