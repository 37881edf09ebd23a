"""How many rows were ingested per bin of time, of every kind, in any range."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from flowsleuth.errors import OptionError
from flowsleuth.investigate.queries import rows_per_bin, within
from flowsleuth.investigate.timeline import WIDTHS_S
from flowsleuth.schema.investigation import INGEST_SUMMARY
from flowsleuth.workspace.investigation import days_of
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace.casework import Casework

TABLES = ("flow", "dns", "http", "tls", "alert", "process", "logon", "syslog")
MINUTE_S = 60
US_PER_S = 1_000_000


def summarize_ingest(
    workspace: Casework, start: dt.datetime | None = None, end: dt.datetime | None = None, bins: int | None = None
) -> Rows:
    """See :meth:`flowsleuth.Workspace.ingest_summary`."""
    import pyarrow as pa

    if bins is not None and bins < 1:
        raise OptionError("must be at least 1", where=f"bins={bins}")
    width = bin_width(workspace, start, end, bins)
    found = []
    for name in TABLES:
        dates = days_of(workspace, name, start, end)
        if not workspace.store.catalog.parts(name, dates):
            continue
        rows = within(workspace.store.table(name, dates), start, end)
        counted = workspace.store.arrow(rows_per_bin(rows, width))
        found.append(_typed(counted, name, width))
    table = pa.concat_tables([INGEST_SUMMARY.arrow_schema().empty_table(), *found])
    return Rows(table.sort_by([("start", "ascending"), ("table", "ascending")]))


def bin_width(workspace: Casework, start: dt.datetime | None, end: dt.datetime | None, bins: int | None) -> int:
    """A minute; or, where a number of bins is asked for, the smallest round width that makes no more of them."""
    if bins is None:
        return MINUTE_S
    stored = [facts for name, facts in workspace.store.catalog.tables().items() if name in TABLES]
    firsts = [facts["first_us"] for facts in stored if facts["first_us"] is not None]
    lasts = [facts["last_us"] for facts in stored if facts["last_us"] is not None]
    if not firsts or not lasts:
        return MINUTE_S
    low = min(firsts) / US_PER_S if start is None else start.timestamp()
    high = max(lasts) / US_PER_S if end is None else end.timestamp()
    for width in WIDTHS_S:
        if high // width - low // width + 1 <= bins:
            return width
    longest = WIDTHS_S[-1]
    return longest * max(1, -(-int(high - low) // (longest * bins)) + 1)


def _typed(counted: pa.Table, name: str, width: int) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    start = pc.multiply(counted["bin"], width * US_PER_S).cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
    columns = {
        "start": start,
        "table": pa.array([name] * len(counted), pa.string()),
        "rows": counted["rows"],
        "bin_s": pa.array([width] * len(counted), pa.int64()),
    }
    return pa.table(columns).cast(INGEST_SUMMARY.arrow_schema())
