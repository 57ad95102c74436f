"""Image pyramids: levels in numeric order, mipmaps that keep their members."""

from __future__ import annotations

import pickle
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io.errors import RenderError, SpecError
from render_io.image_pyramid import ImagePyramid, MipMap, MipMapLevel, TransformedDict
from tests.render_io.documents import values


def level(number, *urls):
    with pytest.warns(DeprecationWarning, match="MipMapLevel is deprecated"):
        return MipMapLevel(number, *urls)


def test_T47_levels_are_in_numeric_order():
    pyramid = ImagePyramid({key: MipMap(str(key)) for key in (10, 2, "0", 11, 1)})
    assert list(pyramid) == list(pyramid.levels) == list(pyramid.to_dict()) == ["0", "1", "2", "10", "11"]
    assert [mipmap.imageUrl for mipmap in pyramid.values()] == ["0", "1", "2", "10", "11"]


def test_keys_are_whole_numbers_in_any_spelling():
    pyramid = ImagePyramid()
    pyramid[3] = MipMap("a")
    for key in (3, "3", "+3", "003", 3.0):
        assert key in pyramid
        assert pyramid[key] is pyramid.get(key) is pyramid["3"]
    for key in (1.7, None, "x", "", "1_0", " 3", [], -1, "-1", float("nan")):
        assert key not in pyramid
        assert pyramid.get(key) is None
        assert pyramid.get(key, 5) == 5
        with pytest.raises(RenderError, match="mipmap level"):
            pyramid[key] = MipMap("b")
        with pytest.raises(RenderError, match="mipmap level"):
            pyramid[key]
    with pytest.raises(KeyError):
        pyramid[4]
    del pyramid[3.0]
    assert len(pyramid) == 0


@given(
    st.dictionaries(
        st.integers(-3, 200).map(str) | st.sampled_from(["004", "+7", "x", ""]),
        st.none() | st.dictionaries(st.sampled_from(["imageUrl", "maskUrl", "imageLoaderType"]) | st.text(), values),
    )
)
def test_any_levels_come_back_whole(document):
    pyramid = ImagePyramid.from_dict(document)
    assert pyramid.to_dict() == document
    assert pyramid.copy().to_dict() == pickle.loads(pickle.dumps(pyramid)).to_dict() == document
    numbered = [int(key) for key in pyramid]
    assert numbered == sorted(numbered)


def test_a_level_that_is_no_object_is_told():
    with pytest.raises(SpecError, match="3: expected an object, got str"):
        ImagePyramid.from_dict({"3": "file.png"})


def test_T53_mipmaps_compare_with_anything_and_can_be_keys():
    assert MipMap("a") != None  # noqa: E711
    assert MipMap("a") != "a"
    assert MipMap("a", "m") == MipMap("a", "m") != MipMap("a")
    assert MipMap("a") == {"imageUrl": "a"}
    assert len({MipMap("a"), MipMap("a"), MipMap("b")}) == 2


def test_D27_mipmaps_are_equal_only_when_every_member_is():
    one = MipMap.from_json({"imageUrl": "a", "imageSliceNumber": 1})
    assert one == MipMap.from_json({"imageUrl": "a", "imageSliceNumber": 1})
    assert one != MipMap.from_json({"imageUrl": "a", "imageSliceNumber": 2})
    assert one != MipMap("a")


def test_mipmaps_have_items_and_keep_further_members():
    mipmap = MipMap.from_json({"imageLoaderType": "H5_SLICE", "imageUrl": "a", "imageSliceNumber": 3})
    assert (mipmap["imageUrl"], mipmap["maskUrl"], mipmap["imageSliceNumber"]) == ("a", None, 3)
    mipmap["maskUrl"] = "m"
    mipmap["imageUrl"] = None
    assert dict(mipmap) == mipmap.to_dict() == {"imageLoaderType": "H5_SLICE", "imageSliceNumber": 3, "maskUrl": "m"}
    with pytest.raises(KeyError):
        mipmap["other"]


def test_T48_the_pyramid_of_renderapi_1():
    zero, two = level(0, "zero", "mask"), level(2, "two")
    pyramid = ImagePyramid(mipMapLevels=[two])
    with pytest.warns(DeprecationWarning, match="append"):
        pyramid.append(zero)
    with pytest.warns(DeprecationWarning, match="update"):
        pyramid.update(level(2, "second"))
    pyramid.update({"10": MipMap("ten")})
    with pytest.warns(DeprecationWarning, match="to_ordered_dict"):
        ordered = pyramid.to_ordered_dict()
    assert ordered == OrderedDict(
        [(0, {"imageUrl": "zero", "maskUrl": "mask"}), (2, {"imageUrl": "second"}), (10, {"imageUrl": "ten"})]
    )
    with pytest.warns(DeprecationWarning, match="to_ordered_dict"):
        assert list(pyramid.to_ordered_dict(key=lambda pair: -pair[0])) == [10, 2, 0]
    with pytest.warns(DeprecationWarning, match="mipMapLevels"):
        levels = pyramid.mipMapLevels
    assert [(item.level, item.imageUrl) for item in levels] == [(0, "zero"), (2, "second"), (10, "ten")]
    assert dict(pyramid.get(0)) == {"imageUrl": "zero", "maskUrl": "mask"}


def test_T48_mipmap_levels():
    one = level(1, "a")
    one.maskUrl = "m"
    one.imageUrl = "b"
    assert one.to_dict() == dict(one) == {"imageUrl": "b", "maskUrl": "m"}
    assert one["maskUrl"] == one.maskUrl == one.mipmap.maskUrl == "m"
    assert one == level(1, "b", "m") != level(2, "b", "m")
    assert one != None  # noqa: E711
    assert len({one, level(1, "b", "m")}) == 1


def test_a_transformed_dict_changes_its_keys():
    class Folded(TransformedDict):
        def __keytransform__(self, key):
            return key.lower()

    folded = Folded({"A": 1}, B=2)
    assert (folded["a"], folded["B"], list(folded), len(folded)) == (1, 2, ["a", "b"], 2)
    del folded["b"]
    assert dict(TransformedDict(folded)) == {"a": 1}
