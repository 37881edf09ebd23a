"""The notebooklet HostSummary: its options, its steps, its follow-ups."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.host_identity import find_host, find_system, host_given
from flowsleuth.notebooklets.host_summary.activity import (
    count_accounts,
    count_logons,
    count_processes,
    draw_alerts,
    draw_logons,
    look_up_processes,
    read_alerts,
    read_bookmarks,
    read_processes,
    read_suspects,
)
from flowsleuth.notebooklets.host_summary.health import measure_logs
from flowsleuth.notebooklets.host_summary.notable import Group, find_events
from flowsleuth.notebooklets.host_summary.result import HostSummaryParameters, HostSummaryResult
from flowsleuth.notebooklets.metadata import FollowUp, Metadata, Option
from flowsleuth.notebooklets.notebooklet import Notebooklet
from flowsleuth.notebooklets.provided_rows import (
    UNANSWERED,
    Query,
    ask_queries,
    read_tables,
    tell_unanswered,
)
from flowsleuth.notebooklets.step import Step

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.notebooklets.run import Question

_KNOWN = ("known_as",)
_EVENTS: tuple[tuple[Group, str, str], ...] = (
    ("account_actions", "Account actions", "Accounts and groups made, changed or removed."),
    ("scheduled_tasks", "Scheduled tasks", "Tasks planned, changed or run by a plan."),
    ("notable_events", "Notable events", "Cleared logs, new services, encoded commands and the like."),
)
_PROGRAMS = (
    "processes",
    "process_events",
    "process_ti",
    "accounts",
    "account_actions",
    "scheduled_tasks",
    "notable_events",
)
QUERIES = (
    Query("SecurityAlert.list_alerts_for_host", "host_name", "alert", ("alerts",)),
    Query("SecurityAlert.list_alerts_for_ip", "source_ip_list", "alert", ("alerts",)),
    Query("WindowsSecurity.list_host_logons", "host_name", "logon", ("logons", "accounts")),
    Query("LinuxSyslog.list_logons_for_host", "host_name", "logon", ("logons", "accounts")),
    Query("Authentication.list_logons_for_host", "host_name", "logon", ("logons", "accounts")),
    Query("MDE.list_device_logons", "host_name", "logon", ("logons", "accounts")),
    Query("WindowsSecurity.list_host_processes", "host_name", "process", _PROGRAMS),
    Query("Process.list_host_processes", "host_name", "process", _PROGRAMS),
    Query("MDE.list_device_processes", "host_name", "process", _PROGRAMS),
    Query("LinuxSyslog.list_syslog_for_host", "host_name", "syslog", _PROGRAMS),
    Query("Network.list_nta_flows_by_host", "host_name", "flow"),
    Query("Network.list_nta_flows_by_ip", "ip_address_list", "flow"),
    Query("Network.list_flows_by_host", "host_name", "flow"),
)
"""What a query provider is asked, as far as its library has it."""


class HostSummary(Notebooklet[HostSummaryResult]):
    """Who a host is, who used it, what ran on it, what was said of it, and when its logs were silent.

    Everything comes from the workspace's tables except ``process_ti``, which sends hashes, addresses and names of the
    rarest programs to the configured providers of threat intelligence.
    """

    metadata = Metadata(
        name="HostSummary",
        description="What is known about a host.",
        options=(
            Option("alerts", "Alerts about it, and when."),
            Option("bookmarks", "Ratings and stories about its addresses."),
            Option("suspects", "Suspects that its addresses have a part in."),
            Option("logons", "Logons on it and from it, and when."),
            Option("accounts", "Who logged on to it or ran programs on it."),
            Option("processes", "Programs that were started on it, the rarest first."),
            Option("account_actions", "Accounts and groups made, changed or removed on it."),
            Option("scheduled_tasks", "Tasks planned on it."),
            Option("notable_events", "Cleared logs, new services, encoded commands and the like."),
            Option("log_health", "What each log has of it, and when it was silent."),
            Option("process_events", "The starts of programs one by one.", is_default=False),
            Option(
                "process_ti", "What threat intelligence says of its rarest programs; goes over the network.",
                is_default=False,
            ),
        ),
        entity_types=("ip_address", "host"),
        keywords=("computer", "machine", "windows", "linux", "process", "logon", "heartbeat"),
        follow_ups=(
            FollowUp("lookup_process_ti", "Ask intelligence about its programs", ("process_ti",), is_online=True),
        ),
    )  # fmt: skip
    result_class = HostSummaryResult
    Parameters = HostSummaryParameters
    foreign_tables = (UNANSWERED,)
    steps = (
        Step(
            "host", find_host, "Names and addresses", "What it is called, and which addresses it has, since when.",
            gives=("host_names", "host_addresses", "known_as"),
        ),
        Step(
            "system", find_system, "System", "The host, and what rows say of its operating system.",
            gives=("operating_systems", "host_entity"), uses=_KNOWN,
        ),
        Step(
            "alerts", read_alerts, "Alerts", "Alerts that name it or have its addresses.",
            gives=("related_alerts",), option="alerts", tables=("alert",), uses=_KNOWN,
        ),
        Step(
            "alert_timeline", draw_alerts, "Alerts over time", "A lane for each kind of alert.",
            gives=("alert_timeline",), option="alerts", uses=("related_alerts",),
        ),
        Step(
            "bookmarks", read_bookmarks, "Ratings and stories", "What analysts said of its addresses.",
            gives=("related_bookmarks",), option="bookmarks", uses=_KNOWN,
        ),
        Step(
            "suspects", read_suspects, "Suspects", "What detectors say of its addresses.",
            gives=("suspects",), option="suspects", tables=("score",), uses=_KNOWN,
        ),
        Step(
            "logons", count_logons, "Logons", "Who logged on to it and from it, how, whence.",
            gives=("host_logons",), option="logons", tables=("logon",), uses=_KNOWN,
        ),
        Step(
            "logon_timeline", draw_logons, "Logons over time", "A lane for each kind of logon, failed ones apart.",
            gives=("logon_timeline",), option="logons", tables=("logon",), uses=_KNOWN,
        ),
        Step(
            "accounts", count_accounts, "Accounts", "Who logged on to it or ran programs on it.",
            gives=("accounts",), option="accounts", tables=("logon|process",), uses=_KNOWN,
        ),
        Step(
            "processes", count_processes, "Programs", "The rarest first.",
            gives=("processes",), option="processes", tables=("process",), uses=_KNOWN,
        ),
        Step(
            "process_events", read_processes, "Starts of programs", "One by one, earliest first.",
            gives=("process_events",), option="process_events", tables=("process",), uses=_KNOWN,
        ),
        Step(
            "process_ti", look_up_processes, "Threat intelligence on programs", "What providers say of the rarest.",
            gives=("process_ti",), option="process_ti", providers=("tilookup",), uses=("processes", *_KNOWN),
        ),
        *(
            Step(
                group, partial(find_events, group), title, text, gives=(group,), option=group,
                tables=("process|syslog",), uses=_KNOWN,
            )
            for group, title, text in _EVENTS
        ),
        Step(
            "log_health", measure_logs, "Logs", "What each log has of it, and its longest silence.",
            gives=("log_health", "sensor_health"), option="log_health", uses=_KNOWN,
        ),
        Step(
            "unanswered", tell_unanswered, "Queries without an answer", "What a query provider could not be asked.",
            gives=("unanswered",),
        ),
    )  # fmt: skip

    def take_value(self, value: Any) -> Any:
        """Also a pair of name and address."""
        return host_given(value)

    def read_data(self, data: Any) -> Mapping[str, Any]:
        """A frame, or frames by name, with the columns of our tables or of Sentinel's."""
        return read_tables(data, self.metadata.data_table, self.data_providers.home)

    def gather(self, provider: Any, question: Question) -> Mapping[str, Any]:
        """What a query provider has about the host, by the chosen options; a query that fails spoils no other."""
        asked = question.asked
        assert asked is not None, "there is a value"
        names = ("source_ip_list", "ip_address_list") if asked.kind == "IpAddress" else ("host_name",)
        values = dict.fromkeys(names, asked.text if asked.kind == "IpAddress" else asked.text.partition(".")[0])
        return ask_queries(provider, QUERIES, values, question, question.providers.home)

    def browse_alerts(self) -> Any:
        """Show the alerts, one of them whole."""
        return self._last().view_events(["start", "name", "severity", "about"], "related_alerts")

    def browse_processes(self) -> Any:
        """Show the starts of programs, one of them whole."""
        return self._last().view_events(["start", "user", "name", "command_line"], "process_events")

    def lookup_process_ti(self) -> pd.DataFrame | None:
        """Ask threat intelligence now, where the run did not; over the network. Fills ``process_ti`` of this result."""
        return self._do("process_ti").process_ti
