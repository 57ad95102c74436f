"""Fits that stand above the single models: sums of lists, blended fits, ragged batches share `_estimate`.

Sources: renderapi.transform.{estimate_dstpts, estimate_transformsum} for the names,
mpicbg.models.InterpolatedAffineModel2D for the blended fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from transforms._types import Points, PointsLike
from transforms._validate import as_float
from transforms.affine import Affine
from transforms.base import Transform
from transforms.compose import TransformList, simplify
from transforms.errors import PointsError
from transforms.linear import Rigid, Similarity, Translation
from transforms.polynomial import Polynomial

__all__ = ["TransformsLike", "as_transform", "estimate_dstpts", "estimate_interpolated", "estimate_transformsum"]

AFFINE_FAMILY = (Translation, Rigid, Similarity, Affine)

TransformsLike: TypeAlias = Transform | Sequence["TransformsLike"]
"""One transform, or a sequence of them, nested at will, applied first to last."""


def as_transform(transforms: TransformsLike) -> Transform:
    """One transform out of a transform or nested sequences of them.

    Parameters
    ----------
    transforms : Transform or sequence
        Applied first to last.

    Returns
    -------
    Transform
        The transform itself, or a `TransformList`.

    Raises
    ------
    PointsError
        Something in it is not a transform; `indices` is its position in the innermost sequence.
    """
    if isinstance(transforms, Transform):
        return transforms
    if isinstance(transforms, str | bytes) or not isinstance(transforms, Sequence):
        raise PointsError(f"expected a Transform or a sequence of them, got {type(transforms).__name__}")
    members = []
    for i, member in enumerate(transforms):
        if not isinstance(member, Transform | list | tuple):
            raise PointsError(f"expected a Transform at index {i}, got {type(member).__name__}", (i,))
        members.append(as_transform(member))
    return TransformList(members)


def estimate_dstpts(transforms: TransformsLike, src: PointsLike) -> Points:
    """Map points through transforms, first to last.

    Parameters
    ----------
    transforms : Transform or sequence
        Lists may be nested; none at all is the identity.
    src : array_like
        (N, 2) in pixels.

    Returns
    -------
    ndarray
        (N, 2), never the array passed in.

    Raises
    ------
    PointsError
        Wrong shape of the points, or something that is not a transform.
    """
    return as_transform(transforms).apply(src)


def estimate_transformsum(transforms: TransformsLike, src: PointsLike, order: int = 2) -> Affine | Polynomial:
    """One transform in place of several.

    Parameters
    ----------
    transforms : Transform or sequence
        Lists may be nested.
    src : array_like
        (N, 2) points over the region that matters, in pixels. Not looked at when all transforms are affine.
    order : int, optional
        Order of the polynomial.

    Returns
    -------
    Affine or Polynomial
        The exact product when every transform is of the affine family, else the polynomial of that order fitted to the
        mapped points.

    Raises
    ------
    NotEnoughPointsError
        Fewer points than the polynomial has terms.
    IllDefinedPointsError
        Degenerate or non-finite (mapped) points.
    PointsError
        Wrong shape of the points, or something that is not a transform.
    """
    whole = simplify(as_transform(transforms))
    if len(whole) == 0:
        return Affine.identity()
    if len(whole) == 1 and isinstance(whole[0], AFFINE_FAMILY):
        return Affine(whole[0].matrix)
    return Polynomial.from_estimate(src, whole.apply(src), order=order)


def estimate_interpolated(
    a: type[Translation | Rigid | Similarity | Affine],
    b: type[Translation | Rigid | Similarity | Affine],
    weight: float,
    src: PointsLike,
    dst: PointsLike,
    weights: npt.ArrayLike | None = None,
) -> Affine:
    """Fit two models and blend their matrices: a regularised fit.

    Parameters
    ----------
    a, b : type
        Model classes of the affine family, such as `Affine` regularised by `Rigid`.
    weight : float
        Share of `b`; 0 is pure `a`.
    src, dst : array_like
        (N, 2) each, in pixels.
    weights : array_like, optional
        (N,) not negative.

    Returns
    -------
    Affine
        (1 - weight) * matrix of a + weight * matrix of b.

    Raises
    ------
    NotEnoughPointsError, IllDefinedPointsError, PointsError
        As either fit raises.

    Notes
    -----
    mpicbg.models.InterpolatedAffineModel2D.
    """
    share = as_float(weight, "weight")
    for name, model in (("a", a), ("b", b)):
        if model not in AFFINE_FAMILY:
            raise PointsError(f"expected {name} as one of Translation, Rigid, Similarity, Affine, got {model!r}")
    first, second = (model.from_estimate(src, dst, weights).matrix[:2] for model in (a, b))
    return Affine(np.asarray((1.0 - share) * first + share * second))
