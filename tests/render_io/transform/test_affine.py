"""The affine family: the matrix is the one source of truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import transforms
from render_io.errors import ConversionError, EstimationError, RenderError
from render_io.transform import (
    AffineModel,
    RigidModel,
    SimilarityModel,
    TranslationModel,
    calc_first_order_properties,
    load_transform_json,
)
from transforms import testing

MODELS = {
    AffineModel: transforms.Affine,
    TranslationModel: transforms.Translation,
    RigidModel: transforms.Rigid,
    SimilarityModel: transforms.Similarity,
}
numbers = st.floats(-1e7, 1e7, allow_subnormal=False)
SRC = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0], [100.0, 100.0], [50.0, 20.0]])


def rotated(angle, points=SRC):
    c, s = math.cos(angle), math.sin(angle)
    return points @ np.array([[c, s], [-s, c]]) + [5, 6]


# -- Parameters --------------------------------------------------------------------------------------------------------


def test_entries_are_views_of_the_matrix():
    model = AffineModel(1, 2, 3, 4, 5, 6)
    assert (model.M00, model.M01, model.M10, model.M11, model.B0, model.B1) == (1, 2, 3, 4, 5, 6)
    np.testing.assert_array_equal(model.M, [[1, 2, 5], [3, 4, 6], [0, 0, 1]])
    model.M[0, 2] += 5
    assert model.B0 == 10
    assert model.translation == (10, 6)
    assert model.dataString == "1.0 3.0 2.0 4.0 10.0 6.0"
    np.testing.assert_array_equal(model.tform([[1, 1]]), [[13, 13]])
    model.M11 = 7
    assert model.M[1, 1] == 7
    model.load_M()
    assert model.M11 == 7


def test_the_transform_is_made_anew_only_when_bits_change():
    model = AffineModel()
    first = model.transform
    model.M[0, 0] = 1.0
    assert model.transform is first
    model.M[0, 1] = -0.0
    assert model.transform is not first
    assert model.transform == transforms.Affine([[1, -0.0, 0], [0, 1, 0]])
    with pytest.raises(ValueError, match="read-only"):
        model.transform.params[0, 0] = 2


def test_a_matrix_that_is_set_is_copied():
    given_matrix = np.eye(3, dtype=int)
    model = AffineModel()
    model.M = given_matrix
    given_matrix[0, 0] = 5
    model.M[0, 1] = 0.5
    assert model.M.tolist() == [[1, 0.5, 0], [0, 1, 0], [0, 0, 1]]
    model.M = [[1, 2, 3], [4, 5, 6]]
    assert model.M.tolist() == [[1, 2, 3], [4, 5, 6], [0, 0, 1]]


@pytest.mark.parametrize("matrix", [np.eye(4), [[1, 2], [3, 4]], np.diag([1, 1, 2])])
def test_matrices_that_are_no_affine_map_are_refused_when_used(matrix):
    model = AffineModel()
    model.M = matrix
    assert "ConversionError" not in repr(model)
    with pytest.raises(ConversionError, match="matrix"):
        model.tform(SRC)


@pytest.mark.parametrize("value", [None, "1", [1.0]])
def test_parameters_that_are_no_numbers_are_refused(value):
    with pytest.raises(ConversionError, match="expected M"):
        AffineModel(value)


@given(st.lists(numbers, min_size=6, max_size=6), st.integers(0, 1), st.integers(0, 2), numbers)
def test_a_matrix_written_in_place_round_trips(entries, row, column, value):
    model = load_transform_json(AffineModel(*entries).to_dict())
    model.M[row, column] = value
    again = load_transform_json(model.to_dict())
    assert again == model
    np.testing.assert_array_equal(again.M, model.M)


@pytest.mark.parametrize("kind", MODELS)
@given(data=st.data())
def test_every_model_round_trips(kind, data):
    maths = data.draw(testing.transforms_of(MODELS[kind]))
    model = kind()
    model.M = maths.matrix
    again = load_transform_json(model.to_dict())
    assert type(again) is kind
    assert again.className == kind.className == model.className
    np.testing.assert_allclose(again.M, model.M, rtol=4e-15, atol=4e-15)
    third = load_transform_json(again.to_dict())
    np.testing.assert_array_equal(third.M, again.M)


def test_a_matrix_that_outgrows_its_class_is_written_as_affine():
    model = RigidModel(json={"className": RigidModel.className, "dataString": "0.1 10 20"})
    assert type(model.transform) is transforms.Rigid
    model.M[0, 0] = 2
    assert model.className == AffineModel.className
    assert model.transform == transforms.Affine(model.M)
    assert type(load_transform_json(model.to_dict())) is AffineModel
    model.M = np.eye(3)
    assert model.className == RigidModel.className
    assert TranslationModel(M00=2).className == AffineModel.className
    assert SimilarityModel(M00=2, M11=2).className == SimilarityModel.className
    assert RigidModel(M00=2, M11=2).className == AffineModel.className
    assert RigidModel(M00=1, M11=-1).className == AffineModel.className


def test_equality_is_by_class_and_bits():
    assert AffineModel() == AffineModel(transformId="a", labels=["l"])
    assert AffineModel(B0=1e-300) != AffineModel()
    assert AffineModel() != AffineModel(M01=-0.0)
    assert AffineModel() != "M=[[1.0,0.0],[0.0,1.0]] B=[0.0,0.0]"
    assert len({AffineModel(), AffineModel(), TranslationModel()}) == 2


# -- Maps --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("points", [[[1, 2], [3, 4]], np.array([[1, 2], [3, 4]], np.uint8), ((1.0, 2), (3, 4))])
def test_points_of_any_type_are_taken(points):
    model = AffineModel(1.5, 0, 0, 1, 0.25, 300)
    np.testing.assert_array_equal(model.tform(points), [[1.75, 302], [4.75, 304]])
    np.testing.assert_allclose(model.inverse_tform(model.tform(points)), [[1, 2], [3, 4]])


def test_no_points_are_fine_and_other_shapes_are_not():
    assert AffineModel().tform([]).shape == AffineModel().inverse_tform(np.empty((0, 2))).shape == (0, 2)
    for points in ([1, 2], np.zeros((3, 3)), [["a", "b"]]):
        with pytest.raises(ConversionError, match="x first") as caught:
            AffineModel().tform(points)
        assert isinstance(caught.value, (transforms.PointsError, RenderError))


def test_point_vectors():
    vectors, dimensions = AffineModel.convert_to_point_vector([[1, 2]])
    assert (vectors.tolist(), dimensions) == ([[1, 2, 1]], 2)
    assert AffineModel.convert_points_vector_to_array(np.array([[2, 4, 2]]), 2).tolist() == [[1, 2]]
    with pytest.raises(ConversionError, match="points"):
        AffineModel.convert_to_point_vector(np.zeros((2, 3)))
    with pytest.raises(ConversionError, match="points"):
        AffineModel.convert_points_vector_to_array([[1, 2]])


@given(testing.affines(), testing.affines(), testing.point_sets(1, farthest=1e4))
def test_concatenate_applies_the_argument_first(first, second, points):
    a, b = AffineModel(), AffineModel()
    a.M, b.M = first.matrix, second.matrix
    np.testing.assert_array_equal(a.concatenate(b).M, a.M @ b.M)
    testing.assert_points_close(a.concatenate(b).tform(points), a.tform(b.tform(points)), 1e-9)


@given(testing.affines(), testing.point_sets(1, farthest=1e4))
def test_invert_is_the_inverse(maths, points):
    model = AffineModel()
    model.M = maths.matrix
    np.testing.assert_array_equal(model.invert().tform(points), model.inverse_tform(points))
    testing.assert_points_close(model.inverse_tform(model.tform(points)), points, 1e-6)


# -- Fits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MODELS)
def test_estimate_is_the_fit_of_the_maths(kind):
    dst = rotated(0.1) * 1.01 + np.random.default_rng(0).normal(0, 1, SRC.shape)
    model = kind(transformId="i", labels=["l"])
    returned = model.estimate(SRC, dst)
    assert returned is model.M
    assert returned.shape == (3, 3)
    # The angle of a rotation goes through its matrix, which costs it a rounding.
    np.testing.assert_allclose(model.M, MODELS[kind].from_estimate(SRC, dst).matrix, rtol=4e-15)
    assert type(model.transform) is MODELS[kind]
    assert model.className == kind.className
    assert (model.transformId, model.labels) == ("i", ["l"])
    assert kind().estimate(SRC, dst, return_params=False) is None
    weights = [1, 2, 3, 4, 0]
    model.estimate(SRC, dst, weights=weights)
    np.testing.assert_allclose(model.M, MODELS[kind].from_estimate(SRC, dst, weights).matrix, rtol=4e-15)


@pytest.mark.parametrize("kind", MODELS)
@given(testing.point_sets(4, farthest=1e5), st.integers(0, 2**32 - 1))
def test_estimate_after_estimate_and_round_trip(kind, src, seed):
    dst = src + np.random.default_rng(seed).normal(0, 5, src.shape)
    model = kind()
    model.estimate(src, dst)
    first = model.M.copy()
    model.estimate(src, dst + 1)
    model.estimate(src, dst)
    np.testing.assert_array_equal(model.M, first)
    again = load_transform_json(model.to_dict())
    assert again == model
    np.testing.assert_array_equal(again.M, first)


def test_fit_returns_what_the_seed_returns():
    dst = SRC @ np.array([[1.5, 0.25], [0.5, 2.0]]) + [3, 4]
    vector = AffineModel.fit(SRC, dst)
    assert vector.shape == (6, 1)
    np.testing.assert_allclose(vector.ravel(), [1.5, 0.5, 0.25, 2.0, 3, 4], atol=1e-12)
    for kind in (TranslationModel, RigidModel, SimilarityModel):
        assert kind.fit(SRC, dst).shape == (3, 3)
    np.testing.assert_array_equal(RigidModel.fit(SRC, dst, rigid=False), SimilarityModel.fit(SRC, dst))
    np.testing.assert_array_equal(SimilarityModel.fit(SRC, dst, rigid=True), RigidModel.fit(SRC, dst))
    with pytest.raises(TypeError, match="unexpected keyword argument 'wieghts'"):
        RigidModel.fit(SRC, dst, wieghts=None)


@pytest.mark.parametrize("count", [3, 5])
def test_fit_returns_all_that_lstsq_returns(count):
    src = SRC[[0, 1, 4, 2, 3]][:count]
    dst = rotated(0.3, src) + np.random.default_rng(1).normal(0, 1, src.shape)
    system = np.zeros((2 * count, 6))
    system[::2, [0, 1, 4]] = system[1::2, [2, 3, 5]] = np.column_stack([src, np.ones(count)])
    found = AffineModel.fit(src, dst, return_all=True)
    for ours, theirs in zip(found, np.linalg.lstsq(system, dst.reshape(-1, 1), rcond=None), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
        assert np.shape(ours) == np.shape(theirs)
    model = AffineModel()
    np.testing.assert_array_equal(model.estimate(src, dst, return_all=True), model.M)


@pytest.mark.parametrize("kind", MODELS)
def test_points_that_can_not_be_fitted_leave_the_object_as_it_was(kind):
    model = kind(B0=7)
    for src, dst in ((SRC, SRC[:3]), (np.zeros((0, 2)), np.zeros((0, 2))), (SRC * np.nan, SRC), (SRC[:, :1], SRC)):
        with pytest.raises(EstimationError) as caught:
            model.estimate(src, dst)
        assert isinstance(caught.value, RenderError)
        assert isinstance(caught.value, transforms.EstimationError)
    assert model.M.tolist() == [[1, 0, 7], [0, 1, 0], [0, 0, 1]]


# -- Properties of the map ---------------------------------------------------------------------------------------------


@given(testing.affines(), st.sampled_from("xy"))
def test_properties_put_the_matrix_together_again(maths, force_shear):
    linear = maths.params[:, :2]
    sx, sy, cx, cy, theta = calc_first_order_properties(linear, force_shear)
    assert (cy if force_shear == "x" else cx) == 0
    c, s = math.cos(theta), math.sin(theta)
    rotation = np.array([[c, -s], [s, c]])
    whole = np.diag([sx, sy]) @ np.array([[1, cx], [cy, 1]]) @ rotation
    np.testing.assert_allclose(whole, linear, atol=1e-13 * np.abs(linear).max())
    assert (sx * sy < 0) == (np.linalg.det(linear) < 0)
    model = AffineModel(*linear.ravel()[[0, 1, 2, 3]], force_shear=force_shear)
    assert model.calc_properties() == (sx, sy, cx, cy, theta)
    assert (model.scale, model.shear, model.rotation) == ((sx, sy), cx + cy, theta)


def test_properties_of_an_axis_that_is_named_at_the_call():
    model = AffineModel(1, 0.5, 0, 2)
    assert model.calc_properties() == (1, 2, 0.5, 0, 0)
    assert model.calc_properties("y")[2] == 0
    assert model.calc_properties(force_shear="y") == AffineModel(1, 0.5, 0, 2, force_shear="y").calc_properties()


# -- Subclasses of other projects --------------------------------------------------------------------------------------


class Solved(AffineModel):
    """As a montage solver has it: made from any affine transform, written into by the solution."""

    def __init__(self, transform=None):
        super().__init__(json=None if transform is None else transform.to_dict())
        self.rows = 3

    def from_solution(self, values):
        self.M[0, :], self.M[1, :] = values[:3], values[3:]


@pytest.mark.parametrize("kind", MODELS)
def test_a_subclass_takes_any_of_the_family(kind):
    source = kind(B0=5, transformId="i")
    solved = Solved(source)
    np.testing.assert_array_equal(solved.M, source.M)
    assert solved.to_dict() == source.to_dict()
    assert solved == source
    solved.from_solution([1, 2, 3, 4, 5, 6])
    assert solved.to_dict() == {**AffineModel(1, 2, 4, 5, 3, 6, transformId="i").to_dict()}
    assert load_transform_json(solved.to_dict()).M.tolist() == [[1, 2, 3], [4, 5, 6], [0, 0, 1]]


def test_overridden_methods_are_used():
    class Halved(AffineModel):
        @staticmethod
        def fit(A, B):
            return AffineModel.fit(A, np.asarray(B) / 2)

    class Described(AffineModel):
        def _process_dataString(self, datastring):
            self.M00, self.B0 = map(float, datastring.split())

    model = Halved()
    model.estimate(SRC, SRC)
    np.testing.assert_allclose(model.M, np.diag([0.5, 0.5, 1]), atol=1e-15)
    described = Described(json={"className": "my.Model", "dataString": "2 3"})
    assert described.M.tolist() == [[2, 0, 3], [0, 1, 0], [0, 0, 1]]
    assert described.className == "my.Model"


def test_a_subclass_may_name_its_class_in_a_text():
    class Named(AffineModel):
        className = "mpicbg.trakem2.transform.AffineModel2D"

    class Own(AffineModel):
        className = "my.Affine"

    assert Named.className == Named().className == AffineModel.className
    assert Named(json=RigidModel(B0=5).to_dict()).M.tolist() == RigidModel(B0=5).M.tolist()
    assert Own(B0=5).to_dict() == {**AffineModel(B0=5).to_dict(), "className": "my.Affine"}
    assert Own(json=Own(B0=5).to_dict()) == Own(B0=5)


def test_a_subclass_that_never_calls_our_constructor_is_the_identity():
    class Bare(AffineModel):
        def __init__(self):
            self.M00 = 3

    assert Bare().tform([[1, 1]]).tolist() == [[3, 1]]
    assert Bare().to_dict() == AffineModel(3).to_dict()
