"""Tables that Microsoft Sentinel, Log Analytics and Defender export: how each is known, and what its rows become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import Mask, by_value, flat, mask_of
from flowsleuth.readers.audit_events import AuditEvent, unpack_event
from flowsleuth.readers.audit_kinds import rows_of_events
from flowsleuth.readers.contract import Batch, Position, ReadContext
from flowsleuth.readers.fields import in_order
from flowsleuth.readers.message_rows import rows_of_messages
from flowsleuth.readers.records import Kind, Made, Records, columns_of, field
from flowsleuth.readers.windows_kinds import SECURITY_KINDS
from flowsleuth.schema import ALERT, LOGON, PROCESS, SYSLOG

Split = tuple[list[tuple[Kind, Mask]], dict[str, int]]


@dataclass(frozen=True)
class Export:
    """An exported table.

    Attributes
    ----------
    name : str
        The table's name.
    needs : frozenset of str
        Columns it must have.
    one_of : frozenset of str
        Columns of which it must have one (when there are any).
    read : callable
        Rows, rejects and counts of its records.
    """

    name: str
    needs: frozenset[str]
    one_of: frozenset[str]
    read: Callable[[Records, ReadContext], Batch]

    def has(self, names: Iterable[str]) -> bool:
        """Whether columns of these names are this table's."""
        given = set(names)
        return self.needs <= given and (not self.one_of or bool(self.one_of & given))


def _each(kind: Kind) -> Callable[[Records, ReadContext], Batch]:
    """All records are of one kind."""
    return lambda records, context: read_kinds(records, ([(kind, np.ones(len(records), dtype=bool))], {}), context)


def _some(split: Callable[[Records], Split]) -> Callable[[Records, ReadContext], Batch]:
    """Records are of several kinds."""
    return lambda records, context: read_kinds(records, split(records), context)


def read_kinds(records: Records, split: Split, context: ReadContext) -> Batch:
    """Rows of records of several kinds, in the order of the records."""
    tables: dict[str, list[pa.Table]] = {}
    batch = Batch(Position(), skipped=split[1])
    for kind, mask in split[0]:
        rows, rejects = kind.rows(records.some(mask), context)
        tables.setdefault(kind.table.name, []).append(rows)
        batch.rejects += rejects
    batch.tables = {name: in_order(name, parts) for name, parts in tables.items()}
    return batch


def split_by(ids: pa.Array, kinds: Mapping[str, Kind], word: Callable[[str | None], str]) -> Split:
    """Records by the id of their event; those of other ids are counted."""
    found: list[tuple[Kind, Mask]] = []
    others: dict[str, int] = {}
    for one in pc.unique(ids).to_pylist():
        mask = mask_of(pc.is_null(ids) if one is None else pc.equal(ids, one))
        if one in kinds:
            found.append((kinds[one], mask))
        else:
            others[word(one)] = int(mask.sum())
    return found, others


def event_ids(column: pa.Array) -> pa.Array:
    """Event ids as plain numbers in text (a spreadsheet makes ``4688.0`` of 4688)."""
    return by_value(flat(column), lambda text: text.strip().removesuffix(".0"), pa.string())


def _security_events(records: Records) -> Split:
    ids = event_ids(records.get("EventID"))
    return split_by(ids, SECURITY_KINDS, lambda one: f"SecurityEvent {one or 'without EventID'}")


def _syslog(records: Records, context: ReadContext) -> Batch:
    """Messages, and the logons and programs they tell of."""
    batch = _each(SYSLOG_ROW)(records, context)
    made = columns_of(records, SYSLOG_ROW.fields)
    told = rows_of_messages(records, records.get("SyslogMessage"), made.columns["start"], made.columns["host"], context)
    batch.tables |= told.tables
    return batch


def _packed_audit(records: Records, context: ReadContext) -> Batch:
    """Audit events that Log Analytics keeps as a list of records in one cell."""
    events: list[AuditEvent] = []
    more: list[dict[str, str]] = []
    rejects = []
    others = [name for name in records.columns if name and name not in ("AuditdMessage", "mssg_id")]
    values = {name: records.columns[name].to_pylist() for name in others}
    for at, (stamp, packed) in enumerate(
        zip(records.get("mssg_id").to_pylist(), records.get("AuditdMessage").to_pylist(), strict=True)
    ):
        event = unpack_event(stamp, packed, int(records.source_row[at]), records.raws[at])
        if event is None:
            rejects.append(records.reject(at, NOT_PACKED, f"mssg_id={stamp!r}"[:300]))
            continue
        events.append(event)
        more.append({name: column[at] for name, column in values.items() if column[at] is not None})
    batch = rows_of_events(events, context, more)
    batch.rejects += rejects
    return batch


NOT_PACKED = "not a list of audit records"


def _settle_device_logon(records: Records, made: Made) -> None:
    made.columns["is_success"] = by_value(
        flat(records.get("ActionType")), {"LogonSuccess": True, "LogonFailed": False}.get, pa.bool_()
    )


def _device_processes(records: Records) -> Split:
    actions = flat(records.get("ActionType"))
    kinds = {"ProcessCreated": DEVICE_PROCESS}
    return split_by(actions, kinds, lambda one: f"DeviceProcessEvents {one or 'without ActionType'}")


def _settle_sign_in(records: Records, made: Made) -> None:
    size = len(records)
    result = flat(records.get("ResultType"))
    good = by_value(result, lambda text: text.strip() in ("0", "0.0"), pa.bool_())
    made.columns["is_success"] = good
    made.columns["logon_type"] = pa.repeat("sign_in", size)
    failed = mask_of(pc.invert(good))
    told = made.columns.get("reason", pa.nulls(size, pa.string()))
    made.columns["reason"] = pc.if_else(pa.array(failed), pc.coalesce(told, result), pa.scalar(None, pa.string()))


def _settle_execve(records: Records, made: Made) -> None:
    """The program's title has all arguments where the command line was cut off (it holds 128 bytes at most)."""
    size = len(records)
    line = made.columns.get("command_line", pa.nulls(size, pa.string()))
    title = pc.replace_substring(flat(records.get("proctitle")), "\x00", " ")
    is_longer = pc.greater(pc.utf8_length(title), pc.utf8_length(pc.utf8_trim_whitespace(line)))
    chosen = mask_of(is_longer)
    made.columns["command_line"] = pc.if_else(pa.array(chosen), title, line)
    if "cmdline" in records.columns:
        made.take("cmdline", ~chosen)
        made.used["cmdline"] &= ~chosen
    if "proctitle" in records.columns:
        made.take("proctitle", chosen | mask_of(pc.equal(title, line)))


SECURITY_ALERT = Kind(
    "SecurityAlert",
    ALERT,
    {
        "start": field("StartTimeUtc", "StartTime", "TimeGenerated", how="time"),
        "end": field("EndTimeUtc", "EndTime", how="time"),
        "name": field("AlertDisplayName", "DisplayName", "AlertName"),
        "category": field("AlertType"),
        "severity": field("Severity", "AlertSeverity", how="severity"),
        "alert_id": field("SystemAlertId"),
        "provider": field("ProviderName"),
        "description": field("Description", how="whole"),
        "host": field("CompromisedEntity"),
        "tactics": field("Tactics"),
        "entities": field("Entities", how="whole"),
    },
)

DEVICE_PROCESS = Kind(
    "ProcessCreated",
    PROCESS,
    {
        "start": field("ProcessCreationTime", "Timestamp", "TimeGenerated", how="time"),
        "host": field("DeviceName"),
        "pid": field("ProcessId", how="int"),
        "process_guid": field("ProcessUniqueId"),
        "name": field("FileName"),
        "path": field("FolderPath"),
        "command_line": field("ProcessCommandLine", how="whole"),
        "user": field("AccountName"),
        "domain": field("AccountDomain"),
        "user_id": field("AccountSid", how="sid"),
        "logon_id": field("LogonId", how="session"),
        "integrity": field("ProcessIntegrityLevel", how="lower"),
        "parent_pid": field("InitiatingProcessId", how="int"),
        "parent_guid": field("InitiatingProcessUniqueId"),
        "parent_name": field("InitiatingProcessFileName"),
        "parent_path": field("InitiatingProcessFolderPath"),
        "parent_command_line": field("InitiatingProcessCommandLine", how="whole"),
        "parent_start": field("InitiatingProcessCreationTime", how="time"),
        "md5": field("MD5", how="lower"),
        "sha1": field("SHA1", how="lower"),
        "sha256": field("SHA256", how="lower"),
        "record_id": field("ReportId"),
    },
)

CREATED_PROCESS = Kind(
    "CreatedProcess",
    PROCESS,
    {
        "start": field("CreatedProcessCreationTime", "ReportTime", how="time"),
        "host": field("ComputerDnsName"),
        "pid": field("CreatedProcessId", how="int"),
        "process_guid": field("CreatedProcessStartKey"),
        "name": field("CreatedProcessName"),
        "path": field("CreatedProcessFilePath"),
        "command_line": field("CreatedProcessCommandLine", how="whole"),
        "user": field("CreatedProcessAccountName"),
        "domain": field("CreatedProcessAccountDomainName"),
        "user_id": field("CreatedProcessAccountSid", how="sid"),
        "logon_id": field("LogonId", how="session"),
        "integrity": field("CreatedProcessIntegrityLevel", how="lower"),
        "parent_pid": field("CreatedProcessParentId", "InitiatingProcessId", how="int"),
        "parent_guid": field("InitiatingProcessStartKey"),
        "parent_name": field("InitiatingProcessName"),
        "parent_path": field("CreatedProcessParentName"),
        "parent_command_line": field("Process_CommandLine", how="whole"),
        "parent_start": field("CreatedProcessParentCreationTimeUtc", "InitiatingProcessCreationTime", how="time"),
        "md5": field("CreatedProcessFileMd5", how="lower"),
        "sha1": field("CreatedProcessFileSha1", how="lower"),
        "sha256": field("CreatedProcessFileSha256", how="lower"),
        "record_id": field("ReportGuid"),
    },
)

DEVICE_LOGON = Kind(
    "DeviceLogonEvents",
    LOGON,
    {
        "start": field("Timestamp", "TimeGenerated", how="time"),
        "host": field("DeviceName"),
        "user": field("AccountName"),
        "domain": field("AccountDomain"),
        "user_id": field("AccountSid", how="sid"),
        "src_ip": field("RemoteIP", how="address"),
        "src_port": field("RemotePort", how="port"),
        "src_host": field("RemoteDeviceName"),
        "reason": field("FailureReason"),
        "logon_type": field("LogonType", how="logon_type"),
        "method": field("Protocol"),
        "logon_id": field("LogonId", how="session"),
        "by_user": field("InitiatingProcessAccountName"),
        "by_domain": field("InitiatingProcessAccountDomain"),
        "event_type": field("ActionType"),
        "record_id": field("ReportId"),
    },
    _settle_device_logon,
)

SIGN_IN = Kind(
    "sign-in",
    LOGON,
    {
        "start": field("CreatedDateTime", "TimeGenerated", how="time"),
        "user": field("UserPrincipalName", "AlternateSignInName", "Identity"),
        "user_id": field("UserId"),
        "src_ip": field("IPAddress", how="address"),
        "reason": field("ResultDescription"),
        "method": field("AuthenticationRequirement"),
        "app": field("AppDisplayName"),
        "event_type": field("Type", "Category"),
        "record_id": field("Id"),
    },
    _settle_sign_in,
)

SYSLOG_ROW = Kind(
    "Syslog",
    SYSLOG,
    {
        "start": field("TimeGenerated", "EventTime", how="time"),
        "host": field("HostName", "Computer"),
        "host_ip": field("HostIP", how="address"),
        "facility": field("Facility", how="lower"),
        "severity": field("SeverityLevel", how="lower"),
        "program": field("ProcessName"),
        "pid": field("ProcessID", how="int"),
        "message": field("SyslogMessage", how="whole"),
    },
)

EXECVE = Kind(
    "EXECVE",
    PROCESS,
    {
        "start": field("TimeGenerated", how="time"),
        "host": field("Computer"),
        "pid": field("pid", how="int"),
        "path": field("exe"),
        "name": field("exe", how="name"),
        "command_line": field("cmdline", how="whole"),
        "cwd": field("cwd"),
        "user_id": field("uid"),
        "parent_pid": field("ppid", how="int"),
        "is_success": field("success", how="bool"),
        "event_type": field("EventType"),
        "record_id": field("mssg_id"),
    },
    _settle_execve,
)

TIMED = frozenset({"TimeGenerated", "Timestamp"})

EXPORTS = (
    Export(
        "SecurityAlert",
        frozenset({"SystemAlertId", "ProviderName", "Entities", "ExtendedProperties"}),
        frozenset({"StartTimeUtc", "StartTime", "TimeGenerated"}),
        _each(SECURITY_ALERT),
    ),
    Export(
        "SecurityEvent",
        frozenset({"EventID", "Computer", "TimeGenerated"}),
        frozenset({"NewProcessName", "TargetUserName", "SubjectUserName", "Account", "EventData"}),
        _some(_security_events),
    ),
    Export(
        "DeviceProcessEvents",
        frozenset({"DeviceName", "ActionType", "ProcessCommandLine", "InitiatingProcessFileName"}),
        TIMED,
        _some(_device_processes),
    ),
    Export(
        "DeviceProcessEvents (internal)",
        frozenset({"CreatedProcessId", "CreatedProcessName", "InitiatingProcessId"}),
        frozenset({"CreatedProcessCreationTime", "ReportTime"}),
        _each(CREATED_PROCESS),
    ),
    Export("DeviceLogonEvents", frozenset({"DeviceName", "ActionType", "LogonType"}), TIMED, _each(DEVICE_LOGON)),
    Export(
        "SigninLogs",
        frozenset({"UserPrincipalName", "ResultType", "IPAddress", "AppDisplayName"}),
        frozenset({"CreatedDateTime", "TimeGenerated"}),
        _each(SIGN_IN),
    ),
    Export(
        "Syslog",
        frozenset({"SyslogMessage", "Facility", "SeverityLevel"}),
        frozenset({"TimeGenerated", "EventTime"}),
        _syslog,
    ),
    Export("auditd packed", frozenset({"AuditdMessage", "mssg_id"}), frozenset(), _packed_audit),
    Export(
        "auditd execve", frozenset({"mssg_id", "cmdline", "pid", "ppid", "TimeGenerated"}), frozenset(), _each(EXECVE)
    ),
)


def export_of(names: Iterable[str]) -> Export | None:
    """The table that has these columns.

    Examples
    --------
    >>> export_of(["TimeGenerated", "Facility", "SeverityLevel", "SyslogMessage"]).name
    'Syslog'
    """
    given = list(names)
    return next((export for export in EXPORTS if export.has(given)), None)
