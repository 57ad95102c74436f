"""Small objects and points that several tests of the wire objects use."""

from __future__ import annotations

import numpy as np

from render_io.transform import (
    AffineModel,
    LensCorrection,
    NonLinearCoordinateTransform,
    NonLinearTransform,
    Polynomial2DTransform,
    RigidModel,
    SimilarityModel,
    ThinPlateSplineTransform,
    TransformList,
    TranslationModel,
)

FAMILY = (AffineModel, TranslationModel, RigidModel, SimilarityModel)
LENS_TEXT = "1 3 1.5 0.25 0.25 1.5 0.005 0.005 0 0 0 1 1 1 100 200 "
SQUARE = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0], [100.0, 100.0], [50.0, 20.0]])


def leaf(kind, text):
    """A leaf spec of a class."""
    return {"type": "leaf", "className": kind.className, "dataString": text}


def all_kinds():
    """One object of every kind that is made of nothing."""
    plain = [*FAMILY, Polynomial2DTransform, NonLinearCoordinateTransform, NonLinearTransform, LensCorrection,
             ThinPlateSplineTransform, TransformList]  # fmt: skip
    return [kind() for kind in plain]


def grid(side=6, size=2048.0):
    """Points of a square grid, borders included."""
    axis = np.linspace(0, size, side)
    return np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
