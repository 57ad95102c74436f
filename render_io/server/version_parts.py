"""Endpoints of the parts of a stack's current version, which are read, set and deleted on their own."""

from __future__ import annotations

from typing import Any

import msgspec

from render_io.server import stack_store
from render_io.server.answers import Answer, BadRequest, Failure, MalformedBody, json_answer, text_answer
from render_io.server.jackson import Int32, read_body
from render_io.server.names import StackId
from render_io.server.routing import STACK, Call, ServiceRouter
from render_io.server.spec_model import Document, MipmapPathBuilder

router = ServiceRouter()
JSON_BODY = "application/json"
OK = Answer(200)
NO_CONTENT = Answer(204)


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
        text: str | None = read_body(call.body, str)
    except MalformedBody:
        return call.text()
    return text


@router.answers("DELETE", STACK + "/defaultChannel", produces=None)
def delete_channel(call: Call) -> Answer:
    """Unset the default channel."""
    return _change_version(call, {"defaultChannel": None})
