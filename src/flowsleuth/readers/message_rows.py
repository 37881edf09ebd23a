"""What syslog messages say beyond themselves: logons by sshd, Sysmon for Linux, and audit events sent on by auoms.

Each is a row of its own table with the id of its message, so that one leads to the other.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import flat, mask_of
from flowsleuth.readers.audit_events import parse_record
from flowsleuth.readers.audit_kinds import SENT_ON
from flowsleuth.readers.contract import Batch, Position, ReadContext
from flowsleuth.readers.fields import in_order
from flowsleuth.readers.records import Kind, Records, field, of_objects
from flowsleuth.readers.windows_kinds import SYSMON_KINDS
from flowsleuth.schema import LOGON

SSH_SAYS = r"^(?:message repeated \d+ times: \[ ?)?(?:Accepted|Failed) \S+ for "
_SSH = re.compile(
    r"^(?:message repeated (?P<times>\d+) times: \[ ?)?(?P<word>Accepted|Failed) (?P<method>\S+) for "
    r"(?P<invalid>invalid user )?(?P<user>.*) from (?P<address>\S+) port (?P<port>\d+)(?: (?P<rest>.*?))?\]?$"
)
_SYSMON = "<Event><System>"
_AUOMS = "type=AUOMS_EXECVE "
_DATA = re.compile(r'<Data Name="([^"<>]{1,100})">([^<]*)</Data>')
_SYSTEM = re.compile(
    r'<EventID>(?P<id>\d+)</EventID>.*?SystemTime="(?P<time>[^"]*)".*?<EventRecordID>(?P<number>\d+)</EventRecordID>'
    r".*?<Computer>(?P<host>[^<]*)</Computer>",
    re.S,
)
_WORDS = re.compile(r'([A-Za-z_]\w*)=("[^"]*"|\S*)')
_COMMAND = re.compile(r'cmdline="(.*)" redactors=', re.S)
_UTC = ZoneInfo("UTC")

SSH_LOGON = Kind(
    "sshd",
    LOGON,
    {
        "start": field("time", how="time"),
        "host": field("host"),
        "user": field("user"),
        "src_ip": field("address", how="address"),
        "src_port": field("port", how="port"),
        "src_host": field("name"),
        "is_success": field("is_success", how="bool"),
        "reason": field("reason"),
        "logon_type": field("logon_type"),
        "method": field("method"),
        "app": field("app"),
    },
)


def ssh_logon(message: str) -> dict[str, Any] | None:
    """What sshd says of a logon; None when it says something else.

    Examples
    --------
    >>> found = ssh_logon("Failed password for invalid user bob from 192.0.2.7 port 5022 ssh2")
    >>> found["user"], found["address"], found["is_success"], found["reason"]
    ('bob', '192.0.2.7', False, 'no such user')
    """
    found = _SSH.match(message)
    if found is None:
        return None
    is_success = found["word"] == "Accepted"
    is_address = found["address"][0].isdigit() or ":" in found["address"]
    return {
        "user": found["user"],
        "address": found["address"] if is_address else None,
        "name": None if is_address or found["address"] == "UNKNOWN" else found["address"],
        "port": found["port"],
        "is_success": is_success,
        "reason": None if is_success else "no such user" if found["invalid"] else f"wrong {found['method']}",
        "method": found["method"],
        "logon_type": "ssh",
        "app": "sshd",
        "repeated": found["times"] and int(found["times"]),
        "message": message,
    }


def sysmon_event(message: str) -> tuple[str, dict[str, Any]] | None:
    """Id and fields of an event of Sysmon for Linux, which writes it as XML; None when it is none.

    The text is not given to an XML parser, so entities of its own do nothing.
    """
    system = _SYSTEM.search(message)
    if system is None:
        return None
    fields: dict[str, Any] = {name: html.unescape(value) for name, value in _DATA.findall(message)}
    fields |= {"SystemTime": system["time"], "EventRecordID": system["number"], "Computer": system["host"]}
    return system["id"], fields


def auoms_process(message: str) -> dict[str, Any] | None:
    """A program start as auoms tells it, with account and command line in one record; None when it is none."""
    record = parse_record(message, _UTC)
    if record is None:
        return None
    command = _COMMAND.search(record.body)
    fields = {name: value.strip('"') for name, value in _WORDS.findall(_COMMAND.sub("", record.body))}
    return {
        "id": f"{record.stamp}:{record.serial}",
        "time": record.when.isoformat(),
        "type": record.type,
        "node": fields.get("node"),
        "command_line": command[1] if command else None,
        "session": None if fields.get("ses") == "-1" else fields.get("ses"),
        **{name: fields.get(name) for name in ("pid", "ppid", "uid", "user", "exe", "cwd", "success")},
        "AUOMS_EXECVE": fields,
    }


def rows_of_messages(
    records: Records, messages: pa.Array, when: pa.Array, hosts: pa.Array, context: ReadContext
) -> Batch:
    """Rows of other tables that messages tell of.

    Parameters
    ----------
    records : Records
        The messages' records.
    messages : pyarrow.Array of string
    when, hosts : pyarrow.Array
        Time and host of each message.
    context : ReadContext
    """
    batch = Batch(Position())
    found: dict[Kind, list[tuple[int, dict[str, Any]]]] = {}
    texts = flat(messages)

    def look(mask: pa.Array, read: Callable[[int, str], tuple[Kind, dict[str, Any]] | None]) -> None:
        for at in np.flatnonzero(mask_of(mask)):
            told = read(int(at), texts[int(at)].as_py())
            if told is not None:
                found.setdefault(told[0], []).append((int(at), told[1]))

    def by_ssh(at: int, text: str) -> tuple[Kind, dict[str, Any]] | None:
        fields, start = ssh_logon(text), when[at].as_py()
        if fields is None or start is None:
            return None
        return SSH_LOGON, fields | {"time": start.isoformat(), "host": hosts[at].as_py()}

    def by_sysmon(at: int, text: str) -> tuple[Kind, dict[str, Any]] | None:
        told = sysmon_event(text)
        return None if told is None or told[0] not in SYSMON_KINDS else (SYSMON_KINDS[told[0]], told[1])

    def by_auoms(at: int, text: str) -> tuple[Kind, dict[str, Any]] | None:
        fields = auoms_process(text)
        return None if fields is None else (SENT_ON, fields)

    look(pc.match_substring_regex(texts, SSH_SAYS), by_ssh)
    look(pc.starts_with(texts, _SYSMON), by_sysmon)
    look(pc.starts_with(texts, _AUOMS), by_auoms)
    tables: dict[str, list[pa.Table]] = {}
    for kind, told in found.items():
        at = np.array([place for place, _ in told], dtype=np.int64)
        raws = [records.raws[place] for place in at]
        own = of_objects([fields for _, fields in told], records.source_row[at], records.ordinal[at], raws)
        rows, rejects = kind.rows(own, context)
        tables.setdefault(kind.table.name, []).append(rows)
        del rejects  # the message itself is a row already: what it says of another table may be incomplete
    batch.tables = {name: in_order(name, parts) for name, parts in tables.items()}
    return batch
