"""Which flow records are the two directions of one conversation, and which are one flow seen by two exporters.

Pure arithmetic on columns; who writes the result is :mod:`flowsleuth.workspace.stitch_flows`.

- **Seen twice**: same addresses, ports, protocol and counters, begin and end within a tolerance, from different
  exporters (the sensor, or the file where none is named). The earliest stays. Repeated records of one exporter are
  never that.
- **Two directions**: one-way records between the same addresses and ports, turned round, that overlap in time or are
  no further apart than the tolerance. Each record is used once, in the order of their beginnings (RFC 5103 calls the
  result a biflow). ICMP is left as it is.
- **Who began**, with its confidence: the side whose flags have SYN without ACK, or have SYN while the other's have not;
  else who was first; else who uses the port above 1023. Where time and port contradict each other, the port is believed
  below a tenth of a second, as clocks and caches of exporters are no finer.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

SYN, ACK = 2, 16
CLOSE_US = 100_000
SAME_US = 1_000
LAST_SERVICE_PORT = 1_023
TWICE, TURNED = "seen twice", "other direction"


@dataclass
class FlowRecords:
    """Flow records, a column each; addresses, protocol and exporter are codes, -1 is null.

    ``flags`` has the bits of TCP flags (FIN 1, SYN 2, RST 4, PSH 8, ACK 16), 0 where they are not given.
    """

    flow_id: Integers
    start: Integers
    end: Integers
    src: Integers
    dst: Integers
    src_port: Integers
    dst_port: Integers
    proto: Integers
    src_packets: Integers
    src_bytes: Integers
    dst_packets: Integers
    dst_bytes: Integers
    exporter: Integers
    flags: Integers
    is_icmp: Mask

    def __len__(self) -> int:
        return len(self.flow_id)

    def some(self, which: Mask | Integers) -> FlowRecords:
        """Records under a mask or at places."""
        return FlowRecords(*(getattr(self, one.name)[which] for one in fields(self)))


class Pairs(NamedTuple):
    """Joined records: ids of who began and who answered, what told so, and how sure it is (0 to 1)."""

    began: Integers
    answered: Integers
    told_by: npt.NDArray[np.object_]
    confidence: npt.NDArray[np.float64]

    def some(self, which: slice | Integers) -> Pairs:
        """Some of them."""
        return Pairs(self.began[which], self.answered[which], self.told_by[which], self.confidence[which])


def find_twice(records: FlowRecords, tolerance_us: int) -> tuple[Integers, Integers]:
    """Ids of records that were seen before by another exporter, and of the records that stay for them."""
    counted = (records.src_packets >= 0) | (records.src_bytes >= 0)
    chosen = records.some(counted)
    columns = [
        chosen.src, chosen.dst, chosen.src_port, chosen.dst_port, chosen.proto, chosen.src_packets, chosen.src_bytes,
        chosen.dst_packets, chosen.dst_bytes,
    ]  # fmt: skip
    order, starts = _groups(columns, [chosen.start, chosen.flow_id])
    ordered = chosen.some(order)
    bounds = _where_differing(ordered.exporter, starts)
    is_two = np.diff(bounds, axis=1).ravel() == 2
    first = bounds[is_two, 0]
    is_near = (ordered.start[first + 1] - ordered.start[first] <= tolerance_us) & (
        np.abs(ordered.end[first + 1] - ordered.end[first]) <= tolerance_us
    )
    twos = np.stack([first[is_near] + 1, first[is_near]], axis=1)
    places = np.concatenate([twos, _again_in_many(ordered, bounds[~is_two], tolerance_us)])
    places = places[np.argsort(places[:, 0], kind="stable")]
    return ordered.flow_id[places[:, 0]], ordered.flow_id[places[:, 1]]


def _again_in_many(records: FlowRecords, bounds: Integers, tolerance_us: int) -> Integers:
    """Places of records that were seen before, and of those that stay, among more than two that are the same."""
    found: list[tuple[int, int]] = []
    for low, high in bounds.tolist():
        begin, end, seers = (column[low:high].tolist() for column in (records.start, records.end, records.exporter))
        first, seen = 0, {seers[0]}
        for at in range(1, high - low):
            is_near = begin[at] - begin[first] <= tolerance_us and abs(end[at] - end[first]) <= tolerance_us
            if is_near and seers[at] not in seen:
                found.append((low + at, low + first))
                seen.add(seers[at])
            else:
                first, seen = at, {seers[at]}
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def find_pairs(records: FlowRecords, tolerance_us: int) -> Pairs:
    """The two directions of conversations."""
    sent = (records.src_packets > 0) | (records.src_bytes > 0)
    is_one_way = sent & (records.dst_packets <= 0) & (records.dst_bytes <= 0) & ~records.is_icmp
    chosen = records.some(is_one_way & ((records.src != records.dst) | (records.src_port != records.dst_port)))
    is_up = np.where(chosen.src == chosen.dst, chosen.src_port < chosen.dst_port, chosen.src < chosen.dst)
    columns = [
        np.where(is_up, one, other)
        for one, other in ((chosen.src, chosen.dst), (chosen.src_port, chosen.dst_port), (chosen.dst, chosen.src),
                           (chosen.dst_port, chosen.src_port))
    ]  # fmt: skip
    order, starts = _groups([*columns, chosen.proto], [chosen.start, chosen.flow_id])
    ordered, up = chosen.some(order), is_up[order]
    bounds = _where_differing(up.astype(np.int64), starts)
    is_two = np.diff(bounds, axis=1).ravel() == 2
    twos = _match_twos(ordered, bounds[is_two, 0], tolerance_us)
    places = np.concatenate([twos, _match_all(ordered, up, bounds[~is_two], tolerance_us)])
    places = places[np.argsort(places[:, 0], kind="stable")]
    return _who_began(ordered.some(places[:, 0]), ordered.some(places[:, 1]))


def _groups(columns: list[Integers], then: list[Integers]) -> tuple[Integers, Integers]:
    """An order in which equal rows are neighbours (among themselves by ``then``), and where each group begins."""
    order: Integers = np.lexsort([*then[::-1], *columns[::-1]]).astype(np.int64)
    if not len(order):
        return order, order
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = np.logical_or.reduce([column[order][1:] != column[order][:-1] for column in columns])
    return order, np.flatnonzero(is_new)


def _where_differing(values: Integers, starts: Integers) -> Integers:
    """Bounds of the groups in which not all values are the same, a row each."""
    if not len(starts):
        return np.zeros((0, 2), dtype=np.int64)
    differs = np.maximum.reduceat(values, starts) != np.minimum.reduceat(values, starts)
    ends = np.append(starts[1:], len(values))
    return np.stack([starts[differs], ends[differs]], axis=1)


def _match_twos(records: FlowRecords, first: Integers, tolerance_us: int) -> Integers:
    """Pairs among conversations of one record each way."""
    second = first + 1
    apart = np.maximum(records.start[first], records.start[second]) - np.minimum(
        records.end[first], records.end[second]
    )
    is_near = apart <= tolerance_us
    return np.stack([first[is_near], second[is_near]], axis=1)


def _match_all(records: FlowRecords, up: Mask, bounds: Integers, tolerance_us: int) -> Integers:
    """Pairs among conversations of more records."""
    found: list[tuple[int, int]] = []
    for low, high in bounds.tolist():
        times = records.start[low:high].tolist(), records.end[low:high].tolist()
        found += [(low + a, low + b) for a, b in _match(times, up[low:high].tolist(), tolerance_us)]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _match(times: tuple[list[int], list[int]], up: list[bool], tolerance_us: int) -> list[tuple[int, int]]:
    """Pairs among the records of one conversation: both directions walked along in time."""
    start, end = times
    ups = [at for at, is_up in enumerate(up) if is_up]
    downs = [at for at, is_up in enumerate(up) if not is_up]
    found = []
    one = other = 0
    while one < len(ups) and other < len(downs):
        a, b = ups[one], downs[other]
        if end[a] + tolerance_us < start[b]:
            one += 1
        elif end[b] + tolerance_us < start[a]:
            other += 1
        else:
            found.append((a, b))
            one, other = one + 1, other + 1
    return found


def _who_began(one: FlowRecords, other: FlowRecords) -> Pairs:
    """Which of two records is of who began."""
    bare = [(side.flags & (SYN | ACK)) == SYN for side in (one, other)]
    syn = [side.flags & SYN != 0 for side in (one, other)]
    knows_flags = (one.flags != 0) & (other.flags != 0)
    later_us = other.start - one.start
    served = [(side.src_port >= 0) & (side.src_port <= LAST_SERVICE_PORT) for side in (one, other)]
    by_port = np.select([served[1] & ~served[0], served[0] & ~served[1]], [1, -1], 0)
    by_time = np.where(np.abs(later_us) < SAME_US, 0, np.sign(later_us))
    contradict = (by_port * by_time) < 0
    is_close = np.abs(later_us) < CLOSE_US
    by_id = np.where(one.flow_id <= other.flow_id, 1, -1)
    rules = [
        (knows_flags & (bare[0] != bare[1]), np.where(bare[0], 1, -1), "flags", 0.99),
        (knows_flags & (syn[0] != syn[1]), np.where(syn[0], 1, -1), "flags", 0.9),
        (contradict & is_close, by_port, "port", 0.6),
        (contradict, by_time, "time", 0.6),
        ((by_time != 0) & (by_port != 0), by_time, "time", 0.95),
        (by_time != 0, by_time, "time", 0.8),
        (by_port != 0, by_port, "port", 0.8),
    ]
    conditions = [condition for condition, _, _, _ in rules]
    sign = np.select(conditions, [value for _, value, _, _ in rules], by_id)
    rule = np.select(conditions, list(range(len(rules))), len(rules))
    told_by = np.array([*(word for _, _, word, _ in rules), "order"], dtype=object)[rule]
    confidence = np.array([*(sure for _, _, _, sure in rules), 0.5])[rule]
    is_one = sign > 0
    began = np.where(is_one, one.flow_id, other.flow_id)
    return Pairs(began, np.where(is_one, other.flow_id, one.flow_id), told_by, confidence)
