"""What our hosts sent out, by receiver and service, whichever end began and whether records are of one way or both."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import NO_PORT, SPAN
from flowsleuth.detect.days.network_day import Pairs
from flowsleuth.detect.dense_codes import only_value
from flowsleuth.detect.findings import Extent

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

COLUMNS = ("src", "dst", "service", "owner", "name", "flows", "failed", "src_bytes", "dst_bytes", "most_src_bytes")
"""Columns of :class:`.network_day.Pairs` that are wanted of another day."""
ICMP_CODES = (1, 58)
MANY_FLOWS, SMALL_PART = 20, 0.1
"""A drip is of at least so many flows, none of which has more than this part of it."""
SHAPES, CLIENT_SHAPES = 4, 2
"""Shapes of a transfer; the first of them are of clients."""


@dataclass(frozen=True)
class Transfers:
    """What one of our hosts sent to one receiver over one service; arrays of shape (n,).

    Attributes
    ----------
    sender : array of int64
        Host code.
    receiver : array of int64
        Host code, or ``n_hosts`` + the code of a name; -1 for one that the day does not have.
    address : array of int64
        Host code of the receiver; -1 where it has several addresses.
    service : array of int64
        Service code; types of ICMP are not told apart.
    serves : array of bool
        Whether the sender has the service.
    flows : array of int64
    sent, got : array of float64
        Bytes; `got` is NaN where nobody told.
    most : array of float64
        The largest of one flow; NaN where nobody told.
    first_us, last_us : array of int64
    """

    sender: Ints
    receiver: Ints
    address: Ints
    service: Ints
    serves: Bools
    flows: Ints
    sent: Floats
    got: Floats
    most: Floats
    first_us: Ints
    last_us: Ints

    def __len__(self) -> int:
        return int(self.sender.size)

    @property
    def net(self) -> Floats:
        """Bytes sent beyond those that came back, at least 0; all of ICMP, whose answers echo what they got."""
        return np.maximum(self.sent - np.where(_is_icmp(self.service), 0.0, np.nan_to_num(self.got)), 0.0)

    @property
    def src_bytes(self) -> Floats:
        """Bytes of the client, which is the sender unless it serves."""
        return np.where(self.serves, self.got, self.sent)

    @property
    def dst_bytes(self) -> Floats:
        """Bytes of the end that has the service."""
        return np.where(self.serves, self.sent, self.got)

    def some(self, rows: Ints) -> Transfers:
        """Transfers at places."""
        return Transfers(*(getattr(self, one.name)[rows] for one in fields(self)))

    @property
    def is_spread(self) -> Bools:
        """Whether it went in many flows, none of which has much of it."""
        found: Bools = (self.flows >= MANY_FLOWS) & (self.most <= SMALL_PART * self.sent)
        return found

    @property
    def shape(self) -> Ints:
        """Who are peers: 0 to 3 by :attr:`serves` and :attr:`is_spread`."""
        return 2 * self.serves.astype(np.int64) + self.is_spread


def sent_out(pairs: Pairs, is_home: Bools, n_hosts: int, is_many: Bools | None = None) -> Transfers:
    """Put together what our hosts sent to hosts that are not ours.

    Where no host is known to be ours, every source counts as ours. Flows that got no conversation are left out, and
    what does not tell bytes. A receiver is told by its name where the flows give one, and the sender is the client.

    Parameters
    ----------
    pairs : Pairs
        The columns :data:`COLUMNS` at least.
    is_home : array of bool, shape (n_hosts,)
    n_hosts : int
    is_many : array of bool, shape (n_hosts,), optional
        Addresses that stand for many (multicast, broadcast): nothing is sent out to them.
    """
    home = np.append(is_home, False)
    many = np.zeros(n_hosts + 1, dtype=bool) if is_many is None else np.append(is_many, False)
    talked = (pairs.flows > pairs.failed) if len(pairs) else np.zeros(0, dtype=bool)
    ahead = home[pairs.src] & ~home[pairs.dst] if is_home.any() else pairs.owner == 0
    back = home[pairs.dst] & ~home[pairs.src]
    rows = [
        np.flatnonzero(ahead & talked & (pairs.src >= 0) & ~many[pairs.dst]),
        np.flatnonzero(back & talked & (pairs.dst >= 0)),
    ]
    service, name = (_both(pairs, rows, one, one).astype(np.int64) for one in ("service", "name"))
    address = _both(pairs, rows, "dst", "src").astype(np.int64)
    serves = np.concatenate([pairs.owner[rows[0]] == 1, pairs.owner[rows[1]] == 0])
    most = np.concatenate([_column(pairs, "most_src_bytes", rows[0]), np.full(rows[1].size, np.nan)])
    return _together(
        Transfers(
            sender=_both(pairs, rows, "src", "dst").astype(np.int64),
            receiver=np.where((name >= 0) & ~serves, n_hosts + name, address),
            address=address,
            service=np.where(_is_icmp(service), service // SPAN * SPAN + NO_PORT, service),
            serves=serves,
            flows=_both(pairs, rows, "flows", "flows"),
            sent=_both(pairs, rows, "src_bytes", "dst_bytes"),
            got=_both(pairs, rows, "dst_bytes", "src_bytes"),
            most=most,
            first_us=_both(pairs, rows, "first_us", "first_us"),
            last_us=_both(pairs, rows, "last_us", "last_us"),
        )
    )


def _is_icmp(service: Ints) -> Bools:
    return np.isin(service // SPAN, ICMP_CODES)


def _both(pairs: Pairs, rows: list[Ints], ahead: str, back: str) -> NDArray[Any]:
    """A column of the rows whose source sends, and another of those whose destination does."""
    return np.concatenate([_column(pairs, name, at) for name, at in zip((ahead, back), rows, strict=True)])


def _column(pairs: Pairs, name: str, at: Ints) -> NDArray[Any]:
    values: NDArray[Any] = getattr(pairs, name)
    return values[at] if values.size else np.zeros(at.size, dtype=np.int64)


def _together(rows: Transfers) -> Transfers:
    """Rows of the same sender, receiver, service and role as one; none where nobody tells what was sent.

    Receivers that the day does not have are not one receiver: each row of them stays by itself.
    """
    beyond = rows.receiver.max(initial=0) + 1 + np.arange(rows.receiver.size)
    receiver = np.where(rows.receiver >= 0, rows.receiver, beyond)
    ends = Groups.by(rows.sender * (receiver.max(initial=0) + 1) + receiver).of.astype(np.int64)
    distinct, place = np.unique(rows.service, return_inverse=True)
    by = Groups.by((ends * max(distinct.size, 1) + place.reshape(-1)) * 2 + rows.serves)
    n = by.keys.size
    one = np.zeros(n, dtype=np.int64)
    one[by.of] = np.arange(by.of.size)
    most = np.full(n, -1.0)
    np.maximum.at(most, by.of, np.nan_to_num(rows.most, nan=-1.0))
    serves, extent = rows.serves[one], Extent.of_groups(rows, by.of, n)
    found = Transfers(
        sender=rows.sender[one],
        receiver=rows.receiver[one],
        address=only_value(rows.address, by.of, n),
        service=rows.service[one],
        serves=serves,
        flows=extent.flows,
        sent=np.where(serves, extent.dst_bytes, extent.src_bytes),
        got=np.where(serves, extent.src_bytes, extent.dst_bytes),
        most=np.where(most >= 0, most, np.nan),
        first_us=extent.first_us,
        last_us=extent.last_us,
    )
    return found.some(np.flatnonzero(np.isfinite(found.sent)))
