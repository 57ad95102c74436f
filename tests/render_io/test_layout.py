"""Layouts and channels: views of their JSON objects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io.channel import Channel
from render_io.errors import SpecError
from render_io.image_pyramid import ImagePyramid, MipMap
from render_io.layout import Layout
from tests.render_io.documents import exactly, levels, numbers, values


@given(st.dictionaries(st.sampled_from(["sectionId", "temca", "camera", "stageX", "pixelsize"]) | st.text(), values))
def test_any_layout_comes_back(document):
    layout = Layout()
    layout.from_dict(document)
    assert exactly(layout.to_dict()) == exactly(document)
    assert layout.scopeId == document.get("temca")


def test_keywords_become_members():
    layout = Layout("s", "t", "c", 1, 2, 3.0, 4.0, 5.0, 6.0, distanceZ=7.0)
    assert layout.to_dict() == {
        "sectionId": "s", "temca": "t", "camera": "c", "imageRow": 1, "imageCol": 2, "stageX": 3.0, "stageY": 4.0,
        "rotation": 5.0, "pixelsize": 6.0, "distanceZ": 7.0,
    }  # fmt: skip


def test_pixel_size_is_filled_in_only_for_layouts_made_by_keywords():
    assert Layout().to_dict() == {"pixelsize": 0.1}
    assert Layout(force_pixelsize=False).to_dict() == {}
    layout = Layout()
    layout.from_dict(None)
    assert layout.pixelsize == 0.1
    layout.from_dict({})
    assert layout.to_dict() == {}
    with pytest.raises(SpecError, match="Layout: expected an object"):
        layout.from_dict([])


def test_T62_unknown_keywords_of_a_layout_are_refused():
    with pytest.raises(TypeError, match="'sectionID'; did you mean 'sectionId'"):
        Layout(sectionID="1")


channels = st.fixed_dictionaries(
    {}, optional={"name": st.text(), "minIntensity": numbers, "mipmapLevels": levels, "mipmapPathBuilder": values}
)


@given(channels)
def test_T54_any_channel_comes_back(document):
    channel = Channel(json=document)
    assert exactly(channel.to_dict()) == exactly(document)
    assert channel.ip is channel.ip
    assert exactly(channel.to_dict()) == exactly(document)
    assert channel.maxIntensity is None


def test_T54_channels_without_intensities_or_images():
    assert Channel("c").to_dict() == {"name": "c"}
    assert Channel("c", 2, 1, ImagePyramid()).to_dict() == {
        "name": "c", "minIntensity": 1, "maxIntensity": 2, "mipmapLevels": {},
    }  # fmt: skip
    channel = Channel()
    channel.from_dict(Channel("c", ip=ImagePyramid({0: MipMap("u")})).to_dict())
    assert channel.ip[0].imageUrl == "u"


def test_T55_a_channel_copies_the_pyramid_given():
    pyramid = ImagePyramid({0: MipMap("u")})
    channel = Channel("c", ip=pyramid)
    channel.ip[0].imageUrl = "v"
    channel.ip[1] = MipMap("w")
    assert pyramid.to_dict() == {"0": {"imageUrl": "u"}}
    assert channel.to_dict()["mipmapLevels"] == {"0": {"imageUrl": "v"}, "1": {"imageUrl": "w"}}
