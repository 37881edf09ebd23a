"""Pivots: from a thing to what is known about it, without grafting anything onto anybody's classes."""

from flowsleuth.workspace.pivots.pivot import PIVOTS, Answer, Found, Pivot, Question, load_pivot

__all__ = ["PIVOTS", "Answer", "Found", "Pivot", "Question", "load_pivot"]
