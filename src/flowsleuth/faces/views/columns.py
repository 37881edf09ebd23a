"""The columns that a display is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowsleuth.schema.tabular import column_names
from flowsleuth.viz.moments import time_column

Columns = str | Iterable[str] | None
USUAL_SOURCES = (
    "AlertName", "CompromisedEntity", "Severity", "Computer", "Account", "NewProcessName", "EventID", "CommandLine",
    "src_ip", "dst_ip", "dst_port",
)  # fmt: skip
"""What is told of a mark when no source columns are named, as far as it is there; else the first four columns."""


def names_of(columns: Columns) -> list[str]:
    """One name, several or none, as a list.

    Examples
    --------
    >>> names_of("Severity"), names_of(("a", "b")), names_of(None)
    (['Severity'], ['a', 'b'], [])
    """
    return [columns] if isinstance(columns, str) else list(dict.fromkeys(str(name) for name in columns or ()))


def sources_of(data: Any, asked: Columns, time: str | None) -> list[str]:
    """Source columns that were asked for, or the usual ones."""
    if asked is not None:
        return names_of(asked)
    there = column_names(data)
    known = [name for name in USUAL_SOURCES if name in there]
    return known[:5] or [name for name in there if name != time_column(data, time)][:4]
