"""Addresses of a result with what is known of them here, and as marks of a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.countries import country_places
from flowsleuth.notebooklets.attributes import Found

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

FACTS = (
    "address_type", "is_internal", "network", "country", "country_code", "region", "city", "lat", "lon", "asn",
    "as_name", "operator", "lists",
)  # fmt: skip


def with_facts(run: Run, rows: pa.Table, column: str) -> pa.Table:
    """Rows with what is known here of the addresses in a column; nothing is asked outside."""
    import pyarrow.compute as pc

    known = run.ws.known_addresses(rows[column]).table
    at = pc.index_in(rows[column], value_set=known["address"].combine_chunks()).combine_chunks()
    for name in FACTS:
        rows = rows.append_column(name, known[name].combine_chunks().take(at))
    return rows


def place_marks(
    rows: pa.Table, column: str, measures: Sequence[str], *, ways: Sequence[str | None],
    severities: Sequence[str | None] = (),
) -> Found:  # fmt: skip
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
        Of each row; no row is a threat when no severities are given.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    text, size = pa.string(), len(rows)
    own = {name: rows[name].combine_chunks() for name in ("lat", "lon", "country_code", "as_name")}
    is_exact = pc.and_(pc.is_valid(own["lat"]), pc.is_valid(own["lon"]))
    latitude, longitude = country_places(own["country_code"])
    latitude, longitude = (
        pc.if_else(is_exact, own[name], coarse) for name, coarse in (("lat", latitude), ("lon", longitude))
    )
    coarse = pc.sum(pc.and_(pc.is_valid(latitude), pc.invert(is_exact))).as_py() or 0
    listed = rows.select(["city", "region", "country"]).to_pylist()
    places = [", ".join(filter(None, (row["city"] or row["region"], row["country"]))) or None for row in listed]
    columns: dict[str, Any] = {
        "ip": rows[column],
        "lat": latitude,
        "lon": longitude,
        "place": pa.array(places, text),
        "role": pa.array(["peer"] * size, text),
        "way": pa.array(list(ways), text),
        "severity": pa.array(list(severities) or [None] * size, text),
        "as_name": own["as_name"],
        **{name: rows[name].cast(pa.int64()) for name in measures},
    }
    if not pc.any(pc.is_valid(latitude)).as_py():
        return Found(absent="none of the addresses has a place in what is known here")
    note = f"of {coarse:,} addresses only the country is known: they are marked somewhere in it" if coarse else ""
    return Found(pa.table(columns), note=note)
