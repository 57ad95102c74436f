"""Offsets of one coordinate that decay exponentially: distortions of scanning electron microscopes.

Source: org.janelia.alignment.transform.{SEMDistortionTransformA, ExponentialFunctionOffsetTransform,
ExponentialRecoveryOffsetTransform}.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from transforms._kernels import codes, offsets
from transforms._start import start_map_from_region
from transforms._types import FloatArray
from transforms._validate import as_count, as_float
from transforms.base import LeafTransform
from transforms.errors import PointsError

__all__ = ["ExponentialFunctionOffset", "ExponentialRecoveryOffset", "SEMDistortion"]

REACH = 10_000.0
"""Pixels searched for a start value along the bent coordinate; the curves carry no size of their own."""


class _Offset(LeafTransform):
    """Common part: numbers, then the dimension that is bent."""

    __slots__ = ("dimension",)

    _numbers: ClassVar[tuple[str, ...]]
    dimension: int

    def _fill(self, values: tuple[float, ...], dimension: int) -> None:
        axis = as_count(dimension, "dimension")
        if axis > 1:
            raise PointsError(f"expected dimension as 0 (x) or 1 (y), got {axis}")
        numbers = [as_float(value, name) for name, value in zip(self._numbers, values, strict=True)]
        self._set(dimension=axis, **dict(zip(self._numbers, numbers, strict=True)))
        self._pack(np.array([float(axis), *numbers]))

    def _start_map(self) -> FloatArray:
        return start_map_from_region(self.apply, np.array([0.0, 0.0, REACH, REACH]))


class SEMDistortion(_Offset):
    """t' = t + a exp(-t / b) + c exp(-t / d) of one coordinate t.

    Parameters
    ----------
    a, b, c, d : float
        Amplitudes and decay lengths in pixels.
    dimension : int
        0 bends x, 1 bends y.

    Raises
    ------
    PointsError
        Not numbers, or another dimension.
    """

    __slots__ = ("a", "b", "c", "d")
    _fields = ("a", "b", "c", "d", "dimension")
    _numbers = ("a", "b", "c", "d")
    _op = codes.SEM_DISTORTION
    _kernel = staticmethod(offsets.sem_apply)

    a: float
    b: float
    c: float
    d: float

    def __init__(self, a: float, b: float, c: float, d: float, dimension: int) -> None:
        self._fill((a, b, c, d), dimension)


class ExponentialFunctionOffset(_Offset):
    """t' = t - (a exp(-b t) + c) of one coordinate t.

    Parameters
    ----------
    a, b, c : float
        Amplitude in pixels, rate per pixel, constant in pixels.
    dimension : int
        0 bends x, 1 bends y.

    Raises
    ------
    PointsError
        Not numbers, or another dimension.
    """

    __slots__ = ("a", "b", "c")
    _fields = ("a", "b", "c", "dimension")
    _numbers = ("a", "b", "c")
    _op = codes.EXPONENTIAL_FUNCTION
    _kernel = staticmethod(offsets.function_apply)

    a: float
    b: float
    c: float

    def __init__(self, a: float, b: float, c: float, dimension: int) -> None:
        self._fill((a, b, c), dimension)


class ExponentialRecoveryOffset(_Offset):
    """t' = t - (a (1 - exp(-b t)) + c) of one coordinate t.

    Parameters
    ----------
    a, b, c : float
        Amplitude in pixels, rate per pixel, constant in pixels.
    dimension : int
        0 bends x, 1 bends y.

    Raises
    ------
    PointsError
        Not numbers, or another dimension.
    """

    __slots__ = ("a", "b", "c")
    _fields = ("a", "b", "c", "dimension")
    _numbers = ("a", "b", "c")
    _op = codes.EXPONENTIAL_RECOVERY
    _kernel = staticmethod(offsets.recovery_apply)

    a: float
    b: float
    c: float

    def __init__(self, a: float, b: float, c: float, dimension: int) -> None:
        self._fill((a, b, c), dimension)
