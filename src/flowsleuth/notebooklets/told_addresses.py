"""Addresses of a result with what is known of them here, and as marks of a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

FACTS = ("country", "country_code", "region", "city", "latitude", "longitude", "asn", "as_name", "owner")


def with_facts(run: Run, rows: pa.Table, column: str) -> pa.Table:
    """Rows with what local sources tell of the addresses in a column; nothing is asked outside."""
    import pyarrow.compute as pc

    asked = pc.unique(rows[column]).drop_null()
    known = run.ask("IpAddress.geo", asked.to_pylist(), limit=None)
    at = pc.index_in(rows[column], value_set=known["asked"].combine_chunks())
    for name in FACTS:
        rows = rows.append_column(name, known[name].combine_chunks().take(at))
    return rows


def place_marks(
    rows: pa.Table, column: str, measures: Sequence[str], *, ways: Sequence[str | None],
    severities: Sequence[str | None] = (),
) -> pa.Table:  # fmt: skip
    """Rows of addresses with their facts as the table of a figure ``places``; see :mod:`flowsleuth.viz.places`.

    Parameters
    ----------
    rows : pyarrow.Table
        As :func:`with_facts` gives them.
    column : str
        Of the addresses.
    measures : sequence of str
        Whole numbers; the first decides how large a mark is.
    ways, severities : sequence of str or None
        Of each row; of no row a threat when none are given.
    """
    import pyarrow as pa

    text, listed = pa.string(), rows.select(["city", "region", "country"]).to_pylist()
    places = [
        ", ".join(word for word in (row["city"] or row["region"], row["country"]) if word) or None for row in listed
    ]
    columns: dict[str, Any] = {
        "ip": rows[column],
        "lat": rows["latitude"].cast(pa.float64()),
        "lon": rows["longitude"].cast(pa.float64()),
        "place": pa.array(places, text),
        "role": pa.array(["peer"] * len(rows), text),
        "way": pa.array(list(ways), text),
        "severity": pa.array(list(severities) or [None] * len(rows), text),
        "as_name": rows["as_name"].cast(text),
    }
    return pa.table(columns | {name: rows[name].cast(pa.int64()) for name in measures})
