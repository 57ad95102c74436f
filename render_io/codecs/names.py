"""Java class names as they appear in specs."""

from __future__ import annotations

from typing import Final

_TRAKEM2: Final = "mpicbg.trakem2.transform."
_RENDER: Final = "org.janelia.alignment.transform."

AFFINE: Final = _TRAKEM2 + "AffineModel2D"
TRANSLATION: Final = _TRAKEM2 + "TranslationModel2D"
RIGID: Final = _TRAKEM2 + "RigidModel2D"
SIMILARITY: Final = _TRAKEM2 + "SimilarityModel2D"
HOMOGRAPHY: Final = _TRAKEM2 + "HomographyModel2D"
AFFINE_3D: Final = _TRAKEM2 + "AffineModel3D"
TRANSLATION_3D: Final = _TRAKEM2 + "TranslationModel3D"

POLYNOMIAL: Final = _TRAKEM2 + "PolynomialTransform2D"
LENS: Final = _TRAKEM2 + "NonLinearCoordinateTransform"
LENS_ALIASES: Final = ("lenscorrection.NonLinearTransform", "lenscorrection.NonLinearTransformDeleteMe")
"""Twins of the lens class, with the same text: TrakEM2's, and the copy that render carries."""

THIN_PLATE_SPLINE: Final = _TRAKEM2 + "ThinPlateSplineTransform"
MLS: Final = _TRAKEM2 + "MovingLeastSquaresTransform"
MLS2: Final = _TRAKEM2 + "MovingLeastSquaresTransform2"
B_SPLINE: Final = "bunwarpj.trakem2.transform.CubicBSplineTransform"
WARP_FIELD: Final = _RENDER + "AffineWarpFieldTransform"

SEM_DISTORTION: Final = _RENDER + "SEMDistortionTransformA"
EXPONENTIAL_FUNCTION: Final = _RENDER + "ExponentialFunctionOffsetTransform"
EXPONENTIAL_RECOVERY: Final = _RENDER + "ExponentialRecoveryOffsetTransform"

LISTS: Final = (_TRAKEM2 + "CoordinateTransformList", _TRAKEM2 + "InvertibleCoordinateTransformList")
"""Leaf classes that exist, but can't be read from any text."""

BUILT_LIST: Final = "mpicbg.models.CoordinateTransformList"
BUILT_INTERPOLATED: Final = "mpicbg.models.InterpolatedCoordinateTransform"
"""What the service builds for specs without class name."""
