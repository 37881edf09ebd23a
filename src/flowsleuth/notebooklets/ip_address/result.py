"""What IpAddressSummary finds."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Attribute, entity, figure, table, value
from flowsleuth.notebooklets.result import NotebookletResult

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    import pandas as pd

    from flowsleuth.investigate.dossier import Section
    from flowsleuth.schema.entities import GeoLocation, Host, IpAddress


class _Facts(Attribute):
    """A value of several facts, told as a line."""

    def section(self, given: Any) -> Section:
        made = super().section(given)
        facts = made.value if isinstance(made.value, dict) else {}
        return replace(made, text=" · ".join(f"{name.replace('_', ' ')} {fact}" for name, fact in facts.items()))


class _Hosts(Attribute):
    """Entities, of which there may be none."""

    def section(self, given: Any) -> Section:
        made = super().section(given)
        return replace(made, text=made.text or "none known")


class IpSummaryResult(NotebookletResult):
    """What is known about an IP address."""

    ip_str: str = value("The address, canonical.", title="Address")
    ip_type: str = value("What kind of address it is, by IANA's special-purpose registries.", title="Type")
    ip_origin: str = value("Internal, External, Unknown, or Not a host; by the evidence below.", title="Origin")
    geoip: dict[str, Any] = _Facts("value", "Where it is and which AS routes it.", "Geography")  # type: ignore[assignment]
    location: GeoLocation = entity("Its place as an entity.")
    ip_entity: IpAddress = entity("The address as an entity, with its place.", title="Entity")
    host_entities: list[Host] = _Hosts("entities", "Hosts that have it, each once.", "Hosts")  # type: ignore[assignment]
    origin_evidence: pd.DataFrame = table("What speaks for which origin, how often, and who says so.")
    tables_with_ip: pd.DataFrame = table(
        "Every table that has it: where, how often, from when to when.", title="Tables that have it"
    )
    relations: Any = figure("relations", "The address, its hosts, accounts, alerts, peers and names.")
    associated_hosts: pd.DataFrame = table("Hosts that had it, who tells, from when to when; several may have had it.")
    device_info: pd.DataFrame = table("What is known of these hosts.", title="Devices")
    whois: pd.DataFrame = table("Who has it registered and which AS announces it.", title="Registration")
    whois_nets: pd.DataFrame = table("The registered network that it is in.", title="Registered networks")
    ti_results: pd.DataFrame = table("What threat intelligence says of it.", title="Threat intelligence")
    passive_dns: pd.DataFrame = table("Names that it had, where and when that was seen.", title="Passive DNS")
    alert_timeline: Any = figure("lanes", "When which alert was raised.", title="Alerts over time")
    related_alerts: pd.DataFrame = table("Alerts with it at either end or about it, earliest first.")
    related_bookmarks: pd.DataFrame = table("Stories, ratings and hunting bookmarks about it.", title="Bookmarks")
    failed_logons: Any = figure("heat", "Failed logons from it by weekday and hour of day, UTC.")
    host_logons: pd.DataFrame = table("Logons that came from it, by host, account, type and outcome.")
    related_accounts: pd.DataFrame = table("Accounts that used it: logons, sign-ins, Azure and Office activity.")
    azure_activity_summary: pd.DataFrame = table("Sign-ins and Azure activity by account, application and outcome.")
    office_activity: pd.DataFrame = table("What was done in Office 365 from it, by account and operation.")
    outbound_volume_timeline: Any = figure(
        "histogram", "Bytes it sent over time, with the band in which they are expected.",
        title="Outbound volume over time",
    )  # fmt: skip
    outbound_anomalies: pd.DataFrame = table("Spans in which it sent far more or less than expected, and to whom.")
    az_network_flows_timeline: Any = figure(
        "lanes", "Its flows over time by protocol.", title="Network flows over time"
    )
    az_network_flow_summary: pd.DataFrame = table(
        "Its flows by protocol and direction, each flow counted once.", title="Network flow summary"
    )
    network_connections: pd.DataFrame = table("Who exchanged flows with it, by host, addresses, service and outcome.")
    heartbeat: pd.DataFrame = table("Newest sign of life of each host with this address.")
    az_network_if: pd.DataFrame = table("Azure network interfaces with this address.", title="Azure network interface")
    vmcomputer: pd.DataFrame = table("Machines that VM insights knows by this address.", title="VM computer")
    aad_signins: pd.DataFrame = table("Sign-ins that came from it.", title="Directory sign-ins")
    azure_activity: pd.DataFrame = table("What was done in Azure from it.")
    common_security: pd.DataFrame = table("What firewalls logged of it.", title="Firewall records")
    outbound_volume: pd.DataFrame = table("Bytes it sent, by time, with what is expected; bytes of silence are 0.")
    az_network_flows: pd.DataFrame = table("Its flows, earliest first.", title="Network flows")

    @property
    def ip_address(self) -> IPv4Address | IPv6Address | None:
        """The address as an object of Python's own module ``ipaddress``."""
        return None if self.ip_str is None else ip_address(self.ip_str)
