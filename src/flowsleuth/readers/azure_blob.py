"""Azure's flow logs as the blob store keeps them: network security groups (versions 1 and 2), virtual networks (4).

A blob is one JSON object, ``{"records":[…]}``, usually on one line, and grows for an hour; the records are read one
after the other, whatever the size of the blob. JSON lines of records (Event Hubs, exports) are read too. Folder trees
(``resourceId=/…/y=2024/m=05/…/PT1H.json``) are ingested by naming the folder.

A row is a **flow**, not a tuple:

- The tuples of a flow (same place, addresses, ports, protocol and way, from its B to its E) become one row. Counters
  are the sum of its C and E tuples, because those tell what was sent since the tuple before. ``flow_count`` says how
  many tuples are in the row: its sum and the rejects are the tuples of the file. ``extra`` has their states
  (``"BCE"``) and numbers in the file.
- A flow whose B is in an earlier blob begins with its first tuple here and has no duration, so nothing is counted
  twice from hour to hour. ``end`` and ``duration_s`` are null where there is no E.
- A denied flow is a row with ``action`` denied and no counters. In NSG logs ``D`` is the decision, in virtual network
  logs it is the state. Counters are null, not 0, where only B or D was logged.
- Times are seconds or milliseconds, by their size.
- ``direction`` is the tuple's where no home network tells. ``sensor`` is the security group or virtual network; rule,
  MAC address and resource ids are in ``extra``.

The same packet may be logged by a subnet's and by a network card's group: those are two flows in two blobs.

Format: https://learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview and …/vnet-flow-logs-overview.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.errors import ReaderError
from flowsleuth.readers.arrays import by_value, flat, mask_of, only
from flowsleuth.readers.azure_records import NSG, VNET, gather, is_blank
from flowsleuth.readers.azure_tuples import COUNTERS, SCHEMA, Group, OpenFlows, parse_tuples
from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.json_objects import Found, pieces
from flowsleuth.readers.rows import build_rows
from flowsleuth.readers.streams import CHUNK, Sample, Source
from flowsleuth.readers.times import UTC_US
from flowsleuth.schema import FLOW

_ENVELOPE = re.compile(rb'^(?:\xef\xbb\xbf)?\s*\{\s*"records"\s*:\s*\[')
_CLOSING = re.compile(rb"\s*\]\s*\}\s*$")
_NEXT = re.compile(rb'\]\s*\}\s*\{\s*"records"')
_MARK = re.compile(rb'"category"\s*:\s*"(NetworkSecurityGroupFlowEvent|FlowLogFlowEvent)"')
_RECORD = re.compile(rb"^(?:\xef\xbb\xbf)?\s*\[?\s*\{\s*\"")
_HELD = 256
"""Bytes kept back, to see whether they close the blob."""
_REST = 131_072
"""Flows without an end that are given out at a time."""
_KINDS = {NSG: "NSG flow log", VNET: "virtual network flow log"}


@dataclass(frozen=True)
class AzureOptions:
    """Flow logs describe themselves, so there is nothing to set."""


class AzureBlobReader:
    """Reads blobs of NSG and virtual network flow logs, a row a flow.

    Parameters
    ----------
    chunk_size : int
        Bytes handled at a time.
    """

    name: ClassVar[str] = "azure"
    summary: ClassVar[str] = "Azure NSG (v1, v2) and virtual network (v4) flow logs, as blobs (PT1H.json) or JSON lines"
    Options: ClassVar[type] = AzureOptions
    raw_lies: ClassVar[str] = "inside"

    def __init__(self, chunk_size: int = CHUNK // 4) -> None:
        self._chunk_size = chunk_size

    def sniff(self, sample: Sample) -> str | None:
        """``"NSG flow log"`` or ``"virtual network flow log"``."""
        if not _ENVELOPE.match(sample.head) and not _RECORD.match(sample.head):
            return None
        mark = _MARK.search(sample.head)
        if mark is None or not re.search(rb'"flowTuples"|"flowRecords"|"properties"', sample.head):
            return None
        return _KINDS[mark[1].decode()]

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch; see :class:`~flowsleuth.readers.contract.Reader`."""
        blob, envelope = _Blob(context), _Envelope(_prefix(source.sample))
        start, skip = source.start, 0
        if start.offset:
            self._read_again(source, blob, envelope)
        else:
            skip = len(envelope.prefix)
            start = Position(skip, envelope.prefix.count(b"\n"))
        blocks = envelope.inside(source.uncounted_blocks(), skip)
        for piece in pieces(blocks, self._chunk_size, start.offset, start.line):
            if piece.is_rest:
                if not is_blank(piece.found[0]):  # the last record is not whole
                    yield replace(blob.batch(piece.found), end=Position(piece.end, piece.line), is_tail=True)
                break
            batch = blob.batch(piece.found)
            batch.end = Position(piece.end, piece.line)
            source.count_up_to(piece.end)
            yield batch
        if not blob.is_any:
            raise ReaderError("no flow log record", where=context.source_file, hint="is it a blob of Network Watcher?")
        yield from blob.rest()

    def _read_again(self, source: Source, blob: _Blob, envelope: _Envelope) -> None:
        """Find the flows that were open where a blob is read on: they are not kept, because blobs are many."""
        with source.again() as fresh:
            blocks = _first(fresh.blocks(), source.start.offset)
            for piece in pieces(envelope.inside(blocks, len(envelope.prefix), is_whole=False), self._chunk_size):
                blob.take(piece.found)

    def raw_record(self, source: Source, row: Mapping[str, Any]) -> str | None:
        """The tuples that a row was made of, a line each; None when they are not there any more."""
        wanted = json.loads(row["extra"])["tuples"]
        before, texts = 0, []
        envelope = _Envelope(_prefix(source.sample))
        for piece in pieces(envelope.inside(source.blocks(), len(envelope.prefix)), self._chunk_size):
            found = gather([one for one in piece.found if not is_blank(one)]).texts
            texts += [found[number - before - 1] for number in wanted if 0 < number - before <= len(found)]
            before += len(found)
            if before >= wanted[-1]:
                return "\n".join(texts)
        return None


def _prefix(sample: Sample) -> bytes:
    found = _ENVELOPE.match(sample.head)
    return found[0] if found else b""


def _first(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The first ``size`` bytes."""
    for block in blocks:
        yield block[:size]
        size -= len(block)
        if size <= 0:
            return


@dataclass
class _Envelope:
    """``{"records":[…]}`` around the records: taken off, so that a blob that grows goes on where it was.

    ``is_closed`` says that a further envelope began: then the last bytes are that one's.
    """

    prefix: bytes
    is_closed: bool = False

    def inside(self, blocks: Iterable[bytes], skip: int, *, is_whole: bool = True) -> Iterator[bytes]:
        """The blocks without the first ``skip`` bytes and, of a whole blob, without what closes it."""
        held = b""
        for block in blocks:
            data = held + block
            if skip:
                dropped = min(skip, len(data))
                data, skip = data[dropped:], skip - dropped
            self.is_closed = self.is_closed or bool(self.prefix and _NEXT.search(data))
            cut = max(0, len(data) - _HELD) if self.prefix else len(data)
            held = data[cut:]
            if cut:
                yield data[:cut]
        if self.prefix and is_whole and not self.is_closed:
            held = _CLOSING.sub(b"", held)
        if held:
            yield held


@dataclass
class _Blob:
    """The records of one blob on their way to rows."""

    context: ReadContext
    tuples: int = 0
    open: OpenFlows = field(default_factory=OpenFlows)
    is_any: bool = False

    def take(self, found: list[Found]) -> tuple[pa.Table, Batch]:
        """The flows that ended in these records, and a batch with the tuples that are none."""
        gathered = gather([one for one in found if not is_blank(one)])
        self.is_any = self.is_any or bool(found)
        rejects = [(reject.source_row, 0, reject) for reject in gathered.rejects]
        parts = [SCHEMA.empty_table()]
        numbers = np.arange(self.tuples + 1, self.tuples + 1 + len(gathered.texts), dtype=np.int64)
        self.tuples += len(gathered.texts)
        origin = gathered.origin(self.open)
        for layout, at in gathered.by_layout():
            texts = gathered.texts if len(at) == len(gathered.texts) else [gathered.texts[i] for i in at.tolist()]
            given = origin.take(pa.array(at))
            parsed = parse_tuples(texts, layout, numbers[at], given, self.context.home)
            parts.append(parsed.table)
            lines = given["line"]
            for bad in parsed.bad:
                line, raw = lines[bad.index].as_py(), texts[bad.index][:MAX_RAW]
                rejects.append((line, int(at[bad.index]), Reject(line, bad.reason, bad.detail, raw)))
        tuples = pa.concat_tables(parts)
        if len(parts) > 2:
            tuples = tuples.sort_by("first")
        refused = [reject for *_, reject in sorted(rejects, key=lambda one: one[:2])]
        return self.open.add(tuples), Batch(Position(), {}, refused, gathered.skipped)

    def batch(self, found: list[Found]) -> Batch:
        """Rows of the flows that ended in these records."""
        flows, batch = self.take(found)
        batch.tables["flow"] = flow_rows(flows, self.open.groups, self.context)
        return batch

    def rest(self) -> Iterator[Batch]:
        """Rows of the flows that had not ended when the blob did: they may go on when it grows."""
        flows = self.open.rest()
        for at in range(0, max(1, len(flows)), _REST):
            rows = flow_rows(flows.slice(at, _REST).combine_chunks(), self.open.groups, self.context)
            yield Batch(Position(), {"flow": rows}, is_tail=True)


def flow_rows(flows: pa.Table, groups: list[Group], context: ReadContext) -> pa.Table:
    """Canonical rows of flows in the columns of :data:`~flowsleuth.readers.azure_tuples.SCHEMA`."""
    group = flat(flows["group"])
    heads = pa.array([header[:-1] + ("," if len(header) > len("{}") else "") for _, header, _ in groups], pa.string())
    sensors = pa.array([sensor for *_, sensor in groups], pa.string())
    got = {name: flat(flows[name]) for name in flows.column_names}
    start, last = (got[name].cast(pa.timestamp("us")).cast(UTC_US) for name in ("start", "last"))
    has_begun = mask_of(pc.is_in(pc.utf8_slice_codeunits(got["states"], 0, 1), value_set=pa.array(["B"])))
    has_ended = pa.array(mask_of(pc.equal(pc.utf8_slice_codeunits(got["states"], -1), "E")))
    length = pc.divide(pc.subtract(got["last"], got["start"]).cast(pa.float64()), 1e6)
    length = only(pc.greater_equal(length, 0.0), only(pc.and_(pa.array(has_begun), has_ended), length))
    states = by_value(got["states"], lambda word: "" if word == "-" else f'"states":"{word}",', pa.string())
    crypt = by_value(got["encryption"], lambda word: f'"encryption":{json.dumps(word)},', pa.string()).fill_null("")
    extra = pc.binary_join_element_wise(heads.take(group), states, crypt, '"tuples":[', got["numbers"], "]}", "")
    columns = {name: got[name] for name in ("src_ip", "dst_ip", "src_port", "dst_port", "proto", *COUNTERS)}
    columns |= {
        "start": start,
        "end": only(pc.and_(has_ended, pc.greater_equal(last, start)), last),
        "duration_s": length,
        "action": pc.if_else(pc.equal(got["verdict"], "A"), "allowed", "denied"),
        "sensor": sensors.take(group),
        "flow_count": got["count"],
        "extra": extra,
    }
    way = pc.if_else(pc.equal(got["way"], "I"), "inbound", "outbound")
    lines, numbers = got["line"].to_numpy(), got["first"].to_numpy()
    return build_rows(FLOW, columns, lines, context, ordinal=numbers, sensor_direction=way).table
