"""Points through lists of transforms, and one transform in place of a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from render_io._spec_json import sane_depth
from render_io.errors import EstimationError, RenderError
from render_io.transform._errors import estimation_error, seed_error
from render_io.transform._members import References, maths_of, steps
from render_io.transform._wire import WireObject
from render_io.transform.leaf.affine import AffineModel
from render_io.transform.leaf.polynomial import Polynomial2DTransform
from transforms import fit
from transforms._types import Points, PointsLike
from transforms._validate import as_points
from transforms.affine import Affine
from transforms.base import Transform as MathsTransform
from transforms.compose import TransformList
from transforms.errors import PointsError, TransformError

__all__ = ["estimate_dstpts", "estimate_transformsum"]


@sane_depth
def estimate_dstpts(
    transformlist: Any,
    src: PointsLike | None = None,
    reference_tforms: Mapping[str, Any] | Iterable[Any] | None = None,
) -> Points:
    """Map points through transforms, first to last.

    Parameters
    ----------
    transformlist : object or iterable
        Objects of `render_io.transform` or with a `tform` of their own, specs, and lists of them; none is the identity.
    src : array_like
        (N, 2) points in pixels.
    reference_tforms : mapping or iterable, optional
        Shared transforms, by id or one after the other, for references to follow; those to references, too.

    Returns
    -------
    ndarray
        (N, 2) float64, never the array passed in.

    Raises
    ------
    RenderError
        A reference that can't be followed or leads back to itself, or something that is no transform.
    ConversionError
        Wrong shape of the points.
    """
    try:
        if src is None:
            raise PointsError("expected src as (N, 2) points, got none")
        points = np.array(as_points(src, "src"))
        for step in steps(_as_list(transformlist), References(reference_tforms)):
            points = step.apply(points) if isinstance(step, MathsTransform) else step.tform(points)
    except TransformError as error:
        if isinstance(error, RenderError):
            raise
        raise seed_error(error) from error
    return points


def _as_list(transforms: Any) -> Iterable[Any]:
    if isinstance(transforms, (WireObject, MathsTransform, dict)) or hasattr(transforms, "tform"):
        return [transforms]
    if isinstance(transforms, str) or not isinstance(transforms, Iterable):
        raise RenderError(f"expected a list of transforms, got {type(transforms).__name__}")
    return transforms


@sane_depth
def estimate_transformsum(
    transformlist: Any,
    src: PointsLike | None = None,
    order: int = 2,
    reference_tforms: Mapping[str, Any] | Iterable[Any] | None = None,
) -> AffineModel | Polynomial2DTransform:
    """One transform in place of several.

    Parameters
    ----------
    transformlist : object or iterable
        As for `estimate_dstpts`.
    src : array_like, optional
        (N, 2) points over the region that matters, in pixels. Not needed when all transforms are of the affine family.
    order : int, optional
        Order of the polynomial.
    reference_tforms : mapping or iterable, optional
        Shared transforms for references to follow.

    Returns
    -------
    AffineModel or Polynomial2DTransform
        The exact product when every transform is of the affine family, else the polynomial of that order fitted to the
        mapped points.

    Raises
    ------
    EstimationError
        Too few or degenerate points, wrong shapes, or none where they are needed.
    RenderError
        A reference that can't be followed or leads back to itself, or something that is no transform.
    """
    references = References(reference_tforms)
    whole = TransformList([maths_of(member, references) for member in _as_list(transformlist)])
    try:
        found = fit.estimate_transformsum(whole, [] if src is None else src, order)
    except TransformError as error:
        if src is None:
            raise EstimationError("expected src, since not all transforms are affine, got none") from error
        raise estimation_error(error) from error
    if not isinstance(found, Affine):
        return Polynomial2DTransform(params=found.coefficients)
    model = AffineModel()
    model.M = found.matrix
    return model
