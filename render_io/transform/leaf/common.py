"""Scale, shear and rotation of a linear map: matrix = scale @ shear @ rotation."""

from __future__ import annotations

import math

import numpy.typing as npt

from render_io.transform._errors import seed_error
from transforms._types import FloatArray
from transforms._validate import as_parameters
from transforms.errors import PointsError

__all__ = ["calc_first_order_properties"]


def calc_first_order_properties(M: npt.ArrayLike, force_shear: str = "x") -> tuple[float, float, float, float, float]:
    """Decompose a linear map as diag(sx, sy) @ shear @ rotation.

    Parameters
    ----------
    M : array_like
        (2, 2), or the upper left of a larger matrix: of an affine model, or columns 1 and 2 of a polynomial.
    force_shear : {"x", "y"}, optional
        Axis that is sheared: the shear is [[1, cx], [0, 1]] or [[1, 0], [cy, 1]].

    Returns
    -------
    sx, sy : float
        Scales. Of a mirrored map one is negative, such that the rotation is at most a quarter turn.
    cx, cy : float
        Shears; the one that is not asked for is 0, and so is one that a vanishing scale leaves undefined.
    theta : float
        Angle of the rotation [[cos, -sin], [sin, cos]] in radians.

    Raises
    ------
    ConversionError
        Another `force_shear` (also a ValueError), or no matrix.
    """
    try:
        if force_shear not in ("x", "y"):
            raise PointsError(f"expected force_shear as 'x' or 'y', got {force_shear!r}")
        (m00, m01), (m10, m11) = _linear_part(M).tolist()
    except PointsError as error:
        raise seed_error(error) from error
    if force_shear == "x":
        sy, sx, cx, theta = _decomposed(m10, m11, m01, m00)
        return sx, sy, cx, 0.0, theta
    # The same with the axes exchanged, which turns the other way round.
    sx, sy, cy, theta = _decomposed(m01, m00, m10, m11)
    return sx, sy, 0.0, cy, 0.0 - theta


def _linear_part(M: npt.ArrayLike) -> FloatArray:
    matrix = as_parameters(M, (None, None), "M")
    return as_parameters(matrix[:2, :2], (2, 2), "M")


def _decomposed(sine: float, cosine: float, across: float, along: float) -> tuple[float, float, float, float]:
    """Scale of the axis that stays straight, (sine, cosine) its image; then scale, shear of the other; the angle."""
    straight = math.hypot(sine, cosine)
    theta = math.atan2(sine, cosine)
    if along * cosine < across * sine and abs(theta) > math.pi / 2:  # mirrored
        straight, theta = -straight, theta - math.copysign(math.pi, theta)
    c, s = math.cos(theta), math.sin(theta)
    other = c * along - s * across
    return straight, other, (s * along + c * across) / other if other != 0.0 else 0.0, theta
