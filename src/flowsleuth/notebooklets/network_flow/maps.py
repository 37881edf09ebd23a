"""Where addresses are: a row for each address and way, from what is known here; nothing is asked outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.countries import country_places
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.network_flow.counts import FLOWS
from flowsleuth.notebooklets.network_flow.seen import WITHIN
from flowsleuth.notebooklets.network_flow.systems import both

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run


def map_all(run: Run) -> dict[str, Any]:
    """All peers of the host, and the host."""
    return {"geo_map": places(run["flow_index_data"], run["address_facts"])}


def places(index: pa.Table, facts: pa.Table, threats: pa.Table | None = None) -> Found:
    """The table that a map is drawn from.

    Parameters
    ----------
    index : pyarrow.Table
        Rows of ``flow_index_data`` whose peers are to be shown.
    facts : pyarrow.Table
        ``address_facts``.
    threats : pyarrow.Table, optional
        ``address`` and ``severity`` of those that intelligence knows.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(index):
        return Found(absent="no flow in this window")
    peers = _by_way(index.filter(pc.not_equal(index["FlowDirection"], WITHIN)), "peer")
    hosts = facts.filter(pc.equal(facts["role"], "host"))
    own = pa.table(
        {"ip": hosts["address"], "way": pa.nulls(len(hosts), pa.string())}
        | {name: _of_hosts(index, hosts["address"], name) for name in ("flows", "bytes")}
    )
    placed = _placed(own, facts, "host")
    placed = placed.filter(pc.is_valid(placed["lat"]))
    rows = pa.concat_tables([_placed(peers, facts, "peer"), placed])
    rows = rows.append_column("severity", _severity(rows, threats))
    by_country = rows.filter(pc.and_(pc.is_valid(rows["lat"]), rows["is_coarse"]))
    count = pc.count_distinct(by_country["ip"]).as_py()
    told = [f"of {count:,} addresses only the country is known: they are marked somewhere in it"] if count else []
    if not len(placed):
        told.append("the host itself has no place in what is known here")
    rows = rows.drop_columns(["is_coarse"]).sort_by(
        [("flows", "descending"), ("ip", "ascending"), ("way", "ascending")]
    )
    if not pc.any(pc.is_valid(rows["lat"])).as_py():
        return Found(absent="none of the addresses has a place in what is known here")
    return Found(rows, note="; ".join(told))


def _by_way(index: pa.Table, end: str) -> pa.Table:
    """``ip``, ``way``, ``flows`` and ``bytes`` of each peer and way."""
    import pyarrow as pa
    import pyarrow.compute as pc

    weighed = _weighed(index)
    table = pa.table({"ip": index[end], "way": index["FlowDirection"], **weighed})
    found = table.group_by(["ip", "way"]).aggregate([("flows", "sum"), ("bytes", "sum")])
    found = found.rename_columns(["ip", "way", "flows", "bytes"])
    return found.filter(pc.is_valid(found["ip"]))


def _weighed(index: pa.Table) -> dict[str, Any]:
    import pyarrow.compute as pc

    is_told = pc.or_(pc.is_valid(index["bytes_out"]), pc.is_valid(index["bytes_in"]))
    both = pc.add(pc.fill_null(index["bytes_out"], 0), pc.fill_null(index["bytes_in"], 0))
    return {"flows": pc.add(index[FLOWS], index["denied_flows"]), "bytes": pc.if_else(is_told, both, None)}


def _of_hosts(index: pa.Table, addresses: pa.ChunkedArray, name: str) -> pa.Array:
    """A measure of each of the host's own addresses, over all its flows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = _weighed(index)[name]
    ends = [pa.table({"ip": index[end], "value": values}) for end in ("source", "dest")]
    is_loop = pc.fill_null(pc.equal(index["source"], index["dest"]), False)
    ends[1] = ends[1].filter(pc.invert(is_loop))
    found = pa.concat_tables(ends).group_by("ip").aggregate([("value", "sum")])
    at = pc.index_in(addresses, value_set=found["ip"].combine_chunks())
    return found["value_sum"].combine_chunks().take(at.combine_chunks())


def _placed(rows: pa.Table, facts: pa.Table, role: str) -> pa.Table:
    """Rows with latitude, longitude, place and system; a country stands in where no place is known."""
    import pyarrow as pa
    import pyarrow.compute as pc

    at = pc.index_in(rows["ip"], value_set=facts["address"].combine_chunks()).combine_chunks()
    told = {name: facts[name].combine_chunks().take(at) for name in ("lat", "lon", "city", "country", "country_code")}
    is_exact = pc.and_(pc.is_valid(told["lat"]), pc.is_valid(told["lon"]))
    latitude, longitude = country_places(told["country_code"])
    return pa.table(
        {
            "ip": rows["ip"],
            "lat": pc.if_else(is_exact, told["lat"], latitude),
            "lon": pc.if_else(is_exact, told["lon"], longitude),
            "is_coarse": pc.invert(is_exact),
            "place": both(told["city"], told["country"], ", "),
            "role": pa.repeat(pa.scalar(role), len(rows)),
            "way": rows["way"],
            "as_name": facts["asn_group"].combine_chunks().take(at),
            "flows": rows["flows"].cast(pa.int64()),
            "bytes": rows["bytes"].cast(pa.int64()),
        }
    )


def _severity(rows: pa.Table, threats: pa.Table | None) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if threats is None or not len(threats):
        return pa.nulls(len(rows), pa.string())
    at = pc.index_in(rows["ip"], value_set=threats["address"].combine_chunks()).combine_chunks()
    return threats["severity"].combine_chunks().take(at)
