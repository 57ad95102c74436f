"""Many transforms at once: lists of many tiles, arrays of linear transforms, ragged fits.

Nothing here runs Python once per tile, except where lists of objects are compiled (`TransformBatch.from_lists`). Every
entry of a result equals what the single functions give for that member.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from transforms._jit import is_compiled, register_warmup, run_chunks
from transforms._kernels import batch as kernels
from transforms._kernels import codes, dispatch
from transforms._kernels.program import run_members
from transforms._program import Program, ProgramBuilder
from transforms._run import NO_START, options_in_order, options_of
from transforms._types import FloatArray, IntArray, Points
from transforms._validate import as_count, as_points, as_tolerance
from transforms.affine import Affine
from transforms.affine_array import AffineArray
from transforms.approximation import sampling_grid
from transforms.base import Transform
from transforms.batch_estimate import (
    MEMBERS_PER_THREAD,
    STATUS_TEXTS,
    BatchEstimate,
    Use,
    empty_estimate,
    fit_batch,
    refitter,
)
from transforms.columns import Column
from transforms.compose import TransformList
from transforms.errors import NonInvertibleError, PointsError
from transforms.fit import TransformsLike, as_transform
from transforms.mesh import border_ends_of, border_of, checked_size, mesh_inverse
from transforms.polynomial import Polynomial

__all__ = ["STATUS_TEXTS", "BatchEstimate", "TransformBatch", "fit_batch", "is_warm"]

SINGULAR = 5
"""Status of a member that has no inverse at all."""

_SAMPLE_BYTES = 1 << 18
"""Mapped samples kept at a time by one thread: small enough for its cache."""


AnyColumn: TypeAlias = Transform | AffineArray | Column
"""What one place in the lists of all members holds."""

_Compiled: TypeAlias = tuple[Program, IntArray]
"""Program of all members, and a status: non-zero for members that could not be compiled."""


def _as_member(index: int, given: TransformsLike) -> Transform:
    try:
        return as_transform(given)
    except PointsError as error:
        raise PointsError(f"member {index}: {error}", (index,)) from error


def _compile_lists(members: Sequence[Transform], backward: bool) -> _Compiled:
    builder, bounds = ProgramBuilder(), [0]
    status = np.zeros(len(members), dtype=np.int64)
    for i, member in enumerate(members):
        try:
            if backward:
                member._compile_inverse(builder)
            else:
                member._compile(builder)
        except NonInvertibleError:
            builder.truncate(bounds[-1])
            status[i] = SINGULAR
        bounds.append(len(builder))
    return builder.build(np.array(bounds, dtype=np.int64)), status


def _compile_column(
    column: AnyColumn, count: int, backward: bool, builder: ProgramBuilder, status: IntArray
) -> IntArray:
    """(T, M, 4) instructions of one column."""
    if isinstance(column, AffineArray):
        rows = column._params
        if backward:
            rows, failed = column._inverted()
            status[failed != 0] = SINGULAR
        return builder.column(codes.AFFINE, rows.reshape(count, -1))
    if isinstance(column, Column):
        if backward:
            raise NonInvertibleError(f"{type(column).__name__} is compiled forward only: use TransformBatch.from_lists")
        return column._rows(builder)
    before = len(builder)
    if backward:
        column._compile_inverse(builder)
    else:
        column._compile(builder)
    return builder.repeated(before, count)


def _compile_columns(columns: Sequence[AnyColumn], count: int, backward: bool) -> _Compiled:
    builder, status = ProgramBuilder(), np.zeros(count, dtype=np.int64)
    order = reversed(columns) if backward else columns
    parts = [_compile_column(column, count, backward, builder, status) for column in order]
    table = np.concatenate(parts, axis=1)
    offsets = np.arange(count + 1, dtype=np.int64) * table.shape[1]
    return replace(builder.build(offsets), instructions=np.ascontiguousarray(table.reshape(-1, 4))), status


class TransformBatch:
    """Lists of transforms of many tiles, compiled into flat arrays.

    Make one with `from_lists` or `from_columns`.

    Parameters
    ----------
    compile_members : callable
        Gives the program of all members, forward (False) or backward (True).
    """

    def __init__(self, compile_members: Callable[[bool], _Compiled]) -> None:
        self._compile_members = compile_members
        self._program, _ = compile_members(False)
        self._inverse: _Compiled | None = None

    @classmethod
    def from_lists(cls, lists: Iterable[TransformsLike]) -> TransformBatch:
        """Compile the members.

        Parameters
        ----------
        lists : iterable
            Each a TransformList, a list of transforms, or one transform.

        Returns
        -------
        TransformBatch
            What members share, such as a lens correction, is stored once.

        Raises
        ------
        PointsError
            A member is something else.
        """
        if isinstance(lists, Transform | str) or not isinstance(lists, Iterable):
            raise PointsError(f"expected lists as a sequence with one entry per member, got {type(lists).__name__}")
        members = [_as_member(i, member) for i, member in enumerate(lists)]
        return cls(partial(_compile_lists, members))

    @classmethod
    def from_columns(cls, columns: Sequence[AnyColumn]) -> TransformBatch:
        """Compile members that all have the same structure, without a Python object per member.

        Parameters
        ----------
        columns : sequence
            In order of application: a Transform that all members share, an AffineArray with one row per member, or a
            `Column`. At least one that is not shared.

        Returns
        -------
        TransformBatch
            Of as many members as the columns have rows.

        Raises
        ------
        PointsError
            Columns of no or of different lengths, or something else among them.
        """
        given: Sequence[Any] = columns
        for i, column in enumerate(given):
            if not isinstance(column, Transform | AffineArray | Column):
                message = f"expected a Transform, AffineArray or Column at place {i}, got {type(column).__name__}"
                raise PointsError(message, (i,))
        lengths = {len(column) for column in columns if isinstance(column, AffineArray | Column)}
        if len(lengths) != 1:
            raise PointsError(f"expected columns of one length, got lengths {sorted(lengths)}")
        return cls(partial(_compile_columns, list(columns), lengths.pop()))

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self._program.offsets) - 1

    # ---------------------------------------------------------------- maps

    def apply(self, points: npt.ArrayLike) -> FloatArray:
        """Map points by every member.

        Parameters
        ----------
        points : array_like
            (N, 2) given to all members, or (T, N, 2), in pixels.

        Returns
        -------
        ndarray
            (T, N, 2); rows that have no value are NaN (see `apply_with_status`).

        Raises
        ------
        PointsError
            Any other shape.
        """
        return self.apply_with_status(points)[0]

    def apply_with_status(self, points: npt.ArrayLike) -> tuple[FloatArray, IntArray]:
        """Map points by every member and say which members failed.

        Parameters
        ----------
        points : array_like
            (N, 2) given to all members, or (T, N, 2), in pixels.

        Returns
        -------
        out : ndarray
            (T, N, 2).
        status : ndarray
            (T,) int64: 0 where every finite point has a finite image.

        Raises
        ------
        PointsError
            Any other shape of the points.
        """
        status = np.zeros(len(self), dtype=np.int64)
        return self._run(self._program, points, options_of(), status), status

    def apply_inverse(self, points: npt.ArrayLike, *, tolerance: float = 1e-9, max_iterations: int = 50) -> FloatArray:
        """Find pre-images under every member.

        Parameters
        ----------
        points : array_like
            (N, 2) given to all members, or (T, N, 2), in target pixels.
        tolerance : float, optional
            As in `Transform.apply_inverse`.
        max_iterations : int, optional
            As in `Transform.apply_inverse`.

        Returns
        -------
        ndarray
            (T, N, 2); points without pre-image and members without inverse are NaN (see `apply_inverse_with_status`).

        Raises
        ------
        PointsError
            Any other shape.
        """
        return self.apply_inverse_with_status(points, tolerance=tolerance, max_iterations=max_iterations)[0]

    def apply_inverse_with_status(
        self, points: npt.ArrayLike, *, tolerance: float = 1e-9, max_iterations: int = 50
    ) -> tuple[FloatArray, IntArray]:
        """Find pre-images under every member and say which members failed.

        Parameters
        ----------
        points : array_like
            (N, 2) given to all members, or (T, N, 2), in target pixels.
        tolerance : float, optional
            As in `Transform.apply_inverse`.
        max_iterations : int, optional
            As in `Transform.apply_inverse`.

        Returns
        -------
        out : ndarray
            (T, N, 2).
        status : ndarray
            (T,) int64: 0 where every finite point has a pre-image.

        Raises
        ------
        PointsError
            Any other shape of the points.
        """
        if self._inverse is None:
            self._inverse = self._compile_members(True)
        program, singular = self._inverse
        status = singular.copy()
        options = options_of(as_tolerance(tolerance, "tolerance"), as_count(max_iterations, "max_iterations"))
        return self._run(program, points, options, status), status

    def _run(self, program: Program, points: npt.ArrayLike, options: FloatArray, status: IntArray) -> FloatArray:
        given, count = self._checked_points(points)
        out = np.empty((len(self), count, 2))
        own = np.ndim(points) == 3

        def work(first: int, last: int) -> None:
            members = np.arange(first, last, dtype=np.int64)
            part = given[first * count : last * count] if own else given
            _map(program, members, count, part, out[first:last].reshape(-1, 2), options, status)

        run_chunks(work, len(self), max(1, MEMBERS_PER_THREAD * 100 // max(1, count)))
        return out

    def _checked_points(self, points: npt.ArrayLike) -> tuple[Points, int]:
        """Points of all members, (T * N, 2), or (N, 2) for all; and N."""
        if np.ndim(points) != 3:
            given = as_points(points)
            return given, len(given)
        array: np.ndarray[Any, Any] = np.asarray(points)
        if array.shape[0] != len(self) or array.shape[2] != 2:
            raise PointsError(f"expected points as (N, 2) or ({len(self)}, N, 2), got shape {array.shape}")
        return as_points(array.reshape(-1, 2)), array.shape[1]

    # ---------------------------------------------------------------- tiles

    def _sizes(self, width: npt.ArrayLike, height: npt.ArrayLike) -> list[tuple[float, float, IntArray]]:
        """Groups of equal-sized members: width, height, member numbers."""
        try:
            sizes = np.stack(
                [np.broadcast_to(np.asarray(v, dtype=np.float64), (len(self),)) for v in (width, height)], axis=1
            )
        except (ValueError, TypeError) as error:
            raise PointsError(f"expected width and height as numbers or ({len(self)},) arrays: {error}") from error
        if len(self) == 0:
            return []
        if (sizes == sizes[0]).all():  # the rule, and sorting takes longer than fitting
            return [(float(sizes[0, 0]), float(sizes[0, 1]), np.arange(len(self), dtype=np.int64))]
        unique, inverse = np.unique(sizes, axis=0, return_inverse=True)
        order = np.argsort(inverse.reshape(-1), kind="stable")
        edges = np.searchsorted(inverse.reshape(-1)[order], np.arange(len(unique) + 1))
        return [
            (float(w), float(h), order[edges[i] : edges[i + 1]].astype(np.int64)) for i, (w, h) in enumerate(unique)
        ]

    def bounding_boxes(self, width: npt.ArrayLike, height: npt.ArrayLike, mesh_cell_size: float = 64.0) -> FloatArray:
        """Boxes of the mapped tiles as the service stores them; see `transforms.bounding_box`.

        Parameters
        ----------
        width, height : float or array_like
            Size of all tiles, or (T,) of each, in pixels.
        mesh_cell_size : float, optional
            Distance of the samples along the border, in pixels.

        Returns
        -------
        ndarray
            (T, 4): min_x, min_y, max_x, max_y, whole numbers; NaN for a map that is not finite on the border.

        Raises
        ------
        PointsError
            Bad sizes.
        """
        boxes = np.empty((len(self), 4))
        options = options_in_order(self._program)
        affine = self._program.only(codes.AFFINE)
        for w, h, members in self._sizes(width, height):
            if affine:
                self._box_affines(members, border_ends_of(*checked_size(w, h, mesh_cell_size)), boxes)
                continue
            border = border_of(*checked_size(w, h, mesh_cell_size))

            def box(mapped: Points, part: IntArray, count: int = len(border)) -> None:
                kernels.member_boxes(part, count, mapped, boxes)

            self._sample(border, members, options, box, np.zeros(len(self), dtype=np.int64))
        return boxes

    def _box_affines(self, members: IntArray, ends: Points, boxes: FloatArray) -> None:
        """Boxes of members that are one affine map each."""
        program = self._program

        def work(first: int, last: int) -> None:
            kernels.affine_boxes(program.instructions, program.params, members[first:last], ends, boxes)

        run_chunks(work, len(members), 16 * MEMBERS_PER_THREAD)

    def _sample(self, grid: Points, members: IntArray, options: FloatArray, use: Use, status: IntArray) -> None:
        """Map a grid by members and hand the images, some members at a time, to ``use(images, members)``."""
        piece = max(1, _SAMPLE_BYTES // max(1, grid.nbytes))

        def work(first: int, last: int) -> None:
            room = np.empty((min(piece, last - first) * len(grid), 2))
            for lo in range(first, last, piece):
                part = members[lo : min(lo + piece, last)]
                images = room[: len(part) * len(grid)]
                _map(self._program, part, len(grid), grid, images, options, status)
                use(images, part)

        run_chunks(work, len(members), MEMBERS_PER_THREAD)

    def reestimate(
        self,
        model: type[Transform],
        *,
        order: int = 2,
        width: npt.ArrayLike,
        height: npt.ArrayLike,
        samples: int | npt.ArrayLike = 10,
    ) -> BatchEstimate:
        """Fit one transform in place of every member's list, over its tile.

        Parameters
        ----------
        model : type
            Translation, Rigid, Similarity, Affine or Polynomial.
        order : int, optional
            Order of the polynomials.
        width, height : float or array_like
            Size of all tiles, or (T,) of each, in pixels.
        samples : int or array_like, optional
            n for an n x n grid over the tile, borders included, or (S, 2) points in the unit square.

        Returns
        -------
        BatchEstimate
            Parameters, residuals and status of every member.

        Raises
        ------
        PointsError
            Bad sizes or samples, or a model that is none of these.
        """
        estimate = empty_estimate(model, order, len(self))
        for w, h, members in self._sizes(width, height):
            grid = sampling_grid(samples, w, h)
            self._sample(grid, members, options_of(), refitter(estimate, order, grid), estimate.status)
        return estimate


def _map(
    program: Program,
    members: IntArray,
    count: int,
    points: Points,
    out: Points,
    options: FloatArray,
    status: IntArray,
) -> None:
    """Run members on their points, or on points shared by all, and note who failed."""
    failed = np.zeros(len(out), dtype=np.uint8)
    run_members(
        program.instructions,
        program.offsets,
        program.params,
        program.depth,
        members,
        count,
        NO_START,
        options,
        points,
        out,
        failed,
    )
    kernels.member_statuses(members, count, points, out, failed, status)


def is_warm() -> bool:
    """Tell whether kernels are compiled already; if not, the first uses take seconds, and `warmup` about a minute.

    Returns
    -------
    bool
        Whether the disk cache knows what runs batches and fits of any model, or the JIT is off. Single families may
        have to be compiled still.
    """
    return all(is_compiled(needed) for needed in (run_members, kernels.batch_refit_linear))


def _warm() -> None:
    """Compile the interpreter, all that it calls, and what batches and tiles use besides."""
    dispatch.load_everything()
    batch = TransformBatch.from_lists([[Affine.identity(), Affine.identity()]])
    batch.apply_inverse(batch.apply([[0.0, 0.0]])[0])
    batch.bounding_boxes(64.0, 64.0)
    TransformBatch.from_lists([Affine.identity()]).bounding_boxes(64.0, 64.0)
    for model in (Affine, Polynomial):
        batch.reestimate(model, width=64.0, height=64.0)
        fit_batch(model, _SQUARE, _SQUARE, [0, len(_SQUARE)])
    TransformList([Affine.identity(), Affine.identity()]).jacobian([[0.0, 0.0]])
    mesh_inverse(Affine.identity(), 64.0, 64.0, [[1.0, 1.0]])


_SQUARE = sampling_grid(3, 64.0, 64.0)

register_warmup(_warm)
