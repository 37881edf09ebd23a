"""What a row is: every table, declared once; readers, store, faces and documentation derive from it."""

from flowsleuth.errors import CatalogueError
from flowsleuth.schema.columns import Column, Table
from flowsleuth.schema.events import ALERT, DNS, HTTP, TLS
from flowsleuth.schema.facts import FACT
from flowsleuth.schema.flow import FLOW
from flowsleuth.schema.health import HEALTH
from flowsleuth.schema.hosts import LOGON, PROCESS, SYSLOG
from flowsleuth.schema.intel import INDICATOR
from flowsleuth.schema.results import FINDING, LEAD, QUEUE, REJECT, SCORE, SUSPECT
from flowsleuth.schema.stitched import STITCHED

__all__ = [
    "ALERT",
    "DNS",
    "FACT",
    "FINDING",
    "FLOW",
    "GROWN",
    "HEALTH",
    "HTTP",
    "INDICATOR",
    "LEAD",
    "LOGON",
    "PROCESS",
    "QUEUE",
    "REJECT",
    "SCORE",
    "STITCHED",
    "SUSPECT",
    "SYSLOG",
    "TABLES",
    "TLS",
    "Column",
    "Table",
    "table",
]

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        FLOW,
        DNS,
        HTTP,
        TLS,
        ALERT,
        PROCESS,
        LOGON,
        SYSLOG,
        HEALTH,
        STITCHED,
        REJECT,
        SCORE,
        SUSPECT,
        QUEUE,
        FINDING,
        LEAD,
        FACT,
        INDICATOR,
    )
}

GROWN = ("alert",)
"""Tables that gained columns since the first version: older Parquet parts lack them, and they are read as null."""


def table(name: str) -> Table:
    """Look a table up by name.

    Raises
    ------
    CatalogueError
        There is no such table.

    Examples
    --------
    >>> table("flow")["duration_s"].unit
    'seconds'
    """
    try:
        return TABLES[name]
    except KeyError:
        raise CatalogueError("no such table", where=name, available=TABLES) from None
