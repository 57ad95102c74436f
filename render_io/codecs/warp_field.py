"""Affine warp field texts (``org.janelia.alignment.transform.AffineWarpFieldTransform``).

``offsetX offsetY width height rows columns interpolatorClass encoding values``: the values are six planes m00, m10,
m01, m11, m02, m12, each row-major. The encoding ``base64`` means one block; any other word means plain numbers.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from render_io.codecs._block import decode_block, encode_block
from render_io.codecs._codec import Codec
from render_io.codecs._text import Fields, join, white_fields
from render_io.codecs.names import WARP_FIELD
from transforms.warp_field import AffineWarpField

__all__ = ["CODECS"]

_FACTORIES: Final = "net.imglib2.interpolation.randomaccess."
_INTERPOLATIONS: Final[dict[str, Literal["linear", "nearest"]]] = {
    _FACTORIES + "NLinearInterpolatorFactory": "linear",
    _FACTORIES + "NearestNeighborInterpolatorFactory": "nearest",
}
_FACTORY_NAMES: Final = {interpolation: name for name, interpolation in _INTERPOLATIONS.items()}
_BLOCK_WORD: Final = "base64"
_HEADER: Final = 8
_BLOCK_FROM: Final = 64
"""Java writes as many values and more as a block."""


def _values(fields: Fields, count: int) -> npt.NDArray[np.float64]:
    if fields.at(7) != _BLOCK_WORD:
        fields.require(_HEADER + count)
        return np.array(fields.numbers(_HEADER))
    fields.require(_HEADER + 1)
    try:
        return decode_block(fields.at(_HEADER), count)
    except ValueError as error:
        raise fields.error(f"got {error} as field {_HEADER}") from error


def _decode(text: str, java_precision: bool) -> AffineWarpField:
    del java_precision  # Java reads doubles
    fields = white_fields(text, "offset, size, rows, columns, interpolator class, encoding and values")
    x, y, width, height = (fields.number(index) for index in range(4))
    rows, columns = fields.integer(4), fields.integer(5)
    if rows < 1 or columns < 1:
        raise fields.error(f"got {rows} rows and {columns} columns")
    interpolation = _INTERPOLATIONS.get(fields.at(6))
    if interpolation is None:
        raise fields.error(f"got the interpolator {fields.at(6)!r}")
    field = _values(fields, 6 * rows * columns).reshape(6, rows, columns)
    return AffineWarpField(field, [x, y], width, height, interpolation)


def _encode(transform: AffineWarpField) -> str:
    field = transform.field
    header = join([*transform.offset.tolist(), transform.width, transform.height])
    if field.size < _BLOCK_FROM:
        encoding, values = "none", join(field.ravel().tolist())
    else:
        encoding, values = _BLOCK_WORD, encode_block(field)
    _, rows, columns = field.shape
    return f"{header} {rows} {columns} {_FACTORY_NAMES[transform.interpolation]} {encoding} {values}"


CODECS: Final = (Codec(WARP_FIELD, (AffineWarpField,), _decode, _encode),)
