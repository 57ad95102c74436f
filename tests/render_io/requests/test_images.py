"""Pictures: every recorded one is asked for by the function that draws it, and read into an array of its shape."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from render_io import image
from render_io.errors import RenderError, RequestError
from tests.render_io.answering import Reply
from tests.shared import conversation, conversation_names

pytestmark = pytest.mark.usefixtures("quick_retries")

FORMATS = {
    "png-image": "png",
    "jpeg-image": "jpg",
    "tiff-image": "tif",
    "tiff16-image": "tiff16",
    "png16-image": "png16",
}
OPTIONS = {"scale", "minIntensity", "maxIntensity", "binaryMask", "filter", "maxTileSpecsToRender", "channels"}


def recorded():
    """Requests for pictures that a function of the API can send, with their answers."""
    for name in conversation_names():
        for step in conversation(name)["steps"] if name.startswith("images-") else []:
            request, response = step["request"], step["response"]
            parts = request["path"].strip("/").split("/")
            options = {option for option, _ in request.get("query") or []}
            if parts[-1] in FORMATS and "base64" in response and response["base64"] and options <= OPTIONS:
                yield pytest.param(request, response, id=f"{name}-{step['id']}")


def value(text):
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def ask(request, r):
    """The call whose request this is; None when no function of the API sends it."""
    parts = request["path"].strip("/").split("/")
    options = {("channel" if n == "channels" else n): value(v) for n, v in request.get("query") or []}
    options |= {"img_format": FORMATS[parts[-1]], "render": r}
    if request["method"] == "PUT":
        if set(options) != {"img_format", "render"}:
            return None
        return image.get_renderparameters_image(request.get("json") or {}, **options)
    r.DEFAULT_OWNER, r.DEFAULT_PROJECT, name = parts[1], parts[3], parts[5]
    if parts[6] == "tile" and len(parts) == 9 and not {"binaryMask", "maxTileSpecsToRender"} & set(options):
        return image.get_tile_image_data(name, parts[7], **options)
    if parts[6] == "z" and parts[8] == "box":
        x, y, width, height, scale = parts[9].split(",")
        if "scale" not in options:
            return image.get_bb_image(
                name, float(parts[7]), float(x), float(y), int(width), int(height), float(scale), **options
            )
    if parts[6] == "z" and len(parts) == 9 and "16" not in parts[-1] and "binaryMask" not in options:
        return image.get_section_image(name, float(parts[7]), **options)
    return None


@pytest.mark.parametrize(("request_", "response"), list(recorded()))
def test_recorded_pictures_are_read(service, request_, response):
    content = base64.b64decode(response["base64"])
    service.answer = lambda asked: Reply(content, 200, {"Content-Type": response["contentType"]})
    picture = ask(request_, service.render())
    if picture is None:
        return
    parts = request_["path"].strip("/").split("/")
    assert service.last.parts[-1] == parts[-1]
    assert service.last.method == request_["method"]
    assert {name for name, _ in request_.get("query") or []} <= {name for name, _ in service.last.query}
    width, height = Image.open(io.BytesIO(content)).size
    assert picture.shape[:2] == (height, width)
    sixteen = "16" in parts[-1] and not [1 for name, _ in request_.get("query") or [] if name == "maxTileSpecsToRender"]
    assert picture.dtype == (np.uint16 if sixteen else np.uint8)
    depth = {"png-image": (4,), "tiff-image": (3,)}.get(parts[-1])
    assert depth is None or picture.shape[2:] == depth


def test_enough_pictures_are_recorded():
    assert len(list(recorded())) > 60


def test_an_answer_that_is_no_picture(service):
    service.always("<html>not a picture</html>")
    with pytest.raises(RenderError, match="is not a picture"):
        image.get_section_image("s", 1, render=service.render())
    service.always("no drawing here", 501)
    with pytest.raises(RequestError, match="no drawing here"):
        image.get_section_image("s", 1, render=service.render())
    for draw in (
        lambda: image.get_bb_image("s", 1, 0, 0, 5, 5, img_format="bmp", render=service.render()),
        lambda: image.get_section_image("s", 1, img_format="tiff16", render=service.render()),
        lambda: image.get_renderparameters_image({}, img_format="png16", render=service.render()),
    ):
        with pytest.raises(ValueError, match="img_format"):
            draw()


def test_formats_have_their_names_with_and_without_dot():
    assert {image.IMAGE_FORMATS[name] for name in (None, "png", ".png")} == {"png-image"}
    assert {image.IMAGE_FORMATS[name] for name in ("jpg", "jpeg", ".jpg", ".jpeg")} == {"jpeg-image"}
    assert {image.IMAGE_FORMATS[name] for name in ("tif", ".tif", "tiff", ".tiff")} == {"tiff-image"}
    assert image.IMAGE_FORMATS["tiff16"] == "tiff16-image"


def test_options_of_render_parameters(service):
    service.always({})
    r = service.render()
    image.get_bb_renderparams("s", 1, 0, 0, 5, 5, minIntensity=np.int64(3), excludeMask=True, filter=False, render=r)
    assert sorted(service.last.query) == [("excludeMask", "true"), ("filter", "false"), ("minIntensity", "3")]
    labels = {"excludeTransformsAfterLast": ["a", "b"], "excludeAllTransforms": False}
    image.get_tile_renderparams("s", "t", width=5.5, channel={"A": 0.7, "B": 0.3}, **labels, render=r)
    assert sorted(service.last.query) == [
        ("channels", "A__0.7__B__0.3"),
        ("excludeTransformsAfterLast", "a"),
        ("excludeTransformsAfterLast", "b"),
        ("width", "6"),
    ]
    image.get_section_renderparams("s", 1.5, scale=0.1, convertToGray=np.True_, channel="A", render=r)
    assert service.last.parts[-2:] == ["1.5", "render-parameters"]
    assert sorted(service.last.query) == [("channels", "A"), ("convertToGray", "true"), ("scale", "0.1")]
