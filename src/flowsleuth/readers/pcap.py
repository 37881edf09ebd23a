"""Packet captures (pcap, pcapng) as flows, by a meter of our own that streams: see :mod:`.flow_meter`.

``source_row`` is the number of a flow's first packet in the file. Packets that are not IP, and those of links that are
not known (Ethernet, raw IP, Linux cooked and BSD loopback are), are counted by what they are. NetFlow and IPFIX
datagrams are metered like any other packet, and counted, so that nobody overlooks them: :mod:`.flow_exports` reads what
they hold.

A capture that grows is metered again from its beginning, and what is new is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from flowsleuth.errors import OptionError
from flowsleuth.readers.capture_files import CaptureParser, Frames, is_capture
from flowsleuth.readers.contract import Batch, Position, ReadContext, Reject
from flowsleuth.readers.flow_exports.datagrams import METERED, WHY_METERED, find_exports
from flowsleuth.readers.flow_exports.messages import NAMES
from flowsleuth.readers.flow_meter import FlowMeter, Flows, Timeouts
from flowsleuth.readers.metered_rows import flow_columns
from flowsleuth.readers.packet_headers import Others, Packets, join_packets, parse_packets
from flowsleuth.readers.rows import build_rows
from flowsleuth.readers.streams import Sample, Source
from flowsleuth.schema import FLOW

WINDOW = 262_144
"""Packets metered at a time."""
DAMAGED = "damaged capture"


@dataclass(frozen=True)
class PcapOptions:
    """When a flow ends without being closed.

    Attributes
    ----------
    tcp_timeout_s, udp_timeout_s, other_timeout_s : float
        Seconds of silence.
    """

    tcp_timeout_s: float = field(default=300.0, metadata={"help": "silence that ends a TCP flow", "unit": "s"})
    udp_timeout_s: float = field(default=60.0, metadata={"help": "silence that ends a UDP flow", "unit": "s"})
    other_timeout_s: float = field(default=60.0, metadata={"help": "silence that ends any other flow", "unit": "s"})


class PcapReader:
    """Flows of packet captures.

    Parameters
    ----------
    window : int
        Packets metered at a time.
    """

    name: ClassVar[str] = "pcap"
    summary: ClassVar[str] = "packet captures, pcap and pcapng, metered to bidirectional flows"
    Options: ClassVar[type] = PcapOptions

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window

    def sniff(self, sample: Sample) -> str | None:
        """Recognise the magic of pcap and pcapng."""
        return "packets (pcapng or pcap)" if is_capture(sample.head) else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read window after window; see :class:`~flowsleuth.readers.contract.Reader`.

        Raises
        ------
        OptionError
            A time-out is no number of seconds.
        """
        work = _Work(FlowMeter(_timeouts(context)), context, self._window, source.start)
        with blocks_from_beginning(source) as blocks:  # metered again, so that open flows are known
            yield from work.run(blocks)


@contextmanager
def blocks_from_beginning(source: Source) -> Iterator[Iterator[bytes]]:
    """All blocks of a source, also of one that is continued; it is then read to its end."""
    if source.bytes_read and source.path is not None:
        with source.again() as fresh:
            yield fresh.blocks()
        for _ in source.blocks():
            pass
    else:
        yield source.blocks()


def _timeouts(context: ReadContext) -> Timeouts:
    options = context.options or PcapOptions()
    values = []
    for name in ("tcp_timeout_s", "udp_timeout_s", "other_timeout_s"):
        given = getattr(options, name)
        try:
            value = float(given)
        except ValueError:
            value = -1.0
        if not 0 < value < 1e6:
            raise OptionError("not a number of seconds between 0 and a million", where=f"{name}={given}")
        values.append(value)
    return Timeouts(*values)


def exports_among(frames: Frames, packets: Packets, before: int) -> Others:
    """Numbers of the packets that are datagrams of flow records, by what to call them."""
    found: dict[str, list[int]] = {}
    for datagram, version in find_exports(frames, packets, before):
        found.setdefault(f"{NAMES[version]} {METERED}", []).append(datagram.number)
    return {word: [np.array(numbers, dtype=np.int64)] for word, numbers in found.items()}


class _Work:
    """Reads one capture."""

    def __init__(self, meter: FlowMeter, context: ReadContext, window: int, start: Position) -> None:
        self._meter, self._context, self._window = meter, context, window
        self._done = start.line
        self._counted = int(start.state or 0)
        self._others: Others = {}

    def run(self, blocks: Iterator[bytes]) -> Iterator[Batch]:
        """Batches of what was not read before."""
        waiting: list[Packets] = []
        held = number = 0
        fault: str | None = None
        for frames in CaptureParser().read(blocks):
            fault = frames.fault or fault
            packets, others = parse_packets(frames, number)
            others |= exports_among(frames, packets, number)
            number += len(frames.offset)
            for word, numbers in others.items():
                self._others.setdefault(word, []).extend(numbers)
            waiting.append(packets)
            held += len(packets)
            while held >= self._window:
                whole = join_packets(waiting)
                yield from self._window_of(whole.some(slice(0, self._window)))
                waiting, held = [whole.some(slice(self._window, None))], held - self._window
        end = Position(self._done, self._done, str(number))
        yield Batch(end, skipped=self._skipped(number), why_skipped=WHY_METERED)
        yield self._last(join_packets(waiting) if waiting else None, number, fault)

    def _window_of(self, packets: Packets) -> Iterator[Batch]:
        flows = self._meter.take(packets)
        last = int(packets.number[-1])
        if last <= self._done:
            return
        self._done = last
        batch = self._batch(flows)
        batch.skipped, batch.why_skipped = self._skipped(last), WHY_METERED
        batch.end = Position(last, last, str(max(last, self._counted)))
        yield batch

    def _last(self, packets: Packets | None, number: int, fault: str | None) -> Batch:
        """What may still go on when the file grows."""
        ended = self._meter.take(packets) if packets is not None else Flows([], np.zeros((0, 0), dtype=np.int64))
        left = self._meter.rest()
        parts = [flows for flows in (ended, left) if flows.keys]
        flows = Flows(
            [key for part in parts for key in part.keys],
            np.concatenate([part.values for part in parts]) if parts else left.values,
        )
        order = np.argsort(flows.values[:, 0], kind="stable")
        batch = self._batch(Flows([flows.keys[at] for at in order], flows.values[order]))
        if fault:
            batch.rejects.append(Reject(number + 1, DAMAGED, fault, ""))
        batch.is_tail = True
        return batch

    def _batch(self, flows: Flows) -> Batch:
        numbers = flows.values[:, 0]
        if not len(numbers):
            return Batch(Position())
        built = build_rows(FLOW, flow_columns(flows), numbers, self._context)
        rejects = [Reject(int(numbers[bad.index]), bad.reason, bad.detail) for bad in built.bad]
        return Batch(Position(), {"flow": built.table}, rejects)

    def _skipped(self, last: int) -> dict[str, int]:
        """Packets up to a number that are none to meter and were not counted before."""
        found: dict[str, int] = {}
        for word, parts in self._others.items():
            numbers = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
            count = int(((numbers > self._counted) & (numbers <= last)).sum())
            self._others[word] = [numbers[numbers > last]]
            if count:
                found[word] = count
        self._counted = max(self._counted, last)
        return found
