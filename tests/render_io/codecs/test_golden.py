"""Every class against what the Java class gave: forward maps, rejects, accepts, texts that Java wrote."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from render_io import codecs, specs
from render_io.codecs import names
from render_io.codecs.opaque import OpaqueTransform
from render_io.errors import SpecError
from tests.shared import golden, golden_cases, golden_names
from transforms import TransformError


def numbers(rows: Any) -> np.ndarray:
    """Golden numbers, with NaN and infinities in words, as an array."""
    return np.array(rows, dtype=object).astype(np.float64)


def cases_of_kind(kind: str) -> list[Any]:
    """Cases of one kind from all files, so that a new file is picked up by itself."""
    return [param for name in golden_names() for param in golden_cases(name, kind=kind)]


def flat_cases(kind: str) -> list[Any]:
    """Cases whose points lie in the plane."""
    return [p for p in cases_of_kind(kind) if len(p.values[0]["points"][0]) == 2]


def assert_forward(case: dict[str, Any], mapped: np.ndarray) -> None:
    """Compare with Java's forward map within the case's own tolerance."""
    expected = numbers(case.get("forward_exact", case["forward"]))
    tolerance = np.array(case["tol"], dtype=object)
    for index, (row, want, tol) in enumerate(zip(mapped, expected, tolerance, strict=True)):
        if tol is None or not np.isfinite(want).all():
            java = numbers(case["forward"])[index]
            if not np.isfinite(java).all():
                assert np.array_equal(row, java, equal_nan=True), (case["id"], index, row, java)
            continue
        bound = np.broadcast_to(np.array(tol, dtype=np.float64), (2,))
        assert (np.abs(row - want) <= bound).all(), (case["id"], index, row, want, bound)


@pytest.mark.parametrize("case", flat_cases("transform"))
def test_forward_as_java(case):
    transform = codecs.decode(case["className"], case["dataString"], java_precision=True)
    with np.errstate(all="ignore"):
        assert_forward(case, transform.apply(numbers(case["points"])))


@pytest.mark.parametrize("case", cases_of_kind("transform"))
@pytest.mark.parametrize("java_precision", [False, True])
def test_round_trip_of_golden_texts(case, java_precision):
    name = case["className"]
    transform = codecs.decode(name, case["dataString"], java_precision=java_precision)
    written = codecs.encode(transform, name)
    assert written[0] == name
    assert codecs.decode(*written, java_precision=java_precision) == transform
    default = codecs.encode(transform)
    again = codecs.decode(*default, java_precision=True)
    if isinstance(transform, OpaqueTransform):
        assert default == written == (name, case["dataString"])
    elif name not in (names.MLS2,):
        points = numbers(case["points"])
        with np.errstate(all="ignore"):
            assert np.array_equal(again.apply(points), transform.apply(points), equal_nan=True)


def rewritten_cases() -> list[Any]:
    """Cases with a text that Java wrote back: not the rigid ones, which lose bits there."""
    return [
        p
        for p in flat_cases("transform")
        if p.values[0] is None or ("java_dataString" in p.values[0] and p.values[0]["className"] != names.RIGID)
    ]


@pytest.mark.parametrize("case", rewritten_cases())
def test_texts_that_java_wrote_hold_the_same_numbers(case):
    name = case["className"]
    transform = codecs.decode(name, case["dataString"], java_precision=True)
    java = codecs.decode(name, case["java_dataString"], java_precision=True)
    if name == names.MLS:
        assert sorted(_rows(java)) == sorted(_rows(transform))  # Java's order of control points is undefined
    else:
        assert java == transform


def _rows(transform: Any) -> list[list[float]]:
    return np.column_stack([transform.src, transform.dst, transform.weights]).tolist()


def outcome(case: dict[str, Any]) -> np.ndarray:
    """Read a leaf as a spec and apply it, as far as it goes."""
    spec = {"type": "leaf", "className": case["className"], "dataString": case["dataString"]}
    points = numbers(case.get("points", [[1.0, 2.0]]))
    with np.errstate(all="ignore"):
        return specs.to_transform(spec, java_precision=True).apply(points)


@pytest.mark.parametrize("case", golden_cases("rejects", kind="reject"))
def test_what_java_rejects(case):
    with pytest.raises((SpecError, TransformError)) as caught:
        outcome(case)
    if case["stage"] in ("init", "build"):
        assert isinstance(caught.value, SpecError)
    known = codecs.CODECS.get(case["className"])
    if known is not None and case["stage"] in ("init", "build") and case["dataString"] is not None:
        with pytest.raises(SpecError):
            codecs.decode(case["className"], case["dataString"])


@pytest.mark.parametrize("case", golden_cases("rejects", kind="accept"))
def test_what_java_accepts(case):
    mapped, expected = outcome(case), numbers(case["forward"])
    scale = max(1.0, np.abs(expected[np.isfinite(expected)]).max(initial=0.0))
    np.testing.assert_allclose(mapped, expected, rtol=0, atol=1e-12 * scale, equal_nan=True)


def test_every_class_of_the_golden_files_has_a_codec():
    seen = {c["className"] for name in golden_names() for c in golden(name) if c.get("kind") == "transform"}
    assert seen <= set(codecs.CODECS)
