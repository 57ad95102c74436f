"""`Codec`: one Java class name and how its text is read and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transforms.base import Transform

__all__ = ["Codec", "always"]


def always(_: Transform) -> bool:
    """Java reads the numbers of this class as doubles, so its text is always exact."""
    return True


@dataclass(frozen=True, slots=True)
class Codec:
    """How one wire class is read and written.

    Attributes
    ----------
    class_name : str
        Full name of the Java class.
    writes : tuple of type
        The transforms it can hold without loss; what it reads is of the first.
    decode : callable
        ``decode(data_string, java_precision) -> transform``; SpecError for what Java refuses.
    encode : callable
        ``encode(transform) -> data_string``, in a form that Java reads and that reads back to the same bits.
    exact : callable
        Whether Java, too, reads the written text to the same numbers: 32-bit classes round.
    """

    class_name: str
    writes: tuple[type[Transform], ...]
    decode: Callable[[str, bool], Transform]
    # Each encoder takes the classes named in `writes`, which the caller has checked.
    encode: Callable[[Any], str]
    exact: Callable[[Any], bool] = always
