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
    extra = pa.array([as_json_text(one) for one in extras], pa.string())
    kinds = np.array([made["type"] for made in objects])
    everything = np.arange(len(events))
    for kind, places in (
        (AUDIT_EVENT, everything),
        (AUDIT_PROCESS, everything[kinds == "EXECVE"]),
        (AUDIT_LOGON, everything[kinds == "USER_LOGIN"]),
    ):
        if not len(places):
            continue
        chosen = [objects[at] for at in places.tolist()]
        columns = {name: pa.array([one.get(name) for one in chosen], pa.string()) for name in _names_of(kind)}
        raws = [b"\n".join(events[at].raws) for at in places.tolist()]
        records = Records(columns, lines[places], lines[places], raws, extra=extra.take(pa.array(places)))
        rows, rejects = kind.rows(records, context)
        batch.tables[kind.table.name] = rows
        batch.rejects += rejects
    return batch


def _names_of(kind: Kind) -> list[str]:
    """The fields that a kind asks for."""
    return sorted({name for one in kind.fields.values() for name in one.names})
