"""The affine family, under the name that it has in renderapi."""

from render_io.transform.leaf.affine import AffineModel
from render_io.transform.leaf.constrained import RigidModel, SimilarityModel, TranslationModel

__all__ = ["AffineModel", "RigidModel", "SimilarityModel", "TranslationModel"]
