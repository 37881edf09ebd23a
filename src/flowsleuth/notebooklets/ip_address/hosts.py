"""Hosts of the address: who had it, what is known of them, signs of life, and who exchanged flows with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.ip_address.foreign_rows import check_sources, foreign_about
from flowsleuth.notebooklets.ip_address.holding import counted_by, need_rows, sorted_counts
from flowsleuth.notebooklets.ip_address.sources import DEVICE_INFO

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

HOST_TABLES = ("flow", "logon", "process", "syslog", "alert")
AZURE = ("azure", "azure_tables")
_GIVE = "give a query provider, or data={%r: …}"


def find_hosts(run: Run) -> dict[str, Any]:
    """Hosts that had the address; each name with who tells. Names that merely resolved to it are in passive DNS."""
    import pyarrow as pa
    import pyarrow.compute as pc

    check_sources(run, "DeviceNetworkInfo")
    stored = run.ask("IpAddress.hosts", limit=None)
    stored = stored.filter(pc.not_equal(stored["source"], "dns")).drop_columns(["address"])
    devices = foreign_about(run, "DeviceNetworkInfo")
    if devices is not None and len(devices):
        stored = pa.concat_tables([_devices(devices), stored], promote_options="permissive")
    if not len(stored):
        return {"associated_hosts": Found(absent="no table names a host that had it"), "device_info": _details(run, [])}
    names = sorted({name for name in stored["host"].to_pylist() if name})
    note = f"{len(names)} hosts had this address: see whether they did at the same time" if len(names) > 1 else ""
    return {"associated_hosts": Found(stored, note=note), "device_info": _details(run, names)}


def _devices(rows: pa.Table) -> pa.Table:
    """Devices of Defender in the columns of the others."""
    import pyarrow as pa

    names = rows["DeviceName"].to_pylist() if "DeviceName" in rows.column_names else [None] * len(rows)
    when = next((rows[name] for name in ("TimeGenerated", "Timestamp") if name in rows.column_names), None)
    seen = [None] * len(rows) if when is None else when.to_pylist()
    told: dict[str, list[Any]] = {}
    for name, moment in zip(names, seen, strict=True):
        if name:
            told.setdefault(name, []).append(moment)
    moments = {
        name: [one for one in some if one is not None and not isinstance(one, str)] for name, some in told.items()
    }
    time = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "host": pa.array(list(told), pa.string()),
            "source": pa.array(["DeviceNetworkInfo"] * len(told), pa.string()),
            "times": pa.array([len(some) for some in told.values()], pa.int64()),
            "first_seen": pa.array([min(moments[name], default=None) for name in told], time),
            "last_seen": pa.array([max(moments[name], default=None) for name in told], time),
        }
    )


def _details(run: Run, names: list[str]) -> Found:
    """Defender's records of the devices; else in which tables of the workspace the hosts are."""
    told = run.foreign(DEVICE_INFO.table)
    if told is not None and len(told):
        return Found(told)
    import pyarrow as pa

    from flowsleuth.investigate.asked_values import HostNames

    if not names:
        return Found(absent="no host to tell of")
    asked = HostNames([name.casefold() for name in names])
    parts = []
    for table in HOST_TABLES:
        columns = ("src_host", "dst_host") if table == "flow" else ("host",)
        for column in columns:
            rows = run.rows(table)
            rows = rows.filter(rows[column].notnull())
            counted = rows.group_by(host=rows[column]).aggregate(
                rows=rows.count(), first_seen=rows.start.min(), last_seen=rows.start.max()
            )
            found = run.arrow(counted)
            mine = found.filter(pa.array([bool(asked.meant(name)) for name in found["host"].to_pylist()], pa.bool_()))
            parts.append(mine.add_column(1, "table", pa.array([table] * len(mine), pa.string())))
    whole = _by_name(pa.concat_tables(parts))
    if not len(whole):
        return Found(absent="no table tells more of these hosts")
    return Found(whole.sort_by([("host", "ascending"), ("rows", "descending"), ("table", "ascending")]))


def _by_name(rows: pa.Table) -> pa.Table:
    """Hosts that differ in case only are one."""
    import pyarrow.compute as pc

    keyed = rows.append_column("key", pc.utf8_lower(rows["host"]))
    sums = [("host", "min"), ("rows", "sum"), ("first_seen", "min"), ("last_seen", "max")]
    counted = keyed.group_by(["key", "table"]).aggregate(sums)
    names = ["host", "table", "rows", "first_seen", "last_seen"]
    found = counted.select(["host_min", "table", "rows_sum", "first_seen_min", "last_seen_max"])
    return found.rename_columns(names)


def find_heartbeat(run: Run) -> dict[str, Any]:
    """The newest heartbeat; in a workspace, the newest message of each host whose own log has the address."""
    check_sources(run, "Heartbeat")
    told = foreign_about(run, "Heartbeat")
    if told is not None:
        return {"heartbeat": _newest(told)}
    need_rows(run, "syslog")
    syslog = run.rows("syslog")
    mine = syslog.filter(syslog.host_ip == run.asked.text)
    counted = mine.group_by("host", "host_ip").aggregate(
        messages=mine.count(), first_seen=mine.start.min(), last_seen=mine.start.max()
    )
    found = run.arrow(counted).sort_by([("last_seen", "descending"), ("host", "ascending")])
    absent = "no host's own log has this address" if not len(found) else None
    return {"heartbeat": Found(found, note="by the hosts' own logs (table syslog)", absent=absent)}


def _newest(rows: pa.Table) -> Found:
    """The newest record of each machine."""
    name = next((one for one in ("TimeGenerated", "Timestamp") if one in rows.column_names), None)
    if not len(rows):
        return Found(absent="no record has this address")
    if name is None:
        return Found(rows)
    ordered = rows.sort_by([(name, "descending")])
    key = next((one for one in ("Computer", "VirtualMachine_s", "Machine") if one in rows.column_names), None)
    if key is None:
        return Found(ordered.slice(0, 1))
    first: dict[Any, int] = {}
    for at, machine in enumerate(ordered[key].to_pylist()):
        first.setdefault(machine, at)
    return Found(ordered.take(list(first.values())))


def find_interface(run: Run) -> dict[str, Any]:
    """The record of the network interface; in a workspace, the machines of Azure's flow tables with the address."""
    check_sources(run, "NetworkInterface")
    told = foreign_about(run, "NetworkInterface")
    if told is not None:
        return {"az_network_if": _newest(told)}
    need_rows(run, "flow")
    flow, address = run.rows("flow"), run.asked.text
    flow = flow.filter(flow.source_kind.isin(AZURE))
    sides = []
    for side in ("src", "dst"):
        mine = flow.filter(flow[f"{side}_ip"] == address, flow[f"{side}_host"].notnull())
        sides.append(mine.select("start", host=mine[f"{side}_host"]))
    both = sides[0].union(sides[1])
    counted = both.group_by("host").aggregate(
        flows=both.count(), first_seen=both.start.min(), last_seen=both.start.max()
    )
    found = run.arrow(counted).sort_by([("last_seen", "descending"), ("host", "ascending")])
    absent = "no machine in Azure's flow tables has this address" if not len(found) else None
    return {"az_network_if": Found(found, note="by Azure's flow tables (table flow)", absent=absent)}


def find_computer(run: Run) -> dict[str, Any]:
    """The newest record of VM insights."""
    check_sources(run, "VMComputer")
    told = foreign_about(run, "VMComputer")
    if told is None:
        why = "a workspace keeps no VMComputer records; " + _GIVE % "VMComputer"
        return {"vmcomputer": Found(absent=why)}
    return {"vmcomputer": _newest(told)}


def find_connections(run: Run) -> dict[str, Any]:
    """Who exchanged flows with the address."""
    check_sources(run, "DeviceNetworkEvents")
    told = foreign_about(run, "DeviceNetworkEvents")
    if told is not None:
        return {"network_connections": _events(told)}
    need_rows(run, "flow")
    flow, address = run.rows("flow"), run.asked.text
    seen = [_seen(flow.filter(flow[f"{side}_ip"] != address, flow[f"{other}_ip"] == address), side, other)
            for side, other in (("src", "dst"), ("dst", "src"))]  # fmt: skip
    both = seen[0].union(seen[1])
    keys = ["Computer", "LocalIP", "RemoteIP", "ActionType", "Protocol", "Port", "Service"]
    counted = counted_by(both, keys, BytesToRemote=both.bytes_to.sum(), BytesFromRemote=both.bytes_from.sum())
    limit = run.parameters.limit
    found = sorted_counts(run.arrow(counted), "LocalIP", "Port", "Protocol")
    note = f"only the first {limit:,} of {len(found):,}" if len(found) > limit else ""
    absent = "no flow has this address in this window" if not len(found) else None
    return {"network_connections": Found(found.slice(0, limit), note=note, absent=absent)}


def _seen(flow: ir.Table, side: str, other: str) -> ir.Table:
    """Flows as the peer's end of them: ``LocalIP`` is the peer, ``RemoteIP`` the asked address."""
    import ibis

    said = "Opened" if side == "src" else "Accepted"
    return flow.select(
        "start",
        Computer=flow[f"{side}_host"],
        LocalIP=flow[f"{side}_ip"],
        RemoteIP=flow[f"{other}_ip"],
        ActionType=ibis.ifelse(flow.action == "denied", f"{said}, denied", said),
        Protocol=flow.proto,
        Port=flow.dst_port,
        Service=flow.service,
        bytes_to=flow[f"{side}_bytes"],
        bytes_from=flow[f"{other}_bytes"],
    )


_EVENT_KEYS = (
    ("Computer", ("DeviceName", "Computer")),
    ("LocalIP", ("LocalIP",)),
    ("RemoteIP", ("RemoteIP",)),
    ("ActionType", ("ActionType",)),
    ("InitiatingProcessAccountName", ("InitiatingProcessAccountName",)),
    ("InitiatingProcessFolderPath", ("InitiatingProcessFolderPath",)),
    ("InitiatingProcessSHA256", ("InitiatingProcessSHA256",)),
)


def _events(rows: pa.Table) -> Found:
    """Defender's network events, counted."""
    import pyarrow as pa

    if not len(rows):
        return Found(absent="no device had a connection with it")
    when = next((name for name in ("TimeGenerated", "Timestamp") if name in rows.column_names), None)
    columns: dict[str, Any] = {}
    for name, theirs in _EVENT_KEYS:
        column = next((rows[one] for one in theirs if one in rows.column_names), None)
        columns[name] = pa.nulls(len(rows), pa.string()) if column is None else column.cast(pa.string())
    keys = list(columns)
    columns["start"] = pa.nulls(len(rows), pa.timestamp("us", tz="UTC")) if when is None else rows[when]
    columns["last"] = columns["start"]
    counted = pa.table(columns).group_by(keys).aggregate([([], "count_all"), ("start", "min"), ("last", "max")])
    named = counted.rename_columns([*keys, "Count", "FirstOperation", "LastOperation"])
    return Found(sorted_counts(named, "Computer", "LocalIP", "ActionType"))
