"""Pictures drawn by the service, and the render parameters they are drawn from.

Pictures come as arrays: (height, width, 4) for PNG, (height, width, 3) for JPEG and TIFF, (height, width) for gray
ones, unsigned 16-bit for the formats ``tiff16`` and ``png16``. Reading them needs pillow (the extra ``image``).
"""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

import io
import numbers
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from render_io import http
from render_io._requests.access import connected
from render_io._requests.urls import commas, escape, number, owner_url, stack_url, whole
from render_io.errors import RenderError
from render_io.render import Port, Render

__all__ = [
    "IMAGE_FORMATS",
    "get_bb_image",
    "get_bb_renderparams",
    "get_renderparameters_image",
    "get_section_image",
    "get_section_renderparams",
    "get_tile_image_data",
    "get_tile_renderparams",
]

Picture = npt.NDArray[Any]

_KINDS = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "tif": "tiff", "tiff": "tiff"}
IMAGE_FORMATS: dict[str | None, str] = {
    **{f"{dot}{name}": f"{kind}-image" for name, kind in _KINDS.items() for dot in ("", ".")},
    "tiff16": "tiff16-image",
    "png16": "png16-image",
    None: "png-image",
}
"""Last component of an address by the name of a format; None is PNG. ``tiff16`` and ``png16``: boxes only."""


def _extension(img_format: str | None) -> str:
    try:
        return IMAGE_FORMATS[img_format]
    except KeyError:
        names = sorted(name for name in IMAGE_FORMATS if name)
        raise ValueError(f"img_format {img_format!r} is not one of {names}") from None


def _query(**options: Any) -> list[tuple[str, Any]]:
    """Options that are set, as the service reads them: booleans in lower case, several values one by one."""
    pairs: list[tuple[str, Any]] = []
    for name, value in options.items():
        if isinstance(value, (bool, np.bool_)):
            pairs.append((name, "true" if value else "false"))
        elif isinstance(value, Iterable) and not isinstance(value, str):
            pairs += [(name, item) for item in value]
        elif value is not None:
            plain = isinstance(value, (str, numbers.Integral))
            pairs.append((name, str(value) if plain else repr(float(value))))
    return pairs


def _channels(channel: str | Iterable[str] | Mapping[str, float] | None) -> str | None:
    """One channel, a ``A__0.7__B__0.3`` text, or weights by channel name."""
    if isinstance(channel, Mapping):
        return "__".join(f"{name}__{float(weight)!r}" for name, weight in channel.items())
    return channel if channel is None or isinstance(channel, str) else "__".join(channel)


def _box(z: Any, x: Any, y: Any, width: Any, height: Any, scale: Any) -> tuple[str, ...]:
    """Components of the address of a box: z, x, y and scale as they are, width and height as whole pixels."""
    size = (whole(width, "width"), whole(height, "height"))
    return "z", number(z, "z"), "box", commas(number(x, "x"), number(y, "y"), *size, number(scale, "scale"))


def _decoded(answer: tuple[bytes, str]) -> Picture:
    """Read a picture; a 16-bit TIFF as the service writes it, which pillow would take for signed."""
    from PIL import Image

    content, media_type = answer
    try:
        with Image.open(io.BytesIO(content)) as picture:
            pixels = np.asarray(picture)
    except (OSError, ValueError) as error:
        raise RenderError(f"the answer ({media_type}, {len(content)} bytes) is not a picture: {error}") from None
    return pixels.astype(np.uint16) if pixels.dtype.kind in "iu" and pixels.dtype.itemsize > 1 else pixels


@connected()
def get_bb_renderparams(
    stack: str,
    z: float,
    x: float,
    y: float,
    width: int,
    height: int,
    scale: float = 1.0,
    channel: str | None = None,
    minIntensity: int | None = None,
    maxIntensity: int | None = None,
    binaryMask: bool | None = None,
    filter: bool | None = None,
    filterListName: str | None = None,
    convertToGray: bool | None = None,
    excludeMask: bool | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Render parameters of a box of one section: its tiles, flattened, and how they are drawn."""
    options = _query(
        minIntensity=minIntensity,
        maxIntensity=maxIntensity,
        binaryMask=binaryMask,
        filter=filter,
        filterListName=filterListName,
        convertToGray=convertToGray,
        excludeMask=excludeMask,
        channels=_channels(channel),
    )
    box = _box(z, x, y, width, height, scale)
    address = stack_url(host, port, owner, project, stack, *box, "render-parameters")
    parameters: dict[str, Any] = http.get_json(session, address, params=options)
    return parameters


@connected()
def get_bb_image(
    stack: str,
    z: float,
    x: float,
    y: float,
    width: int,
    height: int,
    scale: float = 1.0,
    channel: str | None = None,
    minIntensity: int | None = None,
    maxIntensity: int | None = None,
    binaryMask: bool | None = None,
    filter: bool | None = None,
    maxTileSpecsToRender: int | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    img_format: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> Picture:
    """Draw a box of one section.

    Parameters
    ----------
    stack : str
        Name of the stack.
    z, x, y : float
        Section, and upper left corner in world pixels.
    width, height : int
        World pixels; fractions are rounded up.
    scale : float
        Picture pixels per world pixel; the picture has trunc(scale * width) by trunc(scale * height).
    channel : str, optional
        A channel, or ``A__0.7__B__0.3``.
    minIntensity, maxIntensity : int, optional
        Window in place of the tiles' own.
    binaryMask, filter : bool, optional
        Masks as all or nothing; default contrast filters.
    maxTileSpecsToRender : int, optional
        Draw outlines only when there are more tiles.
    host, port, owner, project : optional
        Connection.
    img_format : str, optional
        Key of `IMAGE_FORMATS`.
    session, render : optional
        Connection.
    **kwargs
        Further members of a connection, not used.

    Returns
    -------
    ndarray
        The picture.

    Raises
    ------
    ValueError
        Unknown format.
    RequestError
        The service could not draw it.
    """
    options = _query(
        minIntensity=minIntensity,
        maxIntensity=maxIntensity,
        binaryMask=binaryMask,
        filter=filter,
        maxTileSpecsToRender=maxTileSpecsToRender,
        channels=_channels(channel),
    )
    box = _box(z, x, y, width, height, scale)
    address = stack_url(host, port, owner, project, stack, *box, _extension(img_format))
    return _decoded(http.get_bytes(session, address, params=options))


@connected()
def get_tile_renderparams(
    stack: str,
    tileId: str,
    channel: str | None = None,
    normalizeForMatching: bool | None = None,
    excludeAllTransforms: bool | None = None,
    excludeTransformsAfterLast: str | None = None,
    excludeFirstTransformAndAllAfter: str | None = None,
    scale: float | None = None,
    width: int | None = None,
    height: int | None = None,
    minIntensity: int | None = None,
    maxIntensity: int | None = None,
    filter: bool | None = None,
    filterListName: str | None = None,
    excludeMask: bool | None = None,
    convertToGray: bool | None = None,
    binaryMask: bool | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    img_format: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Render parameters of one tile.

    `excludeAllTransforms` is sent only when it is true: its mere presence would switch off `normalizeForMatching`.
    The labels may be one or several. `img_format` has no effect.
    """
    options = _query(
        normalizeForMatching=normalizeForMatching,
        excludeAllTransforms=True if excludeAllTransforms else None,
        excludeTransformsAfterLast=excludeTransformsAfterLast,
        excludeFirstTransformAndAllAfter=excludeFirstTransformAndAllAfter,
        scale=scale,
        width=None if width is None else int(whole(width, "width")),
        height=None if height is None else int(whole(height, "height")),
        minIntensity=minIntensity,
        maxIntensity=maxIntensity,
        binaryMask=binaryMask,
        filter=filter,
        filterListName=filterListName,
        excludeMask=excludeMask,
        convertToGray=convertToGray,
        channels=_channels(channel),
    )
    tile = ("tile", escape(tileId, "tileId"), "render-parameters")
    parameters: dict[str, Any] = http.get_json(
        session, stack_url(host, port, owner, project, stack, *tile), params=options
    )
    return parameters


@connected(extra=("removeAllOption",))
def get_tile_image_data(
    stack: str,
    tileId: str,
    channel: str | None = None,
    normalizeForMatching: bool = True,
    excludeAllTransforms: bool = False,
    scale: float | None = None,
    minIntensity: int | None = None,
    maxIntensity: int | None = None,
    filter: bool | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    img_format: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> Picture:
    """Draw one tile.

    Parameters
    ----------
    stack, tileId : str
        Which tile.
    channel : str, optional
        A channel, or ``A__0.7__B__0.3``.
    normalizeForMatching : bool
        Leave the last transforms out, those of the alignment, and draw at the origin.
    excludeAllTransforms : bool
        Leave all out; sent only when true, since its mere presence would switch the above off.
    scale : float, optional
        Picture pixels per pixel of the tile.
    minIntensity, maxIntensity : int, optional
        Window in place of the tile's own.
    filter : bool, optional
        Default contrast filters.
    host, port, owner, project : optional
        Connection.
    img_format : str, optional
        Key of `IMAGE_FORMATS`.
    session, render : optional
        Connection.
    **kwargs
        ``removeAllOption``, the older name of `excludeAllTransforms`.

    Returns
    -------
    ndarray
        The picture.

    Raises
    ------
    ValueError
        Unknown format.
    RequestError
        The service could not draw it.
    """
    if "removeAllOption" in kwargs:
        warnings.warn("removeAllOption is now excludeAllTransforms", DeprecationWarning, stacklevel=3)
        excludeAllTransforms = excludeAllTransforms or bool(kwargs["removeAllOption"])
    options = _query(
        normalizeForMatching=normalizeForMatching,
        excludeAllTransforms=True if excludeAllTransforms else None,
        scale=scale,
        filter=filter,
        channels=_channels(channel),
        minIntensity=minIntensity,
        maxIntensity=maxIntensity,
    )
    tile = ("tile", escape(tileId, "tileId"), _extension(img_format))
    return _decoded(http.get_bytes(session, stack_url(host, port, owner, project, stack, *tile), params=options))


@connected()
def get_section_renderparams(
    stack: str,
    z: float,
    binaryMask: bool | None = None,
    channel: str | None = None,
    convertToGray: bool | None = None,
    excludeMask: bool | None = None,
    filter: bool | None = None,
    filterListName: str | None = None,
    minIntensity: int | None = None,
    maxIntensity: int | None = None,
    scale: float | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Render parameters of a whole section."""
    options = _query(
        binaryMask=binaryMask,
        channels=_channels(channel),
        convertToGray=convertToGray,
        excludeMask=excludeMask,
        filter=filter,
        filterListName=filterListName,
        minIntensity=minIntensity,
        maxIntensity=maxIntensity,
        scale=scale,
    )
    address = stack_url(host, port, owner, project, stack, "z", number(z, "z"), "render-parameters")
    parameters: dict[str, Any] = http.get_json(session, address, params=options)
    return parameters


@connected()
def get_section_image(
    stack: str,
    z: float,
    scale: float = 1.0,
    channel: str | None = None,
    minIntensity: int | None = None,
    maxIntensity: int | None = None,
    filter: bool = False,
    maxTileSpecsToRender: int | None = None,
    img_format: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> Picture:
    """Draw a whole section; arguments, result and errors as of `get_bb_image`. There is no 16-bit format here."""
    options = _query(
        scale=scale,
        filter=filter,
        maxTileSpecsToRender=maxTileSpecsToRender,
        channels=_channels(channel),
        minIntensity=minIntensity,
        maxIntensity=maxIntensity,
    )
    address = stack_url(host, port, owner, project, stack, "z", number(z, "z"), _eight_bit(img_format))
    return _decoded(http.get_bytes(session, address, params=options))


def _eight_bit(img_format: str | None) -> str:
    if img_format in ("tiff16", "png16"):
        raise ValueError(f"img_format {img_format!r} is served for boxes and tiles only")
    return _extension(img_format)


@connected()
def get_renderparameters_image(
    renderparams: Mapping[str, Any],
    img_format: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> Picture:
    """Draw render parameters, such as the other functions give; there is no 16-bit format here."""
    address = owner_url(host, port, owner, _eight_bit(img_format))
    return _decoded(http.put_bytes(session, address, renderparams))
