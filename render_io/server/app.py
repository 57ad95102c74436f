"""The application: a FastAPI app whose front answers everything below ``/render-ws/v1``.

How a module plugs in: a module of endpoints offers ``router = ServiceRouter()`` and registers plain functions::

    @router.answers("GET", STACK + "/z/{z}/bounds")
    def z_bounds(call: Call) -> Answer: ...

A function takes a `Call` (path values, options, body, ``call.database``) and returns an `Answer`, or raises one of the
`ServiceError` classes of `answers`. It runs on a thread; ``quick=True`` is for what reads a row or two. A module that
keeps tables offers ``SCHEMA``. Both are named in the lists below. The front has already dealt with matrix parameters,
escaped slashes, unknown paths and methods, media types (``produces``, ``consumes``), HEAD, CORS and body size.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from fastapi import FastAPI

from render_io.server.compiled import Compiler
from render_io.server.database import Database
from render_io.server.front import Front
from render_io.server.mapping import Mapper
from render_io.server.routing import RouteIndex
from render_io.server.tile_store import MAX_TILES

__all__ = ["Options", "create_app"]

MAX_BODY_BYTES = 512 * 2**20
ROUTERS = (
    "stacks",
    "version_parts",
    "tiles",
    "resolved_tiles",
    "sections",
    "layout_file",
    "matches",
    "match_trials",
    "parameters",
    "images",
    "coordinates",
    "validate",
)
TABLES = ("stack_store", "tile_store", "transform_store", "match_store")


@dataclass(frozen=True)
class Options:
    """Where the service may be better than the Java service instead of the same; see ``docs/service.md``.

    Attributes
    ----------
    unquote_default_channel : bool
        A default channel sent as a JSON string is stored without its quotes.
    escape_tile_ids : bool
        The list of tile ids escapes quotes and backslashes, so that it is always JSON.
    fresh_section_data : bool
        Section data are computed when they are asked for instead of at the last COMPLETE.
    max_tiles : int
        A query that matches more tiles is refused.
    image_roots : sequence of Path, optional
        Validation looks for image files in these folders only; without them anywhere, as the Java service does.
    state_errors_are_400 : bool
        A write that the state of the stack forbids is 400 instead of 500.
    cross_origin : bool
        Pages of any origin may read and write, as with the Java service; False gives no such permission.
    exact_numbers : bool
        All transform classes are read in double precision.
    exact_inverse : bool
        World to local inverts the transforms instead of their mesh: exact, mirrored tiles and the last row and column
        included.
    ignore_exclude_false : bool
        ``excludeAllTransforms=false`` counts as if it were absent, so that ``normalizeForMatching=true`` beside it does
        leave transforms out.
    nested_references : bool
        Lists and interpolated specs that hold references can be saved together with the tiles that use them.
    """

    unquote_default_channel: bool = False
    escape_tile_ids: bool = False
    fresh_section_data: bool = False
    max_tiles: int = MAX_TILES
    image_roots: Sequence[Path] | None = None
    state_errors_are_400: bool = False
    cross_origin: bool = True
    exact_numbers: bool = False
    exact_inverse: bool = False
    ignore_exclude_false: bool = False
    nested_references: bool = False


def create_app(
    data_dir: str | os.PathLike[str],
    *,
    options: Options | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    threads: int = 8,
) -> FastAPI:
    """Make the service over a data folder.

    Parameters
    ----------
    data_dir : path
        Folder of the database; made when absent. Nothing outside it is written.
    options : Options, optional
        Better behaviour in place of Java's; none by default.
    max_body_bytes : int
        A longer request body is refused with 413.
    threads : int
        Requests worked on at the same time, besides those that are quick.

    Returns
    -------
    FastAPI
        With ``app.state.database``.
    """
    package = __package__
    schemas = [import_module(f"{package}.{name}").SCHEMA for name in TABLES]
    database = Database(Path(data_dir), schemas)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="render-ws")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        pool.shutdown(wait=True)
        database.close()

    app = FastAPI(title="render-ws", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.database = database
    app.state.options = options or Options()
    app.state.compiler = Compiler(java_precision=not app.state.options.exact_numbers)
    app.state.mapper = Mapper(app.state.compiler, app.state.options.exact_inverse)
    index = RouteIndex()
    for name in ROUTERS:
        for operation in import_module(f"{package}.{name}").router.operations:
            index.add(operation)
    app.add_middleware(Front, index=index, state=app.state, max_body_bytes=max_body_bytes, pool=pool)
    return app
