"""Every class against what its Java original computed: forward, inverse, and text written back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import transforms
from render_io import codecs
from tests.golden_vectors import assert_agrees, points_of, tolerance_of
from tests.shared import golden, golden_names

THREE_DIMENSIONAL = "Models3D"
"""Points of three numbers: no tile can carry these classes."""


def transform_cases() -> list[Any]:
    """All cases of kind transform in all files, so that a new file is picked up by itself."""
    cases = [
        c for name in golden_names() if name != THREE_DIMENSIONAL for c in golden(name) if c["kind"] == "transform"
    ]
    flat = pytest.mark.skip(reason="points of three numbers: no tile can carry such a transform")
    return [pytest.param(c, id=c["id"], marks=[flat] if "3d" in c.get("tags", ()) else []) for c in cases]


def decoded(case: dict[str, Any]) -> transforms.Transform:
    return codecs.decode(case["className"], case["dataString"], java_precision=True)


@pytest.mark.parametrize("case", transform_cases())
def test_forward(case: dict[str, Any]) -> None:
    points = points_of(case["points"])
    wanted = points_of(case.get("forward_exact", case["forward"]))
    tolerance = tolerance_of(case["tol"], len(points))
    if "forward_exact" in case:  # exact formula: at least as close as this, also where Java is noise
        finite = np.isfinite(wanted)
        scale = max(1.0, float(np.abs(wanted[finite]).max(initial=0.0)))
        tolerance = np.full((len(points), 1), 1e-9 * max(1.0, scale / 1e5))
    assert_agrees(decoded(case).apply(points), wanted, tolerance)


@pytest.mark.parametrize("case", transform_cases())
def test_inverse(case: dict[str, Any]) -> None:
    if "inverse" not in case:
        pytest.skip("Java has no inverse for this class")
    transform = decoded(case)
    for given, wanted, tolerance in (
        ("points", "inverse", "tol_inverse"),
        ("forward", "inverse_of_forward", "tol_inverse_of_forward"),
    ):
        if wanted not in case:
            continue
        source = points_of(case[given])
        refused = [i for i, row in enumerate(case[wanted]) if isinstance(row, dict)]
        kept = [i for i in range(len(source)) if i not in refused]
        answer = transform.apply_inverse(source, on_error="nan")
        assert np.isnan(answer[refused]).all()
        theirs = points_of([case[wanted][i] for i in kept])
        if np.isnan(answer[kept]).all() and np.isfinite(theirs).any():
            with pytest.raises(
                transforms.NonInvertibleError
            ):  # singular to working precision: Java divides all the same
                transform.inverse()
            continue
        assert_agrees(answer[kept], theirs, tolerance_of(case.get(tolerance), len(source))[kept])


@pytest.mark.parametrize("case", transform_cases())
def test_text_written_back(case: dict[str, Any]) -> None:
    if "java_dataString" not in case or case.get("reparse_max_abs_diff"):
        pytest.skip("Java's own text is long or lossy")
    ours = decoded(case)
    theirs = codecs.decode(case["className"], case["java_dataString"], java_precision=True)
    points = points_of(case["points"])
    first, second = ours.apply(points), theirs.apply(points)
    assert_agrees(first, second, tolerance_of(case["tol"], len(points)))


def test_no_case_is_empty() -> None:
    for parameter in transform_cases():
        case = parameter.values[0]
        assert case is None or (case["points"] and json.dumps(case["forward"]))
