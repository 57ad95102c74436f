"""Adapter between render and `transforms`."""
