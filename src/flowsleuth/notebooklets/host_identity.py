"""Who a host is: its names and addresses as stored rows tell them, since when, and what runs on it."""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.investigate.asked_values import HostNames, canonical_or_none
from flowsleuth.schema.entities import Host, IpAddress

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

NAMES = {
    "flow": ("src_host", "dst_host"),
    "process": ("host",),
    "logon": ("host",),
    "syslog": ("host",),
    "alert": ("host",),
}
"""Columns that name a host that a row is about."""
ADDRESSES = {
    "flow": ("src_ip", "dst_ip"),
    "dns": ("src_ip", "dst_ip"),
    "http": ("src_ip", "dst_ip"),
    "tls": ("src_ip", "dst_ip"),
    "alert": ("src_ip", "dst_ip"),
    "syslog": ("host_ip",),
}
"""Columns with the address of such a host."""
FIRST_HAND = ("flow", "syslog", "logon")
"""Whose word counts for the name of an address; DNS may name a site that many share."""


def find_host(run: Run) -> dict[str, Any]:
    """Names and addresses of the host, and what its rows are looked for by."""
    name = _name_of_address(run) if run.asked.kind == "IpAddress" else run.asked.text
    is_named = name is not None and canonical_or_none("IpAddress", name) is None
    names = _spelled(run, name) if is_named and name is not None else _no_names()
    told = _addresses(run, name if is_named else None)
    spelled = list(dict.fromkeys(names["name"].to_pylist()))
    if not spelled and is_named:
        run.note(f"no stored row of the window names {name}")
    known = {
        "name": name if is_named else None,
        "names": spelled or ([name] if is_named else []),
        "addresses": [one for one in dict.fromkeys(told["address"].to_pylist()) if is_its_own(one)],
    }
    return {"host_names": names, "host_addresses": told, "known_as": known}


def host_given(value: Any) -> Any:
    """A host however it is given: a pair of name and address as an entity; one that has no name as its address.

    Examples
    --------
    >>> host_given(("web1", "10.0.0.5")).IpInterfaces[0].Address
    '10.0.0.5'
    >>> host_given(Host(IpInterfaces=(IpAddress("10.0.0.5"),)))
    '10.0.0.5'
    """
    if isinstance(value, tuple | list) and len(value) == 2:
        name, address = (one.strip() if isinstance(one, str) else one for one in value)
        if address and canonical_or_none("IpAddress", address) is None:
            raise OptionError("a pair is a name and an address", where=repr(value)[:80])
        text = address if isinstance(address, IpAddress) else IpAddress(address) if address else None
        value = Host(HostName=name or None, IpInterfaces=() if text is None else (text,))
    if isinstance(value, Host) and not (value.fqdn or value.name):
        return next((one.canonical for one in value.IpInterfaces if one.canonical), value)
    return value


def rows_of_host(run: Run, table: str) -> ir.Table:
    """Rows of a table in the window that name the host or have one of its addresses; all of them, uncounted."""
    rows = run.rows(table)
    return rows.filter(is_of_host(run, rows, table))


def is_of_host(run: Run, rows: ir.Table, table: str) -> ir.BooleanValue:
    """Whether rows of a table are of the host."""
    import ibis

    known = run["known_as"]
    by = [(NAMES, known["names"]), (ADDRESSES, known["addresses"])]
    tests = [rows[column].isin(values) for columns, values in by if values for column in columns.get(table, ())]
    return functools.reduce(operator.or_, tests, ibis.literal(False)).fill_null(False)


def stored(run: Run, *tables: str) -> list[str]:
    """Those of some tables that have rows at all."""
    return [name for name in tables if any(part.rows for part in run.ws.store.catalog.parts(name))]


def is_its_own(address: str) -> bool:
    """Whether an address tells a host from others: loopback, link-local and group addresses do not.

    Examples
    --------
    >>> [is_its_own(address) for address in ("10.0.0.5", "127.0.0.1", "fe80::1")]
    [True, False, False]
    """
    one = ip_address(address)
    return not (one.is_loopback or one.is_link_local or one.is_multicast or one.is_unspecified)


# names --------------------------------------------------------------------------------------------------------------


def _name_of_address(run: Run) -> str | None:
    """The host that has an address, if rows name one."""
    if "/" in run.asked.text:
        hint = "ask for one of its addresses, or NetworkFlowSummary for the network"
        raise OptionError("a network is no host", where=run.asked.text, hint=hint)
    rows = run.ask("IpAddress.hosts", limit=None)
    times: dict[str, int] = {}
    for source, host, count in zip(*(rows[name].to_pylist() for name in ("source", "host", "times")), strict=True):
        name = canonical_or_none("Host", host.rpartition("/")[2])
        if source in FIRST_HAND and name is not None and canonical_or_none("IpAddress", name) is None:
            times[name] = times.get(name, 0) + count
    ranked = sorted(times, key=lambda name: (-times[name], name))
    others = [name for name in ranked[1:] if not HostNames([ranked[0]]).meant(name)]
    if others:
        run.note(f"several hosts had this address; this is {ranked[0]}, not {_listed(others)}")
    full = (name for name in ranked if "." in name and HostNames([ranked[0]]).meant(name))
    return next(full, ranked[0]) if ranked else None


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:5])}{' and others' if len(names) > 5 else ''}"


def _no_names() -> pa.Table:
    import pyarrow as pa

    text, moment = pa.string(), pa.timestamp("us", tz="UTC")
    kinds = {"name": text, "source": text, "times": pa.int64(), "first_seen": moment, "last_seen": moment}
    return pa.schema(kinds).empty_table()


def _spelled(run: Run, name: str) -> pa.Table:
    """The names that mean the host, as the tables write them, and when."""
    import ibis
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [_no_names()]
    for table in stored(run, *NAMES):
        for column in NAMES[table]:
            rows = run.rows(table)
            rows = rows.filter(rows[column].lower().contains(name.partition(".")[0])).mutate(name=rows[column])
            counted = rows.group_by("name").aggregate(
                times=rows.count(), first_seen=rows.start.min(), last_seen=rows.start.max()
            )
            found = run.arrow(counted.mutate(source=ibis.literal(f"{table}.{column}")))
            parts.append(found.select(parts[0].column_names).cast(parts[0].schema))
    whole = pa.concat_tables(parts)
    meant = HostNames([name])
    whole = whole.filter(pa.array([bool(meant.meant(one)) for one in whole["name"].to_pylist()], pa.bool_()))
    full = {canonical_or_none("Host", one.rpartition("/")[2]) for one in pc.unique(whole["name"]).to_pylist()}
    domains = {one for one in full if one is not None and "." in one}
    if len(domains) > 1:
        run.note(f"hosts of several domains have this name: {_listed(sorted(domains))}; ask for one by its full name")
    return whole.sort_by([("times", "descending"), ("name", "ascending"), ("source", "ascending")])


# addresses ----------------------------------------------------------------------------------------------------------


def _addresses(run: Run, name: str | None) -> pa.Table:
    """``address source name times first_seen last_seen flows first_flow last_flow``: who tells it, and its use."""
    given = [] if name is None else [name]
    given += [run.asked.text] if run.asked.kind == "IpAddress" or name is None else []
    given += [one.canonical for one in run.value.IpInterfaces if one.canonical] if isinstance(run.value, Host) else []
    whole = run.ask("Host.addresses", given, limit=None).select(_TOLD)
    once = whole.group_by(_TOLD[:3]).aggregate([("times", "max"), ("first_seen", "min"), ("last_seen", "max")])
    once = once.rename_columns(list(_TOLD))
    return _with_use(run, once.sort_by([("times", "descending"), ("address", "ascending"), ("source", "ascending")]))


_TOLD = ("address", "source", "name", "times", "first_seen", "last_seen")


def _with_use(run: Run, told: pa.Table) -> pa.Table:
    """Addresses with their flows: how many, from when to when."""
    import pyarrow as pa

    flow = run.rows("flow")
    addresses = sorted(set(told["address"].to_pylist())) or [""]
    out = flow.filter(flow.src_ip.isin(addresses)).select("start", address=flow.src_ip)
    back = flow.filter(flow.dst_ip.isin(addresses), flow.src_ip != flow.dst_ip).select("start", address=flow.dst_ip)
    both = out.union(back)
    counted = both.group_by("address").aggregate(
        flows=both.count(), first_flow=both.start.min(), last_flow=both.start.max()
    )
    found = {row.pop("address"): row for row in run.arrow(counted).to_pylist()}
    moment = pa.timestamp("us", tz="UTC")
    rows = [found.get(address, {"flows": 0}) for address in told["address"].to_pylist()]
    for name, kind in (("flows", pa.int64()), ("first_flow", moment), ("last_flow", moment)):
        told = told.append_column(name, pa.array([row.get(name) for row in rows], kind))
    return told


# what runs on it ----------------------------------------------------------------------------------------------------

WINDOWS, LINUX, MACOS = "Windows", "Linux", "macOS"
_AGENTS = (("Windows NT", WINDOWS), ("Android", "Android"), ("iPhone", "iOS"), ("Mac OS X", MACOS), ("Linux", LINUX))
_PROGRAMS = ("auditd", "auoms", "systemd", "kernel", "cron", "snapd")
"""Who logs to syslog on Linux only."""


def find_system(run: Run) -> dict[str, Any]:
    """Which operating system rows speak of, and the host as an entity."""
    import pyarrow as pa

    evidence = [*_of_processes(run), *_of_logons(run), *_of_syslog(run), *_of_agents(run), *_of_alerts(run)]
    moment, text = pa.timestamp("us", tz="UTC"), pa.string()
    kinds = {
        "os": text, "version": text, "evidence": text, "source": text, "times": pa.int64(), "first_seen": moment,
        "last_seen": moment,
    }  # fmt: skip
    rows = [{name: row.get(name) for name in kinds} for row in evidence if row["times"]]
    table = pa.Table.from_pylist(rows, schema=pa.schema(kinds))
    return {"operating_systems": table, "host_entity": _entity(run, rows)}


def _seen(
    run: Run, rows: ir.Table, evidence: str, source: str, names: dict[str, ir.BooleanValue]
) -> list[dict[str, Any]]:
    """How often rows speak of each system."""
    found = []
    for name, holds in names.items():
        mine = rows.filter(holds)
        counted = run.arrow(mine.aggregate(times=mine.count(), first_seen=mine.start.min(), last_seen=mine.start.max()))
        found.append({"os": name, "evidence": evidence, "source": source, **counted.to_pylist()[0]})
    return found


def _of_processes(run: Run) -> list[dict[str, Any]]:
    rows = rows_of_host(run, "process")
    path = rows.path.fill_null("")
    is_mac = path.startswith("/Applications/") | path.startswith("/System/Library/")
    holds = {
        WINDOWS: path.contains(":\\") | path.startswith("\\"),
        MACOS: is_mac,
        LINUX: path.startswith("/") & ~is_mac,
    }
    return _seen(run, rows, "paths of programs", "process", holds)


def _of_logons(run: Run) -> list[dict[str, Any]]:
    rows = rows_of_host(run, "logon")
    holds = {WINDOWS: rows.event_type.isin(["4624", "4625", "4648"]), LINUX: rows.event_type.isin(["USER_LOGIN"])}
    return _seen(run, rows, "kind of log", "logon", holds)


def _of_syslog(run: Run) -> list[dict[str, Any]]:
    rows = rows_of_host(run, "syslog")
    return _seen(run, rows, "who logs", "syslog", {LINUX: rows.program.lower().isin(_PROGRAMS)})


def _of_agents(run: Run) -> list[dict[str, Any]]:
    """What its requests say; a proxy or another machine behind it may speak."""
    import ibis

    http = run.rows("http")
    rows = http.filter(http.src_ip.isin(run["known_as"]["addresses"] or [""]), http.user_agent.notnull())
    name = ibis.cases(*((rows.user_agent.contains(word), os) for word, os in _AGENTS))
    named = rows.mutate(os=name, version=rows.user_agent.re_extract(r"(Windows NT [0-9.]+|Android [0-9.]+)", 1))
    named = named.filter(named.os.notnull())
    counted = named.group_by("os", "version").aggregate(
        times=named.count(), first_seen=named.start.min(), last_seen=named.start.max()
    )
    told = run.arrow(counted.order_by([ibis.desc("times"), "os", "version"])).to_pylist()
    return [{**row, "version": row["version"] or None, "evidence": "user agents", "source": "http"} for row in told]


def _of_alerts(run: Run) -> list[dict[str, Any]]:
    """What alerts say of the host among their entities."""
    from flowsleuth.errors import FlowsleuthError
    from flowsleuth.schema.entities import parse_entities

    names = run["known_as"]["names"]
    if not names:
        return []
    alerts, meant = run.rows("alert"), HostNames([run["known_as"]["name"]])
    hint = run["known_as"]["name"].partition(".")[0]
    rows = run.arrow(alerts.filter(alerts.entities.lower().contains(hint)).select("start", "entities"))
    told: dict[tuple[str, str | None], list[Any]] = {}
    for start, text in zip(rows["start"].to_pylist(), rows["entities"].to_pylist(), strict=True):
        try:
            entities = parse_entities(text)
        except FlowsleuthError:
            continue
        for one in entities:
            if isinstance(one, Host) and one.OSFamily and meant.meant(one.fqdn or one.name or ""):
                told.setdefault((str(one.OSFamily), one.OSVersion), []).append(start)
    return [
        {"os": os, "version": version, "evidence": "entities of alerts", "source": "alert", "times": len(times),
         "first_seen": min(times), "last_seen": max(times)}
        for (os, version), times in told.items()
    ]  # fmt: skip


def _entity(run: Run, evidence: Sequence[dict[str, Any]]) -> Any:
    """The host; its system only where the best evidence is of one mind."""
    known = run["known_as"]
    given = run.value.to_json() if isinstance(run.value, Host) else "{}"
    strong = [row for row in evidence if row["source"] != "http"] or list(evidence)
    families = {row["os"].casefold(): row["os"] for row in strong}
    if len(families) > 1:
        run.note(f"logs speak of several systems: {', '.join(sorted(families.values()))}")
    told: dict[str, Any] = {"HostName": (known["names"] or [run.asked.text])[0].rpartition("/")[2]}
    if len(families) == 1:
        told["OSFamily"] = next(iter(families.values()))
        told["OSVersion"] = next((row["version"] for row in strong if row.get("version")), None)
    interfaces = [{"Type": "ip", "Address": address} for address in known["addresses"]]
    plain = {**told, **json.loads(given), "Type": Host.kind, "IpInterfaces": interfaces}
    return Host.from_json({name: value for name, value in plain.items() if value is not None})
