"""First contacts of a day: who turned to which service of whom for the first time, when, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import ANSWERED, FAILED, SPAN, UNKNOWN
from flowsleuth.detect.days.network_day import NetworkDay, Pairs
from flowsleuth.detect.dense_codes import look_up, order_of, placed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TCP, UDP = 6, 17
PINGS = {1: (8,), 58: (128,)}
"""ICMP types that ask whether an address is there (RFC 792, RFC 4443)."""
TRACE_PORTS = (33_434, 33_534)
"""Ports that traceroute counts up through, one a probe (its manual): together they are one service."""
TINY_PACKETS = 3.0
"""Most packets of a flow that is no conversation: a first packet and its two usual repetitions."""


@dataclass(frozen=True)
class Contacts:
    """First contacts, in order of (source, service, time, destination); arrays of shape (n,).

    Attributes
    ----------
    src, dst : array of int64
        Host codes of who turned to whom.
    service : array of int64
        Service code.
    first_us : array of int64
        When it did so first.
    outcome : array of int64
        :data:`.flow_codes.ANSWERED` where any flow of the day was, else :data:`.flow_codes.FAILED` where one is known
        to have failed, else :data:`.flow_codes.UNKNOWN`.
    is_guess : array of bool
        The outcome is told by sizes, because the records have one way only.
    """

    src: Ints
    dst: Ints
    service: Ints
    first_us: Ints
    outcome: Ints
    is_guess: Bools

    def __len__(self) -> int:
        return int(self.src.size)

    def take(self, rows: Ints | Bools) -> Contacts:
        """Some of them, in the same order."""
        return Contacts(*(getattr(self, one.name)[rows] for one in fields(self)))


def first_contacts(day: NetworkDay) -> tuple[Contacts, Ints]:
    """First contacts of a day by TCP, UDP and pings, and the contact of each row of ``day.pairs`` (-1: of none).

    Records of one way only do not tell an outcome. There, a contact failed if its flows are of a few packets and
    nothing came back, or, by TCP, single packets (refusals); it was answered otherwise. Where the way back is not
    recorded at all this says little, and what others fail at on the service says how little. Who answers from
    the port of a service has not turned to anybody.
    """
    pairs = day.pairs
    service = _one_trace(pairs.service.astype(np.int64))
    rows = np.flatnonzero(_is_asked(service))
    of = np.full(len(pairs), -1)
    if not rows.size:
        none = np.zeros(0, dtype=np.int64)
        return Contacts(none, none, none, none, none, none > 0), of
    ends = Groups.by(pairs.client[rows].astype(np.int64) * day.n_hosts + pairs.server[rows])
    services, at = placed(service[rows])
    asked = Groups.by(ends.of.astype(np.int64) * services.size + at)
    is_asking = np.bincount(asked.of, weights=pairs.owner[rows] == 0) > 0
    contacts = _put_together(day, rows, asked)
    # In two steps, as time, source and service together do not fit in one number.
    in_time = order_of(contacts.first_us, contacts.dst)
    order = in_time[order_of(contacts.src[in_time], contacts.service[in_time], np.arange(in_time.size))]
    order = order[is_asking[order]]
    place = np.full(asked.size.size, -1)
    place[order] = np.arange(order.size)
    of[rows] = place[asked.of]
    return contacts.take(order), of


def _is_asked(service: Ints) -> Bools:
    """Services that can be asked of an address: ports, and pings; without a type, ICMP is taken for pings."""
    proto, detail = np.divmod(service, SPAN)
    found = np.isin(proto, (TCP, UDP)) & (detail < SPAN // 2)
    for number, types in PINGS.items():
        kinds = [SPAN - 1, *(SPAN // 2 + kind * 256 for kind in types)]
        found |= (proto == number) & np.isin(detail, kinds)
    return np.asarray(found)


def _one_trace(service: Ints) -> Ints:
    low, high = (UDP * SPAN + port for port in TRACE_PORTS)
    return np.where((service >= low) & (service <= high), low, service)


def _put_together(day: NetworkDay, rows: Ints, asked: Groups) -> Contacts:
    """One contact a group of rows."""
    pairs = day.pairs
    one = np.empty(asked.size.size, dtype=np.int64)
    one[asked.of] = np.arange(rows.size)
    one = rows[one]
    asks = pairs.owner[rows] == 0
    first = np.full(one.size, np.iinfo(np.int64).max)
    np.minimum.at(first, asked.of, np.where(asks, pairs.first_us[rows], np.iinfo(np.int64).max))
    answered = np.bincount(asked.of, weights=pairs.answered[rows]) > 0
    failed = np.bincount(asked.of, weights=np.where(asks, pairs.failed[rows] + _unanswered_pings(pairs, rows), 0)) > 0
    is_guess = np.bincount(asked.of, weights=_is_one_way(day, rows) | ~asks) == asked.size
    is_bare = np.bincount(asked.of, weights=asks & ~_is_bare(day, rows)) == 0
    guess = np.where(is_bare, FAILED, ANSWERED)
    known = np.where(answered, ANSWERED, np.where(failed, FAILED, UNKNOWN))
    client, server = pairs.client[one].astype(np.int64), pairs.server[one].astype(np.int64)
    outcome = np.where(client == server, UNKNOWN, np.where(is_guess, guess, known))
    return Contacts(client, server, _one_trace(pairs.service[one].astype(np.int64)), first, outcome, is_guess)


def _unanswered_pings(pairs: Pairs, rows: Ints) -> Ints:
    """Pings of which the record says that nothing came back: their state, of Zeek's, does not tell."""
    nothing = (pairs.dst_packets[rows] == 0) | (np.isnan(pairs.dst_packets[rows]) & (pairs.dst_bytes[rows] == 0))
    return np.asarray((is_ping(pairs.service[rows]) & nothing & (pairs.answered[rows] == 0)) * pairs.flows[rows])


def _is_one_way(day: NetworkDay, rows: Ints) -> Bools:
    """Rows of flows to one address that tell packets of one way only, and nothing of how they ended."""
    pairs = day.pairs
    one_way = np.isnan(pairs.dst_packets[rows]) & np.isnan(pairs.dst_bytes[rows]) & ~np.isnan(pairs.src_packets[rows])
    is_untold = pairs.failed[rows] + pairs.answered[rows] == 0
    return np.asarray(one_way & is_untold & ~day.is_group[pairs.dst[rows]])


def _is_bare(day: NetworkDay, rows: Ints) -> Bools:
    """Rows of few packets a flow, between ends where the other way has none, or by TCP one packet a flow."""
    pairs = day.pairs
    there = day.by_ends
    flows, packets = there.add_up(pairs.flows), there.add_up(np.nan_to_num(pairs.src_packets, nan=np.inf))
    back = look_up(there.keys, pairs.dst[rows].astype(np.int64) * day.n_hosts + pairs.src[rows])
    is_refused = (packets[back] <= flows[back]) & (pairs.service[rows] // SPAN == TCP)
    is_tiny = pairs.src_packets[rows] <= TINY_PACKETS * pairs.flows[rows]
    return np.asarray(is_tiny & ((back < 0) | is_refused))


def is_dead(contacts: Contacts) -> Bools:
    """Which contacts are to what fails for others, too: shape (n,).

    Each other source that failed there has a vote, which it shares among all that it failed at on the service, so that
    a scanner's votes are small; each other that was answered has one against. A target is dead for a source if the
    votes for it are at least 1 and one more than those against.
    """
    if not len(contacts):
        return np.zeros(0, dtype=bool)
    failed, answered = contacts.outcome == FAILED, contacts.outcome == ANSWERED
    by_source = by_end_and_service(contacts.src, contacts.service)
    vote = failed / np.maximum(by_source.add_up(failed)[by_source.of], 1.0)
    target = by_end_and_service(contacts.dst, contacts.service)
    against = target.add_up(answered)[target.of] - answered
    votes = target.add_up(vote)[target.of] - vote
    return np.asarray(failed & (votes >= against + 1.0 - 1e-9))


def by_end_and_service(end: Ints, service: Ints) -> Groups:
    """Contacts put together by one end and the service; groups are in order of both."""
    services, at = placed(service)
    return Groups.by(end * services.size + at)


def is_ping(service: NDArray[np.integer]) -> Bools:
    """Whether services of contacts are pings."""
    return np.asarray(np.isin(service // SPAN, list(PINGS)))
