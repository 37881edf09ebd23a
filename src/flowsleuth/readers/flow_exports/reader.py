"""The flows that NetFlow and IPFIX datagrams in a packet capture hold.

A capture is taken for packets unless this reader is asked for by name, so the same file can be ingested both ways.
``source_row`` is the number of the packet; ids count the records in the order in which they could be read. A capture
that grows is decoded again from its beginning, so that templates are known, and what is new is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from flowsleuth.errors import ReaderError
from flowsleuth.readers.capture_files import CaptureParser, is_capture
from flowsleuth.readers.contract import Batch, Position, ReadContext, Reject
from flowsleuth.readers.flow_exports.datagrams import find_exports
from flowsleuth.readers.flow_exports.messages import Datagram, Decoded, ExportDecoder
from flowsleuth.readers.flow_exports.rows import build_flows
from flowsleuth.readers.packet_headers import parse_packets
from flowsleuth.readers.pcap import DAMAGED, blocks_from_beginning
from flowsleuth.readers.streams import Sample, Source

WINDOW = 16_384
"""Datagrams decoded at a time: some 400,000 flows."""
OTHER = "packet that is no NetFlow or IPFIX datagram"
OPTIONS = "NetFlow options record"
_WHY_SKIPPED = {OTHER: "metered by the reader pcap", OPTIONS: "says how flows were sampled; is no flow"}


@dataclass(frozen=True)
class FlowExportOptions:
    """Datagrams describe themselves."""


class FlowExportReader:
    """Flow records of NetFlow v5, v9 and IPFIX datagrams.

    Parameters
    ----------
    window : int
        Datagrams decoded at a time.
    """

    name: ClassVar[str] = "netflow"
    summary: ClassVar[str] = "NetFlow v5, v9 and IPFIX datagrams in packet captures, as the flows they hold"
    Options: ClassVar[type] = FlowExportOptions
    is_by_name_only: ClassVar[bool] = True

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window

    def sniff(self, sample: Sample) -> str | None:
        """Nothing: a capture is its packets unless this reader is named."""
        return None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read window after window; see :class:`~flowsleuth.readers.contract.Reader`.

        Raises
        ------
        ReaderError
            It is no packet capture.
        """
        if not is_capture(source.sample.head):
            raise ReaderError("not a packet capture", where=context.source_file, hint="leave --reader out")
        with blocks_from_beginning(source) as blocks:
            yield from _Reading(context, self._window, source.start).run(blocks)


class _Reading:
    """Reads one capture; batches that end at a packet that was read before are passed over.

    What is skipped is counted once, also at the end of the file: ``Position.state`` says up to which packet.
    """

    def __init__(self, context: ReadContext, window: int, start: Position) -> None:
        self._context, self._window = context, window
        self._done, self._counted = start.line, int(start.state or 0)
        self._decoder = ExportDecoder()
        self._waiting: list[tuple[Datagram, int]] = []
        self._before = 0

    def run(self, blocks: Iterator[bytes]) -> Iterator[Batch]:
        number, fault = 0, None
        for frames in CaptureParser().read(blocks):
            fault = frames.fault or fault
            packets, _ = parse_packets(frames, number)
            self._waiting += find_exports(frames, packets, number)
            number += len(frames.offset)
            while len(self._waiting) >= self._window:
                window, self._waiting = self._waiting[: self._window], self._waiting[self._window :]
                batch = self._batch(window, window[-1][0].number)
                if batch.end.line > self._done:
                    self._done = batch.end.line
                    yield batch
        tail = self._batch(self._waiting, number)
        end = Position(self._done, self._done, str(number))
        yield Batch(end, skipped=tail.skipped, why_skipped=_WHY_SKIPPED)
        tail.skipped, tail.is_tail = {}, True
        self._put_in(tail, self._decoder.rest())  # a template may come for them when the file grows
        if fault:
            tail.rejects.append(Reject(number + 1, DAMAGED, fault, ""))
        yield tail

    def _batch(self, window: list[tuple[Datagram, int]], last: int) -> Batch:
        """What a window of datagrams holds, up to the packet ``last``."""
        for datagram, version in window:
            self._decoder.take(datagram, version)
        decoded = self._decoder.drain()
        counted, self._counted = self._counted, max(self._counted, last)
        exports = sum(1 for datagram, _ in window if datagram.number > counted)
        skipped = {
            OTHER: max(0, last - max(counted, self._before)) - exports,
            OPTIONS: sum(1 for number in decoded.options if number > counted),
        }
        self._before = last
        end = Position(last, last, str(self._counted))
        batch = Batch(end, skipped={kind: count for kind, count in skipped.items() if count}, why_skipped=_WHY_SKIPPED)
        self._put_in(batch, decoded)
        return batch

    def _put_in(self, batch: Batch, decoded: Decoded) -> None:
        tables = list(batch.tables.values())
        for template, sets in decoded.sets.items():
            table, rejects = build_flows(template, sets, self._context)
            tables.append(table)
            batch.rejects += rejects
        batch.rejects = sorted(batch.rejects + decoded.rejects, key=lambda reject: reject.source_row)
        if tables:
            batch.tables["flow"] = pa.concat_tables(tables)
