"""StackClient: make, clone, rename, delete a stack, or set its state.

Source: org.janelia.render.client.StackClient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from render_io._native.command_line import CommandLine, number, numbers, text, whole, word
from render_io._native.job import Client, Job, JobError
from render_io._native.options import RENDER_WEB, STACK
from render_io._native.service import Stack, now
from render_io._requests.urls import escape
from render_io._requests.urls import number as in_path

__all__ = ["CLIENT"]

_RESOLUTION = ("stackResolutionX", "stackResolutionY", "stackResolutionZ")
_CYCLE = ("cycleNumber", "cycleStepNumber")
_VERSION = ("versionNotes", *_CYCLE, *_RESOLUTION, "materializedBoxRootPath", "alignmentQuality")
STATES = ("LOADING", "COMPLETE", "READ_ONLY", "OFFLINE")


def run(job: Job) -> None:
    """Do what --action says."""
    stack = Stack.source(job)
    job.log(f"before: {stack.find_metadata()}")
    _ACTIONS[job["action"]](job, stack)
    job.log(f"after: {stack.find_metadata()}")


def _needed(job: Job, name: str) -> Any:
    if job[name] is None:
        raise JobError(f"missing --{name} value")
    return job[name]


def _version(job: Job) -> dict[str, Any]:
    given = {name: job[name] for name in _VERSION} | {"defaultChannel": job["defaultChannelName"]}
    return {"createTimestamp": now()} | {name: value for name, value in given.items() if value is not None}


def _create(job: Job, stack: Stack) -> None:
    stack.create(_version(job))


def _clone(job: Job, stack: Stack) -> None:
    to_stack = escape(_needed(job, "cloneResultStack"), "cloneResultStack")
    query = [("z", in_path(z)) for z in job["zValues"] or ()]
    if job["cloneResultProject"] is not None:
        query.append(("toProject", job["cloneResultProject"]))
    stack.put("cloneTo", to_stack, body=_version(job), query=query)


def _rename(job: Job, stack: Stack) -> None:
    renamed = _needed(job, "renamedStack")
    owner, project = job["renamedOwner"] or stack.owner, job["renamedProject"] or stack.project
    stack.put("stackId", body={"owner": owner, "project": project, "stack": renamed})


def _set_state(job: Job, stack: Stack) -> None:
    stack.set_state(_needed(job, "stackState"))


def _delete(job: Job, stack: Stack) -> None:
    if job["zValues"] is not None:
        for z in job["zValues"]:
            stack.delete("z", in_path(z))
    elif job["sectionId"] is not None:
        stack.delete("section", escape(job["sectionId"], "sectionId"))
    else:
        if stack.find_metadata() is None:
            job.hide(f"{stack} does not exist: nothing is deleted")
        stack.delete()


_ACTIONS: dict[str, Callable[[Job, Stack], None]] = {
    "CREATE": _create,
    "CLONE": _clone,
    "RENAME": _rename,
    "SET_STATE": _set_state,
    "DELETE": _delete,
}

CLIENT = Client(
    CommandLine(
        (
            *RENDER_WEB,
            STACK,
            word("action", tuple(_ACTIONS), required=True),
            word("stackState", STATES),
            text("versionNotes", "Notes about the version"),
            whole("cycleNumber", "Processing cycle of the version"),
            whole("cycleStepNumber", "Step of the processing cycle"),
            number("stackResolutionX", "Nanometers per pixel along x"),
            number("stackResolutionY", "Nanometers per pixel along y"),
            number("stackResolutionZ", "Nanometers per layer"),
            text("materializedBoxRootPath", "Root of materialized boxes"),
            number("alignmentQuality", "Quality of the alignment"),
            text("defaultChannelName", "Channel that is drawn when none is asked for"),
            text("cloneResultProject", "Project of the clone (default: that of the stack)"),
            text("cloneResultStack", "Name of the clone"),
            text("renamedOwner", "New owner (default: the same)"),
            text("renamedProject", "New project (default: the same)"),
            text("renamedStack", "New name"),
            text("sectionId", "Section to be deleted"),
            numbers("zValues", "Layers to be cloned or deleted (default: all)"),
        )
    ),
    run,
)
