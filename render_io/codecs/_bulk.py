"""Many dataStrings of one class at once, to and from arrays of parameters.

Thousands of affine texts are one JSON array away from an array of doubles: orjson parses and prints numbers exactly,
several times faster than one `float` call each. Texts that are not plain JSON numbers with single blanks go through the
grammar one by one, so the answer never depends on the route.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import orjson

from render_io.codecs._numbers import format_double, parse_double, parse_single
from render_io.codecs._text import quoted, white_fields
from render_io.codecs.names import AFFINE, HOMOGRAPHY, POLYNOMIAL, RIGID, SIMILARITY, TRANSLATION
from render_io.codecs.polynomial import coefficient_count
from render_io.errors import ConversionError, SpecError

__all__ = ["NUMBER_COUNTS", "decode_many", "encode_many", "matrices"]

FloatArray = npt.NDArray[np.float64]

_JSON_NUMERIC: Final = b"0123456789+-.eE,"
NUMBER_COUNTS: Final = {AFFINE: 6, TRANSLATION: 2, RIGID: 3, SIMILARITY: 4, HOMOGRAPHY: 9}
"""Numbers in the text of one transform of the linear family."""
_SINGLE: Final = {TRANSLATION, RIGID, SIMILARITY}


def decode_many(class_name: str, data_strings: Sequence[str], *, java_precision: bool = False) -> FloatArray:
    """Read many leaves of one class into an array of parameters.

    Parameters
    ----------
    class_name : str
        Java class of the linear family, or of the polynomial.
    data_strings : sequence of str
        T texts.
    java_precision : bool, optional
        As in `decode`.

    Returns
    -------
    ndarray
        (T, 2, 3) for translation, rigid, similarity and affine: the upper rows of the matrix of each; (T, 3, 3) for
        homographies; (T, 2, K) coefficients for polynomials, which must be of equal order. Entry i equals the
        parameters of ``decode(class_name, data_strings[i])``.

    Raises
    ------
    SpecError
        Java refuses a text; the path names its index.
    ConversionError
        The parameters of this class are not an array.
    """
    if class_name == POLYNOMIAL:
        return _polynomials(data_strings)
    count = NUMBER_COUNTS.get(class_name)
    if count is None:
        raise ConversionError(f"expected a class of the linear family or {POLYNOMIAL}, got {class_name}")
    numbers = _numbers(class_name, data_strings, count, java_precision and class_name in _SINGLE)
    return matrices(class_name, numbers)


def matrices(class_name: str, numbers: FloatArray) -> FloatArray:
    """Make the parameters of many leaves of the numbers in their texts.

    Parameters
    ----------
    class_name : str
        Java class of the linear family.
    numbers : ndarray
        (T, C) as in the texts; `NUMBER_COUNTS` has C.

    Returns
    -------
    ndarray
        As from `decode_many`.
    """
    return _MATRICES[class_name](numbers)


def encode_many(class_name: str, params: npt.ArrayLike) -> list[str]:
    """Write many leaves of one class from an array of parameters.

    Parameters
    ----------
    class_name : str
        Java class: affine, homography or polynomial.
    params : array_like
        As from `decode_many`: (T, 2, 3), (T, 3, 3) or (T, 2, K).

    Returns
    -------
    list of str
        T texts, which `encode` of the single transforms would write.

    Raises
    ------
    ConversionError
        Another class, or an array of another shape. Matrices of the other linear classes are affine: written as
        such, they lose nothing.
    """
    array = np.ascontiguousarray(params, dtype=np.float64)
    inner = array.shape[1:]
    if class_name == AFFINE and inner == (2, 3):
        return _written(array.transpose(0, 2, 1))
    if class_name == HOMOGRAPHY and inner == (3, 3):
        return [text + " " for text in _written(array)]
    if class_name == POLYNOMIAL and len(inner) == 2 and inner[0] == 2 and inner[1] == coefficient_count(2 * inner[1]):
        return _written(array)
    raise ConversionError(
        f"expected (T, 2, 3) for {AFFINE}, (T, 3, 3) for {HOMOGRAPHY} or (T, 2, K) for {POLYNOMIAL}, "
        f"got shape {array.shape} for {class_name}"
    )


def _polynomials(texts: Sequence[str]) -> FloatArray:
    count = len(white_fields(texts[0], "").fields) if texts else 2
    width = coefficient_count(count)
    if 2 * width != count:
        raise SpecError(f"expected 2*K coefficients, got {count} in {quoted(texts[0])}", path="[0]")
    return _numbers(POLYNOMIAL, texts, count, single=False).reshape(-1, 2, width)


def _numbers(class_name: str, texts: Sequence[str], count: int, single: bool) -> FloatArray:
    """(T, count) numbers, by the quick route where it is exact."""
    quick = _quick(texts, count)
    if quick is not None and single:
        quick = _rounded(quick)
    if quick is not None:
        return quick
    rows = np.empty((len(texts), count))
    parse = parse_single if single else parse_double
    for index, text in enumerate(texts):
        fields = white_fields(text, f"{count} numbers")
        try:
            fields.require(count)
            rows[index] = fields.numbers(parse=parse)
        except SpecError as error:
            raise SpecError(f"{class_name}: {error.reason}", path=f"[{index}]") from None
    return rows


def _quick(texts: Sequence[str], count: int) -> FloatArray | None:
    """Parse all texts as one JSON array, or None when one of them is out of the ordinary."""
    if not texts or any(text.count(" ") != count - 1 for text in texts):
        return None
    data = ",".join(texts).replace(" ", ",").encode("utf-8", "replace")
    # JSON has an integer -0, which loses its sign; other characters might be JSON but no numbers.
    if data.translate(None, _JSON_NUMERIC) or b"-0," in data or data.endswith(b"-0"):
        return None
    try:
        values = orjson.loads(b"[%b]" % data)
    except orjson.JSONDecodeError:
        return None
    # Every text has the blanks of `count` numbers; a comma of its own would make it more.
    return np.array(values, dtype=np.float64).reshape(-1, count) if len(values) == len(texts) * count else None


def _rounded(doubles: FloatArray) -> FloatArray | None:
    """Round to 32 bits, or None where only the text tells how: next to the middle of two floats, and at both ends."""
    magnitude = np.abs(doubles)
    middle = doubles.view(np.int64) & 0x1FFFFFFF == 0x10000000
    if (middle | (magnitude > 3e38) | ((magnitude < 2e-38) & (magnitude > 0.0))).any():
        return None
    return doubles.astype(np.float32).astype(np.float64)


def _written(values: FloatArray) -> list[str]:
    """Texts of the rows of (T, ...) numbers."""
    flat = np.ascontiguousarray(values).ravel()
    count = math.prod(values.shape[1:])
    texts = orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].decode("ascii").split(",")
    magnitude = np.abs(flat)
    same_as_java = ((magnitude >= 1e-3) & (magnitude < 1e7)) | (magnitude == 0.0)
    others = np.flatnonzero(~same_as_java)
    for index, value in zip(others.tolist(), flat[others].tolist(), strict=True):
        texts[index] = format_double(value)
    return [" ".join(texts[start : start + count]) for start in range(0, flat.size, count)]


def _affine_matrices(numbers: FloatArray) -> FloatArray:
    return np.ascontiguousarray(numbers.reshape(-1, 3, 2).transpose(0, 2, 1))


def _translation_matrices(numbers: FloatArray) -> FloatArray:
    matrices = np.zeros((len(numbers), 2, 3))
    matrices[:, [0, 1], [0, 1]] = 1.0
    matrices[:, :, 2] = numbers
    return matrices


def _rotations(a: FloatArray, b: FloatArray, offset: FloatArray) -> FloatArray:
    matrices = np.empty((len(a), 2, 3))
    matrices[:, 0, 0] = matrices[:, 1, 1] = a
    matrices[:, 0, 1] = -b
    matrices[:, 1, 0] = b
    matrices[:, :, 2] = offset
    return matrices


def _rigid_matrices(numbers: FloatArray) -> FloatArray:
    # math.cos, not numpy's, whose last bit may differ: an entry equals the single transform exactly.
    angles = numbers[:, 0].tolist()
    finite = [angle if math.isfinite(angle) else math.nan for angle in angles]
    a, b = (np.array([function(angle) for angle in finite]) for function in (math.cos, math.sin))
    return _rotations(a, b, numbers[:, 1:])


def _similarity_matrices(numbers: FloatArray) -> FloatArray:
    return _rotations(numbers[:, 0], numbers[:, 1], numbers[:, 2:])


def _homography_matrices(numbers: FloatArray) -> FloatArray:
    return numbers.reshape(-1, 3, 3)


_MATRICES: Final[dict[str, Callable[[FloatArray], FloatArray]]] = {
    AFFINE: _affine_matrices,
    TRANSLATION: _translation_matrices,
    RIGID: _rigid_matrices,
    SIMILARITY: _similarity_matrices,
    HOMOGRAPHY: _homography_matrices,
}
