"""`Transform`: what every transform offers, and the capabilities that some have.

All transforms are immutable values: their arrays are private read-only copies, equality and hash compare bit patterns,
and they can be pickled and used from several threads at once. Points are (N, 2) float64 arrays, x first, y down, in
pixels.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, ClassVar, Literal, NoReturn, Self

import numpy as np

from transforms._jit import entry_point
from transforms._program import Program, ProgramBuilder
from transforms._run import run_backward, run_forward, run_jacobian
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_count, as_points, as_tolerance, pair_of_points, prepare_out
from transforms.errors import NonInvertibleError, PointsError

__all__ = ["LeafTransform", "OnError", "Transform", "residual_distances"]

OnError = Literal["raise", "nan"]


def _bits(value: Any) -> Any:
    """Something hashable that is equal exactly when the bits are."""
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, float):
        return struct.pack("<d", value)
    return value


def residual_distances(mapped: Points, target: Points) -> FloatArray:
    """Euclidean distances between points, without overflow.

    Parameters
    ----------
    mapped, target : ndarray
        (N, 2) each, in pixels.

    Returns
    -------
    ndarray
        (N,) in pixels.
    """
    difference = mapped - target
    return np.asarray(np.hypot(difference[:, 0], difference[:, 1]))


set_attribute = object.__setattr__
"""Of an object under construction; `Transform` refuses."""


class Transform:
    """A map of the plane, applied to (N, 2) points.

    Subclasses list their constructor arguments in `_fields`, set attributes only through `_set`, and implement
    `_compile` (and `_compile_inverse` where an inverse exists).
    """

    __slots__ = ("__weakref__", "_hash", "_inverse_program", "_program")

    _fields: ClassVar[tuple[str, ...]] = ()

    # ---------------------------------------------------------------- values

    def _set(self, **values: Any) -> None:
        """Set attributes once, from the constructor."""
        for name, value in values.items():
            set_attribute(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: transforms are immutable."""
        raise AttributeError(f"{type(self).__name__} is immutable: make a new one instead of setting {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        """Refuse: transforms are immutable."""
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} can't be deleted")

    def _key(self) -> tuple[Any, ...]:
        return tuple(_bits(getattr(self, name)) for name in self._fields)

    def __eq__(self, other: object) -> bool:
        """Return whether class and bit patterns of all parameters agree."""
        if self is other:
            return True
        if type(self) is not type(other) or not isinstance(other, Transform):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        """Return a hash of class and parameters, computed once."""
        known: int | None = getattr(self, "_hash", None)
        if known is None:
            known = hash((type(self).__qualname__, self._key()))
            self._set(_hash=known)
        return known

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Pickle through the constructor, which copies and checks."""
        return type(self), tuple(getattr(self, name) for name in self._fields)

    def __copy__(self) -> Self:
        """Return the object itself, which never changes."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Return the object itself, which never changes."""
        return self

    def __repr__(self) -> str:
        """Return the constructor call, large arrays shortened."""
        with np.printoptions(precision=17, threshold=24):
            parts = [f"{name}={_short(getattr(self, name))}" for name in self._fields]
        return f"{type(self).__name__}({', '.join(parts)})"

    # ---------------------------------------------------------------- compilation

    def _compile(self, builder: ProgramBuilder) -> None:
        """Add the instructions of the forward map."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is compiled")

    def _compile_inverse(self, builder: ProgramBuilder) -> None:
        """Add the instructions of the inverse map; raise `NonInvertibleError` where there is none."""
        del builder
        raise NonInvertibleError(f"{type(self).__name__} has no inverse")

    def _start_map(self) -> FloatArray:
        """Return (10,): the affine map from targets to start values of the inverse, and the box to search after it."""
        raise NonInvertibleError(f"{type(self).__name__} has no inverse")

    def _forward(self) -> Program:
        known: Program | None = getattr(self, "_program", None)
        if known is None:
            builder = ProgramBuilder()
            self._compile(builder)
            known = builder.build()
            self._set(_program=known)
        return known

    def _backward(self) -> Program:
        known: Program | None = getattr(self, "_inverse_program", None)
        if known is None:
            builder = ProgramBuilder()
            self._compile_inverse(builder)
            known = builder.build()
            self._set(_inverse_program=known)
        return known

    # ---------------------------------------------------------------- maps

    def apply(self, points: PointsLike, out: FloatArray | None = None) -> Points:
        """Map points.

        Parameters
        ----------
        points : array_like
            (N, 2), in pixels. Integers, float32 and strided arrays are converted.
        out : ndarray, optional
            (N, 2) float64, C-contiguous: where to write. May be `points` itself.

        Returns
        -------
        ndarray
            (N, 2) float64: `out` if given, else a new array. Rows with NaN stay NaN.

        Raises
        ------
        PointsError
            `points` or `out` has the wrong shape or type.
        """
        checked = as_points(points)
        if out is None:
            target = np.empty((len(checked), 2))
        else:
            checked, target = prepare_out(checked, out)
        self._apply(checked, target)
        return target

    __call__ = apply

    def _apply(self, points: Points, out: Points) -> None:
        """Map checked points into `out`."""
        run_forward(self, points, out)

    def jacobian(self, points: PointsLike) -> FloatArray:
        """Analytic derivative of the map at points.

        Parameters
        ----------
        points : array_like
            (N, 2), in pixels.

        Returns
        -------
        ndarray
            (N, 2, 2); ``[i, 0, 1]`` is the derivative of the i-th x' with respect to y.

        Raises
        ------
        PointsError
            `points` has the wrong shape or type.
        """
        return run_jacobian(self, as_points(points))

    def apply_inverse(
        self,
        points: PointsLike,
        *,
        initial: PointsLike | None = None,
        tolerance: float = 1e-9,
        max_iterations: int = 50,
        on_error: OnError = "raise",
    ) -> Points:
        """Find the points that the transform maps to the given ones.

        Exact where the inverse is closed; otherwise damped Newton on the analytic Jacobian, converged for a point p
        when
        ``abs(apply(x) - p) <= tolerance * max(1, abs(p))``. What comes back is always a true pre-image.

        Parameters
        ----------
        points : array_like
            (N, 2), in pixels of the target space.
        initial : array_like, optional
            (N, 2) start values; by default the transform's own region decides. Not used where the inverse is closed.
        tolerance : float, optional
            Largest relative error of the forward map that counts as converged.
        max_iterations : int, optional
            Newton steps per start value.
        on_error : {"raise", "nan"}, optional
            What to do about points without pre-image.

        Returns
        -------
        ndarray
            (N, 2) float64; with ``on_error="nan"`` failed rows are NaN.

        Raises
        ------
        NonInvertibleError
            The transform is singular, or (``on_error="raise"``) points have no pre-image; `indices` names them.
        PointsError
            `points` or `initial` has the wrong shape or type, or an option is out of range.
        """
        checked = as_points(points)
        start = None if initial is None else pair_of_points(initial, checked, ("initial", "target"))[0]
        bound, limit = as_tolerance(tolerance, "tolerance"), as_count(max_iterations, "max_iterations")
        if on_error not in ("raise", "nan"):
            raise PointsError(f"expected on_error as 'raise' or 'nan', got {on_error!r}")
        return run_backward(self, checked, start, bound, limit, on_error)

    def inverse(self) -> Transform:
        """Return the inverse as a transform.

        Returns
        -------
        Transform
            Closed where a closed form exists, else an `Inverse` around this transform.

        Raises
        ------
        NonInvertibleError
            The transform is singular.
        """
        from transforms.compose import Inverse

        return Inverse(self)

    def residuals(self, src: PointsLike, dst: PointsLike) -> FloatArray:
        """Distances between mapped and target points.

        Parameters
        ----------
        src, dst : array_like
            (N, 2) each, in pixels.

        Returns
        -------
        ndarray
            (N,) in target pixels.

        Raises
        ------
        PointsError
            Either has the wrong shape or type, or they differ in length.
        """
        first, second = pair_of_points(src, dst)
        return residual_distances(self.apply(first), second)

    def __or__(self, other: Transform) -> Transform:
        """Return the transform that applies this one first, then `other`."""
        from transforms.compose import TransformList

        if not isinstance(other, Transform):
            return NotImplemented
        return TransformList((self, other)).flattened()


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return " ".join(np.array2string(value, separator=", ").split())
    if isinstance(value, type):
        return value.__name__
    return repr(value)


_ENTRY_POINTS: dict[type, Callable[[FloatArray, Points, Points], object]] = {}
"""Compiled code of the classes that were used."""


class LeafTransform(Transform):
    """A transform with one kernel of its own: parameters packed into one flat array."""

    __slots__ = ("_packed",)

    _op: ClassVar[int]
    _kernel: ClassVar[staticmethod[[FloatArray, Points, Points], None]]
    _packed: FloatArray

    def _pack(self, values: FloatArray) -> None:
        values.flags.writeable = False
        self._set(_packed=values)

    def _apply(self, points: Points, out: Points) -> None:
        kind = type(self)
        run = _ENTRY_POINTS.get(kind)
        if run is None:
            _ENTRY_POINTS[kind] = run = entry_point(kind._kernel, self._packed, points, out)
        run(self._packed, points, out)

    def _compile(self, builder: ProgramBuilder) -> None:
        builder.leaf(self._op, self._packed)

    def _compile_inverse(self, builder: ProgramBuilder) -> None:
        token = builder.begin_solve(self._start_map())
        self._compile(builder)
        builder.end_solve(token)
