"""Classes that renderapi does not have: every map of the plane of the Java side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import transforms
from render_io import codecs, transform
from render_io.errors import ConversionError, EstimationError, SpecError
from render_io.transform import load_transform_json
from transforms import testing

CLASSES = {
    transform.HomographyModel: transforms.Homography,
    transform.MovingLeastSquaresTransform: transforms.MovingLeastSquares,
    transform.MovingLeastSquaresTransform2: transforms.MovingLeastSquares,
    transform.CubicBSplineTransform: transforms.CubicBSpline,
    transform.AffineWarpFieldTransform: transforms.AffineWarpField,
    transform.SEMDistortionTransformA: transforms.SEMDistortion,
    transform.ExponentialFunctionOffsetTransform: transforms.ExponentialFunctionOffset,
    transform.ExponentialRecoveryOffsetTransform: transforms.ExponentialRecoveryOffset,
}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_every_class_maps_and_comes_back(kind, data):
    maths = data.draw(testing.transforms_of(CLASSES[kind]))
    made = kind(transform=maths, transformId="i", labels=["l"])
    assert made.transform == maths
    assert made.className == kind.className
    assert (made.transformId, made.labels) == ("i", ["l"])
    again = load_transform_json(made.to_dict())
    assert type(again) is kind
    assert again == made == kind(made.dataString)
    assert again.transform == maths
    points = np.random.default_rng(0).uniform(200, 1800, (5, 2))
    np.testing.assert_array_equal(again.tform(points), maths.apply(points))
    if maths.__class__ is not transforms.AffineWarpField or maths.interpolation == "linear":
        testing.assert_points_close(again.inverse_tform(again.tform(points)), points, 1e-6)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@settings(max_examples=5)
@given(data=st.data())
def test_parameters_may_be_written(kind, data):
    maths = data.draw(testing.transforms_of(CLASSES[kind]))
    made = kind(transform=maths)
    name = {"M": "M", "src": "dst"}.get(made._fields[0], made._fields[0])
    value = getattr(made, name)
    if isinstance(value, np.ndarray):
        value.ravel()[-1:] = 0.5
    else:
        setattr(made, name, np.float64(value + 0.5))
    again = load_transform_json(made.to_dict())
    assert again == made
    np.testing.assert_array_equal(getattr(again, name), getattr(made, name))


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind is not transform.HomographyModel])
def test_made_of_nothing_they_are_refused(kind):
    with pytest.raises(SpecError, match=r"expected json, dataString or transform .*, got nothing"):
        kind()
    with pytest.raises(SpecError, match="got Rigid"):
        kind(transform=transforms.Rigid(0, [1, 2]))


def test_a_homography_is_the_identity_until_it_is_fitted():
    model = transform.HomographyModel()
    assert model.tform([[1, 2]]).tolist() == [[1, 2]]
    src = np.array([[0, 0], [100, 0], [0, 100], [100, 100], [50, 30]])
    wanted = transforms.Homography([[1, 0.1, 5], [0.2, 1, 6], [1e-4, 2e-4, 1]])
    assert model.estimate(src, wanted.apply(src)) is model.M
    testing.assert_points_close(model.tform(src), wanted.apply(src), 1e-9)
    assert model.estimate(src, src, return_params=False, weights=np.ones(5)) is None
    with pytest.raises(EstimationError, match="at least"):
        model.estimate(src[:2], src[:2])
    model.M = np.ones((2, 2))
    with pytest.raises(ConversionError, match="matrix"):
        model.tform(src)


def test_moving_least_squares_take_their_control_points():
    src = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
    model = transform.MovingLeastSquaresTransform(dataString="translation 2 1 0 0 1 1 1")
    assert model.tform([[5, 5]]).tolist() == [[6, 6]]
    model.estimate(src, src + 3, model=transforms.Rigid, alpha=0.5)
    assert model.transform == transforms.MovingLeastSquares.from_estimate(
        src, src + 3, model=transforms.Rigid, alpha=0.5
    )
    with pytest.raises(EstimationError, match="at least"):
        model.estimate(src[:2], src[:2])


def test_a_generic_leaf_of_a_known_class_maps_too():
    generic = transform.Transform("mpicbg.trakem2.transform.TranslationModel2D", "1 2")
    assert generic.tform([[1, 1]]).tolist() == [[2, 3]]
    assert generic.transform == codecs.decode(generic.className, generic.dataString)
    generic.dataString = "1 2 3"
    with pytest.raises(SpecError, match="two numbers"):
        generic.tform([[1, 1]])
    assert str(generic) == "className:mpicbg.trakem2.transform.TranslationModel2D\ndataString:1 2 3"
    assert generic == transform.Transform(generic.className, "1 2 3", labels=["l"])
    assert "labels=['l']" in repr(transform.Transform("a.B", "1" * 100, labels=["l"]))
