"""Pools made of the standard library."""

from render_io.client.pools import WithDummyMapPool, WithMultiprocessingPool, WithThreadPool

__all__ = ["WithDummyMapPool", "WithMultiprocessingPool", "WithThreadPool"]
