"""The seed API of `renderapi.transform`: objects for transform specs, mutable as their users expect.

Leaves with their parameters in attributes (`AffineModel`, `Polynomial2DTransform`, ...), lists, references and blends;
all have `tform`, `inverse_tform`, `to_dict`, `from_dict`, and `transform`, the immutable transform they stand for now.
"""

from render_io.errors import ConversionError, EstimationError, RenderError
from render_io.transform import leaf, utils
from render_io.transform.leaf import (
    AffineModel,
    AffineWarpFieldTransform,
    CubicBSplineTransform,
    ExponentialFunctionOffsetTransform,
    ExponentialRecoveryOffsetTransform,
    HomographyModel,
    LensCorrection,
    MovingLeastSquaresTransform,
    MovingLeastSquaresTransform2,
    NonLinearCoordinateTransform,
    NonLinearTransform,
    Polynomial2DTransform,
    RigidModel,
    SEMDistortionTransformA,
    SimilarityModel,
    ThinPlateSplineTransform,
    Transform,
    TranslationModel,
    calc_first_order_properties,
)
from render_io.transform.transform import (
    InterpolatedTransform,
    ReferenceTransform,
    TransformList,
    load_leaf_json,
    load_transform_json,
)
from render_io.transform.utils import estimate_dstpts, estimate_transformsum

__all__ = [
    "AffineModel",
    "AffineWarpFieldTransform",
    "ConversionError",
    "CubicBSplineTransform",
    "EstimationError",
    "ExponentialFunctionOffsetTransform",
    "ExponentialRecoveryOffsetTransform",
    "HomographyModel",
    "InterpolatedTransform",
    "LensCorrection",
    "MovingLeastSquaresTransform",
    "MovingLeastSquaresTransform2",
    "NonLinearCoordinateTransform",
    "NonLinearTransform",
    "Polynomial2DTransform",
    "ReferenceTransform",
    "RenderError",
    "RigidModel",
    "SEMDistortionTransformA",
    "SimilarityModel",
    "ThinPlateSplineTransform",
    "Transform",
    "TransformList",
    "TranslationModel",
    "calc_first_order_properties",
    "estimate_dstpts",
    "estimate_transformsum",
    "leaf",
    "load_leaf_json",
    "load_transform_json",
    "utils",
]
