"""What is known here of many addresses at once, a row each: what kind, whose, where, on which lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.workspace.enrichment import NO_SYSTEMS, address_facts, lists_of

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.enrich.facts import AddressFacts
    from flowsleuth.workspace.casework import Casework

COLUMNS = {
    "address": "string",
    "address_type": "string",
    "is_internal": "bool",
    "network": "string",
    "country_code": "string",
    "country": "string",
    "region": "string",
    "city": "string",
    "lat": "float64",
    "lon": "float64",
    "owner": "string",
    "asn": "int64",
    "as_name": "string",
    "operator": "string",
    "lists": "string",
}
_STORED = ("country_code", "country", "city", "asn", "as_name", "operator", "lists")


@dataclass(frozen=True)
class KnownAddresses:
    """What :meth:`flowsleuth.Workspace.known_addresses` tells.

    Attributes
    ----------
    table : pyarrow.Table
        ``address address_type is_internal network country_code country region city lat lon owner asn as_name operator
        lists``: a row per address, in the order of addresses; null what nobody knows.
    has_systems : bool
        Some source here tells autonomous systems at all.
    notes : tuple of str
        What is missing, and how to have it.
    """

    table: pa.Table
    has_systems: bool
    notes: tuple[str, ...]


def known_addresses(workspace: Casework, addresses: Any) -> KnownAddresses:
    """See :meth:`flowsleuth.Workspace.known_addresses`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.enrich.address_types import AddressTypes
    from flowsleuth.enrich.facts import with_facts
    from flowsleuth.workspace.investigation import context_of

    column = addresses if isinstance(addresses, pa.Array | pa.ChunkedArray) else pa.array(list(addresses), pa.string())
    asked = pc.unique(column.cast(pa.string())).drop_null()
    asked = asked.take(pc.sort_indices(asked))
    context = context_of(workspace)
    sources: list[AddressFacts] = [AddressTypes(), *(one for one in context.facts if one.absent is None)]
    told = with_facts(pa.table({"address": asked}), "address", sources)
    columns: dict[str, Any] = {name: told[name] for name in told.column_names}
    columns["is_internal"] = pa.array(context.inside.covers(asked))
    columns |= _listed(workspace, asked)
    stored = _stored(workspace, asked)
    for name in stored.column_names:
        columns[name] = stored[name] if name not in columns else pc.coalesce(columns[name], stored[name])
    kinds = {"string": pa.string(), "bool": pa.bool_(), "float64": pa.float64(), "int64": pa.int64()}
    nothing = {name: pa.nulls(len(asked), kinds[kind]) for name, kind in COLUMNS.items()}
    table = pa.table({name: pc.cast(columns.get(name, nothing[name]), kinds[kind]) for name, kind in COLUMNS.items()})
    has_systems = any(column.name in ("asn", "as_name") for source in sources for column in source.columns)
    has_systems = has_systems or bool(pc.any(table["asn"].is_valid()).as_py())
    return KnownAddresses(table, has_systems, () if has_systems else (NO_SYSTEMS,))


def _listed(workspace: Casework, asked: pa.Array) -> dict[str, pa.Array]:
    """The lists that addresses are on, and who operates their networks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.enrich.fact_rows import list_rows, with_operators

    lists, _ = lists_of(workspace.folder, workspace.settings)
    rows = [part.select(["observable", "fact", "value"]) for part in with_operators(list_rows(asked, "ip", lists))]
    if not rows:
        return {}
    whole = pa.concat_tables(rows)
    return {
        fact: _joined(whole.filter(pc.equal(whole["fact"], one)), asked)
        for fact, one in (("lists", "list"), ("operator", "operator"))
    }


def _joined(rows: pa.Table, asked: pa.Array) -> pa.Array:
    """Values of each address as one text, null where there is none."""
    import pyarrow.compute as pc

    ordered = rows.sort_by([("observable", "ascending"), ("value", "ascending")])
    found = ordered.group_by("observable", use_threads=False).aggregate([("value", "distinct")]).combine_chunks()
    at = pc.index_in(asked, value_set=found["observable"].combine_chunks())
    return pc.binary_join(found["value_distinct"].combine_chunks(), ", ").take(at)


def _stored(workspace: Casework, asked: pa.Array) -> pa.Table:
    """What :meth:`flowsleuth.Workspace.enrich` kept of these addresses; no column when it was never run."""
    import ibis
    import pyarrow as pa
    import pyarrow.compute as pc

    store = workspace.store
    if not any(part.rows for part in store.catalog.parts("fact")):
        return pa.table({})
    wanted = ibis.memtable(pa.table({"address": asked}))
    found = store.arrow(address_facts(store).semi_join(wanted, "address"))
    at = pc.index_in(asked, value_set=found["address"].combine_chunks())
    return found.select(list(_STORED)).take(at)
