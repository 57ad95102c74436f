"""Polynomials and lens corrections, under the name that they have in renderapi."""

from render_io.transform.leaf.lens import LensCorrection, NonLinearCoordinateTransform, NonLinearTransform
from render_io.transform.leaf.polynomial import Polynomial2DTransform

__all__ = ["LensCorrection", "NonLinearCoordinateTransform", "NonLinearTransform", "Polynomial2DTransform"]
