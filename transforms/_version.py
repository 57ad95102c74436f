"""The version of the distribution: written here and nowhere else, read by the build and by both packages."""

from __future__ import annotations

__version__ = "0.1.0"
