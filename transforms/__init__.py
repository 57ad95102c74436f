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

Names are loaded when first used, so that the import itself costs nothing and a process loads only the families that it
works with.
"""

import gc
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from transforms._version import __version__

if TYPE_CHECKING:
    from transforms._jit import set_thread_count, thread_count
    from transforms.affine import Affine
    from transforms.affine_array import AffineArray
    from transforms.approximation import Approximation, approximate
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

_MODULES = {
    "_jit": ("set_thread_count", "thread_count"),
    "affine": ("Affine",),
    "affine_array": ("AffineArray",),
    "approximation": ("Approximation", "approximate"),
    "b_spline": ("CubicBSpline",),
    "base": ("Transform",),
    "batch": ("BatchEstimate", "TransformBatch", "fit_batch", "is_warm"),
    "compose": ("Interpolated", "Inverse", "TransformList", "simplify"),
    "errors": (
        "EstimationError",
        "IllDefinedPointsError",
        "NonInvertibleError",
        "NotEnoughPointsError",
        "PointsError",
        "TransformError",
    ),
    "fit": ("estimate_dstpts", "estimate_interpolated", "estimate_transformsum"),
    "homography": ("Homography",),
    "lens": ("LensCorrection", "estimate_distortion"),
    "linear": ("Rigid", "Similarity", "Translation"),
    "mesh": ("bounding_box", "mesh_inverse"),
    "moving_least_squares": ("MovingLeastSquares",),
    "offsets": ("ExponentialFunctionOffset", "ExponentialRecoveryOffset", "SEMDistortion"),
    "polynomial": ("Polynomial",),
    "robust": ("RobustFit", "estimate_robust", "ransac"),
    "thin_plate_spline": ("ThinPlateSpline",),
    "warp_field": ("AffineWarpField",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def _load(module: str) -> ModuleType:
    """Import a module with the collector at rest: it would look for garbage among all that numba just made."""
    rests = not gc.isenabled()
    gc.disable()
    try:
        return import_module(f"{__name__}.{module}")
    finally:
        if not rests:
            gc.enable()


if not TYPE_CHECKING:  # a checker is to know the names above, and no others

    def __getattr__(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name in _HOMES:
            found = getattr(_load(_HOMES[name]), name)
            globals()[name] = found
            return found
        try:
            return _load(name)
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})


def warmup() -> None:
    """Compile, or load from the cache, every kernel now rather than at its first use."""
    from transforms import _jit

    for module in _MODULES:  # each says what there is to compile when it is imported
        _load(module)
    _jit.warmup()
