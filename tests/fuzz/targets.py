"""What is fuzzed: each target takes bytes that somebody hostile chose, and raises only where a promise is broken.

A target ends within seconds and holds on to no more than its limits; that is seen to by whoever calls it.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from flowsleuth.extract.decoding import DecodeLimits, unpack_bytes, unpack_text
from flowsleuth.extract.decoding.archives import CONTAINERS, members_of
from flowsleuth.extract.decoding.limits import Budget
from flowsleuth.extract.decoding.tables import decoded_table, unpack_df
from flowsleuth.extract.masking import MaskKey
from flowsleuth.extract.masking.names import NameMask
from flowsleuth.extract.masking.texts import TextMask
from flowsleuth.extract.observables import recognize
from flowsleuth.extract.refang import refang
from flowsleuth.extract.skeletons import delimiter_skeletons, skeletons
from flowsleuth.readers.audit_gathering import gather
from flowsleuth.readers.auditd import rows_of_gathered
from flowsleuth.readers.contract import Position, ReadContext
from flowsleuth.readers.syslog_lines import Calendar, parse_syslog
from flowsleuth.schema.addresses import HomeNetworks

LIMITS = DecodeLimits(max_bytes=1 << 20, max_items=200, max_ratio=50, free_bytes=1 << 16)
STATUSES = {"decoded", "binary", "limit", "damaged", "password", "unsupported"}
KEY = MaskKey(b"a key of the fuzzer")
UTC_ZONE = ZoneInfo("UTC")
CONTEXT = ReadContext("a.log", "auditd", 1, HomeNetworks(()), UTC_ZONE)
COMMAND = b"powershell -enc dwBoAG8AYQBtAGkA && type C:\\Users\\ana\\a.txt"


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


def decode_column(data: bytes) -> None:
    """Lines as a column."""
    lines = [*text_of(data).encode("utf-8", "replace").decode().split("\n"), None]
    table = pa.table({"cmd": pa.array(lines, pa.string())})
    found = unpack_df(table, "cmd", limits=LIMITS)
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


def recognize_text(data: bytes) -> None:
    """Any text as an observable; what is recognised is recognised again as the same."""
    found = recognize(text_of(data))
    refang(text_of(data))
    if found.value is not None:
        again = recognize(found.value)
        assert (again.value, again.type) == (found.value, found.type)


def command_skeletons(data: bytes) -> None:
    """Lines as command lines."""
    lines = pa.array([*text_of(data).encode("utf-8", "replace").decode().split("\n"), None], pa.string())
    assert len(skeletons(lines)) == len(lines)
    assert len(delimiter_skeletons(lines)) == len(lines)


def audit_log(data: bytes) -> None:
    """Lines as the Linux audit log: no record is lost, none is told twice."""
    found = gather([], data, 1, UTC_ZONE, is_end=True)
    batch = rows_of_gathered(found, CONTEXT, Position())
    assert all(reject.source_row >= 1 for reject in batch.rejects)


def syslog(data: bytes) -> None:
    """Lines as syslog."""
    calendar = Calendar(UTC_ZONE, datetime(2024, 3, 5, tzinfo=UTC))
    for line in text_of(data).split("\n"):
        parse_syslog(line, calendar)


def _zip(method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("a.txt", COMMAND)
        archive.writestr("b/c.bin", bytes(range(64)))
    return out.getvalue()


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = len(COMMAND)
        archive.addfile(info, io.BytesIO(COMMAND))
    return out.getvalue()


def _seven_zip() -> list[bytes]:
    try:
        import libarchive
    except (ImportError, OSError, TypeError, AttributeError):
        return []
    out = bytearray()

    def write(block: bytes) -> int:
        out.extend(block)
        return len(block)

    with libarchive.custom_writer(write, "7zip") as archive:
        archive.add_file_from_memory("a.txt", len(COMMAND), COMMAND)
    return [bytes(out)]


ARCHIVES = [
    *map(_zip, (0, 8, 12, 14)), _tar(), gzip.compress(COMMAND), zlib.compress(COMMAND), bz2.compress(COMMAND),
    lzma.compress(COMMAND), lzma.compress(COMMAND, lzma.FORMAT_ALONE), gzip.compress(_tar()), *_seven_zip(),
]  # fmt: skip
TEXTS = [
    COMMAND, base64.b64encode(COMMAND), b"'SQBu' + 'AGMA'", COMMAND.hex().encode(),
    b"\\x41\\x42\\x43\\x44\\x45\\x46\\x47\\x48",
    b"0x41,0x42,0x43,0x44,0x45,0x46,0x47,0x48,0x49", b"41 42 43 44 45 46 47 48 49", b"echo aWQ= | base64 -d",
    b"H4sIAAAAAAAAA", *(b"x " + base64.b64encode(one) for one in ARCHIVES),
]  # fmt: skip
NAMES = [
    b"CONTOSO\\ana", b"ana@contoso.co.uk", b"S-1-5-21-1-2-3-1001", b"https://u@[2001:db8::1]:8443/a/b.php?c=d#e",
    b"10.0.0.0/8 fe80::1%eth0 ::ffff:192.0.2.1", b'{"HostName": "web1", "a": [{"Address": "192.0.2.1"}]}',
    b"hxxps[:]//evil[.]example/a", b"\\\\web1\\c$ /home/ana C:\\Users\\ana\\x 00:1a:2b:3c:4d:5e",
]  # fmt: skip
AUDIT_LINES = (
    b'type=SYSCALL msg=audit(1604994496.155:7): arch=c000003e syscall=59 success=yes pid=7 comm="id" exe="/bin/id"',
    b'type=EXECVE msg=audit(1604994496.155:7): argc=2 a0="id" a1=2D75',
    b"node=web1 type=PROCTITLE msg=audit(1604994496.155:7): proctitle=6964002D75",
    b"type=USER_CMD msg=audit(11/10/2020 07:48:16.155:8) : pid=1 uid=ana msg='cwd=\"/\" cmd=ls res=success'",
)
AUDIT = [b"\n".join(AUDIT_LINES) + b"\n", AUDIT_LINES[-1]]
SYSLOG = [
    b"<38>Mar  1 10:00:00 web1 sshd[812]: Accepted password for ana from 192.0.2.1 port 4 ssh2",
    b'<165>1 2003-10-11T22:14:15.003Z web1 app 7 ID47 [a@1 b="c"] \xef\xbb\xbfhello',
    b"2024-03-01T10:00:00.5+01:00 web1 sudo: ana : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
]


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
    "recognize_text": Target(recognize_text, NAMES),
    "command_skeletons": Target(command_skeletons, [COMMAND, b"\n".join(NAMES)]),
    "audit_log": Target(audit_log, AUDIT),
    "syslog": Target(syslog, SYSLOG),
}
"""By name; a target's seeds are inputs that go deep into it."""
