"""Where an account came from: addresses, what is known of them here, where they are; others are asked by option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.account_summary.matches import rows_of_account
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.decided import bookmarks_of
from flowsleuth.notebooklets.told_addresses import place_marks, with_facts

if TYPE_CHECKING:
    from flowsleuth.notebooklets.run import Run

NO_ADDRESS = "no logon of it tells an address"


def summarize_addresses(run: Run) -> dict[str, Any]:
    """Addresses of its logons, with local facts; most logons first."""
    import ibis

    rows = rows_of_account(run, "logon")
    rows = rows.filter(rows.src_ip.notnull())
    failed = (~rows.is_success).fill_null(False).cast("int64")
    counted = rows.group_by("src_ip").aggregate(
        logons=rows.count() - failed.sum(), failed_logons=failed.sum(), hosts=rows.host.lower().nunique(),
        apps=rows.app.nunique(), first_seen=rows.start.min(), last_seen=rows.start.max(),
    )  # fmt: skip
    found = run.arrow(counted.order_by([ibis.desc(counted.logons + counted.failed_logons), "src_ip"]))
    if not len(found):
        return {"ip_address_summary": Found(absent=NO_ADDRESS)}
    return {"ip_address_summary": with_facts(run, found, "src_ip")}


def draw_map(run: Run) -> dict[str, Any]:
    """Where its addresses are."""
    rows = run["ip_address_summary"]
    return {"ip_map": place_marks(rows, "src_ip", ["logons", "failed_logons"], ways=["inbound"] * len(rows))}


def read_bookmarks(run: Run) -> dict[str, Any]:
    """Ratings and stories about its addresses."""
    return {"related_bookmarks": bookmarks_of(run, run["ip_address_summary"]["src_ip"].to_pylist())}


def read_whois(run: Run) -> dict[str, Any]:
    """Whose networks its addresses are in."""
    addresses = run["ip_address_summary"]["src_ip"].to_pylist()
    return {"whois": run.ask("IpAddress.whois", addresses, limit=None, online=run.parameters.online)}


def look_up(run: Run) -> dict[str, Any]:
    """What intelligence says of its addresses."""
    return {"ti_results": run.provider("tilookup")(run["ip_address_summary"]["src_ip"].to_pylist())}
