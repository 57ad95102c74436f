"""Attributes that pipelines read and write, beside the names of the tables."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from render_io import render, stack, transform, utils
from render_io.channel import Channel
from render_io.image_pyramid import ImagePyramid, MipMap
from render_io.layout import Layout
from render_io.resolvedtiles import ResolvedTiles
from render_io.tilespec import TileSpec

TRANSFORM = "className dataString transformId labels to_dict from_dict"
AFFINE = f"{TRANSFORM} M M00 M01 M10 M11 B0 B1 force_shear concatenate invert tform inverse_tform estimate scale shear"

OBJECTS = {
    "Render": (
        lambda: render.Render("h", 1, "o", "p"),
        "run make_kwargs session DEFAULT_OWNER DEFAULT_PROJECT DEFAULT_HOST DEFAULT_PORT DEFAULT_CLIENT_SCRIPTS"
        " DEFAULT_KWARGS",
    ),
    "RenderClient": (lambda: render.RenderClient(validate_client=False), "memGB client_script run"),
    "TileSpec": (
        lambda: TileSpec(tileId="t", z=1, width=2, height=2, imageUrl="a", tforms=[]),
        "tileId z width height layout minint maxint tforms labels groupId inputfilters ip imageUrl maskUrl channels"
        " frameId minX minY maxX maxY bbox bbox_transformed to_dict from_dict",
    ),
    "Layout": (
        Layout,
        "sectionId scopeId cameraId imageRow imageCol stageX stageY rotation pixelsize distanceZ to_dict from_dict",
    ),
    "MipMap": (lambda: MipMap("a", "b"), "imageUrl maskUrl to_dict"),
    "ImagePyramid": (ImagePyramid, "levels to_dict from_dict"),
    "Channel": (lambda: Channel("c", 1, 0, ImagePyramid()), "name minIntensity maxIntensity ip to_dict from_dict"),
    "ResolvedTiles": (ResolvedTiles, "tilespecs transforms to_dict from_dict"),
    "StackVersion": (
        stack.StackVersion,
        "cycleNumber cycleStepNumber stackResolutionX stackResolutionY stackResolutionZ mipmapPathBuilder"
        " materializedBoxRootPath createTimestamp versionNotes to_dict from_dict",
    ),
    "AffineModel": (transform.AffineModel, f"{AFFINE} rotation translation"),
    "RigidModel": (transform.RigidModel, f"{AFFINE} rotation translation"),
    "Polynomial2DTransform": (
        lambda: transform.Polynomial2DTransform(identity=True),
        f"{TRANSFORM} params order is_affine tform estimate scale shear rotation translation asorder fromAffine",
    ),
    "ReferenceTransform": (lambda: transform.ReferenceTransform("x"), "refId to_dict from_dict"),
    "TransformList": (lambda: transform.TransformList([]), "tforms transformId to_dict from_dict"),
    "InterpolatedTransform": (
        lambda: transform.InterpolatedTransform(transform.AffineModel(), transform.AffineModel(), 0.5),
        "a b lambda_ to_dict from_dict",
    ),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_attributes(name):
    make, attributes = OBJECTS[name]
    made = make()
    assert [attribute for attribute in attributes.split() if not hasattr(made, attribute)] == []


def test_small_helpers():
    record = logging.LogRecord("x", logging.INFO, "f", 1, "m", (), None)
    assert utils.NullHandler().emit(record) is None
    assert utils.RenderEncoder().default(np.float32(0.5)) == 0.5
    with pytest.raises(TypeError):
        utils.RenderEncoder().default(object)
