"""How things are called as nodes of a graph: their kind, a short id, and words for what they have to do with others."""

from __future__ import annotations

from flowsleuth.schema.entities import (
    Account,
    Alert,
    Dns,
    Entity,
    File,
    FileHash,
    GeoLocation,
    Host,
    HostLogonSession,
    Incident,
    IpAddress,
    NetworkConnection,
    Process,
    RegistryKey,
    RegistryValue,
    Url,
)
from flowsleuth.schema.printable import printable_text

_KINDS: dict[type[Entity], str] = {
    Host: "host", Account: "account", IpAddress: "address", Dns: "domain", Process: "process", Alert: "alert",
    Incident: "incident", FileHash: "hash", HostLogonSession: "session", RegistryKey: "registry",
    RegistryValue: "registry", NetworkConnection: "connection",
}  # fmt: skip
RELATIONS = {
    "Host": "on", "Account": "as", "ImageFile": "runs", "ParentProcess": "child of", "LogonSession": "in",
    "FileHashes": "hashed", "Key": "in", "IpAddress": "is", "HostIpAddress": "is", "DnsServerIp": "asked",
    "SourceAddress": "from", "DestinationAddress": "to", "Entities": "about", "Alerts": "has", "HostUrl": "from",
    "ReferrerUrl": "from", "IpInterfaces": "has", "Files": "in", "Processes": "in", "ThreatIntelligence": "known as",
}  # fmt: skip
"""A field that names another thing → the word on the arrow; others stand as they are."""


def is_drawn(entity: Entity) -> bool:
    """Whether a thing is a node of its own; places, and what says nothing, are not."""
    return not isinstance(entity, GeoLocation) and (next(iter(entity), None) is not None or bool(entity.additional))


def kind_of(entity: Entity) -> str:
    """The word of its kind.

    Examples
    --------
    >>> kind_of(IpAddress("192.0.2.7")), kind_of(File("a.exe"))
    ('address', 'file')
    """
    return _KINDS.get(type(entity), type(entity).__name__.casefold())


def node_label(entity: Entity) -> str:
    """What stands below a node.

    Examples
    --------
    >>> node_label(Process("0x10", ImageFile=File("cmd.exe", "c:\\\\windows"))), node_label(HostLogonSession("0x3e7"))
    ('cmd.exe (0x10)', 'session 0x3e7')
    """
    if isinstance(entity, Process) and not (entity.CommandLine or "").strip() and entity.ImageFile is not None:
        name = entity.ImageFile.label.replace("\\", "/").rpartition("/")[2]
        return f"{name} ({printable_text(entity.ProcessId)})" if entity.ProcessId else name
    return f"session {entity.label}" if isinstance(entity, HostLogonSession) else entity.label


def node_text(entity: Entity) -> str:
    """A short text that names it, for an id.

    Examples
    --------
    >>> node_text(Host("WEB1.example.org")), node_text(Process("0x10", Host=Host("WEB1")))
    ('web1.example.org', '16@web1')
    """
    told: str | None = None
    if isinstance(entity, Host):
        told = entity.fqdn or entity.name
    elif isinstance(entity, Account):
        told = entity.qualified or entity.Sid
    elif isinstance(entity, IpAddress | Url | Dns):
        told = entity.canonical
    elif isinstance(entity, File):
        told = entity.path or entity.full_path
    elif isinstance(entity, Alert):
        told = entity.SystemAlertId or next(iter(entity.SystemAlertIds), None) or entity.ProviderAlertId
        told = told and told.casefold()
    elif isinstance(entity, Incident):
        told = entity.IncidentName or entity.ProviderIncidentId
    elif isinstance(entity, Process) and entity.pid is not None:
        told = f"{entity.pid}@{entity.Host.name}" if entity.Host else str(entity.pid)
    elif isinstance(entity, HostLogonSession) and entity.SessionId:
        host = entity.Host.name if entity.Host else None
        told = f"{entity.SessionId.casefold()}@{host}" if host else entity.SessionId.casefold()
    return told or entity.label
