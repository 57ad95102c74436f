"""The query options that every drawing has, and the render parameters made from them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from render_io.server.answers import Answer, BadRequest, Failure, java_double, raw_json
from render_io.server.jackson import finite_or_word
from render_io.server.routing import Call, parse_double
from render_io.server.stack_store import Stack

__all__ = ["RenderOptions", "Window", "render_parameters"]

DEFAULT_CELL_SIZE = 64.0


@dataclass(frozen=True)
class RenderOptions:
    """What the query asks for; None where it says nothing.

    Attributes
    ----------
    binary_mask, convert_to_gray, exclude_mask, filter, fill_with_noise : bool or None
        Switches.
    channels : str or None
        A name, or names and weights: ``A__0.7__B__0.3``.
    filter_list : str or None
        Name of a list of filters; this service has none.
    min_intensity, max_intensity, scale : float or None
        Numbers.
    """

    binary_mask: bool | None
    convert_to_gray: bool | None
    exclude_mask: bool | None
    filter: bool | None
    fill_with_noise: bool | None
    channels: str | None
    filter_list: str | None
    min_intensity: float | None
    max_intensity: float | None
    scale: float | None

    @classmethod
    def of(cls, call: Call) -> RenderOptions:
        """Read the options of a request; a word for a number is an empty 404."""
        return cls(
            binary_mask=call.option_flag("binaryMask"),
            convert_to_gray=call.option_flag("convertToGray"),
            exclude_mask=call.option_flag("excludeMask"),
            filter=call.option_flag("filter"),
            fill_with_noise=call.option_flag("fillWithNoise"),
            channels=call.option("channels"),
            filter_list=call.option("filterListName"),
            min_intensity=call.option_double("minIntensity"),
            max_intensity=call.option_double("maxIntensity"),
            scale=call.option_double("scale"),
        )

    def check(self, stack: Stack | None) -> str | None:
        """Check channels and filter list.

        Returns
        -------
        str or None
            The channels to draw: those asked for, else the stack's default channel.

        Raises
        ------
        BadRequest
            When weights are no numbers or too large, or a filter list is asked for.
        """
        if self.channels is not None:
            check_channels(self.channels)
        if self.filter_list is not None:
            raise BadRequest(
                f"Filter list with name '{self.filter_list}' not found.  This could be caused by usage of an incorrect"
                " name or by a problem with the system filter configuration file (this service has none)."
            )
        default = None if stack is None else stack.default_channel
        if self.channels is None and default is not None:
            check_channels(default)
        return self.channels if self.channels is not None else default


@dataclass(frozen=True)
class Window:
    """The part of the world that is drawn, in full-scale pixels."""

    x: float
    y: float
    width: int
    height: int
    scale: float = 1.0


def check_channels(text: str) -> None:
    """Refuse names and weights that the service would refuse; a name after the last weight is ignored."""
    fields = re.split("__", text)
    while len(fields) > 1 and fields[-1] == "":
        fields.pop()
    if fields == [""] and text:
        raise Failure("Index 0 out of bounds for length 0")
    weights: dict[str, float] = {}
    total = 0.0
    for name, word in zip(fields[::2], fields[1::2], strict=False):
        weight = _weight(word)
        total += weight
        if total > 1.0:
            current = ", ".join(f"{name}={java_double(w)}" for name, w in weights.items())
            raise BadRequest(
                f"Channel {name} weight {java_double(weight)} is too large.  The sum of all weights must be less than"
                f" or equal to 1.0.  Current weights are: {{{current}}}"
            )
        weights[name] = weight


def _weight(word: str) -> float:
    try:
        return parse_double(word)
    except ValueError:
        shown = word.strip()
        raise BadRequest(f'For input string: "{shown}"' if shown else "empty String") from None


def render_parameters(
    window: Window,
    options: RenderOptions,
    stack: Stack | None,
    tiles: Iterable[str],
    *,
    skip_interpolation: bool = False,
) -> Answer:
    """Answer with render parameters.

    Parameters
    ----------
    window : Window
        What is drawn.
    options : RenderOptions
        Of the query; its scale wins over the window's.
    stack : Stack or None
        Gives the default channel and the mipmap path builder; None when the stack is not asked.
    tiles : iterable of str
        Tile specs as JSON, in the order in which they are drawn.
    skip_interpolation : bool
        Set for pictures without transforms.

    Returns
    -------
    Answer
        One JSON object.
    """
    specs = ",".join(tiles).encode()  # before the options are checked: references that lead nowhere are told first
    channels = options.check(stack)
    head: dict[str, Any] = {
        "meshCellSize": DEFAULT_CELL_SIZE,
        "minMeshCellSize": 0.0,
        "x": finite_or_word(window.x),
        "y": finite_or_word(window.y),
        "width": window.width,
        "height": window.height,
        "scale": finite_or_word(window.scale if options.scale is None else options.scale),
        "areaOffset": False,
        "minIntensity": None if options.min_intensity is None else finite_or_word(options.min_intensity),
        "maxIntensity": None if options.max_intensity is None else finite_or_word(options.max_intensity),
        "convertToGray": options.convert_to_gray is True,
        "quality": 0.85,
        "numberOfThreads": 1,
        "skipInterpolation": skip_interpolation,
        "binaryMask": options.binary_mask is True,
        "excludeMask": options.exclude_mask is True,
        "doFilter": options.filter is True,
        "addWarpFieldDebugOverlay": False,
        "fillWithNoise": options.fill_with_noise is True,
        "channels": channels,
        "mipmapPathBuilder": None if stack is None else stack.mipmap_path_builder,
    }
    written = orjson.dumps({name: value for name, value in head.items() if value is not None})
    return raw_json(written[:-1] + b',"tileSpecs":[' + specs + b'],"minBoundsMeshCellSize":64.0}')
