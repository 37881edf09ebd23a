"""What events of the Linux audit log become: each a row of ``syslog``; EXECVE also of ``process``, USER_LOGIN of
``logon``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from flowsleuth.readers.audit_events import AuditEvent, object_of
from flowsleuth.readers.contract import Batch, Position, ReadContext
from flowsleuth.readers.mapped_json import as_json_text
from flowsleuth.readers.records import Kind, Made, Records, field
from flowsleuth.schema import LOGON, PROCESS, SYSLOG

_KEPT = ("TenantId", "TimeGenerated")
_EVENT = {
    "start": field("time", how="time"),
    "host": field("node", "Computer"),
    "record_id": field("id"),
    "event_type": field("type"),
}


def _settle_event(records: Records, made: Made) -> None:
    made.columns["program"] = pa.repeat("auditd", len(records))


def _leave_out(records: Records, made: Made) -> None:
    """What stands under the types of the records already is not said twice."""
    everything = np.ones(len(records), dtype=bool)
    for name in records.columns:
        if not name.isupper():
            made.take(name, everything)


AUDIT_EVENT = Kind(
    "event",
    SYSLOG,
    _EVENT | {"pid": field("pid", how="int"), "message": field("message", how="whole")},
    _settle_event,
)
AUDIT_PROCESS = Kind(
    "EXECVE",
    PROCESS,
    _EVENT
    | {
        "pid": field("pid", how="int"),
        "path": field("exe"),
        "name": field("exe", how="name"),
        "command_line": field("command_line", how="whole"),
        "cwd": field("cwd"),
        "user": field("user"),
        "user_id": field("uid"),
        "logon_id": field("session"),
        "parent_pid": field("ppid", how="int"),
        "is_success": field("success", how="bool"),
    },
)
SENT_ON = replace(AUDIT_PROCESS, settle=_leave_out)
"""A program's start as auoms sends it on, all in one record."""
AUDIT_LOGON = Kind(
    "USER_LOGIN",
    LOGON,
    _EVENT
    | {
        "user": field("acct"),
        "user_id": field("uid"),
        "src_ip": field("addr", how="address"),
        "src_host": field("hostname"),
        "is_success": field("res", how="bool"),
        "logon_type": field("logon_type"),
        "app": field("exe", how="name"),
        "logon_id": field("session"),
    },
)
_ASKED = sorted(
    {name for kind in (AUDIT_EVENT, AUDIT_PROCESS, AUDIT_LOGON) for one in kind.fields.values() for name in one.names}
)


def rows_of_events(events: list[AuditEvent], context: ReadContext, more: list[dict[str, str]] | None = None) -> Batch:
    """Rows of whole events; ``more`` has other fields of the records they came in."""
    batch = Batch(Position())
    if not events:
        return batch
    objects = [object_of(event) for event in events]
    extras = [one.pop("records") for one in objects]
    if more is not None:
        objects = [made | others for made, others in zip(objects, more, strict=True)]
        extras = [
            {name: others[name] for name in _KEPT if name in others} | records
            for records, others in zip(extras, more, strict=True)
        ]
    lines = np.array([event.line for event in events], dtype=np.int64)
    columns = {name: pa.array([one.get(name) for one in objects], pa.string()) for name in _ASKED}
    extra = pa.array([as_json_text(one) for one in extras], pa.string())
    records = Records(columns, lines, lines, [b"\n".join(event.raws) for event in events], extra=extra)
    kinds = np.array([made["type"] for made in objects])
    for kind, mask in (
        (AUDIT_EVENT, np.ones(len(events), dtype=bool)),
        (AUDIT_PROCESS, kinds == "EXECVE"),
        (AUDIT_LOGON, kinds == "USER_LOGIN"),
    ):
        if mask.any():
            rows, rejects = kind.rows(records.some(mask), context)
            batch.tables[kind.table.name] = rows
            batch.rejects += rejects
    return batch
