"""Whatever is written reads back to an equal object, over all magnitudes, for every class; regressions by number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from render_io import codecs
from render_io.codecs import names
from render_io.codecs.opaque import OpaqueTransform
from render_io.errors import ConversionError, SpecError
from transforms.affine import Affine
from transforms.b_spline import CubicBSpline
from transforms.homography import Homography
from transforms.lens import LensCorrection
from transforms.linear import Rigid, Similarity, Translation
from transforms.moving_least_squares import MovingLeastSquares
from transforms.offsets import ExponentialFunctionOffset, ExponentialRecoveryOffset, SEMDistortion
from transforms.polynomial import Polynomial
from transforms.thin_plate_spline import ThinPlateSpline
from transforms.warp_field import AffineWarpField

# Java has one NaN, so only that one is drawn.
NUMBER = st.floats().filter(lambda v: not math.isnan(v)) | st.just(math.nan)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SIZE = st.integers(1, 2**31 - 1)
DIMENSION = st.sampled_from([0, 1])
POINTS = np.array([[0.0, 0.0], [1234.5, -77.25], [1e6, 2e-3]])


def block(*shape, elements=NUMBER):
    return arrays(np.float64, shape, elements=elements)


@st.composite
def lenses(draw):
    dimension = draw(st.integers(0, 5))
    length = (dimension + 1) * (dimension + 2) // 2 + draw(st.integers(0, 2))
    numbers = [draw(block(length, 2)), draw(block(length)), draw(block(length))]
    return LensCorrection(dimension, *numbers, draw(SIZE), draw(SIZE))


@st.composite
def polynomials(draw):
    order = draw(st.integers(0, 5))
    return Polynomial(draw(block(2, (order + 1) * (order + 2) // 2)))


@st.composite
def splines(draw):
    count = draw(st.integers(0, 6))
    return ThinPlateSpline(draw(block(count, 2)), draw(block(count, 2)), draw(st.none() | block(2, 3)))


@st.composite
def moving(draw):
    count = draw(st.integers(1, 6))
    model = draw(st.sampled_from([Translation, Rigid, Similarity, Affine]))
    points = [draw(block(count, 2, elements=FINITE)) for _ in range(2)]
    return MovingLeastSquares(*points, draw(block(count, elements=FINITE.map(abs))), model, draw(FINITE.map(abs)))


@st.composite
def b_splines(draw):
    side = draw(st.integers(4, 6))
    return CubicBSpline(draw(block(2, side, side)), draw(SIZE), draw(SIZE))


@st.composite
def warp_fields(draw):
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    interpolation = draw(st.sampled_from(["linear", "nearest"]))
    width, height = draw(FINITE.map(abs)), draw(FINITE.map(abs))
    return AffineWarpField(draw(block(6, rows, columns)), draw(block(2)), width, height, interpolation)


TRANSFORMS = {
    names.TRANSLATION: st.builds(Translation, block(2)),
    names.RIGID: st.builds(Rigid, NUMBER, block(2)),
    names.SIMILARITY: st.builds(Similarity.from_cos_sin, NUMBER, NUMBER, block(2)),
    names.AFFINE: st.builds(Affine, block(2, 3)),
    names.HOMOGRAPHY: st.builds(Homography, block(3, 3)),
    names.POLYNOMIAL: polynomials(),
    names.LENS: lenses(),
    names.LENS_ALIASES[0]: lenses(),
    names.LENS_ALIASES[1]: lenses(),
    names.THIN_PLATE_SPLINE: splines(),
    names.MLS: moving(),
    names.MLS2: moving(),
    names.B_SPLINE: b_splines(),
    names.WARP_FIELD: warp_fields(),
    names.SEM_DISTORTION: st.builds(SEMDistortion, NUMBER, NUMBER, NUMBER, NUMBER, DIMENSION),
    names.EXPONENTIAL_FUNCTION: st.builds(ExponentialFunctionOffset, NUMBER, NUMBER, NUMBER, DIMENSION),
    names.EXPONENTIAL_RECOVERY: st.builds(ExponentialRecoveryOffset, NUMBER, NUMBER, NUMBER, DIMENSION),
    names.AFFINE_3D: block(12).map(lambda v: OpaqueTransform(names.AFFINE_3D, " ".join(map(codecs.format_double, v)))),
    names.TRANSLATION_3D: block(3).map(
        lambda v: OpaqueTransform(names.TRANSLATION_3D, " ".join(map(codecs.format_double, v)))
    ),
}


def test_every_class_with_a_text_is_drawn():
    assert set(TRANSFORMS) | set(names.LISTS) == set(codecs.CODECS)


@pytest.mark.parametrize("name", TRANSFORMS)
@given(data=st.data())
def test_what_is_written_reads_back_equal(name, data):
    transform = data.draw(TRANSFORMS[name])
    written_name, text = codecs.encode(transform, name)
    assert written_name == name
    again = codecs.decode(name, text)
    assert again == transform
    assert codecs.encode(again, name) == (name, text)


@pytest.mark.parametrize("name", TRANSFORMS)
@given(data=st.data())
def test_the_default_class_is_read_exactly_by_java(name, data):
    transform = data.draw(TRANSFORMS[name])
    if isinstance(transform, OpaqueTransform):
        return
    again = codecs.decode(*codecs.encode(transform), java_precision=True)
    if type(again) is type(transform):
        assert again == transform
    else:
        assert isinstance(again, Affine)
        np.testing.assert_array_equal(again.matrix, transform.matrix)


def test_default_names():
    assert codecs.encode(Translation([0.5, 2.0]))[0] == names.TRANSLATION
    assert codecs.encode(Translation([0.1, 2.0]))[0] == names.AFFINE
    assert codecs.encode(Rigid(0.5, [1, 2]))[0] == names.RIGID
    assert codecs.encode(Rigid(0.1, [1, 2]))[0] == names.AFFINE
    assert codecs.encode(Similarity.from_cos_sin(0.5, 0.25, [1, 2]))[0] == names.SIMILARITY
    assert codecs.encode(Similarity(1.1, 0.1, [1, 2]))[0] == names.AFFINE
    assert codecs.encode(Rigid(0.1, [1, 2]), names.RIGID) == (names.RIGID, "0.1 1.0 2.0")


def test_what_a_class_cannot_hold_is_refused():
    with pytest.raises(ConversionError, match=r"Affine \(mpicbg\.trakem2\.transform\.AffineModel2D\), got .*Rigid"):
        codecs.encode(Affine.identity(), names.RIGID)
    with pytest.raises(ConversionError, match="not a leaf"):
        codecs.encode(Affine.identity() | Affine.identity(), names.AFFINE)
    with pytest.raises(ConversionError, match="to be kept"):
        codecs.encode(OpaqueTransform("a", "b"), names.AFFINE)
    with pytest.raises(SpecError, match="className as a text"):
        codecs.decode(None, "1")
    with pytest.raises(SpecError, match="dataString as a text"):
        codecs.decode(names.AFFINE, None)


# ------------------------------------------------------------- regressions, by the numbers of the peers' defects


def test_D01_affine_numbers_are_not_cut_at_ten_decimals():
    text = "1.000000123456789 1.23456789012E-9 -3.3E-11 0.999999987654321 123456.78901234567 0.1"
    assert codecs.encode(codecs.decode(names.AFFINE, text)) == (names.AFFINE, text)


def test_D02_rigid_and_similarity_are_read_as_rotations():
    np.testing.assert_allclose(
        codecs.decode(names.RIGID, "0.1 10 20").apply([[100.0, 200.0]]), [[89.533733, 228.984175]], atol=1e-6
    )
    np.testing.assert_allclose(
        codecs.decode(names.SIMILARITY, "0.99 0.1 10 20", java_precision=True).apply([[100.0, 200.0]]),
        [[89.000001, 228.000002]],
        atol=1e-6,
    )


@pytest.mark.parametrize(("name", "count"), [(names.TRANSLATION, 2), (names.RIGID, 3), (names.SIMILARITY, 4)])
def test_D03_each_class_writes_as_many_numbers_as_it_reads(name, count):
    text = " ".join(["0.5"] * count)
    assert codecs.encode(codecs.decode(name, text)) == (name, text)
    with pytest.raises(SpecError, match=f"6 instead of {count} fields"):
        codecs.decode(name, "1.0 0.0 0.0 1.0 5.0 6.0")


def test_D10_lens_keeps_doubles_and_width_before_height():
    text = "1 3 1103.117269905359 0.25 0.25 1.5 0.005 0.005 0.0 0.0 0.0 1.0 1.0 1.0 2560 2160 "
    lens = codecs.decode(names.LENS, text)
    assert (lens.width, lens.height) == (2560, 2160)
    assert codecs.encode(lens) == (names.LENS, text)


@pytest.mark.parametrize("name", [names.AFFINE, names.TRANSLATION, names.RIGID, names.POLYNOMIAL, names.HOMOGRAPHY])
def test_D24_whitespace(name):
    count = {names.AFFINE: 6, names.TRANSLATION: 2, names.RIGID: 3, names.POLYNOMIAL: 6, names.HOMOGRAPHY: 9}[name]
    plain = codecs.decode(name, " ".join(["1"] * count))
    assert codecs.decode(name, " \t\n".join(["1"] * count) + "  ") == plain
    with pytest.raises(SpecError):
        codecs.decode(name, " " + " ".join(["1"] * count))


def test_D24_counts_are_checked():
    for name, text in ((names.AFFINE, "1 0 0 1 5 6 7"), (names.AFFINE, "1 0 0 1 5"), (names.RIGID, "1 2")):
        with pytest.raises(SpecError, match="instead of"):
            codecs.decode(name, text)
    lens = "1 3 1 0 0 1 0 0 0 0 0 1 1 1 100 100"
    for wrong in (lens + " 7", lens.replace("1 3", "1  3"), lens.replace(" 3 ", "\t3 "), lens[:-4]):
        with pytest.raises(SpecError):
            codecs.decode(names.LENS, wrong)


def test_D24_polynomial_with_surplus_numbers():
    expected = Polynomial([[1, 2, 3], [4, 5, 6]])
    for text in ("1 2 3 4 5 6", "1 2 3 4 5 6 7", "1 2 3 4 5 6 7 8"):
        transform = codecs.decode(names.POLYNOMIAL, text)
        assert transform == expected
        np.testing.assert_array_equal(transform.apply([[1.0, 2.0]]), [[9.0, 21.0]])


def test_D25_lens_whose_length_does_not_fit():
    with pytest.raises(SpecError, match="NonLinearCoordinateTransform"):
        codecs.decode(names.LENS, "2 3 1.0 0.0 0.0 1.0 5.0 6.0 0.0 0.0 0.0 1.0 1.0 1.0 100 100")
    surplus = codecs.decode(names.LENS, "1 4 1 0 0 1 5 6 7 8 0 0 0 0 1 1 1 1 100 100")
    np.testing.assert_array_equal(surplus.apply([[2.0, 3.0]]), [[702.0, 803.0]])


def test_lens_texts_at_the_edge_of_what_java_takes():
    """One row short, the constant takes the place of the last power; a negative dimension has no features."""
    short = codecs.decode(names.LENS, "1 2 3 0.5 7 8 10 20 2 4 100 100")
    np.testing.assert_array_equal(short.apply([[12.0, 99.0]]), [[3.0 + 700.0, 0.5 + 800.0]])
    constant = codecs.decode(names.LENS, "-3 1 1.5 2.5 0 1 10 10")
    np.testing.assert_array_equal(constant.apply([[12.0, 99.0]]), [[150.0, 250.0]])
    for lens in (short, constant):
        assert codecs.decode(*codecs.encode(lens)) == lens
    for wrong in ("0 0 10 10", "1 1 3 0.5 10 2 100 100", "1 -3 1"):
        with pytest.raises(SpecError):
            codecs.decode(names.LENS, wrong)


def test_D51_thin_plate_spline_texts():
    valid = "ThinPlateSplineR2LogR 2 3 null eJxjYEAFDpEMWAFM3F7K7NFrGWddey0obbxSyyDUKBGmDiYP4wMApoMMWA=="
    head, _, _, _, data = valid.split()
    spline = codecs.decode(names.THIN_PLATE_SPLINE, valid)
    assert codecs.decode(names.THIN_PLATE_SPLINE, f"Any\t2  3 null {data} junk") == spline
    for wrong in (
        head,
        f"{head} 2 3 null",
        f"{head} 2 x null {data}",
        f"{head} 3 3 null {data}",
        f"{head} 2 -1 null {data}",
        f"{head} 2 3 NULL {data}",
        f"{head} 2 3 null AAAA",
        f"{head} 2 3 null @AAAA",
        f" {valid}",
    ):
        with pytest.raises(SpecError, match="ThinPlateSplineTransform"):
            codecs.decode(names.THIN_PLATE_SPLINE, wrong)
    assert (codecs.decode(names.THIN_PLATE_SPLINE, f"{head} 2 3 null !!!!").landmarks == 0).all()


def test_section7_4_floats_only_when_asked_for():
    text = "123456.789 654321.987"
    exact = codecs.decode(names.TRANSLATION, text)
    java = codecs.decode(names.TRANSLATION, text, java_precision=True)
    assert exact.offset.tolist() == [123456.789, 654321.987]
    assert java.offset.tolist() == [123456.7890625, 654322.0]


def test_section7_6_what_python_takes_and_java_does_not():
    for number in ("1_0", "nan", "inf", "1\u00a0", "\u0661", "1\x1c2"):
        with pytest.raises(SpecError):
            codecs.decode(names.AFFINE, f"1 0 0 1 {number} 0")
    assert codecs.decode(names.AFFINE, "1d 0 0 0x1p1 0 0") == Affine([[1, 0, 0], [0, 2, 0]])


def test_section7_14_every_lens_name_is_kept():
    for name in (names.LENS, *names.LENS_ALIASES):
        lens = codecs.decode(name, "0 1 1.5 2.5 0.0 1.0 10 10 ")
        assert codecs.encode(lens, name) == (name, "0 1 1.5 2.5 0.0 1.0 10 10 ")


def test_section7_20_blocks_are_plain_where_compression_does_not_help():
    noise = np.random.default_rng(5).normal(size=(4, 2))
    text = codecs.encode(ThinPlateSpline(noise, noise * 3.7, noise[:3].T))[1].split()
    assert text[3].startswith("@")
    assert text[4].startswith("@")
    regular = codecs.encode(ThinPlateSpline(np.zeros((4, 2)), np.zeros((4, 2))))[1].split()
    assert regular[3] == "null"
    assert not regular[4].startswith("@")
