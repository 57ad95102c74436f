"""Texts that are kept but can't be applied: unknown classes, and those of more than two dimensions."""

from __future__ import annotations

from typing import Final, NoReturn

from render_io.codecs._codec import Codec
from render_io.codecs._numbers import parse_double, parse_single
from render_io.codecs._text import quoted, white_fields
from render_io.codecs.names import AFFINE_3D, LISTS, TRANSLATION_3D
from render_io.errors import SpecError
from transforms._program import ProgramBuilder
from transforms.base import Transform

__all__ = ["CODECS", "OpaqueTransform"]


class OpaqueTransform(Transform):
    """A leaf whose class has no map of the plane here: it keeps its text, and raises when it is applied.

    Parameters
    ----------
    class_name : str
        Java class name as it came.
    data_string : str
        Text as it came.
    """

    __slots__ = ("class_name", "data_string")
    _fields = ("class_name", "data_string")

    class_name: str
    data_string: str

    def __init__(self, class_name: str, data_string: str) -> None:
        self._set(class_name=class_name, data_string=data_string)

    def _compile(self, builder: ProgramBuilder) -> NoReturn:
        del builder
        raise self._error()

    def _compile_inverse(self, builder: ProgramBuilder) -> NoReturn:
        del builder
        raise self._error()

    def _error(self) -> SpecError:
        return SpecError(
            f"expected the class of a known map of the plane, got {self.class_name!r} with {quoted(self.data_string)}"
        )


def encode(transform: OpaqueTransform) -> str:
    """Return the text as it came.

    Parameters
    ----------
    transform : OpaqueTransform
        Any.

    Returns
    -------
    str
        Unchanged.
    """
    return transform.data_string


def _solid(class_name: str, count: int, single: bool) -> Codec:
    """A 3-d class: Java reads it, but it can't be applied to points of the plane."""
    layout = f"{count} numbers"

    def decode(text: str, java_precision: bool) -> OpaqueTransform:
        fields = white_fields(text, layout)
        fields.require(count)
        fields.numbers(parse=parse_single if single and java_precision else parse_double)
        return OpaqueTransform(class_name, text)

    return Codec(class_name, (OpaqueTransform,), decode, encode)


def _never(class_name: str) -> Codec:
    """A list class: it exists in Java, but its `init` always raises."""

    def decode(text: str, java_precision: bool) -> NoReturn:
        del java_precision
        raise SpecError(f"expected a list spec, got a leaf of class {class_name} with {quoted(text)}: it has no text")

    return Codec(class_name, (), decode, encode)


CODECS: Final = (
    _solid(AFFINE_3D, 12, single=False),
    _solid(TRANSLATION_3D, 3, single=True),
    *map(_never, LISTS),
)
