"""The text layer of dataStrings: splitting them into fields, and errors that say what was expected.

Java's ``String.split`` drops trailing empty fields but keeps a leading one, and its classes split on different
separators; `str.split` does neither, so the rules stand here once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import orjson

from render_io.codecs._numbers import NumberParser, format_double, parse_double, parse_int
from render_io.errors import SpecError

__all__ = ["Fields", "blank_fields", "comma_fields", "join", "plain_numbers", "quoted", "white_fields"]

# Java's \s: no-break space, U+0085, U+001C-U+001F are white space to Python but not to Java.
_WHITE: Final = re.compile(r"[ \t\n\v\f\r]+")
_COMMA: Final = re.compile(r"[, ]+")
_NUMERIC: Final = "0123456789+-.eE"
_PLAIN: Final = _NUMERIC + " \t\n\v\f\r"
_QUOTED_LENGTH: Final = 80
_MINUS_ZERO: Final = re.compile(r"-0(?![.eE])")
_NUMBERS: Final = msgspec.json.Decoder(list[float])


def quoted(text: str) -> str:
    """First 80 characters of a text, in quotes, for messages.

    Parameters
    ----------
    text : str
        A dataString or a field of one.

    Returns
    -------
    str
        Its representation, with an ellipsis when cut.
    """
    return repr(text) if len(text) <= _QUOTED_LENGTH else f"{text[:_QUOTED_LENGTH]!r}..."


class Fields:
    """The fields of one dataString, read in order or by place; every failure is a SpecError that quotes the text.

    Parameters
    ----------
    text : str
        The whole dataString.
    fields : sequence of str
        What Java's split makes of it.
    layout : str
        What the class expects, for messages, such as ``six numbers``.
    plain : bool, default False
        Known to hold nothing but digits, signs, points, exponents and white space.
    """

    __slots__ = ("_plain", "fields", "layout", "text")

    def __init__(self, text: str, fields: Sequence[str], layout: str, plain: bool = False) -> None:
        self.text = text
        self.fields = fields
        self.layout = layout
        self._plain = plain

    def __len__(self) -> int:
        """Return the number of fields."""
        return len(self.fields)

    def error(self, problem: str) -> SpecError:
        """Make the error for this text.

        Parameters
        ----------
        problem : str
            What is wrong with it.

        Returns
        -------
        SpecError
            Naming what was expected and what came.
        """
        return SpecError(f"expected {self.layout}, {problem} in {quoted(self.text)}")

    def require(self, count: int) -> None:
        """Check the number of fields.

        Parameters
        ----------
        count : int
            The only number accepted.

        Raises
        ------
        SpecError
            When there are more or fewer.
        """
        if len(self.fields) != count:
            raise self.error(f"got {len(self.fields)} instead of {count} fields")

    def at(self, index: int) -> str:
        """Return one field.

        Parameters
        ----------
        index : int
            Its place, from 0.

        Returns
        -------
        str
            The field as it stands.

        Raises
        ------
        SpecError
            When the text ends before it.
        """
        if index >= len(self.fields):
            raise self.error(f"got only {len(self.fields)} fields")
        return self.fields[index]

    def numbers(self, start: int = 0, stop: int | None = None, parse: NumberParser = parse_double) -> list[float]:
        """Read a run of fields as numbers.

        Parameters
        ----------
        start, stop : int
            First field, and the one after the last.
        parse : callable, optional
            `parse_double`, or `parse_single` for Java's 32-bit classes.

        Returns
        -------
        list of float
            One per field.

        Raises
        ------
        SpecError
            Where Java refuses a field, with its index.
        """
        chosen = self.fields[start:stop]
        # On plain characters Python's grammar is Java's, so the quick parser is exact.
        quick = float if self._plain and parse is parse_double else parse
        try:
            return [quick(field) for field in chosen]
        except ValueError:
            raise self._refused(start, chosen, parse) from None

    def number(self, index: int, parse: NumberParser = parse_double) -> float:
        """Read one field as a number.

        Parameters
        ----------
        index : int
            Its place, from 0.
        parse : callable, optional
            As in `numbers`.

        Returns
        -------
        float
            The number.

        Raises
        ------
        SpecError
            When Java refuses the field, or it is missing.
        """
        self.at(index)
        return self.numbers(index, index + 1, parse)[0]

    def integer(self, index: int) -> int:
        """Read one field as a 32-bit integer.

        Parameters
        ----------
        index : int
            Its place, from 0.

        Returns
        -------
        int
            The integer.

        Raises
        ------
        SpecError
            When Java refuses the field, or it is missing.
        """
        field = self.at(index)
        try:
            return parse_int(field)
        except ValueError:
            raise self.error(f"field {index} is {quoted(field)} instead of an integer") from None

    def _refused(self, start: int, chosen: Sequence[str], parse: NumberParser) -> SpecError:
        for index, field in enumerate(chosen, start):
            try:
                parse(field)
            except ValueError:
                return self.error(f"field {index} is {quoted(field)} instead of a number")
        return self.error("a field is not a number")  # pragma: no cover - a parser that failed fails again


def white_fields(text: str, layout: str) -> Fields:
    """Split on runs of Java's white space.

    Parameters
    ----------
    text : str
        The dataString.
    layout : str
        What the class expects, for messages.

    Returns
    -------
    Fields
        A leading separator makes an empty first field, trailing ones vanish.
    """
    if text and text[0] in _NUMERIC and not text.strip(_PLAIN):
        return Fields(text, text.split(), layout, plain=True)
    return Fields(text, _dropping_trailing(_WHITE.split(text)), layout)


def blank_fields(text: str, layout: str) -> Fields:
    """Split on single blanks, as Java's lens classes do.

    Parameters
    ----------
    text : str
        The dataString.
    layout : str
        What the class expects, for messages.

    Returns
    -------
    Fields
        Two blanks in a row make an empty field; any number of blanks at the end vanish.
    """
    return Fields(text, _dropping_trailing(text.split(" ")), layout, plain=not text.strip(_NUMERIC + " "))


def comma_fields(text: str, layout: str) -> Fields:
    """Split on runs of commas and blanks, as render's exponential transforms do.

    Parameters
    ----------
    text : str
        The dataString.
    layout : str
        What the class expects, for messages.

    Returns
    -------
    Fields
        Tabs do not separate; a leading separator makes an empty first field.
    """
    return Fields(text, _dropping_trailing(_COMMA.split(text)), layout)


def plain_numbers(text: str, count: int) -> list[float] | None:
    """Read a short text the quick way, where that is Java's way too.

    Parameters
    ----------
    text : str
        The dataString.
    count : int
        Numbers it has to hold.

    Returns
    -------
    list of float or None
        None for whatever is out of the ordinary or wrong; `white_fields` has the rules.
    """
    # JSON's numbers are Java's, but for the sign of -0; commas, and white space at the start, mean something else.
    if "," in text or text[:1] <= " ":
        return None
    try:
        numbers = _NUMBERS.decode(f"[{text.replace(' ', ',')}]")
    except (msgspec.DecodeError, UnicodeError):
        return None
    return None if len(numbers) != count or (0.0 in numbers and _MINUS_ZERO.search(text)) else numbers


def join(numbers: Iterable[float], separator: str = " ") -> str:
    """Write numbers as Java does, side by side.

    Parameters
    ----------
    numbers : iterable of float
        The numbers.
    separator : str, optional
        What stands between them.

    Returns
    -------
    str
        A text that reads back to the same bits.
    """
    values = list(map(float, numbers))
    # Java's plain notation is that of JSON, which is printed many times faster.
    text = orjson.dumps(values)[1:-1].decode().replace(",", separator)
    for value in values:
        if not (1e-3 <= value < 1e7 or -1e7 < value <= -1e-3 or value == 0.0):
            return _with_exponents(text, values, separator)
    return text


def _with_exponents(text: str, values: list[float], separator: str) -> str:
    fields = text.split(separator)
    for index, value in enumerate(values):
        if not 1e-3 <= abs(value) < 1e7:
            fields[index] = format_double(value)
    return separator.join(fields)


def _dropping_trailing(fields: list[str]) -> list[str]:
    # An empty text stays one empty field in Java; a text of separators alone becomes no field.
    if len(fields) == 1:
        return fields
    while fields and not fields[-1]:
        fields.pop()
    return fields
