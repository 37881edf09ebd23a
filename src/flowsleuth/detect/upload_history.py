"""What our hosts sent out on earlier days, as it matters for one day's transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import look_up
from flowsleuth.detect.network_day import NetworkDay
from flowsleuth.detect.transfers import COLUMNS, Transfers, sent_out

if TYPE_CHECKING:
    import ibis.expr.types as ir

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_KEPT = 10_000.0
"""Bytes in a day below which a transfer is not looked at, today or earlier: handshakes and a few requests."""
REGULAR_SHARE = 0.5
LEAST_REGULAR = 2
"""A receiver is regular that got something on at least half of the earlier days, and on two."""


def _went_out(pairs: ir.Table, hosts: ir.Table) -> ir.Table:
    """Stored pairs of a day that may be a transfer out: large enough, and not between two of ours."""
    src = hosts.select(src_host=hosts.host, src_home=hosts.is_home)
    dst = hosts.select(dst_host=hosts.host, dst_home=hosts.is_home)
    joined = pairs.inner_join(src, [("src", "src_host")]).inner_join(dst, [("dst", "dst_host")])
    is_large = (joined.src_bytes >= LEAST_KEPT) | (joined.dst_bytes >= LEAST_KEPT)
    return joined.filter(is_large.fill_null(False) & (joined.src_home + joined.dst_home < 2))


class UploadHistory:
    """Net bytes out of the hosts of a day on the days before.

    Parameters
    ----------
    day : NetworkDay

    Attributes
    ----------
    days : int
        Earlier days with flows; the first row of what the methods give is the newest.
    """

    def __init__(self, day: NetworkDay) -> None:
        self.days = len(day.earlier_days)
        columns: list[list[NDArray[np.int64] | NDArray[np.float64]]] = [[], [], [], [], []]
        for number, (_, pairs) in enumerate(day.earlier(*COLUMNS, only=_went_out)):
            before = sent_out(pairs, day.is_home, day.n_hosts)
            at = np.flatnonzero(before.net >= LEAST_KEPT)
            kept = np.full(at.size, number), before.sender[at], before.receiver[at], before.shape[at], before.net[at]
            for column, values in zip(columns, kept, strict=True):
                column.append(values)
        self._day, self._sender, self._receiver, self._shape = (
            np.concatenate([np.zeros(0, dtype=np.int64), *column]).astype(np.int64) for column in columns[:4]
        )
        self._net = np.concatenate([np.zeros(0), *columns[4]])
        self._radix = day.n_hosts + len(day.names) + 1
        self._pair = np.where(self._receiver >= 0, self._sender * self._radix + self._receiver, -1)
        self._regular = self._regular_pairs()

    def _regular_pairs(self) -> Ints:
        met = np.unique(np.stack([self._pair, self._day]), axis=1)[0]
        pairs, days = np.unique(met[met >= 0], return_counts=True)
        return np.asarray(pairs[days >= max(LEAST_REGULAR, REGULAR_SHARE * self.days)])

    def most_to_one(self, transfers: Transfers) -> Floats:
        """The most that each transfer's sender sent to one receiver on each earlier day: shape (days, n).

        Of the same receiver, and of others that are not regular; of the others only transfers of the same
        :attr:`.transfers.Transfers.shape`. So what is sent every night to one place neither stands out nor hides what
        goes elsewhere.
        """
        senders, sender = np.unique(transfers.sender, return_inverse=True)
        pairs, pair = np.unique(transfers.sender * self._radix + transfers.receiver, return_inverse=True)
        other = np.zeros((self.days, senders.size * 4))
        own = np.zeros((self.days, pairs.size))
        at = look_up(senders, self._sender)
        use = (at >= 0) & ~((self._pair >= 0) & (look_up(self._regular, self._pair) >= 0))
        np.maximum.at(other, (self._day[use], at[use] * 4 + self._shape[use]), self._net[use])
        mine = look_up(pairs, self._pair)
        np.maximum.at(own, (self._day[mine >= 0], mine[mine >= 0]), self._net[mine >= 0])
        return np.maximum(other[:, sender.reshape(-1) * 4 + transfers.shape], own[:, pair.reshape(-1)])

    def total(self, senders: Ints) -> Floats:
        """What each of some hosts sent in all as a client on each earlier day: shape (days, n)."""
        found = np.zeros((self.days, senders.size))
        at = look_up(senders, self._sender)
        use = (at >= 0) & (self._shape < 2)
        np.add.at(found, (self._day[use], at[use]), self._net[use])
        return found
