"""Embedded render-ws: the web service of render over SQLite, in this process or as a command.

`EmbeddedService` runs it on a thread, for tests and small projects; `serve` runs it until it is stopped.
Needs the extra ``server``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from render_io.server.app import Options as Options
    from render_io.server.app import create_app as create_app
    from render_io.server.embedded import EmbeddedService as EmbeddedService
    from render_io.server.embedded import serve as serve

__all__ = ["EmbeddedService", "Options", "create_app", "serve"]

_HOMES = {"EmbeddedService": "embedded", "serve": "embedded", "Options": "app", "create_app": "app"}


def __getattr__(name: str) -> Any:
    """Import the parts when they are asked for: the web framework takes a while."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
