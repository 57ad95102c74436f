"""Names of owners, projects, stacks and match collections, and the one key of a stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from render_io.server.answers import BadRequest

__all__ = ["MAX_COLLECTION", "MAX_STACK_COLLECTION", "StackId", "check_length", "check_name"]

_NAME = re.compile(r"[A-Za-z0-9]+(_[A-Za-z0-9]+)*")
MAX_STACK_COLLECTION = 111
MAX_COLLECTION = 112


def check_name(context: str, name: str) -> None:
    """Refuse a name that is not made of letters, digits and single inner underscores.

    Parameters
    ----------
    context : str
        What it names: ``owner``, ``project``, ``stack``, ``name``.
    name : str
        As it came.

    Raises
    ------
    BadRequest
        With the service's text.
    """
    if not _NAME.fullmatch(name):
        raise BadRequest(
            f"invalid {context} '{name}' specified, names may only contain alphanumeric or underscore '_' characters"
            " and may not contain consecutive underscores '_'"
        )


def check_length(collection: str, limit: int, kind: str = "render") -> None:
    """Refuse names that together are too long for a collection of the real service's database."""
    if len(collection) > limit:
        raise BadRequest(
            f"{kind} collection name '{collection}' must be less than {limit} characters,"
            " therefore the length of one or more of the collection fields should be reduced"
        )


@dataclass(frozen=True, slots=True)
class StackId:
    """Owner, project and stack."""

    owner: str
    project: str
    stack: str

    @classmethod
    def from_path(cls, path: Mapping[str, str]) -> StackId:
        """Take the names from a path and check them."""
        found = cls(path["owner"], path["project"], path["stack"])
        found.check()
        return found

    def check(self) -> None:
        """Refuse bad names, in the service's order.

        Raises
        ------
        BadRequest
            With the service's text.
        """
        check_name("owner", self.owner)
        check_name("project", self.project)
        check_name("stack", self.stack)
        check_length(self.collection("transform"), MAX_STACK_COLLECTION)

    def collection(self, kind: str) -> str:
        """Return the name that the real service's database gives to a collection of this stack."""
        return f"{self.owner}__{self.project}__{self.stack}__{kind}"

    def to_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return {"owner": self.owner, "project": self.project, "stack": self.stack}

    def __str__(self) -> str:
        """Return the form that error texts use."""
        return f"owner '{self.owner}', project '{self.project}', and name '{self.stack}'"
