"""What kind of address it is, which hosts have it, and whether it is ours: by evidence, all of which is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.schema.entities import Host, IpAddress

if TYPE_CHECKING:
    from flowsleuth.notebooklets.run import Run

TYPE_NAMES = {
    "global": "Public",
    "private": "Private",
    "shared": "Carrier-grade NAT",
    "loopback": "Loopback",
    "link_local": "Link Local",
    "multicast": "Multicast",
    "broadcast": "Broadcast",
    "unspecified": "Unspecified",
    "reserved": "Reserved",
}
"""Address types by the words that users of msticpy know; others are told by their own."""
NO_HOST = ("multicast", "broadcast", "unspecified", "this_network")
OURS = ("private", "loopback", "link_local")
INTERNAL, EXTERNAL, UNKNOWN, NOT_A_HOST = "Internal", "External", "Unknown", "Not a host"
CONTACT = "contact"
_MEANING = {
    "global": "it is routed on the Internet",
    "private": "no network routes it on the Internet",
    "loopback": "it never leaves a machine",
    "link_local": "it never leaves a link",
    "shared": "it is used between a carrier and its customers",
}
Evidence = tuple[str, int | None, str, str]
"""What, how often, what it says (internal, external, contact, not a host), who tells."""


def check_is_one(value: Any) -> None:
    """Refuse networks and lists, and say what takes them.

    Raises
    ------
    OptionError
        It is not one address.
    """
    if isinstance(value, list | tuple | set):
        hint = "run it for each, or ask ws.pivots() about a list"
        raise OptionError("one address at a time", where=f"{len(value)} values", hint=hint)
    text = value.strip() if isinstance(value, str) else getattr(value, "Address", None)
    if not isinstance(text, str) or "/" not in text:
        return
    from flowsleuth.investigate.asked_values import canonical_or_none

    found = canonical_or_none("IpAddress", text)
    if found is not None and "/" in found:
        hint = "give one address; for a network take NetworkFlowSummary, or ws.ip(…).flows(), .peers() and .alerts()"
        raise OptionError("this is a network, not an address", where=found, hint=hint)


def read_address(run: Run) -> dict[str, Any]:
    """The address and its type."""
    kind = type_of(run)
    return {
        "ip_str": run.asked.text,
        "ip_type": TYPE_NAMES.get(kind, kind.replace("_", " ").capitalize()),
    }


def type_of(run: Run) -> str:
    """The address type, by the words of :mod:`flowsleuth.enrich.address_types`."""
    from flowsleuth.enrich.address_types import address_type

    return address_type(run.asked.text)


def identify(run: Run) -> dict[str, Any]:
    """The entity, the hosts, and the origin with its evidence."""
    import pyarrow as pa

    kind = type_of(run)
    evidence = [*_by_type(kind), *_by_settings(run), *_by_flows(run), *_by_logons(run), *_by_own_log(run)]
    evidence += _by_hosts(run, evidence)
    names = ("evidence", "times", "says", "source")
    types = (pa.string(), pa.int64(), pa.string(), pa.string())
    columns = [pa.array([row[at] for row in evidence], types[at]) for at in range(len(names))]
    hosts = hosts_of(run)
    note = "" if hosts else "no table names a host that has it"
    if len(hosts) > 1:
        note = f"{len(hosts)} hosts had this address"
    return {
        "ip_origin": origin_of(kind, evidence),
        "origin_evidence": pa.table(dict(zip(names, columns, strict=True))),
        "ip_entity": IpAddress(Address=run.asked.text, Location=run["location"]),
        "host_entities": Found(hosts, note=note),
    }


def origin_of(kind: str, evidence: Sequence[Evidence]) -> str:
    """Whether an address is ours.

    Addresses of no host are ``Not a host``. Loopback and link-local ones are internal. Of others, a home network or
    what names a host of ours that has it goes first, then what flows say of its side. A private address of which
    nothing is known is internal, a public one external. One that is neither and yet was in contact with us is internal.

    Examples
    --------
    >>> origin_of("shared", []), origin_of("shared", [("logons", 3, "contact", "logon")]), origin_of("global", [])
    ('Unknown', 'Internal', 'External')
    >>> origin_of("private", []), origin_of("private", [("flows with it outside", 9, "external", "flow")])
    ('Internal', 'External')
    """
    if kind in NO_HOST:
        return NOT_A_HOST
    told = {
        says: [row for row in evidence if row[2] == says and row[0] != "address type"] for _, _, says, _ in evidence
    }
    if kind in ("loopback", "link_local") or any(row[3] != "flow" for row in told.get("internal", ())):
        return INTERNAL
    inside, outside = (sum(row[1] or 0 for row in told.get(says, ())) for says in ("internal", "external"))
    if inside or outside:
        return INTERNAL if inside > outside else EXTERNAL
    if kind in ("global", "private"):
        return EXTERNAL if kind == "global" else INTERNAL
    return INTERNAL if told.get(CONTACT) else UNKNOWN


def _by_type(kind: str) -> list[Evidence]:
    from flowsleuth.enrich.address_types import SOURCE

    says = "not a host" if kind in NO_HOST else "internal" if kind in OURS else "external" if kind == "global" else ""
    meaning = _MEANING.get(kind)
    return [("address type", None, says or "nothing", f"{kind}{f': {meaning}' if meaning else ''} ({SOURCE})")]


def _by_settings(run: Run) -> list[Evidence]:
    from ipaddress import ip_address, ip_network

    address = ip_address(run.asked.text)
    mine = [net for net in map(ip_network, run.ws.settings.home) if net.version == address.version and address in net]
    return [("in a home network", None, "internal", f"settings: {mine[0]}")] if mine else []


def _by_flows(run: Run) -> list[Evidence]:
    """Which side flows put it on, by their direction."""
    flow, address = run.rows("flow"), run.asked.text
    mine = flow.filter((flow.src_ip == address) | (flow.dst_ip == address))
    counted = run.arrow(
        mine.group_by(is_src=mine.src_ip == address, direction=mine.direction).aggregate(rows=mine.count())
    )
    sides = {"internal": 0, "external": 0, CONTACT: 0}
    for row in counted.to_pylist():
        inner = {True: ("outbound", "internal"), False: ("inbound", "internal")}[row["is_src"]]
        known = row["direction"] is not None
        sides["internal" if row["direction"] in inner else "external" if known else CONTACT] += row["rows"]
    said = {
        "internal": "flows with it on our side",
        "external": "flows with it outside",
        CONTACT: "flows that do not tell the side",
    }
    return [(said[says], count, says, "flow") for says, count in sides.items() if count]


def _by_logons(run: Run) -> list[Evidence]:
    """Logons from it; those that name a machine of ours as where they came from say whose it is."""
    logon, address = run.rows("logon"), run.asked.text
    mine = logon.filter(logon.src_ip == address)
    counted = run.arrow(
        mine.group_by("src_host").aggregate(
            rows=mine.count(), good=mine.is_success.fill_null(False).cast("int64").sum()
        )
    ).to_pylist()
    if not counted:
        return []
    rows, good = (sum(row[name] or 0 for row in counted) for name in ("rows", "good"))
    found: list[Evidence] = [(f"logons that came from it, {good:,} of them with success", rows, CONTACT, "logon")]
    named = {Host(row["src_host"]).name: row["rows"] for row in counted if row["src_host"]}
    ours = {
        Host(name).name for name in run.arrow(run.rows("logon").select("host").distinct())["host"].to_pylist() if name
    }
    known = sorted(one for one in named if one and one in ours)
    said = "logons from it that name {}, a host of ours"
    return [*found, *((said.format(name), named[name], "internal", "logon") for name in known)]


def _by_own_log(run: Run) -> list[Evidence]:
    syslog = run.rows("syslog")
    mine = syslog.filter(syslog.host_ip == run.asked.text)
    count = run.arrow(mine.aggregate(rows=mine.count()))["rows"][0].as_py()
    return [("messages of the host that has it", count, "internal", "syslog")] if count else []


_HELD = {"heartbeat": "Heartbeat", "az_network_if": "network interface", "vmcomputer": "VMComputer"}


def _by_hosts(run: Run, before: Sequence[Evidence]) -> list[Evidence]:
    """What other steps found out about hosts that have it."""
    found: list[Evidence] = []
    for name, source in _HELD.items():
        if run[name] is not None and len(run[name]):
            found.append(("a host of ours that has it", len(run[name]), "internal", source))
    devices = run["associated_hosts"]
    told = [] if devices is None else [row for row in devices.to_pylist() if row["source"] == "DeviceNetworkInfo"]
    if told:
        found.append(("a device that has it", len(told), "internal", "DeviceNetworkInfo"))
    connections = run["network_connections"]
    if connections is not None and "flow" not in {row[3] for row in before} and len(connections):
        own = [row for row in connections.to_pylist() if row["LocalIP"] == run.asked.text]
        count = sum(row["Count"] or 0 for row in (own or connections.to_pylist()))
        said = "connections of a device that has it" if own else "connections of devices with it"
        found.append((said, count, "internal" if own else CONTACT, "DeviceNetworkEvents"))
    return found


_TOLD: tuple[tuple[str, dict[str, str]], ...] = (
    ("associated_hosts", {"HostName": "host"}),
    (
        "heartbeat",
        {"HostName": "Computer", "OSFamily": "OSType", "OMSAgentID": "SourceComputerId", "AzureID": "ResourceId"},
    ),
    ("heartbeat", {"HostName": "host"}),
    ("az_network_if", {"HostName": "VirtualMachine_s"}),
    ("az_network_if", {"HostName": "host"}),
    ("vmcomputer", {"HostName": "Computer", "OSFamily": "OperatingSystemFamily", "AzureID": "AzureResourceId"}),
    (
        "device_info",
        {
            "HostName": "DeviceName", "OSFamily": "OSPlatform", "OSVersion": "OSVersion",
            "IsDomainJoined": "IsAzureADJoined",
        },
    ),
)  # fmt: skip
"""Attribute, and field of a host → the column that tells it; what is told first holds."""


def hosts_of(run: Run) -> list[Host]:
    """Hosts that have the address, by short name, each once with all that is told of it."""
    known: dict[str, dict[str, Any]] = {}
    for name, columns in _TOLD:
        table = run[name]
        for row in [] if table is None else table.to_pylist():
            _merge(known, {field: row.get(column) for field, column in columns.items()})
    address = IpAddress(Address=run.asked.text)
    return [Host(**fields, IpInterfaces=(address,)) for _, fields in sorted(known.items())]


def _merge(known: dict[str, dict[str, Any]], told: Mapping[str, Any]) -> None:
    """What is told first of a host holds; a full name goes before a short one."""
    name = str(told.get("HostName") or "").rpartition("/")[2]
    short = Host(name).name if name else None
    if short is None:
        return
    fields = known.setdefault(short, {"HostName": name})
    if "." in name and "." not in fields["HostName"]:
        fields["HostName"] = name
    for field, text in told.items():
        if field != "HostName" and text not in (None, ""):
            fields.setdefault(field, str(text).casefold() in ("true", "1") if field == "IsDomainJoined" else str(text))
