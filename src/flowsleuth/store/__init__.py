"""Rows at rest; the only room that names an engine."""

from flowsleuth.store.store import Store

__all__ = ["Store"]
