"""The PointMatchClient: matches of pairs of tiles, which it draws itself."""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from render_io._requests.urls import base_url, escape, stack_url, with_query
from render_io.client import argv
from render_io.client.params import SiftPointMatchOptions
from render_io.client.utils import client_connected, run_client
from render_io.render import Port, Render

__all__ = ["get_canvas_url_template", "pointMatchClient"]

Labels = str | Iterable[str] | None

_CLIENT = "org.janelia.render.client.PointMatchClient"
# The client has no default any more and stops with a null pointer; this is the old one.
_MAX_EPSILON = 20.0


def canvas_url_template(
    stack_address: str,
    *,
    filter: bool = False,
    exclude_mask: bool = False,
    normalize: bool = True,
    exclude_after_last: Labels = None,
    exclude_first_and_after: Labels = None,
    exclude_all: bool | None = False,
    channels: str | None = None,
) -> str:
    """Address of a tile's render parameters with one ``{}`` for its escaped id; see `get_canvas_url_template`."""
    query = [
        ("filter", argv.text_of(bool(filter))),
        *([("excludeMask", "true")] if exclude_mask else []),
        ("normalizeForMatching", argv.text_of(bool(normalize))),
        *(("excludeTransformsAfterLast", label) for label in _labels(exclude_after_last)),
        *(("excludeFirstTransformAndAllAfter", label) for label in _labels(exclude_first_and_after)),
        *([("excludeAllTransforms", "true")] if exclude_all else []),
        *([] if channels is None else [("channels", channels)]),
    ]
    return with_query(f"{stack_address}/tile/{{}}/render-parameters", query)


def _labels(labels: Labels) -> list[str]:
    return [labels] if isinstance(labels, str) else list(labels or ())


@client_connected()
def get_canvas_url_template(
    stack: str,
    filter: bool = False,
    renderWithoutMask: bool = False,
    normalizeForMatching: bool = True,
    excludeTransformsAfterLast: Labels = None,
    excludeFirstTransformAndAllAfter: Labels = None,
    excludeAllTransforms: bool = False,
    channels: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> str:
    """Address of a tile's render parameters, with one ``{}`` for the tile's id (escape it where it may need it).

    Parameters
    ----------
    stack : str
        Name of the stack.
    filter : bool
        Default contrast filters.
    renderWithoutMask : bool
        Ignore masks; the service calls it ``excludeMask``.
    normalizeForMatching : bool
        Leave the transforms of the alignment out.
    excludeTransformsAfterLast, excludeFirstTransformAndAllAfter : str or iterable of str, optional
        Labels of the transforms where to cut.
    excludeAllTransforms : bool
        Leave all out; in the address only when true, since its mere presence switches normalizeForMatching off.
    channels : str, optional
        A channel, or ``A__0.7__B__0.3``.
    host, port, owner, project, client_script, render : optional
        Connection; no script is needed.
    **kwargs
        Further members of a connection, not used.

    Returns
    -------
    str
        For `str.format`.
    """
    return canvas_url_template(
        stack_url(host, port, owner, project, stack),
        filter=filter,
        exclude_mask=renderWithoutMask,
        normalize=normalizeForMatching,
        exclude_after_last=excludeTransformsAfterLast,
        exclude_first_and_after=excludeFirstTransformAndAllAfter,
        exclude_all=excludeAllTransforms,
        channels=channels,
    )


@client_connected(extra=SiftPointMatchOptions.NAMES)
def pointMatchClient(
    stack: str,
    collection: str,
    tile_pairs: Iterable[Sequence[str]],
    stack2: str | None = None,
    sift_options: SiftPointMatchOptions | None = None,
    pointMatchRender: Render | None = None,
    debugDirectory: str | None = None,
    filter: bool = False,
    renderWithoutMask: bool = False,
    normalizeForMatching: bool = True,
    excludeTransformsAfterLast: Labels = None,
    excludeAllTransforms: bool | None = None,
    excludeFirstTransformAndAllAfter: Labels = None,
    stackChannels: str | None = None,
    stack2Channels: str | None = None,
    subprocess_mode: str | None = None,
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    render: Render | None = None,
    **kwargs: Any,
) -> None:
    """Find the matches of pairs of tiles and save them.

    Parameters
    ----------
    stack : str
        Stacks of the first and of the second tile of each pair; one stack by default.
    collection : str
        Match collection to save to.
    tile_pairs : iterable of pairs of str
        Tile ids; many pairs are distributed over several runs.
    stack2 : str
        Stacks of the first and of the second tile of each pair; one stack by default.
    sift_options : SiftPointMatchOptions, optional
        Options of features and matches. An epsilon must be given: without one ``matchMaxEpsilon`` is 20.0.
    pointMatchRender : Render, optional
        Connection of the match collection, where it differs.
    debugDirectory : str, optional
        Where the client puts pictures.
    filter, renderWithoutMask, normalizeForMatching, excludeTransformsAfterLast, excludeAllTransforms : optional
        As of `get_canvas_url_template`.
    excludeFirstTransformAndAllAfter, stackChannels, stack2Channels : optional
        As of `get_canvas_url_template`; channels of either stack.
    subprocess_mode : optional
        How the client is run.
    host, port, owner, project : optional
        Connection.
    client_script, memGB : optional
        How the client is run.
    render : optional
        Connection.
    **kwargs
        Options of `SiftPointMatchOptions`, which go before those in `sift_options`; keywords of the process.

    Raises
    ------
    ClientScriptError
        The client failed; pairs of earlier runs are saved then.
    """
    drawn: dict[str, Any] = {
        "filter": filter,
        "exclude_mask": renderWithoutMask,
        "normalize": normalizeForMatching,
        "exclude_after_last": excludeTransformsAfterLast,
        "exclude_first_and_after": excludeFirstTransformAndAllAfter,
        "exclude_all": excludeAllTransforms,
    }
    if stack2 is None:
        stack2, stack2Channels = stack, stack2Channels or stackChannels
    p, q = (
        canvas_url_template(stack_url(host, port, owner, project, name), channels=channels, **drawn)
        for name, channels in ((stack, stackChannels), (stack2, stack2Channels))
    )
    pairs = [(p.format(escape(a, "tile id")), q.format(escape(b, "tile id"))) for a, b in tile_pairs]
    target = {"host": host, "port": port, "owner": owner}
    if pointMatchRender is not None:
        target = pointMatchRender.make_kwargs()
    arguments = argv.valued(
        baseDataUrl=base_url(target["host"], target["port"]),
        owner=target["owner"],
        collection=collection,
        debugDirectory=debugDirectory,
    )
    arguments += argv.valued(**_match_options(sift_options, kwargs))
    for urls in argv.split_by_length(pairs):
        run_client(_CLIENT, [*arguments, *urls], client_script, memGB, subprocess_mode, kwargs)


def _match_options(sift_options: SiftPointMatchOptions | None, given: dict[str, Any]) -> dict[str, Any]:
    """Options that are set, those given by keyword first, with an epsilon in any case."""
    named = SiftPointMatchOptions(**{name: given[name] for name in SiftPointMatchOptions.NAMES & set(given)})
    options: dict[str, Any] = {}
    for source in (sift_options, named):
        options |= {name: value for name, value in vars(source).items() if value is not None} if source else {}
    if not {"matchMaxEpsilon", "matchMaxEpsilonFullScale"} & set(options):
        options["matchMaxEpsilon"] = _MAX_EPSILON
    return options
