"""A JSON list taken apart while it arrives."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from render_io.errors import SpecError

__all__ = ["list_elements"]


def _refuse(word: str) -> NoReturn:
    raise SpecError(f"{word} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
_BLANK = " \t\r\n"
_GOES_ON = ".eE+-0123456789"  # after what seems to be a whole number, until more text has arrived


def list_elements(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Yield the elements of a JSON list.

    Parameters
    ----------
    chunks : iterable of bytes
        UTF-8 text of the list, cut anywhere.

    Yields
    ------
    object
        One element after the other, as soon as it is whole.

    Raises
    ------
    SpecError
        The text is not a list, is malformed, or ends before the list does.
    """
    reader = _Reader(chunks)
    if reader.take() != "[":
        raise SpecError("expected a list")
    if reader.peek() == "]":
        reader.take()
    else:
        yield reader.element()
        while (mark := reader.take()) == ",":
            yield reader.element()
        if mark != "]":
            raise SpecError(f"expected ',' or ']', got {mark or 'the end of the text'!r}")
    if reader.peek():
        raise SpecError("text after the list")


class _Reader:
    """The part of the text that has arrived and is not taken yet."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = iter(chunks)
        self.decode = codecs.getincrementaldecoder("utf-8")().decode
        self.text, self.at = "", 0

    def more(self, at_least: int = 1) -> bool:
        """Append chunks until `at_least` further characters are there, or the end; tell whether there was more."""
        parts = [self.text[self.at :]]
        gained = 0
        for chunk in self.chunks:
            parts.append(self.decode(chunk))
            gained += len(parts[-1])
            if gained >= at_least:
                break
        self.text, self.at = "".join(parts), 0
        return gained > 0

    def peek(self) -> str:
        """Next character that is not blank, an empty text at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _BLANK:
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def take(self) -> str:
        mark = self.peek()
        self.at += len(mark)
        return mark

    def element(self) -> Any:
        """Decode one element; what is cut off waits until as much again has arrived, so that the work stays linear."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
                if end < len(self.text) and self.text[end] not in _GOES_ON:
                    self.at = end
                    return value
                fault = SpecError("the text is truncated")
            except json.JSONDecodeError as error:
                fault = SpecError(f"{error.msg} (character {error.pos} of the part at hand)")
            except RecursionError:
                raise SpecError("JSON is nested too deeply") from None
            if not self.more(max(1, len(self.text) - self.at)):
                raise fault
