"""Many texts at once: the same bits as one by one, and errors that name the index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from render_io import codecs
from render_io.codecs import names
from render_io.errors import ConversionError, SpecError

COUNTS = {names.AFFINE: 6, names.TRANSLATION: 2, names.RIGID: 3, names.SIMILARITY: 4, names.HOMOGRAPHY: 9}
# As programs write numbers, and as they do not: JSON's integer -0 loses its sign, and "1." is no JSON.
TOKENS = st.one_of(
    st.floats().map(codecs.format_double),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(["-0", "-0.0", "0", "-0e5", "1.", ".5", "+1", "007", "1d", "0x1p3", "1e400", "1e-400", "1E5"]),
    st.floats(-1e6, 1e6, width=32).map(lambda v: repr(float(v) * (1 + 2**-24))),
)


def rows(count):
    return st.lists(st.lists(TOKENS, min_size=count, max_size=count).map(" ".join), max_size=5)


def single_params(transform):
    matrix = transform.matrix
    return matrix if type(transform).__name__ == "Homography" else matrix[:2]


def same_bits(first, second):
    first, second = np.asarray(first), np.asarray(second)
    return (
        first.shape == second.shape
        and ((first.view(np.int64) == second.view(np.int64)) | (np.isnan(first) & np.isnan(second))).all()
    )


@pytest.mark.parametrize("name", COUNTS)
@given(data=st.data(), java_precision=st.booleans())
def test_equal_to_one_by_one(name, data, java_precision):
    texts = data.draw(rows(COUNTS[name]))
    many = codecs.decode_many(name, texts, java_precision=java_precision)
    assert many.dtype == np.float64
    assert many.flags.c_contiguous
    assert many.shape[1:] == ((3, 3) if name == names.HOMOGRAPHY else (2, 3))
    for text, params in zip(texts, many, strict=True):
        assert same_bits(params, single_params(codecs.decode(name, text, java_precision=java_precision)))


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (0, "1,0 0 1 5 6 7"),
        (1, "1 0 0 1 5"),
        (2, "1 0 0 1 5 6 7"),
        (1, "1,0,0,1,5,6"),
        (0, "null true 0 1 5 6"),
        (0, '"1" 0 0 1 5 6'),
        (1, "[1] 0 0 1 5 6"),
        (1, "1 0 0 1 5 nan"),
        (1, "1 0 0 1 5 1_0"),
        (2, " 1 0 0 1 5"),
        (2, "1 0 0 1 5 \ud800"),
        (1, ""),
    ],
)
def test_errors_name_the_index(index, text):
    texts = ["1 0 0 1 5 6"] * 3
    texts[index] = text
    with pytest.raises(SpecError) as caught:
        codecs.decode_many(names.AFFINE, texts)
    assert caught.value.path == f"[{index}]"


def test_a_missing_number_here_and_a_surplus_one_there_do_not_cancel():
    with pytest.raises(SpecError) as caught:
        codecs.decode_many(names.AFFINE, ["1 0 0 1 5", "6 1 0 0 1 5 6"])
    assert caught.value.path == "[0]"


@given(st.lists(st.lists(st.floats(), min_size=6, max_size=6), max_size=4))
@example([[1e-3, 9.999e-4, 1e7, 9999999.0, -0.0, 5e-324]])
@example([[np.nan, np.inf, -np.inf, 1e22, 1e-5, 1e16]])
def test_written_as_one_by_one(values):
    params = np.array(values).reshape(-1, 2, 3)
    texts = codecs.encode_many(names.AFFINE, params)
    assert same_bits(codecs.decode_many(names.AFFINE, texts), params)
    from transforms import Affine

    assert texts == [codecs.encode(Affine(matrix), names.AFFINE)[1] for matrix in params]


def test_homographies_are_written_as_one_by_one():
    from transforms import Homography

    params = np.random.default_rng(1).normal(size=(3, 3, 3)) * 10.0 ** np.arange(-6, 3).reshape(3, 3)
    assert codecs.encode_many(names.HOMOGRAPHY, params) == [codecs.encode(Homography(m))[1] for m in params]
    assert same_bits(codecs.decode_many(names.HOMOGRAPHY, codecs.encode_many(names.HOMOGRAPHY, params)), params)


@given(st.data(), st.integers(0, 4))
def test_polynomials_of_one_order(data, order):
    width = (order + 1) * (order + 2) // 2
    texts = data.draw(rows(2 * width))
    many = codecs.decode_many(names.POLYNOMIAL, texts)
    if texts:
        assert many.shape == (len(texts), 2, width)
    for text, params in zip(texts, many, strict=True):
        assert same_bits(params, codecs.decode(names.POLYNOMIAL, text).coefficients)
    assert same_bits(codecs.decode_many(names.POLYNOMIAL, codecs.encode_many(names.POLYNOMIAL, many)), many)


def test_polynomials_of_several_orders_are_no_array():
    with pytest.raises(SpecError) as caught:
        codecs.decode_many(names.POLYNOMIAL, ["1 2 3 4 5 6", "1 2"])
    assert caught.value.path == "[1]"
    with pytest.raises(SpecError) as caught:
        codecs.decode_many(names.POLYNOMIAL, ["1 2 3 4 5 6 7 8"])
    assert caught.value.path == "[0]"


def test_other_classes_are_refused():
    with pytest.raises(ConversionError, match=names.LENS):
        codecs.decode_many(names.LENS, [])
    for name, shape in ((names.RIGID, (1, 2, 3)), (names.AFFINE, (2, 3)), (names.POLYNOMIAL, (1, 2, 4))):
        with pytest.raises(ConversionError, match="expected"):
            codecs.encode_many(name, np.zeros(shape))
