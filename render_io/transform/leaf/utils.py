"""From leaf specs to objects: the table of classes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from render_io import _json
from render_io._spec_json import Spec, describe, leaf_text
from render_io.codecs.names import LENS_ALIASES
from render_io.errors import SpecError
from render_io.transform.leaf import others
from render_io.transform.leaf.affine_models import AffineModel, RigidModel, SimilarityModel, TranslationModel
from render_io.transform.leaf.polynomial_models import (
    LensCorrection,
    NonLinearCoordinateTransform,
    NonLinearTransform,
    Polynomial2DTransform,
)
from render_io.transform.leaf.thin_plate_spline import ThinPlateSplineTransform
from render_io.transform.leaf.transform import NotOfThePlaneError, Transform

__all__ = ["LEAF_CLASSES", "leaf_of", "load_leaf_json"]

_CLASSES: Final[tuple[type[Transform], ...]] = (
    AffineModel,
    TranslationModel,
    RigidModel,
    SimilarityModel,
    Polynomial2DTransform,
    NonLinearCoordinateTransform,
    NonLinearTransform,
    LensCorrection,
    ThinPlateSplineTransform,
    others.HomographyModel,
    others.MovingLeastSquaresTransform,
    others.MovingLeastSquaresTransform2,
    others.CubicBSplineTransform,
    others.AffineWarpFieldTransform,
    others.SEMDistortionTransformA,
    others.ExponentialFunctionOffsetTransform,
    others.ExponentialRecoveryOffsetTransform,
)

LEAF_CLASSES: Final[Mapping[str, type[Transform]]] = MappingProxyType(
    {**{kind.className: kind for kind in _CLASSES}, **dict.fromkeys(LENS_ALIASES, LensCorrection)}
)
"""Python classes by Java class name; every other name is a generic `Transform`."""


def load_leaf_json(d: Spec) -> Transform:
    """Make the object of a leaf spec.

    Parameters
    ----------
    d : dict
        Spec whose type is leaf or missing.

    Returns
    -------
    Transform
        Of the class that belongs to its `className`; a generic one, which keeps the text, for unknown names and for
        texts that are no maps of the plane.

    Raises
    ------
    RenderError
        Another type, a missing member, or a text that Java refuses (all SpecError).
    """
    if not isinstance(d, dict):
        raise SpecError(f"expected a leaf spec (an object), got {describe(d)}")
    kind = d.get("type")
    if kind not in (None, "leaf"):
        raise SpecError(f"expected the type leaf, got {describe(kind)}", path="type")
    return leaf_of(_json.copied(d))


def leaf_of(spec: Spec) -> Transform:
    """Make the object of a leaf spec, which is taken over; otherwise as `load_leaf_json`."""
    found = LEAF_CLASSES.get(leaf_text(spec, "className"), Transform)
    try:
        made = found.__new__(found)  # all that __init__ would do
        made._become(spec)
    except NotOfThePlaneError:
        made = Transform(json=spec)
    return made
