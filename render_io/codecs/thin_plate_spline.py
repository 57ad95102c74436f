"""Thin-plate spline texts (``mpicbg.trakem2.transform.ThinPlateSplineTransform``).

``ThinPlateSplineR2LogR 2 n A W``: A is ``null`` or a block of six doubles A00 A01 A10 A11 b0 b1, where A is the
affine part minus the identity; W is a block of 4n doubles, the landmarks interleaved (x0 y0 x1 y1 ...), then all
x-weights, then all y-weights. Java checks neither the first word nor what follows the fifth field.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from render_io.codecs._block import decode_block, encode_block
from render_io.codecs._codec import Codec
from render_io.codecs._text import Fields, white_fields
from render_io.codecs.names import THIN_PLATE_SPLINE
from transforms.thin_plate_spline import ThinPlateSpline

__all__ = ["CODECS"]

_NO_AFFINE: Final = "null"


def _block(fields: Fields, index: int, count: int) -> npt.NDArray[np.float64]:
    try:
        return decode_block(fields.at(index), count)
    except ValueError as error:
        raise fields.error(f"got {error} as field {index}") from error


def _decode(text: str, java_precision: bool) -> ThinPlateSpline:
    del java_precision  # Java reads doubles
    fields = white_fields(text, "name, 2, number of landmarks, affine block or null, block of landmarks and weights")
    dimensions, count = fields.integer(1), fields.integer(2)
    if dimensions != 2 or count < 0:
        raise fields.error(f"got {dimensions} dimensions and {count} landmarks")
    affine = None
    if fields.at(3) != _NO_AFFINE:
        a00, a01, a10, a11, b0, b1 = _block(fields, 3, 6)
        affine = np.array([[a00, a01, b0], [a10, a11, b1]])
    values = _block(fields, 4, 4 * count)
    return ThinPlateSpline(values[: 2 * count].reshape(count, 2), values[2 * count :].reshape(2, count).T, affine)


def _encode(transform: ThinPlateSpline) -> str:
    values = np.concatenate([transform.landmarks.ravel(), transform.weights.T.ravel()])
    affine = transform.affine
    block = _NO_AFFINE if affine is None else encode_block(np.concatenate([affine[:, :2].ravel(), affine[:, 2]]))
    return f"ThinPlateSplineR2LogR 2 {len(transform.landmarks)} {block} {encode_block(values)}"


CODECS: Final = (Codec(THIN_PLATE_SPLINE, (ThinPlateSpline,), _decode, _encode),)
