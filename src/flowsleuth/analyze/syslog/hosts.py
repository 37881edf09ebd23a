"""Hosts that syslog tells of: since when, until when, by which addresses, which programs, whose sessions."""

from __future__ import annotations

from typing import Any

from flowsleuth.analyze.syslog.logon_sessions import sessions_of
from flowsleuth.analyze.syslog.schema import SyslogSchema, read_messages
from flowsleuth.schema.tabular import like


def syslog_hosts(data: Any, schema: SyslogSchema | None = None) -> Any:
    """One row for each host of a table of syslog messages.

    Parameters
    ----------
    data : table
        pandas, polars or Arrow; it is not changed.
    schema : SyslogSchema, optional

    Returns
    -------
    table
        ``host``, ``messages``, ``first_seen``, ``last_seen``, and lists of ``host_ips``, ``programs``, and ``users``
        that had sessions, each sorted.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"start": ["2024-03-05T10:00:00Z"] * 2, "host": ["web1", "web1"],
    ...     "program": ["cron", "sshd"], "message": ["x", "y"]})
    >>> found = syslog_hosts(frame)
    >>> found["messages"].tolist(), found["programs"].iloc[0].tolist()
    ([2], ['cron', 'sshd'])
    """
    rows = read_messages(data, schema)
    table = rows.table
    counted = table.group_by("host").aggregate([("start", "count"), ("start", "min"), ("start", "max")])
    found = counted.rename_columns(["host", "messages", "first_seen", "last_seen"]).sort_by("host")
    lists = {"host_ips": (table, "host_ip"), "programs": (table, "program"), "users": (sessions_of(rows), "user")}
    for name, (source, column) in lists.items():
        found = found.append_column(name, _listed(source, column, found["host"]))
    return like(found, data)


def _listed(table: Any, column: str, hosts: Any) -> Any:
    """Distinct values of a column by host."""
    import pyarrow as pa

    said: dict[str | None, list[str]] = {}
    for row in table.group_by(["host", column]).aggregate([]).to_pylist():
        if row[column] is not None:
            said.setdefault(row["host"], []).append(row[column])
    return pa.array([sorted(said.get(host, [])) for host in hosts.to_pylist()], pa.list_(pa.string()))
