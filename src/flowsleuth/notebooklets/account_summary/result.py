"""What AccountSummary finds, and what can be set besides its options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import entity, figure, table, value
from flowsleuth.notebooklets.result import NotebookletResult

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.schema.entities import Account


@dataclass(frozen=True)
class AccountSummaryParameters:
    """What can be set besides the options."""

    account: str = field(
        default="", metadata={"help": "only these of the accounts that match, as listed, with commas between"}
    )
    limit: int = field(default=10_000, metadata={"help": "rows of a stored table kept one by one, at most", "min": 1})
    online: bool = field(default=False, metadata={"help": "ask registries over the network who owns the addresses"})


class AccountSummaryResult(NotebookletResult):
    """What is known about an account."""

    account_entity: Account = entity("The account; of several that match, what was asked for.")
    account_matches: pd.DataFrame = table("The accounts that match, by source: logons, programs, alerts, when.")
    chosen: list[dict[str, Any]] = value("The accounts that all else is about, as the rows spell them.")
    account_activity: pd.DataFrame = table("What it did, by source and operation; the most recent first.")
    account_timeline_by_provider: Any = figure("lanes", "Its activity over time, a lane for each source or program.")
    account_timeline_by_ip: Any = figure("lanes", "Its logons over time, a lane for each address they came from.")
    account_timeline_by_operation: Any = figure("lanes", "Its activity over time, a lane for each operation.")
    related_alerts: pd.DataFrame = table("Alerts about it.")
    alert_timeline: Any = figure("lanes", "Alerts over time, a lane for each kind.")
    related_bookmarks: pd.DataFrame = table("Ratings and stories about the addresses it came from.")
    host_logon_summary: pd.DataFrame = table("Its hosts: logons, failures, kinds, addresses, programs.")
    logon_outcomes: pd.DataFrame = table("Failed against successful logons by address and host, and which came first.")
    azure_activity_summary: pd.DataFrame = table("Its sign-ins by application, address and outcome.")
    ip_address_summary: pd.DataFrame = table("The addresses it came from, and what is known of each here.")
    ip_map: Any = figure("places", "Where it came from.", title="Map of its addresses")
    whois: pd.DataFrame = table("Whose networks its addresses are in, as far as is known here; online when asked.")
    ti_results: pd.DataFrame = table("What threat intelligence says of its addresses.")
    host_logons: pd.DataFrame = table("Its logons on hosts, one by one.")
    azure_activity: pd.DataFrame = table("Its sign-ins, one by one.")
    process_events: pd.DataFrame = table("The programs it started, one by one.")
    unanswered: pd.DataFrame = table("Queries that a provider could not be asked, and why.")
