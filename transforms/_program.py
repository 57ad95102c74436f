"""Transforms compiled to flat arrays, which the program kernels interpret.

A program is a table of instructions (`_kernels.codes`: operation, where its parameters start and stop, length of its
body) and one array of parameters. Equal parameters are stored once, however many tiles share them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transforms._kernels import codes, dispatch
from transforms._types import FloatArray, IntArray
from transforms.errors import NonInvertibleError

__all__ = ["Program", "ProgramBuilder", "joined"]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Instructions and parameters, ready for the kernels.

    Attributes
    ----------
    instructions : ndarray
        (M, 4) int64: operation, start, stop, body.
    params : ndarray
        (P,) float64, read-only.
    depth : int
        Deepest nesting of interpolated transforms.
    solves : bool
        Whether an instruction looks for pre-images, which may fail.
    offsets : ndarray
        (T + 1,) int64: member i has instructions offsets[i]:offsets[i + 1]. (2,) for one transform.
    ops : frozenset of int
        Operation codes of the leaf transforms in it.
    """

    instructions: IntArray
    params: FloatArray
    depth: int
    solves: bool
    offsets: IntArray
    ops: frozenset[int]

    def only(self, op: int) -> bool:
        """Whether every member has one instruction, and this operation."""
        alone = len(self.instructions) == len(self.offsets) - 1 and bool((np.diff(self.offsets) == 1).all())
        return alone and bool((self.instructions[:, codes.OP] == op).all())


def joined(programs: Sequence[Program]) -> Program:
    """Make one program of those of single transforms, which become its members; nothing is looked for twice.

    Parameters
    ----------
    programs : sequence of Program
        One or more.

    Returns
    -------
    Program
        Of as many members.
    """
    counts = [len(program.instructions) for program in programs]
    starts = np.cumsum([0, *(program.params.size for program in programs)], dtype=np.int64)
    instructions = np.concatenate([program.instructions for program in programs])
    instructions[:, codes.START : codes.STOP + 1] += np.repeat(starts[:-1], counts)[:, None]
    params = np.concatenate([program.params for program in programs])
    params.flags.writeable = False
    depth = max(program.depth for program in programs)
    offsets = np.cumsum([0, *counts], dtype=np.int64)
    ops = frozenset[int]().union(*(program.ops for program in programs))
    return Program(instructions, params, depth, any(program.solves for program in programs), offsets, ops)


class ProgramBuilder:
    """Collects instructions; one builder may take the programs of many transforms, one after the other.

    Attributes
    ----------
    solves : bool
        Whether a SOLVE instruction was added.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, int, int]] = []
        self._chunks: list[FloatArray] = []
        self._length = 0
        self._known: dict[bytes, tuple[int, int]] = {}
        self._depth = 0
        self._deepest = 0
        self._storey = 0
        self._ops: set[int] = set()
        self._solvers: set[int] = set()
        self.solves = False

    def __len__(self) -> int:
        """Return the number of instructions so far."""
        return len(self._rows)

    def _store(self, params: FloatArray) -> tuple[int, int]:
        key = params.tobytes()
        place = self._known.get(key)
        if place is None:
            place = (self._length, self._length + params.size)
            self._known[key] = place
            self._chunks.append(params)
            self._length += params.size
        return place

    def leaf(self, op: int, params: FloatArray) -> None:
        """Add one leaf transform.

        Parameters
        ----------
        op : int
            Its operation code.
        params : ndarray
            Its packed parameters, (P,) float64.
        """
        start, stop = self._store(params)
        self._ops.add(op)
        self._rows.append((op, start, stop, 0))

    def fork(self) -> None:
        """Begin the first branch of an interpolation."""
        self._depth += 1
        self._deepest = max(self._deepest, self._depth)
        self._rows.append((codes.FORK, 0, 0, 0))

    def switch(self) -> None:
        """Begin the second branch."""
        self._rows.append((codes.SWITCH, 0, 0, 0))

    def blend(self, weight: float) -> None:
        """End both branches.

        Parameters
        ----------
        weight : float
            Of the second branch.
        """
        self._depth -= 1
        start, stop = self._store(np.array([weight]))
        self._rows.append((codes.BLEND, start, stop, 0))

    def begin_solve(self, start_map: FloatArray) -> int:
        """Begin the body of which pre-images are wanted.

        Parameters
        ----------
        start_map : ndarray
            (10,): an affine map from targets to start values, and the box (min_x, min_y, max_x, max_y) to search when
            it fails.

        Returns
        -------
        int
            Token for `end_solve`.

        Raises
        ------
        NonInvertibleError
            Inside of as many others as the kernels can nest.
        """
        self._storey += 1
        if self._storey > codes.STOREYS:
            raise NonInvertibleError(
                f"expected at most {codes.STOREYS} inverses in each other, such as that of an interpolation between"
                f" inverses, got {self._storey}"
            )
        start, stop = self._store(start_map)
        self._rows.append((codes.SOLVE, start, stop, 0))
        self.solves = True
        return len(self._rows) - 1

    def end_solve(self, token: int) -> None:
        """End the body begun with `begin_solve`.

        Parameters
        ----------
        token : int
            What `begin_solve` returned.
        """
        self._storey -= 1
        _, start, stop, _ = self._rows[token]
        nested = any(op >= codes.SOLVE for op, *_ in self._rows[token + 1 :])
        self._solvers.add(dispatch.NESTED if nested else dispatch.FLAT)
        op = codes.SOLVE_NESTED if nested else codes.SOLVE
        self._rows[token] = (op, start, stop, len(self._rows) - token - 1)

    def truncate(self, length: int) -> None:
        """Forget instructions from the end, such as those of a member that turned out to have no inverse.

        Parameters
        ----------
        length : int
            How many to keep.
        """
        del self._rows[length:]
        self._depth = self._storey = 0

    def column(self, op: int, rows: FloatArray) -> IntArray:
        """Store parameters of one operation for many members; the caller arranges the instructions.

        Parameters
        ----------
        op : int
            Operation code.
        rows : ndarray
            (T, P) float64: the parameters of each member.

        Returns
        -------
        ndarray
            (T, 1, 4) instructions.
        """
        self._ops.add(op)
        count, size = rows.shape
        table = np.zeros((count, 1, 4), dtype=np.int64)
        starts = self._length + size * np.arange(count, dtype=np.int64)
        table[:, 0, codes.OP], table[:, 0, codes.START], table[:, 0, codes.STOP] = op, starts, starts + size
        self._chunks.append(np.ascontiguousarray(rows).reshape(-1))
        self._length += rows.size
        return table

    def repeated(self, first: int, count: int) -> IntArray:
        """Give instructions from `first` on to many members; the caller arranges them.

        Parameters
        ----------
        first : int
            Number of the first instruction.
        count : int
            Number of members.

        Returns
        -------
        ndarray
            (count, M, 4).
        """
        rows = np.array(self._rows[first:], dtype=np.int64).reshape(1, -1, 4)
        return np.repeat(rows, count, axis=0)

    def build(self, offsets: IntArray | None = None) -> Program:
        """Make the flat arrays.

        Parameters
        ----------
        offsets : ndarray, optional
            (T + 1,) int64: bounds of the members; by default everything is one.

        Returns
        -------
        Program
            Of everything added so far; the kernels that it needs are loaded.
        """
        dispatch.load(dispatch.APPLY, self._ops)
        if self._solvers:
            dispatch.load(dispatch.JET, self._ops)
            dispatch.load_solvers(self._solvers)
        params = np.concatenate(self._chunks) if self._chunks else np.empty(0)
        params.flags.writeable = False
        rows = np.array(self._rows, dtype=np.int64).reshape(-1, 4)
        bounds = np.array([0, len(rows)], dtype=np.int64) if offsets is None else offsets
        return Program(rows, params, self._deepest, self.solves, bounds, frozenset(self._ops))
