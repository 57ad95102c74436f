"""Adapter between render and `transforms`: specs, tile specs, files, the web service and the Java client.

``import render_io as renderapi`` offers the whole API of render-python. Submodules and names are loaded when first
used, so that the import itself costs next to nothing and changes nothing in other packages.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

__all__ = [
    "Render",
    "client",
    "connect",
    "coordinate",
    "errors",
    "image",
    "install_as_renderapi",
    "pointmatch",
    "render",
    "resolvedtiles",
    "stack",
    "tilespec",
    "transform",
]

_NAMES = {
    "Render": "render_io.render",
    "connect": "render_io.render",
    # The number is that of the maths package; reading it loads that package.
    "__version__": "transforms._version",
}


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        found = getattr(import_module(_NAMES[name]), name)
        globals()[name] = found
        return found
    if not name.startswith("_"):
        own = f"{__name__}.{name}"
        try:
            return import_module(own)
        except ModuleNotFoundError as error:
            if error.name != own:
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    modules = (module.name for module in iter_modules(__path__))
    return sorted({*globals(), *__all__, *_NAMES, *(name for name in modules if not name.startswith("_"))})


def install_as_renderapi() -> None:
    """Let ``import renderapi``, and of any submodule, give this package, for code that can't be edited.

    Raises
    ------
    ImportError
        Another package of that name is loaded already: parts of both would be in use.
    """
    present = sys.modules.get("renderapi")
    if present is sys.modules[__name__]:
        return
    if present is not None:
        raise ImportError("renderapi is imported already: call install_as_renderapi() before any import of it")
    sys.modules["renderapi"] = sys.modules[__name__]
    sys.meta_path.insert(0, _RenderapiFinder())


class _RenderapiFinder(MetaPathFinder, Loader):
    """Finds ``renderapi.x`` where ``render_io.x`` is: the same module object under a second name."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        return ModuleSpec(fullname, self) if fullname.startswith("renderapi.") else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        own = "render_io" + spec.name.removeprefix("renderapi")
        try:
            module = import_module(own)
        except ModuleNotFoundError as error:
            if error.name == own:  # Tell it under the name that was asked for.
                raise ModuleNotFoundError(f"No module named {spec.name!r}", name=spec.name) from None
            raise
        # The import system is about to write the second name's spec into the module; it is put back below.
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state
