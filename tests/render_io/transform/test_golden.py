"""The wire objects against what the Java side computed."""

from __future__ import annotations

import numpy as np
import pytest

from render_io import transform
from render_io.errors import SpecError
from render_io.transform import AffineModel, estimate_dstpts, load_transform_json
from render_io.transform.leaf.others import HomographyModel
from tests.golden_vectors import points_of
from tests.shared import golden_cases
from transforms.testing import assert_points_close

MODELS = {
    "translation": transform.TranslationModel,
    "rigid": transform.RigidModel,
    "similarity": transform.SimilarityModel,
    "affine": AffineModel,
    "homography": HomographyModel,
}
TILE = np.stack(np.meshgrid(np.linspace(0, 2048, 5), np.linspace(0, 2048, 5)), -1).reshape(-1, 2)


def affine(text):
    return load_transform_json({"className": AffineModel.className, "dataString": text})


@pytest.mark.parametrize("case", golden_cases("AffineOps", kind="affine_ops"))
def test_products_and_inverses_of_affine_maps(case):
    a, b = affine(case["a"]), affine(case["b"])
    for found, name in ((a.concatenate(b), "a_concatenate_b"), (b.concatenate(a), "a_preConcatenate_b")):
        assert_points_close(found.tform(TILE), affine(case[name]).tform(TILE), 1e-12)
    if "a_createInverse" in case:
        wanted = affine(case["a_createInverse"])
        scale = np.abs(wanted.M).max()
        np.testing.assert_allclose(a.invert().M, wanted.M, rtol=1e-9, atol=1e-12 * scale)


@pytest.mark.parametrize("case", golden_cases("FitAffineFamily", kind="fit"))
def test_fits_of_the_affine_family(case):
    if case.get("forward") is None or case["model"] not in MODELS or case.get("api") == "float":
        pytest.skip("Java gives no fit, or one to rounded points")
    wanted = points_of(case["forward"])
    if not np.isfinite(wanted).all():
        pytest.skip("Java's fit is not finite")
    model = MODELS[case["model"]]()
    try:
        model.estimate(points_of(case["p"]), points_of(case["q"]), weights=case["w"])
    except transform.EstimationError:
        pytest.skip("degenerate: Java makes something up")
    assert_points_close(model.tform(points_of(case["points"])), wanted, 1e-7)
    again = load_transform_json(model.to_dict())
    np.testing.assert_array_equal(again.tform(TILE), model.tform(TILE))


@pytest.mark.parametrize("case", golden_cases("TransformSpecs", kind="spec"))
def test_specs_of_every_kind(case):
    if "forward" not in case or not case["isFullyResolved"]:
        pytest.skip("Java can't apply it")
    if case["spec"].get("type") not in (None, "leaf", "list", "ref", "interpolated"):
        # What Java takes for a leaf the seed refuses.
        with pytest.raises(SpecError, match="type: expected one of the types"):
            load_transform_json(case["spec"])
        return
    loaded = load_transform_json(case["spec"])
    assert loaded.to_dict() == case["spec"]
    wanted, points = points_of(case["forward"]), points_of(case["points"])
    shared = [load_transform_json(spec) for spec in case.get("refs") or []]
    with np.errstate(all="ignore"):
        found = estimate_dstpts([loaded], points, shared)
        np.testing.assert_array_equal(estimate_dstpts(case["flattened"], points), found)
    # Java reads some classes as 32-bit floats, which the specs here hold with more digits.
    scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=1.0)
    np.testing.assert_allclose(found, wanted, atol=1e-6 * scale)
