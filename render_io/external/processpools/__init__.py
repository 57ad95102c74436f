"""Pools of workers under the names that pipelines import."""
