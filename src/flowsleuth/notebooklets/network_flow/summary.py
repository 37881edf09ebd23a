"""NetworkFlowSummary: the flows of a host, counted once, drawn over time, summed up by protocol, peer and system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.metadata import Choice, FollowUp, Metadata, Option
from flowsleuth.notebooklets.network_flow import follow_ups
from flowsleuth.notebooklets.network_flow.casework import read_ratings, read_stories, read_suspects
from flowsleuth.notebooklets.network_flow.counts import count_flows, index_flows, read_flows
from flowsleuth.notebooklets.network_flow.foreign import ask_provider, read_tables
from flowsleuth.notebooklets.network_flow.host import find_host, resolve
from flowsleuth.notebooklets.network_flow.maps import map_all
from flowsleuth.notebooklets.network_flow.rarity import find_rare
from flowsleuth.notebooklets.network_flow.result import NetworkFlowParameters, NetworkFlowResult
from flowsleuth.notebooklets.network_flow.systems import know_addresses, summarise
from flowsleuth.notebooklets.network_flow.timelines import plot_flows, plot_values
from flowsleuth.notebooklets.notebooklet import Notebooklet
from flowsleuth.notebooklets.picture import WIDGETS
from flowsleuth.notebooklets.step import Step

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.notebooklets.picture import Picture
    from flowsleuth.notebooklets.run import Question

FLOW = ("flow",)
HOST = ("host_addresses",)
INDEX = ("flow_index_data",)
ASNS = Choice("asn_rarity", "asn", "is_preselected", "reason", "selected_asns")


class NetworkFlowSummary(Notebooklet[NetworkFlowResult]):
    """The flows of a host: over time, by protocol and direction, by peer and autonomous system, on a map.

    The host is a name, an address (IPv4, IPv6), a network, or an entity. Every flow of the window is counted once and
    in every table, also those whose protocol, address or system is not known. Systems are compared with the host's own
    earlier days and with other hosts; the rare ones are preselected, each with its reason.

    Nothing goes over the network except :meth:`lookup_ti_for_asn_ips`.
    """

    metadata = Metadata(
        name="NetworkFlowSummary",
        description="The flows of a host, by time, protocol, direction, peer and autonomous system.",
        options=(
            Option("plot_flows", "Timelines of flows by protocol and by direction."),
            Option("plot_flow_values", "Timeline of how many flows there were, by protocol."),
            Option("flow_summary", "Flows by source and destination, by system, and what is rare."),
            Option("resolve_host", "Find the host's name; with a query provider its heartbeat too."),
            Option("geo_map", "Map of all addresses it had flows with.", is_default=False),
        ),
        entity_types=("ip_address", "host"),
        keywords=("host", "computer", "network", "flow", "netflow", "asn", "traffic", "map"),
        follow_ups=(
            FollowUp("show_selected_asn_map", "Show them on a map", ("geo_map_selected",), choice=ASNS),
            FollowUp("lookup_ti_for_asn_ips", "Ask threat intelligence", ("ti_results",), is_online=True, choice=ASNS),
        ),
    )
    result_class = NetworkFlowResult
    Parameters = NetworkFlowParameters
    steps = (
        Step(
            "resolve_host", resolve, "Names of the host", "Its names and addresses, and who tells them.",
            gives=("host_names", "heartbeat"), option="resolve_host",
        ),
        Step(
            "host", find_host, "Host", "Its name, and the addresses that count as it.",
            gives=("host_entity", "host_addresses"), after=("host_names", "heartbeat"),
        ),
        Step(
            "count", count_flows, "Flows", "Each flow counted once, by all that tells them apart.",
            gives=("flow_index_data", "totals"), tables=FLOW, uses=HOST,
        ),
        Step(
            "plot_flows", plot_flows, "Timelines of network flows by protocol and by direction",
            "A mark is as tall as there were flows. Inbound: a peer opened it; outbound: the host did.",
            gives=("plot_flows_by_protocol", "plot_flows_by_direction"), option="plot_flows", tables=FLOW,
            uses=(*HOST, *INDEX),
        ),
        Step(
            "plot_flow_values", plot_values, "Timeline of network flows quantity",
            "Each protocol is a series of its own; the height is the number of flows in that span of time.",
            gives=("plot_flow_values",), option="plot_flow_values", tables=FLOW, uses=(*HOST, *INDEX),
            after=("plot_flows_by_protocol",),
        ),
        Step(
            "flow_index", index_flows, "Flow index", "Flows grouped by source, destination, protocol and direction.",
            gives=("flow_index",), option="flow_summary", uses=INDEX,
        ),
        Step(
            "addresses", know_addresses, "What is known of the addresses",
            "Kind, network, place, autonomous system and lists of each address, from what is known here.",
            gives=("address_facts",), uses=(*HOST, *INDEX),
        ),
        Step(
            "flow_summary", summarise, "Flow summary with ASN details",
            "Flows by the systems of source and destination; protocols and addresses are listed.",
            gives=("flow_summary",), option="flow_summary", uses=INDEX, after=("address_facts",),
        ),
        Step(
            "rarity", find_rare, "What is rare",
            "Systems, peers and ports against the others of the window, the host's earlier days and other hosts.",
            gives=("asn_rarity", "peer_rarity", "port_rarity"), option="flow_summary", tables=FLOW,
            uses=(*HOST, *INDEX), after=("address_facts",),
        ),
        Step(
            "suspects", read_suspects, "Suspects", "What detectors found suspicious among its flows.",
            gives=("suspects",), uses=HOST,
        ),
        Step("ratings", read_ratings, "Ratings", "What analysts think of it.", gives=("ratings",), uses=HOST),
        Step("stories", read_stories, "Stories", "Saved investigations of it.", gives=("stories",), uses=HOST),
        Step(
            "geo_map", map_all, "Map of geographic location of all IPs communicating with the host",
            "Green: the host; blue: it opened the flows; purple: the other side did. A number is how many are there.",
            gives=("geo_map",), option="geo_map", uses=(*INDEX, "address_facts"),
        ),
        Step(
            "network_flows", read_flows, "Network flows", "The flows themselves.",
            gives=("network_flows",), tables=FLOW, uses=HOST,
        ),
    )  # fmt: skip

    def read_data(self, data: Any) -> Mapping[str, Any]:
        """Rows with the columns of table ``flow``, or with those of Azure's flow tables, old and new."""
        return read_tables(data, self.data_providers.home)

    def gather(self, provider: Any, question: Question) -> Mapping[str, Any]:
        """Flows that a query provider has about the host; see ``Network.list_nta_flows_by_ip`` and its like."""
        return ask_provider(provider, question, self.data_providers.home)

    # follow-ups ---------------------------------------------------------------------------------------------------

    def select_asns(self, asns: Iterable[str] | None = None) -> Any:
        """Choose the systems to look into: by name or number, or in a dialog where the rare ones are chosen already.

        Parameters
        ----------
        asns : iterable of str, optional
            As in ``asn_rarity``, or ``AS8075``; without them a widget (extra ``notebook``) is given, whose choice
            counts as soon as it changes.

        Returns
        -------
        list of str, or widget

        Raises
        ------
        OptionError
            The host has no flows with such a system, or it was not run with ``flow_summary``.
        """
        run = self.context
        if asns is not None:
            return self._select(follow_ups.checked(run, asns))
        chosen = self._select(follow_ups.preselected(run))
        systems = follow_ups.known_systems(run)
        reasons = dict(zip(systems["asn"].to_pylist(), systems["reason"].to_pylist(), strict=True))
        return WIDGETS.load("subset")(reasons, chosen, on_change=self._select, title="Systems to look into")

    def _select(self, asns: Iterable[str]) -> list[str]:
        chosen = list(asns)
        self._last().keep("selected_asns", chosen)
        return chosen

    def lookup_ti_for_asn_ips(self, **options: Any) -> pd.DataFrame:
        """Ask threat intelligence about the addresses of the selected systems; over the network unless ``offline``.

        Parameters
        ----------
        **options
            Of ``ws.lookup``: ``providers=[…]``, ``offline=True`` …

        Returns
        -------
        DataFrame
            Findings of severity warning or high with the flows of each address; also in ``ti_results``.
        """
        run, result = self.context, self._last()
        result.keep("ti_results", follow_ups.look_up(run, follow_ups.preselected(run), **options))
        found: pd.DataFrame = result.ti_results
        return found

    def show_selected_asn_map(self) -> Picture | None:
        """Map of the addresses of the selected systems, threats red if intelligence was asked; no need to ask before.

        Returns
        -------
        Picture or None
            Also in ``geo_map_selected``; None where no address has a place.
        """
        run, result = self.context, self._last()
        result.keep("geo_map_selected", follow_ups.map_selected(run, follow_ups.preselected(run)))
        found: Picture | None = result.geo_map_selected
        return found
