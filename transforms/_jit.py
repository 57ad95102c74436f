"""All numba policy: options, cache, threads, warm-up. No other file names a numba option.

Cache: compiled kernels are kept by numba, under file names that carry a stamp of the kernel's own source file and of
every kernel file it imports, directly or not. numba itself watches only the file of the function called, so an edited
helper would be answered from a stale cache; with the stamp the name no longer matches and the kernel is compiled anew.

Threads: kernels release the GIL and are serial; `run_chunks` spreads slices of the work over a pool of Python threads.
numba's own
``parallel=True`` is not used: its work-queue layer aborts the process when two Python threads enter at once.

Environment
-----------
TRANSFORMS_CACHE
    ``0`` switches the disk cache off. The folder is numba's: ``NUMBA_CACHE_DIR`` moves it (for read-only
    installations).
TRANSFORMS_NUM_THREADS
    Threads used by batch work; the number of usable processors by default.
NUMBA_DISABLE_JIT
    ``1`` runs every kernel as plain Python (slow, for debugging and coverage).
"""

from __future__ import annotations

import hashlib
import inspect
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba.core.caching import CompileResultCacheImpl, FunctionCache, NullCache
from numba.core.cgutils import raw_memcpy
from numba.core.imputils import impl_ret_borrowed
from numba.core.runtime.nrt import rtsys
from numba.core.types import float64, int64, uint64
from numba.extending import intrinsic

from transforms._types import FloatArray

__all__ = [
    "JIT_DISABLED",
    "ZERO",
    "copy_bytes",
    "copy_kernel",
    "direct",
    "entry_point",
    "fma",
    "is_compiled",
    "kernel",
    "lean_kernel",
    "read_only",
    "run_chunks",
    "set_thread_count",
    "thread_count",
    "warmup",
    "word_at",
]

F = TypeVar("F", bound=Callable[..., Any])

JIT_DISABLED: bool = bool(getattr(numba.config, "DISABLE_JIT", False))
"""True when kernels run as plain Python."""

_CACHE_ENABLED = os.environ.get("TRANSFORMS_CACHE", "1") != "0"
_KERNELS = str(Path(__file__).parent / "_kernels")
_NAME = re.compile(r"\w+")
_SIBLING = re.compile(r"^\s*from transforms\._kernels(?:\.(\w+)| import (.+))", re.MULTILINE)

_BESIDE = re.compile(r"^from [\w.]*?(\w+) import", re.MULTILINE)
"""Files in the folder of the importing one, in whatever package: others are not found there."""


@cache
def _read(path: str) -> tuple[bytes, frozenset[str]]:
    """Digest of a source file, and the files that it imports itself; nothing where there is no such file."""
    try:
        source = Path(path).read_bytes()
    except FileNotFoundError:
        return b"", frozenset()
    text, folder = source.decode(), str(Path(path).parent)
    names = [f"{folder}{os.sep}{name}.py" for name in _BESIDE.findall(text)]
    for direct, listed in _SIBLING.findall(text):
        names += [f"{_KERNELS}{os.sep}{name}.py" for name in ([direct] if direct else _NAME.findall(listed))]
    return hashlib.sha256(source).digest(), frozenset(names)


@cache
def _closure(path: str) -> frozenset[str]:
    """The file and all kernel files that it imports, directly or not."""
    seen: set[str] = set()
    queue = [path]
    while queue:
        current = queue.pop()
        if current not in seen and _read(current)[0]:
            seen.add(current)
            queue += _read(current)[1]
    return frozenset(seen)


@cache
def source_stamp(path: str) -> str:
    """Hash of everything a kernel in this file is compiled from.

    Parameters
    ----------
    path : str
        Source file of the kernel.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    digest = hashlib.sha256(_read(__file__)[0])
    for member in sorted(_closure(path)):
        digest.update(Path(member).name.encode())
        digest.update(_read(member)[0])
    return digest.hexdigest()[:16]


class _StampedCacheImpl(CompileResultCacheImpl):
    """numba's cache with the source stamp in every file name."""

    def get_filename_base(self, fullname: str, abiflags: str) -> str:
        base = super().get_filename_base(fullname, abiflags)  # type: ignore[no-untyped-call]
        return f"{base}-{source_stamp(self.locator._py_file)}"


class _StampedCache(FunctionCache):
    """numba's cache of a function, which loads machine code without numba's declarations.

    They serve the compiler only, and to import them costs ten times what loading a kernel does.
    """

    _impl_class = _StampedCacheImpl

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        rtsys.initialize(target_context)  # machine code finds the allocator through it
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]


class _LazyCache:
    """The cache of a kernel, opened at its first use: a process uses few of all the kernels that it imports."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        source_stamp(function.__code__.co_filename)  # of the source that was imported, not of a later edit

    @cached_property
    def _opened(self) -> Any:
        with suppress(RuntimeError, OSError):  # nowhere to write: compile in every process
            return _StampedCache(self._function)  # type: ignore[no-untyped-call]
        return NullCache()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened, name)


def kernel(function: F) -> F:
    """Compile a function lazily: no Python objects, no GIL, IEEE arithmetic, cached on disk.

    Parameters
    ----------
    function : callable
        A kernel: arrays and scalars in, results into the caller's ``out``, no exceptions.

    Returns
    -------
    callable
        The compiled kernel. With JIT disabled the function itself, silent about division by zero like the compiled one.
    """
    return _compiled(function, counted=True)


def lean_kernel(function: F) -> F:
    """Compile a function that makes no arrays, nor calls one that does, but slices of those that it is given.

    Such a function needs no count of who uses an array. To keep that count takes two locked additions for each array
    that is passed on or sliced, more than many a small kernel does besides.

    Parameters
    ----------
    function : callable
        As for `kernel`.

    Returns
    -------
    callable
        As from `kernel`.
    """
    return _compiled(function, counted=False)


def _compiled(function: F, counted: bool) -> F:
    if JIT_DISABLED:
        return np.errstate(all="ignore")(function)
    njit: Any = numba.njit
    compiled = njit(nogil=True, error_model="numpy", fastmath=False, _nrt=counted)(function)
    if _CACHE_ENABLED:
        compiled._cache = _LazyCache(function)
    return cast("F", compiled)


def entry_point(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """Find the compiled code of a kernel, to be called with these types ever after.

    A call of the kernel looks at the types of all its arguments to choose a specialisation, which takes longer than
    100 points do. The code itself takes what it is given: callers answer for types, contiguity and alignment.

    Parameters
    ----------
    function : callable
        A kernel.
    *arguments : object
        What it is to be called with; it is compiled for their types, or loaded, but not run.

    Returns
    -------
    callable
        Called like the kernel. The kernel itself where there is no compiled code.
    """
    if JIT_DISABLED:
        return function
    compiled: Any = function
    types = tuple(numba.typeof(argument) for argument in arguments)  # type: ignore[no-untyped-call]
    compiled.compile(types)
    return cast("Callable[..., Any]", compiled.overloads[types].entry_point)


def direct(function: F) -> F:
    """Call a kernel by its entry point: for small work that is called from Python, always with the same types.

    Parameters
    ----------
    function : callable
        A kernel.

    Returns
    -------
    callable
        Called like the kernel; the first call finds the code.
    """
    found: Callable[..., Any] | None = None

    def call(*arguments: Any) -> Any:
        nonlocal found
        if found is None:
            found = entry_point(function, *arguments)
        return found(*arguments)

    return cast("F", call)


def copy_kernel(function: F, name: str, file: str, **replaced: Callable[..., Any]) -> F:
    """Compile the source of a kernel once more, calling others than it names.

    Parameters
    ----------
    function : callable
        A kernel.
    name : str
        Of the new one: its cache goes by this name, so no two may share it.
    file : str
        Source file of the caller, which imports everything that the new one is made of: the cache is watched by it.
    **replaced : callable
        Kernels by the names that the source has for them.

    Returns
    -------
    callable
        Another kernel.
    """
    plain: Any = inspect.unwrap(function) if JIT_DISABLED else cast("Any", function).py_func
    copied = FunctionType(plain.__code__.replace(co_filename=file), {**plain.__globals__, **replaced}, name)
    copied.__qualname__, copied.__module__ = name, plain.__module__
    return kernel(cast("F", copied))


@intrinsic
def _llvm_fma(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return float64(float64, float64, float64), generate


def _plain_fma(a: float, b: float, c: float) -> float:
    """a*b + c, rounded twice: what kernels use when JIT is disabled."""
    return a * b + c


fma: Callable[[float, float, float], float] = _plain_fma if JIT_DISABLED else cast("Any", _llvm_fma)
"""a*b + c rounded once.

Written out in kernels instead of letting the compiler fuse what it likes: the same bits come out however
a loop is unrolled or vectorised, so one point, many points and many tiles agree exactly."""


@intrinsic
def _load_word(_context: Any, text: Any, _at: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = target.make_array(signature.args[0])(target, builder, arguments[0])
        place = builder.gep(array.data, [arguments[1]])
        word = builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()))
        word.align = 1
        return word

    return uint64(text, int64), generate


def _plain_word(text: Any, at: int) -> Any:
    """Eight bytes as a word: what kernels use when JIT is disabled."""
    return text[at : at + 8].view(np.uint64)[0]


word_at: Callable[[Any, int], Any] = _plain_word if JIT_DISABLED else cast("Any", _load_word)
"""Eight bytes of a (N,) uint8 array as one uint64, wherever they stand; the caller sees that there are eight.

Texts are looked through a word at a time by it; slices and views would cost more than the look."""


@intrinsic
def _as_read_only(_context: Any, array: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return impl_ret_borrowed(target, builder, signature.return_type, arguments[0])  # type: ignore[no-untyped-call]

    return array.copy(readonly=True)(array), generate


def _plain_read_only(array: FloatArray) -> FloatArray:
    """The array itself: what kernels use when JIT is disabled."""
    return array


ZERO: int = cast("int", np.int64(0))
"""Where a slice begins, for calls between kernels: a plain 0 is a type of its own, and the kernel called would be
compiled for it alone."""

read_only: Callable[[FloatArray], FloatArray] = _plain_read_only if JIT_DISABLED else cast("Any", _as_read_only)
"""An array that a kernel made, as the parameters of transforms are: else a family would be compiled a second time."""


@intrinsic
def _copy_memory(_context: Any, source: Any, _start: Any, _stop: Any, out: Any, _at: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given, start, stop, taken, at = arguments
        types = signature.args
        source = target.make_array(types[0])(target, builder, given).data
        room = target.make_array(types[3])(target, builder, taken).data
        size = builder.sub(stop, start)
        raw_memcpy(builder, builder.gep(room, [at]), builder.gep(source, [start]), size, 1)  # type: ignore[no-untyped-call]
        return builder.add(at, builder.sub(stop, start))

    return int64(source, int64, int64, out, int64), generate


def _plain_copy(source: Any, start: int, stop: int, out: Any, at: int) -> int:
    """Copy bytes: what kernels use when JIT is disabled."""
    out[at : at + stop - start] = source[start:stop]
    return at + stop - start


copy_bytes: Callable[[Any, int, int, Any, int], int] = _plain_copy if JIT_DISABLED else cast("Any", _copy_memory)
"""Copy source[start:stop], (N,) uint8, to ``out`` from ``at`` on and give the end of the copy; the two are different
arrays, and there has to be room."""


_thread_count: int | None = None


def thread_count() -> int:
    """Threads used for batch work.

    Returns
    -------
    int
        As set by `set_thread_count`, else TRANSFORMS_NUM_THREADS, else the usable processors.
    """
    if _thread_count is not None:
        return _thread_count
    given = os.environ.get("TRANSFORMS_NUM_THREADS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def set_thread_count(count: int | None) -> None:
    """Set the threads used for batch work in this process.

    Parameters
    ----------
    count : int or None
        At least 1; None returns to the default.

    Raises
    ------
    ValueError
        The count is below 1.
    """
    global _thread_count
    if count is not None and count < 1:
        raise ValueError(f"expected a thread count of at least 1, got {count}")
    _thread_count = count


@cache
def _pool(_process: int, workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix="transforms")


def run_chunks(work: Callable[[int, int], object], count: int, minimum: int) -> None:
    """Call ``work(lo, hi)`` for slices that cover ``range(count)``, on several threads when it pays.

    The slices are disjoint, so results do not depend on the number of threads. Pools belong to the process that made
    them (a forked child makes its own).

    Parameters
    ----------
    work : callable
        Called with the bounds of a slice; calls kernels, which release the GIL.
    count : int
        Number of items.
    minimum : int
        Fewest items that are worth a thread.
    """
    threads = min(thread_count(), max(1, count // max(1, minimum)))
    if threads <= 1 or JIT_DISABLED:
        work(0, count)
        return
    pieces = threads * 4 if count >= threads * 4 * minimum else threads  # smaller slices even out uneven members
    bounds = [count * i // pieces for i in range(pieces + 1)]
    left = iter(list(pairwise(bounds)))

    def drain() -> None:
        for lo, hi in left:
            work(lo, hi)

    # This thread is one of them: whoever is free takes the next slice, and a thread that comes late is not waited for.
    others = [_pool(os.getpid(), threads).submit(drain) for _ in range(threads - 1)]
    try:
        drain()
    finally:
        running = [other for other in others if not other.cancel()]
        wait(running)
    for other in running:
        other.result()


def is_compiled(function: Callable[..., Any]) -> bool:
    """Tell whether a kernel can be loaded rather than compiled.

    Parameters
    ----------
    function : callable
        A kernel.

    Returns
    -------
    bool
        Whether the disk cache knows it, or the JIT is off.
    """
    index = getattr(getattr(getattr(function, "_cache", None), "_cache_file", None), "_index_path", None)
    return JIT_DISABLED or (index is not None and Path(index).is_file())


_WARMUPS: list[Callable[[], object]] = []


def register_warmup(call: Callable[[], object]) -> None:
    """Add a call that makes `warmup` compile something.

    Parameters
    ----------
    call : callable
        Runs one small example of a public function.
    """
    _WARMUPS.append(call)


def warmup() -> None:
    """Compile, or load from the cache, every kernel now rather than at its first use."""
    for call in _WARMUPS:
        call()
