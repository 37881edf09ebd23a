"""HostNetworkSummary: whom a host talks with, which way, over which ports, in whose networks, under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Found, entity, figure, table, value
from flowsleuth.notebooklets.host_identity import host_given, stored
from flowsleuth.notebooklets.metadata import FollowUp, Metadata, Option
from flowsleuth.notebooklets.network_flow.counts import FLOWS, count_flows, read_flows, summed
from flowsleuth.notebooklets.network_flow.follow_ups import SEVERITIES
from flowsleuth.notebooklets.network_flow.foreign import ask_provider, read_tables
from flowsleuth.notebooklets.network_flow.host import find_host, resolve
from flowsleuth.notebooklets.network_flow.maps import places
from flowsleuth.notebooklets.network_flow.systems import know_addresses, with_group
from flowsleuth.notebooklets.notebooklet import Notebooklet
from flowsleuth.notebooklets.result import NotebookletResult
from flowsleuth.notebooklets.step import Step
from flowsleuth.schema.tabular import to_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Question, Run
    from flowsleuth.schema.entities import Host

FEW = 8
"""So many ports of a peer are named."""
NAMES = (("dns", "query"), ("tls", "server_name"), ("http", "host"))
BOTH = "two way"
_INDEX = ("flow_index_data",)
_FACTS = ("address_facts",)


@dataclass(frozen=True)
class HostNetworkParameters:
    """What can be set besides the options."""

    limit: int = field(
        default=10_000, metadata={"help": "flows kept one by one, the earliest; all are counted", "min": 1}
    )
    top: int = field(default=250, metadata={"help": "whois and ti ask about so many peers, the busiest", "min": 1})
    online: bool = field(default=False, metadata={"help": "ask registries over the network who owns the addresses"})
    baseline_days: int = field(
        default=0, metadata={"help": "days before the window in which addresses count", "min": 0}
    )


class HostNetworkSummaryResult(NotebookletResult):
    """Whom a host talks with. Each flow of the window is counted once in every table."""

    host_entity: Host = entity("The host: its name and addresses.")
    host_names: pd.DataFrame = table("Its names and addresses, and who tells that they are.")
    host_addresses: pd.DataFrame = table("The addresses that count as the host.")
    heartbeat: dict[str, Any] = value("Its newest heartbeat, of a query provider.")
    totals: dict[str, Any] = value("All its flows: how many, allowed and denied, bytes and packets each way, peers.")
    flow_peers: pd.DataFrame = table("Its peers: which way, how much, over which ports, in whose network.")
    flow_ports: pd.DataFrame = table("The ports that it used or served, by who opened the flows.")
    flow_systems: pd.DataFrame = table("The systems, networks or operators that its peers are in.")
    flow_matrix: Any = figure("matrix", "Flows by source and destination.", title="Source × destination")
    names_asked: pd.DataFrame = table("Names that it asked for in DNS and spoke to in TLS and HTTP.")
    flow_ti: pd.DataFrame = table("What threat intelligence says of its peers.")
    flow_map: Any = figure("places", "Where its peers are; threats red where intelligence was asked.")
    flow_whois: pd.DataFrame = table("Whose networks its peers are in, as far as is known here; online when asked.")
    address_facts: pd.DataFrame = table("What is known here of each address.")
    flow_index_data: pd.DataFrame = table("Its flows by all that tells them apart, as they were counted.")
    flows: pd.DataFrame = table("The flows themselves, earliest first.")


def count_peers(run: Run) -> dict[str, Any]:
    """Flows by peer, with the way, some of the ports and what is known of the peer."""
    import pyarrow as pa
    import pyarrow.compute as pc

    index, facts = run["flow_index_data"], run["address_facts"]
    rows = summed(index, ("peer",), lists=("FlowDirection", "L7Protocol", "DestPort"))
    ways = [BOTH if len(ways) > 1 else ways[0] for ways in rows["FlowDirection"].to_pylist()]
    columns: dict[str, Any] = {"peer": rows["peer"], "way": pa.array(ways, pa.string())}
    columns["system"] = with_group(rows["peer"], facts)
    rest = [name for name in rows.column_names if name not in ("peer", "FlowDirection", "L7Protocol", "DestPort")]
    columns |= {name: rows[name] for name in rest[:6]}
    columns["L7Protocols"] = rows["L7Protocol"]
    columns["ports"] = pc.list_value_length(rows["DestPort"])
    columns["some_ports"] = pa.array([ports[:FEW] for ports in rows["DestPort"].to_pylist()], pa.list_(pa.int64()))
    if facts is not None:
        at = pc.index_in(rows["peer"], value_set=facts["address"].combine_chunks()).combine_chunks()
        known = ("is_internal", "country", "city", "lists")
        columns |= {name: facts[name].combine_chunks().take(at) for name in known}
    return {"flow_peers": pa.table(columns | {name: rows[name] for name in rest[6:]})}


def count_ports(run: Run) -> dict[str, Any]:
    """Flows by port, protocol and way."""
    keys = ("DestPort", "L4Protocol", "L7Protocol", "FlowDirection")
    return {"flow_ports": _with_peers(summed(run["flow_index_data"], keys, lists=("peer",)), len(keys))}


def count_systems(run: Run) -> dict[str, Any]:
    """Flows by the system of the peer and the way."""
    index = run["flow_index_data"]
    rows = index.append_column("system", with_group(index["peer"], run["address_facts"]))
    return {"flow_systems": _with_peers(summed(rows, ("system", "FlowDirection"), lists=("peer",)), 2)}


def _with_peers(rows: pa.Table, at: int) -> pa.Table:
    """How many peers, instead of which."""
    import pyarrow.compute as pc

    return rows.add_column(at, "peers", pc.list_value_length(rows["peer"])).drop_columns(["peer"])


def draw_matrix(run: Run) -> dict[str, Any]:
    """Flows and bytes by source and destination."""
    import pyarrow as pa
    import pyarrow.compute as pc

    index = run["flow_index_data"]
    if not len(index):
        return {"flow_matrix": Found(absent="no flow in this window")}
    rows = summed(index, ("source", "dest"))
    told = pc.or_(rows["bytes_out"].is_valid(), rows["bytes_in"].is_valid())
    both = pc.add(pc.fill_null(rows["bytes_out"], 0), pc.fill_null(rows["bytes_in"], 0))
    columns = {
        "source": rows["source"],
        "destination": rows["dest"],
        "flows": pc.add(rows[FLOWS], rows["denied_flows"]),
        "bytes": pc.if_else(told, both, None),
        "denied": rows["denied_flows"],
    }
    return {"flow_matrix": pa.table(columns)}


def list_names(run: Run) -> dict[str, Any]:
    """Names that the host asked for, and spoke to."""
    import ibis
    import pyarrow as pa

    addresses = run["host_addresses"]["address"].to_pylist()
    parts = []
    for name, column in NAMES:
        if not stored(run, name):
            continue
        rows = run.rows(name)
        rows = rows.filter(rows.src_ip.isin(addresses), rows[column].notnull())
        rows = rows.mutate(name=rows[column].lower())
        counted = rows.group_by("name").aggregate(
            times=rows.count(), servers=rows.dst_ip.nunique(), first_seen=rows.start.min(), last_seen=rows.start.max()
        )
        parts.append(run.arrow(counted.mutate(protocol=ibis.literal(name))))
    whole = pa.concat_tables(parts).select(["name", "protocol", "times", "servers", "first_seen", "last_seen"])
    return {"names_asked": whole.sort_by([("times", "descending"), ("name", "ascending"), ("protocol", "ascending")])}


def _public_peers(run: Run) -> list[str]:
    """The busiest peers on the Internet."""
    import pyarrow.compute as pc

    facts = run["address_facts"]
    public = facts.filter(pc.and_(pc.equal(facts["address_type"], "global"), pc.equal(facts["role"], "peer")))
    peers = run["flow_peers"]["peer"]
    found: list[str] = peers.filter(pc.is_in(peers, value_set=public["address"].combine_chunks())).to_pylist()
    if len(found) > run.parameters.top:
        run.note(f"the {run.parameters.top:,} busiest of {len(found):,} public peers: top= asks about more")
    return found[: run.parameters.top]


def look_up(run: Run) -> dict[str, Any]:
    """What intelligence says of the busiest peers, with their flows."""
    import pyarrow.compute as pc

    asked = _public_peers(run)
    if not asked:
        return {"flow_ti": Found(absent="it has no public peer to ask about")}
    found, peers = to_table(run.provider("tilookup")(asked)), run["flow_peers"]
    at = pc.index_in(found["Ioc"], value_set=peers["peer"].combine_chunks()).combine_chunks()
    for name in ("way", FLOWS, "denied_flows", "bytes_out", "bytes_in"):
        found = found.append_column(name, peers[name].combine_chunks().take(at))
    return {"flow_ti": found}


def draw_map(run: Run) -> dict[str, Any]:
    """Where the peers are."""
    return {"flow_map": places(run["flow_index_data"], run["address_facts"], _threats(run["flow_ti"]))}


def _threats(found: pa.Table | None) -> pa.Table | None:
    """``address severity``: the worst of each address that is one."""
    import pyarrow as pa

    if found is None or "Severity" not in found.column_names:
        return None
    told: dict[str, str] = {}
    listed = zip(found["Ioc"].to_pylist(), found["Severity"].to_pylist(), strict=True)
    for address, severity in sorted(
        ((one, word) for one, word in listed if word in SEVERITIES), key=lambda pair: SEVERITIES.index(pair[1])
    ):
        told.setdefault(address, severity)
    return pa.table(
        {"address": pa.array(list(told), pa.string()), "severity": pa.array(list(told.values()), pa.string())}
    )


def read_whois(run: Run) -> dict[str, Any]:
    """Whose networks the busiest peers are in."""
    asked = _public_peers(run)
    if not asked:
        return {"flow_whois": Found(absent="it has no public peer to ask about")}
    return {"flow_whois": run.ask("IpAddress.whois", asked, limit=None, online=run.parameters.online)}


def list_flows(run: Run) -> dict[str, Any]:
    """The flows one by one."""
    return {"flows": read_flows(run)["network_flows"]}


class HostNetworkSummary(Notebooklet[HostNetworkSummaryResult]):
    """Whom a host talks with, which way, over which ports, in whose networks, under which names.

    The host is a name, an address, an entity, or a pair of name and address. Nothing goes over the network except
    ``ti``, which sends public peers to the configured providers of threat intelligence, and ``whois`` with
    ``online=True``.
    """

    metadata = Metadata(
        name="HostNetworkSummary",
        description="Whom a host talks with.",
        options=(
            Option("map", "Where its peers are."),
            Option("whois", "Whose networks its peers are in."),
            Option("names", "Names that it asked for in DNS and spoke to in TLS and HTTP."),
            Option("flows", "The flows one by one."),
            Option("ti", "What threat intelligence says of its public peers; goes over the network.", is_default=False),
        ),
        entity_types=("ip_address", "host"),
        keywords=("computer", "network", "flow", "peer", "port", "windows", "linux", "matrix"),
        follow_ups=(FollowUp("lookup_ti", "Ask threat intelligence", ("flow_ti", "flow_map"), is_online=True),),
    )
    result_class = HostNetworkSummaryResult
    Parameters = HostNetworkParameters
    steps = (
        Step(
            "resolve_host", resolve, "Names of the host", "Its names and addresses, and who tells them.",
            gives=("host_names", "heartbeat"),
        ),
        Step(
            "host", find_host, "Host", "Its name, and the addresses that count as it.",
            gives=("host_entity", "host_addresses"), after=("host_names", "heartbeat"),
        ),
        Step(
            "count", count_flows, "Flows", "Each flow counted once, by all that tells them apart.",
            gives=("flow_index_data", "totals"), tables=("flow",), uses=("host_addresses",),
        ),
        Step(
            "addresses", know_addresses, "What is known of the addresses", "From what is known here.",
            gives=_FACTS, uses=("host_addresses", *_INDEX),
        ),
        Step(
            "peers", count_peers, "Peers", "Which way, how much, over which ports, in whose network.",
            gives=("flow_peers",), uses=_INDEX, after=_FACTS,
        ),
        Step("ports", count_ports, "Ports", "By who opened the flows.", gives=("flow_ports",), uses=_INDEX),
        Step(
            "systems", count_systems, "Systems", "Systems, networks or operators of the peers.",
            gives=("flow_systems",), uses=_INDEX, after=_FACTS,
        ),
        Step(
            "matrix", draw_matrix, "Source × destination", "The more flows, the darker.",
            gives=("flow_matrix",), uses=_INDEX,
        ),
        Step(
            "names", list_names, "Names", "Asked for in DNS, spoken to in TLS and HTTP.",
            gives=("names_asked",), option="names", tables=("dns|tls|http",), uses=("host_addresses",),
        ),
        Step(
            "ti", look_up, "Threat intelligence", "What providers say of its public peers.",
            gives=("flow_ti",), option="ti", providers=("tilookup",), uses=("flow_peers", *_FACTS),
        ),
        Step(
            "map", draw_map, "Map",
            "Green: the host; blue: it opened the flows; purple: the other side did; red: threats.",
            gives=("flow_map",), option="map", uses=(*_INDEX, *_FACTS), after=("flow_ti",),
        ),
        Step(
            "whois", read_whois, "Owners", "Whose networks the busiest public peers are in.",
            gives=("flow_whois",), option="whois", uses=("flow_peers", *_FACTS),
        ),
        Step(
            "flows", list_flows, "Flows one by one", "Earliest first.",
            gives=("flows",), option="flows", tables=("flow",), uses=("host_addresses",),
        ),
    )  # fmt: skip

    def take_value(self, value: Any) -> Any:
        """Also a pair of name and address."""
        return host_given(value)

    def read_data(self, data: Any) -> Mapping[str, Any]:
        """Rows with the columns of our tables; those of ``flow`` may have Azure's."""
        return read_tables(data, self.data_providers.home)

    def gather(self, provider: Any, question: Question) -> Mapping[str, Any]:
        """Flows that a query provider has about the host."""
        return ask_provider(provider, question, self.data_providers.home)

    def lookup_ti(self) -> pd.DataFrame | None:
        """Ask threat intelligence now, where the run did not; over the network.

        Fills ``flow_ti`` of this result, and draws ``flow_map`` anew with the threats.
        """
        return self._do("ti", "map").flow_ti
