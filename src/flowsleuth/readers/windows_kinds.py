"""What the events of Windows' security log and of Sysmon become; also for exports that have them as tables.

- **Which account runs a process.** 4688 names the one that started it and, where they differ, the one it runs as. Where
  only the second one's logon id is given, the three system accounts are known by theirs; any other stays unknown.
- **Times.** Sysmon's own ``UtcTime`` comes first. Of other events it is the time of the record.
- **Process ids** are decimal or hexadecimal in the sources, and plain numbers here.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import by_value, flat, mask_of, only, unless
from flowsleuth.readers.field_values import HOWS, said
from flowsleuth.readers.records import Kind, Made, Records, field
from flowsleuth.schema import FLOW, LOGON, PROCESS
from flowsleuth.schema.protocols import protocol_keyword

SYSTEM_SESSIONS = {"0x3e7": "SYSTEM", "0x3e5": "LOCAL SERVICE", "0x3e4": "NETWORK SERVICE"}
"""Logon ids that Windows gives to the same accounts on every machine."""

_WHEN = ("TimeGenerated", "TimeCreated", "SystemTime", "@timestamp", "EventTime")
_HOST = ("Computer", "Hostname", "MachineName")
_NUMBER = ("EventRecordId", "RecordNumber", "RecordId", "EventRecordID")


def _text(column: pa.Array, how: str = "text") -> pa.Array:
    return HOWS[how](flat(column))


def _settle_creation(records: Records, made: Made) -> None:
    """The account that a new process runs as."""
    size = len(records)
    target, session = _text(records.get("TargetUserName")), _text(records.get("TargetLogonId"), "session")
    is_named = mask_of(pc.is_valid(target))
    is_other = mask_of(pc.is_valid(session)) & ~is_named
    columns = {
        "user": ("TargetUserName", "SubjectUserName", "text"),
        "domain": ("TargetDomainName", "SubjectDomainName", "text"),
        "user_id": ("TargetUserSid", "SubjectUserSid", "sid"),
        "logon_id": ("TargetLogonId", "SubjectLogonId", "session"),
    }
    for name, (theirs, ours, how) in columns.items():
        target_value, own_value = _text(records.get(theirs), how), _text(records.get(ours), how)
        made.columns[name] = pc.if_else(pa.array(is_named), target_value, only(pa.array(~is_other), own_value))
        if theirs in records.columns:
            made.take(theirs, is_named)
        if ours in records.columns:
            made.take(ours, ~is_named & ~is_other)
    known = by_value(session, SYSTEM_SESSIONS.get, pa.string())
    other = pa.array(is_other)
    made.columns["user"] = pc.if_else(other, known, made.columns["user"])
    authority = pc.if_else(pc.is_valid(known), pa.scalar("NT AUTHORITY"), pa.scalar(None, pa.string()))
    made.columns["domain"] = pc.if_else(other, authority, made.columns["domain"])
    made.columns["logon_id"] = pc.if_else(other, session, made.columns["logon_id"])
    made.columns["is_success"] = pa.repeat(True, size)


def _settle_success(records: Records, made: Made) -> None:
    made.columns["is_success"] = pa.repeat(True, len(records))


def _settle_failure(records: Records, made: Made) -> None:
    made.columns["is_success"] = pa.repeat(False, len(records))


PROCESS_4688 = Kind(
    "4688",
    PROCESS,
    {
        "start": field(*_WHEN, how="time"),
        "host": field(*_HOST),
        "pid": field("NewProcessId", how="int"),
        "path": field("NewProcessName"),
        "name": field("NewProcessName", how="name"),
        "command_line": field("CommandLine", "ProcessCommandLine", how="whole"),
        "integrity": field("MandatoryLabel", how="integrity"),
        "parent_pid": field("ProcessId", "CreatorProcessId", how="int"),
        "parent_path": field("ParentProcessName"),
        "parent_name": field("ParentProcessName", how="name"),
        "record_id": field(*_NUMBER),
    },
    _settle_creation,
)

_LOGON = {
    "start": field(*_WHEN, how="time"),
    "host": field(*_HOST),
    "user": field("TargetUserName"),
    "domain": field("TargetDomainName"),
    "user_id": field("TargetUserSid", how="sid"),
    "src_ip": field("IpAddress", how="address"),
    "src_port": field("IpPort", how="port"),
    "src_host": field("WorkstationName"),
    "logon_type": field("LogonType", how="logon_type"),
    "method": field("AuthenticationPackageName"),
    "logon_id": field("TargetLogonId", how="session"),
    "by_user": field("SubjectUserName"),
    "by_domain": field("SubjectDomainName"),
    "record_id": field(*_NUMBER),
}
LOGON_4624 = Kind("4624", LOGON, _LOGON, _settle_success)
LOGON_4625 = Kind("4625", LOGON, _LOGON | {"reason": field("SubStatus", "Status", how="failure")}, _settle_failure)

SECURITY_KINDS = {kind.name: kind for kind in (PROCESS_4688, LOGON_4624, LOGON_4625)}
"""Event ids of the security log that have a table."""

SYSMON_PROCESS = Kind(
    "Sysmon 1",
    PROCESS,
    {
        "start": field("UtcTime", *_WHEN, how="time"),
        "host": field(*_HOST),
        "pid": field("ProcessId", how="int"),
        "process_guid": field("ProcessGuid", how="guid"),
        "path": field("Image"),
        "name": field("Image", how="name"),
        "command_line": field("CommandLine", how="whole"),
        "cwd": field("CurrentDirectory"),
        "user": field("User", how="account"),
        "domain": field("User", how="domain"),
        "logon_id": field("LogonId", how="session"),
        "integrity": field("IntegrityLevel", how="lower"),
        "parent_pid": field("ParentProcessId", how="int"),
        "parent_guid": field("ParentProcessGuid", how="guid"),
        "parent_path": field("ParentImage"),
        "parent_name": field("ParentImage", how="name"),
        "parent_command_line": field("ParentCommandLine", how="whole"),
        "md5": field("Hashes", how="md5"),
        "sha1": field("Hashes", how="sha1"),
        "sha256": field("Hashes", how="sha256"),
        "record_id": field(*_NUMBER),
    },
    _settle_success,
)


def _settle_connection(records: Records, made: Made) -> None:
    """Sysmon writes the side that began as the source, whether it was its own (``Initiated``) or not."""
    made.columns["proto"] = by_value(
        flat(records.get("Protocol")), lambda text: protocol_keyword(text) if said(text) else None, pa.string()
    )
    if "Protocol" in records.columns:
        made.take("Protocol", mask_of(pc.is_valid(made.columns["proto"])))
    has_ports = pc.is_in(made.columns["proto"], value_set=pa.array(["tcp", "udp", "sctp"]))
    for name in ("src_port", "dst_port"):
        made.columns[name] = unless(pc.invert(has_ports), made.columns.get(name, pa.nulls(len(records), pa.int32())))


SYSMON_CONNECTION = Kind(
    "Sysmon 3",
    FLOW,
    {
        "start": field("UtcTime", *_WHEN, how="time"),
        "src_ip": field("SourceIp", how="address"),
        "src_port": field("SourcePort", how="port"),
        "dst_ip": field("DestinationIp", how="address"),
        "dst_port": field("DestinationPort", how="port"),
        "src_host": field("SourceHostname"),
        "dst_host": field("DestinationHostname"),
        "sensor": field(*_HOST),
    },
    _settle_connection,
)

SYSMON_KINDS = {"1": SYSMON_PROCESS, "3": SYSMON_CONNECTION}
"""Event ids of Sysmon that have a table."""
