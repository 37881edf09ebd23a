"""Tables that Microsoft Sentinel, Log Analytics and Defender export: how each is known, and who reads its records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from flowsleuth.readers.arrays import by_value, flat
from flowsleuth.readers.audit_events import AuditEvent, unpack_event
from flowsleuth.readers.audit_kinds import rows_of_events
from flowsleuth.readers.contract import Batch, ReadContext
from flowsleuth.readers.export_kinds import (
    CREATED_PROCESS,
    DEVICE_LOGON,
    DEVICE_PROCESS,
    EXECVE,
    SECURITY_ALERT,
    SIGN_IN,
    SYSLOG_ROW,
)
from flowsleuth.readers.message_rows import rows_of_messages
from flowsleuth.readers.record_kinds import Split, read_kinds, split_by
from flowsleuth.readers.records import Kind, Records, columns_of
from flowsleuth.readers.windows_kinds import SECURITY_KINDS

NOT_PACKED = "not a list of audit records"


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


def _device_processes(records: Records) -> Split:
    actions = flat(records.get("ActionType"))
    kinds = {"ProcessCreated": DEVICE_PROCESS}
    return split_by(actions, kinds, lambda one: f"DeviceProcessEvents {one or 'without ActionType'}")


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
