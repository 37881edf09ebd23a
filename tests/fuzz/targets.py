"""What is fuzzed: each target takes bytes that somebody hostile chose, and raises only where a promise is broken.

A target ends within seconds and holds on to no more than its limits; that is seen to by whoever calls it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from flowsleuth.analyze.syslog import logon_sessions, sudo_sessions, syslog_hosts
from flowsleuth.extract.command_lines import risky_commands
from flowsleuth.extract.decoding import DecodeLimits, unpack_bytes, unpack_text
from flowsleuth.extract.decoding.archives import CONTAINERS, members_of
from flowsleuth.extract.decoding.limits import Budget
from flowsleuth.extract.decoding.tables import decoded_table, unpack_df
from flowsleuth.extract.ioc.columns import find
from flowsleuth.extract.ioc.engine import ScanOptions
from flowsleuth.extract.ioc.kinds import type_names
from flowsleuth.extract.masking import MaskKey
from flowsleuth.extract.masking.names import NameMask
from flowsleuth.extract.masking.texts import TextMask
from flowsleuth.extract.observables import recognize
from flowsleuth.extract.powershell import format_powershell, plain_powershell
from flowsleuth.extract.refang import refang
from flowsleuth.extract.skeletons import delimiter_skeletons, skeletons
from flowsleuth.readers.audit_frames import extract_events_to_df
from flowsleuth.readers.audit_gathering import gather
from flowsleuth.readers.auditd import rows_of_gathered
from flowsleuth.readers.contract import Position, ReadContext
from flowsleuth.readers.syslog_lines import Calendar, parse_syslog
from flowsleuth.schema.addresses import HomeNetworks
from tests.fuzz.seeds import (
    ARCHIVES,
    AUDIT,
    COMMAND,
    COMMANDS,
    INDICATORS,
    NAMES,
    PACKED,
    SCRIPTS,
    SESSIONS,
    SYSLOG,
    TEXTS,
)

LIMITS = DecodeLimits(max_bytes=1 << 20, max_items=200, max_ratio=50, free_bytes=1 << 16)
STATUSES = {"decoded", "binary", "limit", "damaged", "password", "unsupported"}
KEY = MaskKey(b"a key of the fuzzer")
UTC_ZONE = ZoneInfo("UTC")
CONTEXT = ReadContext("a.log", "auditd", 1, HomeNetworks(()), UTC_ZONE)


def text_of(data: bytes) -> str:
    """Any bytes as text; what is no UTF-8 becomes half surrogates, which logs have too."""
    return data.decode("utf-8", "surrogateescape")


def check_unpacking(found) -> None:  # type: ignore[no-untyped-def]
    """What the decoder promises of any input."""
    nodes = list(found.walk())
    assert sum(len(one.data) for one in nodes) <= 3 * LIMITS.max_bytes
    assert len(nodes) <= LIMITS.max_items + 1
    assert all(one.status in STATUSES and one.depth <= LIMITS.max_depth + 1 for one in nodes)
    assert len({one.index for one in nodes}) == len(nodes)
    at = 0
    for one in found.found:
        assert at <= one.start <= one.end <= max(len(found.text), 0) or not found.text
        at = one.end
    assert found.full_text.encode("utf-8", "surrogatepass") is not None
    assert len(decoded_table(found)) == len(nodes)


def decode_text(data: bytes) -> None:
    """Any text."""
    check_unpacking(unpack_text(text_of(data), LIMITS))


def decode_file(data: bytes) -> None:
    """Any file."""
    check_unpacking(unpack_bytes(data, "a", LIMITS))


def decode_encoded(data: bytes) -> None:
    """Any bytes as base64 and hex behind a switch: they come back as they were."""
    if len(data) < 20:
        return
    for text in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode().rstrip("=")):
        found = unpack_text(f"powershell -enc {text}", LIMITS)
        check_unpacking(found)
        if "-" not in text and "_" not in text:
            assert found.found
            assert found.found[0].data == data[: LIMITS.max_bytes]
    check_unpacking(unpack_text(data.hex(), LIMITS))


def decode_members(data: bytes) -> None:
    """Any bytes as each kind of archive, its mark or not."""
    for kind in CONTAINERS:
        budget = Budget(LIMITS)
        total = 0
        for count, member in enumerate(members_of(data, kind, budget)):
            total += len(member.unpacked.data)
            assert member.unpacked.status in STATUSES
            if count > LIMITS.max_items:
                break
        assert total <= LIMITS.max_bytes + (1 << 16)


def column_of(data: bytes) -> pa.Array:
    """Lines as a column, with a null at its end."""
    return pa.array([*data.decode("utf-8", "replace").split("\n"), None], pa.string())


def decode_column(data: bytes) -> None:
    """Lines as a column."""
    found = unpack_df(pa.table({"cmd": column_of(data)}), "cmd", limits=LIMITS)
    assert found.column_names[-1] == "full_decoded_string"


def mask_text(data: bytes) -> None:
    """Any text, masked twice alike."""
    text = text_of(data)
    names = NameMask(KEY)
    names.learn(text)
    masks = TextMask(names)
    masks.learn(text, "text")
    masks.know()
    for kind in ("text", "account", "host", "address", "hash", "opaque"):
        assert masks.of_kind(text, kind) == masks.of_kind(text, kind)


def powershell(data: bytes) -> None:
    """Any text as PowerShell."""
    text = data.decode("utf-8", "replace")
    format_powershell(text)
    plain_powershell(text)


def recognize_text(data: bytes) -> None:
    """Any text as an observable; what is recognised is recognised again as the same."""
    found = recognize(text_of(data))
    refang(text_of(data))
    if found.value is not None:
        again = recognize(found.value)
        assert (again.value, again.type) == (found.value, found.type)


def command_skeletons(data: bytes) -> None:
    """Lines as command lines."""
    lines = column_of(data)
    assert len(skeletons(lines)) == len(lines)
    assert len(delimiter_skeletons(lines)) == len(lines)


def risky(data: bytes) -> None:
    """Lines as command lines that rules look at: a finding stands where it says."""
    lines = column_of(data)
    for one in risky_commands(pa.table({"cmd": lines}), "cmd").to_pylist():
        assert 0 <= one["offset"] <= len(lines[one["row"]].as_py())


def audit_log(data: bytes) -> None:
    """Lines as the Linux audit log: no record is lost, none is told twice."""
    found = gather([], data, 1, UTC_ZONE, is_end=True)
    batch = rows_of_gathered(found, CONTEXT, Position())
    assert all(reject.source_row >= 1 for reject in batch.rejects)


def audit_frame(data: bytes) -> None:
    """Lines in the cells of a frame, raw or packed as Log Analytics keeps them."""
    cells = column_of(data)
    packed = pa.array(["1604994496.155:7"] * len(cells), pa.string())
    extract_events_to_df(pa.table({"AuditdMessage": cells, "mssg_id": packed}))


def syslog_sessions(data: bytes) -> None:
    """Lines as messages of syslog."""
    messages = column_of(data)
    times = pa.array([1_709_632_800_000_000 + at * 1_000_000 for at in range(len(messages))], pa.timestamp("us", "UTC"))
    programs = pa.array(["sshd", "sudo", "cron"] * len(messages))[: len(messages)]
    columns = {"TimeGenerated": times, "Computer": ["web1"] * len(messages), "ProcessName": programs}
    table = pa.table({**columns, "SyslogMessage": messages})
    logon_sessions(table)
    sudo_sessions(table)
    syslog_hosts(table)


def indicators(data: bytes) -> None:
    """Lines searched for indicators; places lead to the spellings, and findings do not pile up."""
    lines = pa.array(data.decode("utf-8", "replace").split("\n"))
    found = find(lines, type_names(None, include_paths=True), ScanOptions(engine="python"))
    for row in found.to_pylist():
        text = lines[row["row"]].as_py()
        assert row["observable"]
        assert text[row["start"] : row["start"] + len(row["found"])] == row["found"]
    assert sum(map(len, found["found"].to_pylist())) <= 8 * len(data) + 8


def syslog(data: bytes) -> None:
    """Lines as syslog."""
    calendar = Calendar(UTC_ZONE, datetime(2024, 3, 5, tzinfo=UTC))
    for line in text_of(data).split("\n"):
        parse_syslog(line, calendar)


@dataclass(frozen=True)
class Target:
    """One thing that is fuzzed, and inputs to begin with."""

    run: Callable[[bytes], None]
    seeds: list[bytes] = field(default_factory=list)


TARGETS = {
    "decode_text": Target(decode_text, TEXTS),
    "decode_file": Target(decode_file, [*ARCHIVES, *TEXTS[:3]]),
    "decode_encoded": Target(decode_encoded, [*ARCHIVES, COMMAND.decode().encode("utf-16-le")]),
    "decode_members": Target(decode_members, ARCHIVES),
    "decode_column": Target(decode_column, [b"\n".join(TEXTS[:8])]),
    "mask_text": Target(mask_text, [*NAMES, COMMAND]),
    "powershell": Target(powershell, SCRIPTS),
    "recognize_text": Target(recognize_text, NAMES),
    "indicators": Target(indicators, INDICATORS),
    "command_skeletons": Target(command_skeletons, [COMMAND, b"\n".join(NAMES)]),
    "risky": Target(risky, [COMMANDS]),
    "audit_log": Target(audit_log, AUDIT),
    "audit_frame": Target(audit_frame, [*AUDIT, *PACKED]),
    "syslog_sessions": Target(syslog_sessions, SESSIONS),
    "syslog": Target(syslog, SYSLOG),
}
"""By name; a target's seeds are inputs that go deep into it."""
