"""What HostSummary finds, and what can be set besides its options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import entity, figure, table, value
from flowsleuth.notebooklets.result import NotebookletResult

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.schema.entities import Host


@dataclass(frozen=True)
class HostSummaryParameters:
    """What can be set besides the options."""

    limit: int = field(default=10_000, metadata={"help": "rows of a stored table kept one by one, at most", "min": 1})
    top: int = field(default=250, metadata={"help": "suspects at most", "min": 1, "max": 10_000})
    rarest: int = field(
        default=50, metadata={"help": "of so many of the rarest programs process_ti asks", "min": 1, "max": 1_000}
    )


class HostSummaryResult(NotebookletResult):
    """What is known about a host."""

    host_entity: Host = entity("The host: its name, its addresses, its system as far as logs agree.")
    host_names: pd.DataFrame = table("The names it goes by, which column says so, and from when to when.")
    host_addresses: pd.DataFrame = table("Its addresses, who tells, since when; and the flows of each.")
    known_as: dict[str, Any] = value("What its rows were looked for by: names and addresses.")
    operating_systems: pd.DataFrame = table("What rows say of its operating system.")
    related_alerts: pd.DataFrame = table("Alerts that name it, are about it, or have one of its addresses.")
    alert_timeline: Any = figure("lanes", "Alerts over time, a lane for each kind.")
    related_bookmarks: pd.DataFrame = table("Ratings and stories about its addresses, the latest first.")
    suspects: pd.DataFrame = table("The strongest suspects that its addresses have a part in, each with its reason.")
    host_logons: pd.DataFrame = table("Logons on it and from it, counted by account, kind and where they came from.")
    logon_timeline: Any = figure("lanes", "Logons over time, failed and successful apart.")
    accounts: pd.DataFrame = table("Accounts that logged on to it or ran programs on it.")
    processes: pd.DataFrame = table("Programs that were started on it, the rarest first, and why each is rare.")
    process_events: pd.DataFrame = table("The starts of programs themselves, earliest first.")
    process_ti: pd.DataFrame = table("What threat intelligence says of hashes, addresses and names of rare programs.")
    account_actions: pd.DataFrame = table("Accounts and groups that were made, changed or removed on it.")
    scheduled_tasks: pd.DataFrame = table("Tasks that were planned, changed or run by a plan.")
    notable_events: pd.DataFrame = table("Other events that an analyst wants to see, each with its reason.")
    log_health: pd.DataFrame = table("What each log has of it, and its longest silence.")
    sensor_health: pd.DataFrame = table("What the sensors that see it say of their own records.")
    unanswered: pd.DataFrame = table("Queries that a provider could not be asked, and why.")
