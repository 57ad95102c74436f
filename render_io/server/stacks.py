"""Endpoints of stacks: lists, metadata, versions, states, renaming, and the parts of a version."""

from __future__ import annotations

import secrets
import time
from typing import Any

import msgspec

from render_io.server import section_store, stack_store, tile_store
from render_io.server.answers import (
    Answer,
    BadRequest,
    Failure,
    MalformedBody,
    bare_status,
    json_answer,
    text_answer,
)
from render_io.server.jackson import Int32, read_body, read_converted
from render_io.server.names import MAX_STACK_COLLECTION, StackId, check_length
from render_io.server.routing import PROJECT, STACK, Call, ServiceRouter
from render_io.server.spec_model import Document, MipmapPathBuilder, StackVersion

router = ServiceRouter()
JSON_BODY = "application/json"
STATES = ("LOADING", "COMPLETE", "READ_ONLY", "OFFLINE")
OK = Answer(200)
NO_CONTENT = Answer(204)


# ---------------------------------------------------------------- lists

@router.answers("GET", "/likelyUniqueId", produces="text/plain", quick=True)
def likely_unique_id(call: Call) -> Answer:
    """Answer 24 hexadecimal digits: seconds, then what is random."""
    return text_answer(f"{int(time.time()):08x}{secrets.token_hex(8)}")


@router.answers("GET", "/owners", quick=True)
def owners(call: Call) -> Answer:
    """List the owners that have stacks."""
    with call.database.read() as db:
        return json_answer([row[0] for row in db.execute("SELECT DISTINCT owner FROM stack ORDER BY owner")])


@router.answers("GET", "/owner/{owner}/projects", quick=True)
def projects(call: Call) -> Answer:
    """List the projects of an owner."""
    with call.database.read() as db:
        rows = db.execute(
            "SELECT DISTINCT project FROM stack WHERE owner = ? ORDER BY project", (call.path["owner"],)
        )
        return json_answer([row[0] for row in rows])


@router.answers("GET", "/owner/{owner}/stacks")
@router.answers("GET", PROJECT + "/stacks")
def stacks(call: Call) -> Answer:
    """List the metadata of an owner's stacks, or of those of one project."""
    with call.database.read() as db:
        found = stack_store.every(db, call.path["owner"], call.path.get("project"))
    return json_answer([stack.to_dict() for stack in found])


@router.answers("GET", "/owner/{owner}/stackIds")
@router.answers("GET", PROJECT + "/stackIds")
def stack_ids(call: Call) -> Answer:
    """List the ids of an owner's stacks, or of those of one project."""
    with call.database.read() as db:
        found = stack_store.every(db, call.path["owner"], call.path.get("project"))
    return json_answer([stack.id.to_dict() for stack in found])


# ---------------------------------------------------------------- one stack

@router.answers("GET", STACK, quick=True)
def metadata(call: Call) -> Answer:
    """Answer a stack's metadata."""
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        return json_answer(stack_store.require(db, stack_id).to_dict())


@router.answers("POST", STACK, produces=None, consumes=JSON_BODY)
def post_version(call: Call) -> Answer:
    """Create a stack, or open a new version of one."""
    version = _version(call)
    stack_id = StackId.from_path(call.path)
    with call.database.write() as db:
        stack = stack_store.find(db, stack_id)
        if stack is None:
            stack_store.insert(db, stack_id, version)
            return call.created()
        stack_store.not_read_only(stack)
        stack.version, stack.state, stack.stats = version, "LOADING", None
        stack.version_number += 1
        stack.dropped = False
        stack.modified_ms = stack_store.now_ms()
        stack_store.save(db, stack)
    return call.created()


@router.answers("DELETE", STACK, produces=None)
def delete_stack(call: Call) -> Answer:
    """Delete a stack with its data; one that is not there is no error."""
    stack_id = StackId.from_path(call.path)
    with call.database.write() as db:
        stack = stack_store.find(db, stack_id)
        if stack is not None:
            stack_store.not_read_only(stack)
            tile_store.drop(db, stack.key)
            stack_store.delete(db, stack)
    return OK


@router.answers("PUT", STACK + "/state/{state}", produces=None)
def put_state(call: Call) -> Answer:
    """Move a stack to another state."""
    state = call.path["state"]
    if state not in STATES:
        raise bare_status(404)
    stack_id = StackId.from_path(call.path)
    problem: Exception | None = None
    with call.database.write() as db:
        stack = stack_store.require(db, stack_id)
        try:
            _TRANSITIONS[state](db, stack)
        except _NoTiles as error:  # what the failed attempt left behind is kept
            problem = error.problem
    if problem is not None:
        raise problem
    return call.created()


def _document(*members: str) -> str:
    """Write a query as the database's driver shows it."""
    return f"Document{{{{{', '.join(members)}}}}}"


_PROJECTED = [f"{name}=${name}" for name in ("z", "minX", "minY", "maxX", "maxY")] + [
    f"{size}={_document(f'$subtract=[$max{axis}, $min{axis}]')}" for size, axis in (("width", "X"), ("height", "Y"))
]
_GROUPED = [
    f"stack{limit}{name}={_document(f'${limit.lower()}=${source}')}"
    for limits in (
        [(limit, f"{axis.upper()}", axis if axis == "z" else f"{limit.lower()}{axis.upper()}") for axis in "xyz"]
        for limit in ("Min", "Max")
    )
    for limit, name, source in limits
] + [
    f"stack{limit}Tile{size}={_document(f'${limit.lower()}=${size.lower()}')}"
    for size in ("Width", "Height")
    for limit in ("Min", "Max")
]
_AGGREGATION = ", ".join(
    (_document(f"$project={_document(*_PROJECTED)}"), _document(f"$group={_document('_id=minAndMaxValues', *_GROUPED)}"))
)
"""The query of the real service, which its error text shows."""


class _NoTiles(Exception):
    """COMPLETE of a stack without tiles."""

    def __init__(self, stack: StackId) -> None:
        self.problem = Failure(
            "Stack data aggregation returned no results because the stack has no tiles.  The aggregation query was "
            f"render.{stack.collection('tile')}.aggregate([{_AGGREGATION}]) ."
        )


def _wrong_transition(stack: stack_store.Stack, state: str) -> BadRequest:
    return BadRequest(
        f"The {stack.id.stack} stack's state is currently {stack.state} and must first be transitioned to COMPLETE"
        f" before transitioning it to {state}."
    )


def _to_loading(db: Any, stack: stack_store.Stack) -> None:
    if stack.state == "LOADING":
        return
    if stack.state != "COMPLETE":
        raise _wrong_transition(stack, "LOADING")
    stack.state, stack.stats = "LOADING", None
    stack.version_number += 1
    stack.modified_ms = stack_store.now_ms()
    stack_store.save(db, stack)


def _to_complete(db: Any, stack: stack_store.Stack) -> None:
    if stack.state == "READ_ONLY":
        stack.state = "COMPLETE"
        stack_store.save(db, stack)
        return
    stats = section_store.aggregate(db, stack)
    if stats is None:
        raise _NoTiles(stack.id)
    if stack.state == "OFFLINE":
        raise BadRequest("cannot set stats for OFFLINE stack")
    if stack.state == "LOADING":
        stack.modified_ms = stack_store.now_ms()
    stack.state, stack.stats = "COMPLETE", stats
    stack_store.save(db, stack)


def _to_read_only(db: Any, stack: stack_store.Stack) -> None:
    if stack.state not in ("COMPLETE", "READ_ONLY"):
        raise _wrong_transition(stack, "READ_ONLY")
    stack.state = "READ_ONLY"
    stack_store.save(db, stack)


def _to_offline(db: Any, stack: stack_store.Stack) -> None:
    if stack.state == "LOADING":
        raise _wrong_transition(stack, "OFFLINE")
    if stack.state != "OFFLINE":
        stack.state = "OFFLINE"
        stack.modified_ms = stack_store.now_ms()
    stack.dropped = True
    tile_store.drop(db, stack.key)
    section_store.forget(db, stack)
    stack_store.save(db, stack)


_TRANSITIONS = {
    "LOADING": _to_loading, "COMPLETE": _to_complete, "READ_ONLY": _to_read_only, "OFFLINE": _to_offline,
}


class _StackIdBody(Document):
    owner: str | None = None
    project: str | None = None
    stack: str | None = None


@router.answers("PUT", STACK + "/stackId", produces=None, consumes=JSON_BODY)
def rename(call: Call) -> Answer:
    """Give a stack another owner, project or name."""
    body = read_body(call.body, _StackIdBody)
    if body is None:
        raise BadRequest("toStackId value must be specified")
    target = StackId(body.owner or "", body.project or "", body.stack or "")
    if None in (body.owner, body.project, body.stack):
        raise MalformedBody("owner, project and stack must be specified")
    source_id = StackId.from_path(call.path)
    with call.database.write() as db:
        stack = stack_store.require(db, source_id)
        if stack.state in ("READ_ONLY", "OFFLINE"):
            raise BadRequest(f"stack with {source_id} cannot be modified because it is {stack.state}.")
        if stack_store.find(db, target) is not None:
            raise BadRequest(f"stack with {target} already exists")
        check_length(target.collection("section"), MAX_STACK_COLLECTION)
        stack.id, stack.modified_ms = target, stack_store.now_ms()
        stack_store.save(db, stack)
    return OK


@router.answers("PUT", STACK + "/cloneTo/{toStack}", produces=None, consumes=JSON_BODY)
def clone(call: Call) -> Answer:
    """Copy transforms and tiles into another stack of the same owner."""
    layers = call.option_doubles("z")
    version = _version(call)
    source_id = StackId.from_path(call.path)
    to_project = call.option("toProject")
    target_id = StackId(
        source_id.owner, source_id.project if to_project is None else to_project, call.path["toStack"]
    )
    with call.database.write() as db:
        source = stack_store.require(db, source_id)
        target_id.check()
        target = stack_store.find(db, target_id)
        if target is None:
            target = stack_store.insert(db, target_id, version)
            before = 0
        else:
            if target.state != "LOADING":
                raise Failure(f"Tiles cannot be cloned to stack {target_id.stack} because it is {target.state}.")
            before = tile_store.count(db, target.key)
        copied = tile_store.copy(
            db, source.key, target.key, layers, with_transforms=call.option_flag("skipTransforms") is not True
        )
        if before and not layers:
            problem = f"only inserted {before + copied} out of {copied} documents"
        else:
            problem = None
            target.version, target.version_number, target.modified_ms = version, 0, stack_store.now_ms()
            stack_store.save(db, target)
    if problem is not None:
        raise Failure(problem)
    return call.created()


def _version(call: Call) -> dict[str, Any]:
    version: StackVersion | None = read_converted(call.body, StackVersion)
    if version is None:
        raise BadRequest("no stack version provided")
    plain: dict[str, Any] = msgspec.to_builtins(version)
    return plain


# ---------------------------------------------------------------- parts of the current version

def _read_version(call: Call) -> dict[str, Any]:
    stack_id = StackId.from_path(call.path)
    with call.database.read() as db:
        return stack_store.require(db, stack_id).version


def _change_version(call: Call, changes: dict[str, Any]) -> Answer:
    """Set members of the current version (None unsets); state, stats and times stay."""
    stack_id = StackId.from_path(call.path)
    with call.database.write() as db:
        stack = stack_store.require(db, stack_id)
        stack_store.not_read_only(stack)
        merged = stack.version | changes
        stack.version = {key: value for key, value in merged.items() if value is not None}
        stack_store.save(db, stack)
    return OK


_RESOLUTIONS = ("stackResolutionX", "stackResolutionY", "stackResolutionZ")


@router.answers("GET", STACK + "/resolutionValues", quick=True)
def get_resolution(call: Call) -> Answer:
    """Answer the three resolution values, null where unset."""
    version = _read_version(call)
    return json_answer([version.get(name) for name in _RESOLUTIONS])


@router.answers("PUT", STACK + "/resolutionValues", produces=None, consumes=JSON_BODY)
def put_resolution(call: Call) -> Answer:
    """Set as many resolution values as the list has."""
    values: list[float | None] | None = read_body(call.body, list[float | None])
    if values is None:
        _change_version(call, {})
        raise Failure()
    return _change_version(call, dict(zip(_RESOLUTIONS, values, strict=False)))


@router.answers("DELETE", STACK + "/resolutionValues", produces=None)
def delete_resolution(call: Call) -> Answer:
    """Unset the resolution values."""
    return _change_version(call, dict.fromkeys(_RESOLUTIONS))


class _Cycle(Document):
    number: Int32 | None = None
    stepNumber: Int32 | None = None


@router.answers("GET", STACK + "/cycle", quick=True)
def get_cycle(call: Call) -> Answer:
    """Answer cycle and step number."""
    version = _read_version(call)
    return json_answer(msgspec.to_builtins(_Cycle(version.get("cycleNumber"), version.get("cycleStepNumber"))))


@router.answers("PUT", STACK + "/cycle", produces=None, consumes=JSON_BODY)
def put_cycle(call: Call) -> Answer:
    """Set cycle and step number; what is missing is unset."""
    cycle = read_body(call.body, _Cycle) or _Cycle()
    return _change_version(call, {"cycleNumber": cycle.number, "cycleStepNumber": cycle.stepNumber})


@router.answers("DELETE", STACK + "/cycle", produces=None)
def delete_cycle(call: Call) -> Answer:
    """Unset cycle and step number."""
    return _change_version(call, {"cycleNumber": None, "cycleStepNumber": None})


@router.answers("GET", STACK + "/mipmapPathBuilder", quick=True)
def get_builder(call: Call) -> Answer:
    """Answer the mipmap path builder."""
    builder = _read_version(call).get("mipmapPathBuilder")
    return NO_CONTENT if builder is None else json_answer(builder)


@router.answers("PUT", STACK + "/mipmapPathBuilder", produces=None, consumes=JSON_BODY)
def put_builder(call: Call) -> Answer:
    """Set the mipmap path builder; no body unsets it."""
    builder = read_body(call.body, MipmapPathBuilder)
    if builder is None:
        return _change_version(call, {"mipmapPathBuilder": None})
    for name in ("rootPath", "numberOfLevels", "extension"):
        if getattr(builder, name) is None:
            raise BadRequest(f"{name} must be specified for MipmapPathBuilder")
    if not str(builder.rootPath).endswith("/"):
        builder.rootPath = f"{builder.rootPath}/"
    return _change_version(call, {"mipmapPathBuilder": msgspec.to_builtins(builder)})


@router.answers("DELETE", STACK + "/mipmapPathBuilder", produces=None)
def delete_builder(call: Call) -> Answer:
    """Unset the mipmap path builder."""
    return _change_version(call, {"mipmapPathBuilder": None})


@router.answers("GET", STACK + "/materializedBoxRootPath", produces="text/plain", quick=True)
def get_box_root(call: Call) -> Answer:
    """Answer the path as text."""
    path = _read_version(call).get("materializedBoxRootPath")
    return NO_CONTENT if path is None else text_answer(path)


@router.answers("PUT", STACK + "/materializedBoxRootPath", produces=None, consumes="text/plain")
def put_box_root(call: Call) -> Answer:
    """Set the path, trimmed; a blank one unsets it."""
    return _change_version(call, {"materializedBoxRootPath": call.text().strip() or None})


@router.answers("DELETE", STACK + "/materializedBoxRootPath", produces=None)
def delete_box_root(call: Call) -> Answer:
    """Unset the path."""
    return _change_version(call, {"materializedBoxRootPath": None})


@router.answers("GET", STACK + "/defaultChannel", quick=True)
def get_channel(call: Call) -> Answer:
    """Answer the default channel: the text as it was sent, be it JSON or not."""
    channel = _read_version(call).get("defaultChannel")
    return NO_CONTENT if channel is None else Answer(200, channel.encode(), "application/json")


@router.answers("PUT", STACK + "/defaultChannel", produces=None, consumes=JSON_BODY)
def put_channel(call: Call) -> Answer:
    """Set the default channel to the very text of the body (an option of the service takes quotes off)."""
    channel: str | None = call.text()
    if call.state.options.unquote_default_channel:
        channel = _unquoted(call)
    return _change_version(call, {"defaultChannel": channel or None})


def _unquoted(call: Call) -> str | None:
    """Return the text that a JSON string stands for, else the body."""
    try:
        return read_body(call.body, str)
    except MalformedBody:
        return call.text()


@router.answers("DELETE", STACK + "/defaultChannel", produces=None)
def delete_channel(call: Call) -> Answer:
    """Unset the default channel."""
    return _change_version(call, {"defaultChannel": None})
