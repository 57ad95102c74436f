"""Paths to operations, and values out of paths and queries."""

from __future__ import annotations

import pytest

from render_io.server.answers import Answer, ServiceError
from render_io.server.front import path_segments
from render_io.server.routing import Call, Operation, RouteIndex, integer_in, number_in


def index(*templates):
    routes = RouteIndex()
    for template in templates:
        method, path = template.split(" ")
        routes.add(Operation(method, path, lambda call: Answer(200), None, None, False))
    return routes


def found(routes, path, method="GET"):
    result = routes.find(path.strip("/").split("/"))
    if result is None:
        return None
    operations, values = result
    operation, names = operations[method]
    return operation.path, dict(zip(names, values, strict=True))


def test_literal_segments_win_over_values():
    routes = index("GET /a/{x}", "GET /a/b", "GET /a/{x}/c")
    assert found(routes, "/a/b") == ("/a/b", {})
    assert found(routes, "/a/z") == ("/a/{x}", {"x": "z"})
    assert found(routes, "/a/b/c") == ("/a/{x}/c", {"x": "b"})  # the literal branch leads nowhere
    assert found(routes, "/a") is None


def test_values_inside_of_a_segment():
    routes = index("GET /p/{format}-image", "GET /p/{x},{y}/q", "GET /p/{any}")
    assert found(routes, "/p/png-image") == ("/p/{format}-image", {"format": "png"})
    assert found(routes, "/p/1,2/q") == ("/p/{x},{y}/q", {"x": "1", "y": "2"})
    assert found(routes, "/p/other") == ("/p/{any}", {"any": "other"})


def test_methods_of_one_path_and_no_two_of_a_kind():
    routes = index("GET /a", "PUT /a")
    operations, _ = routes.find(["a"])
    assert set(operations) == {"GET", "PUT"}
    with pytest.raises(ValueError, match="served twice"):
        routes.add(Operation("GET", "/a", lambda call: Answer(200), None, None, False))


@pytest.mark.parametrize(
    ("path", "segments"),
    [(b"/a/b", ["a", "b"]), (b"/a/b/", ["a", "b"]), (b"/a%20b/c+d", ["a b", "c+d"]), (b"/a;x=1/b", ["a", "b"]),
     (b"/a%3Bb", ["a;b"]), ("/é".encode(), ["é"]), (b"/%C3%A9", ["é"]), (b"", [])],
)  # fmt: skip
def test_segments(path, segments):
    assert path_segments(path) == segments


@pytest.mark.parametrize(
    ("path", "status"), [(b"//a", 400), (b"/a//", 400), (b"/..", 400), (b"/%2e", 400), (b"/a%2fb", 404), (b"/%ff", 404)]
)
def test_segments_that_are_refused(path, status):
    with pytest.raises(ServiceError) as caught:
        path_segments(path)
    assert caught.value.status == status


@pytest.mark.parametrize("text", ["3407", "+10", ".1", "103.", "1e3", " 5 ", "1d", "0x1.8p1", "NaN", "-Infinity"])
def test_numbers(text):
    number_in(text)


@pytest.mark.parametrize("text", ["", "ten", "1_0", "0x10", "1,0", "nan", "inf", "1e", "٣"])
def test_what_is_no_number(text):
    with pytest.raises(ServiceError):
        number_in(text)


@pytest.mark.parametrize("text", ["", "1.0", " 1", "2147483648", "-2147483649", "x"])
def test_what_is_no_integer(text):
    with pytest.raises(ServiceError):
        integer_in(text)


def test_options():
    call = Call(None, {}, "/x", b"a=1&a=2&flag=True&other=1&empty=&z=1&z=2.5&t=x%20y+z", {}, b"")
    assert call.option("a") == "1"
    assert call.option("missing") is None
    assert call.option("t") == "x y z"
    assert call.option_flag("flag") is True
    assert call.option_flag("other") is False
    assert call.option_flag("missing") is None
    assert call.option_doubles("z") == [1.0, 2.5]
    with pytest.raises(ServiceError):
        call.option_double("empty")
