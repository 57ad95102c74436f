"""Fits against mpicbg's own, and the products of affine models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import transforms
from tests.golden_vectors import assert_agrees, points_of, tolerance_of
from tests.shared import golden_cases
from transforms import Affine, Homography, Rigid, Similarity, Translation

MODELS: dict[str, type[Any]] = {
    "translation": Translation,
    "rigid": Rigid,
    "similarity": Similarity,
    "affine": Affine,
    "homography": Homography,
}
REFUSALS = {
    "mpicbg.models.NotEnoughDataPointsException": transforms.NotEnoughPointsError,
    "mpicbg.models.IllDefinedDataPointsException": transforms.IllDefinedPointsError,
}


def fit_input(case: dict[str, Any]) -> tuple[Any, Any, Any]:
    p, q = points_of(case["p"]), points_of(case["q"])
    w = None if case.get("w") is None else np.array([float(v) for v in case["w"]])
    if case.get("api") == "float":
        p, q = p.astype(np.float32).astype(np.float64), q.astype(np.float32).astype(np.float64)
        w = None if w is None else w.astype(np.float32).astype(np.float64)
    return p, q, w


def assert_fit(case: dict[str, Any], fitted: transforms.Transform) -> None:
    points = points_of(case["points"])
    exact = points_of(case["forward_exact"])
    scale = max(float(np.abs(exact).max()), float(np.abs(points).max()), 1.0)
    assert_agrees(fitted.apply(points), exact, np.full((len(points), 1), 1e-12 * scale))
    if "tol" in case:  # and as close to Java as Java is to the exact solution
        assert_agrees(fitted.apply(points), points_of(case["forward"]), tolerance_of(case["tol"], len(points)))


@pytest.mark.parametrize("case", golden_cases("FitAffineFamily"))
def test_affine_family(case: dict[str, Any]) -> None:
    p, q, w = fit_input(case)
    model = MODELS[case["model"]]
    rounding_decides = "ill-conditioned" in (case.get("tags") or [])
    if "exception" in case and not rounding_decides:
        with pytest.raises(REFUSALS[case["exception"]]):
            model.from_estimate(p, q, w)
    elif w is not None and (w < 0).any():  # Java goes on; a negative weight has no least squares
        with pytest.raises(transforms.PointsError) as caught:
            model.from_estimate(p, q, w)
        assert caught.value.indices == tuple(np.flatnonzero(w < 0))
    elif "forward_exact" not in case:  # degenerate: Java returns NaN or what rounding makes of it
        try:
            fitted = model.from_estimate(p, q, w)
        except transforms.IllDefinedPointsError:
            return
        assert np.isfinite(fitted.apply(p)).all()
    else:
        assert_fit(case, model.from_estimate(p, q, w))


@pytest.mark.parametrize("case", golden_cases("FitInterpolatedAffine2D"))
def test_interpolated(case: dict[str, Any]) -> None:
    p, q, w = fit_input(case)
    arguments = (MODELS[case["a"]], MODELS[case["b"]], float(case["lambda"]), p, q, w)
    if "exception" in case:
        with pytest.raises(REFUSALS[case["exception"]]):
            transforms.estimate_interpolated(*arguments)
    else:
        fitted = transforms.estimate_interpolated(*arguments)
        assert_fit(case, fitted)
        points = points_of(case["points"])
        back = points_of(case["inverse"])
        assert_agrees(fitted.apply_inverse(points), back, np.full((len(points), 1), 1e-9 * np.abs(back).max()))


@pytest.mark.parametrize("case", golden_cases("FitHomography"))
def test_homography(case: dict[str, Any]) -> None:
    """Java minimises an algebraic error on raw coordinates, without weights; ours must beat it on the residuals."""
    p, q, w = fit_input(case)
    if "exception" in case or "ill-conditioned" in (case.get("tags") or []):
        refusal = REFUSALS.get(case.get("exception", ""), transforms.IllDefinedPointsError)
        try:
            fitted = Homography.from_estimate(p, q)
        except refusal:
            return
        assert "exception" not in case
        assert np.isfinite(fitted.apply(p)).all()
        return
    ours = Homography.from_estimate(p, q)
    java = Homography(np.array([float(v) for v in case["dataString"].split()]).reshape(3, 3))
    scale = max(1.0, float(np.abs(q).max()))
    theirs = float(np.sum(java.residuals(p, q) ** 2))
    assert float(np.sum(ours.residuals(p, q) ** 2)) <= theirs + (1e-9 * scale) ** 2
    if "noise 0," in case["desc"] or len(p) == 4:
        points = points_of(case["points"])
        near = np.abs(points).max(axis=1) <= 10 * np.abs(p).max()
        assert_agrees(ours.apply(points)[near], java.apply(points)[near], np.full((near.sum(), 1), 1e-6 * scale))
    if w is not None:
        weighted = Homography.from_estimate(p, q, w)
        assert np.sum(w * weighted.residuals(p, q) ** 2) <= np.sum(w * ours.residuals(p, q) ** 2) + 1e-9


def row_major(text: str) -> Affine:
    m00, m10, m01, m11, m02, m12 = (float(v) for v in text.split())
    return Affine([[m00, m01, m02], [m10, m11, m12]])


@pytest.mark.parametrize("case", golden_cases("AffineOps"))
def test_affine_operations(case: dict[str, Any]) -> None:
    a, b = row_major(case["a"]), row_major(case["b"])
    inverse = row_major(case["a_createInverse"])
    for ours, theirs in (
        ((b | a).simplify()[0], row_major(case["a_concatenate_b"])),
        ((a | b).simplify()[0], row_major(case["a_preConcatenate_b"])),
        (a.inverse(), inverse),
    ):
        for row, wanted in zip(ours.matrix, theirs.matrix, strict=True):
            np.testing.assert_allclose(row, wanted, rtol=0, atol=1e-12 * np.abs(wanted).max())
    (x0, y0), (x1, y1) = case["min"], case["max"]
    corners = a.apply([[x0, y0], [x1, y0], [x0, y1], [x1, y1]])
    box = [*corners.min(axis=0), *corners.max(axis=0)]
    np.testing.assert_allclose(box, case["a_estimateBounds_minx_miny_maxx_maxy"], rtol=1e-12)
