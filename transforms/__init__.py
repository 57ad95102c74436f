"""Coordinate transforms of electron-microscopy alignment: points in, points out.

Linear: `Translation`, `Rigid`, `Similarity`, `Affine`, `Homography`.
Through points: `ThinPlateSpline`, `MovingLeastSquares`.
Bent: `Polynomial`, `LensCorrection`, `CubicBSpline`, `AffineWarpField`, `SEMDistortion`,
`ExponentialFunctionOffset`, `ExponentialRecoveryOffset`.
Composition: `TransformList` (also ``a | b``), `Interpolated`, `Inverse`, `simplify`.
Fits: `from_estimate` of the classes, `estimate_dstpts`, `estimate_transformsum`, `estimate_interpolated`,
`estimate_distortion`, `approximate`, `ransac`, `estimate_robust`.
Many at once: `TransformBatch`, `AffineArray`, `fit_batch`.
Kernels: `warmup`, `is_warm`, `set_thread_count`, `thread_count`.
Tiles: `bounding_box`, `mesh_inverse`.
Errors: `TransformError` and its children.

Points are (N, 2) float64 arrays, x first, y down, in pixels.
"""

from transforms._jit import set_thread_count, thread_count, warmup
from transforms._version import __version__
from transforms.affine import Affine
from transforms.affine_array import AffineArray
from transforms.approximate import Approximation, approximate
from transforms.b_spline import CubicBSpline
from transforms.base import Transform
from transforms.batch import BatchEstimate, TransformBatch, fit_batch, is_warm
from transforms.compose import Interpolated, Inverse, TransformList, simplify
from transforms.errors import (
    EstimationError,
    IllDefinedPointsError,
    NonInvertibleError,
    NotEnoughPointsError,
    PointsError,
    TransformError,
)
from transforms.fit import estimate_dstpts, estimate_interpolated, estimate_transformsum
from transforms.homography import Homography
from transforms.lens import LensCorrection, estimate_distortion
from transforms.linear import Rigid, Similarity, Translation
from transforms.mesh import bounding_box, mesh_inverse
from transforms.moving_least_squares import MovingLeastSquares
from transforms.offsets import ExponentialFunctionOffset, ExponentialRecoveryOffset, SEMDistortion
from transforms.polynomial import Polynomial
from transforms.robust import RobustFit, estimate_robust, ransac
from transforms.thin_plate_spline import ThinPlateSpline
from transforms.warp_field import AffineWarpField

__all__ = [
    "Affine",
    "AffineArray",
    "AffineWarpField",
    "Approximation",
    "BatchEstimate",
    "CubicBSpline",
    "EstimationError",
    "ExponentialFunctionOffset",
    "ExponentialRecoveryOffset",
    "Homography",
    "IllDefinedPointsError",
    "Interpolated",
    "Inverse",
    "LensCorrection",
    "MovingLeastSquares",
    "NonInvertibleError",
    "NotEnoughPointsError",
    "PointsError",
    "Polynomial",
    "Rigid",
    "RobustFit",
    "SEMDistortion",
    "Similarity",
    "ThinPlateSpline",
    "Transform",
    "TransformBatch",
    "TransformError",
    "TransformList",
    "Translation",
    "__version__",
    "approximate",
    "bounding_box",
    "estimate_distortion",
    "estimate_dstpts",
    "estimate_interpolated",
    "estimate_robust",
    "estimate_transformsum",
    "fit_batch",
    "is_warm",
    "mesh_inverse",
    "ransac",
    "set_thread_count",
    "simplify",
    "thread_count",
    "warmup",
]
