"""Command lines as the Java clients take them.

Options are ``--name value``, switches ``--name``; whatever is no option of the client is a positional argument, an
unknown option too. So a misspelt option fails where positional arguments are numbers or not declared, and is taken for
a file name where they are files.

Source: com.beust.jcommander.JCommander 1.72.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from render_io.codecs._numbers import parse_double, parse_int

__all__ = [
    "CommandLine",
    "Option",
    "Positional",
    "UsageError",
    "flag",
    "number",
    "numbers",
    "switch",
    "text",
    "texts",
    "whole",
    "word",
]

Convert = Callable[[str, str], Any]
Values = Literal["one", "many", "none"]


class UsageError(Exception):
    """A command line that the client does not take; no request is sent."""


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes
    ----------
    name : str
        Without dashes.
    convert : callable
        Makes a value of the option as written and the text behind it.
    values : str
        ``one``, ``many`` (all up to the next option) or ``none`` (a switch).
    required : bool
        Whether a command line without it is refused.
    default : object
        Value when it is not given.
    about : str
        What it is, for the usage.
    """

    name: str
    convert: Convert
    values: Values = "one"
    required: bool = False
    default: Any = None
    about: str = ""


@dataclass(frozen=True)
class Positional:
    """Arguments without name: what they are, how they are read, and whether there must be some."""

    about: str
    convert: Convert
    required: bool = True


def _as_text(_: str, value: str) -> str:
    return value


def _converter(what: str, parse: Callable[[str], Any]) -> Convert:
    def convert(name: str, value: str) -> Any:
        try:
            return parse(value)
        except ValueError:
            raise UsageError(f'"{name}": couldn\'t convert "{value}" to {what}') from None

    return convert


def _parse_flag(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)
    return value.lower() == "true"


as_text: Final[Convert] = _as_text
as_number: Final[Convert] = _converter("a double", parse_double)
as_whole: Final[Convert] = _converter("an integer", parse_int)
as_flag: Final[Convert] = _converter("a boolean", _parse_flag)


def text(name: str, about: str = "", *, required: bool = False, default: str | None = None) -> Option:
    """Option with a text, a path or a name."""
    return Option(name, as_text, "one", required, default, about)


def number(name: str, about: str = "", default: float | None = None) -> Option:
    """Option with a double, written as Java reads it."""
    return Option(name, as_number, "one", False, default, about)


def whole(name: str, about: str = "", default: int | None = None) -> Option:
    """Option with a 32-bit integer."""
    return Option(name, as_whole, "one", False, default, about)


def flag(name: str, about: str = "", *, default: bool) -> Option:
    """Option with the word true or false behind it."""
    return Option(name, as_flag, "one", False, default, about)


def switch(name: str, about: str = "") -> Option:
    """Option that is true when it is there."""
    return Option(name, as_text, "none", False, False, about)


def word(name: str, words: Sequence[str], *, required: bool = False, default: str | None = None) -> Option:
    """Option with one of some words."""

    def convert(shown: str, value: str) -> str:
        for candidate in (value, value.upper()):
            if candidate in words:
                return candidate
        raise UsageError(f"Invalid value for {shown} parameter. Allowed values:[{', '.join(words)}]")

    return Option(name, convert, "one", required, default, " | ".join(words))


def numbers(name: str, about: str = "") -> Option:
    """Option with any number of doubles behind it."""
    return Option(name, as_number, "many", False, None, about)


def texts(name: str, about: str = "") -> Option:
    """Option with any number of texts behind it."""
    return Option(name, as_text, "many", False, None, about)


_HELP = switch("help", "Display this note")


@dataclass(frozen=True)
class CommandLine:
    """What a client takes.

    Attributes
    ----------
    options : tuple of Option
        Beside ``--help``, which all have.
    positional : Positional, optional
        None when arguments without name are refused.
    """

    options: tuple[Option, ...]
    positional: Positional | None = None

    def parse(self, words: Iterable[str]) -> tuple[dict[str, Any], list[Any]]:
        """Read a command line.

        Parameters
        ----------
        words : iterable of str
            Arguments after the class name.

        Returns
        -------
        options : dict
            Value of every option by name, defaults included.
        positional : list
            Arguments without name.

        Raises
        ------
        UsageError
            With the reason, as the Java client words it.
        """
        reader = _Reader(self, [part for each in words for part in _expanded(each)])
        reader.read()
        values = {option.name: option.default for option in self.options} | {"help": False} | reader.values
        if not values["help"]:
            self._check(reader)
        return values, reader.positional

    def _check(self, reader: _Reader) -> None:
        missing = [
            f"[--{option.name}]" for option in self.options if option.required and option.name not in reader.values
        ]
        if missing:
            what = "option is" if len(missing) == 1 else "options are"
            raise UsageError(f"The following {what} required: {', '.join(missing)}")
        if self.positional is not None and self.positional.required and not reader.positional:
            raise UsageError(f'Main parameters are required ("{self.positional.about}")')

    def usage(self, class_name: str) -> str:
        """Return the help text of a client."""
        rest = "" if self.positional is None else f" {self.positional.about}"
        rows = [_usage_line(option) for option in sorted((*self.options, _HELP), key=lambda option: option.name)]
        return "\n".join([f"Usage: run_ws_client.sh <memory> {class_name} [options]{rest}", "  Options:", *rows])


def _usage_line(option: Option) -> str:
    mark = "*" if option.required else " "
    value = {"one": " <value>", "many": " <value> ...", "none": ""}[option.values]
    default = "" if option.default is None or option.values == "none" else f" (default: {str(option.default).lower()})"
    return f"  {mark} --{option.name}{value}  {option.about}{default}".rstrip()


def _expanded(argument: str) -> list[str]:
    """Return the lines of the file that ``@file`` stands for."""
    if not argument.startswith("@"):
        return [argument]
    try:
        lines = Path(argument[1:]).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"Could not read file {argument[1:]}: {error}") from None
    return [line for line in lines if line.strip()]


def _trimmed(argument: str) -> str:
    result = argument.strip()
    quoted = len(result) > 1 and result.startswith('"') and result.endswith('"')
    return result[1:-1] if quoted else result


@dataclass
class _Reader:
    """The state of reading one command line."""

    line: CommandLine
    words: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    positional: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by_word = {f"--{option.name}": option for option in (*self.line.options, _HELP)}

    def read(self) -> None:
        only_positional, place = False, 0
        while place < len(self.words):
            shown = _trimmed(self.words[place])
            option = None if only_positional else self.by_word.get(shown)
            place += 1
            if option is not None:
                place += self._take(option, shown, place)
            elif shown == "--" and not only_positional:
                only_positional = True
            else:
                self._take_positional(shown)

    def _take(self, option: Option, shown: str, place: int) -> int:
        """Read the values behind an option; return how many words they are."""
        if option.name in self.values and option.values != "many":
            raise UsageError(f"Can only specify option {shown} once.")
        if option.values == "none":
            self.values[option.name] = True
            return 0
        count = 1 if option.values == "one" else self._until_next_option(place)
        found = self.words[place : place + count]
        if not found:
            raise UsageError(f"Expected a value after parameter {shown}")
        # A list takes several values in one word, too.
        parts = found if option.values == "one" else [part for each in found for part in _trimmed(each).split(",")]
        read = [option.convert(shown, _trimmed(part)) for part in parts]
        self.values[option.name] = read[0] if option.values == "one" else [*self.values.get(option.name, []), *read]
        return count

    def _until_next_option(self, place: int) -> int:
        end = next((i for i in range(place, len(self.words)) if self.words[i] in self.by_word), len(self.words))
        return end - place

    def _take_positional(self, value: str) -> None:
        if self.line.positional is None:
            raise UsageError(f"Was passed main parameter '{value}' but no main parameter was defined in your arg class")
        self.positional.append(self.line.positional.convert(self.line.positional.about, value))
