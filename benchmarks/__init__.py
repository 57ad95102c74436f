"""Rates beside the peers: one module per group, each runnable by itself."""
