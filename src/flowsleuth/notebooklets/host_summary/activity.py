"""Logons, accounts, programs and alerts of a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.binned_counts import binned
from flowsleuth.notebooklets.decided import bookmarks_of, suspects_of
from flowsleuth.notebooklets.host_identity import is_of_host, rows_of_host
from flowsleuth.notebooklets.told_alerts import alert_lanes, readable_alerts, shortened

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run


# alerts, and what is decided ----------------------------------------------------------------------------------------


def read_alerts(run: Run) -> dict[str, Any]:
    """Alerts about the host."""
    known = run["known_as"]
    about = known["name"] or known["addresses"]
    return {"related_alerts": readable_alerts(run.ask("Host.alerts", about, limit=run.parameters.limit))}


def draw_alerts(run: Run) -> dict[str, Any]:
    """Alerts over time."""
    return {"alert_timeline": alert_lanes(run, run["related_alerts"])}


def read_bookmarks(run: Run) -> dict[str, Any]:
    """Ratings and stories about the host's addresses."""
    return {"related_bookmarks": bookmarks_of(run, run["known_as"]["addresses"])}


def read_suspects(run: Run) -> dict[str, Any]:
    """Suspects of the host's addresses."""
    found = suspects_of(run, run["known_as"]["addresses"], run.parameters.top)
    return {"suspects": found if found.num_columns else Found(absent="no suspect has one of its addresses")}


# logons -------------------------------------------------------------------------------------------------------------

LOGON_KEYS = ("way", "user", "domain", "is_success", "logon_type", "method", "src_ip", "src_host", "host", "reason")


def logons_of(run: Run) -> ir.Table:
    """Logons on the host, and those that came from it as far as the record tells."""
    import ibis

    rows, known = run.rows("logon"), run["known_as"]
    on_it = is_of_host(run, rows, "logon")
    from_it = rows.src_host.isin(known["names"] or [""]) | rows.src_ip.isin(known["addresses"] or [""])
    rows = rows.mutate(way=ibis.ifelse(on_it, "on it", "from it"))
    return rows.filter(on_it | from_it.fill_null(False))


def count_logons(run: Run) -> dict[str, Any]:
    """Logons counted by who, how and whence."""
    import ibis

    rows = logons_of(run)
    counted = rows.group_by(list(LOGON_KEYS)).aggregate(
        logons=rows.count(), first_seen=rows.start.min(), last_seen=rows.start.max()
    )
    found = run.arrow(counted.order_by([ibis.desc("logons"), *LOGON_KEYS]).limit(run.parameters.limit + 1))
    return {"host_logons": limited(found, run.parameters.limit)}


def limited(rows: pa.Table, limit: int) -> Found:
    """Rows, and what was left out."""
    if len(rows) <= limit:
        return Found(rows)
    return Found(rows.slice(0, limit), note=f"only the first {limit:,}: limit= gives more")


def draw_logons(run: Run) -> dict[str, Any]:
    """Logons over time by kind and outcome."""
    return {"logon_timeline": logon_lanes(run, logons_of(run))}


def logon_lanes(run: Run, rows: ir.Table) -> Found:
    """Lanes of logons: their kind, failed ones apart."""
    import ibis

    failed = (~rows.is_success).fill_null(False)
    series = rows.logon_type.fill_null("logon") + ibis.ifelse(failed, " failed", "")
    return binned(
        run, rows.select("start", series=series, logons=ibis.literal(1)), ["logons"], nothing="no logon in this window"
    )


def count_accounts(run: Run) -> dict[str, Any]:
    """Who logged on to the host or ran programs on it."""
    import ibis

    logon, process = rows_of_host(run, "logon"), rows_of_host(run, "process")
    failed = (~logon.is_success).fill_null(False).cast("int64")
    one, none = ibis.literal(1, "int64"), ibis.literal(0, "int64")
    rows = logon.select("start", "user", "domain", "user_id", logons=one - failed, failed_logons=failed, processes=none)
    rows = rows.union(
        process.select("start", "user", "domain", "user_id", logons=none, failed_logons=none, processes=one)
    )
    rows = rows.filter(rows.user.notnull())
    counts = ("logons", "failed_logons", "processes")
    counted = rows.group_by(account=rows.user.lower(), realm=rows.domain.lower()).aggregate(
        user=rows.user.min(),
        domain=rows.domain.min(),
        user_id=rows.user_id.min(),
        **{name: rows[name].sum().cast("int64") for name in counts},
        first_seen=rows.start.min(),
        last_seen=rows.start.max(),
    )
    shown = counted.order_by([ibis.desc(counted.logons + counted.processes), "account", "realm"])
    return {"accounts": run.arrow(shown.drop("account", "realm"))}


# programs -----------------------------------------------------------------------------------------------------------


PROGRAM_COLUMNS = (
    "program", "starts", "why", "other_hosts", "starts_elsewhere", "accounts", "an_account", "parents", "a_parent",
    "command_lines", "a_command_line", "sha256", "first_seen", "last_seen", "name",
)  # fmt: skip


def count_processes(run: Run) -> dict[str, Any]:
    """Programs by how rare they are: on few hosts, then started seldom here."""
    rows = rows_of_host(run, "process")
    rows = rows.mutate(key=rows.path.fill_null(rows.name).fill_null("unknown").lower())
    counted = rows.group_by("key").aggregate(
        program=rows.path.fill_null(rows.name).fill_null("unknown").min(),
        name=rows.name.lower().min(),
        starts=rows.count(),
        accounts=rows.user.nunique(),
        an_account=rows.user.min(),
        parents=rows.parent_name.nunique(),
        a_parent=rows.parent_name.min(),
        command_lines=rows.command_line.nunique(),
        a_command_line=rows.command_line.min(),
        sha256=rows.sha256.min(),
        first_seen=rows.start.min(),
        last_seen=rows.start.max(),
    )
    found = run.arrow(counted.drop("key"))
    if not len(found):
        return {"processes": Found(absent="no program was seen to start on it in this window")}
    return {"processes": _with_rarity(run, found)}


def _with_rarity(run: Run, found: pa.Table) -> pa.Table:
    """Programs with where else their names were started, the rarest first."""
    import pyarrow as pa

    rows = run.rows("process")
    others = rows.filter(~is_of_host(run, rows, "process"), rows.host.notnull(), rows.name.notnull())
    named = others.group_by(name=others.name.lower()).aggregate(
        hosts=others.host.lower().nunique(), starts=others.count()
    )
    elsewhere = {row["name"]: row for row in run.arrow(named).to_pylist()}
    all_hosts = run.arrow(others.aggregate(hosts=others.host.lower().nunique()))["hosts"][0].as_py()
    told = [elsewhere.get(name, {"hosts": 0, "starts": 0}) for name in found["name"].to_pylist()]
    hosts = [row["hosts"] for row in told]
    whys = [_why(*counts, all_hosts) for counts in zip(found["starts"].to_pylist(), hosts, strict=True)]
    found = found.append_column("other_hosts", pa.array(hosts, pa.int64()))
    found = found.append_column("starts_elsewhere", pa.array([row["starts"] for row in told], pa.int64()))
    found = found.append_column("why", pa.array(whys, pa.string()))
    at = found.column_names.index("a_command_line")
    found = found.set_column(at, "a_command_line", shortened(found["a_command_line"]))
    order = [("other_hosts", "ascending"), ("starts", "ascending"), ("starts_elsewhere", "ascending")]
    return found.sort_by([*order, ("program", "ascending")]).select(list(PROGRAM_COLUMNS))


def _why(starts: int, other_hosts: int, all_hosts: int) -> str:
    """How rare a program is, in words.

    Examples
    --------
    >>> _why(1, 0, 7), _why(3, 2, 7), _why(3, 0, 0)
    ('once here, on none of 7 other hosts', '3 times here, on 2 of 7 other hosts', '3 times here')
    """
    here = "once here" if starts == 1 else f"{starts:,} times here"
    if not all_hosts:
        return here
    return f"{here}, on {f'{other_hosts:,}' if other_hosts else 'none'} of {all_hosts:,} other hosts"


def read_processes(run: Run) -> dict[str, Any]:
    """The starts themselves."""
    rows = rows_of_host(run, "process").drop("extra")
    limit = run.parameters.limit
    return {"process_events": limited(run.arrow(rows.order_by(["start", "event_id"]).limit(limit + 1)), limit)}


def look_up_processes(run: Run) -> dict[str, Any]:
    """What intelligence says of the rarest programs: their hashes, and hosts in their command lines."""
    import pyarrow as pa

    from flowsleuth.extract.in_columns import hosts_in_texts

    rarest = run["processes"].slice(0, run.parameters.rarest)
    rows = rows_of_host(run, "process")
    rows = rows.filter(
        rows.path.fill_null(rows.name).lower().isin([one.lower() for one in rarest["program"].to_pylist()])
    )
    lines = run.arrow(rows.select("command_line").distinct().limit(run.parameters.limit))["command_line"]
    hosts = hosts_in_texts(lines.combine_chunks().cast(pa.string()))
    asked = {one for one in rarest["sha256"].to_pylist() if one}
    asked |= {*hosts.addresses.to_pylist(), *hosts.names.to_pylist()}
    if not asked:
        return {
            "process_ti": Found(absent="the rarest programs have no hash, and no address or name in their arguments")
        }
    return {"process_ti": run.provider("tilookup")(sorted(asked))}
