"""Endpoints of stacks: lists, metadata, versions, states, renaming, and the parts of a version."""

from __future__ import annotations

import secrets
import time
from typing import Any

import msgspec

from render_io.server import stack_states, stack_store, tile_store
from render_io.server.answers import (
    Answer,
    BadRequest,
    Failure,
    MalformedBody,
    StateError,
    bare_status,
    json_answer,
    text_answer,
)
from render_io.server.jackson import read_body, read_converted
from render_io.server.names import MAX_STACK_COLLECTION, StackId, check_length
from render_io.server.routing import PROJECT, STACK, Call, ServiceRouter
from render_io.server.spec_model import Document, StackVersion

router = ServiceRouter()
JSON_BODY = "application/json"
OK = Answer(200)
NO_CONTENT = Answer(204)


# ---------------------------------------------------------------- lists


@router.answers("GET", "/likelyUniqueId", produces="text/plain", quick=True)
def likely_unique_id(_: Call) -> Answer:
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
        rows = db.execute("SELECT DISTINCT project FROM stack WHERE owner = ? ORDER BY project", (call.path["owner"],))
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
    if state not in stack_states.STATES:
        raise bare_status(404)
    stack_id = StackId.from_path(call.path)
    with call.database.write() as db:
        problem = stack_states.move(db, stack_store.require(db, stack_id), state)
    if problem is not None:  # what the failed attempt left behind is kept
        raise problem
    return call.created()


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
    target_id = StackId(source_id.owner, source_id.project if to_project is None else to_project, call.path["toStack"])
    with call.database.write() as db:
        source = stack_store.require(db, source_id)
        target_id.check()
        target = stack_store.find(db, target_id)
        if target is None:
            target = stack_store.insert(db, target_id, version)
            before = 0
        else:
            if target.state != "LOADING":
                raise StateError(f"Tiles cannot be cloned to stack {target_id.stack} because it is {target.state}.")
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
