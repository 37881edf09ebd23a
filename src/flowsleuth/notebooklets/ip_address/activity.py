"""What accounts did from the address: logons, sign-ins, Azure and Office activity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.ip_address.foreign_rows import check_sources, foreign_about
from flowsleuth.notebooklets.ip_address.holding import counted_by, need_rows, sorted_counts

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

SIGN_IN = "sign_in"
_WINDOWS = ("4624", "4625", "4776", "4768", "4769", "LogonSuccess", "LogonFailed")
_GIVE = "a workspace keeps no {0} records; give a query provider, or data={{'{0}': …}}"


def _of_address(run: Run) -> ir.Table:
    logon = run.rows("logon")
    return logon.filter(logon.src_ip == run.asked.text)


def _account(rows: ir.Table) -> ir.StringValue:
    import ibis

    is_told = rows.domain.notnull() & (rows.domain != "") & ~rows.user.contains("@")
    return ibis.ifelse(is_told, rows.domain + "\\" + rows.user, rows.user).fill_null("unknown")


def _status(rows: ir.Table) -> ir.StringValue:
    import ibis

    return ibis.ifelse(rows.is_success, "Success", "Failed").fill_null("unknown")


def read_logons(run: Run) -> dict[str, Any]:
    """Logons to hosts that came from it, counted; sign-ins to a directory are in ``aad_signins``."""
    import ibis

    check_sources(run, "SecurityEvent", "Syslog")
    need_rows(run, "logon")
    rows = _of_address(run)
    rows = rows.filter((rows.logon_type != SIGN_IN).fill_null(True))
    platform = ibis.ifelse(rows.event_type.isin(_WINDOWS), "Windows", "Linux")
    rows = rows.mutate(
        Computer=rows.host, Account=_account(rows), Type=ibis.ifelse(rows.event_type.isnull(), "unknown", platform),
        LogonType=rows.logon_type, Status=_status(rows),
    )  # fmt: skip
    keys = ["Computer", "Account", "Type", "LogonType", "Status"]
    found = sorted_counts(run.arrow(counted_by(rows, keys)), *keys)
    absent = "no logon came from it in this window" if not len(found) else None
    return {"host_logons": Found(found, absent=absent)}


def draw_failures(run: Run) -> dict[str, Any]:
    """Failed logons and sign-ins from it, by weekday and hour."""
    import pyarrow as pa

    need_rows(run, "logon")
    rows = _of_address(run)
    rows = rows.filter(~rows.is_success)
    rows = rows.mutate(weekday=rows.start.day_of_week.index() + 1, hour=rows.start.hour())
    found = run.arrow(rows.group_by("weekday", "hour").aggregate(failed_logons=rows.count()))
    if not len(found):
        return {"failed_logons": Found(absent="no failed logon came from it in this window")}
    found = found.sort_by([("weekday", "ascending"), ("hour", "ascending")])
    columns = {name: found[name].cast(pa.int64()) for name in ("weekday", "hour", "failed_logons")}
    return {"failed_logons": Found(pa.table(columns), note="hours in UTC; sign-ins count as logons")}


def read_azure(run: Run) -> dict[str, Any]:
    """Sign-ins that came from it, Azure activity from it, and both in sum."""
    import pyarrow as pa

    check_sources(run, "SigninLogs", "AzureActivity")
    rows = _of_address(run)
    signins = run.arrow(
        rows.filter(rows.logon_type == SIGN_IN).order_by(["start", "event_id"]).limit(run.parameters.limit)
    )
    activity = foreign_about(run, "AzureActivity")
    parts = [_signin_rows(signins), *([] if activity is None else [_activity_rows(activity)])]
    whole = pa.concat_tables([part for part in parts if len(part)] or parts[:1])
    absent = "no sign-in and no Azure activity came from it in this window" if not len(whole) else None
    return {
        "aad_signins": Found(signins, absent=None if len(signins) else "no sign-in came from it in this window"),
        "azure_activity": Found(activity, absent=_GIVE.format("AzureActivity") if activity is None else None),
        "azure_activity_summary": Found(_summary(whole), absent=absent),
    }


SUMMARY = ("UserPrincipalName", "Type", "IPAddress", "AppResourceProvider", "UserType", "Status")


def _rows(size: int, columns: dict[str, Any], operation: Any, resource: Any, start: Any) -> pa.Table:
    """Rows of activity in the columns that the summary is made of."""
    import pyarrow as pa

    text = {name: columns.get(name, pa.nulls(size, pa.string())) for name in SUMMARY}
    text |= {"operation": operation, "resource": resource}
    return pa.table({**{name: _texts(one) for name, one in text.items()}, "start": start})


def _texts(column: Any) -> Any:
    import pyarrow as pa

    return column.cast(pa.string())


def _signin_rows(rows: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    good = pc.if_else(rows["is_success"], "Success", "Failed")
    columns = {
        "UserPrincipalName": rows["user"], "Type": pa.array(["SigninLogs"] * len(rows), pa.string()),
        "IPAddress": rows["src_ip"], "AppResourceProvider": rows["app"], "Status": good,
    }  # fmt: skip
    operation = pa.array(["Sign-in activity"] * len(rows), pa.string())
    return _rows(len(rows), columns, operation, rows["app"], rows["start"])


def _activity_rows(rows: pa.Table) -> pa.Table:
    import pyarrow as pa

    def named(*names: str) -> Any:
        found = next((rows[name] for name in names if name in rows.column_names), None)
        return pa.nulls(len(rows), pa.string()) if found is None else found

    columns = {
        "UserPrincipalName": named("Caller", "UserPrincipalName"), "IPAddress": named("CallerIpAddress", "IPAddress"),
        "Type": pa.array(["AzureActivity"] * len(rows), pa.string()),
        "AppResourceProvider": named("ResourceProviderValue", "ResourceProvider"),
        "Status": named("ActivityStatusValue", "ActivityStatus"),
    }  # fmt: skip
    operation = named("OperationNameValue", "OperationName")
    return _rows(len(rows), columns, operation, named("_ResourceId", "ResourceId", "Resource"), _moments(rows))


def _moments(rows: pa.Table) -> Any:
    """When each row was made; null where that cannot be read."""
    import pandas
    import pyarrow as pa

    time = pa.timestamp("us", tz="UTC")
    name = next((one for one in ("TimeGenerated", "Timestamp") if one in rows.column_names), None)
    if name is None:
        return pa.nulls(len(rows), time)
    if pa.types.is_timestamp(rows[name].type):
        return rows[name]
    return pa.array(pandas.to_datetime(rows[name].to_pandas(), utc=True, errors="coerce", format="mixed"), time)


def _summary(rows: pa.Table) -> pa.Table:
    return _grouped(rows, SUMMARY, {"operation": "OperationTypes", "resource": "Resources"})


def _grouped(rows: pa.Table, keys: Sequence[str], sets: dict[str, str]) -> pa.Table:
    """Rows counted by keys: ``OperationCount``, sets of values, first and last operation."""
    import pyarrow as pa

    rows = rows.append_column("last", rows["start"])
    asked = [([], "count_all"), *((name, "distinct") for name in sets), ("start", "min"), ("last", "max")]
    counted = rows.group_by(list(keys)).aggregate(asked)
    columns = {name: counted[name] for name in keys} | {"OperationCount": counted["count_all"]}
    for name, title in sets.items():
        values = [sorted(one for one in cell if one is not None) for cell in counted[f"{name}_distinct"].to_pylist()]
        columns[title] = pa.array(values, pa.list_(pa.string()))
    columns |= {"FirstOperation": counted["start_min"], "LastOperation": counted["last_max"]}
    order = [("OperationCount", "descending"), *((key, "ascending") for key in keys)]
    return pa.table(columns).sort_by(order)


def read_office(run: Run) -> dict[str, Any]:
    """Office activity from it, counted by account, workload and operation."""
    import pyarrow as pa

    check_sources(run, "OfficeActivity")
    told = foreign_about(run, "OfficeActivity")
    if told is None:
        return {"office_activity": Found(absent=_GIVE.format("OfficeActivity"))}
    if not len(told):
        return {"office_activity": Found(absent="no Office activity came from it in this window")}
    empty = pa.nulls(len(told), pa.string())
    columns = {
        "Account": _texts(told["UserId"] if "UserId" in told.column_names else empty),
        "OfficeWorkload": _texts(told["OfficeWorkload"] if "OfficeWorkload" in told.column_names else empty),
        "Operation": _texts(told["Operation"] if "Operation" in told.column_names else empty),
    }
    rows = pa.table({**columns, "operation": columns["Operation"], "start": _moments(told)})
    return {"office_activity": _grouped(rows, tuple(columns), {"operation": "OperationTypes"})}


ACCOUNT = ("Account", "Source", "Computer", "Status")


def read_accounts(run: Run) -> dict[str, Any]:
    """Accounts of logons, sign-ins, Azure and Office activity, as far as these were read."""
    import pyarrow as pa

    rows = [
        *(_told(row, row["Account"], f"{row['Type']} logon", row["Computer"]) for row in _rows_of(run, "host_logons")),
        *(
            _told(row, row["UserPrincipalName"], row["Type"], row["AppResourceProvider"])
            for row in _rows_of(run, "azure_activity_summary")
        ),
        *(
            _told(row, row["Account"], "OfficeActivity", row["OfficeWorkload"])
            for row in _rows_of(run, "office_activity")
        ),
    ]
    if not rows:
        return {"related_accounts": Found(absent="no logon, sign-in or activity that was read names an account")}
    time = pa.timestamp("us", tz="UTC")
    kinds = {"Count": pa.int64(), "FirstOperation": time, "LastOperation": time}
    columns = {name: pa.array([row[name] for row in rows], kinds.get(name, pa.string())) for name in rows[0]}
    table = pa.table({**columns, "last": columns["LastOperation"]})
    counted = table.group_by(list(ACCOUNT)).aggregate([("Count", "sum"), ("FirstOperation", "min"), ("last", "max")])
    named = counted.rename_columns([*ACCOUNT, "Count", "FirstOperation", "LastOperation"])
    return {"related_accounts": sorted_counts(named, *ACCOUNT)}


def _rows_of(run: Run, name: str) -> list[dict[str, Any]]:
    table = run[name]
    rows: list[dict[str, Any]] = [] if table is None else table.to_pylist()
    return rows


def _told(row: dict[str, Any], account: Any, source: str, where: Any) -> dict[str, Any]:
    """A line of a summary as one of accounts."""
    times = {name: row[name] for name in ("FirstOperation", "LastOperation")}
    count = row["Count"] if "Count" in row else row["OperationCount"]
    return {
        "Account": account,
        "Source": source,
        "Computer": where,
        "Status": row.get("Status"),
        "Count": count,
        **times,
    }
