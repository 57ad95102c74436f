"""Connections to a render service, and what it holds: owners, projects, stacks.

A `Render` keeps the defaults of a connection; functions of this package take it as ``render=`` and fill in the
connection arguments that were not given. It can be pickled, session included, so that it travels to worker processes.
"""
# ruff: noqa: ARG001 - connection arguments are part of every signature, used or not

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from render_io import http
from render_io._requests import access
from render_io._requests.urls import base_url, escape, owner_url, stack_url
from render_io.errors import ClientScriptError, RenderError

__all__ = [
    "MissingConnectionError",
    "Render",
    "RenderClient",
    "connect",
    "format_baseurl",
    "format_preamble",
    "get_owners",
    "get_projects_by_owner",
    "get_stack_metadata_by_owner",
    "get_stacks_by_owner_project",
    "renderaccess",
]

P = ParamSpec("P")
R = TypeVar("R")
Port = int | str | None

_log = logging.getLogger(__name__)
_SCRIPT = "run_ws_client.sh"
_HEAP = "1G"


class MissingConnectionError(RenderError, ValueError):
    """A part of the connection was neither given nor found in the environment."""


class Render:
    """Defaults of a connection to a render service.

    Parameters
    ----------
    host : str, optional
        Name or address of the server, with or without ``http://``.
    port : int or str, optional
        Left out of addresses when None.
    owner, project : str, optional
        Defaults of the functions that need them.
    client_scripts : str, optional
        Folder of the Java client's scripts.
    session : requests.Session, optional
        Carries credentials, certificates, proxies; by default a new one with pooled connections.
    create_session : bool
        False makes none: each thread then uses one of its own.
    **kwargs
        Further members of a connection's dictionary (`RenderClient` uses them); anything else is a TypeError.
    """

    def __init__(
        self,
        host: str | None = None,
        port: Port = None,
        owner: str | None = None,
        project: str | None = None,
        client_scripts: str | None = None,
        session: Any = None,
        create_session: bool = True,
        **kwargs: Any,
    ) -> None:
        known = ("host", "port", "owner", "project", "client_scripts", "session", "create_session")
        access.refuse_unknown(type(self).__name__, kwargs, frozenset(), known)
        self.DEFAULT_HOST = host
        self.DEFAULT_PORT = port
        self.DEFAULT_OWNER = owner
        self.DEFAULT_PROJECT = project
        self.DEFAULT_CLIENT_SCRIPTS = client_scripts
        self.session = http.new_session() if session is None and create_session else session

    def __repr__(self) -> str:
        shown = (self.DEFAULT_HOST, self.DEFAULT_PORT, self.DEFAULT_OWNER, self.DEFAULT_PROJECT)
        host, *others = shown
        return f"{type(self).__name__}({', '.join(map(repr, (host and http.redact(str(host)), *others)))})"

    @property
    def DEFAULT_KWARGS(self) -> dict[str, Any]:
        """All defaults, as `make_kwargs` gives them; the live session is among them."""
        return self.make_kwargs()

    def make_kwargs(
        self,
        host: str | None = None,
        port: Port = None,
        owner: str | None = None,
        project: str | None = None,
        client_scripts: str | None = None,
        session: Any = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Keywords of a call: what is given, else the defaults.

        Parameters
        ----------
        host, port, owner, project, client_scripts, session : optional
            None means the default; an empty text means none at all, such as ``port=""`` behind a proxy.
        **kwargs
            Added as they are.

        Returns
        -------
        dict
            host, port, owner, project, client_scripts, session and the further keywords.
        """
        members = {
            "host": (host, self.DEFAULT_HOST),
            "port": (port, self.DEFAULT_PORT),
            "owner": (owner, self.DEFAULT_OWNER),
            "project": (project, self.DEFAULT_PROJECT),
            "client_scripts": (client_scripts, self.DEFAULT_CLIENT_SCRIPTS),
            "session": (session, self.session),
        }
        return {name: _given_or(*pair) for name, pair in members.items()} | kwargs

    def run(self, f: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """Call ``f(*args, render=self, **kwargs)`` and return its result."""
        if kwargs.get("render") not in (None, self):
            raise TypeError("run() got another render than the one it is called on")
        return f(*args, **(kwargs | {"render": self}))


def _given_or(given: Any, default: Any) -> Any:
    if isinstance(given, str) and given == "":
        return None
    return default if given is None else given


class RenderClient(Render):
    """Defaults of a connection, and how Java clients are run.

    Parameters
    ----------
    client_script : str, optional
        Path of ``run_ws_client.sh``; by default the one in ``client_scripts``.
    memGB : str, optional
        Heap of the Java virtual machine, "1G" by default.
    validate_client : bool
        Refuse a missing script now. Without a script and unvalidated, clients do their job without Java.
    *args
        As for `Render`.
    **kwargs
        As for `Render`.

    Raises
    ------
    ClientScriptError
        No script, or it is not a file.
    """

    def __init__(
        self,
        client_script: str | None = None,
        memGB: str | None = None,
        validate_client: bool = True,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if client_script is None and self.DEFAULT_CLIENT_SCRIPTS is not None:
            client_script = self.clientscript_from_clientscripts(self.DEFAULT_CLIENT_SCRIPTS)
        if validate_client:
            check_script(client_script)
        self.client_script = client_script
        self.memGB = memGB or _HEAP

    @classmethod
    def clientscript_from_clientscripts(cls, client_scripts: str) -> str:
        """Path of the script in a folder of scripts; ClientScriptError when there is no folder."""
        if client_scripts is None:
            raise ClientScriptError("no client_scripts given: expected the folder of run_ws_client.sh")
        return str(Path(client_scripts) / _SCRIPT)

    def make_kwargs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Keywords of a call, ``client_script`` and ``memGB`` among them; otherwise as in `Render`."""
        script, heap = kwargs.pop("client_script", None), kwargs.pop("memGB", None)
        both = {"client_script": _given_or(script, self.client_script), "memGB": _given_or(heap, self.memGB)}
        return super().make_kwargs(*args, **kwargs) | both


def check_script(client_script: str | None) -> str:
    """Make sure that a client script is there.

    Parameters
    ----------
    client_script : str or None
        Its path.

    Returns
    -------
    str
        The path.

    Raises
    ------
    ClientScriptError
        None, or not a file.
    """
    if client_script is None:
        raise ClientScriptError("no client script: give client_script or client_scripts, or set RENDER_CLIENT_SCRIPTS")
    if not Path(client_script).is_file():
        raise ClientScriptError(f"client script {client_script} is not a file")
    if _SCRIPT not in Path(client_script).name:
        _log.warning("client script %s is not called %s", client_script, _SCRIPT)
    return str(client_script)


def connect(
    host: str | None = None,
    port: Port = None,
    owner: str | None = None,
    project: str | None = None,
    client_scripts: str | None = None,
    client_script: str | None = None,
    memGB: str | None = None,
    force_http: bool = True,
    validate_client: bool = True,
    web_only: bool = False,
    session: Any = None,
    **kwargs: Any,
) -> Render:
    """Make a connection from arguments and environment.

    What is not given is taken from ``RENDER_HOST``, ``RENDER_PORT``, ``RENDER_OWNER``, ``RENDER_PROJECT``,
    ``RENDER_CLIENT_SCRIPTS``, ``RENDER_CLIENT_SCRIPT`` and ``RENDER_CLIENT_HEAP`` (or their older names, which begin
    with ``DEFAULT_``). Without any client script, client jobs are done in-process, without Java.

    Parameters
    ----------
    host, port, owner, project : optional
        Where the service is and whose data are meant. A host that is a whole address (``https://...``) needs no port.
    client_scripts, client_script : optional
        Folder of the Java client's scripts, or the script itself.
    memGB : str, optional
        Heap of the Java virtual machine.
    force_http : bool
        Put ``http://`` before a host that has no scheme.
    validate_client : bool
        Raise now when the client script named is not there.
    web_only : bool
        Return a plain `Render`, look at no script.
    session : requests.Session, optional
        As for `Render`.
    **kwargs
        ``prompt=True`` asks on standard input for what is missing; nothing is asked otherwise.

    Returns
    -------
    RenderClient or Render
        The latter with `web_only`.

    Raises
    ------
    MissingConnectionError
        Names what is missing and its environment variable; also a ValueError.
    ClientScriptError
        The client script named is not there.
    """
    prompt = kwargs.pop("prompt", False)
    access.refuse_unknown("connect", kwargs, frozenset({"prompt"}), access.CARRIED)
    host = str(_from_environment("host", host, prompt))
    whole_address = "://" in host
    port = _from_environment("port", port, prompt, required=not whole_address)
    owner = _from_environment("owner", owner, prompt)
    project = _from_environment("project", project, prompt)
    if force_http and not whole_address:
        host = f"http://{host}"
    where: dict[str, Any] = {"host": host, "port": _port(port), "owner": owner, "project": project, "session": session}
    client_script, client_scripts = _scripts(client_script, client_scripts)
    if web_only:
        return Render(client_scripts=client_scripts, **where)
    return RenderClient(
        client_script=client_script,
        memGB=memGB or _heap(),
        validate_client=validate_client and (client_script or client_scripts) is not None,
        client_scripts=client_scripts,
        **where,
    )


def _environment(name: str) -> str | None:
    return os.environ.get(f"RENDER_{name}") or os.environ.get(f"DEFAULT_RENDER_{name}") or None


def _from_environment(name: str, given: Any, prompt: bool, required: bool = True) -> Any:
    if given is not None:
        return given
    value = _environment(name.upper())
    if value is None and prompt:
        value = input(f"Enter render {name}: ").strip() or None
    if value is None and required:
        raise MissingConnectionError(f"{name} is missing: give {name}= or set RENDER_{name.upper()}")
    return value


def _port(port: Any) -> int | None:
    if port in (None, ""):
        return None
    try:
        return int(port)
    except (TypeError, ValueError):
        raise MissingConnectionError(f"port: expected an integer, got {port!r}") from None


def _scripts(script: str | None, scripts: str | None) -> tuple[str | None, str | None]:
    """What is given wins over the environment, also a folder over a script named there."""
    if script is None and scripts is None:
        script = _environment("CLIENT_SCRIPT")
    if scripts is None:
        scripts = _environment("CLIENT_SCRIPTS")
    return script, scripts


def _heap() -> str:
    heap = _environment("CLIENT_HEAP") or _HEAP
    return f"{heap}G" if heap.isdigit() else heap


def renderaccess(func: Callable[P, R]) -> Callable[P, R]:
    """Let a function take its connection arguments from ``render=``.

    Parameters
    ----------
    func : callable
        With any of the parameters host, port, owner, project, session, client_scripts, client_script and memGB;
        when it has ``**kwargs`` it gets those it has no parameter for there.

    Returns
    -------
    callable
        Of the same signature. It raises ValueError when ``render`` is not a `Render`, and TypeError for a host, port,
        owner, project or session that can't be one.
    """
    return access.connected(strict=False)(func)


def format_baseurl(host: str, port: Port) -> str:
    """Address of the service, ``{host}[:{port}]/render-ws/v1``; ``http://`` is added to a host without scheme."""
    return base_url(host, port)


def format_preamble(host: str, port: Port, owner: str, project: str, stack: str) -> str:
    """Address of a stack, its parts escaped; RenderError when one of them is missing."""
    return stack_url(host, port, owner, project, stack)


@access.connected()
def get_owners(
    host: str | None = None, port: Port = None, session: Any = None, render: Render | None = None, **kwargs: Any
) -> list[str]:
    """Owners that have stacks."""
    owners: list[str] = http.get_json(session, f"{base_url(host, port)}/owners")
    return owners


@access.connected()
def get_stack_metadata_by_owner(
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[dict[str, Any]]:
    """Metadata of all stacks of an owner, in the server's order; an empty list for an unknown owner."""
    metadata: list[dict[str, Any]] = http.get_json(session, owner_url(host, port, owner, "stacks"))
    return metadata


@access.connected()
def get_projects_by_owner(
    owner: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[str]:
    """Projects of an owner, in alphabetical order; an empty list for an unknown owner."""
    return sorted(http.get_json(session, owner_url(host, port, owner, "projects")))


@access.connected()
def get_stacks_by_owner_project(
    owner: str | None = None,
    project: str | None = None,
    host: str | None = None,
    port: Port = None,
    session: Any = None,
    render: Render | None = None,
    **kwargs: Any,
) -> list[str]:
    """Names of the stacks of a project, in the server's order; an empty list for an unknown project."""
    ids = http.get_json(session, owner_url(host, port, owner, "project", escape(project, "project"), "stackIds"))
    return [stack_id["stack"] for stack_id in ids]
