"""The notebooklet AccountSummary: its options, its steps, its follow-ups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.account_summary.activity import (
    compare_outcomes,
    count_activity,
    count_hosts,
    count_sign_ins,
    draw_activity,
    draw_alerts,
    read_additional,
    read_alerts,
)
from flowsleuth.notebooklets.account_summary.addresses import (
    draw_map,
    look_up,
    read_bookmarks,
    read_whois,
    summarize_addresses,
)
from flowsleuth.notebooklets.account_summary.matches import check_names, find_accounts, label
from flowsleuth.notebooklets.account_summary.result import AccountSummaryParameters, AccountSummaryResult
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
from flowsleuth.schema.entities import Account

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.notebooklets.picture import Picture
    from flowsleuth.notebooklets.run import Question

_CHOSEN, _ROWS = ("chosen",), ("logon|process",)

_LOGONS = ("activity", "hosts", "outcomes", "addresses", "whois", "ti", "additional_data")
QUERIES = (
    Query("SecurityAlert.list_alerts_for_account", "account_name", "alert", ("get_alerts",)),
    Query("WindowsSecurity.list_logons_by_account", "account_name", "logon", _LOGONS),
    Query("LinuxSyslog.list_logons_for_account", "account_name", "logon", _LOGONS),
    Query("Authentication.list_logons_for_account", "account_name", "logon", _LOGONS),
    Query("MDE.list_logons_by_account", "account_name", "logon", _LOGONS),
    Query("Azure.list_aad_signins_for_account", "account_name", "logon", (*_LOGONS, "sign_ins")),
)
"""What a query provider is asked, as far as its library has it."""


class AccountSummary(Notebooklet[AccountSummaryResult]):
    """Where an account was used, from where, with what success, and what is said of it.

    It is looked for in the logons of Windows, Linux and the cloud, in programs and in alerts. Where several match, all
    are told together until :meth:`choose` names one. Everything comes from the workspace's tables except ``ti``, which
    sends addresses to the configured providers of threat intelligence, and ``whois`` with ``online=True``.
    """

    metadata = Metadata(
        name="AccountSummary",
        description="What is known about an account.",
        options=(
            Option("get_alerts", "Alerts about it, and when."),
            Option("get_bookmarks", "Ratings and stories about the addresses it came from."),
            Option("activity", "What it did, by source, address and operation, over time."),
            Option("hosts", "Hosts that it logged on to or ran programs on."),
            Option("outcomes", "Failed against successful logons."),
            Option("sign_ins", "Sign-ins to the cloud."),
            Option("addresses", "The addresses it came from, what is known of them here, and where they are."),
            Option("whois", "Whose networks its addresses are in.", is_default=False),
            Option("ti", "What threat intelligence says of its addresses; goes over the network.", is_default=False),
            Option("additional_data", "Its logons, sign-ins and programs one by one.", is_default=False),
        ),
        entity_types=("account",),
        data_table="logon",
        keywords=("user", "logon", "aad", "azure", "windows", "linux", "sign-in"),
        follow_ups=(
            FollowUp(
                "get_additional_data",
                "Read each logon, sign-in and program",
                ("host_logons", "azure_activity", "process_events"),
            ),
            FollowUp("lookup_ti", "Ask threat intelligence about its addresses", ("ti_results",), is_online=True),
        ),
    )
    result_class = AccountSummaryResult
    Parameters = AccountSummaryParameters
    foreign_tables = (UNANSWERED,)
    steps = (
        Step(
            "accounts", find_accounts, "Accounts", "The accounts that match, and those that all else is about.",
            gives=("account_matches", "chosen", "account_entity"),
        ),
        Step(
            "activity", count_activity, "Activity", "Operations by source, the most recent first.",
            gives=("account_activity",), option="activity", tables=_ROWS, uses=_CHOSEN,
        ),
        Step(
            "timelines", draw_activity, "Activity over time", "By source or program, by address, by operation.",
            gives=("account_timeline_by_provider", "account_timeline_by_ip", "account_timeline_by_operation"),
            option="activity", tables=_ROWS, uses=_CHOSEN,
        ),
        Step(
            "alerts", read_alerts, "Alerts", "Alerts about it.",
            gives=("related_alerts",), option="get_alerts", tables=("alert",), uses=_CHOSEN,
        ),
        Step(
            "alert_timeline", draw_alerts, "Alerts over time", "A lane for each kind of alert.",
            gives=("alert_timeline",), option="get_alerts", uses=("related_alerts",),
        ),
        Step(
            "hosts", count_hosts, "Hosts", "Where it logged on and what it ran there.",
            gives=("host_logon_summary",), option="hosts", tables=_ROWS, uses=_CHOSEN,
        ),
        Step(
            "outcomes", compare_outcomes, "Failed and successful logons", "By address and host; which came first.",
            gives=("logon_outcomes",), option="outcomes", tables=("logon",), uses=_CHOSEN,
        ),
        Step(
            "sign_ins", count_sign_ins, "Sign-ins", "By application, address and outcome.",
            gives=("azure_activity_summary",), option="sign_ins", tables=("logon",), uses=_CHOSEN,
        ),
        Step(
            "addresses", summarize_addresses, "Addresses", "Where it came from, and what is known of that here.",
            gives=("ip_address_summary",), option="addresses", tables=("logon",), uses=_CHOSEN,
        ),
        Step(
            "map", draw_map, "Map", "Where its addresses are.",
            gives=("ip_map",), option="addresses", uses=("ip_address_summary",),
        ),
        Step(
            "bookmarks", read_bookmarks, "Ratings and stories", "What analysts said of its addresses.",
            gives=("related_bookmarks",), option="get_bookmarks", uses=("ip_address_summary",),
        ),
        Step(
            "whois", read_whois, "Owners", "Whose networks its addresses are in.",
            gives=("whois",), option="whois", uses=("ip_address_summary",),
        ),
        Step(
            "ti", look_up, "Threat intelligence", "What providers say of its addresses.",
            gives=("ti_results",), option="ti", providers=("tilookup",), uses=("ip_address_summary",),
        ),
        Step(
            "additional_data", read_additional, "One by one", "Logons, sign-ins and programs.",
            gives=("host_logons", "azure_activity", "process_events"), option="additional_data", tables=_ROWS,
            uses=_CHOSEN,
        ),
        Step(
            "unanswered", tell_unanswered, "Queries without an answer", "What a query provider could not be asked.",
            gives=("unanswered",),
        ),
    )  # fmt: skip

    def read_data(self, data: Any) -> Mapping[str, Any]:
        """A frame, or frames by name, with the columns of our tables or of Sentinel's."""
        return read_tables(data, self.metadata.data_table, self.data_providers.home)

    def gather(self, provider: Any, question: Question) -> Mapping[str, Any]:
        """What a query provider has about the account, by the chosen options; a query that fails spoils no other."""
        assert question.asked is not None, "there is a value"
        values = {"account_name": Account(question.asked.text).name}
        return ask_queries(provider, QUERIES, values, question, question.providers.home)

    def choose(self, *names: str) -> AccountSummaryResult:
        """Tell everything of one account that matches, or of some; the result in hand changes.

        Parameters
        ----------
        *names : str
            As ``account_matches`` lists them: ``corp\\ana``, or ``corp\\ana (Windows)`` where several sources have it.
            None: all that match.

        Raises
        ------
        OptionError
            No such account matches.
        """
        result = self._last()
        given = {**result.parameters, "account": ", ".join(names)}
        check_names(self.context["account_matches"], given["account"])
        fresh = type(self)(self.data_providers, silent=True)
        told = fresh.run(result.value, timespan=result.timespan, options=list(result.options) or None, **given)
        for name in result.attributes:
            result.keep_section(name, told.section(name))
        result.steps, result.parameters = told.steps, told.parameters
        return result

    def browse_accounts(self) -> Any:
        """A widget to choose among the accounts that match; needs the extra ``notebook``."""
        from flowsleuth.notebooklets.picture import WIDGETS

        result = self._last()
        items = {
            label(row["account"], row["source"]): f"{row['logons']:,} logons, {row['failed_logons']:,} failed, "
            f"{row['processes']:,} programs, {row['alerts']:,} alerts"
            for row in self.context["account_matches"].to_pylist()
        }
        chosen = {label(one["account"], one["source"]) for one in result.chosen or ()}
        return WIDGETS.load("subset")(items, chosen, title="Accounts", on_change=lambda names: self.choose(*names))

    def browse_alerts(self) -> Any:
        """Show the alerts, one of them whole."""
        return self._last().view_events(["start", "name", "severity", "about"], "related_alerts")

    def browse_bookmarks(self) -> Any:
        """Show ratings and stories, one of them whole."""
        return self._last().view_events(["made", "kind", "about", "title"], "related_bookmarks")

    def display_alert_timeline(self) -> Picture | None:
        """The timeline of alerts, None when there is none."""
        found: Picture | None = self._last().alert_timeline
        return found

    def get_additional_data(self) -> pd.DataFrame | None:
        """Logons, sign-ins and programs one by one, where the run did not read them.

        Fills ``host_logons``, ``azure_activity`` and ``process_events`` of this result.

        Returns
        -------
        pandas.DataFrame
            The sign-ins if there are any, else the logons on hosts.
        """
        result = self._do("additional_data")
        cloud = result.azure_activity
        return cloud if cloud is not None and len(cloud) else result.host_logons

    def lookup_ti(self) -> pd.DataFrame | None:
        """Ask threat intelligence now, where the run did not; over the network. Fills ``ti_results`` of this result."""
        return self._do("ti").ti_results
