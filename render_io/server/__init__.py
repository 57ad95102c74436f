"""Embedded render-ws: the web service of render over SQLite."""
