"""Coordinate transforms of electron-microscopy alignment: points in, points out.

Linear: `Translation`, `Rigid`, `Similarity`, `Affine`, `Homography`; many at once: `AffineArray`.
Through points: `ThinPlateSpline`, `MovingLeastSquares`.
Bent: `Polynomial`, `LensCorrection` (also `estimate_distortion`), `CubicBSpline`, `AffineWarpField`, `SEMDistortion`, `ExponentialFunctionOffset`, `ExponentialRecoveryOffset`.
Composition: `TransformList` (also ``a | b``), `Interpolated`, `Inverse`, `simplify`.
Errors: `TransformError` and its children.

Points are (N, 2) float64 arrays, x first, y down, in pixels.
"""

from transforms._jit import set_thread_count, thread_count, warmup
from transforms._version import __version__
from transforms.affine_array import AffineArray
from transforms.b_spline import CubicBSpline
from transforms.base import Transform
from transforms.compose import Interpolated, Inverse, TransformList, simplify
from transforms.errors import (
    EstimationError,
    IllDefinedPointsError,
    NonInvertibleError,
    NotEnoughPointsError,
    PointsError,
    TransformError,
)
from transforms.lens import LensCorrection, estimate_distortion
from transforms.linear import Affine, Homography, Rigid, Similarity, Translation
from transforms.mesh import bounding_box, mesh_inverse
from transforms.moving_least_squares import MovingLeastSquares
from transforms.offsets import ExponentialFunctionOffset, ExponentialRecoveryOffset, SEMDistortion
from transforms.thin_plate_spline import ThinPlateSpline
from transforms.polynomial import Polynomial
from transforms.warp_field import AffineWarpField

__all__ = [
    "Affine",
    "AffineArray",
    "AffineWarpField",
    "CubicBSpline",
    "EstimationError",
    "ExponentialFunctionOffset",
    "ExponentialRecoveryOffset",
    "Homography",
    "IllDefinedPointsError",
    "Interpolated",
    "Inverse",
    "MovingLeastSquares",
    "LensCorrection",
    "NonInvertibleError",
    "NotEnoughPointsError",
    "PointsError",
    "Polynomial",
    "Rigid",
    "SEMDistortion",
    "Similarity",
    "ThinPlateSpline",
    "Transform",
    "TransformError",
    "TransformList",
    "Translation",
    "__version__",
    "bounding_box",
    "estimate_distortion",
    "mesh_inverse",
    "set_thread_count",
    "simplify",
    "thread_count",
    "warmup",
]
