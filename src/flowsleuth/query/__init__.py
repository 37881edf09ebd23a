"""Questions to other people's data: drivers, and a library of queries in YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowsleuth.query.provider import QueryProvider as QueryProvider
    from flowsleuth.query.report import PartialResultWarning as PartialResultWarning
    from flowsleuth.query.report import QueryReport as QueryReport
    from flowsleuth.query.report import report_of as report_of

__all__ = ["PartialResultWarning", "QueryProvider", "QueryReport", "report_of"]


def __getattr__(name: str) -> Any:
    if name == "QueryProvider":
        from flowsleuth.query.provider import QueryProvider

        return QueryProvider
    if name in __all__:
        from flowsleuth.query import report

        return getattr(report, name)
    raise AttributeError(f"module 'flowsleuth.query' has no attribute {name!r}")
