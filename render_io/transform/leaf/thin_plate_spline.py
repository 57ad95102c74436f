"""`ThinPlateSplineTransform`: thin-plate splines on the wire.

``ThinPlateSplineR2LogR 2 n A W``; see `render_io.codecs.thin_plate_spline`. Arrays are coordinate-major here: (2, N).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from render_io._spec_json import Spec
from render_io.codecs.names import THIN_PLATE_SPLINE
from render_io.errors import EstimationError, SpecError
from render_io.transform._errors import estimation_error, seed_error
from render_io.transform._wire import owned
from render_io.transform.leaf import spline_mesh
from render_io.transform.leaf.transform import ClassName, ParametricTransform
from render_io.utils import decodeBase64
from transforms._types import FloatArray, Points, PointsLike
from transforms._validate import as_parameters, as_points
from transforms.errors import NonInvertibleError, TransformError
from transforms.thin_plate_spline import ThinPlateSpline

__all__ = ["ThinPlateSplineTransform"]


class ThinPlateSplineTransform(ParametricTransform):
    """Thin-plate spline; without landmarks, as it is made of nothing, the identity.

    Parameters
    ----------
    dataString : str, optional
        Text of the spline, its blocks of the sizes that the numbers in it say. (In a spec that is read blocks may have
        other sizes, as in Java: what is missing counts as 0.)
    json : dict, optional
        Spec to take everything from.
    transformId : str, optional
        Id of the spec.
    labels : list of str, optional
        Its labels.

    Raises
    ------
    SpecError
        A malformed spec or text.
    """

    className = ClassName(THIN_PLATE_SPLINE)
    _layouts = (THIN_PLATE_SPLINE,)

    def __init__(
        self,
        dataString: str | None = None,
        json: Spec | None = None,
        transformId: str | None = None,
        labels: list[str] | None = None,
    ) -> None:
        if json is not None:
            self.from_dict(json)
            return
        self.transformId = transformId
        self.labels = labels
        if dataString is None:
            self._adopt(ThinPlateSpline.identity())
        else:
            self._process_dataString(dataString)
            _require_full_blocks(dataString)

    # -- Parameters ----------------------------------------------------------------------------------------------------

    @property
    def srcPts(self) -> FloatArray:
        """(2, N) float64, writable: landmarks in pixels. Setting copies, as with the next three."""
        return self._landmarks

    @srcPts.setter
    def srcPts(self, value: npt.ArrayLike) -> None:
        self._landmarks = owned(value, 2, "srcPts")

    @property
    def dMtxDat(self) -> FloatArray:
        """(2, N) float64, writable: weights of the landmarks."""
        return self._weights

    @dMtxDat.setter
    def dMtxDat(self, value: npt.ArrayLike) -> None:
        self._weights = owned(value, 2, "dMtxDat")

    @property
    def aMtx(self) -> FloatArray | None:
        """(2, 2) float64, writable: the linear part minus the identity, also set as four numbers; None for none."""
        return self._linear

    @aMtx.setter
    def aMtx(self, value: npt.ArrayLike | None) -> None:
        flat = value is not None and np.shape(value) == (4,)
        self._linear = None if value is None else owned(np.reshape(value, (2, 2)) if flat else value, 2, "aMtx")

    @property
    def bVec(self) -> FloatArray | None:
        """(2,) float64, writable: translation in pixels; None for none."""
        return self._offset

    @bVec.setter
    def bVec(self, value: npt.ArrayLike | None) -> None:
        self._offset = None if value is None else owned(value, 1, "bVec")

    @property
    def nLm(self) -> int:
        """Number of landmarks."""
        return int(self.srcPts.shape[1])

    @property
    def ndims(self) -> int:
        """Dimensions of the space: 2."""
        return int(self.srcPts.shape[0])

    def _parameters(self) -> tuple[Any, ...]:
        return self.srcPts, self.dMtxDat, self.aMtx, self.bVec

    def _show(self, transform: ThinPlateSpline) -> None:
        block = transform.affine
        self.srcPts, self.dMtxDat = transform.landmarks.T, transform.weights.T
        self.aMtx, self.bVec = (None, None) if block is None else (block[:, :2], block[:, 2])

    def _build(self) -> ThinPlateSpline:
        block = None
        if self.aMtx is not None or self.bVec is not None:
            linear = np.zeros((2, 2)) if self.aMtx is None else as_parameters(self.aMtx, (2, 2), "aMtx")
            offset = np.zeros(2) if self.bVec is None else as_parameters(self.bVec, (2,), "bVec")
            block = np.column_stack([linear, offset])
        return ThinPlateSpline(self.srcPts.T, self.dMtxDat.T, block)

    # -- Maps ----------------------------------------------------------------------------------------------------------

    def apply(self, points: PointsLike) -> Points:
        """Map points; the same as `tform`."""
        return self.tform(points)

    def computeDeformationContribution(self, points: PointsLike) -> Points:
        """Return the displacements that come from the landmarks alone.

        Parameters
        ----------
        points : array_like
            (N, 2) in pixels.

        Returns
        -------
        ndarray
            (N, 2) in pixels: the sum over landmarks of r^2 ln r times their weights.

        Raises
        ------
        ConversionError
            Wrong shape of the points, or parameters that don't fit together.
        """
        try:
            bending = ThinPlateSpline(self.srcPts.T, self.dMtxDat.T)
            return bending.apply(points) - as_points(points)
        except TransformError as error:
            raise seed_error(error) from error

    def gradient_descent(
        self, pts: PointsLike, gamma: float = 1.0, precision: float = 0.0001, max_iters: int = 1000
    ) -> Points:
        """Find the points that are mapped to the given ones, by damped Newton steps.

        Parameters
        ----------
        pts : array_like
            (N, 2) in pixels.
        gamma : float, optional
            No effect: the length of the steps is found, not given.
        precision : float, optional
            No effect: the answer is a pre-image to within 1e-9 of the coordinates.
        max_iters : int, optional
            Most steps per point.

        Returns
        -------
        ndarray
            (N, 2) true pre-images in pixels.

        Raises
        ------
        EstimationError
            Points without pre-image, or not found within `max_iters`; `indices` names them.
        ConversionError
            Wrong shape of the points, or parameters that don't fit together.
        """
        del gamma, precision
        try:
            return self.transform.apply_inverse(pts, max_iterations=max_iters)
        except NonInvertibleError as error:
            raise EstimationError(str(error), error.indices) from error
        except TransformError as error:
            raise seed_error(error) from error

    def inverse_tform(
        self, points: PointsLike, gamma: float = 1.0, precision: float = 0.0001, max_iters: int = 1000
    ) -> Points:
        """Find the points that are mapped to the given ones; see `gradient_descent`."""
        return self.gradient_descent(points, gamma, precision, max_iters)

    # -- Fits ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def fit(
        A: PointsLike, B: PointsLike, computeAffine: bool = True
    ) -> tuple[FloatArray, FloatArray | None, FloatArray | None]:
        """Fit a spline through point pairs.

        Parameters
        ----------
        A : array_like
            (N, 2) landmarks in pixels: distinct and not on one line.
        B : array_like
            (N, 2) where they go.
        computeAffine : bool, optional
            Whether there is an affine part.

        Returns
        -------
        dMatrix : ndarray
            (2, N) weights of the landmarks.
        aMatrix : ndarray or None
            (2, 2) linear part minus the identity.
        bVector : ndarray or None
            (2,) translation.

        Raises
        ------
        EstimationError
            Wrong shapes, no points, landmarks that coincide or lie on a line, or points that are not finite.
        """
        fitted = ThinPlateSplineTransform()
        fitted.estimate(A, B, computeAffine)
        return fitted.dMtxDat, fitted.aMtx, fitted.bVec

    def estimate(self, A: PointsLike, B: PointsLike, computeAffine: bool = True) -> None:
        """Become the spline through point pairs.

        Parameters
        ----------
        A : array_like
            (N, 2) landmarks in pixels: distinct and not on one line.
        B : array_like
            (N, 2) where they go.
        computeAffine : bool, optional
            Whether there is an affine part.

        Raises
        ------
        EstimationError
            As `fit` raises; the object is unchanged then.
        """
        try:
            self._adopt(ThinPlateSpline.from_estimate(A, B, affine=computeAffine))
        except TransformError as error:
            raise estimation_error(error) from error

    # -- Fewer or other landmarks --------------------------------------------------------------------------------------

    src_array = staticmethod(spline_mesh.src_array)

    @staticmethod
    def mesh_refine(
        new_src: PointsLike,
        old_src: PointsLike,
        old_dst: PointsLike,
        old_tf: ThinPlateSplineTransform | None = None,
        computeAffine: bool = True,
        tol: float = 1.0,
        max_iter: int = 50,
        nworst: int = 10,
        niter: int = 0,
    ) -> ThinPlateSplineTransform:
        """Stand in for a spline with fewer landmarks, adding the worst of the old ones until the error is small.

        Parameters
        ----------
        new_src : array_like
            (M, 2) landmarks to start with, in pixels.
        old_src, old_dst : array_like
            (N, 2) landmarks of the old spline, and where they go.
        old_tf : ThinPlateSplineTransform, optional
            The old spline, fitted where it is not given.
        computeAffine : bool, optional
            Whether the result has an affine part.
        tol : float, optional
            Largest error at the old landmarks that is accepted, in pixels.
        max_iter : int, optional
            Most rounds of adding landmarks.
        nworst : int, optional
            Landmarks added per round: those with the largest errors.
        niter : int, optional
            Rounds that are over.

        Returns
        -------
        ThinPlateSplineTransform
            Within `tol` of the old one at its landmarks.

        Raises
        ------
        EstimationError
            `max_iter` rounds were not enough, or a fit fails.
        """
        if old_tf is None:
            old_tf = ThinPlateSplineTransform()
            old_tf.estimate(old_src, old_dst, computeAffine)
        if nworst < 1:
            raise EstimationError(f"expected nworst >= 1, got {nworst}")
        spline, limits = ThinPlateSplineTransform(), (max_iter - niter, nworst)
        try:
            refined = spline_mesh.refined(old_tf.tform, new_src, old_src, old_dst, computeAffine, tol, limits)
        except TransformError as error:
            raise estimation_error(error) from error
        spline._adopt(refined)
        return spline

    def adaptive_mesh_estimate(
        self,
        starting_grid: int = 7,
        computeAffine: bool = True,
        tol: float = 1.0,
        max_iter: int = 50,
        nworst: int = 10,
    ) -> ThinPlateSplineTransform:
        """Stand in for this spline with fewer landmarks.

        Parameters
        ----------
        starting_grid : int, optional
            Side of the grid of landmarks to start with, over the box of the present ones.
        computeAffine : bool, optional
            Whether the result has an affine part.
        tol : float, optional
            Largest error at the landmarks that is accepted, in pixels.
        max_iter : int, optional
            Most rounds of adding landmarks.
        nworst : int, optional
            Landmarks added per round.

        Returns
        -------
        ThinPlateSplineTransform
            Within `tol` pixels of this one at its landmarks.

        Raises
        ------
        EstimationError
            As `mesh_refine` raises, or there are no landmarks.
        """
        grid, landmarks = self._grid(starting_grid), self.srcPts.T
        return ThinPlateSplineTransform.mesh_refine(
            grid, landmarks, self.tform(landmarks), self, computeAffine, tol, max_iter, nworst
        )

    def scale_coordinates(
        self, factor: float, ngrid: int = 20, preserve_srcPts: bool = False
    ) -> ThinPlateSplineTransform:
        """Fit the same spline for coordinates in another unit, such as those of a smaller image.

        Parameters
        ----------
        factor : float
            New coordinates are the old ones times this, on both sides.
        ngrid : int, optional
            Side of the grid of landmarks of the result, over the box of the present ones.
        preserve_srcPts : bool, optional
            Whether the present landmarks, scaled, are landmarks of the result, too.

        Returns
        -------
        ThinPlateSplineTransform
            With an affine part if this one has.

        Raises
        ------
        EstimationError
            The fit fails, or there are no landmarks.
        """
        src = self._grid(ngrid)
        if preserve_srcPts:
            src = np.vstack([src, spline_mesh.apart(self.srcPts.T, src)])
        scaled = ThinPlateSplineTransform()
        scaled.estimate(src * factor, self.tform(src) * factor, self.aMtx is not None)
        return scaled

    def _grid(self, side: int) -> Points:
        if not self.nLm:
            raise EstimationError("expected a spline with landmarks, got none")
        (x0, y0), (x1, y1) = self.srcPts.min(axis=1), self.srcPts.max(axis=1)
        return spline_mesh.src_array(x0, y0, x1, y1, side, side)


def _require_full_blocks(text: str) -> None:
    """Refuse a text whose blocks don't hold as many numbers as it says: written now, it is an error."""
    fields = text.split()
    for field, count in zip(fields[3:5], (6, 4 * int(fields[2])), strict=True):
        size = count if field == "null" else decodeBase64(field).size
        if size != count:
            raise SpecError(f"expected a block of {count} numbers in the text of a spline, got {size}")
