"""Changes to a tile's list of transforms."""

from __future__ import annotations

import numpy as np
import pytest

from render_io import codecs, spec_edits
from render_io.codecs import names
from render_io.errors import SpecError
from render_io.specs import to_transform
from tests.render_io.test_specs import POINTS, leaf
from tests.shared import golden_cases

LIST = {"type": "list", "id": "kept", "specList": [leaf(1), leaf(2)]}
NEW = leaf(9)


@pytest.mark.parametrize(
    ("word", "offsets"),
    [
        ("APPEND", [1, 2, 9]),
        ("INSERT_AS_FIRST", [9, 1, 2]),
        ("INSERT_BEFORE_LAST", [1, 9, 2]),
        ("REPLACE_LAST", [1, 9]),
        ("PRE_CONCATENATE_LAST", [1, 11]),
    ],
)
def test_edits_by_the_words_of_the_clients(word, offsets):
    edited = spec_edits.EDITS[word](LIST, NEW)
    assert edited["id"] == "kept"
    assert [to_transform(member).offset[0] for member in edited["specList"]] == offsets
    assert len(LIST["specList"]) == 2


def test_edits_of_an_empty_list():
    for edit in (spec_edits.append, spec_edits.insert_first, spec_edits.insert_before_last, spec_edits.replace_last):
        assert edit({"type": "list"}, NEW) == {"type": "list", "specList": [NEW]}
    with pytest.raises(SpecError, match="an empty list"):
        spec_edits.preconcatenate_last({"type": "list", "specList": []}, NEW)


def test_preconcatenation_applies_the_last_one_first():
    last = {"className": names.RIGID, "dataString": "0.9 3 4", "id": "gone", "metaData": {"labels": ["gone"]}}
    new = {"type": "ref", "refId": "s"}
    shared = {"s": {"className": names.SIMILARITY, "dataString": "2 1 -5 0.1"}}
    tile = {"type": "list", "specList": [leaf(1), last]}
    for java_precision in (False, True):
        edited = spec_edits.preconcatenate_last(tile, new, shared, java_precision=java_precision)
        product = edited["specList"][1]
        assert set(product) == {"type", "className", "dataString"}
        assert product["className"] == names.AFFINE
        both = [to_transform(s, shared, java_precision=java_precision) for s in (last, new)]
        np.testing.assert_allclose(to_transform(product).apply(POINTS), both[1](both[0](POINTS)), rtol=1e-14)


def test_preconcatenation_needs_affine_classes():
    bent = {"className": names.HOMOGRAPHY, "dataString": "1 0 0 0 1 0 0 0 1"}
    with pytest.raises(SpecError, match="expected an affine") as caught:
        spec_edits.preconcatenate_last({"type": "list", "specList": [leaf(1), bent]}, NEW)
    assert caught.value.path == "specList[1]"
    with pytest.raises(SpecError, match="expected an affine"):
        spec_edits.preconcatenate_last(LIST, bent)
    with pytest.raises(SpecError, match="expected a list spec"):
        spec_edits.append(leaf(1), NEW)


@pytest.mark.parametrize("case", golden_cases("AffineOps", kind="affine_ops"))
def test_products_have_the_bits_of_java(case):
    a, b = ({"className": names.AFFINE, "dataString": case[name]} for name in "ab")
    for last, new, product in ((a, b, "a_preConcatenate_b"), (b, a, "a_concatenate_b")):
        edited = spec_edits.preconcatenate_last({"type": "list", "specList": [last]}, new)
        assert to_transform(edited["specList"][0]) == codecs.decode(names.AFFINE, case[product])
