r"""Records of the Linux audit log: taken apart, decoded, and put together as events.

- An **event** is all records of one time, serial number and node; events of one millisecond are never merged, because
  the serial is part of the id.
- Values the kernel writes as bare hexadecimal (they come from a program, and hold spaces or quotes) are decoded:
  arguments, commands, paths, titles, accounts. Registers (``a0`` of a SYSCALL) are not. In interpreted logs
  (``ausearch -i``) nothing is encoded any more.
- Every argument of an EXECVE is taken, the long ones that come in pieces (``a1[0]=…``) put together.

Format: https://github.com/linux-audit/audit-documentation/wiki/SPEC-Audit-Event-Parsing
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

_LINE = re.compile(
    r"^(?:node=(?P<node>\S+) )?type=(?P<type>[\w\[\]]+) (?:msg=)?audit\((?P<time>[^)]*):(?P<serial>\d+)\)\s?:\s?"
)
_EPOCH_TIME = re.compile(r"^\d{1,12}(?:\.\d{1,6})?$")
_LOCAL_TIME = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{2,4}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?$")
_FIELD = re.compile(r"""([A-Za-z_][\w.\-]*(?:\[\d+\])?)=("[^"]*"|'[^']*'|[^\s\x1d]*)""")
_NESTED = re.compile(r"(?:^|[\s\x1d])msg='(.*)'", re.S)
_ARGUMENT = re.compile(r"^a(\d+)(?:\[(\d+)\])?$")
_HEX = re.compile(r"^(?:[0-9A-F]{2})+$")
ENCODED = frozenset(
    {"comm", "ocomm", "exe", "cwd", "name", "proctitle", "cmd", "acct", "path", "dir", "data", "key", "vm", "file"}
)
"""Fields that hold text of programs (``auparse``'s table of encoded fields)."""
_QUOTES = ('"', "'")
NOTHING = frozenset({"", "?", "(null)", "(none)"})
_NO_FIELDS: dict[str, str] = {}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UTC = ZoneInfo("UTC")
LONGEST_PACKED = 1 << 20
NO_SESSION = frozenset({"4294967295", "-1", "unset"})
SSH_PROGRAM = "sshd"


class AuditRecord(NamedTuple):
    """One line: which event (node, time and serial), when that was, its type, and what follows."""

    event: tuple[str | None, str, str]
    when: datetime
    type: str
    body: str
    is_interpreted: bool

    @property
    def node(self) -> str | None:
        """The machine."""
        return self.event[0]

    @property
    def stamp(self) -> str:
        """The time as it is written."""
        return self.event[1]

    @property
    def serial(self) -> str:
        """The number of the event."""
        return self.event[2]


@dataclass
class AuditEvent:
    """Records of one event, the line of the first, and their fields by type."""

    first: AuditRecord
    line: int
    raws: list[bytes] = field(default_factory=list)
    records: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def add(self, record: AuditRecord, raw: bytes) -> None:
        """Take a record of the event."""
        self.raws.append(raw)
        self.records.append((record.type, record.body, fields_of(record.type, record.body, record.is_interpreted)))

    def first_of_types(self) -> dict[str, dict[str, str]]:
        """Fields of the first record of each type."""
        found: dict[str, dict[str, str]] = {}
        for kind, _, fields in self.records:
            found.setdefault(kind, fields)
        return found


def parse_record(text: str, tz: ZoneInfo) -> AuditRecord | None:
    """One line of an audit log; None when it is none.

    Examples
    --------
    >>> found = parse_record('type=CWD msg=audit(1604994496.155:92733): cwd="/home"', ZoneInfo("UTC"))
    >>> found.type, found.stamp, found.serial, found.body
    ('CWD', '1604994496.155', '92733', 'cwd="/home"')
    """
    found = _LINE.match(text)
    if found is None:
        return None
    node, kind, stamp, serial = found.groups()
    when, is_interpreted = _moment(stamp, tz)
    if when is None:
        return None
    return AuditRecord((node, stamp, serial), when, kind, text[found.end() :], is_interpreted)


@lru_cache(maxsize=1_024)
def _moment(stamp: str, tz: ZoneInfo) -> tuple[datetime | None, bool]:
    """When a record was made, and whether it is in an interpreted log; records of an event share it."""
    return _instant(stamp, tz), not _EPOCH_TIME.match(stamp)


def _instant(stamp: str, tz: ZoneInfo) -> datetime | None:
    """Seconds since 1970, or the local time that ``ausearch -i`` prints, month first."""
    try:
        if _EPOCH_TIME.match(stamp):
            seconds, _, fraction = stamp.partition(".")
            return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(fraction.ljust(6, "0") or 0))
        found = _LOCAL_TIME.match(stamp)
        if found is None:
            return None
        month, day, year, hour, minute, second = map(int, found.groups()[:6])
        micro = int((found[7] or "").ljust(6, "0"))
        year += 2000 if year < 100 else 0
        return datetime(year, month, day, hour, minute, second, micro, tz).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4_096)
def fields_of(kind: str, body: str, is_interpreted: bool = False) -> dict[str, str]:
    """Fields of a record by name, decoded; those inside of ``msg='…'`` with the others. Empty ones are left out.

    Equal records share one dictionary, which is not to be changed.

    Examples
    --------
    >>> fields_of("EXECVE", 'argc=3 a0="ls" a1=2D6C a2=')
    {'argc': '3', 'a0': 'ls', 'a1': '-l', 'a2': ''}
    """
    nested = _NESTED.search(body) if "msg='" in body else None
    if nested and body.count('"', 0, nested.start()) % 2 == 0:  # it may stand in an argument
        body = f"{body[: nested.start()]} {nested[1]} {body[nested.end() :]}"
    pairs = _FIELD.findall(body)
    if kind == "EXECVE":
        return _arguments_and_fields(pairs, is_interpreted)
    found = {
        name: said[1:-1] if said[0] in _QUOTES and len(said) > 1 else said
        for name, said in pairs
        if said not in NOTHING
    }
    if not is_interpreted:
        for name, said in pairs:
            if name in ENCODED and said not in NOTHING and said[0] not in _QUOTES and _HEX.match(said):
                found[name] = decoded(said)
    return found


def decoded(said: str) -> str:
    """Hexadecimal digits as the text they stand for; what is not UTF-8 becomes ``\\xNN``."""
    return bytes.fromhex(said).decode("utf-8", "backslashreplace")


def _arguments_and_fields(pairs: list[tuple[str, str]], is_interpreted: bool) -> dict[str, str]:
    """Fields of an EXECVE, whose arguments may be empty and are encoded like text of programs."""
    found: dict[str, str] = {}
    for name, said in pairs:
        if said[:1] in ('"', "'") and len(said) > 1:
            found[name] = said[1:-1]
            continue
        is_argument = _ARGUMENT.match(name) is not None
        if said in NOTHING and not is_argument:
            continue
        is_encoded = (is_argument or name in ENCODED) and not is_interpreted and _HEX.match(said)
        found[name] = decoded(said) if is_encoded else said
    return found


def arguments_of(fields: dict[str, str]) -> list[str]:
    """All arguments of an EXECVE record, in order.

    Examples
    --------
    >>> arguments_of({"argc": "2", "a0": "echo", "a1_len": "4", "a1[0]": "ab", "a1[1]": "cd"})
    ['echo', 'abcd']
    """
    pieces: dict[tuple[int, int], str] = {}
    for name, value in fields.items():
        found = _ARGUMENT.match(name)
        if found:
            pieces[int(found[1]), int(found[2] or 0)] = value
    made: dict[int, str] = {}
    for (number, _), value in sorted(pieces.items()):
        made[number] = made.get(number, "") + value
    return list(made.values())


def object_of(event: AuditEvent) -> dict[str, Any]:
    """An event as one flat record, with all its fields by type of record under ``records``."""
    first = event.first
    types = event.first_of_types()
    execve, syscall = types.get("EXECVE"), types.get("SYSCALL", _NO_FIELDS)
    own = syscall if "SYSCALL" in types else event.records[0][2]
    made: dict[str, Any] = {
        "id": f"{first.stamp}:{first.serial}",
        "time": first.when.isoformat(),
        "node": first.node,
        "type": "EXECVE" if execve is not None else event.records[0][0],
        "message": "\n".join(f"{kind}: {body}" for kind, body, _ in event.records),
        "pid": own.get("pid"),
        "records": fields_by_type(event),
    }
    if execve is not None:
        made |= {name: syscall.get(name) for name in ("ppid", "uid", "exe", "success")}
        made |= {
            "user": syscall.get("UID"),
            "command_line": " ".join(arguments_of(_all_arguments(event))),
            "cwd": types.get("CWD", _NO_FIELDS).get("cwd"),
            "session": None if syscall.get("ses") in NO_SESSION else syscall.get("ses"),
        }
    elif "USER_LOGIN" in types:
        made |= _login(own)
    return made


def _all_arguments(event: AuditEvent) -> dict[str, str]:
    """Fields of all EXECVE records: the kernel begins another one when an argument list is long."""
    found: dict[str, str] = {}
    for kind, _, fields in event.records:
        if kind == "EXECVE":
            found |= fields
    return found


def unpack_event(stamp: str | None, packed: str | None, line: int, raw: bytes) -> AuditEvent | None:
    """An event of Log Analytics' packed form, a list of ``{type: ["name=value", …]}`` as Python or JSON writes it.

    None when it is none. The text is read as a literal, never run.

    Examples
    --------
    >>> unpack_event("1550505632.285:9077924", "[{'CWD': ['cwd=2F746D70']}]", 2, b"").records
    [('CWD', 'cwd=2F746D70', {'cwd': '/tmp'})]
    """
    if packed is None or len(packed) > LONGEST_PACKED:
        return None
    try:
        records = ast.literal_eval(packed)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return event_of_records(stamp, records, line, raw)


def event_of_records(stamp: str | None, records: Any, line: int, raw: bytes) -> AuditEvent | None:
    """An event of a list of ``{type: ["name=value", …]}``; None when it is none."""
    first = parse_record(f"type=packed msg=audit({stamp}): ", _UTC)
    if first is None:
        return None
    event = AuditEvent(first, line, [raw])
    try:
        for record in records:
            for kind, words in record.items():
                body = " ".join(words)
                event.records.append((kind, body, fields_of(kind, body)))
    except (TypeError, AttributeError):
        return None
    return event if event.records else None


def fields_by_type(event: AuditEvent) -> dict[str, Any]:
    """Fields by type; several records of a type as a list."""
    found: dict[str, Any] = {}
    for kind, _, fields in event.records:
        if kind not in found:
            found[kind] = fields
        elif isinstance(found[kind], list):
            found[kind].append(fields)
        else:
            found[kind] = [found[kind], fields]
    return found


def _login(fields: dict[str, str]) -> dict[str, Any]:
    """What a USER_LOGIN says: the account by name, or by number once it is known."""
    number = fields.get("id") or ""
    program = fields.get("exe")
    return {
        "acct": fields.get("acct") or fields.get("ID") or (number if not number.isdecimal() else None) or None,
        "uid": number if number.isdecimal() and number not in NO_SESSION else None,
        "addr": fields.get("addr"),
        "hostname": None if fields.get("hostname") == fields.get("addr") else fields.get("hostname"),
        "exe": program,
        "res": fields.get("res"),
        "logon_type": "ssh" if program and program.endswith(SSH_PROGRAM) else "interactive",
        "session": None if fields.get("ses") in NO_SESSION else fields.get("ses"),
    }
