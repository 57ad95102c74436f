"""Bounding box and mesh inverse of a tile, exactly as the render service defines them.

Both are what the service stores and answers, quirks included: boxes are truncated toward zero, and the inverse is that
of a triangle mesh (up to 0.2 px from the truth on bent tiles, none at all for mirrored ones). Use
`Transform.apply_inverse` where the true inverse is wanted.

Source: org.janelia.alignment.spec.TileSpec, org.janelia.alignment.mapper / mpicbg.models.TransformMesh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transforms._kernels import mesh as kernels
from transforms._program import joined
from transforms._run import run_each_in_order, run_in_order
from transforms._types import FloatArray, IntArray, Points, PointsLike
from transforms._validate import as_float, as_indices, as_points
from transforms.base import OnError, Transform
from transforms.errors import NonInvertibleError, PointsError, TransformError

__all__ = ["IndexedMesh", "TileMesh", "bounding_box", "java_apply", "java_apply_each", "mesh_inverse"]


def checked_size(width: float, height: float, mesh_cell_size: float) -> tuple[float, float, float]:
    """Width, height and mesh cell size as floats.

    Parameters
    ----------
    width, height : float
        Size of the tile in pixels.
    mesh_cell_size : float
        Size of a mesh cell in pixels.

    Returns
    -------
    tuple of float
        The same numbers.

    Raises
    ------
    PointsError
        A size is not finite, the cell not positive, or the mesh would have more than ten million vertices.
    """
    sizes = as_float(width, "width"), as_float(height, "height"), as_float(mesh_cell_size, "mesh_cell_size")
    if not np.isfinite(sizes).all() or not sizes[2] > 0.0:
        raise PointsError(f"expected finite sizes and a positive mesh_cell_size, got {sizes}")
    if max(sizes[0], 1.0) * max(sizes[1], 1.0) / sizes[2] ** 2 > 1e7 or (sizes[0] + sizes[1]) / sizes[2] > 1e7:
        raise PointsError(
            f"expected a mesh of at most 1e7 cells, got {sizes[0]} x {sizes[1]} px at {sizes[2]} px a cell"
        )
    return sizes


def border_of(width: float, height: float, cell: float) -> Points:
    """Sample points of the stored box of a tile.

    Parameters
    ----------
    width, height, cell : float
        Size of the tile and distance of the samples, in pixels, as from `checked_size`.

    Returns
    -------
    ndarray
        (2 (nx + ny), 2) in tile pixels.
    """
    nx, ny = kernels.border_counts(width, height, cell)
    points = np.empty((2 * (nx + ny), 2))
    kernels.border_points(width, height, nx, ny, points)
    return points


def border_ends_of(width: float, height: float, cell: float) -> Points:
    """Those sample points of the border that alone tell the box of an affine map.

    Along an edge one coordinate stays and the other grows, so that what an affine map makes of it grows or falls, also
    after each rounding: the extremes are at the ends, to the last bit.

    Parameters
    ----------
    width, height, cell : float
        As of `border_of`.

    Returns
    -------
    ndarray
        (8, 2) in tile pixels.
    """
    ends = np.empty((8, 2))
    kernels.border_ends(*kernels.border_counts(width, height, cell), border_of(width, height, cell), ends)
    return ends


def bounding_box(
    transform: Transform, width: float, height: float, mesh_cell_size: float = 64.0
) -> tuple[float, float, float, float]:
    """Box of a mapped tile as the service stores it.

    Parameters
    ----------
    transform : Transform
        Local to world.
    width, height : float
        Size of the tile in pixels.
    mesh_cell_size : float, optional
        Distance of the samples along the border, in pixels.

    Returns
    -------
    min_x, min_y, max_x, max_y : float
        Whole numbers, in world pixels.

    Raises
    ------
    TransformError
        The map is not finite on the border.
    PointsError
        A size is not finite or the cell not positive.

    Notes
    -----
    TileSpec.deriveBoundingBox: minima are truncated toward zero, maxima are minimum plus the extent rounded up. So the
    box may be up to one pixel short on either side.
    """
    box, finite = java_box(transform, width, height, mesh_cell_size)
    if not finite:
        raise TransformError(f"{type(transform).__name__} is not finite on the border of a {width} x {height} tile")
    return box


def java_box(
    transform: Transform, width: float, height: float, mesh_cell_size: float = 64.0
) -> tuple[tuple[float, float, float, float], bool]:
    """Box of a mapped tile whatever the map: NaN does not count, as in Java.

    Parameters
    ----------
    transform : Transform
        Local to world.
    width, height : float
        Size of the tile in pixels.
    mesh_cell_size : float, optional
        Distance of the samples along the border, in pixels.

    Returns
    -------
    box : tuple of float
        min_x, min_y, max_x, max_y.
    finite : bool
        Whether the map was finite on the whole border.

    Raises
    ------
    PointsError
        A size is not finite or the cell not positive.
    """
    w, h, cell = checked_size(width, height, mesh_cell_size)
    points, box = border_of(w, h, cell), np.empty(4)
    run_in_order(transform._forward(), points, points)
    finite = kernels.box_of_points(points, False, box)
    return (float(box[0]), float(box[1]), float(box[2]), float(box[3])), bool(finite)


@dataclass(frozen=True, slots=True, eq=False)
class TileMesh:
    """The mesh of one tile, for many questions.

    Attributes
    ----------
    local, world : ndarray
        (V, 2) vertices in the tile and mapped, in pixels.
    triangles : ndarray
        (T, 3) vertex numbers, in the order in which render draws.
    weight : float
        Weight of every vertex in the fits of the triangles; it decides nothing but the last bit.
    """

    local: Points
    world: Points
    triangles: IntArray
    weight: float = 1.0

    @classmethod
    def of(cls, transform: Transform, width: float, height: float, mesh_cell_size: float = 64.0) -> TileMesh:
        """Build the mesh of a tile.

        Parameters
        ----------
        transform : Transform
            Local to world.
        width, height : float
            Size of the tile in pixels.
        mesh_cell_size : float, optional
            Size of a cell in pixels.

        Returns
        -------
        TileMesh
            With its vertices mapped.

        Raises
        ------
        PointsError
            A size is not finite or the cell not positive.
        """
        w, h, cell = checked_size(width, height, mesh_cell_size)
        nx, ny = kernels.mesh_counts(w, h, cell)
        local = np.empty((ny * nx + (ny - 1) * (nx - 1), 2))
        triangles = np.empty(((ny - 1) * (4 * nx - 4), 3), dtype=np.int64)
        kernels.mesh_vertices(w, h, nx, ny, local)
        kernels.mesh_triangles(nx, ny, triangles)
        world = np.empty(local.shape)
        run_in_order(transform._forward(), local, world)
        return cls(local, world, triangles, kernels.vertex_weight(w, h, cell))

    def box(self) -> tuple[float, float, float, float]:
        """Give the box of the mapped vertices: render's exact-mesh alternative to the stored box.

        Returns
        -------
        tuple of float
            min_x, min_y, max_x, max_y: minima truncated toward zero, extents rounded up.
        """
        box = np.empty(4)
        kernels.box_of_points(self.world, True, box)
        return float(box[0]), float(box[1]), float(box[2]), float(box[3])

    def invert(self, points: Points) -> tuple[Points, IntArray]:
        """World to local.

        Parameters
        ----------
        points : ndarray
            (N, 2) float64 in world pixels.

        Returns
        -------
        local : ndarray
            (N, 2), NaN where no triangle holds the point.
        failed : ndarray
            (N,) int64, 1 there.
        """
        out, failed = np.empty(points.shape), np.empty(points.shape[0], dtype=np.int64)
        kernels.invert_by_mesh(self.local, self.world, self.weight, self.triangles, points, out, failed)
        return out, failed

    def indexed(self) -> IndexedMesh:
        """Give the mesh with an index of its triangles, for many questions of few points each.

        Returns
        -------
        IndexedMesh
            Answers as `invert` does.
        """
        return IndexedMesh(self, *kernels.index_mesh(self.world, self.triangles))


@dataclass(frozen=True, slots=True, eq=False)
class IndexedMesh:
    """A mesh whose triangles are sorted into bins once.

    Attributes
    ----------
    mesh : TileMesh
        The mesh.
    frame, ends, members : ndarray
        Box and resolution of the bins, the end of each bin, the triangles of the bins.
    """

    mesh: TileMesh
    frame: FloatArray
    ends: IntArray
    members: IntArray

    def invert(self, points: Points, out: Points, failed: IntArray) -> None:
        """World to local.

        Parameters
        ----------
        points : ndarray
            (N, 2) float64 in world pixels, C-contiguous.
        out : ndarray
            (N, 2), receives the local points, NaN where no triangle holds the point.
        failed : ndarray
            (N,) int64, receives 1 there, else 0.
        """
        mesh = self.mesh
        kernels.invert_indexed(
            mesh.local,
            mesh.world,
            mesh.weight,
            mesh.triangles,
            self.frame,
            self.ends,
            self.members,
            points,
            out,
            failed,
        )


def java_apply(transform: Transform, points: Points) -> Points:
    """Map points with Java's roundings, as the service answers them; see `Transform.apply` for the fast form.

    Parameters
    ----------
    transform : Transform
        Local to world.
    points : ndarray
        (N, 2) float64, C-contiguous, in tile pixels; not checked.

    Returns
    -------
    ndarray
        (N, 2) in world pixels.
    """
    program, out = transform._forward(), np.empty(points.shape)
    run_in_order(program, points, out)
    return out


def java_apply_each(transforms: Sequence[Transform], members: IntArray, points: Points) -> Points:
    """Map each point by a transform of its own with Java's roundings, like `java_apply` one by one.

    Parameters
    ----------
    transforms : sequence of Transform
        Local to world.
    members : ndarray
        (N,) int64: index in `transforms` of each point's.
    points : ndarray
        (N, 2) float64, C-contiguous, in the pixels of their tiles; not checked.

    Returns
    -------
    ndarray
        (N, 2) in world pixels.
    """
    out = np.empty(points.shape)
    if len(points):
        run_each_in_order(joined([transform._forward() for transform in transforms]), members, points, out)
    return out


def mesh_inverse(
    transform: Transform,
    width: float,
    height: float,
    points: PointsLike,
    mesh_cell_size: float = 64.0,
    on_error: OnError = "raise",
) -> FloatArray:
    """World to local through the triangle mesh, as the service does it.

    Parameters
    ----------
    transform : Transform
        Local to world.
    width, height : float
        Size of the tile in pixels.
    points : array_like
        (N, 2) in world pixels.
    mesh_cell_size : float, optional
        Size of a mesh cell in pixels.
    on_error : {"raise", "nan"}, optional
        What to do about points that no triangle holds. A mirrored tile always fails.

    Returns
    -------
    ndarray
        (N, 2) in tile pixels. Without any transform the points themselves.

    Raises
    ------
    NonInvertibleError
        Points lie outside the mesh (``on_error="raise"``); `indices` names them.
    PointsError
        Wrong shape of the points, or bad sizes.
    """
    checked = as_points(points)
    if on_error not in ("raise", "nan"):
        raise PointsError(f"expected on_error as 'raise' or 'nan', got {on_error!r}")
    if len(transform._forward().instructions) == 0:
        return checked.copy()
    out, failed = TileMesh.of(transform, width, height, mesh_cell_size).invert(checked)
    if on_error == "raise" and failed.any():
        indices = as_indices(failed)
        raise NonInvertibleError(
            f"{len(indices)} of {len(checked)} points lie in no triangle of the mesh, the first at index {indices[0]},"
            f" {checked[indices[0]].tolist()} (mirrored tiles always fail; apply_inverse gives the true inverse)",
            indices,
        )
    return out
