"""render's tile geometry: the stored bounding box and the triangle mesh that inverts a tile.

Formulas and order of operations of org.janelia.alignment (TileSpec.deriveBoundingBox, RenderTransformMesh) and
mpicbg.models (AffineModel2D.fit, TransformMesh); see the tables of the reference for every constant.
"""

from __future__ import annotations

import math

import numpy as np

from transforms._jit import kernel
from transforms._types import FloatArray, IntArray, Points

INT_MIN = -2147483648.0
INT_MAX = 2147483647.0
LARGEST = 1.7976931348623157e308


@kernel
def java_int(value: float) -> float:
    """Java's cast to a 32-bit integer: toward zero, saturating, NaN is 0."""
    if math.isnan(value):
        return 0.0
    return float(np.trunc(min(max(value, INT_MIN), INT_MAX))) + 0.0


@kernel
def border_counts(width: float, height: float, cell: float) -> tuple[int, int]:
    """Samples along the horizontal and the vertical edges."""
    return int(max(2.0, math.floor(width / cell + 0.5))), int(max(2.0, math.floor(height / cell + 0.5)))


@kernel
def border_points(width: float, height: float, nx: int, ny: int, out: Points) -> None:
    """The 2 (nx + ny) samples: positions run to width - 1 and height - 1, the far edges lie at height and width."""
    dx = (width - 1.0) / (nx - 1)
    dy = (height - 1.0) / (ny - 1)
    for i in range(nx):
        out[2 * i, 0] = out[2 * i + 1, 0] = i * dx
        out[2 * i, 1] = 0.0
        out[2 * i + 1, 1] = height
    for j in range(ny):
        k = 2 * (nx + j)
        out[k, 0] = 0.0
        out[k + 1, 0] = width
        out[k, 1] = out[k + 1, 1] = j * dy


@kernel
def border_ends(nx: int, ny: int, border: Points, out: Points) -> None:
    """The eight of the samples that are the first or last of an edge."""
    for k in range(2):
        out[k], out[2 + k] = border[k], border[2 * nx - 2 + k]
        out[4 + k], out[6 + k] = border[2 * nx + k], border[2 * (nx + ny) - 2 + k]


@kernel
def whole_extent(extent: float, of_mesh: bool) -> float:
    """Extent of a box rounded up: by ceil for stored boxes, by the integer part plus one for boxes of meshes."""
    if of_mesh:
        return java_int(extent) + (0.0 if extent == java_int(extent) else 1.0)
    return java_int(np.ceil(extent))


@kernel
def box_of_points(points: Points, of_mesh: bool, box: FloatArray) -> bool:
    """Java's whole-number box of mapped samples into (4,), and whether all samples were finite. NaN never counts."""
    finite = True
    min_x = min_y = LARGEST
    max_x = max_y = -LARGEST
    for i in range(points.shape[0]):
        x, y = points[i, 0], points[i, 1]
        finite = finite and math.isfinite(x) and math.isfinite(y)
        min_x = x if x < min_x else min_x
        max_x = x if x > max_x else max_x
        min_y = y if y < min_y else min_y
        max_y = y if y > max_y else max_y
    box[0] = java_int(min_x)
    box[1] = java_int(min_y)
    box[2] = box[0] + whole_extent(max_x - min_x, of_mesh)
    box[3] = box[1] + whole_extent(max_y - min_y, of_mesh)
    return finite


@kernel
def mesh_counts(width: float, height: float, cell: float) -> tuple[int, int]:
    """Vertices in an even row, and even rows."""
    nx = int(max(2.0, np.trunc(width / cell + 0.5)))
    d = width / (nx - 1)
    e = 2.0 * math.sqrt(0.75 * d * d)
    ny = int(max(2.0, np.trunc(height / e + 0.5) + 1.0)) if e > 0.0 else 2
    return nx, ny


@kernel
def vertex_weight(width: float, height: float, cell: float) -> float:
    """Weight of every vertex: the area of the tile, shared out."""
    nx, ny = mesh_counts(width, height, cell)
    return width * height / nx / ny


@kernel
def mesh_vertices(width: float, height: float, nx: int, ny: int, out: Points) -> None:
    """Even row k starts at k (2 nx - 1); the odd row above it holds the nx - 1 entries before."""
    dx = (width - 1.0) / (nx - 1)
    dy = (height - 1.0) / (ny - 1)
    stride = 2 * nx - 1
    for k in range(ny):
        row = k * stride
        for i in range(nx):
            last = i == nx - 1 and k > 0
            out[row + i, 0] = width - 1.0 if last else i * dx
            out[row + i, 1] = k * dy
        if k > 0:
            for i in range(1, nx):
                out[row - nx + i, 0] = i * dx - dx / 2.0
                out[row - nx + i, 1] = k * dy - dy / 2.0


@kernel
def mesh_triangles(nx: int, ny: int, out: IntArray) -> None:
    """Vertex numbers of the triangles, in the order in which render draws them."""
    stride = 2 * nx - 1
    t = 0
    for k in range(1, ny):
        a, c, b = (k - 1) * stride, k * stride - nx, k * stride  # c + i is C_i for i = 1 ... nx - 1
        out[t, 0], out[t, 1], out[t, 2] = a, a + 1, c + 1
        t += 1
        for i in range(2, nx):
            out[t, 0], out[t, 1], out[t, 2] = a + i - 1, a + i, c + i
            out[t + 1, 0], out[t + 1, 1], out[t + 1, 2] = a + i - 1, c + i, c + i - 1
            t += 2
        out[t, 0], out[t, 1], out[t, 2] = a, c + 1, b
        t += 1
        for i in range(1, nx - 1):
            out[t, 0], out[t, 1], out[t, 2] = c + i, b + i, b + i - 1
            out[t + 1, 0], out[t + 1, 1], out[t + 1, 2] = c + i, c + i + 1, b + i
            t += 2
        out[t, 0], out[t, 1], out[t, 2] = b + nx - 2, c + nx - 1, b + nx - 1
        out[t + 1, 0], out[t + 1, 1], out[t + 1, 2] = c + nx - 1, a + nx - 1, b + nx - 1
        t += 2


@kernel
def sees(a: FloatArray, b: FloatArray, x: float, y: float) -> bool:
    """Whether the edge from a to b has (x, y) on its non-negative side."""
    return bool((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) >= 0.0)


@kernel
def triangle_inverse(
    p: Points, q: Points, w: float, i: int, j: int, k: int, x: float, y: float, out: FloatArray
) -> bool:
    """Source position of (x, y) by the inverse of the affine fitted to three vertices; False where it has none.

    A triangle without area in the source keeps the identity. The weight ``w`` that all vertices have cancels, but for
    its roundings.
    """
    cx = cy = ex = ey = ws = 0.0
    for v in (i, j, k):
        ws += w
        cx += w * p[v, 0]
        cy += w * p[v, 1]
        ex += w * q[v, 0]
        ey += w * q[v, 1]
    cx, cy, ex, ey = cx / ws, cy / ws, ex / ws, ey / ws
    a00 = a01 = a11 = b00 = b01 = b10 = b11 = 0.0
    for v in (i, j, k):
        px, py, qx, qy = p[v, 0] - cx, p[v, 1] - cy, q[v, 0] - ex, q[v, 1] - ey
        a00 += w * px * px
        a01 += w * px * py
        a11 += w * py * py
        b00 += w * px * qx
        b01 += w * px * qy
        b10 += w * py * qx
        b11 += w * py * qy
    det = a00 * a11 - a01 * a01
    if det == 0.0:
        out[0], out[1] = x, y
        return True
    m00, m01 = (a11 * b00 - a01 * b10) / det, (a00 * b10 - a01 * b00) / det
    m10, m11 = (a11 * b01 - a01 * b11) / det, (a00 * b11 - a01 * b01) / det
    m02, m12 = ex - m00 * cx - m01 * cy, ey - m10 * cx - m11 * cy
    det = m00 * m11 - m01 * m10
    if det == 0.0:
        return False
    out[0] = m11 / det * x + -m01 / det * y + (m01 * m12 - m02 * m11) / det
    out[1] = -m10 / det * x + m00 / det * y + (m02 * m10 - m00 * m12) / det
    return True


@kernel
def bin_of(value: float, low: float, scale: float, count: int) -> int:
    return int(min(max((value - low) * scale, 0.0), count - 1.0))


@kernel
def fill_bins(
    q: Points, triangles: IntArray, frame: FloatArray, columns: int, rows: int, starts: IntArray, members: IntArray
) -> int:
    """Sort triangles into the bins of ``frame`` that their boxes touch; with empty ``members`` only count, else fill.

    ``frame`` is (min_x, min_y, bins per px in x, in y); ``starts`` is (columns * rows + 1,). Returns the number of
    entries. Within a bin the triangles keep their order.
    """
    counting = members.shape[0] == 0
    total = 0
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        low_x, high_x = min(q[i, 0], q[j, 0], q[k, 0]), max(q[i, 0], q[j, 0], q[k, 0])
        low_y, high_y = min(q[i, 1], q[j, 1], q[k, 1]), max(q[i, 1], q[j, 1], q[k, 1])
        if not math.isfinite(low_x + high_x + low_y + high_y):
            continue
        for row in range(bin_of(low_y, frame[1], frame[3], rows), bin_of(high_y, frame[1], frame[3], rows) + 1):
            for column in range(
                bin_of(low_x, frame[0], frame[2], columns), bin_of(high_x, frame[0], frame[2], columns) + 1
            ):
                place = row * columns + column
                if counting:
                    starts[place + 1] += 1
                else:
                    members[starts[place]] = t
                    starts[place] += 1
                total += 1
    return total


@kernel
def mesh_frame(q: Points, columns: int, rows: int, frame: FloatArray, corner: FloatArray) -> None:
    """Box of the finite vertices, widened by rounding, and bins per pixel."""
    low_x = low_y = math.inf
    high_x = high_y = -math.inf
    for i in range(q.shape[0]):
        x, y = q[i, 0], q[i, 1]
        if math.isfinite(x) and math.isfinite(y):
            low_x, high_x = min(low_x, x), max(high_x, x)
            low_y, high_y = min(low_y, y), max(high_y, y)
    frame[0], frame[1] = low_x, low_y
    frame[2] = columns / (high_x - low_x) if high_x > low_x else 0.0
    frame[3] = rows / (high_y - low_y) if high_y > low_y else 0.0
    corner[0], corner[1] = high_x, high_y


@kernel
def index_mesh(q: Points, triangles: IntArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Bins of the triangles of a mapped mesh, for `invert_indexed`.

    Returns the frame (min_x, min_y, bins per px in x, in y, max_x, max_y), the end of each of the side * side bins in
    ``members``, and the triangles of the bins, each bin's in drawing order.
    """
    side = int(max(1.0, math.sqrt(triangles.shape[0] / 2.0)))
    frame = np.empty(6)
    mesh_frame(q, side, side, frame, frame[4:])
    starts = np.zeros(side * side + 1, dtype=np.int64)
    total = fill_bins(q, triangles, frame, side, side, starts, np.empty(0, dtype=np.int64))
    for b in range(side * side):
        starts[b + 1] += starts[b]
    members = np.empty(max(total, 1), dtype=np.int64)
    fill_bins(q, triangles, frame, side, side, starts, members)  # leaves starts[b] at the end of bin b
    return frame, starts, members


@kernel
def invert_indexed(
    p: Points,
    q: Points,
    weight: float,
    triangles: IntArray,
    frame: FloatArray,
    starts: IntArray,
    members: IntArray,
    points: Points,
    out: Points,
    failed: IntArray,
) -> None:
    """World to local through the first triangle that holds each point; NaN and ``failed`` = 1 where none does."""
    side = int(math.sqrt(starts.shape[0] - 0.5))
    for n in range(points.shape[0]):
        x, y = points[n, 0], points[n, 1]
        out[n, 0] = out[n, 1] = math.nan
        failed[n] = 1
        if not (frame[0] <= x <= frame[4] and frame[1] <= y <= frame[5]):
            continue
        place = bin_of(y, frame[1], frame[3], side) * side + bin_of(x, frame[0], frame[2], side)
        first = starts[place - 1] if place > 0 else 0
        for m in range(first, starts[place]):
            t = members[m]
            i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            if sees(q[i], q[j], x, y) and sees(q[j], q[k], x, y) and sees(q[k], q[i], x, y):
                failed[n] = 0 if triangle_inverse(p, q, weight, i, j, k, x, y, out[n]) else 1
                break


@kernel
def invert_by_mesh(
    p: Points, q: Points, weight: float, triangles: IntArray, points: Points, out: Points, failed: IntArray
) -> None:
    """World to local through a mesh that is asked once."""
    frame, starts, members = index_mesh(q, triangles)
    invert_indexed(p, q, weight, triangles, frame, starts, members, points, out, failed)
