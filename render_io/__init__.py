"""Adapter between render and `transforms`."""

from transforms._version import __version__

__all__ = ["__version__"]
