"""What NetworkFlowSummary finds, and what can be set besides its options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import entity, figure, table, value
from flowsleuth.notebooklets.result import NotebookletResult

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.schema.entities import Host


@dataclass(frozen=True)
class NetworkFlowParameters:
    """What can be set besides the options."""

    limit: int = field(
        default=100_000, metadata={"help": "flows kept one by one, the earliest; all are counted", "min": 1}
    )
    baseline_days: int = field(
        default=14, metadata={"help": "days before the window that it is compared with", "min": 0, "max": 3_650}
    )
    top: int = field(default=250, metadata={"help": "suspects, at most", "min": 1, "max": 10_000})


class NetworkFlowResult(NotebookletResult):
    """What the flows of a host tell. Every flow of the window is counted in every table and figure, once."""

    host_entity: Host = entity("The host: its name and addresses, and its system where something tells it.")
    host_names: pd.DataFrame = table("Names and addresses of the host as stored rows tell them.")
    heartbeat: dict[str, Any] = value("Its newest heartbeat, of a query provider.")
    host_addresses: pd.DataFrame = table("The addresses that count as the host, and who tells that they are.")
    totals: dict[str, Any] = value("All its flows: how many, allowed and denied, bytes and packets each way, peers.")
    plot_flows_by_protocol: Any = figure(
        "lanes", "Flows over time, a lane for each protocol.", title="Network flows by protocol"
    )
    plot_flows_by_direction: Any = figure(
        "lanes",
        "Flows over time: outbound, the host opened them; inbound, a peer did.",
        title="Network flows by direction",
    )
    plot_flow_values: Any = figure(
        "histogram", "How many flows there were over time, by protocol.", title="Network flows, quantity"
    )
    flow_summary: pd.DataFrame = table(
        "Flows by the autonomous systems of source and destination, with protocols and addresses; most flows first.",
        title="Flow summary with ASN details",
        bars="TotalAllowedFlows",
    )
    asn_rarity: pd.DataFrame = table(
        "How rare each autonomous system is for this host and for the network, and why; the rarest first.",
        title="Rare autonomous systems",
    )
    peer_rarity: pd.DataFrame = table("How rare each peer is, and why; the rarest first.", title="Rare peers")
    port_rarity: pd.DataFrame = table(
        "How rare each port is that it used or served, and why; the rarest first.", title="Rare ports"
    )
    flow_index: pd.DataFrame = table(
        "Flows by source, destination, protocol and direction; most flows first.", bars="TotalAllowedFlows"
    )
    flow_index_data: pd.DataFrame = table("The same with ports and counters, as it was counted.")
    address_facts: pd.DataFrame = table("What is known here of each address: kind, network, place, AS, lists.")
    suspects: pd.DataFrame = table("Suspects of the workspace that this host has a part in, each with its reason.")
    ratings: pd.DataFrame = table("What analysts rated of its flows.")
    stories: pd.DataFrame = table("Stories about it.")
    geo_map: Any = figure("places", "Where its peers are.", title="Map of all addresses")
    selected_asns: list[str] = value("Autonomous systems chosen by select_asns.", title="Selected ASNs")
    ti_results: pd.DataFrame = table(
        "What threat intelligence says of addresses of the selected systems.", title="Threat intelligence"
    )
    geo_map_selected: Any = figure("places", "Where the selected systems' addresses are.", title="Map of selected ASNs")
    network_flows: pd.DataFrame = table("The flows themselves, earliest first.")
