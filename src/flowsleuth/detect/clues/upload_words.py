"""Transfers out of our hosts in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.peer_names import texts_of
from flowsleuth.detect.clues.transfers import Transfers
from flowsleuth.detect.clues.upload_history import LEAST_KEPT
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.dense_codes import distinct, row_order
from flowsleuth.detect.findings import say_service
from flowsleuth.detect.wording import count, each, earlier_days, join, size

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLLECTED_FROM, COLLECTED_PART = 3, (0.5, 4.0)
"""What a host got from at least three of ours before it sent is told, if it is as much as half to four times that."""


@dataclass(frozen=True)
class Collected:
    """What senders got from others of ours before the end of a transfer: bytes, and from how many."""

    got: Floats
    peers: Ints


@dataclass(frozen=True)
class Told:
    """Transfers that are told, and what they were compared with; arrays of shape (n,).

    Attributes
    ----------
    transfers : Transfers
    days : int
        Earlier days.
    most_before : array of float64
        The most that the sender sent on one of them to one receiver.
    dealing : array of int64
        Hosts of ours that deal with the receiver.
    senders : int
        Hosts of ours that send out anything.
    of_others : array of float64
        The most that another host sent to one receiver over the service; NaN where nobody else does.
    collected : Collected
    """

    transfers: Transfers
    days: int
    most_before: Floats
    dealing: Ints
    senders: int
    of_others: Floats
    collected: Collected

    def evidence(self) -> dict[str, NDArray[Any]]:
        """The numbers of the reasons."""
        one = self.transfers
        return {
            "sent": one.sent, "got": one.got, "most_in_one_flow": one.most, "days": np.full(len(one), self.days),
            "most_before": self.most_before if self.days else np.full(len(one), np.nan),
            "hosts_there": self.dealing, "senders": np.full(len(one), self.senders),
            "most_of_others": self.of_others, "collected": np.where(self.collected.got > 0, self.collected.got, np.nan),
        }  # fmt: skip


def collected(day: NetworkDay, transfers: Transfers) -> Collected:
    """What the sender of each transfer got from other hosts of ours by then."""
    pairs, home = day.pairs, day.is_home
    inside = np.flatnonzero(home[pairs.src] & home[pairs.dst])
    host = np.concatenate([pairs.dst[inside], pairs.src[inside]])
    peer = np.concatenate([pairs.src[inside], pairs.dst[inside]])
    size_of = np.concatenate([pairs.src_bytes[inside], pairs.dst_bytes[inside]])
    began = np.tile(pairs.first_us[inside], 2)
    rows = np.flatnonzero(np.isin(host, transfers.sender) & (size_of > 0))
    rows = rows[row_order(host[rows])]
    ends = np.searchsorted(host[rows], np.stack([transfers.sender, transfers.sender + 1]))
    got, peers = np.zeros(len(transfers)), np.zeros(len(transfers), dtype=np.int64)
    for place, (low, high) in enumerate(ends.T.tolist()):
        at = rows[low:high]
        at = at[began[at] <= transfers.last_us[place]]
        got[place], peers[place] = size_of[at].sum(), distinct(peer[at]).size
    return Collected(got, peers)


def pair_reasons(day: NetworkDay, told: Told) -> pa.Array:
    """Why each transfer is told."""
    one = told.transfers
    service = say_service(one.service)
    return join(
        each(one.sent, lambda n: f"sent {size(n)}"),
        " to ",
        texts_of(day, one.receiver),
        _either(one.serves, " from its own ", " over "),
        service,
        each(one.flows, lambda n: f" in {count(n)} flow{'' if n == 1 else 's'}"),
        each(np.where(one.is_spread, one.most, np.nan), _at_most),
        each(one.got, lambda n: "; what came back is not told" if np.isnan(n) else f", got {size(n)}"),
        _before(told.days, told.most_before, "net to one that it does not send to regularly"),
        *(_among(told, service) if told.senders > 1 else ("; no other host of ours sends out",)),
        _collected(one, told.collected),
    )


@dataclass(frozen=True)
class Spread:
    """What hosts sent to many receivers, and what that was compared with; arrays of shape (n,).

    Attributes
    ----------
    net : array of float64
        Bytes beyond what came back, to all.
    receivers : array of int64
    most_to_one : array of float64
    days : int
        Earlier days.
    most_before : array of float64
        The most on one of them.
    most_of_others : array of float64
        The most of another host today.
    others : int
        Other hosts of ours that send out.
    """

    net: Floats
    receivers: Ints
    most_to_one: Floats
    days: int
    most_before: Floats
    most_of_others: Floats
    others: int

    def reasons(self) -> pa.Array:
        """Why each host is told."""
        others = each(self.most_of_others, lambda n: f"; no other of our {count(self.others)} sent over {size(n)}")
        return join(
            each(self.net, lambda n: f"sent {size(n)} more than it got"),
            each(self.receivers, lambda n: f" to {count(n)} receivers"),
            each(self.most_to_one, lambda n: f", at most {size(n)} to one"),
            _before(self.days, self.most_before, "in all"),
            others if self.others else "",
        )

    def evidence(self) -> dict[str, NDArray[Any]]:
        """The numbers of the reasons."""
        rows = self.net.size
        return {
            "net": self.net, "receivers": self.receivers, "most_to_one": self.most_to_one,
            "days": np.full(rows, self.days), "most_before": self.most_before, "most_of_others": self.most_of_others,
        }  # fmt: skip


def _either(which: NDArray[np.bool_], yes: str, no: str) -> pa.Array:
    """One of two texts for each row."""
    import pyarrow as pa

    return pa.array([no, yes], pa.string()).take(pa.array(which.astype(np.int8)))


def _at_most(most: float) -> str:
    return "" if np.isnan(most) else f" of at most {size(most)}"


def _before(days: int, most: Floats, to: str) -> pa.Array | str:
    return earlier_days(days, most, lambda n: f"at most {size(n)} {to}" if n else f"never {size(LEAST_KEPT)} {to}")


def _among(told: Told, service: pa.Array) -> tuple[pa.Array | str, ...]:
    dealing = each(told.dealing, lambda n: f"; {count(n)} of our {count(told.senders)} senders deal{'s' * (n == 1)}")
    return dealing, " with it; ", _others(told.transfers.net, told.of_others), service


def _others(net: Floats, of_others: Floats) -> pa.Array:
    """Starts with who else sent how much; no value where nobody else does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    less = each(of_others, lambda n: "nobody else sends" if np.isnan(n) else f"no other sent anyone over {size(n)} net")
    more = each(of_others, lambda n: "" if np.isnan(n) else f"another sent someone {size(n)} net")
    return join(pc.if_else(pa.array(of_others > net), more, less), " over ")


def _collected(one: Transfers, before: Collected) -> pa.Array:
    low, high = (before.got >= COLLECTED_PART[0] * one.sent), (before.got <= COLLECTED_PART[1] * one.sent)
    is_much = (before.peers >= COLLECTED_FROM) & low & high
    got = each(np.where(is_much, before.got, np.nan), lambda n: "" if np.isnan(n) else f"; had got {size(n)}")
    of = each(np.where(is_much, before.peers, 0), lambda n: f" from {count(n)} of our hosts" if n else "")
    return join(got, of)
