"""Autonomous systems: what is known of each address, once, and the group that its flows are counted in.

Where no source tells autonomous systems, the group is the network of the context file, else the operator that a list
names, else the country. What nobody knows is a group as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.network_flow.counts import summed
from flowsleuth.notebooklets.network_flow.scope import Scope

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

UNKNOWN_AS = "unknown AS"
NO_ADDRESS = "unknown address"
SPECIAL, SYSTEM, NAMED = "special", "as", "named"
"""Kinds of groups besides ``unknown``: inside, or never routed; a system; a network or operator by name."""
OUTSIDE = " outside the home networks"
MULTIPLE = ("L7Protocol", "source", "dest")


def know_addresses(run: Run) -> dict[str, Any]:
    """What is known here of each address that the flows have."""
    rows = run["flow_index_data"]
    facts, note = facts_of(run, recorded_systems(rows))
    return {"address_facts": Found(facts, note=note)}


def recorded_systems(rows: pa.Table) -> pa.Table:
    """``address`` and ``record_as``, the AS that flow records gave for it, if any; a row per address."""
    import pyarrow as pa

    ends = [
        pa.table({"address": rows[end], "record_as": rows[f"{end}_as"].cast(pa.int64())}) for end in ("source", "dest")
    ]
    found = pa.concat_tables(ends).group_by("address").aggregate([("record_as", "max")])
    found = found.rename_columns(["address", "record_as"])
    return found.filter(found["address"].is_valid()).sort_by("address")


def facts_of(run: Run, recorded: pa.Table) -> tuple[pa.Table, str]:
    """Facts of addresses with the group of each, and what is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = run.ws.known_addresses(recorded["address"])
    at = pc.index_in(known.table["address"], value_set=recorded["address"].combine_chunks())
    told = known.table.append_column("record_as", recorded["record_as"].combine_chunks().take(at.combine_chunks()))
    group, kind = groups_of(told)
    is_host = pa.array(Scope.of(run).owns(told["address"]))
    role = pc.if_else(is_host, "host", "peer")
    table = pa.table(
        {"address": told["address"], "role": role, "asn_group": group, "group_kind": kind}
        | {name: told[name] for name in told.column_names if name != "address"}
    )
    has_systems = known.has_systems or bool(pc.any(pc.greater(told["record_as"], 0)).as_py())
    note = "" if has_systems else f"grouped by network, operator and country, because {known.notes[0]}"
    return table, note


def groups_of(told: pa.Table) -> tuple[Any, Any]:
    """The group of each address in words, and its kind: ``as``, ``named``, ``special`` or ``unknown``.

    Parameters
    ----------
    told : pyarrow.Table
        As ``ws.known_addresses`` tells, and ``record_as``.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    nothing = pa.scalar(None, pa.string())
    own = {name: told[name].combine_chunks() for name in told.column_names}
    number = pc.coalesce(own["asn"], pc.if_else(pc.greater(own["record_as"], 0), own["record_as"], None))
    digits = pc.binary_join_element_wise("AS", number.cast(pa.string()), "")
    system = both(digits, own["as_name"], " ")
    is_special = pc.not_equal(own["address_type"], "global")
    words = pc.binary_join_element_wise(pc.replace_substring(own["address_type"], "_", " "), "address", " ")
    words = pc.if_else(own["is_internal"], words, pc.binary_join_element_wise(words, OUTSIDE, ""))
    special = pc.if_else(is_special, words, nothing)
    network = pc.if_else(pc.equal(own["network"], ""), nothing, own["network"])
    named = pc.coalesce(network, pc.if_else(is_special, nothing, own["operator"]))
    country = pc.coalesce(own["country"], own["country_code"])
    unknown = both(pa.repeat(UNKNOWN_AS, len(told)), country, ", ")
    is_ours = pc.and_(is_special, own["is_internal"])
    kind = pc.if_else(is_ours, SPECIAL, "unknown")
    kind = pc.if_else(pc.is_valid(system), SYSTEM, pc.if_else(pc.is_valid(named), NAMED, kind))
    return pc.coalesce(system, named, special, unknown), kind


def both(one: pa.Array, other: pa.Array, between: str) -> pa.Array:
    """Two texts as one; where one is null the other alone.

    Arrow joins columns of nulls alone to a column of no rows when it is told to skip nulls, so it is not told to.
    """
    import pyarrow.compute as pc

    return pc.coalesce(pc.binary_join_element_wise(one, other, between), one, other)


def with_group(addresses: Any, facts: pa.Table | None) -> pa.Array:
    """The group of each of a column of addresses."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = addresses.combine_chunks() if isinstance(addresses, pa.ChunkedArray) else addresses
    if facts is None:
        return pc.if_else(column.is_valid(), UNKNOWN_AS, NO_ADDRESS)
    at = pc.index_in(column, value_set=facts["address"].combine_chunks())
    found = facts["asn_group"].combine_chunks().take(pc.if_else(column.is_valid(), at, None))
    return pc.coalesce(found, pc.if_else(column.is_valid(), UNKNOWN_AS, NO_ADDRESS))


def summarise(run: Run) -> dict[str, Any]:
    """Flows by the systems of source and destination, which are told apart."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, facts = run["flow_index_data"], run["address_facts"]
    sides = {f"{name}ASN": with_group(rows[end], facts) for name, end in (("Source", "source"), ("Dest", "dest"))}
    rows = rows.append_column("SourceASN", sides["SourceASN"]).append_column("DestASN", sides["DestASN"])
    grouped = summed(rows, ("SourceASN", "DestASN"), lists=MULTIPLE)
    names = {"L7Protocol": "L7Protocols", "source": "source_ips", "dest": "dest_ips"}
    grouped = grouped.rename_columns([names.get(name, name) for name in grouped.column_names])
    counted = {
        f"{name.removesuffix('s')}_count": pc.list_value_length(grouped[name]) for name in ("source_ips", "dest_ips")
    }
    order = ["SourceASN", "DestASN", "TotalAllowedFlows", "denied_flows", "L7Protocols"]
    lists = ["source_ips", "dest_ips"]
    rest = [name for name in grouped.column_names if name not in order and name not in lists]
    told = {name: grouped[name] for name in order} | counted | {name: grouped[name] for name in (*lists, *rest)}
    made = pa.table(told)
    note = "" if facts is not None else "nothing is known of the addresses, so all are in one group"
    return {"flow_summary": Found(made, note=note)}
