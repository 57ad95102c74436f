"""Validators of tile specs: which tiles the clients leave out.

Source: org.janelia.alignment.spec.validator.TemTileSpecValidator, WarpedTileSpecValidator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from render_io._native.job import Job, JobError
from render_io._native.tile_collection import as_json, as_spec
from render_io.codecs._numbers import parse_double
from render_io.errors import RenderError
from render_io.server import compiled
from render_io.server.image_files import check_images
from render_io.server.spec_model import TileSpec, TransformSpec
from render_io.server.transform_store import references
from render_io.specs import resolve
from transforms.base import Transform
from transforms.errors import TransformError
from transforms.linear import Rigid
from transforms.mesh import java_apply

__all__ = ["Validator", "tile_transform", "validator_of"]

Shared = Mapping[str, TransformSpec]


def tile_transform(tile: TileSpec, shared: Shared) -> Transform:
    """Return the transform of a tile, local to world, parsed as Java does.

    Parameters
    ----------
    tile : TileSpec
        Tidy.
    shared : mapping of str to TransformSpec
        Targets of its references.

    Returns
    -------
    Transform
        Its transforms in order.

    Raises
    ------
    JobError
        A reference leads nowhere.
    ServiceError
        A leaf of which Java makes no transform.
    """
    spec = tile.transforms
    assert isinstance(spec, TransformSpec)
    if references(spec):
        try:
            spec = as_spec(resolve(as_json(spec), {name: as_json(target) for name, target in shared.items()}))
        except RenderError as error:
            raise JobError(str(error)) from None
    return compiled.shared.spec(spec)


class Validator:
    """Refuses tiles whose files are missing or whose transforms can't be made.

    Parameters
    ----------
    data : str
        Limits as ``name:value,name:value``; names that are unknown don't count.

    Raises
    ------
    JobError
        A value is no number.
    """

    defaults: ClassVar[dict[str, float]] = {}

    def __init__(self, data: str) -> None:
        self.limits = dict(self.defaults)
        for pair in data.split(","):
            name, colon, value = (part.strip() for part in pair.partition(":"))
            if colon and name in self.limits:
                try:
                    self.limits[name] = parse_double(value)
                except ValueError:
                    raise JobError(f"validator data {name}: expected a number, got {value!r}") from None

    def check(self, tile: TileSpec, shared: Shared) -> None:
        """Refuse a tile.

        Parameters
        ----------
        tile : TileSpec
            With a box.
        shared : mapping of str to TransformSpec
            Targets of its references.

        Raises
        ------
        JobError, ServiceError
            With the reason.
        """
        check_images(tile)
        transform = tile_transform(tile, shared)
        if tile.z is None:
            raise JobError("z value is missing")
        self.check_placement(tile, transform)

    def check_placement(self, tile: TileSpec, transform: Transform) -> None:
        """Refuse a tile for where its transforms put it."""
        raise NotImplementedError


class TemValidator(Validator):
    """Refuses tiles outside of a square, or with boxes of unlikely size."""

    defaults: ClassVar[dict[str, float]] = {
        "minCoordinate": 0.0, "maxCoordinate": 400_000.0, "minSize": 500.0, "maxSize": 5000.0,
    }  # fmt: skip

    def check_placement(self, tile: TileSpec, transform: Transform) -> None:  # noqa: ARG002
        """Refuse a tile whose box is outside of the limits."""
        least, most = self.limits["minCoordinate"], self.limits["maxCoordinate"]
        low, high = _pair(tile.minX, tile.minY), _pair(tile.maxX, tile.maxY)
        for name, value in zip(("minX", "minY"), low, strict=True):
            if value < least:
                raise JobError(f"invalid {name} of {value} for minCoordinate of {least}")
        for name, value in zip(("maxX", "maxY"), high, strict=True):
            if value > most:
                raise JobError(f"invalid {name} of {value} for maxCoordinate of {most}")
        for name, size in zip(("width", "height"), (high[0] - low[0], high[1] - low[1]), strict=True):
            if not self.limits["minSize"] <= size <= self.limits["maxSize"]:
                raise JobError(
                    f"invalid {name} of {size} for minSize of {self.limits['minSize']} and maxSize of"
                    f" {self.limits['maxSize']}"
                )


class WarpedValidator(Validator):
    """Refuses tiles that are bent: far from the rigid model that is next to their transforms."""

    defaults: ClassVar[dict[str, float]] = {
        "maxDeltaThreshold": 1000.0, "warnDeltaThreshold": 600.0, "samplesPerDimension": 64.0,
    }  # fmt: skip

    def check_placement(self, tile: TileSpec, transform: Transform) -> None:
        """Refuse a tile with a sample that is too far from the rigid model fitted to all samples."""
        width, height = _pair(tile.width, tile.height)
        count = max(2, int(self.limits["samplesPerDimension"]))
        x, y = np.meshgrid(np.linspace(0.0, width - 1.0, count), np.linspace(0.0, height - 1.0, count))
        local = np.column_stack([x.ravel(), y.ravel()])
        world = java_apply(transform, local.copy())
        try:
            delta = float(Rigid.from_estimate(local, world).residuals(local, world).max())
        except TransformError as error:
            raise JobError(f"no rigid model fits its transforms: {error}") from None
        if not delta <= self.limits["maxDeltaThreshold"]:
            raise JobError(f"max warp delta {delta} exceeds {self.limits['maxDeltaThreshold']}")


def _pair(x: float | None, y: float | None) -> tuple[float, float]:
    if x is None or y is None:
        raise JobError("its box or its size is missing")
    return float(x), float(y)


_PACKAGE = "org.janelia.alignment.spec.validator."
_CLASSES: dict[str, type[Validator]] = {
    _PACKAGE + "TemTileSpecValidator": TemValidator,
    _PACKAGE + "WarpedTileSpecValidator": WarpedValidator,
}


def validator_of(job: Job) -> Validator | None:
    """Return the validator that a job's options name.

    Parameters
    ----------
    job : Job
        With the options `VALIDATOR`.

    Returns
    -------
    Validator or None
        None when they name none.

    Raises
    ------
    JobError
        There is no such class here.
    """
    name = job["validatorClass"]
    if name is None:
        return None
    if name not in _CLASSES:
        raise JobError(f"expected a validator class, one of {', '.join(_CLASSES)}; got {name}")
    return _CLASSES[name](job["validatorData"] or "")
