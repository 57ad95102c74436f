"""Command lines are read as the Java clients read them."""

from __future__ import annotations

import io

import pytest

from render_io import native
from render_io._native.command_line import (
    CommandLine,
    Positional,
    UsageError,
    as_number,
    as_text,
    flag,
    number,
    numbers,
    switch,
    text,
    texts,
    whole,
    word,
)

OPTIONS = (
    text("stack", "Name", required=True),
    number("minZ"),
    whole("count", "How many", 7),
    flag("exclude", "Leave out", default=True),
    switch("localToWorld"),
    word("mode", ("APPEND", "REPLACE_LAST"), default="APPEND"),
    numbers("z"),
    texts("ids"),
)
NONE, FILES = CommandLine(OPTIONS), CommandLine(OPTIONS, Positional("files", as_text))
NUMBERS = CommandLine(OPTIONS, Positional("Z values", as_number))


def read(line, *words):
    values, positional = line.parse(["--stack", "s", *words])
    return {name: value for name, value in values.items() if value not in (None, False, "s")} | {"": positional}


DEFAULTS = {"count": 7, "exclude": True, "mode": "APPEND", "": []}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], {}),
        (["--minZ", " 1e3d "], {"minZ": 1000.0}),
        (["--minZ", "-5"], {"minZ": -5.0}),
        (["--count", "+12"], {"count": 12}),
        (["--exclude", "TRUE"], {"exclude": True}),
        (["--localToWorld"], {"localToWorld": True}),
        (["--mode", "replace_last"], {"mode": "REPLACE_LAST"}),
        (["--z", "1", "2.5", "--count", "1"], {"z": [1.0, 2.5], "count": 1}),
        (["--z", "1,2", "--z", "3"], {"z": [1.0, 2.0, 3.0]}),
        (["--ids", "a", '"b c"', "--z", "1"], {"ids": ["a", "b c"], "z": [1.0]}),
        (["--help"], {"help": True}),
    ],
)
def test_values(words, found):
    assert read(NONE, *words) == DEFAULTS | found


def test_a_value_may_look_like_an_option():
    assert NONE.parse(["--stack", "--minZ"])[0]["stack"] == "--minZ"


def test_positional_arguments_are_whatever_is_no_option():
    assert read(FILES, "a.json", "--nonsense", "1", "--count", "3", "b,c")[""] == ["a.json", "--nonsense", "1", "b,c"]
    assert read(FILES, "--", "--stack")[""] == ["--stack"]
    assert read(NUMBERS, "1", "-2.5", "1")[""] == [1.0, -2.5, 1.0]


def test_a_file_stands_for_the_arguments_in_it(tmp_path):
    (tmp_path / "args").write_text("--count\n3\n\n a b \n")
    assert read(FILES, f"@{tmp_path / 'args'}") == DEFAULTS | {"count": 3, "": ["a b"]}
    with pytest.raises(UsageError, match="Could not read file"):
        read(FILES, f"@{tmp_path / 'none'}")


@pytest.mark.parametrize(
    ("line", "words", "message"),
    [
        (NONE, ["x"], "Was passed main parameter 'x'"),
        (NONE, ["--stack=s"], "Was passed main parameter '--stack=s'"),
        (NONE, ["--localToWorld", "true"], "Was passed main parameter 'true'"),
        (NONE, ["--stack", "t"], "Can only specify option --stack once."),
        (NONE, ["--localToWorld", "--localToWorld"], "Can only specify option --localToWorld once."),
        (NONE, ["--minZ"], "Expected a value after parameter --minZ"),
        (NONE, ["--z", "--count", "1"], "Expected a value after parameter --z"),
        (NONE, ["--minZ", "1_0"], '"--minZ": couldn\'t convert "1_0" to a double'),
        (NONE, ["--count", "1.0"], '"--count": couldn\'t convert "1.0" to an integer'),
        (NONE, ["--count", "2147483648"], "an integer"),
        (NONE, ["--exclude", "yes"], "a boolean"),
        (NONE, ["--mode", "LAST"], r"Allowed values:\[APPEND, REPLACE_LAST\]"),
        (NUMBERS, ["one"], 'couldn\'t convert "one" to a double'),
        (NUMBERS, [], r'Main parameters are required \("Z values"\)'),
    ],
)
def test_what_is_refused(line, words, message):
    with pytest.raises(UsageError, match=message):
        read(line, *words)


def test_required_options_are_named_together():
    line = CommandLine((text("a", required=True), text("b", required=True)))
    with pytest.raises(UsageError, match=r"The following options are required: \[--a\], \[--b\]"):
        line.parse([])
    with pytest.raises(UsageError, match=r"The following option is required: \[--b\]"):
        line.parse(["--a", "1"])
    assert line.parse(["--help"])[0]["help"]


@pytest.mark.parametrize("class_name", native.CLIENTS)
def test_every_client_tells_how_it_is_used_and_sends_nothing(class_name):
    for words in (["--help"], []):
        output, errors = io.StringIO(), io.StringIO()
        assert native.run_client(class_name, words, stdout=output, stderr=errors) == 1
        assert f"Usage: run_ws_client.sh <memory> {class_name}" in output.getvalue()
        assert "* --baseDataUrl" in output.getvalue()
        assert ("options are required" in output.getvalue()) == (words == [])
        assert errors.getvalue() == ""


def test_classes_that_need_java_are_told():
    output = io.StringIO()
    assert native.run_client("org.example.Nothing", [], stdout=output) == 1
    assert "Could not find or load main class org.example.Nothing" in output.getvalue()
