"""Leaves: transforms that have a Java class name and a dataString."""

from render_io.transform.leaf.affine_models import AffineModel, RigidModel, SimilarityModel, TranslationModel
from render_io.transform.leaf.common import calc_first_order_properties
from render_io.transform.leaf.others import (
    AffineWarpFieldTransform,
    CubicBSplineTransform,
    ExponentialFunctionOffsetTransform,
    ExponentialRecoveryOffsetTransform,
    HomographyModel,
    MovingLeastSquaresTransform,
    MovingLeastSquaresTransform2,
    SEMDistortionTransformA,
)
from render_io.transform.leaf.polynomial_models import (
    LensCorrection,
    NonLinearCoordinateTransform,
    NonLinearTransform,
    Polynomial2DTransform,
)
from render_io.transform.leaf.thin_plate_spline import ThinPlateSplineTransform
from render_io.transform.leaf.transform import Transform
from render_io.transform.leaf.utils import load_leaf_json

__all__ = [
    "AffineModel",
    "AffineWarpFieldTransform",
    "CubicBSplineTransform",
    "ExponentialFunctionOffsetTransform",
    "ExponentialRecoveryOffsetTransform",
    "HomographyModel",
    "LensCorrection",
    "MovingLeastSquaresTransform",
    "MovingLeastSquaresTransform2",
    "NonLinearCoordinateTransform",
    "NonLinearTransform",
    "Polynomial2DTransform",
    "RigidModel",
    "SEMDistortionTransformA",
    "SimilarityModel",
    "ThinPlateSplineTransform",
    "Transform",
    "TranslationModel",
    "calc_first_order_properties",
    "load_leaf_json",
]
