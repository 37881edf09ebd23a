"""What events of the Linux audit log become: each a row of ``syslog``; EXECVE also of ``process``, USER_LOGIN of
``logon``.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from flowsleuth.readers.audit_events import AuditEvent, object_of
from flowsleuth.readers.contract import Batch, Position, ReadContext
from flowsleuth.readers.records import Kind, Made, Records, field, of_objects
from flowsleuth.schema import LOGON, PROCESS, SYSLOG

_EVENT = {
    "start": field("time", how="time"),
    "host": field("node", "Computer"),
    "record_id": field("id"),
    "event_type": field("type"),
}


def _settle_event(records: Records, made: Made) -> None:
    made.columns["program"] = pa.repeat("auditd", len(records))
    _leave_out(records, made)


def _leave_out(records: Records, made: Made) -> None:
    """What stands under the types of the records already is not said twice."""
    everything = np.ones(len(records), dtype=bool)
    for name in records.columns:
        if name not in _KEPT and not name.isupper():
            made.take(name, everything)


_KEPT = frozenset({"TenantId", "TimeGenerated"})

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
    _leave_out,
)
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
    _leave_out,
)


def rows_of_events(events: list[AuditEvent], context: ReadContext, more: list[dict[str, str]] | None = None) -> Batch:
    """Rows of whole events; ``more`` has other fields of the records they came in."""
    batch = Batch(Position())
    if not events:
        return batch
    objects = [object_of(event) for event in events]
    if more is not None:
        objects = [made | others for made, others in zip(objects, more, strict=True)]
    flattened = [_flat_records(made) for made in objects]
    lines = np.array([event.line for event in events], dtype=np.int64)
    records = of_objects(flattened, lines, lines, [b"\n".join(event.raws) for event in events])
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


def _flat_records(made: dict[str, object]) -> dict[str, object]:
    """Fields under the type of their record, so that they go to ``extra`` as they are."""
    records = made.pop("records")
    assert isinstance(records, dict)
    return made | records
