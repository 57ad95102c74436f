"""Exponential offsets of one coordinate: apply, Jacobian.

Parameters: SEM distortion ``(dimension, a, b, c, d)``, the other two ``(dimension, a, b, c)``. The other coordinate is
left alone.

Source: org.janelia.alignment.transform.{SEMDistortionTransformA, ExponentialFunctionOffsetTransform,
ExponentialRecoveryOffsetTransform}.
"""

from __future__ import annotations

import numpy as np

from transforms._jit import fma, kernel
from transforms._kernels.linear import Jet
from transforms._types import FloatArray, Points


@kernel
def _exp(exponent: float) -> float:
    # Not math.exp, which raises on overflow where kernels run interpreted.
    return float(np.exp(exponent))


@kernel
def sem_value(p: FloatArray, t: float) -> float:
    return float(t + p[1] * _exp(-t / p[2]) + p[3] * _exp(-t / p[4]))


@kernel
def sem_slope(p: FloatArray, t: float) -> float:
    return float(1.0 - p[1] / p[2] * _exp(-t / p[2]) - p[3] / p[4] * _exp(-t / p[4]))


@kernel
def function_value(p: FloatArray, t: float) -> float:
    return t - fma(p[1], _exp(-p[2] * t), p[3])


@kernel
def function_slope(p: FloatArray, t: float) -> float:
    return fma(p[1] * p[2], _exp(-p[2] * t), 1.0)


@kernel
def recovery_value(p: FloatArray, t: float) -> float:
    return t - fma(p[1], 1.0 - _exp(-p[2] * t), p[3])


@kernel
def recovery_slope(p: FloatArray, t: float) -> float:
    return fma(-(p[1] * p[2]), _exp(-p[2] * t), 1.0)


@kernel
def _jet(dimension: float, value: float, slope: float, x: float, y: float) -> Jet:
    if dimension == 0.0:
        return value, y, slope, 0.0, 0.0, 1.0
    return x, value, 1.0, 0.0, 0.0, slope


@kernel
def sem_apply(params: FloatArray, points: Points, out: Points) -> None:
    bent = int(params[0])
    for i in range(points.shape[0]):
        kept, moved = points[i, 1 - bent], sem_value(params, points[i, bent])
        out[i, 1 - bent] = kept
        out[i, bent] = moved


@kernel
def sem_jet(params: FloatArray, x: float, y: float) -> Jet:
    t = x if params[0] == 0.0 else y
    return _jet(params[0], sem_value(params, t), sem_slope(params, t), x, y)


@kernel
def function_apply(params: FloatArray, points: Points, out: Points) -> None:
    bent = int(params[0])
    for i in range(points.shape[0]):
        kept, moved = points[i, 1 - bent], function_value(params, points[i, bent])
        out[i, 1 - bent] = kept
        out[i, bent] = moved


@kernel
def function_jet(params: FloatArray, x: float, y: float) -> Jet:
    t = x if params[0] == 0.0 else y
    return _jet(params[0], function_value(params, t), function_slope(params, t), x, y)


@kernel
def recovery_apply(params: FloatArray, points: Points, out: Points) -> None:
    bent = int(params[0])
    for i in range(points.shape[0]):
        kept, moved = points[i, 1 - bent], recovery_value(params, points[i, bent])
        out[i, 1 - bent] = kept
        out[i, bent] = moved


@kernel
def recovery_jet(params: FloatArray, x: float, y: float) -> Jet:
    t = x if params[0] == 0.0 else y
    return _jet(params[0], recovery_value(params, t), recovery_slope(params, t), x, y)
