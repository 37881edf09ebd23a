"""Exfiltration: a host of ours sends out far more than it gets, than it used to, and than others do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.peer_names import names_of
from flowsleuth.detect.clues.transfers import CLIENT_SHAPES, SHAPES, Transfers, sent_out
from flowsleuth.detect.clues.upload_history import LEAST_KEPT, upload_history
from flowsleuth.detect.clues.upload_words import Spread, Told, collected, pair_reasons
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import SPAN
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_history import PairHistory
from flowsleuth.detect.dense_codes import distinct, placed, places_in
from flowsleuth.detect.findings import KEPT_P, Extent, no_findings, tell
from flowsleuth.detect.odds.far_tails import FarTail, drawn_tail, tail_of_days
from flowsleuth.detect.odds.peer_tails import highest_of_others
from flowsleuth.detect.option_bounds import check_bounds

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BY_WEB, BY_OTHER, BY_CHANNEL = "T1567", "T1048", "T1041"
"""ATT&CK: exfiltration over a web service, over an alternative protocol, over the channel of command and control."""
WEB_PORTS = (80, 443, 8080, 8443)
OTHER_PORTS = (20, 21, 22, 25, 53, 69, 123, 139, 445, 465, 587, 853, 873, 989, 990, 2049)
"""File transfer, mail, names, time, remote shell and file sharing (IANA's registry of service names and ports)."""
MOST_OF = 0.5
"""A host's total is told of its own where no one receiver got so much of it."""


@dataclass(frozen=True)
class ExfiltrationOptions:
    """Options of :class:`ExfiltrationFinder`."""

    least: float = field(
        default=100_000.0,
        metadata={
            "help": "bytes in a day, beyond those that came back, that are worth a look",
            "unit": "bytes",
            "min": 10_000.0,
            "max": 1e15,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class ExfiltrationFinder:
    """Finds transfers out of our hosts that are extreme for the service, for the receiver and for the sender.

    What is judged is the net upload of a day: bytes that a host of ours sent to one receiver (its name where flows give
    one) over one service, less those that came back. So a video call, of which both ways are alike, and a download
    count little. The p-value is the largest of

    - the share of pairs on the service with as much, drawn to those of all services (:func:`.far_tails.drawn_tail`),
      and no less than the share of all pairs; what went in many small flows, a slow drip, is compared with the like;
    - the share of our hosts that sent the same receiver as much, if others deal with it: what many use is no drop-off;
    - the share of days, up to 14 earlier ones and this, on which the host sent as much to this receiver or to any but
      those that it sends to regularly: a backup each night is usual, and so is a mail relay. Days without traffic
      count as 0.

    So all must find it extreme. Far beyond the largest peer or day, tails are taken to fall as a Pareto law of exponent
    1. Of a host that sent more than others and than it used to, but no half of it to one receiver, the total is told.

    Blind spots: less than `least` a day; a receiver that the host regularly sends as much to; what goes over a service
    of which both ways carry as much (an ICMP echo is counted whole); sampled flows, whose bytes are counted as they
    are; one-way records of a sensor that sees only one way: what came back is unknown then, and the reason says so.
    Internal collection before is named, not judged.

    Source: own; the tail beyond the largest after Rényi (1953), "On the theory of order statistics".

    Parameters
    ----------
    options : ExfiltrationOptions, optional
    """

    name: ClassVar[str] = "exfiltration"
    summary: ClassVar[str] = "a host that sends out far more than it gets, than it used to, and than others do"
    family: ClassVar[str] = "volume"
    normal_if: ClassVar[str] = "so much were meant to be sent there"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = ExfiltrationOptions
    version: ClassVar[int] = 2
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: ExfiltrationOptions | None = None) -> None:
        self.options = options or ExfiltrationOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Exfiltration of the day; see :class:`.findings.Finder`."""
        import pyarrow as pa

        if not len(day.pairs):
            return no_findings()
        out = sent_out(day.pairs, day.is_home, day.n_hosts, day.is_group)
        if not len(out):
            return no_findings()
        history = upload_history(day)
        return pa.concat_tables([self._to_one(day, out, history), self._to_many(day, out, history)])

    def _to_one(self, day: NetworkDay, out: Transfers, history: PairHistory) -> pa.Table:
        least = self.options.least
        rows = np.flatnonzero(out.net >= least)
        by_service = _peer_tail(out, least)[rows]
        there, hosts_there = _others_there(out, least)
        rows_of = out.some(rows)
        before = history.most_with_one(rows_of.sender, rows_of.receiver, rows_of.shape)
        p_value = np.maximum(by_service, there[rows])
        if history.days:
            p_value = np.maximum(p_value, tail_of_days(rows_of.net, before, least))
        keep = np.flatnonzero(p_value <= KEPT_P)
        some = rows_of.some(keep)
        told = Told(
            some, history.days, before[:, keep].max(axis=0, initial=0.0), hosts_there[rows[keep]],
            distinct(out.sender).size, _most_of_others(out, rows[keep]), collected(day, some),
        )  # fmt: skip
        return tell(
            day,
            src=np.where(some.serves, some.address, some.sender),
            dst=np.where(some.serves, some.sender, some.address),
            host=some.sender,
            service=some.service,
            name=names_of(day, some.receiver),
            p_value=p_value[keep],
            technique=_techniques(some.service),
            extent=Extent.of_rows(some, np.arange(len(some))),
            reason=pair_reasons(day, told),
            evidence=told.evidence(),
        )

    def _to_many(self, day: NetworkDay, out: Transfers, history: PairHistory) -> pa.Table:
        """Hosts that sent out much in all as clients, no half of it to one receiver."""
        least = self.options.least
        client = out.some(np.flatnonzero(~out.serves))
        net = np.where(client.net >= LEAST_KEPT, client.net, 0.0)
        by = Groups.by(client.sender)
        total = by.add_up(net)
        largest = np.zeros(by.keys.size)
        np.maximum.at(largest, by.of, net)
        p_value = FarTail.of(total, np.zeros(total.size, dtype=np.int64), least).share
        before = history.total(by.keys, CLIENT_SHAPES)
        if history.days:
            of_days = tail_of_days(total, before, least)
            p_value = np.maximum(p_value, of_days) if total.size > 1 else of_days
        keep = np.flatnonzero((p_value <= KEPT_P) & (total >= least) & (largest < MOST_OF * total))
        of = places_in(keep, by.keys.size)
        highest = np.nan_to_num(highest_of_others(total, by.keys, np.zeros_like(by.keys)))
        told = Spread(
            total[keep], by.add_up(net > 0)[keep].astype(np.int64), largest[keep],
            history.days, before[:, keep].max(axis=0, initial=0.0), highest[keep], total.size - 1,
        )  # fmt: skip
        return tell(
            day,
            src=by.keys[keep],
            p_value=p_value[keep],
            technique=BY_CHANNEL,
            extent=Extent.of_groups(client, of[by.of], keep.size),
            reason=told.reasons(),
            evidence=told.evidence(),
        )


def _peer_tail(out: Transfers, least: float) -> Floats:
    service = placed(out.service)[1]
    kind = out.serves.astype(np.int64)
    return drawn_tail(out.net, out.sender, service * SHAPES + out.shape, kind, least, is_rare_in_kind=True)


def _others_there(out: Transfers, least: float) -> tuple[Floats, Ints]:
    """For each transfer, the share of our senders that sent its receiver as much, and how many deal with it at all.

    Where nobody else deals with it there is nobody to compare with: 0.
    """
    senders = distinct(out.sender).size
    radix = int(out.receiver.max()) + 1
    by = Groups.by(out.sender * radix + out.receiver)
    receiver = by.keys % radix
    tail = FarTail.of(by.add_up(out.net), receiver, least, voters=senders)
    dealing = np.bincount(receiver)[receiver]
    return np.where(dealing > 1, tail.share, 0.0)[by.of], dealing[by.of]


def _most_of_others(out: Transfers, rows: Ints) -> Floats:
    """The most that another sent to one receiver over the same service in the same role; NaN where nobody else does."""
    role = placed(out.service)[1] * 2 + out.serves
    return highest_of_others(out.net, out.sender, role)[rows]


def _techniques(service: Ints) -> pa.Array:
    import pyarrow as pa

    port = service % SPAN
    words = np.where(np.isin(port, WEB_PORTS), BY_WEB, np.where(np.isin(port, OTHER_PORTS), BY_OTHER, BY_CHANNEL))
    return pa.array(np.where(port >= SPAN // 2, BY_OTHER, words).tolist(), pa.string())
