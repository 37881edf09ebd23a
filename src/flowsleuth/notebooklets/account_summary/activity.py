"""What an account did: operations, hosts, addresses, outcomes; counted by the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.account_summary.matches import CLOUD, rows_of_account
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.binned_counts import binned
from flowsleuth.notebooklets.told_alerts import alert_lanes, readable_alerts

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

NOTHING = "no activity of it in this window"


def activity_of(run: Run) -> ir.Table:
    """Logons and programs of the account: ``start provider operation src_ip host is_failed``."""
    import ibis

    logon, process = rows_of_account(run, "logon"), rows_of_account(run, "process")
    failed = (~logon.is_success).fill_null(False)
    kind = ibis.ifelse(logon.source == CLOUD, "sign-in", logon.logon_type.fill_null("unknown") + " logon")
    logons = logon.select(
        "start", "source", "src_ip", "host", provider=logon.app.fill_null(logon.source),
        operation=kind + ibis.ifelse(failed, " failed", ""), is_failed=failed.cast("int64"),
    )  # fmt: skip
    none = ibis.literal(None, "string")
    started = process.select(
        "start", "source", "host", src_ip=none, provider=process.source, is_failed=ibis.literal(0, "int64"),
        operation=ibis.literal("start of ") + process.name.lower().fill_null("unknown"),
    )  # fmt: skip
    return logons.union(started.select(logons.columns))


def count_activity(run: Run) -> dict[str, Any]:
    """Operations by source, the most recent first."""
    import ibis

    rows = activity_of(run)
    counted = rows.group_by("source", "provider", "operation").aggregate(
        times=rows.count(), hosts=rows.host.lower().nunique(), addresses=rows.src_ip.nunique(),
        first_seen=rows.start.min(),
        last_seen=rows.start.max(),
    )  # fmt: skip
    keys = ["source", "provider", "operation"]
    return {"account_activity": run.arrow(counted.order_by([ibis.desc("last_seen"), *keys]))}


def draw_activity(run: Run) -> dict[str, Any]:
    """Activity over time by provider, address and operation."""
    import ibis

    rows = activity_of(run)
    one = ibis.literal(1, "int64")

    def lanes(series: ir.StringValue, given: ir.Table = rows) -> Found:
        told = given.select("start", series=series, events=one, failed="is_failed")
        return binned(run, told, ["events", "failed"], nothing=NOTHING)

    from_somewhere = rows.filter(rows.src_ip.notnull())
    by_ip = binned(
        run, from_somewhere.select("start", series=from_somewhere.src_ip, events=one, failed="is_failed"),
        ["events", "failed"], nothing="no activity of it tells an address",
    )  # fmt: skip
    return {
        "account_timeline_by_provider": lanes(rows.provider),
        "account_timeline_by_ip": by_ip,
        "account_timeline_by_operation": lanes(rows.operation),
    }


def count_hosts(run: Run) -> dict[str, Any]:
    """Hosts that it logged on to or ran programs on."""
    import ibis

    logon, process = rows_of_account(run, "logon"), rows_of_account(run, "process")
    failed = (~logon.is_success).fill_null(False).cast("int64")
    one, zero, none = ibis.literal(1, "int64"), ibis.literal(0, "int64"), ibis.literal(None, "string")
    rows = logon.filter(logon.source != CLOUD).select(
        "start", "host", "source", "src_ip", "logon_type", logons=one - failed, failed_logons=failed, processes=zero
    )
    started = process.select(
        "start", "host", "source", src_ip=none, logon_type=none, logons=zero, failed_logons=zero, processes=one
    )
    rows = rows.union(started.select(rows.columns))
    rows = rows.mutate(key=rows.host.lower())
    counted = rows.group_by("key", "source").aggregate(
        host=rows.host.min(),
        **{name: rows[name].sum().cast("int64") for name in ("logons", "failed_logons", "processes")},
        logon_types=rows.logon_type.nunique(), a_logon_type=rows.logon_type.min(), addresses=rows.src_ip.nunique(),
        an_address=rows.src_ip.min(), first_seen=rows.start.min(), last_seen=rows.start.max(),
    )  # fmt: skip
    counted = counted.order_by(
        [ibis.desc(counted.logons + counted.failed_logons), ibis.desc("processes"), "key", "source"]
    )
    names = ["host", *(name for name in counted.columns if name not in ("host", "key"))]
    return {"host_logon_summary": run.arrow(counted.select(names))}


def compare_outcomes(run: Run) -> dict[str, Any]:
    """Failed against successful logons, and whether a success followed failures from the same address."""
    import ibis

    rows = rows_of_account(run, "logon")
    rows = rows.mutate(failed=(~rows.is_success).fill_null(False), target=rows.host.lower().fill_null(rows.app))
    keys = ["src_ip", "target"]
    counted = rows.group_by(keys).aggregate(
        logons=(~rows.failed).sum().cast("int64"),
        failed_logons=rows.failed.sum().cast("int64"),
        reasons=rows.reason.nunique(),
        a_reason=rows.reason.min(),
        first_success=rows.start.min(where=rows.is_success.fill_null(False)),
        first_failure=rows.start.min(where=rows.failed),
        last_seen=rows.start.max(),
    )
    ordered = counted.order_by([ibis.desc("failed_logons"), ibis.desc("logons"), *keys])
    found = run.arrow(ordered)
    return {"logon_outcomes": _with_failures_before(run, rows, found)}


def _with_failures_before(run: Run, rows: ir.Table, found: pa.Table) -> pa.Table:
    """How many failures came before the first success; null where none succeeded."""
    import ibis
    import pyarrow as pa

    keys = ["src_ip", "target"]
    whole = ibis.window(group_by=keys)
    timed = rows.mutate(success=rows.start.min(where=rows.is_success.fill_null(False)).over(whole))
    before = timed.filter(timed.failed, timed.start < timed.success)
    counted = run.arrow(before.group_by(keys).aggregate(times=before.count())).to_pylist()
    times = {(row["src_ip"], row["target"]): row["times"] for row in counted}
    told = [
        None if row["first_success"] is None else times.get((row["src_ip"], row["target"]), 0)
        for row in found.select([*keys, "first_success"]).to_pylist()
    ]
    return found.append_column("failures_before_success", pa.array(told, pa.int64()))


def count_sign_ins(run: Run) -> dict[str, Any]:
    """Sign-ins to the cloud by application, address and outcome."""
    import ibis

    rows = rows_of_account(run, "logon")
    rows = rows.filter(rows.source == CLOUD)
    keys = ["user", "app", "src_ip", "is_success", "reason"]
    counted = rows.group_by(keys).aggregate(
        sign_ins=rows.count(), methods=rows.method.nunique(), a_method=rows.method.min(), first_seen=rows.start.min(),
        last_seen=rows.start.max(),
    )  # fmt: skip
    found = run.arrow(counted.order_by([ibis.desc("sign_ins"), *keys]))
    return {"azure_activity_summary": found if len(found) else Found(absent="it has no sign-in in this window")}


# alerts -------------------------------------------------------------------------------------------------------------


def read_alerts(run: Run) -> dict[str, Any]:
    """Alerts about the chosen accounts."""
    names = sorted({one["account"] for one in run["chosen"]}) or [run.asked.text]
    return {"related_alerts": readable_alerts(run.ask("Account.alerts", names, limit=run.parameters.limit))}


def draw_alerts(run: Run) -> dict[str, Any]:
    """Alerts over time."""
    return {"alert_timeline": alert_lanes(run, run["related_alerts"])}


# one by one ---------------------------------------------------------------------------------------------------------


def read_additional(run: Run) -> dict[str, Any]:
    """Logons, sign-ins and programs one by one, earliest first."""
    logon, process = rows_of_account(run, "logon"), rows_of_account(run, "process")
    return {
        "host_logons": _listed(run, logon.filter(logon.source != CLOUD)),
        "azure_activity": _listed(run, logon.filter(logon.source == CLOUD)),
        "process_events": _listed(run, process),
    }


def _listed(run: Run, rows: ir.Table) -> Found:
    limit = run.parameters.limit
    found = run.arrow(rows.drop("extra").order_by(["start", "event_id"]).limit(limit + 1))
    note = f"only the first {limit:,}: limit= gives more" if len(found) > limit else ""
    return Found(found.slice(0, limit), note=note)
