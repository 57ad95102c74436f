"""The loop over points that families share: eight at a time, the rest one by one.

A family copies `apply_point` (see `copy_kernel`) with its own map of one point, or as many as there are lanes, for
`point`.
"""

from __future__ import annotations

from transforms._jit import kernel
from transforms._kernels import lanes
from transforms._types import FloatArray, Points

STREAMED = 1 << 19
"""Points from which results go past the caches: 8 MiB, of which little would be there when it is read again. What is
saved is fetching each line of memory before it is overwritten."""


@kernel
def point(params: FloatArray, x: lanes.Real, y: lanes.Real) -> tuple[lanes.Real, lanes.Real]:
    """Stands for the map of a family."""
    return x, y


@kernel
def first_line(count: int, source: int, target: int) -> int:
    """The first row of the target that begins a line of memory; -1 where results are not to go past the caches.

    Of the addresses of arrays rather than of arrays, which would have their references counted.
    """
    if count < STREAMED or target % 16 != 0 or target == source:
        return -1
    return -target % lanes.LINE // 16


@kernel
def apply_point(params: FloatArray, points: Points, out: Points) -> None:
    """Lanes because a compiler does not vectorise a loop whose input may be its output, which is how lists run."""
    count = points.shape[0]
    line = first_line(count, lanes.address(points), lanes.address(out))
    begin = max(line, 0)
    whole = count - (count - begin) % lanes.WIDTH
    for i in range(begin):
        out[i, 0], out[i, 1] = point(params, points[i, 0], points[i, 1])
    for i in range(begin, whole, lanes.WIDTH):
        x, y = lanes.load_points(points, i)
        u, v = point(params, x, y)
        if line >= 0:
            lanes.stream_points(out, i, u, v)
        else:
            lanes.store_points(out, i, u, v)
    for i in range(whole, count):
        out[i, 0], out[i, 1] = point(params, points[i, 0], points[i, 1])
    if line >= 0:
        lanes.drain()
