"""Binary nfcapd files (nfdump's own format, layouts 1 and 2), read by running the ``nfdump`` program.

nfdump prints the records with ``-o fmt:…``, one line each, with the fields of its 1.6 CSV and more, and with times in
milliseconds; they come through a pipe, so memory stays flat. ``fmt`` is the one output that every nfdump has, that
gives the time to the millisecond and that drops no field: ``csv`` cuts times to seconds, ``json`` has no engine,
``pipe`` has neither router nor VLAN nor next hop. The fields become what they become in the CSV
(:mod:`flowsleuth.readers.netflow`), so a binary and its CSV give the same table, but for parts of a second.

``source_row`` is the number of the record, ``Position.line`` and ``Position.offset`` count records. nfdump ends well
even when a file is cut off or damaged, so its messages and the file's own count of flows are compared with what came:
a difference is a reject of the file as a whole (``source_row`` 0).
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.errors import MissingProgramError, ReaderError
from flowsleuth.readers.compressed import BLOCK
from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.delimited import bad_row_rejects, line_reject, read_delimited
from flowsleuth.readers.netflow import flows_of, without
from flowsleuth.readers.nfdump_fields import TAGS, field_types
from flowsleuth.readers.own import as_file
from flowsleuth.readers.rows import build_rows
from flowsleuth.readers.streams import Chunk, Sample, Source
from flowsleuth.schema import FLOW

_TOKENS = (
    "ts", "te", "sa", "da", "sp", "dp", "pr", "flg", "fwd", "stos", "ipkt", "ibyt", "opkt", "obyt", "in", "out", "sas",
    "das", "smk", "dmk", "dtos", "dir", "nh", "nhb", "svln", "dvln", "ismc", "odmc", "idmc", "osmc", "mpls", "cl", "sl",
    "al", "ra", "eng", "exp", "tr", "fl",
)  # fmt: skip
_EVENT_TOKENS = ("nas", "pas", "evt", "xevt", "nfc", "iacl", "eacl", "xsa", "xda", "xsp", "xdp", "uname")
_NAMES = TAGS | {
    "exp": "exporterID", "mpls": "mplsLabels", "fl": "flows", "nas": "nextAS", "pas": "prevAS", "evt": "event",
    "xevt": "xEvent", "nfc": "connectionID", "iacl": "ingressACL", "eacl": "egressACL", "xsa": "srcXIP",
    "xda": "dstXIP", "xsp": "srcXPort", "xdp": "dstXPort", "uname": "nselUser",
}  # fmt: skip
_EVENT_WORDS = re.compile(
    rb'"(?:event|nat_event|nfc_id|connect_id|src[46]_xlt_ip|dst[46]_xlt_ip|next_as|username|ingress_acl)'
)
_MAGIC = (b"\x0c\xa5", b"\xa5\x0c")
_VERSIONS = (1, 2)
_PIECE = 8 << 20
_PROBE = "1000"
_SKIPPED = re.compile(r"^Skip unknown record type (\d+)$")
_BAR = "|"
_NO_FLOWS = b"No matching flows"
"""What nfdump prints instead of records when there are none."""
_UTC = ZoneInfo("UTC")

DAMAGED = "nfdump reports a fault"
FEWER = "fewer records than the file counts"


@dataclass(frozen=True)
class NfcapdOptions:
    """nfcapd files need no options."""


class NfcapdReader:
    """Flows in nfcapd's binary files, read with nfdump."""

    name: ClassVar[str] = "nfcapd"
    summary: ClassVar[str] = "nfcapd binary files (needs the program nfdump)"
    Options: ClassVar[type] = NfcapdOptions

    def sniff(self, sample: Sample) -> str | None:
        """Recognise magic and layout version, little or big endian."""
        head = sample.head
        if len(head) < 4 or head[:2] not in _MAGIC:
            return None
        order = "little" if head[:2] == _MAGIC[0] else "big"
        version = int.from_bytes(head[2:4], order)  # type: ignore[arg-type]
        return f"flows (nfcapd layout {version})" if version in _VERSIONS else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read piece after piece; see :class:`~flowsleuth.readers.contract.Reader`.

        Raises
        ------
        MissingProgramError
            nfdump is not installed.
        ReaderError
            nfdump cannot read anything of the file.
        """
        done = source.start.line
        with as_file(source) as path:
            tokens = _tokens_for(path, context)
            names = [_NAMES[token] for token in tokens]
            with _running(path, tokens, context) as (process, messages):
                count = 0
                for chunk in _chunks(process.stdout):
                    first, count = count, count + len(chunk)
                    if count > done:
                        yield _batch(chunk, names, max(0, done - first), context)
                code = process.wait()
                messages.seek(0)
                said = messages.read().decode("utf-8", errors="replace")
            yield _closing(count, code, said, _own_count(path), context)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "LC_ALL": "C"}


def _command(path: Path, *words: str) -> list[str]:
    return ["nfdump", "-r", str(path), *words]


def _tokens_for(path: Path, context: ReadContext) -> tuple[str, ...]:
    """The fields to ask for: those of firewall events and NAT only where the first records have them."""
    try:
        probe = subprocess.run(
            _command(path, "-c", _PROBE, "-o", "json"), capture_output=True, env=_environment(), check=False
        )
    except FileNotFoundError:
        hint = "install the Debian package nfdump"
        raise MissingProgramError("the program nfdump is not installed", where=context.source_file, hint=hint) from None
    return _TOKENS + _EVENT_TOKENS if _EVENT_WORDS.search(probe.stdout) else _TOKENS


@contextmanager
def _running(
    path: Path, tokens: tuple[str, ...], context: ReadContext
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """nfdump printing the records to a pipe, and its messages to a file; ended when the reader is."""
    layout = "fmt:" + _BAR.join(f"%{token}" for token in tokens)
    with tempfile.TemporaryFile(prefix="flowsleuth-") as messages:
        try:
            process = subprocess.Popen(
                _command(path, "-6", "-q", "-N", "-o", layout),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=messages,
                env=_environment(),
            )
        except FileNotFoundError:
            hint = "install the Debian package nfdump"
            raise MissingProgramError("no program nfdump", where=context.source_file, hint=hint) from None
        try:
            yield process, messages
        finally:
            if process.poll() is None:
                process.kill()
            if process.stdout is not None:
                process.stdout.close()
            process.wait()


def _chunks(pipe: IO[bytes] | None) -> Iterator[Chunk]:
    """Whole lines of nfdump's output; line numbers are record numbers."""
    assert pipe is not None
    record, pending, size = 1, list[bytes](), 0
    while True:
        block = pipe.read(BLOCK)
        pending.append(block)
        size += len(block)
        if block and (size < _PIECE or b"\n" not in block):
            continue
        data = b"".join(pending)
        cut = data.rfind(b"\n") + 1 if block else len(data)
        if cut and not (record == 1 and data.strip() == _NO_FLOWS):
            chunk = Chunk(data[:cut], record, record - 1, not data[:cut].endswith(b"\n"))
            yield chunk
            record += len(chunk)
        if not block:
            return
        pending, size = [data[cut:]], len(data) - cut


def _batch(chunk: Chunk, names: list[str], from_line: int, context: ReadContext) -> Batch:
    """Canonical rows of some records, without those that were read before."""
    parsed = read_delimited(chunk, names, field_types(names), delimiter=_BAR, quote=None)
    flows = flows_of(_unpadded(parsed.table), _UTC)
    rejects = parsed.rejects + [line_reject(chunk, int(parsed.lines[row]), *why) for row, why in flows.bad.items()]
    columns, lines = without(flows, parsed.lines)
    if from_line:
        keep = lines >= from_line
        columns = {name: column.filter(pa.array(keep)) for name, column in columns.items()}
        lines = lines[keep]
    built = build_rows(FLOW, columns, chunk.first_line + lines, context)
    rejects += bad_row_rejects(chunk, lines, built.bad)
    rejects = [reject for reject in rejects if reject.source_row >= chunk.first_line + from_line]
    rejects.sort(key=lambda reject: reject.source_row)
    last = chunk.first_line + len(chunk) - 1
    return Batch(Position(last, last), {"flow": built.table}, rejects)


def _unpadded(table: pa.Table) -> pa.Table:
    """Addresses without the spaces that line them up (the other fields are read with or without)."""
    for name in ("srcAddr", "dstAddr"):
        at = table.column_names.index(name)
        table = table.set_column(at, name, pc.ascii_trim_whitespace(table[name]))
    return table


def _closing(count: int, code: int, said: str, wanted: int | None, context: ReadContext) -> Batch:
    """What nfdump said, beside the records: other kinds of records, and faults."""
    skipped: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for line in filter(None, map(str.strip, said.splitlines())):
        known = _SKIPPED.match(line)
        if known:
            skipped[f"nfdump record type {known[1]}"] += 1
        else:
            faults[line] += 1
    if code:
        faults[f"nfdump ended with exit code {code}"] += 1
    if faults and not count:
        raise ReaderError(f"nfdump cannot read it: {_told(faults)}", where=context.source_file)
    rejects = [Reject(0, DAMAGED, _told(faults)[:MAX_RAW])] if faults else []
    if wanted is not None and count < wanted:
        rejects.append(Reject(0, FEWER, f"{count} of {wanted} records could be read"))
    return Batch(Position(count, count), {}, rejects, dict(skipped))


def _told(faults: Counter[str]) -> str:
    return "; ".join(line if times == 1 else f"{line} ({times} times)" for line, times in faults.items())


def _own_count(path: Path) -> int | None:
    """How many flows the file says it has; None when it does not say."""
    answer = subprocess.run(_command(path, "-I"), capture_output=True, env=_environment(), check=False)
    found = re.search(rb"^Flows: (\d+)$", answer.stdout, flags=re.MULTILINE)
    return int(found[1]) if found else None
