"""Moving least squares texts (``MovingLeastSquaresTransform`` and ``MovingLeastSquaresTransform2``).

``model dimension alpha``, then per control point p, q and a weight. The first class reads doubles, the second 32-bit
floats. Java can hold three-dimensional ones, too; they are kept but have no map of the plane.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from render_io.codecs._codec import Codec
from render_io.codecs._numbers import format_double, parse_double, parse_single
from render_io.codecs._text import Fields, join, white_fields
from render_io.codecs.names import MLS, MLS2
from render_io.codecs.opaque import OpaqueTransform
from transforms.affine import Affine
from transforms.base import Transform
from transforms.linear import Rigid, Similarity, Translation
from transforms.moving_least_squares import MovingLeastSquares, MovingModel

__all__ = ["CODECS"]

_MODELS: Final[dict[str, MovingModel]] = {
    "translation": Translation,
    "rigid": Rigid,
    "similarity": Similarity,
    "affine": Affine,
}
_WORDS: Final = {model: word for word, model in _MODELS.items()}
_HEADER: Final = 3
_LAYOUT: Final = "model, dimension, alpha and 2*dimension + 1 numbers per control point"


def _dimension(fields: Fields) -> int:
    """Check the header and the number of fields; 2 or 3."""
    word, dimension = fields.at(0), fields.integer(1)
    if not (dimension == 2 and word in _MODELS) and not (dimension == 3 and word == "affine"):
        raise fields.error(f"got the model {word!r} in {dimension} dimensions")
    count = len(fields) - _HEADER
    if count < 1 or count % (2 * dimension + 1):
        raise fields.error(f"got {count} numbers for control points")
    return dimension


def _decoder(class_name: str, single: bool) -> Callable[[str, bool], Transform]:
    def decode(text: str, java_precision: bool) -> Transform:
        fields = white_fields(text, _LAYOUT)
        dimension = _dimension(fields)
        rounded = single and java_precision
        alpha, *numbers = fields.numbers(_HEADER - 1, parse=parse_single if rounded else parse_double)
        if dimension != 2:
            return OpaqueTransform(class_name, text)
        rows = np.array(numbers).reshape(-1, 5)
        model = _MODELS[fields.at(0)]
        return MovingLeastSquares(rows[:, 0:2], rows[:, 2:4], rows[:, 4], model, alpha, float_weights=rounded)

    return decode


def _encode(transform: MovingLeastSquares) -> str:
    rows = np.column_stack([transform.src, transform.dst, transform.weights])
    return f"{_WORDS[transform.model]} 2 {format_double(transform.alpha)} {join(rows.ravel().tolist())}"


CODECS: Final = (
    Codec(MLS, (MovingLeastSquares,), _decoder(MLS, single=False), _encode, lambda t: not t.float_weights),
    Codec(MLS2, (MovingLeastSquares,), _decoder(MLS2, single=True), _encode, lambda t: t.float_weights),
)
