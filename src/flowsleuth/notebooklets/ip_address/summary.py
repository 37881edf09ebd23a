"""The notebooklet IpAddressSummary: its options, its steps, its follow-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.ip_address import activity, alerts, holding, hosts, identity, lookups, relations, traffic
from flowsleuth.notebooklets.ip_address.result import IpSummaryResult
from flowsleuth.notebooklets.ip_address.sources import FOREIGN_TABLES, ask_provider, read_frames
from flowsleuth.notebooklets.ip_address.volume import read_volume
from flowsleuth.notebooklets.metadata import FollowUp, Metadata, Option
from flowsleuth.notebooklets.notebooklet import Notebooklet
from flowsleuth.notebooklets.picture import Picture
from flowsleuth.notebooklets.step import SkipStep, Step

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.notebooklets.run import Question


@dataclass(frozen=True)
class IpAddressParameters:
    """What can be set besides the options."""

    limit: int = field(default=10_000, metadata={"help": "rows of a table at most", "min": 1})
    online: bool = field(default=False, metadata={"help": "ask registries over the network who owns it"})
    top: int = field(default=20, metadata={"help": "anomalies of volume that are told", "min": 1})
    least_bytes: int = field(
        default=100_000, metadata={"help": "volumes below are never anomalies", "min": 0, "unit": "bytes"}
    )


_READ_BY_IDENTITY = (
    "associated_hosts", "device_info", "heartbeat", "az_network_if", "vmcomputer", "network_connections", "location",
)  # fmt: skip


class IpAddressSummary(Notebooklet[IpSummaryResult]):
    """What is known about an IP address: internal or external, whose it is, what it did, who speaks of it.

    Runs on the tables of a workspace, on frames and files (``data=``, ``LocalData``), and on what a query provider
    answers. Nothing goes over the network but by the options ``ti`` and ``passive_dns``, the parameter ``online``, and
    the queries of a provider.

    Examples
    --------
    >>> import pandas
    >>> flows = pandas.DataFrame({"start": ["2024-03-14T00:00Z"], "src_ip": ["10.0.0.5"], "dst_ip": ["100.64.0.9"],
    ...     "direction": ["internal"]})
    >>> found = IpAddressSummary().run(" 100.64.0.9 ", data=flows)
    >>> found.ip_type, found.ip_origin, found.network_connections["LocalIP"].tolist()
    ('Carrier-grade NAT', 'Internal', ['10.0.0.5'])
    """

    metadata = Metadata(
        name="IpAddressSummary",
        description="What is known about an IP address.",
        options=(
            Option("geoip", "Where it is and which AS routes it."),
            Option("alerts", "Alerts with it at either end or about it, and when they were raised."),
            Option("host_logons", "Logons to hosts that came from it, and failed ones by weekday and hour."),
            Option("related_accounts", "Accounts that used it, of the logons and activity that were read."),
            Option("device_info", "Hosts that had it, and what is known of them."),
            Option("device_network", "Who exchanged flows with it."),
            Option("whois", "Who registered it; over the network with online=True only."),
            Option("tables_with_ip", "Every table that has it, with counts."),
            Option("outbound_volume", "Bytes it sent over time, and when far more or less than expected."),
            Option("relations", "What it is related to, as a graph."),
            Option("bookmarks", "Stories, ratings and hunting bookmarks about it.", is_default=False),
            Option("heartbeat", "Newest sign of life of the hosts with it.", is_default=False),
            Option("az_net_if", "Azure network interfaces with it.", is_default=False),
            Option("vmcomputer", "Machines that VM insights knows by it.", is_default=False),
            Option("az_netflow", "Its flows, their sums, and when they were.", is_default=False),
            Option(
                "passive_dns",
                "Names that it had; OTX is asked over the network if its key is set.",
                is_default=False,
                is_online=True,
            ),
            Option("az_activity", "Sign-ins and Azure activity from it.", is_default=False),
            Option("office_365", "Office 365 activity from it.", is_default=False),
            Option("common_security", "What firewalls logged of it.", is_default=False),
            Option("ti", "What threat intelligence says of it; goes over the network.", is_default=False),
        ),
        entity_types=("ip_address",),
        keywords=("ip", "address", "network", "host", "whois", "geography"),
        inputs=("value",),
        follow_ups=(FollowUp("lookup_ti", "Ask threat intelligence", ("ti_results",), is_online=True),),
    )
    result_class = IpSummaryResult
    Parameters = IpAddressParameters
    foreign_tables = FOREIGN_TABLES
    steps = (
        Step(
            "address", identity.read_address, "Address", "The address and its type.",
            gives=("ip_str", "ip_type"),
        ),
        Step(
            "tables_with_ip", holding.find_tables, "Tables that have it", "Where the address is, with counts.",
            gives=("tables_with_ip",), option="tables_with_ip",
        ),
        Step(
            "device_info", hosts.find_hosts, "Hosts", "Hosts that had the address.",
            gives=("associated_hosts", "device_info"), option="device_info",
        ),
        Step(
            "heartbeat", hosts.find_heartbeat, "Heartbeat", "Signs of life.",
            gives=("heartbeat",), option="heartbeat",
        ),
        Step(
            "az_net_if", hosts.find_interface, "Azure network interface", "Interfaces with the address.",
            gives=("az_network_if",), option="az_net_if",
        ),
        Step(
            "vmcomputer", hosts.find_computer, "VM computer", "Machines of VM insights.",
            gives=("vmcomputer",), option="vmcomputer",
        ),
        Step(
            "alerts", alerts.read_alerts, "Alerts", "Alerts with it at either end or about it.",
            gives=("related_alerts",), option="alerts",
        ),
        Step(
            "alert_timeline", alerts.draw_alerts, "Alerts over time", "A lane for each alert.",
            gives=("alert_timeline",), option="alerts", uses=("related_alerts",),
        ),
        Step(
            "bookmarks", alerts.read_bookmarks, "Bookmarks", "What people wrote down about it.",
            gives=("related_bookmarks",), option="bookmarks",
        ),
        Step(
            "az_netflow", traffic.read_flows, "Flows", "Its flows, and their sums.",
            gives=("az_network_flows", "az_network_flow_summary"), option="az_netflow",
        ),
        Step(
            "az_netflow_timeline", traffic.draw_flows, "Flows over time", "A lane for each protocol.",
            gives=("az_network_flows_timeline",), option="az_netflow", uses=("az_network_flow_summary",),
        ),
        Step(
            "outbound_volume", read_volume, "Outbound volume", "Bytes it sent, and anomalies both ways.",
            gives=("outbound_volume", "outbound_anomalies", "outbound_volume_timeline"), option="outbound_volume",
        ),
        Step(
            "az_activity", activity.read_azure, "Directory and Azure", "Sign-ins and Azure activity from it.",
            gives=("aad_signins", "azure_activity", "azure_activity_summary"), option="az_activity",
        ),
        Step(
            "office_365", activity.read_office, "Office 365", "Office activity from it.",
            gives=("office_activity",), option="office_365",
        ),
        Step(
            "common_security", traffic.read_firewalls, "Firewalls", "What firewalls logged of it.",
            gives=("common_security",), option="common_security",
        ),
        Step(
            "host_logons", activity.read_logons, "Logons", "Logons that came from it.",
            gives=("host_logons",), option="host_logons",
        ),
        Step(
            "failed_logons", activity.draw_failures, "Failed logons", "By weekday and hour.",
            gives=("failed_logons",), option="host_logons",
        ),
        Step(
            "related_accounts", activity.read_accounts, "Accounts", "Accounts that used it.",
            gives=("related_accounts",), option="related_accounts",
            after=("host_logons", "azure_activity_summary", "office_activity"),
        ),
        Step(
            "device_network", hosts.find_connections, "Connections", "Who exchanged flows with it.",
            gives=("network_connections",), option="device_network",
        ),
        Step("geoip", lookups.find_place, "Geography", "Where it is.", gives=("geoip", "location"), option="geoip"),
        Step(
            "whois", lookups.find_owner, "Registration", "Who registered it.",
            gives=("whois", "whois_nets"), option="whois",
        ),
        Step(
            "ti", lookups.look_up, "Threat intelligence", "What providers say of it.",
            gives=("ti_results",), option="ti", providers=("tilookup",),
        ),
        Step(
            "passive_dns", lookups.find_names, "Passive DNS", "Names that it had.",
            gives=("passive_dns",), option="passive_dns",
        ),
        Step(
            "identity", identity.identify, "Origin and hosts", "Whether it is ours, by evidence; hosts that have it.",
            gives=("ip_origin", "origin_evidence", "ip_entity", "host_entities"), after=_READ_BY_IDENTITY,
        ),
        Step(
            "relations", relations.draw_relations, "Relations", "What it is related to.",
            gives=("relations",), option="relations", after=relations.READ,
        ),
    )  # fmt: skip

    # what is asked ------------------------------------------------------------------------------------------------

    def run(self, value: Any = None, *args: Any, **words: Any) -> IpSummaryResult:
        """Run the steps on one address; see :meth:`Notebooklet.run`."""
        identity.check_is_one(value)
        return super().run(value, *args, **words)

    def gather(self, provider: Any, question: Question) -> Mapping[str, Any]:
        """What a query provider has, by the chosen options; a query that fails spoils no other."""
        return ask_provider(provider, question)

    def read_data(self, data: Any) -> Mapping[str, Any]:
        """Frames by the names of our tables, or of Sentinel's; a single one is of flows."""
        from flowsleuth.settings import DEFAULT_HOME

        workspace = self.data_providers.workspace
        return read_frames(data, DEFAULT_HOME if workspace is None else workspace.settings.home)

    # follow-ups ---------------------------------------------------------------------------------------------------

    def browse_alerts(self) -> Any:
        """Show the alerts, one of them whole."""
        return self._last().view_events(alerts.SHOWN, "related_alerts")

    def display_alert_timeline(self) -> Picture | None:
        """When which alert was raised; None when there is none."""
        picture: Picture | None = self._last().alert_timeline
        return picture

    def recentre(self, alert: Any, before: Any = "1d", after: Any = "1d", **words: Any) -> IpSummaryResult:
        """Run again with the window around an alert, with the same options; this result stays as it is.

        Parameters
        ----------
        alert : int, str or row
            Its place in ``related_alerts`` (0 is the first, -1 the last), its ``alert_id`` or ``event_id``, or a row.
        before, after : str or timedelta
            How much of the time before and after it.
        **words
            Of :meth:`run`.

        Raises
        ------
        OptionError
            There is no such alert, or no alert at all.
        """
        result = self._last()
        rows = result.section("related_alerts").table
        if rows is None:
            raise OptionError("no alerts were read", where="recentre", hint="run it with the option alerts")
        window = alerts.window_around(alerts.moment_of(rows, alert), before, after)
        given = {"options": list(result.options), **result.parameters, **words}
        return type(self)(self.data_providers).run(result.value, timespan=window, **given)

    def browse_ti_results(self) -> Any:
        """Show what threat intelligence says, one answer whole."""
        columns = ["Provider", "Ioc", "Severity", "Result", "Details"]
        return self._last().view_events(columns, "ti_results")

    def lookup_ti(self) -> pd.DataFrame | None:
        """Ask threat intelligence now, where the run did not; over the network. Fills ``ti_results``."""
        return self._do("ti").ti_results

    def netflow_by_protocol(self) -> Picture:
        """Its flows over time, a lane for each protocol."""
        return self._flows_over_time("protocol", "lanes", "Flows by protocol")

    def netflow_total_by_protocol(self) -> Picture:
        """How many flows it had over time, by protocol."""
        return self._flows_over_time("protocol", "histogram", "Flows in total, by protocol")

    def netflow_by_direction(self) -> Picture:
        """Its flows over time, a lane for each direction."""
        return self._flows_over_time("way", "lanes", "Flows by direction")

    def netflow_total_by_direction(self) -> Picture:
        """How many flows it had over time, by direction."""
        return self._flows_over_time("way", "histogram", "Flows in total, by direction")

    def _flows_over_time(self, lane: str, figure: str, title: str) -> Picture:
        from flowsleuth.investigate.dossier import Section

        try:
            found = traffic.over_time(self.context, lane)
        except SkipStep as skip:
            found = Found(absent=str(skip))
        return Picture(Section("flows", title, "series", found.absent, found.note, figure, table=found.value))
