"""The first step: which addresses are the host, what it is called, what runs on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flowsleuth.investigate.target import Target, condition, is_listable
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.host_identity import is_its_own
from flowsleuth.notebooklets.sources import QUERY_PROVIDER
from flowsleuth.notebooklets.step import SkipStep
from flowsleuth.schema.entities import Host, IpAddress

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

GIVEN = "given"
"""Who tells an address that came with the host."""
FIRST_HAND = ("flow", "syslog", "logon")
"""Who names a host knows it better than DNS, which may name a site that the address serves."""


def resolve(run: Run) -> dict[str, Any]:
    """Its names and addresses as stored rows tell them, and its newest heartbeat where a query provider has one."""
    found = _told(run)
    heartbeat, why = _heartbeat(run)
    names = found if len(found) else Found(absent="no stored row names it")
    return {"host_names": names, "heartbeat": heartbeat or Found(absent=why)}


def _told(run: Run) -> pa.Table:
    """``host address source times first_seen last_seen``, most often first."""
    is_name = run.asked.kind == "Host"
    told = run.ask("Host.addresses" if is_name else "IpAddress.hosts", limit=None)
    told = told.rename_columns(["host" if name == "name" else name for name in told.column_names])
    names = ["host", "address", "source", "times", "first_seen", "last_seen"]
    return told.select(names).sort_by([("times", "descending"), ("address", "ascending"), ("host", "ascending")])


def find_host(run: Run) -> dict[str, Any]:
    """The host and its addresses."""
    if run.asked.kind == "Host":
        found = _addresses_of_name(run)
        name: str | None = run.asked.text
    elif Target(run.asked.text).is_address:
        found = _of_address(run)
        name = _name(found)
    else:
        found, name = _of_network(run), None
    if not len(found):
        raise SkipStep(f"no stored row tells an address of {run.asked.text}")
    if run.asked.kind == "IpAddress" and not Target(run.asked.text).is_address:
        return {"host_addresses": found, "host_entity": Found(absent="a network is no single host: see host_addresses")}
    return {"host_addresses": found, "host_entity": _host(run, name, found["address"].to_pylist())}


def _table(rows: Sequence[tuple[str, str, str | None, int]]) -> pa.Table:
    """``address source host times``; an address once for each who tells it."""
    import pyarrow as pa

    kinds = {"address": pa.string(), "source": pa.string(), "host": pa.string(), "times": pa.int64()}
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pa.table({name: pa.array(list(columns[at]), kind) for at, (name, kind) in enumerate(kinds.items())})


def _once(rows: Sequence[tuple[str, str, str | None, int]]) -> pa.Table:
    """One row for each address, by the best source."""
    best: dict[str, tuple[str, str, str | None, int]] = {}
    for row in sorted(rows, key=lambda row: (row[1] not in FIRST_HAND, -row[3], row[2] or "")):
        best.setdefault(row[0], row)
    return _table(sorted(best.values(), key=lambda row: (-row[3], row[0])))


def _addresses_of_name(run: Run) -> pa.Table:
    """Addresses of a host that is known by name: those in the entity, and those that rows tell."""
    given = run.value.IpInterfaces if isinstance(run.value, Host) else ()
    rows = [(one.canonical or "", GIVEN, run.asked.text, 0) for one in given if one.canonical]
    known = run["host_names"]
    told = _told(run) if known is None else known
    columns = (told[name].to_pylist() for name in ("address", "source", "host", "times"))
    rows += [(address, source, name, times) for address, source, name, times in zip(*columns, strict=True) if address]
    return _once([row for row in rows if _is_address(row[0]) and (row[1] == GIVEN or is_its_own(row[0]))])


def _is_address(text: str) -> bool:
    from flowsleuth.investigate.asked_values import canonical_or_none

    return "/" not in text and canonical_or_none("IpAddress", text) is not None


def _of_address(run: Run) -> pa.Table:
    """The address; with its names when it is to be resolved."""
    address, told = run.asked.text, run["host_names"]
    if told is None:
        return _table([(address, "asked", None, 0)])
    columns = (told[name].to_pylist() for name in ("source", "host", "times"))
    rows = [(address, source, host, times) for source, host, times in zip(*columns, strict=True)]
    if (names := len(set(told["host"].to_pylist()))) > 1:
        run.note(f"{names:,} names were told for it: see host_names")
    return _once([*rows, (address, "asked", None, 0)])


def _name(found: pa.Table) -> str | None:
    name: str | None = found["host"][0].as_py()
    return name


def _of_network(run: Run) -> pa.Table:
    """The addresses of a network that have flows, in the window or in the days before that it is compared with."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.investigate.queries import within

    target = Target(run.asked.text)
    start, end = run.time
    early = None if start is None else start - dt.timedelta(days=run.parameters.baseline_days)
    flow = within(run.ws.store.table("flow", run.ws.store.days("flow", early, end)), early, end)
    parts = []
    for name in ("src_ip", "dst_ip"):
        column = flow[name]
        wanted = flow.filter(condition(target)(column) if is_listable(target) else column.contains(":"))
        counted = wanted.group_by(address=wanted[name]).aggregate(times=wanted.count())
        parts.append(run.arrow(counted))
    rows = pa.concat_tables(parts)
    rows = rows.filter(pa.array(target.owns(rows["address"])))
    rows = rows.group_by("address").aggregate([("times", "sum")]).rename_columns(["address", "times"])
    source, nobody = pa.repeat(pa.scalar("flow"), len(rows)), pa.nulls(len(rows), pa.string())
    listed = pa.table({"address": rows["address"], "source": source, "host": nobody, "times": rows["times"]})
    found = listed.sort_by([("times", "descending"), ("address", "ascending")])
    if not len(found):
        run.note("no flow in this window has an address of the network")
        return _table([(str(pc.scalar(target.text)), "asked", None, 0)])
    return found


# the entity ---------------------------------------------------------------------------------------------------------


def _host(run: Run, name: str | None, addresses: Sequence[str]) -> Host:
    """The host as an entity; what was given is kept."""
    given = run.value if isinstance(run.value, Host) else Host(name)
    beat = run["heartbeat"] or {}
    told = {ours: beat[theirs] for ours, theirs in _HEARTBEAT.items() if isinstance(beat.get(theirs), str)}
    fresh: dict[str, Any] = {field: text for field, text in told.items() if text and getattr(given, field) is None}
    made = replace(given, **fresh, IpInterfaces=tuple(IpAddress(address) for address in addresses))
    return made if made.HostName else replace(made, HostName=run.asked.text)


_HEARTBEAT = {
    "HostName": "Computer", "OSFamily": "OSType", "OSVersion": "OSName", "OMSAgentID": "SourceComputerId",
    "AzureID": "ResourceId",
}  # fmt: skip


def _heartbeat(run: Run) -> tuple[dict[str, Any] | None, str]:
    """What a query provider's newest heartbeat says, else why nothing; the flows are there without it."""
    name = run.question.providers.find(QUERY_PROVIDER)
    if name is None:
        return None, "no query provider to ask"
    asks_name = run.asked.kind == "Host"
    query, parameter = ("get_heartbeat_for_host", "host_name") if asks_name else ("get_heartbeat_for_ip", "ip_address")
    try:
        rows = getattr(run.provider(name).Network, query)(**{parameter: run.asked.text})
    except Exception as error:  # whoever is asked
        return None, f"{type(error).__name__}: {str(error)[:120]}"
    first: Mapping[str, Any] | None = rows.iloc[0].to_dict() if len(rows) else None
    return (None, "it has none") if first is None else (dict(first), "")
