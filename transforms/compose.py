"""Transforms made of others: lists, interpolations, inverses, and the merging of linear runs.

Sources: mpicbg's CoordinateTransformList and render's InterpolatedCoordinateTransform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeAlias, overload

import numpy as np

from transforms._program import ProgramBuilder
from transforms._run import run_marking
from transforms._start import box_of_image, start_map_from_region
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_float, as_points, pair_of_points
from transforms.affine import Affine
from transforms.base import LeafTransform, OnError, Transform
from transforms.errors import NonInvertibleError, PointsError
from transforms.homography import Homography
from transforms.linear import LinearTransform, Translation
from transforms.polynomial import Polynomial

__all__ = ["Interpolated", "Inverse", "TransformList", "simplify"]

_FEW, _BLOCK = 4, 16384
"""Members up to which calls of their kernels are quicker than one of the interpreter, and points taken at a time: as
many as stay in the second-level cache from one member to the next."""


def _checked(member: object, name: str) -> Transform:
    if not isinstance(member, Transform):
        raise PointsError(f"expected {name} as a Transform, got {type(member).__name__}")
    return member


class TransformList(Transform):
    """Transforms applied first to last; an empty list is the identity.

    Parameters
    ----------
    transforms : iterable of Transform
        The members; lists may be nested.

    Raises
    ------
    PointsError
        A member is not a Transform; `indices` names it.
    """

    __slots__ = ("_short", "transforms")
    _fields = ("transforms",)

    transforms: tuple[Transform, ...]
    _short: bool

    def __init__(self, transforms: Iterable[Transform] = ()) -> None:
        try:
            members = tuple(transforms)
        except TypeError as error:
            raise PointsError(f"expected an iterable of Transforms, got {type(transforms).__name__}") from error
        for i, member in enumerate(members):
            if not isinstance(member, Transform):
                raise PointsError(f"expected a Transform at index {i}, got {type(member).__name__}", (i,))
        self._set(transforms=members)

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self.transforms)

    def __iter__(self) -> Iterator[Transform]:
        """Iterate over the members in order of application."""
        return iter(self.transforms)

    @overload
    def __getitem__(self, index: int) -> Transform: ...
    @overload
    def __getitem__(self, index: slice) -> TransformList: ...
    def __getitem__(self, index: int | slice) -> Transform | TransformList:
        """Return a member, or a list of some."""
        return TransformList(self.transforms[index]) if isinstance(index, slice) else self.transforms[index]

    @classmethod
    def identity(cls) -> TransformList:
        """Return the empty list.

        Returns
        -------
        TransformList
            Maps every point to itself.
        """
        return cls(())

    def _apply(self, points: Points, out: Points) -> None:
        if not self._is_few():
            super()._apply(points, out)
        elif len(points) <= _BLOCK:
            self._apply_members(points, out)
        else:
            for first in range(0, len(points), _BLOCK):
                self._apply_members(points[first : first + _BLOCK], out[first : first + _BLOCK])

    def _apply_members(self, points: Points, out: Points) -> None:
        for member in self.transforms:
            member._apply(points, out)
            points = out

    def _is_few(self) -> bool:
        """Whether the members are so few, and leaves, that they are quicker one by one; found once."""
        known: bool | None = getattr(self, "_short", None)
        if known is None:
            known = 0 < len(self) <= _FEW and all(isinstance(member, LeafTransform) for member in self.transforms)
            self._set(_short=known)
        return known

    def flattened(self) -> TransformList:
        """Splice nested lists.

        Returns
        -------
        TransformList
            The same map; no member is a list.
        """
        members: list[Transform] = []
        for member in self.transforms:
            members += member.flattened().transforms if isinstance(member, TransformList) else (member,)
        return TransformList(members)

    def simplify(self) -> TransformList:
        """Merge runs of linear transforms; see `simplify`.

        Returns
        -------
        TransformList
            The same map with no two linear neighbours.
        """
        return simplify(self)

    def inverse(self) -> TransformList:
        """Return the inverses of the members in reverse order.

        Returns
        -------
        TransformList
            The inverse map.

        Raises
        ------
        NonInvertibleError
            A member has no inverse; `indices` names it.
        """
        inverses = []
        for i, member in enumerate(self.transforms):
            try:
                inverses.append(member.inverse())
            except NonInvertibleError as error:
                raise NonInvertibleError(f"member {i} of the list: {error}", (i,)) from error
        return TransformList(reversed(inverses))

    def apply_inverse(
        self,
        points: PointsLike,
        *,
        initial: PointsLike | None = None,
        tolerance: float = 1e-9,
        max_iterations: int = 50,
        on_error: OnError = "raise",
    ) -> Points:
        """Find pre-images member by member, last to first; see `Transform.apply_inverse`."""
        if initial is None:
            return super().apply_inverse(points, tolerance=tolerance, max_iterations=max_iterations, on_error=on_error)
        start, current = pair_of_points(initial, points, ("initial", "target"))
        starts = [start]
        for member in self.transforms[:-1]:
            starts.append(member.apply(starts[-1]))
        for member, guess in zip(reversed(self.transforms), reversed(starts), strict=False):
            current = member.apply_inverse(
                current, initial=guess, tolerance=tolerance, max_iterations=max_iterations, on_error=on_error
            )
        return current if self.transforms else current.copy()

    def jacobian(self, points: PointsLike) -> FloatArray:
        """Product of the members' derivatives, (N, 2, 2); see `Transform.jacobian`."""
        if not self._forward().solves:
            return super().jacobian(points)
        current = as_points(points)
        product = np.broadcast_to(np.eye(2), (len(current), 2, 2)).copy()
        for member in self.transforms:
            product = member.jacobian(current) @ product
            current = member.apply(current)
        return product

    def _compile(self, builder: ProgramBuilder) -> None:
        for member in self.transforms:
            member._compile(builder)

    def _compile_inverse(self, builder: ProgramBuilder) -> None:
        for i in reversed(range(len(self.transforms))):
            try:
                self.transforms[i]._compile_inverse(builder)
            except NonInvertibleError as error:
                raise NonInvertibleError(f"member {i} of the list: {error}", (i,)) from error

    def _start_map(self) -> FloatArray:
        return _composed_start_map(self)


class Interpolated(Transform):
    """(1 - weight) * a(x) + weight * b(x); a weight outside [0, 1] extrapolates, as in Java.

    Parameters
    ----------
    a, b : Transform
        Both are applied to the original points.
    weight : float
        Share of `b`.

    Raises
    ------
    PointsError
        `a` or `b` is not a Transform, or the weight not a number.
    """

    __slots__ = ("a", "b", "weight")
    _fields = ("a", "b", "weight")

    a: Transform
    b: Transform
    weight: float

    def __init__(self, a: Transform, b: Transform, weight: float) -> None:
        self._set(a=_checked(a, "a"), b=_checked(b, "b"), weight=as_float(weight, "weight"))

    def jacobian(self, points: PointsLike) -> FloatArray:
        """Blend of both derivatives, (N, 2, 2); see `Transform.jacobian`."""
        if not self._forward().solves:
            return super().jacobian(points)
        first, second = self.a.jacobian(points), self.b.jacobian(points)
        return first + self.weight * (second - first)

    def _compile(self, builder: ProgramBuilder) -> None:
        builder.fork()
        self.a._compile(builder)
        builder.switch()
        self.b._compile(builder)
        builder.blend(self.weight)

    def _compile_inverse(self, builder: ProgramBuilder) -> None:
        token = builder.begin_solve(self._start_map())
        self._compile(builder)
        builder.end_solve(token)

    def _start_map(self) -> FloatArray:
        return _composed_start_map(self)


class Inverse(Transform):
    """The inverse of a transform that has no closed one: applies `apply_inverse` of what it wraps.

    Parameters
    ----------
    transform : Transform
        The transform to invert.

    Raises
    ------
    PointsError
        Not a Transform.
    """

    __slots__ = ("transform",)
    _fields = ("transform",)

    transform: Transform

    def __init__(self, transform: Transform) -> None:
        self._set(transform=_checked(transform, "transform"))

    def inverse(self) -> Transform:
        """Return the wrapped transform.

        Returns
        -------
        Transform
            Whose inverse this is.
        """
        return self.transform

    def jacobian(self, points: PointsLike) -> FloatArray:
        """Inverse matrices of the wrapped derivative at the pre-images, (N, 2, 2); see `Transform.jacobian`."""
        j = self.transform.jacobian(self.transform.apply_inverse(points))
        adjugate = np.stack([np.stack([j[:, 1, 1], -j[:, 0, 1]], -1), np.stack([-j[:, 1, 0], j[:, 0, 0]], -1)], -2)
        det = j[:, 0, 0] * j[:, 1, 1] - j[:, 0, 1] * j[:, 1, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(adjugate / det[:, None, None])

    def _compile(self, builder: ProgramBuilder) -> None:
        self.transform._compile_inverse(builder)

    def _compile_inverse(self, builder: ProgramBuilder) -> None:
        self.transform._compile(builder)


_Box: TypeAlias = Callable[[Polynomial], FloatArray | None]
"""What stands for the region of a polynomial, which has none of its own."""


def _nothing(polynomial: Polynomial) -> None:
    """No region: look for other members that have one."""


def _origin(polynomial: Polynomial) -> FloatArray:  # noqa: ARG001  # one signature for all three
    """Where the linear part of a polynomial is the map itself."""
    return np.zeros(4)


def _searched(polynomial: Polynomial) -> FloatArray | None:
    """The box that a polynomial's own solver searches."""
    return polynomial._start_map()[6:] if polynomial.order else None


def _composed_start_map(transform: Transform) -> FloatArray:
    """Linearise over the transform's region, or about the origin of its polynomials, and invert."""
    box = _region(transform, _nothing)
    if box is not None:
        return start_map_from_region(partial(run_marking, transform), box)
    origin, wide = _region(transform, _origin), _region(transform, _searched)
    start = start_map_from_region(partial(run_marking, transform), np.zeros(4) if origin is None else origin)
    start[6:] = start[6:] if wide is None else wide
    return start


def _region(transform: Transform, of_polynomial: _Box) -> FloatArray | None:
    """The box of a transform's own region, None for maps that are the same everywhere."""
    if isinstance(transform, LinearTransform):
        return None
    if isinstance(transform, Polynomial):
        return of_polynomial(transform)
    if isinstance(transform, TransformList):
        return _list_region(transform, of_polynomial)
    if isinstance(transform, Interpolated):
        first = _region(transform.a, of_polynomial)
        return _region(transform.b, of_polynomial) if first is None else first
    if isinstance(transform, Inverse):
        inner = _region(transform.transform, of_polynomial)
        return None if inner is None else box_of_image(partial(run_marking, transform.transform), inner)
    return transform._start_map()[6:]


def _list_region(members: TransformList, of_polynomial: _Box) -> FloatArray | None:
    """The region of the first member that has one, taken back through those before it."""
    before: list[Transform] = []
    for member in members:
        box = _region(member, of_polynomial)
        if box is not None:
            back = partial(TransformList(before).apply_inverse, on_error="nan")
            found = box_of_image(back, box)
            return box if found is None else found
        before.append(member)
    return None


def _merge(first: LinearTransform, second: LinearTransform) -> LinearTransform:
    """One transform that applies first, then second."""
    if isinstance(first, Translation) and isinstance(second, Translation):
        return Translation(first.offset + second.offset)
    product = second.matrix @ first.matrix
    if isinstance(first, Homography) or isinstance(second, Homography):
        return Homography(product)
    return Affine(product[:2])


def _neighbours(transform: Transform) -> Iterator[Transform]:
    """Members of a transform, nested lists spliced, inner ones simplified."""
    if isinstance(transform, TransformList):
        for member in transform.transforms:
            yield from _neighbours(member)
    elif isinstance(transform, Interpolated):
        yield Interpolated(_simplified(transform.a), _simplified(transform.b), transform.weight)
    else:
        yield transform


def _simplified(transform: Transform) -> Transform:
    merged = simplify(transform)
    return merged[0] if len(merged) == 1 else merged


def simplify(transform: Transform) -> TransformList:
    """Merge runs of linear transforms into one matrix each.

    Parameters
    ----------
    transform : Transform
        A list, or anything else (which becomes a list of one).

    Returns
    -------
    TransformList
        The same map up to the rounding of matrix products: lists are spliced, no two neighbours are linear.
    """
    merged: list[Transform] = []
    for member in _neighbours(transform):
        last = merged[-1] if merged else None
        if isinstance(member, LinearTransform) and isinstance(last, LinearTransform):
            merged[-1] = _merge(last, member)
        else:
            merged.append(member)
    return TransformList(merged)
