"""Affine, translation, rigid, similarity and homography texts (package ``mpicbg.trakem2.transform``).

The affine goes column by column, ``m00 m10 m01 m11 m02 m12``; the homography row by row; the similarity holds
scale*cos and scale*sin, not scale and angle; the rigid one its angle first. Java reads translation, rigid and
similarity as 32-bit floats: that is `java_precision`, while the default keeps the doubles of the text.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from render_io.codecs._codec import Codec
from render_io.codecs._numbers import is_single, parse_double, parse_single
from render_io.codecs._text import join, plain_numbers, white_fields
from render_io.codecs.names import AFFINE, HOMOGRAPHY, RIGID, SIMILARITY, TRANSLATION
from transforms.affine import Affine
from transforms.homography import Homography
from transforms.linear import Rigid, Similarity, Translation

__all__ = ["CODECS"]

AffineFamily: TypeAlias = Affine | Translation | Rigid | Similarity


def _numbers(text: str, count: int, layout: str, single: bool = False) -> list[float]:
    plain = None if single else plain_numbers(text, count)
    if plain is not None:
        return plain
    fields = white_fields(text, layout)
    fields.require(count)
    return fields.numbers(parse=parse_single if single else parse_double)


def _decode_affine(text: str, java_precision: bool) -> Affine:
    del java_precision  # Java reads doubles
    m00, m10, m01, m11, m02, m12 = _numbers(text, 6, "six numbers m00 m10 m01 m11 m02 m12")
    return Affine([[m00, m01, m02], [m10, m11, m12]])


def _encode_affine(transform: AffineFamily) -> str:
    return join(transform.matrix[:2].T.ravel().tolist())


def _decode_translation(text: str, java_precision: bool) -> Translation:
    return Translation(_numbers(text, 2, "two numbers tx ty", java_precision))


def _encode_translation(transform: Translation) -> str:
    return join(transform.offset.tolist())


def _decode_rigid(text: str, java_precision: bool) -> Rigid:
    theta, tx, ty = _numbers(text, 3, "three numbers theta tx ty", java_precision)
    return Rigid(theta, [tx, ty])


def _rigid_numbers(transform: Rigid) -> list[float]:
    return [transform.rotation, *transform.offset.tolist()]


def _encode_rigid(transform: Rigid) -> str:
    # The angle itself, where Java writes atan2(sin, cos) and so loses bits at every copy.
    return join(_rigid_numbers(transform))


def _decode_similarity(text: str, java_precision: bool) -> Similarity:
    a, b, tx, ty = _numbers(text, 4, "four numbers scale*cos scale*sin tx ty", java_precision)
    return Similarity.from_cos_sin(a, b, [tx, ty])


def _similarity_numbers(transform: Similarity) -> list[float]:
    return [transform.a, transform.b, *transform.offset.tolist()]


def _encode_similarity(transform: Similarity) -> str:
    return join(_similarity_numbers(transform))


def _decode_homography(text: str, java_precision: bool) -> Homography:
    del java_precision  # Java reads doubles
    numbers = _numbers(text, 9, "nine numbers, row by row")
    return Homography([numbers[0:3], numbers[3:6], numbers[6:9]])


def _encode_homography(transform: Homography) -> str:
    return join(transform.matrix.ravel().tolist()) + " "  # Java, too, ends it with a blank


def _single_translation(transform: Translation) -> bool:
    return all(map(is_single, transform.offset.tolist()))


def _single_rigid(transform: Rigid) -> bool:
    return all(map(is_single, _rigid_numbers(transform)))


def _single_similarity(transform: Similarity) -> bool:
    return all(map(is_single, _similarity_numbers(transform)))


CODECS: Final = (
    Codec(TRANSLATION, (Translation,), _decode_translation, _encode_translation, _single_translation),
    Codec(RIGID, (Rigid,), _decode_rigid, _encode_rigid, _single_rigid),
    Codec(SIMILARITY, (Similarity,), _decode_similarity, _encode_similarity, _single_similarity),
    Codec(AFFINE, (Affine, Translation, Rigid, Similarity), _decode_affine, _encode_affine),
    Codec(HOMOGRAPHY, (Homography,), _decode_homography, _encode_homography),
)
"""The 32-bit classes stand before the affine one, which takes over what they can't hold exactly."""
