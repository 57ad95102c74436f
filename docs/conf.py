from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from transforms._version import __version__ as release  # noqa: E402, F401

project = "render-transforms"
author = "render-transforms developers"
copyright = f"2026, {author}"
extensions = ["myst_parser", "numpydoc", "sphinx.ext.apidoc", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
exclude_patterns = ["_build", "reference/*/modules.rst"]
html_theme = "alabaster"

# Pages of the reference are made from the packages at every build, so that no module is forgotten.
apidoc_modules = [
    {
        "path": str(ROOT / package),
        "destination": f"reference/{package}",
        "max_depth": 4,
        "separate_modules": True,
    }
    for package in ("transforms", "render_io")
]
autodoc_member_order = "bysource"
# What a package re-exports is documented where it is defined, once.
autodoc_default_options = {"ignore-module-all": True}
autodoc_typehints = "none"
numpydoc_show_class_members = False
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
