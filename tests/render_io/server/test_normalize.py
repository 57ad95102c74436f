"""Which transforms are left out for matching."""

from __future__ import annotations

import pytest

from render_io.server.normalize import Normalization
from render_io.server.routing import Call
from render_io.server.spec_model import MetaData, TransformSpec


def leaf(name, *labels):
    return TransformSpec(type="leaf", className=name, metaData=MetaData(labels=list(labels)) if labels else None)


def kept(query, *specs, nested=None):
    """Names of the transforms that are left of a flat list."""
    normalization = Normalization.of(Call(None, {}, "", query.encode(), {}, b""))
    whole = TransformSpec(type="list", specList=list(nested or specs))
    return "".join(str(spec.className) for spec in normalization.kept(whole, list(specs)))


PLAIN = [leaf(name) for name in "ABCDE"]
LABELLED = [leaf("A", "a"), leaf("B", "b"), leaf("C", "a", "c"), leaf("D", "d"), leaf("E")]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("", "ABCDE"),
        ("normalizeForMatching=false", "ABCDE"),
        ("normalizeForMatching=1", "ABCDE"),
        ("excludeAllTransforms=true", ""),
        ("excludeAllTransforms=false", "ABCDE"),
        ("excludeAllTransforms=", "ABCDE"),
        ("normalizeForMatching=true&excludeAllTransforms=false", "ABCDE"),
        ("normalizeForMatching=true&excludeAllTransforms=true", ""),
        ("excludeTransformsAfterLast=a", "ABC"),
        ("excludeTransformsAfterLast=a&excludeTransformsAfterLast=b", "ABC"),
        ("excludeTransformsAfterLast=a,b", "ABCDE"),
        ("excludeTransformsAfterLast=", "ABCDE"),
        ("excludeFirstTransformAndAllAfter=b", "A"),
        ("excludeFirstTransformAndAllAfter=d&excludeFirstTransformAndAllAfter=c", "AB"),
        ("excludeTransformsAfterLast=c&excludeFirstTransformAndAllAfter=b", "A"),
        ("excludeTransformsAfterLast=b&excludeFirstTransformAndAllAfter=c", "AB"),
        ("excludeAllTransforms=true&excludeTransformsAfterLast=a", ""),
        ("normalizeForMatching=true&excludeTransformsAfterLast=b", "AB"),
    ],
)
def test_labels_decide_when_they_are_asked_for(query, left):
    assert kept(query, *LABELLED) == left


@pytest.mark.parametrize(("count", "left"), [(0, ""), (1, ""), (2, "A"), (3, "AB"), (5, "AB")])
def test_without_labels_the_last_goes_and_two_stay_at_most(count, left):
    assert kept("normalizeForMatching=true", *PLAIN[:count]) == left


def test_a_lens_keeps_everything_before_it():
    assert kept("normalizeForMatching=true", leaf("A"), leaf("B"), leaf("C", "lens"), leaf("D"), leaf("E")) == "ABC"


def test_the_label_of_a_list_counts_for_its_members():
    members = [leaf("A"), leaf("B")]
    nested = [TransformSpec(type="list", specList=members, metaData=MetaData(labels=["lens"])), leaf("C"), leaf("D")]
    flat = [leaf("A", "lens"), leaf("B", "lens"), leaf("C"), leaf("D")]
    assert kept("normalizeForMatching=true", *flat, nested=nested) == "AB"


def test_a_lens_behind_a_reference_is_not_seen_without_labels_in_the_query():
    nested = [TransformSpec(type="ref", refId="LENS"), leaf("B"), leaf("C")]
    flat = [leaf("A", "lens"), leaf("B"), leaf("C")]
    assert kept("normalizeForMatching=true", *flat, nested=nested) == "AB"
    assert kept("normalizeForMatching=true&excludeTransformsAfterLast=lens", *flat, nested=nested) == "A"
