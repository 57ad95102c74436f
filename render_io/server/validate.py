"""Endpoints that validate: JSON texts, and single tiles of a stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from render_io.server import java_refusals, stack_store, tile_store, transform_store
from render_io.server.answers import Answer, BadRequest, ServiceError, bare_status, text_answer
from render_io.server.image_files import check_images
from render_io.server.jackson import read_body
from render_io.server.names import StackId
from render_io.server.routing import STACK, Call, ServiceRouter
from render_io.server.spec_model import TileSpec, TransformSpec, tidy_tile, tidy_transform
from render_io.server.transform_store import Resolver, children

router = ServiceRouter()
_SPEC = "org.janelia.alignment.spec."


def check_transform(spec: TransformSpec) -> None:
    """Refuse a resolved spec of which Java makes no transform.

    Parameters
    ----------
    spec : TransformSpec
        Any spec without references.

    Raises
    ------
    ServiceError
        With Java's text.
    """
    if spec.type == "leaf":
        problem = java_refusals.refusal(*java_refusals.check_leaf(spec))
        if problem is not None:
            raise problem
    elif spec.type != "ref":
        for child in children(spec):
            check_transform(child)
        if spec.type == "interpolated" and spec.lambda_ is None:
            raise BadRequest("null")


def _check_references(spec: TransformSpec, known: dict[str | None, TransformSpec]) -> None:
    """Refuse a spec that refers to what is not known, or whose targets refer on."""
    lacking = list[str]()
    for name in transform_store.references(spec):
        target = known.get(name)
        found = [name] if target is None else transform_store.references(target)
        lacking += ["null" if other is None else other for other in found]
    if lacking:
        shown = "null" if spec.id is None else spec.id
        raise BadRequest(
            f"spec '{shown}' has the following unresolved references: [{', '.join(dict.fromkeys(lacking))}]"
        )


# ---------------------------------------------------------------- JSON texts


def _parsed(call: Call, model: Any, tidy: Callable[[Any], None]) -> Any:
    value = read_body(call.body, model)
    if value is None:
        raise BadRequest("No content to map due to end-of-input")
    for item in value if isinstance(value, list) else [value]:
        if item is None:
            raise BadRequest("null")
        tidy(item)
    return value


def _tile(call: Call) -> str:
    tile: TileSpec = _parsed(call, TileSpec, tidy_tile)
    check_images(tile, call.state.options.image_roots)
    assert isinstance(tile.transforms, TransformSpec)
    _check_references(tile.transforms, {})
    check_transform(tile.transforms)
    return "null" if tile.tileId is None else tile.tileId


def _tiles(call: Call) -> str:
    tiles: list[TileSpec] = _parsed(call, list[TileSpec], tidy_tile)
    for tile in tiles:
        check_images(tile, call.state.options.image_roots)
    return f"array of {len(tiles)} tile specifications"


def _transform(call: Call) -> str:
    spec: TransformSpec = _parsed(call, TransformSpec, tidy_transform)
    _check_references(spec, {})
    check_transform(spec)
    kind = {"leaf": "Leaf", "list": "List", "ref": "Reference", "interpolated": "Interpolated"}[spec.type]
    return f"{_SPEC}{kind}TransformSpec@{id(spec) & 0xFFFFFFFF:x}"


def _transforms(call: Call) -> str:
    specs: list[TransformSpec] = _parsed(call, list[TransformSpec], tidy_transform)
    known: dict[str | None, TransformSpec] = {spec.id: spec for spec in specs if spec.id is not None}
    for spec in specs:
        _check_references(spec, known)
        check_transform(spec)
    return f"array of {len(specs)} transform specifications"


_KINDS: dict[str, tuple[str, Callable[[Call], str]]] = {
    "tile": (f"{_SPEC}TileSpec instance", _tile),
    "tile-array": (f"array of {_SPEC}TileSpec instances", _tiles),
    "transform": (f"{_SPEC}TransformSpec instance", _transform),
    "transform-array": (f"array of {_SPEC}TransformSpec instances", _transforms),
}


@router.answers("PUT", "/owner/{owner}/validate-json/{kind}", produces="text/plain")
def validate_json(call: Call) -> Answer:
    """Say whether a text is what it is said to be."""
    if call.path["kind"] not in _KINDS:
        raise bare_status(404)
    what, check = _KINDS[call.path["kind"]]
    try:
        value = check(call)
    except ServiceError as error:
        raise BadRequest(f"Failed to parse {what} from JSON text.  Specific error is: {error.text}\n") from None
    return text_answer(f"Successfully parsed {what} from JSON text.  Parsed value is: {value}.\n")


# ---------------------------------------------------------------- tiles of a stack


@router.answers("GET", STACK + "/tile/{tileId}/validation-info", produces=None)
def validation_info(call: Call) -> Answer:
    """Say whether a tile's files exist and its transforms can be made."""
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        key = stack_store.find_key(db, stack_id)
        row = tile_store.require_by_id(db, key, stack_id, call.path["tileId"])
        flat = Resolver(db, key).flat(row.transforms, row.tile_id)
    tile: TileSpec = read_body(row.document.encode(), TileSpec)
    check_images(tile, call.state.options.image_roots)
    check_transform(transform_store.list_spec(flat))
    return Answer(200)
